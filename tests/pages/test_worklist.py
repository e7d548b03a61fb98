"""The patients of a cohort beside the one that is open: ordered, filtered, one after the other."""

from __future__ import annotations

import io

import pandas as pd
import pytest
from pypdf import PdfReader
from streamlit.testing.v1 import AppTest
from streamlit.testing.v1.element_tree import Selectbox

from pages.parts.reports import made
from pages.parts.words import percent
from pages.parts.worklist import MINIMUM
from pmed_core.service import links, models
from tests.pages.conftest import Open

pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning")


def listed(app: AppTest) -> pd.DataFrame:
    """The table of patients."""
    return next(one.value for one in app.dataframe if "Observed" in one.value.columns)


def predicted(app: AppTest) -> pd.Series:
    """Its numbers; their name says that they are in per cent."""
    (name,) = (name for name in listed(app).columns if name.startswith("Predicted %"))
    return listed(app)[name]


def box(app: AppTest, label: str) -> Selectbox[str]:
    return next(one for one in app.selectbox if one.label == label)


def press(app: AppTest, label: str) -> AppTest:
    return next(one for one in app.button if one.label == label).click().run()


def test_all_patients_are_listed_the_highest_risk_first(opened: Open, trained: str) -> None:
    app = opened("patient")
    assert len(listed(app)) == 120
    assert predicted(app).is_monotonic_decreasing
    box(app, "Order").set_value("As in the file").run()
    assert listed(app)["Patient"].tolist() == [f"p{n:03d}" for n in range(120)]


def test_those_with_the_event_are_found(opened: Open, trained: str) -> None:
    app = opened("patient")
    assert not any("\\" in option for option in box(app, "Show").options)
    box(app, "Show").set_value("Observed: event").run()
    assert set(listed(app)["Observed"]) == {"event"}
    (said,) = [c.value for c in app.caption if "of 120 patients" in c.value]
    assert said.startswith(f"{len(listed(app))} of 120")
    alert = next(one for one in box(app, "Show").options if one.startswith("Risk of"))
    box(app, "Show").set_value(alert).run()
    threshold = models.model(trained).threshold
    assert (predicted(app) >= 100 * threshold - 0.05).all()
    assert len(listed(app)) > 0


def test_those_above_any_risk_are_found_and_printed_together(opened: Open, trained: str) -> None:
    app = opened("patient")
    box(app, "Show").set_value(MINIMUM).run()
    (least,) = (one for one in app.number_input if one.label == "Minimum risk (%)")
    assert least.value == pytest.approx(100 * models.model(trained).threshold, abs=0.05)
    third = sorted(predicted(app))[-3]
    least.set_value(third).run()
    assert (predicted(app) >= third - 0.05).all()
    names = listed(app)["Patient"].tolist()
    assert len(names) >= 3
    entry = models.model(trained)
    sheets = PdfReader(io.BytesIO(made(entry, entry.outcome.labels[0], names[:3]))).pages
    for name, risk in zip(names[:3], predicted(app), strict=False):
        (said,) = (t for t in (one.extract_text() for one in sheets) if f"Patient {name}" in t)
        assert percent(risk / 100) in said


def test_one_patient_after_the_other(opened: Open, trained: str) -> None:
    app = opened("patient")
    order = listed(app)["Patient"].tolist()
    assert next(one for one in app.button if one.label == "Previous").disabled
    app = press(app, "Next")
    assert box(app, "Patient").value == order[0]
    assert any(metric.label.startswith("Risk that event is yes") for metric in app.metric)
    app = press(press(app, "Next"), "Next")
    assert box(app, "Patient").value == order[2]
    app = press(app, "Previous")
    assert box(app, "Patient").value == order[1]
    assert not app.warning
    box(app, "Patient").set_value("p030").run()
    app = press(app, "Next")
    assert box(app, "Patient").value == order[order.index("p030") + 1]


def test_a_link_opens_the_same_patient_and_shows_no_id(opened: Open, trained: str) -> None:
    app = press(opened("patient"), "Next")
    first = str(box(app, "Patient").value)
    token = str(app.query_params["patient"])
    assert first not in token
    again = opened("patient", model=trained, patient=token)
    assert box(again, "Patient").value == first
    assert any(metric.label.startswith("Risk that event is yes") for metric in again.metric)


def test_a_link_to_nobody_says_so(opened: Open, trained: str) -> None:
    app = opened("patient", model=trained, patient=links.link("elsewhere", "p001"))
    assert any("not in this cohort" in one.value for one in app.info)
    assert "patient" not in app.query_params
