"""What a user may ask about one patient."""

from __future__ import annotations

from collections.abc import Mapping

from pmed_core.arrays import from_json
from pmed_core.explanation import Explanation
from pmed_core.service.hub import hub
from pmed_core.work import Cell, Consult, Consultation, Explain

SECONDS = 120


def consult(model_id: str, cells: Mapping[str, Cell], patient: str = "") -> Consultation:
    """Risk, position, similar patients; raises ``UserError``."""
    answer = hub().engine.ask(Consult(model_id, tuple(cells.items()), patient), SECONDS)
    return from_json(Consultation, answer)  # type: ignore[no-any-return]


def explain(model_id: str, cells: Mapping[str, Cell], label: str, patient: str = "") -> Explanation:
    """Why this risk; raises ``UserError``."""
    answer = hub().engine.ask(Explain(model_id, tuple(cells.items()), label, patient), SECONDS)
    return from_json(Explanation, answer)  # type: ignore[no-any-return]


def warm() -> None:
    """Start the model process early, and go on with jobs that a restart left behind."""
    hub().engine.warm()
