"""What a user may ask about the response of one tumour."""

from __future__ import annotations

from collections.abc import Mapping

from pmed_core.accounts import Right
from pmed_core.arrays import from_json
from pmed_core.modalities.response.drug import Drug
from pmed_core.service.access import may
from pmed_core.service.hub import SECONDS, hub
from pmed_core.work import Case, Cell, Rank


@may(Right.ASK)
def drugs(model_id: str, cells: Mapping[str, Cell], patient: str = "") -> tuple[Drug, ...]:
    """All drugs that a model knows for one tumour, those it should respond to most first; raises
    ``UserError``."""
    work = Rank(model_id, Case(tuple(cells.items()), patient))
    answer = hub().engine.ask(work, SECONDS)
    return from_json(tuple[Drug, ...], answer)  # type: ignore[no-any-return]
