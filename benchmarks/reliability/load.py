"""How long people wait for a page when many use one server, steadily and all in one second.

    python -m benchmarks.reliability.load [--processes 2] [--sessions 100] [--seconds 60]
        [--burst 50] [--trainings 2] [--opened 5000]

A server of its own is started on an installation with one cohort and one model. Visitors speak its
websocket as a browser does, and are measured from the click to the end of the page's run:

- steady: so many open sessions, each of which clicks after 20 s of thinking on average;
- burst: so many open sessions that all click in the same moment, five times;
- arrivals: so many new visitors who open the app in the same moment;
- opened: so many sessions, twenty at a time, that open the app, look at two pages and leave.

Memory is that of the processes that show pages.

The visitors run on the same machine as the server. A click that is not answered is lost. Where the
machine has other work, the processor's seconds tell more than those of the clock.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import random
import subprocess
import sys
import tempfile
import time
from collections.abc import Awaitable
from contextlib import AsyncExitStack
from pathlib import Path

import numpy as np
from websockets.exceptions import WebSocketException

from tests.journeys.server import ROOT, served, showing
from tests.journeys.visitor import Visitor, visiting

THINK = 20.0
PATIENCE = 60.0
BURSTS = 5
TOGETHER, STEPS = 20, 10
"""Sessions that are open at once of those that are opened and closed; rows of their table."""
PAGES = ("", "cohorts", "models", "train", "jobs", "patient")
PREPARE = """
from pmed_core.options import FitOptions
from pmed_core.service import cohorts, training
cohort = cohorts.bring_in_sample(cohorts.samples()[0].name)
options = FitOptions(folds=2)
print(cohorts.address(cohort), training.job(training.train(cohort, "Model", options)).error)
"""
TRAIN = """
import sys
import time
from pmed_core.options import FitOptions
from pmed_core.service import cohorts, training
cohort, mine = cohorts.cohorts()[0].id, int(sys.argv[1])
for number in range(1000):
    options = FitOptions(seed=1000 * mine + number)
    job = training.train(cohort, f"Load {mine} {number}", options)
    while training.job(job).alive:
        time.sleep(0.5)
"""


def _processor_seconds() -> float:
    """What the processes that show pages have used so far; 0 where the system does not tell."""
    ticks = 0
    for process in showing(Path(os.environ["PMED_HOME"])) if os.name == "posix" else ():
        fields = Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()
        ticks += int(fields[11]) + int(fields[12])
    return ticks / os.sysconf("SC_CLK_TCK") if ticks else 0.0


def _memory() -> float:
    """MB that the processes that show pages hold; NaN where the system does not tell."""
    if os.name != "posix":
        return float("nan")
    held = 0
    for process in showing(Path(os.environ["PMED_HOME"])):
        held += int(Path(f"/proc/{process}/statm").read_text().split()[1])
    return held * os.sysconf("SC_PAGE_SIZE") / 1e6


class Measured:
    """Seconds of the clicks that were answered, and how many were not."""

    def __init__(self) -> None:
        self.seconds: list[float] = []
        self.lost = 0
        self.began = _processor_seconds()

    async def time(self, click: Awaitable[None]) -> None:
        """Wait for what was clicked."""
        started = time.perf_counter()
        try:
            await click
        except (WebSocketException, TimeoutError, OSError):
            self.lost += 1
        else:
            self.seconds.append(time.perf_counter() - started)

    def row(self, title: str) -> str:
        """For the table."""
        found = np.array(self.seconds or [np.nan])
        middle, high, most = np.quantile(found, (0.5, 0.95, 1))
        return (
            f"| {title} | {len(self.seconds)} | {self.lost} | {middle:.2f} | {high:.2f} | "
            f"{most:.2f} | {(_processor_seconds() - self.began) / len(found):.3f} |"
        )


async def _steady(visitors: list[Visitor], seconds: float) -> Measured:
    measured, ends = Measured(), time.monotonic() + seconds

    async def live(visitor: Visitor, draw: random.Random) -> None:
        while True:
            await asyncio.sleep(draw.expovariate(1 / THINK))
            if time.monotonic() > ends:
                # Not at the end, where all would click at once.
                return
            page = draw.choice(PAGES)
            await measured.time(visitor.open(page, seconds=PATIENCE))

    await asyncio.gather(*(live(one, random.Random(n)) for n, one in enumerate(visitors)))
    return measured


async def _burst(visitors: list[Visitor], first: int) -> Measured:
    measured = Measured()
    await asyncio.gather(
        *(
            measured.time(one.open(PAGES[(first + n) % len(PAGES)], seconds=PATIENCE))
            for n, one in enumerate(visitors)
        )
    )
    return measured


async def _arrivals(address: str, number: int) -> Measured:
    measured = Measured()

    async def arrive() -> None:
        async with visiting(address) as visitor:
            await visitor.open("", seconds=PATIENCE)

    await asyncio.gather(*(measured.time(arrive()) for _ in range(number)))
    return measured


async def _opened(address: str, number: int) -> None:
    """Sessions that come and go, and the memory after each tenth of them."""
    measured = Measured()

    async def pass_by(place: int) -> None:
        async with visiting(address) as visitor:
            await visitor.open("", seconds=PATIENCE)
            await visitor.open(PAGES[place % len(PAGES)], seconds=PATIENCE)

    _say("| sessions opened and closed | MB |")
    _say("|---|---|")
    for first in range(0, number, TOGETHER):
        if first % max(TOGETHER, number // STEPS) == 0:
            _say(f"| {first:,} | {_memory():.0f} |")
        places = range(first, min(first + TOGETHER, number))
        await asyncio.gather(*(measured.time(pass_by(place)) for place in places))
    _say(f"| {number:,} | {_memory():.0f} |")
    _say(measured.row("come and go"))


async def _measure(address: str, given: argparse.Namespace) -> None:
    _say("| what | answered | lost | p50 s | p95 s | max s | CPU s for a click |")
    _say("|---|---|---|---|---|---|---|")
    async with AsyncExitStack() as stack:
        visitors: list[Visitor] = []
        before = float("nan")
        for _ in range(max(given.sessions, given.burst)):
            visitor = await stack.enter_async_context(visiting(address))
            await visitor.open("", seconds=PATIENCE)
            visitors.append(visitor)
            if len(visitors) == 1:
                for page in PAGES:
                    await visitor.open(page, seconds=PATIENCE)
                before = _memory()
        for page in PAGES:
            alone = Measured()
            for _ in range(5):
                await alone.time(visitors[0].open(page))
            _say(alone.row(f"alone, {page or 'home'}"))
        together = Measured()
        for n in range(BURSTS):
            found = await _burst(visitors[: given.burst], n)
            together.seconds += found.seconds
            together.lost += found.lost
        _say(together.row(f"burst of {given.burst}, {BURSTS} times"))
        steady = await _steady(visitors[: given.sessions], given.seconds)
        _say(steady.row(f"steady, {given.sessions} sessions, {given.seconds:.0f} s"))
        a_session = (_memory() - before) / max(len(visitors) - 1, 1)
        _say(f"Memory: {before:.0f} MB with one session, {a_session:.2f} MB for each more.")
    _say((await _arrivals(address, given.burst)).row(f"{given.burst} arrive at once"))
    if given.opened:
        await _opened(address, given.opened)


def _say(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


def _python(script: str, *words: str, **more: str) -> subprocess.Popen[bytes]:
    return subprocess.Popen([sys.executable, "-c", script, *words], cwd=ROOT, env=os.environ | more)


def main() -> None:
    """See the module's docstring."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--processes", type=int, default=1)
    parser.add_argument("--sessions", type=int, default=50)
    parser.add_argument("--seconds", type=float, default=60)
    parser.add_argument("--burst", type=int, default=50)
    parser.add_argument("--trainings", type=int, default=0, help="that run all the while")
    parser.add_argument("--opened", type=int, default=0)
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        home = Path(folder)
        os.environ["PMED_HOME"] = folder
        os.environ["PMED_JOBS_AT_ONCE"] = str(max(given.trainings, 1))
        _python(PREPARE, PMED_ENGINE="inline").wait()
        trainings = [_python(TRAIN, str(n), PMED_ENGINE="local") for n in range(given.trainings)]
        try:
            with served(home, processes=given.processes) as address:
                asyncio.run(_measure(address, given))
        finally:
            for training in trainings:
                training.terminate()


if __name__ == "__main__":
    main()
