"""Several processes behind one address: a session and what belongs to it are with one of them."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import subprocess
import time
from pathlib import Path

import pytest

from pmed_core.door import BROWSER
from pmed_core.service import cohorts
from pmed_core.settings import settings
from tests.journeys.server import served, showing
from tests.journeys.visitor import cookies, fetch, visiting
from tests.pages.conftest import table
from tests.waiting import awaited

pytestmark = [pytest.mark.slow, pytest.mark.skipif(os.name != "posix", reason="looks at processes")]


def slot(cookie: str) -> str:
    return cookie.split(f"{BROWSER}=")[1].split(".")[0]


async def everything_of_a_session_works(address: str, cookie: str, cohort: str) -> None:
    async with visiting(address, cookie) as visitor:
        await visitor.open("cohorts", f"cohort={cohorts.address(cohort)}")
        views = next(one for one in visitor.elements["button_group"] if "view-" in one.id)
        await visitor.choose(views.id, "Rows")
        path = await visitor.download("csv-rows-table")
        assert fetch(address, path, cookie)[0] == 200


async def cookies_of_two(address: str) -> list[str]:
    """Of two visitors: the second comes while the first is there."""
    async with visiting(address) as first:
        await first.open("")
        return [first.cookie, await asyncio.to_thread(cookies, address)]


def test_sessions_stay_with_their_process(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PMED_HOME", str(tmp_path))
    monkeypatch.setenv("PMED_ENGINE", "inline")
    settings.cache_clear()
    cohort = cohorts.bring_in("small.csv", table())
    with served(tmp_path, processes=2) as address:
        at = awaited(cookies_of_two(address))
        assert {slot(cookie) for cookie in at} == {"0", "1"}
        for cookie in at:
            awaited(everything_of_a_session_works(address, cookie, cohort))

        killed = showing(tmp_path)[0]
        os.kill(killed, signal.SIGKILL)
        # Browsers connect once more; here, when the next has begun.
        while killed in showing(tmp_path) or len(showing(tmp_path)) < 2:
            time.sleep(0.05)
        for cookie in at:
            awaited(everything_of_a_session_works(address, cookie, cohort))
        assert len(showing(tmp_path)) == 2
    assert showing(tmp_path) == []


def test_they_end_with_the_door_however_it_ends(tmp_path: Path) -> None:
    with served(tmp_path, processes=2) as address:
        assert fetch(address, "/_stcore/health")[0] == 200
        doors = subprocess.run(
            ["pgrep", "-f", f"pmed_core app --port {address.rpartition(':')[2]}"],
            capture_output=True, text=True, check=True,
        ).stdout.split()  # fmt: skip
        os.kill(int(doors[0]), signal.SIGKILL)
        ends = time.monotonic() + 60
        while showing(tmp_path) and time.monotonic() < ends:
            time.sleep(0.1)
        assert json.dumps(showing(tmp_path)) == "[]"
