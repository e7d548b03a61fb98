"""What cannot be read is said on its page, stops no other page, and can be deleted there."""

from __future__ import annotations

import pytest
from streamlit.testing.v1 import AppTest

from pmed_core.service import cohorts, damaged
from pmed_core.service.hub import hub
from pmed_core.settings import settings
from pmed_core.store.database import COHORTS, JOBS, writing
from pmed_core.work import Fit, identify
from tests.pages.conftest import Open, table

PAGES = {"cohort": "cohorts", "model": "models", "job": "jobs"}


@pytest.fixture
def spoilt(small: str) -> str:
    """A healthy cohort, and a cohort, a model and a job that cannot be read -> the healthy one."""
    bad = cohorts.bring_in("*bad*.csv", table(40))
    (settings().home / "cohorts" / bad / "cohort.json").write_text("[1]")
    package = hub().store.models.new_package("0" * 32)
    package.mkdir(parents=True)
    (package / "manifest.json").write_text("{}")
    hub().store.models.add("0" * 32, "Broken", small)
    job = hub().store.jobs.add(identify(Fit(small, "Old")), Fit(small, "Old"))
    with writing(hub().store.jobs.engine) as connection:
        connection.execute(JOBS.update().where(JOBS.c.id == job).values(work='{"kind": "older"}'))
    return small


@pytest.mark.parametrize("page", ["home", "cohorts", "train", "models", "patient", "scan", "jobs"])
def test_every_page_opens_beside_damaged_entries(opened: Open, spoilt: str, page: str) -> None:
    app = opened(page)
    assert not app.error
    assert not app.exception


@pytest.mark.parametrize("what", PAGES)
def test_a_damaged_entry_is_deleted_where_it_is_listed(
    opened: Open, spoilt: str, what: damaged.What
) -> None:
    app = opened(PAGES[what])
    assert any("1 " + what in warning.value for warning in app.warning)
    press(app, f"Delete this {what}")
    assert not app.error
    assert not any("cannot be read" in warning.value for warning in app.warning)
    assert damaged.damaged(what) == ()
    assert [one.id for one in cohorts.cohorts()] == [spoilt]


def press(app: AppTest, label: str) -> None:
    button = next(b for b in app.button if b.label == label and "damaged" in (b.key or ""))
    button.click().run()


def test_home_says_what_the_list_has_lost_and_lists_it_again(opened: Open, small: str) -> None:
    with writing(hub().store.jobs.engine) as connection:
        connection.execute(COHORTS.delete())
    app = opened("home")
    assert "1 cohort" in next(w.value for w in app.warning if "not in its list" in w.value)
    next(b for b in app.button if b.label == "List them again").click().run()
    assert not app.error
    assert not app.warning
    assert [one.id for one in cohorts.cohorts()] == [small]
