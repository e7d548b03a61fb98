"""Several outcomes in the app: chosen, trained on together, and one patient looked at."""

from __future__ import annotations

import io
import shutil
from pathlib import Path

import pytest
from pypdf import PdfReader

from pages.parts.outcome import with_outcome
from pages.parts.outcomes import shown_by
from pmed_core.figures.wording import measure
from pmed_core.options import FitOptions, MLPOptions
from pmed_core.outcomes import Several, YesNo
from pmed_core.service import cohorts, models, patients
from tests.outcomes.several.made import NAMES, complications
from tests.pages.conftest import Open, installed, on_panel, trained_on
from tests.reports.drawn import text_of

QUICK = FitOptions(network=MLPOptions(), folds=2, baselines=False)
ASKED = Several(tuple(YesNo(name, ()) for name in NAMES))

pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning")


def bring_in() -> str:
    return cohorts.bring_in("complications.csv", complications().to_csv(index=False).encode())


@pytest.fixture(scope="module")
def trained_home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    with installed(tmp_path_factory.mktemp("trained")) as home:
        first = bring_in()
        variables = with_outcome(cohorts.cohort(first).variables, ASKED)
        trained_on(cohorts.revise(first, variables, ASKED), "Complications", QUICK)
    return home


@pytest.fixture
def trained(trained_home: Path, tmp_path: Path) -> str:
    shutil.copytree(trained_home, tmp_path / "home", dirs_exist_ok=True)
    return models.models()[0].id


def test_columns_are_chosen_together_and_read_back(opened: Open) -> None:
    app = opened("cohorts", cohort=cohorts.cohort(bring_in()).address)
    app.segmented_control[0].set_value("Outcome").run()
    next(t for t in app.toggle if t.label == "Several outcomes at once").set_value(True).run()
    box = next(m for m in app.multiselect if m.label == "Outcome columns")
    assert set(box.options) == set(NAMES)
    button = next(one for one in app.button if one.label == "Save the outcome")
    assert button.disabled, "one is not several"
    box.set_value(["sepsis", "falls"]).run()
    next(one for one in app.button if one.label == "Save the outcome").click().run()
    assert not app.exception
    entry = cohorts.cohorts()[0]
    assert entry.outcome is not None
    assert entry.outcome.columns == ("sepsis", "falls")
    assert [one.positive for one in entry.outcome.each] == [("yes",), ("yes",)]
    assert {v.name for v in entry.variables if v.role == "outcome"} == {"sepsis", "falls"}


def test_the_model_is_evaluated_for_each(opened: Open, trained: str) -> None:
    app = opened("models", model=trained)
    assert "AUROC" in {metric.label for metric in app.metric}
    each = next(t.value for t in app.dataframe if "Average precision" in t.value.columns)
    assert list(each["Outcome"]) == list(NAMES)
    found = models.model(trained).evaluation.measures
    assert each["AUROC"][1] == measure(found["auroc_delirium"])
    curve = next(one for one in app.segmented_control if one.label == "Curve")
    curve.set_value("Calibration").run()
    assert not app.exception
    assert next(b for b in app.selectbox if b.label == "Outcome").options == list(NAMES)


def test_one_patient_has_all_outcomes_and_the_reasons_of_one(opened: Open, trained: str) -> None:
    app = opened("patient", model=trained)
    next(b for b in app.selectbox if b.label == "Patient").set_value("P007").run()
    assert not app.exception
    next(b for b in app.selectbox if b.label == "Outcome").set_value("delirium").run()
    assert not app.exception
    assert any(m.label == "Risk that delirium is yes" for m in app.metric)
    on_panel(app, "In context")
    every = next(t.value for t in app.dataframe if "Among all" in t.value.columns)
    assert set(every["Outcome"]) == set(NAMES)


def test_the_list_tells_what_happened_of_the_outcome_that_is_picked(
    opened: Open, trained: str
) -> None:
    app = opened("patient", model=trained)
    next(b for b in app.selectbox if b.label == "Patient").set_value("P007").run()
    next(b for b in app.selectbox if b.label == "Outcome").set_value("delirium").run()
    listed = next(t.value for t in app.dataframe if "Observed" in t.value.columns)
    words = {"yes": "event", "no": "no event"}
    there = complications().set_index("patient")["delirium"].map(words).fillna("unknown")
    assert listed.set_index("Patient")["Observed"].to_dict() == there.to_dict()
    show = next(b for b in app.selectbox if b.label == "Show")
    show.set_value("Observed: event").run()
    listed = next(t.value for t in app.dataframe if "Observed" in t.value.columns)
    assert set(listed["Patient"]) == set(there.index[there == "event"])


def test_the_report_tells_all_of_them(trained: str) -> None:
    cells = cohorts.cells(models.model(trained).cohort, "P007")
    found = patients.consult(trained, cells, "P007")
    report = patients.report(
        trained, cells, "P007", found, patients.explain(trained, cells, "falls", "P007")
    )
    text = " ".join("".join(p.extract_text() for p in PdfReader(io.BytesIO(report)).pages).split())
    assert "All outcomes:" in text
    assert "falls is yes" in text


def test_its_performance_is_printed(trained: str) -> None:
    entry = models.model(trained)
    pictures = shown_by(entry.outcome).reported(entry.evaluation, entry.alert, entry.card)
    pdf = models.performance_report(trained, entry.evaluation, pictures)
    said = text_of(pdf, 0, 2)
    assert [part for part in ("AUROC", "ROC") if part not in said] == []
    assert "on the next page" in said
    said = text_of(pdf, 1, 2)
    found = entry.evaluation.measures
    ranks = ("auroc", "average_precision")
    each = [measure(found[f"{one}_{name}"]) for one in ranks for name in NAMES]
    assert [one for one in each if one not in said] == [], "of each, and not of the first few"
    assert "Alert threshold" not in said
