"""What a user may ask about a molecule."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from pmed_core.accounts import Right
from pmed_core.arrays import from_json
from pmed_core.explanation import Explanation
from pmed_core.modalities.molecule.portrait import Portrait
from pmed_core.service import cohorts
from pmed_core.service.access import may
from pmed_core.service.entries import ModelEntry
from pmed_core.service.hub import SECONDS, hub
from pmed_core.work import Case, Cell, Depict

if TYPE_CHECKING:
    from pmed_core.reports.patient import Further


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


@may(Right.ASK)
def printed(
    entry: ModelEntry, cells: Mapping[str, Cell], patient: str, explanation: Explanation | None,
    reference: str,
) -> tuple[str, tuple[Further, ...]]:  # fmt: skip
    """For a report: the picture as SVG, coloured by the explanation, and a page of properties,
    compared with that cohort where it is here; nothing of what has no picture."""
    from pmed_core.modalities.molecule.report import draw_properties

    if not entry.modality.pictured(dict(cells)):
        return "", ()
    shares = tuple(map(float, explanation.shap[0])) if explanation else ()
    there = reference if cohorts.here(reference) else ""
    among = cohorts.cohort(there).name if there else ""
    found = depict(entry.id, cells, patient, shares, there)
    return found.svg, (lambda sheet, whose: draw_properties(sheet, found, among, whose),)
