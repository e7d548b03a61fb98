"""What a user may ask about one sequence, and about the motifs that recur in those of a model."""

from __future__ import annotations

from collections.abc import Mapping

from pmed_core.accounts import Right
from pmed_core.arrays import from_json
from pmed_core.modalities.sequence.motifs import KEPT, FindMotifs, Motifs
from pmed_core.modalities.sequence.mutagenesis import Mutagenesis
from pmed_core.service.access import may
from pmed_core.service.hub import SECONDS, hub
from pmed_core.work import Case, Cell, Mutate


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


@may(Right.ASK)
def mutate(model_id: str, cells: Mapping[str, Cell], label: str, patient: str = "") -> Mutagenesis:
    """What exchanging each letter of a sequence would do; raises ``UserError``."""
    work = Mutate(model_id, Case(tuple(cells.items()), patient), label)
    answer = hub().engine.ask(work, SECONDS)
    return from_json(Mutagenesis, answer)  # type: ignore[no-any-return]
