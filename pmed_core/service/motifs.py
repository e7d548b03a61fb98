"""What a user may ask about the motifs that recur in the sequences of a model."""

from __future__ import annotations

from pmed_core.accounts import Right
from pmed_core.arrays import from_json
from pmed_core.modalities.sequence.motifs import KEPT, FindMotifs, Motifs
from pmed_core.service.access import may
from pmed_core.service.hub import hub


@may(Right.ASK)
def motifs(model_id: str) -> Motifs | None:
    """Those of its own cohort, once they were looked for."""
    text = hub().store.models.beside(model_id, KEPT)
    return from_json(Motifs, text) if text else None


@may(Right.BUILD)
def find_motifs(model_id: str) -> str:
    """Look for them, as a job -> its id."""
    known = hub().store.models.beside(model_id, KEPT)
    return hub().submit(FindMotifs(model_id), again=not known)
