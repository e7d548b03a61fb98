"""A number in the app: chosen, trained on, evaluated, and one patient read in its unit."""

from __future__ import annotations

import io
import shutil
from pathlib import Path

import pytest
from pypdf import PdfReader
from streamlit.testing.v1 import AppTest

from pages.parts.outcome import with_outcome
from pages.parts.outcomes import shown_by
from pmed_core.limits import Limit, Limits
from pmed_core.options import FitOptions, MLPOptions
from pmed_core.outcomes import Number
from pmed_core.service import cohorts, models, patients
from tests.outcomes.number.made import stays
from tests.pages.conftest import Open, installed, on_panel, trained_on
from tests.reports.drawn import text_of

QUICK = FitOptions(network=MLPOptions(), folds=3)
OUTCOME = Number("stay (days)", "days")

pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning")


def bring_in() -> str:
    table = stays().assign(score=lambda one: one.index % 7)
    return cohorts.bring_in("stays.csv", table.to_csv(index=False).encode())


@pytest.fixture(scope="module")
def trained_home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    with installed(tmp_path_factory.mktemp("trained")) as home:
        first = bring_in()
        variables = with_outcome(cohorts.cohort(first).variables, OUTCOME)
        trained_on(cohorts.revise(first, variables, OUTCOME), "Stays", QUICK)
    return home


@pytest.fixture
def trained(trained_home: Path, tmp_path: Path) -> str:
    shutil.copytree(trained_home, tmp_path / "home", dirs_exist_ok=True)
    return models.models()[0].id


def texts(app: AppTest) -> str:
    said = (*app.markdown, *app.caption, *app.subheader, *app.info)
    return "\n".join(one.value for one in said).replace("\\", "")


def chosen(opened: Open, column: str) -> AppTest:
    app = opened("cohorts", cohort=cohorts.cohort(bring_in()).address)
    app.segmented_control[0].set_value("Outcome").run()
    next(b for b in app.selectbox if b.label == "Outcome column").set_value(column).run()
    return app


def save(app: AppTest) -> None:
    next(one for one in app.button if one.label == "Save the outcome").click().run()
    assert not app.exception


def test_many_numbers_are_a_number_without_asking(opened: Open) -> None:
    app = chosen(opened, "stay (days)")
    assert not any(one.label == "Predict" for one in app.segmented_control)
    save(app)
    entry = cohorts.cohorts()[0]
    assert entry.outcome == OUTCOME
    assert [v.name for v in entry.variables if v.role == "outcome"] == ["stay (days)"]
    assert "stay (days) (days)" not in texts(app)


def test_few_numbers_may_be_either(opened: Open) -> None:
    app = chosen(opened, "score")
    way = next(one for one in app.segmented_control if one.label == "Predict")
    assert way.value == "One yes/no outcome"
    way.set_value("The number itself").run()
    save(app)
    assert cohorts.cohorts()[0].outcome == Number("score")


def test_a_number_is_evaluated_in_its_unit(opened: Open, trained: str) -> None:
    app = opened("models", model=trained)
    shown = {metric.label.replace("\\", "") for metric in app.metric}
    assert {"R²", "Mean absolute error (days)", "Coverage of the 90 % interval"} <= shown
    assert "AUROC" not in texts(app)
    curve = next(one for one in app.segmented_control if one.label == "Curve")
    for name in ("Interval coverage", "Errors"):
        curve.set_value(name).run()
        assert not app.exception


def test_one_patient_is_read_in_days(opened: Open, trained: str) -> None:
    app = opened("patient", model=trained)
    next(b for b in app.selectbox if b.label == "Patient").set_value("P007").run()
    assert not app.exception
    (value,) = [m.value for m in app.metric if m.label.replace("\\", "") == "stay (days)"]
    assert value.endswith(" days")
    said = texts(app)
    assert "the mean of all patients" in said
    assert "log-odds" not in said
    assert "risk" not in said
    contributions = [t.value for t in app.dataframe if "days" in t.value.columns]
    assert contributions[0]["days"].iloc[0] > 0


def test_a_goal_may_lie_higher(opened: Open, trained: str) -> None:
    app = opened("patient", model=trained)
    next(b for b in app.selectbox if b.label == "Patient").set_value("P007").run()
    label = models.model(trained).outcome.labels[0]
    models.save_limits(trained, Limits((Limit("marker"),), (label,)))
    on_panel(app, "Changes")
    goal = next(n for n in app.number_input if n.label.startswith("Target stay"))
    goal.set_value(12.0)
    next(b for b in app.button if b.label == "Find the smallest change").click().run()
    assert not app.exception
    found = [t.value for t in app.dataframe if "Would have to be" in t.value.columns]
    assert found or "No patient like this one" in texts(app)


def test_the_report_has_the_unit_and_no_hundred_people(trained: str) -> None:
    cells = cohorts.cells(models.model(trained).cohort, "P007")
    found = patients.consult(trained, cells, "P007")
    assert all(one.observed.endswith(" days") for one in found.neighbours)
    answer = patients.explain(trained, cells, "stay (days)", "P007")
    report = patients.report(trained, cells, "P007", found, answer)
    text = " ".join("".join(p.extract_text() for p in PdfReader(io.BytesIO(report)).pages).split())
    assert "interval: conformal" in text
    assert "days" in text
    assert "of 100 filled" not in text
    assert "log-odds" not in text


def test_an_explanation_is_checked_in_the_unit(trained: str) -> None:
    cells = cohorts.cells(models.model(trained).cohort, "P007")
    found = patients.check(trained, cells, "stay (days)", "P007")
    value = patients.consult(trained, cells, "P007").value[0]
    assert found.strongest[0] == pytest.approx(value, abs=1e-6)
    assert found.gap < 1e-5


def test_its_performance_is_printed(trained: str) -> None:
    entry = models.model(trained)
    pictures = shown_by(entry.outcome).reported(entry.evaluation, entry.alert, entry.card)
    said = text_of(models.performance_report(trained, entry.evaluation, pictures))
    assert [part for part in ("R²", "Interval coverage") if part not in said] == []
    assert "Alert threshold" not in said
