"""What leaves a hosted app as a file: for whoever may have it, and on record."""

from __future__ import annotations

from pathlib import Path

import pytest

from pmed_core.accounts import Role
from pmed_core.service import cohorts
from pmed_core.settings import settings
from pmed_core.store.accounts import Accounts
from pmed_core.store.audit import Audit
from tests.hosted.provider import Provider
from tests.hosted.signing_in import Browser
from tests.journeys.visitor import fetch, visiting
from tests.pages.conftest import table
from tests.waiting import awaited


@pytest.fixture
def ward(folder: Path, app: str, provider: Provider, monkeypatch: pytest.MonkeyPatch) -> str:
    """A project of the running app, with a cohort and a data scientist."""
    provider.become("dora")
    assert Browser(app).sign_in()
    dora = Browser(app)
    assert dora.sign_in()
    awaited(opened(dora))
    kept = Accounts.open(folder / "home")
    where = kept.add_project("Cardiology")
    (user,) = [one.id for one in kept.users() if one.subject == "s-dora"]
    kept.give(user, where, Role.DATA_SCIENTIST)
    monkeypatch.setenv("PMED_HOME", str(folder / "home" / "projects" / where))
    settings.cache_clear()
    cohorts.bring_in("small.csv", table())
    return where


async def opened(browser: Browser) -> None:
    async with visiting(browser.address, browser.cookie) as visitor:
        await visitor.open("")


async def taken(browser: Browser, project: str, stranger: Browser) -> None:
    async with visiting(browser.address, browser.cookie) as visitor:
        await visitor.open("cohorts", f"project={project}")
        views = next(one for one in visitor.elements["button_group"] if "view-" in one.id)
        await visitor.choose(views.id, "Rows")
        path = await visitor.download("csv-rows-table")
        status, _, body = fetch(browser.address, path, browser.cookie)
        assert status == 200
        assert b"marker" in body
        # The address alone, another who is signed in, and the sign-in without the browser.
        assert fetch(browser.address, path)[0] == 404
        assert fetch(browser.address, path, stranger.cookie)[0] == 404


def test_a_file_is_for_whoever_made_it_and_on_record(
    ward: str, folder: Path, app: str, provider: Provider
) -> None:
    provider.become("ann")
    ann, dora = Browser(app), Browser(app)
    assert ann.sign_in()
    provider.become("dora")
    assert dora.sign_in()
    awaited(taken(dora, ward, ann))
    kept = Audit.open(folder / "home")
    told = [one.deed for one in kept.entries() if one.deed.project == ward]
    assert {"cohorts.preview", "downloads.hand_out"} <= {one.action for one in told}
    assert {one.name for one in told} == {"Dora"}
    assert kept.faults() == ()
