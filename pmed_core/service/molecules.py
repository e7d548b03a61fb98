"""What a user may ask about a molecule."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from pmed_core.accounts import Right
from pmed_core.arrays import from_json
from pmed_core.modalities.molecule.portrait import Portrait
from pmed_core.service.access import may
from pmed_core.service.hub import SECONDS, hub
from pmed_core.work import Case, Cell, Depict


@may(Right.ASK)
def depict(
    model_id: str,
    cells: Mapping[str, Cell],
    patient: str = "",
    shares: Sequence[float] = (),
    reference: str = "",
) -> Portrait:
    """The picture of a molecule, its properties and who is like it; ``shares`` of its pieces colour
    them, and properties are compared with the cohort of that id. Raises ``UserError``."""
    work = Depict(model_id, Case(tuple(cells.items()), patient), tuple(shares), reference)
    answer = hub().engine.ask(work, SECONDS)
    return from_json(Portrait, answer)  # type: ignore[no-any-return]
