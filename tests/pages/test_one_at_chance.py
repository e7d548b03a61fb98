"""Of several outcomes one that the model tells no better than chance has no number anywhere."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

import pandas as pd
import pytest

from pmed_core.errors import UserError
from pmed_core.evaluation import Measure
from pmed_core.figures.standing import at_chance, shown_labels, withheld
from pmed_core.reports.patient import PatientPage, patient_report
from pmed_core.service import cohorts, models, patients
from pmed_core.service.entries import ModelEntry
from pmed_core.work import Consultation
from tests.outcomes.several.made import NAMES, complications
from tests.pages.test_several import trained as trained
from tests.pages.test_several import trained_home as trained_home
from tests.reports.drawn import text_of

MADE = datetime(2026, 11, 20, tzinfo=UTC)
SILENT, OTHERS = NAMES[1], (NAMES[0], *NAMES[2:])


@pytest.fixture
def asked(trained: str) -> tuple[ModelEntry, Consultation]:
    """A model whose second outcome is at chance, and what it says of a patient."""
    entry = models.model(trained)
    good, bad = Measure(0.9, 0.85, 0.95), Measure(0.5, 0.4, 0.6)
    measures = entry.evaluation.measures | {f"auroc_{name}": good for name in OTHERS}
    measures |= {f"auroc_{SILENT}": bad}
    found = patients.consult(trained, cohorts.cells(entry.cohort, "P007"), "P007")
    return replace(entry, evaluation=replace(entry.evaluation, measures=measures)), found


def test_the_report_says_why_one_is_missing(asked: tuple[ModelEntry, Consultation]) -> None:
    entry, found = asked
    page = PatientPage("P007", "Complications", MADE, found, entry.evaluation)
    said = text_of(patient_report(page))
    assert f"No number of {SILENT} is shown" in said
    assert f"{SILENT} is yes" not in said


def test_the_shell_says_at_which_of_them(asked: tuple[ModelEntry, Consultation]) -> None:
    evaluation = asked[0].evaluation
    assert f"no better than chance at {SILENT}: do not rely" in at_chance(evaluation, NAMES)
    assert "no better than chance: do not rely" in at_chance(evaluation, (SILENT,))


def test_a_file_of_new_patients_has_no_column_of_it(
    trained: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(models, "shown_labels", lambda *_: (0, 2))
    data = complications(5, seed=5).to_csv(index=False).encode()
    columns = pd.DataFrame(models.predict(trained, "new.csv", data).columns).columns
    ends = ("probability", "low", "high")
    assert list(columns[1:]) == [f"{end}_{name}" for name in OTHERS for end in ends]


def test_a_file_is_not_predicted_by_a_model_at_chance(
    trained: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(models, "shown_labels", lambda *_: ())
    with pytest.raises(UserError, match="no better than chance"):
        models.predict(trained, "new.csv", b"age\n1\n")


def test_where_all_are_told_nothing_is_withheld(asked: tuple[ModelEntry, Consultation]) -> None:
    entry, _ = asked
    assert at_chance(entry.evaluation, OTHERS) == ""
    assert shown_labels(entry.evaluation, OTHERS) == tuple(range(len(OTHERS)))
    assert withheld(entry.evaluation, OTHERS) == ()
