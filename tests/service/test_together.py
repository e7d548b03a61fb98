"""Users of one installation do not bring each other into trouble, nor does a kill."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from pmed_core.engine.python import environment
from pmed_core.errors import UserError
from pmed_core.service import cohorts, models, uploads
from pmed_core.service.hub import hub
from pmed_core.settings import settings
from pmed_core.store.passing import Passing
from pmed_core.work import Fit, identify
from tests.service.made import Installation, as_bytes
from tests.service.made import patients as made

pytestmark = pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")

TABLE = as_bytes(made(40, seed=9))
Ask = Callable[..., str]


@pytest.fixture
def one_child(monkeypatch: pytest.MonkeyPatch) -> None:
    """Questions are answered one at a time, as by the child of an installation."""
    engine, lock = hub().engine, threading.Lock()
    ask: Ask = engine.ask

    def one_at_a_time(*asked: Any) -> str:
        with lock:
            return ask(*asked)

    monkeypatch.setattr(engine, "ask", one_at_a_time)


def together(*verbs: Callable[[], Any]) -> list[Any]:
    """What each gives, started in the same moment."""
    barrier = threading.Barrier(len(verbs))

    def start(verb: Callable[[], Any]) -> Any:
        barrier.wait()
        return verb()

    with ThreadPoolExecutor(len(verbs)) as pool:
        return [one.result() for one in [pool.submit(start, verb) for verb in verbs]]


def test_three_evaluate_one_model_on_one_file(trained: Installation, one_child: None) -> None:
    found = together(*[lambda: models.evaluate(trained.model, "later.csv", TABLE)] * 3)
    assert [one.n for one in found] == [40] * 3
    assert len(models.evaluations(trained.model)) == 3
    assert [entry.id for entry in cohorts.cohorts()] == [trained.cohort]
    assert [path.name for path in trained.home.rglob("*.csv")] == ["icu.csv"]


def test_one_brings_in_what_another_deletes(one_child: None) -> None:
    settled = threading.Event()

    def delete() -> None:
        while not settled.is_set():
            for entry in cohorts.cohorts():
                try:
                    cohorts.remove(entry.id)
                except UserError:  # it was revised or removed in between
                    continue

    def bring_in() -> list[str]:
        try:
            return [cohorts.bring_in("ward.csv", TABLE) for _ in range(6)]
        finally:
            settled.set()

    _, found = together(delete, bring_in)
    assert len(set(found)) == 1
    again = cohorts.bring_in("ward.csv", TABLE)
    assert len(cohorts.table(again).table) == 40
    cohorts.remove(again)
    assert not [path for path in settings().home.rglob("*.csv") if path.is_file()]


def test_the_same_bytes_under_another_ending_harm_nobody() -> None:
    mine, other = cohorts.bring_in("ward.csv", TABLE), cohorts.bring_in("ward.xlsx", TABLE)
    assert mine != other
    cohorts.remove(other)
    entry = cohorts.cohort(mine)
    assert cohorts.revise(mine, entry.variables, None) != ""
    assert [path.name for path in settings().home.rglob("ward.*")] == ["ward.csv"]


def test_one_who_looks_does_not_take_the_file_of_another() -> None:
    first, _ = uploads.inspect("ward.csv", TABLE)
    second, _ = uploads.inspect("ward.csv", TABLE)
    uploads.forget(first.source)
    assert cohorts.take(second)
    assert [path.name for path in settings().home.rglob("*.csv")] == ["ward.csv"]


def test_a_cohort_that_is_waited_for_is_not_deleted(trained: Installation) -> None:
    work = Fit(trained.cohort, "Waiting")
    job = hub().store.jobs.add(identify(work), work)
    with pytest.raises(UserError, match="training of this cohort"):
        cohorts.remove(trained.cohort)
    hub().store.jobs.ask_to_stop(job, "cancel")
    cohorts.remove(trained.cohort)
    assert cohorts.cohorts() == ()


KEEPING = """
import sys
from pmed_core.settings import settings
from pmed_core.store.store import open_store
models = open_store(settings()).models
found = models.entry(sys.argv[1]).evaluation
print("ready", flush=True)
sys.stdin.readline()
for _ in range(8):
    models.keep_evaluation(sys.argv[1], found)
"""


def test_two_processes_keep_what_each_has_evaluated(trained: Installation) -> None:
    started = [
        subprocess.Popen(
            [sys.executable, "-c", KEEPING, trained.model], env=environment(),
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
        )
        for _ in range(2)
    ]  # fmt: skip
    for process in started:
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
    for process in started:
        process.communicate("go\n", timeout=60)
    assert [process.returncode for process in started] == [0, 0]
    assert len(models.evaluations(trained.model)) == 16


EVALUATING = """
import sys, time
from pathlib import Path
from pmed_core import worker
from pmed_core.service import models
def never(*_):
    print("now", flush=True)
    time.sleep(600)
worker._evaluate = never
models.evaluate(sys.argv[1], "later.csv", Path(sys.argv[2]).read_bytes())
"""


@pytest.mark.slow
def test_a_kill_in_the_middle_of_evaluating_leaves_no_patient(
    trained: Installation, tmp_path: Any
) -> None:
    (tmp_path / "later.csv").write_bytes(TABLE)
    process = subprocess.Popen(
        [sys.executable, "-c", EVALUATING, trained.model, str(tmp_path / "later.csv")],
        env=environment(), stdout=subprocess.PIPE, text=True,
    )  # fmt: skip
    assert process.stdout is not None
    assert process.stdout.readline() == "now\n"
    assert len(list(trained.home.rglob("later.csv"))) == 1
    os.kill(process.pid, signal.SIGKILL)
    process.wait()
    process.stdout.close()
    Passing(trained.home).sweep()
    assert not list(trained.home.rglob("later.csv"))
    assert [path.parent.name for path in trained.home.rglob("cohort.json")] == [trained.cohort]
