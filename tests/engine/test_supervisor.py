"""Jobs in processes of their own: what is left of them when they are stopped, killed or wrong."""

from __future__ import annotations

import errno
import io
import os
import signal
import sys
import threading
import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from filelock import FileLock

from pmed_core.engine import supervisor as engine
from pmed_core.engine.local import LocalEngine
from pmed_core.engine.supervisor import Supervisor, attended, end
from pmed_core.errors import DiskFull, UserError
from pmed_core.job import Job
from pmed_core.settings import settings
from pmed_core.store.jobs import Jobs
from pmed_core.store.store import Store, open_store
from pmed_core.work import Fit, Read, identify
from tests.engine import odd_worker

PATIENCE = 60.0


@pytest.fixture
def store() -> Store:
    return open_store(settings())


@pytest.fixture
def supervisor(store: Store) -> Iterator[Supervisor]:
    found = Supervisor(store.jobs, at_once=1, module=odd_worker.__name__)
    yield found
    for process in found.running.values():
        end(process.child)
        process.child.wait()


def add(store: Store, name: str) -> str:
    work = Fit("c", name)
    return store.jobs.add(identify(work), work)


def watched(supervisor: Supervisor, job: str, until: Callable[[Job], bool]) -> Job:
    """Look after the jobs until the one is as it should be."""
    ends = time.monotonic() + PATIENCE
    while time.monotonic() < ends:
        supervisor.look()
        found = supervisor.jobs.get(job)
        if until(found):
            return found
        time.sleep(0.05)
    raise AssertionError(f"Expected another state. Received: {supervisor.jobs.get(job)}")


def over(job: Job) -> bool:
    return not job.alive


def test_a_job_runs_in_a_process_of_its_own(store: Store, supervisor: Supervisor) -> None:
    found = watched(supervisor, add(store, "anything"), over)
    assert (found.state, found.result) == ("done", "anything is done")
    assert found.submitted <= found.started <= found.finished
    supervisor.running.popitem()[1].child.wait()
    assert not supervisor.look()


def test_the_second_waits_while_the_first_runs(store: Store, supervisor: Supervisor) -> None:
    first, second = add(store, "listens"), add(store, "anything")
    watched(supervisor, first, lambda job: bool(job.notes))
    assert (store.jobs.get(second).state, store.jobs.get(second).place) == ("queued", 1)
    store.jobs.ask_to_stop(first, "cancel")
    assert watched(supervisor, second, over).state == "done"
    assert store.jobs.get(first).state == "cancelled"


def test_stopping_with_keep_lets_it_keep(store: Store, supervisor: Supervisor) -> None:
    job = add(store, "listens")
    watched(supervisor, job, lambda job: bool(job.notes))
    store.jobs.ask_to_stop(job, "keep")
    found = watched(supervisor, job, over)
    assert (found.state, found.result) == ("done", "kept")


def test_one_that_does_not_listen_is_ended(store: Store, supervisor: Supervisor) -> None:
    job = add(store, "deaf")
    watched(supervisor, job, lambda job: bool(job.epochs))
    store.jobs.ask_to_stop(job, "cancel")
    found = watched(supervisor, job, over)
    assert (found.state, found.error) == ("cancelled", "")


def test_one_whose_supervisor_is_gone_ends_itself(store: Store, supervisor: Supervisor) -> None:
    job = add(store, "deaf")
    watched(supervisor, job, lambda job: bool(job.epochs))
    store.jobs.ask_to_stop(job, "cancel")
    ends = time.monotonic() + PATIENCE
    while store.jobs.get(job).alive and time.monotonic() < ends:
        time.sleep(0.05)
    assert store.jobs.get(job).state == "cancelled"


def test_a_killed_worker_is_started_once_more(store: Store, supervisor: Supervisor) -> None:
    found = watched(supervisor, add(store, "dies once"), over)
    assert (found.state, found.result) == ("done", "dies once is done")


def test_one_that_dies_twice_has_failed_with_a_sentence(
    store: Store, supervisor: Supervisor
) -> None:
    found = watched(supervisor, add(store, "dies"), over)
    assert found.state == "failed"
    assert "memory" in found.error


def test_killed_from_outside_while_it_works(store: Store, supervisor: Supervisor) -> None:
    job = add(store, "listens")
    watched(supervisor, job, lambda job: bool(job.notes))
    first = supervisor.running[job].child
    os.kill(first.pid, signal.SIGKILL)
    first.wait()
    watched(supervisor, job, lambda found: supervisor.running[job].token == 2 and bool(found.notes))
    store.jobs.ask_to_stop(job, "keep")
    assert watched(supervisor, job, over).result == "kept"


def test_a_bug_is_a_sentence_and_its_log_holds_no_patient(
    store: Store, supervisor: Supervisor
) -> None:
    found = watched(supervisor, add(store, "has a bug"), over)
    log = (store.home / "logs" / "errors.log").read_text()
    assert found.state == "failed"
    assert "KeyError" in found.error
    assert "odd_worker.py" in log
    assert "Smith" not in found.error + log


def test_what_a_person_can_put_right_is_said_in_its_words(
    store: Store, supervisor: Supervisor
) -> None:
    found = watched(supervisor, add(store, "refuses"), over)
    assert (found.state, found.error) == ("failed", "x.csv: The file is empty. Choose another.")


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


def test_a_full_disk_does_not_end_it_and_its_reason_is_kept(
    store: Store, supervisor: Supervisor, monkeypatch: pytest.MonkeyPatch
) -> None:
    job = add(store, "finds the disk full")

    class Closed(io.StringIO):
        def write(self, text: str) -> int:
            raise OSError(errno.ENOSPC, "no space left on device")

    monkeypatch.setattr(sys, "stderr", Closed())
    lose, full = Jobs.lose, [True]

    def refuses(*arguments: Any) -> None:
        if full:
            raise DiskFull("The disk is full", "", "")
        lose(*arguments)

    monkeypatch.setattr(Jobs, "lose", refuses)
    ends = time.monotonic() + PATIENCE
    while time.monotonic() < ends:
        assert engine._looked(supervisor)
        process = supervisor.running.get(job)
        if process is not None and process.child.poll() is not None:
            break
    full.clear()
    found = watched(supervisor, job, over)
    assert found.state == "failed"
    assert "disk was full" in found.error


def test_so_many_jobs_may_wait(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("pmed_core.store.jobs.QUEUED_AT_MOST", 2)
    first = add(store, "one")
    add(store, "two")
    with pytest.raises(UserError, match="2 jobs are waiting"):
        add(store, "three")
    assert add(store, "one") == first
