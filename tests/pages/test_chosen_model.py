"""A model of tables and one of scans: each page keeps to its own."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest
from streamlit.testing.v1.element_tree import Selectbox

from pages.parts.outcome import with_outcome
from pmed_core.outcomes import YesNo
from pmed_core.service import cohorts, models
from tests.pages.conftest import QUICK as OF_TABLES
from tests.pages.conftest import Open, installed, table, trained_on
from tests.pages.test_scan import QUICKEST as OF_SCANS
from tests.pages.test_scan import collection

pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning")
"""Training runs inside the test's process here, and Keras warns about itself."""


@pytest.fixture(scope="module")
def trained_home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An installation with two models of a table and two of scans, made once."""
    with installed(tmp_path_factory.mktemp("both")) as home:
        outcome = YesNo("event", ("yes",))
        first = cohorts.bring_in("small.csv", table(120))
        variables = with_outcome(cohorts.cohort(first).variables, outcome)
        of_tables = cohorts.revise(first, variables, outcome)
        of_scans = cohorts.bring_in("scans.zip", collection())
        for name in ("older", "newer"):
            for cohort, options in ((of_tables, OF_TABLES), (of_scans, OF_SCANS)):
                trained_on(cohort, name, options)
    return home


@pytest.fixture
def older(trained_home: Path, tmp_path: Path) -> dict[bool, str]:
    """A copy of it -> the older model that reads scans, and that which does not."""
    shutil.copytree(trained_home, tmp_path / "home", dirs_exist_ok=True)
    return {one.modality.page == "scan": one.id for one in models.models() if one.name == "older"}


def model_box(app: AppTest) -> Selectbox[str]:
    return next(box for box in app.selectbox if box.label == "Model")


def turn_to(app: AppTest, page: str) -> str:
    """The model that a page shows when it is opened from the sidebar, whose links name none."""
    app.query_params.clear()
    app.switch_page(f"pages/{page}.py").run()
    assert not app.exception
    assert not any("at this address" in warning.value for warning in app.warning)
    return str(model_box(app).value)


def test_the_choice_of_a_page_outlives_a_look_at_the_other(
    opened: Open, older: dict[bool, str]
) -> None:
    app = opened("models", model=older[True])
    # No model of tables was chosen yet, so it is the newest.
    newest = turn_to(app, "patient")
    assert newest not in older.values()
    assert models.model(newest).modality.page != "scan"
    assert turn_to(app, "scan") == older[True]
    turn_to(app, "patient")
    model_box(app).set_value(older[False]).run()
    assert turn_to(app, "scan") == older[True]
    assert turn_to(app, "patient") == older[False]


def test_a_model_that_is_gone_is_said_and_no_other_shown(
    opened: Open, older: dict[bool, str]
) -> None:
    app = opened("scan", model=older[True])
    models.remove(older[True])
    app.run()
    assert "no model at this address" in app.warning[0].value
    assert model_box(app).value is None
    assert not any(box.label == "Scan" for box in app.selectbox)


def test_a_model_that_is_fitted_at_once_is_asked_for_no_epochs(
    opened: Open, older: dict[bool, str]
) -> None:
    scans = next(one for one in cohorts.cohorts() if one.modality.page == "scan")
    app = opened("train", cohort=scans.id)
    asked = {field.label for field in app.number_input}
    assert {"Epochs", "Time limit (minutes)"} < asked
    network = next(one for one in app.button_group if one.label == "Model")
    network.set_value("svm").run()
    assert not app.exception
    left = {field.label for field in app.number_input}
    assert asked - left == {"Epochs", "Time limit (minutes)"}
