"""One user's screen never shows another's patient."""

from __future__ import annotations

import pytest
from streamlit.testing.v1 import AppTest

from tests.pages.conftest import ROOT
from tests.service.made import Installation

pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning")


def patient_page(model: str, monkeypatch: pytest.MonkeyPatch) -> AppTest:
    monkeypatch.chdir(ROOT)
    app = AppTest.from_file(str(ROOT / "app.py"), default_timeout=300).run()
    app.query_params["model"] = model
    return app.switch_page("pages/patient.py").run()


def picker(app: AppTest) -> object:
    return next(box for box in app.selectbox if box.label == "Patient").value


def test_13_one_users_screen_shows_anothers_state(
    trained: Installation, monkeypatch: pytest.MonkeyPatch
) -> None:
    """shapash#411, streamlit#12506: what one person picked appears on the screen of the next."""
    first = patient_page(trained.model, monkeypatch)
    next(box for box in first.selectbox if box.label == "Patient").set_value("P005").run()
    assert picker(first) == "P005"
    second = patient_page(trained.model, monkeypatch)
    assert picker(second) is None
    assert "P005" not in str(second.query_params)
    assert "P005" not in str(first.query_params)


def test_13_patients_are_never_in_a_shared_cache() -> None:
    """OmicLearn: a cache that persists hands one hospital's table to the next visitor."""
    sources = [*(ROOT / "pages").rglob("*.py"), *(ROOT / "pmed_core").rglob("*.py")]
    assert not [path for path in sources if "cache_data" in path.read_text()]
