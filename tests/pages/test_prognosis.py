"""Prognosis in the app: the time is chosen, a model trained, and one patient's course looked at."""

from __future__ import annotations

import io
import shutil
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from pypdf import PdfReader
from streamlit.testing.v1 import AppTest

from pages.parts.outcome import with_outcome
from pages.parts.outcomes import shown_by
from pages.parts.outcomes.time_to_event import SEEN
from pmed_core.options import FitOptions, MLPOptions
from pmed_core.outcomes import TimeToEvent
from pmed_core.service import cohorts, models, patients
from tests.outcomes.time_to_event.made import followed
from tests.outcomes.time_to_event.test_follow_up import dated
from tests.pages.conftest import Open, installed, on_panel, trained_on
from tests.reports.drawn import text_of

QUICK = FitOptions(network=MLPOptions(), folds=2)
OUTCOME = TimeToEvent("died", "months", ("yes",), unit="months", horizons=(6.0, 12.0, 24.0))

pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning")


def bring_in() -> str:
    return cohorts.bring_in("follow-up.csv", followed().to_csv(index=False).encode())


@pytest.fixture(scope="module")
def trained_home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    with installed(tmp_path_factory.mktemp("trained")) as home:
        first = bring_in()
        variables = with_outcome(cohorts.cohort(first).variables, OUTCOME)
        trained_on(cohorts.revise(first, variables, OUTCOME), "Prognosis", QUICK)
    return home


@pytest.fixture
def trained(trained_home: Path, tmp_path: Path) -> str:
    shutil.copytree(trained_home, tmp_path / "home", dirs_exist_ok=True)
    return models.models()[0].id


def box(app: AppTest, label: str):  # type: ignore[no-untyped-def]
    return next(one for one in app.selectbox if one.label == label)


def texts(app: AppTest) -> str:
    return "\n".join(one.value for one in (*app.markdown, *app.caption, *app.subheader))


def asked_for_the_time(opened: Open) -> AppTest:
    """The Outcome view of a fresh cohort, with event and time chosen."""
    cohort = bring_in()
    app = opened("cohorts", cohort=cohorts.cohort(cohort).address)
    app.segmented_control[0].set_value("Outcome").run()
    box(app, "Outcome column").set_value("died").run()
    app.button_group[-1].set_value(["yes"]).run()
    box(app, "Time to the event, or to when the patient was last seen").set_value("months").run()
    return app


def test_the_time_is_chosen_beside_the_event_and_read_back(opened: Open) -> None:
    app = asked_for_the_time(opened)
    next(one for one in app.text_input if one.label == "Horizons").set_value("24, 6").run()
    next(one for one in app.button if one.label == "Save the outcome").click().run()
    assert not app.exception
    entry = cohorts.cohorts()[0]
    assert entry.outcome == TimeToEvent(
        "died", "months", ("yes",), unit="months", horizons=(6.0, 24.0)
    )
    assert [v.name for v in entry.variables if v.role == "outcome"] == ["months", "died"]
    assert "time until died is yes" in texts(app).replace("\\", "")


def brought_in(table: pd.DataFrame, opened: Open) -> AppTest:
    """The Outcome view of that table, with its column chosen."""
    cohort = cohorts.bring_in("follow-up.csv", table.to_csv(index=False).encode())
    app = opened("cohorts", cohort=cohorts.cohort(cohort).address)
    app.segmented_control[0].set_value("Outcome").run()
    box(app, "Outcome column").set_value("died").run()
    return app


def test_an_event_that_everybody_had_needs_its_time(opened: Open) -> None:
    table = followed().assign(died="yes")
    cohort = cohorts.bring_in("all.csv", table.to_csv(index=False).encode())
    app = opened("cohorts", cohort=cohorts.cohort(cohort).address)
    app.segmented_control[0].set_value("Outcome").run()
    box(app, "Outcome column").set_value("died").run()
    app.button_group[-1].set_value(["yes"]).run()
    assert "choose the time to it" in app.info[-1].value
    save = next(one for one in app.button if one.label == "Save the outcome")
    assert save.disabled
    box(app, SEEN).set_value("months").run()
    next(one for one in app.button if one.label == "Save the outcome").click().run()
    assert not app.exception
    kept = cohorts.cohorts()[0].outcome
    assert isinstance(kept, TimeToEvent)
    assert kept.positive == ("yes",)


def test_two_dates_are_chosen_and_read_back(opened: Open) -> None:
    app = brought_in(dated().drop(columns="months"), opened)
    app.button_group[-1].set_value(["yes"]).run()
    box(app, SEEN).set_value("last_seen").run()
    assert next(one for one in app.button if one.label == "Save the outcome").disabled
    box(app, "Counted from").set_value("diagnosed").run()
    box(app, "Its unit").set_value("weeks").run()
    next(one for one in app.button if one.label == "Save the outcome").click().run()
    assert not app.exception
    outcome = cohorts.cohorts()[0].outcome
    assert isinstance(outcome, TimeToEvent)
    assert (outcome.since, outcome.time, outcome.unit) == ("diagnosed", "last_seen", "weeks")
    assert outcome.labels
    app = opened("cohorts", cohort=cohorts.cohorts()[0].address)
    app.segmented_control[0].set_value("Outcome").run()
    assert box(app, "Counted from").value == "diagnosed"
    assert next(one for one in app.button if one.label == "Save the outcome").disabled


def test_it_is_chosen_which_values_compete(opened: Open) -> None:
    table = followed()
    table["died"] = np.where(np.arange(len(table)) % 7 == 0, "moved", table["died"])
    app = brought_in(table, opened)
    app.button_group[-1].set_value(["yes"]).run()
    box(app, SEEN).set_value("months").run()
    assert "Which of the other values are a competing event?" in {
        one.label for one in app.button_group
    }
    pick = next(one for one in app.button_group if "competing" in one.label)
    pick.set_value(["moved"]).run()
    next(one for one in app.button if one.label == "Save the outcome").click().run()
    outcome = cohorts.cohorts()[0].outcome
    assert isinstance(outcome, TimeToEvent)
    assert (outcome.competing, outcome.negative) == (("moved",), ("no",))
    app = opened("cohorts", cohort=cohorts.cohorts()[0].address)
    app.segmented_control[0].set_value("Quality").run()
    assert "Events that compete" in texts(app)
    assert "Aalen-Johansen" in texts(app).replace("\\", "")


def test_horizons_that_are_no_times_are_not_saved(opened: Open) -> None:
    app = asked_for_the_time(opened)
    next(one for one in app.text_input if one.label == "Horizons").set_value("12, soon").run()
    assert "holds values that are not times" in app.warning[0].value
    assert next(one for one in app.button if one.label == "Save the outcome").disabled


def test_the_model_is_evaluated_by_measures_of_time(opened: Open, trained: str) -> None:
    app = opened("models", model=trained)
    shown = {metric.label.replace("\\", "") for metric in app.metric}
    assert {"C-index", "Integrated Brier score", "AUROC within 12 months"} <= shown
    assert "D-calibration (p)" in shown
    assert "with the event" in texts(app)
    curve = next(one for one in app.segmented_control if one.label == "Curve")
    curve.set_value("Net benefit").run()
    assert not app.exception
    assert "thresholds of" in texts(app) or "At no threshold" in texts(app)


def test_one_patient_has_a_course_and_risks_by_horizon(opened: Open, trained: str) -> None:
    app = opened("patient", model=trained)
    box(app, "Patient").set_value("p7").run()
    assert not app.exception
    assert box(app, "Horizon").options == [
        "within 6 months", "within 12 months", "within 24 months",
    ]  # fmt: skip
    assert box(app, "Horizon").value == "12"
    listed = next(one.value for one in app.dataframe if "Observed (months)" in one.value.columns)
    assert listed["Observed (months)"].str.fullmatch(r"(event after|none until) [\d.]+").all()
    box(app, "Show").set_value("Without the event").run()
    listed = next(one.value for one in app.dataframe if "Observed (months)" in one.value.columns)
    assert listed["Observed (months)"].str.startswith("none until").all()
    assert "Risk that died is yes within 12 months" in {
        m.label.replace("\\", "") for m in app.metric
    }
    on_panel(app, "Over time")
    app.slider[0].set_value(8.0).run()
    assert not app.exception
    assert "still without the event after 8 months" in texts(app)
    risks = next(one.value for one in app.dataframe if "Risk" in one.value.columns)
    assert risks["By (months)"].tolist() == [12.0, 24.0]
    toggle = next(one for one in app.toggle if "from 8 months on" in one.label)
    toggle.set_value(True).run()
    assert not app.exception
    assert "given that the patient is still without the event after 8 months" in texts(app)
    assert "waterfall-lived" not in texts(app)
    app.slider[0].set_value(18.0).run()
    assert "is over by then" in texts(app)


def test_the_report_speaks_of_the_horizon(trained: str) -> None:
    cells = cohorts.cells(models.model(trained).cohort, "p7")
    found = patients.consult(trained, cells, "p7")
    assert found.course.y[0] == 1
    assert found.basis == "held-out"
    assert all(
        "event after" in one.observed or "none until" in one.observed for one in found.neighbours
    )
    answer = patients.explain(trained, cells, "12", "p7")
    report = patients.report(trained, cells, "p7", found, answer)
    text = "".join(page.extract_text() for page in PdfReader(io.BytesIO(report)).pages)
    assert "within 12 months" in " ".join(text.split())


def test_its_performance_is_printed(trained: str) -> None:
    entry = models.model(trained)
    pictures = shown_by(entry.outcome).reported(entry.evaluation, entry.alert, entry.card)
    said = text_of(models.performance_report(trained, entry.evaluation, pictures))
    assert [part for part in ("C-index", "within 12 months") if part not in said] == []
    assert "Alert threshold" not in said
