"""What a user may ask about the variants of one patient."""

from __future__ import annotations

from collections.abc import Mapping

from pmed_core.accounts import Right
from pmed_core.arrays import from_json
from pmed_core.modalities.variants.carried import Carried
from pmed_core.service.access import may
from pmed_core.service.hub import SECONDS, hub
from pmed_core.work import Case, Cell, Rank


@may(Right.ASK)
def carried(model_id: str, cells: Mapping[str, Cell], patient: str = "") -> tuple[Carried, ...]:
    """The rare alleles of one patient; raises ``UserError``."""
    work = Rank(model_id, Case(tuple(cells.items()), patient))
    answer = hub().engine.ask(work, SECONDS)
    return from_json(tuple[Carried, ...], answer)  # type: ignore[no-any-return]
