"""Twenty users ask for an explanation at the same moment: how long each of them waits.

    OMP_NUM_THREADS=1 TF_NUM_INTRAOP_THREADS=1 python -m benchmarks.questions [users]

One thread each is what a hosted installation gives two processes on two cores.

One explanation alone is measured in the same run, as the mean of many patients: those of whom the
model is almost certain take twenty times as long as others. The claim: the 95th percentile is at
most as many explanations as there are users, nobody waits for a process to start, and a user who
asks for ten at once makes nobody else wait longer.
"""

from __future__ import annotations

import os
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

import numpy as np

from pmed_core.engine.asker import tell_by
from pmed_core.options import FitOptions, MLPOptions
from pmed_core.samples.catalogue import SAMPLES
from pmed_core.service import cohorts, hub, models, patients, training
from pmed_core.settings import settings
from pmed_core.work import Cell

GREEDY, ALONE = 10, 40


class User(threading.local):
    """Who asks in each thread."""

    name = ""


USER = User()


@contextmanager
def installed() -> Iterator[str]:
    """An installation with one model -> its id."""
    with tempfile.TemporaryDirectory() as folder:
        os.environ |= {"PMED_HOME": folder, "PMED_ENGINE": "local"}
        settings.cache_clear()
        cohort = cohorts.bring_in_sample(SAMPLES[0].name)
        options = FitOptions(network=MLPOptions(), baselines=False, time_limit_minutes=1)
        identity = training.train(cohort, "Explained", options)
        while (job := training.job(identity)).alive:
            time.sleep(0.5)
        if job.state != "done":
            raise SystemExit(job.error)
        yield job.result


def cells_of(model: str) -> list[dict[str, Cell]]:
    """Those of patients, none of whom was asked about before."""
    cohort = models.model(model).cohort
    return [cohorts.cells(cohort, one) for one in cohorts.patients(cohort)]


def asked(model: str, who: str, cells: dict[str, Cell], took: list[float]) -> threading.Thread:
    """An explanation that this user waits for."""

    def one() -> None:
        USER.name = who
        start = time.perf_counter()
        patients.explain(model, cells, models.model(model).outcome.labels[0])
        took.append(time.perf_counter() - start)

    return threading.Thread(target=one)


def together(threads: list[threading.Thread]) -> None:
    """All at once."""
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


def processor() -> float:
    """Seconds of processor time that the processes which answer have taken so far."""
    ticks = 0
    for child in hub._hub(settings()).engine.pools.modelling.children:  # type: ignore[union-attr]
        with open(f"/proc/{child.child.pid}/stat", encoding="ascii") as file:  # type: ignore[union-attr]
            ticks += sum(map(int, file.read().rpartition(")")[2].split()[11:13]))
    return ticks / os.sysconf("SC_CLK_TCK")


def main(users: int) -> None:
    """Alone, then all of them, then all of them beside one who asks for ten."""
    tell_by(lambda: USER.name)
    with installed() as model:
        hub.make_ready()
        waiting = iter(cells_of(model))
        warm: list[float] = []
        # Until every process has the model, as it has after a moment of use.
        for _ in range(2):
            together([asked(model, f"w{n}", next(waiting), warm) for n in range(6)])
            time.sleep(20)
        alone: list[float] = []
        before = processor()
        for _ in range(ALONE):
            together([asked(model, "a", next(waiting), alone)])
        one = float(np.mean(alone))
        spent = 1000 * (processor() - before) / ALONE
        print(
            f"one explanation alone: {1000 * one:.0f} ms, {spent:.0f} ms of processor time; "
            f"{os.cpu_count()} cores, load {os.getloadavg()[0]:.1f}"
        )
        for rounds in range(3):
            took: list[float] = []
            before = processor()
            together([asked(model, f"u{n}", next(waiting), took) for n in range(users)])
            spent = 1000 * (processor() - before) / users
            print(f"processor time of each: {spent:.0f} ms")
            told(f"{users} users at once, round {rounds + 1}", took, one, users)
        took, greedy = [], list[float]()
        many = [asked(model, "greedy", next(waiting), greedy) for _ in range(GREEDY)]
        together(many + [asked(model, f"u{n}", next(waiting), took) for n in range(users - 1)])
        told(f"{users - 1} users beside one who asks for {GREEDY}", took, one, users)
        told("and that one", greedy, one, users + GREEDY)
        hub._hub(settings()).engine.stop()  # type: ignore[union-attr]


def told(what: str, took: list[float], one: float, users: int) -> None:
    """Against so many explanations."""
    late = float(np.percentile(took, 95))
    said = "holds" if late <= users * one else "FAILS"
    print(
        f"{what}: median {1000 * np.median(took):.0f} ms, p95 {1000 * late:.0f} ms, at most "
        f"{1000 * max(took):.0f} ms; {late / one:.1f} explanations ({said} {users})"
    )


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 20)
