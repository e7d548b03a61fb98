"""The last day of a cohort is set on its page, and said there and where its models are."""

from __future__ import annotations

from datetime import date, timedelta

from pmed_core.service import cohorts, retention
from tests.pages.conftest import Open

TODAY = date.today()


def test_a_last_day_is_set_and_said(trained: str, opened: Open) -> None:
    (entry,) = cohorts.cohorts()
    app = opened("cohorts", cohort=entry.address)
    assert not app.warning
    app.date_input[0].set_value(TODAY + timedelta(7)).run()
    next(one for one in app.button if one.label == "Save the last day").click().run()
    assert "is deleted with 1 model trained on it after" in app.warning[0].value
    for page in ("home", "models"):
        assert any("The cohort" in one.value for one in opened(page).warning)
    next(one for one in app.button if one.label == "Keep without a last day").click().run()
    assert not app.warning
    assert not opened("home").warning


def test_long_before_only_its_own_page_says_so(trained: str, opened: Open) -> None:
    (entry,) = cohorts.cohorts()
    retention.keep_until(entry.address, TODAY + timedelta(400))
    assert not opened("home").warning
    app = opened("cohorts", cohort=entry.address)
    assert not app.warning
    assert any("This cohort is deleted" in one.value for one in app.caption)
