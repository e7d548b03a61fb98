"""What another system is answered of one patient, whom it names and this installation need not
know."""

from __future__ import annotations

from collections.abc import Mapping

from pmed_core.accounts import Right
from pmed_core.explanation import Explanation
from pmed_core.service import patients
from pmed_core.service.access import may
from pmed_core.work import Cell, Consultation


@may(Right.ASK)
def predict(model_id: str, cells: Mapping[str, Cell], patient: str) -> Consultation:
    """As ``patients.consult`` of typed values; ``patient`` goes on record, and nowhere else: it
    names nobody of the model's own cohort. Raises ``UserError``."""
    return patients.consult(model_id, cells)


@may(Right.ASK)
def explain(model_id: str, cells: Mapping[str, Cell], label: str, patient: str) -> Explanation:
    """As ``patients.explain`` of typed values; ``patient`` as above."""
    return patients.explain(model_id, cells, label)
