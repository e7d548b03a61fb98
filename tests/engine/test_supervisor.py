"""Jobs in processes of their own: what is left of them when they are stopped, killed or wrong."""

from __future__ import annotations

import errno
import io
import os
import signal
import sys
import time
from typing import Any

import pytest

from pmed_core import worker
from pmed_core.engine import supervisor as engine
from pmed_core.engine.local import LocalEngine
from pmed_core.engine.supervisor import Supervisor, end
from pmed_core.errors import DiskFull, UserError
from pmed_core.settings import settings
from pmed_core.store.jobs import Jobs
from pmed_core.store.progress import CANCELLED, JobProgress
from pmed_core.store.store import Store
from tests.engine import odd_worker
from tests.engine.supervised import PATIENCE, add, over, watched


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


def test_one_that_always_dies_has_failed_with_a_sentence(
    store: Store, supervisor: Supervisor
) -> None:
    found = watched(supervisor, add(store, "dies"), over)
    assert (found.state, found.interrupted) == ("failed", 3)
    assert "ended 3 times without getting further than 'Here it dies'" in found.error
    assert "memory" in found.error


def test_a_store_that_is_busy_when_a_result_is_saved_loses_no_job(
    store: Store, supervisor: Supervisor
) -> None:
    once = watched(supervisor, add(store, "finds the store busy once"), over)
    assert (once.state, once.result) == ("done", "finds the store busy once is done")
    always = watched(supervisor, add(store, "finds the store busy"), over)
    assert (always.state, always.error) == ("failed", engine.BUSY)


def test_a_job_waits_for_a_store_that_is_away_however_often_it_asks(
    store: Store, supervisor: Supervisor
) -> None:
    found = watched(supervisor, add(store, "finds the store away"), over)
    assert (found.state, found.interrupted) == ("done", 0)


def test_what_a_worker_kept_is_there_for_the_next_and_gone_with_the_job(
    store: Store, supervisor: Supervisor
) -> None:
    found = watched(supervisor, add(store, "goes on"), over)
    assert (found.state, found.result) == ("done", "went on from 7")
    assert found.interrupted == 1
    for process in supervisor.running.values():
        process.child.wait(PATIENCE)  # it says that it is done before it drops what it kept
    assert not list((store.home / "checkpoints").iterdir())


def test_nothing_that_was_kept_outlives_a_job_that_failed_or_was_cancelled(
    store: Store, supervisor: Supervisor
) -> None:
    dies, deaf = add(store, "keeps and dies"), add(store, "keeps and is deaf")
    assert watched(supervisor, dies, over).state == "failed"
    watched(supervisor, deaf, lambda job: bool(job.epochs))
    assert store.checkpoints.of(deaf).is_dir()
    assert not store.checkpoints.of(dies).exists()
    store.jobs.ask_to_stop(deaf, "cancel")
    watched(supervisor, deaf, over)
    while supervisor.look():
        time.sleep(0.05)
    assert not store.checkpoints.of(deaf).exists()


@pytest.mark.parametrize("name", ["listens", "ignores being told to end"])
def test_one_that_takes_too_long_is_ended_and_says_so(
    store: Store, supervisor: Supervisor, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Asked, told, killed, whatever kind of job it is."""
    monkeypatch.setenv("PMED_JOB_HOURS", str(1 / 3600))
    settings.cache_clear()
    found = watched(supervisor, add(store, name), over)
    assert (found.state, found.interrupted) == ("failed", 0)
    assert found.error == engine.OVERDUE.format(hours=1 / 3600)


@pytest.mark.parametrize("stands_still", [False, True])
def test_one_that_ignores_being_asked_and_told_is_killed(
    store: Store, supervisor: Supervisor, stands_still: bool
) -> None:
    job = add(store, "ignores being told to end")
    watched(supervisor, job, lambda job: bool(job.epochs))
    child = supervisor.running[job].child
    if stands_still:
        os.kill(child.pid, signal.SIGSTOP)
    store.jobs.ask_to_stop(job, "cancel")
    found = watched(supervisor, job, over)
    assert (found.state, found.error) == ("cancelled", "")
    # One that ignores the signal alone still hears from its own heartbeat that it is not wanted.
    assert child.wait(PATIENCE) == (-signal.SIGKILL if stands_still else CANCELLED)
    assert store.jobs.claim() is None


def test_one_that_is_told_to_end_gives_its_job_back(store: Store, supervisor: Supervisor) -> None:
    """As systemd does when the service stops."""
    job = add(store, "deaf")
    watched(supervisor, job, lambda job: bool(job.epochs))
    child = supervisor.running[job].child
    end(child, signal.SIGTERM)
    assert child.wait(PATIENCE) == worker.TERMINATED
    found = store.jobs.get(job)
    assert (found.state, found.interrupted) == ("queued", 0)


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


def test_nothing_is_kept_of_one_that_is_cancelled_while_it_waits_to_go_on(store: Store) -> None:
    job, other = add(store, "listens"), add(store, "deaf")
    for one in (job, other):
        claimed = store.jobs.claim(2)
        assert claimed is not None
        progress = JobProgress(store.jobs, *claimed, store.checkpoints.of(one))
        odd_worker._keep(progress)
        progress.close()
        store.jobs.lose(*claimed, "", died=False)
    LocalEngine(store).cancel(job, keep=False)
    assert store.jobs.get(job).state == "cancelled"
    assert not store.checkpoints.of(job).exists()
    assert store.checkpoints.of(other).is_dir()


def test_a_full_disk_does_not_end_it_and_its_reason_is_kept(
    store: Store, supervisor: Supervisor, monkeypatch: pytest.MonkeyPatch
) -> None:
    job = add(store, "finds the disk full")

    class Closed(io.StringIO):
        def write(self, text: str) -> int:
            raise OSError(errno.ENOSPC, "no space left on device")

    monkeypatch.setattr(sys, "stderr", Closed())
    lose, full = Jobs.lose, [True]

    def refuses(*arguments: Any, **more: Any) -> None:
        if full:
            raise DiskFull("The disk is full", "", "")
        lose(*arguments, **more)

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
