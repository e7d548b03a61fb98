"""What leaves a hosted app as a file: for whoever may have it, and on record."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse
from starlette.routing import Route
from starlette.testclient import TestClient

from pages.parts.guard import Guard
from pmed_core.accounts import Role
from pmed_core.service import cohorts
from pmed_core.settings import settings
from pmed_core.store.accounts import SESSIONS, Accounts
from pmed_core.store.audit import Audit
from tests.hosted.provider import Provider
from tests.hosted.signing_in import USER_COOKIE, Browser
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
    monkeypatch.setenv("PMED_KEY_FILE", str(folder / "master.key"))
    settings.cache_clear()
    cohorts.bring_in("small.csv", table())
    return where


async def opened(browser: Browser) -> None:
    async with visiting(browser.address, browser.cookie) as visitor:
        await visitor.open("")


async def taken(
    browser: Browser, project: str, stranger: Browser, leave: Callable[[], None]
) -> None:
    async with visiting(browser.address, browser.cookie) as visitor:
        await visitor.open("cohorts", f"project={project}")
        views = next(one for one in visitor.elements["button_group"] if "view-" in one.id)
        await visitor.choose(views.id, "Rows")
        path = await visitor.download("csv-rows-table")
        status, _, body = fetch(browser.address, path, browser.cookie)
        assert status == 200
        assert b"marker" in body
        # The address alone, another who is signed in, and the sign-in without the browser.
        assert fetch(browser.address, path)[0] == 403
        assert fetch(browser.address, path, stranger.cookie)[0] == 404
        without = "; ".join(
            f"{name}={value}" for name, value in browser.cookies.items() if name != USER_COOKIE
        )
        assert fetch(browser.address, path, without)[0] == 403
        # The page is still open in the browser, and its sign-in has ended elsewhere.
        leave()
        assert fetch(browser.address, path, browser.cookie)[0] == 403


def test_a_file_is_for_whoever_made_it_and_on_record(
    ward: str, folder: Path, app: str, provider: Provider
) -> None:
    provider.become("ann")
    ann, dora = Browser(app), Browser(app)
    assert ann.sign_in()
    provider.become("dora")
    assert dora.sign_in()
    awaited(opened(ann))
    known = Accounts.open(folder / "home")

    def leave() -> None:
        with known.engine.begin() as connection:
            (user,) = [one.id for one in known.users() if one.subject == "s-dora"]
            connection.execute(SESSIONS.update().where(SESSIONS.c.user == user).values(ended=1.0))

    awaited(taken(dora, ward, ann, leave))
    kept = Audit.open(folder / "home")
    told = [one.deed for one in kept.entries() if one.deed.project == ward]
    assert {"cohorts.preview", "downloads.hand_out"} <= {one.action for one in told}
    assert {one.name for one in told} == {"Dora"}
    assert kept.faults() == ()


def test_nothing_is_uploaded_before_signing_in(app: str, provider: Provider) -> None:
    browser = Browser(app)
    for path in ("/", "/_stcore/health", "/_stcore/host-config"):
        browser.get(f"{app}{path}")
    for cookie in ("", browser.cookie, f"{browser.cookie}; {USER_COOKIE}=forged"):
        for method in ("PUT", "POST", "DELETE", "GET"):
            status = fetch(app, "/_stcore/upload_file/session/file", cookie, method)[0]
            assert status == 403, (method, status)


@pytest.mark.parametrize(
    "path",
    ["/_stcore/metrics", "/_stcore/agent/interact", "/_stcore/agent/v1/interact",
     "/_stcore/agent/openapi.json", "/_stcore/agent/mcp", "/_stcore/script-health-check"],
)  # fmt: skip
def test_what_asks_nobody_who_they_are_is_closed(path: str, app: str) -> None:
    assert fetch(app, path)[0] == 404
    assert fetch(app, path, method="POST")[0] == 404


@pytest.mark.parametrize("encrypted", [True, False])
def test_cookies_are_for_encrypted_connections_where_the_app_has_one(
    encrypted: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Behind a proxy that encrypts, Streamlit itself does not know of it."""
    origin = "https://pmed.example.org" if encrypted else "http://localhost:8501"
    monkeypatch.setattr("pages.parts.guard.get_origin_from_redirect_uri", lambda: origin)

    def answer(request: Request) -> PlainTextResponse:
        answered = PlainTextResponse("hello")
        answered.set_cookie("one", "1", httponly=True)
        answered.set_cookie("two", "2", secure=True)
        return answered

    with TestClient(Guard(Starlette(routes=[Route("/", answer)]))) as client:
        told = client.get("/").headers
    cookies = told.get_list("set-cookie")
    assert [one.lower().count("secure") for one in cookies] == [int(encrypted), 1]
    assert all("HttpOnly" in one for one in cookies[:1])
    assert ("strict-transport-security" in told) == encrypted
