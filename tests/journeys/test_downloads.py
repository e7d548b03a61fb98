"""What a session made is for its browser alone, as long as the session is open."""

from __future__ import annotations

import asyncio
import time
from pathlib import Path

import pytest
import streamlit

from pmed_core.door import BROWSER
from pmed_core.service import cohorts
from pmed_core.settings import settings
from tests.journeys.server import served
from tests.journeys.visitor import cookies, fetch, visiting
from tests.pages.conftest import table
from tests.waiting import awaited


@pytest.fixture
def cohort(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """In an installation that the server opens afterwards."""
    monkeypatch.setenv("PMED_HOME", str(tmp_path))
    monkeypatch.setenv("PMED_ENGINE", "inline")
    settings.cache_clear()
    return cohorts.bring_in("small.csv", table())


async def look(address: str, cohort: str) -> None:
    async with visiting(address) as visitor:
        await visitor.open("cohorts", f"cohort={cohorts.address(cohort)}")
        views = next(one for one in visitor.elements["button_group"] if "view-" in one.id)
        await visitor.choose(views.id, "Rows")
        path = await visitor.download("csv-rows-table")
        assert path.startswith("/media/")

        status, headers, body = fetch(address, path, visitor.cookie)
        assert status == 200
        assert dict(headers)["cache-control"] == "no-store"
        assert b"marker" in body

        assert fetch(address, path)[0] == 404
        assert fetch(address, path, cookies(address))[0] == 404
        assert fetch(address, path, f"{BROWSER}=")[0] == 404
        assert fetch(address, path, method="HEAD")[0] == 404
    ends = time.monotonic() + 60
    while fetch(address, path, visitor.cookie)[0] != 404:  # until the server notices
        assert time.monotonic() < ends, "the session is closed, and its file is still served"
        await asyncio.sleep(0.1)


def test_a_download_is_for_the_session_that_made_it(cohort: str, tmp_path: Path) -> None:
    with served(tmp_path) as address:
        awaited(look(address, cohort))


def test_fonts_and_icons_are_for_everybody(server: str) -> None:
    bundled = Path(streamlit.__file__).parent / "static" / "static" / "media"
    fonts = sorted(path.name for path in bundled.glob("*.woff2"))
    assert any("MaterialSymbols" in name for name in fonts)
    for name in fonts:
        assert fetch(server, f"/static/media/{name}")[0] == 200, name


def test_every_browser_has_a_cookie_of_its_own_that_scripts_cannot_read(server: str) -> None:
    given = [
        value for _ in range(2) for name, value in fetch(server, "/")[1]
        if name == "set-cookie" and value.startswith(f"{BROWSER}=")
    ]  # fmt: skip
    assert len(set(given)) == 2
    assert all("HttpOnly" in one and "SameSite=Lax" in one for one in given)
