"""Supervisors of one home: they share its jobs, take over those of a dead one, start and end."""

from __future__ import annotations

import os
import signal
import threading
import time
from collections.abc import Iterator

import pytest
from filelock import FileLock

from pmed_core.engine import supervisor as engine
from pmed_core.engine.local import LocalEngine
from pmed_core.engine.supervisor import Supervisor, attended, end
from pmed_core.store.store import Store
from pmed_core.work import Read
from tests.engine import odd_worker
from tests.engine.supervised import PATIENCE, add, over, supervising, watched


@pytest.fixture
def another(store: Store) -> Iterator[Supervisor]:
    with supervising(store, at_once=2) as found:
        yield found


def test_two_supervisors_share_the_jobs_and_none_runs_twice(
    store: Store, supervisor: Supervisor, another: Supervisor
) -> None:
    supervisor.at_once = 2
    jobs = [add(store, f"writes {number}") for number in range(4)]
    ends = time.monotonic() + 2 * PATIENCE
    while any(store.jobs.get(job).alive for job in jobs) and time.monotonic() < ends:
        supervisor.look()
        another.look()
        assert len(store.jobs.running()) <= 2
    assert [store.jobs.get(job).state for job in jobs] == ["done"] * 4
    written = sorted((store.home / "logs" / "written").read_text().split())
    assert written == sorted(map(str, range(4)))


def test_the_jobs_of_a_dead_supervisor_are_taken_over(
    store: Store, supervisor: Supervisor, another: Supervisor, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("pmed_core.store.jobs.LEASE", 2.0)
    job = add(store, "listens")
    watched(supervisor, job, lambda found: bool(found.notes))
    # Its worker lives on without it, and keeps its job.
    for _ in range(60):
        another.look()
        time.sleep(0.05)
    assert (store.jobs.running()[0][:2], another.running) == ((job, 1), {})
    end(supervisor.running[job].child)
    supervisor.running[job].child.wait()
    watched(another, job, lambda found: job in another.running)
    store.jobs.ask_to_stop(job, "keep")
    assert watched(another, job, over).result == "kept"


def test_a_worker_that_stood_still_too_long_keeps_no_result(
    store: Store, supervisor: Supervisor, another: Supervisor, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("pmed_core.store.jobs.LEASE", 1.0)
    job = add(store, "waits and holds")
    watched(supervisor, job, lambda found: bool(found.notes))
    late = supervisor.running[job].child
    os.kill(late.pid, signal.SIGSTOP)
    watched(another, job, lambda found: job in another.running)
    (store.home / "go").touch()
    os.kill(late.pid, signal.SIGCONT)
    found = watched(another, job, over)
    late.wait(PATIENCE)
    assert (found.state, found.result) == ("done", "by token 2")
    assert (store.home / "logs" / "written").read_text().split() == ["2"]


def test_there_is_one_supervisor_for_a_home(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(engine, "LOCK_SECONDS", 0.1)
    add(store, "anything")
    with FileLock(store.home / engine.LOCK):
        assert attended(store.home)
        engine.supervise(idle_seconds=0.1)
    assert store.jobs.waiting()
    assert not attended(store.home)


def test_without_work_it_ends(store: Store) -> None:
    engine.supervise(idle_seconds=0.3)
    assert not attended(store.home)


def test_a_job_that_comes_in_while_it_ends_is_done(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whoever asked saw the lock held, and started nobody."""
    look_after, late = engine._look_after, [lambda: add(store, "anything")]

    def ends(supervisor: Supervisor, idle: float) -> None:
        supervisor.module = odd_worker.__name__
        look_after(supervisor, idle)
        if late:
            late.pop()()

    monkeypatch.setattr(engine, "_look_after", ends)
    engine.supervise(idle_seconds=0.3)
    assert [job.state for job in store.jobs.list()] == ["done"]


def test_many_submissions_start_one_supervisor(store: Store) -> None:
    local = LocalEngine(store)
    threads = [
        threading.Thread(target=local.submit, args=(Read("", f"folder {n}", folder="x"),))
        for n in range(40)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    first = local.starter.started
    assert first is not None
    ends = time.monotonic() + PATIENCE
    while not attended(store.home) and time.monotonic() < ends:
        time.sleep(0.02)
    # A dead one is noticed by whoever looks at jobs next.
    end(first)
    first.wait()
    ends = time.monotonic() + PATIENCE
    # On a busy machine the lock of the dead one may be let go of a moment later.
    while local.starter.started is first and time.monotonic() < ends:
        local.attend()
        time.sleep(0.02)
    second = local.starter.started
    assert second is not None
    assert second.pid != first.pid
    end(second)
    second.wait()
