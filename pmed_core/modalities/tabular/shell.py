"""What the commands of the shell do with tables; see ``contracts.Shell``."""

from __future__ import annotations

from argparse import Namespace
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from pmed_core.cohort import Cohort
from pmed_core.errors import UserError
from pmed_core.explanation import Explanation
from pmed_core.outcomes import Arms, Outcome
from pmed_core.readers.tables import read_cohort
from pmed_core.reading import LABELLED
from pmed_core.shell import flags, outcomes, terminal

if TYPE_CHECKING:
    from pmed_core.predictor import Predictor


def cohorts(given: Namespace) -> tuple[Cohort, None]:
    """The table to train on."""
    outcome = outcomes.asked(given) if given.outcome else _label(given)
    cohort = read_cohort(
        Path(given.file), outcome=outcome, patient=given.patient, ignore=given.ignore,
        positive=given.positive if isinstance(outcome, str) else (), choices=flags.choices(given),
        dictionary=Path(given.dictionary) if given.dictionary else None,
        treatment=Arms.typed(given),
    )  # fmt: skip
    terminal.account(cohort)
    return cohort, None


def _label(given: Namespace) -> Outcome | str:
    """The column that the file itself calls the label; raises ``UserError`` where it names none."""
    found = read_cohort(Path(given.file), choices=flags.choices(given))
    told = next((one.value for one in found.reading if one.rule == LABELLED), "")
    return told or outcomes.asked(given)


def explain(given: Namespace, predictor: Predictor, cohort: Cohort) -> None:
    """SHAP values of one patient as CSV."""
    one, found = explained(given, predictor, cohort)
    terminal.say_of_training(found.notes, given.held_out)
    terminal.write(explanation_table(found, _with_codes(found, one)), given.to)
    terminal.say(f"shap: {found.quantity.explained}; what moved the model, not causes.")


def explained(given: Namespace, predictor: Predictor, cohort: Cohort) -> tuple[Cohort, Explanation]:
    """The patient who is asked about, and what moved the model; raises ``UserError``."""
    label = given.label or predictor.labels[0]
    one = asked_for(given, cohort)
    found = predictor.explain(one, label, held_out=given.held_out)
    asked = predictor.outcome.event(label)
    terminal.say(f"Explained for patient {given.patient}: {asked}.")
    return one, found


def asked_for(given: Namespace, cohort: Cohort, several: str = "the first is explained") -> Cohort:
    """The first row of the patient who is asked about; raises ``UserError``.

    ``several``: what is said of a patient with more.
    """
    if given.patient is None:
        raise UserError("No patient is named", "explain", "Add --patient ID.")
    return cohort.select(_row_of(given.patient, cohort, several))


def _row_of(patient: str, cohort: Cohort, several: str) -> Any:
    ids = cohort.patients()
    rows = np.flatnonzero(ids == patient)
    if not len(rows):
        raise UserError(
            f"There is no patient '{patient}'", cohort.name,
            f"The first patients are: {', '.join(ids[:5])}.",
        )  # fmt: skip
    if len(rows) > 1:
        terminal.say(f"Patient {patient} has {len(rows)} rows; {several}.")
    return rows[:1]


def _with_codes(explanation: Explanation, one: Cohort) -> tuple[str, ...]:
    """The patient's values; codes that have a name with it: "0 (female)"."""
    cells = one.table.iloc[0]
    coded = {
        v.name: v.coded(cells[v.name]) for v in one.inputs if v.labels and pd.notna(cells[v.name])
    }
    pairs = zip(explanation.variables, explanation.values[0], strict=True)
    return tuple(coded.get(name) or value for name, value in pairs)


def explanation_table(
    explanation: Explanation, values: Sequence[str] | None = None
) -> pd.DataFrame:
    """variable, value, shap; largest first; then the base and the prediction as they are shown."""
    values = explanation.values[0] if values is None else values
    shap = explanation.shap[0]
    order = np.argsort(-np.abs(shap), kind="stable")
    ends = {"(base)": explanation.base[0], "(prediction)": explanation.prediction[0]}
    return pd.DataFrame(
        {
            "variable": [*(explanation.variables[j] for j in order), *ends],
            "value": [
                *(values[j] for j in order),
                *(f"{explanation.quantity.value(float(end)):.6g}" for end in ends.values()),
            ],
            "shap": [*shap[order], *ends.values()],
        }
    )
