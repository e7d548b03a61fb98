"""Jobs: one for each work, each held by one worker, in the order they came."""

from __future__ import annotations

import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from pmed_core.errors import UserError
from pmed_core.progress import Stop
from pmed_core.settings import settings
from pmed_core.store import jobs as stored
from pmed_core.store.jobs import Jobs, Leases
from pmed_core.store.store import open_store
from pmed_core.work import Fit, identify
from tests.store.test_files import files_at_most

ROOT = Path(__file__).parents[2]


@pytest.fixture
def jobs(database: str) -> Jobs:
    return open_store(settings()).jobs


def add(jobs: Jobs, name: str, *, again: bool = False) -> str:
    work = Fit("c", name)
    return jobs.add(identify(work), work, again=again)


def test_the_same_work_is_one_job_until_it_failed(jobs: Jobs) -> None:
    first = add(jobs, "a")
    assert add(jobs, "a") == first
    claimed = jobs.claim()
    assert claimed is not None
    assert add(jobs, "a") == first
    assert jobs.get(first).state == "running"
    jobs.finish(*claimed, "failed", "The disk is full.")
    assert jobs.get(first).error == "The disk is full."
    add(jobs, "a")
    assert jobs.get(first).state == "queued"
    assert jobs.get(first).error == ""
    assert len(jobs.list()) == 1


def test_what_is_done_is_done_again_only_when_asked(jobs: Jobs) -> None:
    first = add(jobs, "a")
    jobs.finish(*_claimed(jobs), "done", "model")
    add(jobs, "a")
    assert (jobs.get(first).state, jobs.get(first).result) == ("done", "model")
    add(jobs, "a", again=True)
    assert jobs.get(first).state == "queued"


def _claimed(jobs: Jobs, at_once: int = 1) -> tuple[str, int]:
    claimed = jobs.claim(at_once)
    assert claimed is not None
    return claimed


def test_jobs_wait_in_the_order_they_came_and_know_their_place(jobs: Jobs) -> None:
    names = [add(jobs, name) for name in "abc"]
    assert [jobs.get(name).place for name in names] == [1, 2, 3]
    assert _claimed(jobs)[0] == names[0]
    assert jobs.claim() is None
    assert [job.place for job in reversed(jobs.list())] == [0, 1, 2]
    assert _claimed(jobs, at_once=2)[0] == names[1]
    assert [jobs.get(name).place for name in names] == [0, 0, 1]


def test_a_worker_whose_job_was_given_to_another_changes_nothing(
    jobs: Jobs, monkeypatch: pytest.MonkeyPatch
) -> None:
    job = add(jobs, "a")
    old, leases = _claimed(jobs), Leases(jobs)
    assert leases.lapsed() == []
    monkeypatch.setattr(stored, "LEASE", -1.0)
    assert leases.lapsed() == [old]
    jobs.lose(*old, "died")
    new = _claimed(jobs)
    assert new == (job, 2)
    assert jobs.beat(*old) == "cancel"
    jobs.report(*old, [("note", "from the dead"), ("stage", ("Dead", 1.0))])
    jobs.finish(*old, "done", "wrong")
    assert jobs.beat(*new) == ""
    found = jobs.get(job)
    assert (found.state, found.notes, found.stage) == ("running", (), "Starting again")
    jobs.finish(*new, "done", "right")
    assert jobs.get(job).result == "right"


def died(jobs: Jobs, *, at: float) -> None:
    """A worker gets so far, and dies."""
    claimed = _claimed(jobs)
    jobs.report(*claimed, [("stage", (f"Training, epoch {at:.0%}", at))])
    jobs.lose(*claimed, "It died {times} times at '{stage}'.")


def test_a_job_is_given_up_when_workers_die_of_it_without_getting_further(jobs: Jobs) -> None:
    job = add(jobs, "a")
    for at in (0.1, 0.2, 0.2, 0.15):
        assert jobs.get(job).state == "queued"
        died(jobs, at=at)
    found = jobs.get(job)
    assert (found.state, found.interrupted) == ("failed", 4)
    assert found.error == "It died 3 times at 'Training, epoch 20%'."


def test_a_job_that_gets_further_each_time_is_never_given_up(jobs: Jobs) -> None:
    job = add(jobs, "a")
    for step in range(1, 20):
        died(jobs, at=step / 20)
        died(jobs, at=step / 20)
    assert jobs.get(job).state == "queued"


def test_one_that_was_cancelled_and_killed_was_not_interrupted(jobs: Jobs) -> None:
    job = add(jobs, "a")
    claimed = _claimed(jobs)
    jobs.ask_to_stop(job, "cancel")
    jobs.lose(*claimed, "It died {times} times at '{stage}'.")
    assert (jobs.get(job).state, jobs.get(job).interrupted) == ("cancelled", 0)


def test_a_worker_that_is_told_to_end_has_not_died(jobs: Jobs) -> None:
    job = add(jobs, "a")
    for _ in range(5):
        jobs.lose(*_claimed(jobs), "", died=False)
    assert (jobs.get(job).state, jobs.get(job).interrupted) == ("queued", 0)


def test_epochs_that_were_gone_through_again_are_shown_once(jobs: Jobs) -> None:
    job = add(jobs, "a")
    for first, last in ((1, 4), (3, 6)):
        claimed = _claimed(jobs)
        epochs = [("epoch", {"epoch": n, "of": first}) for n in range(first, last + 1)]
        jobs.report(*claimed, [*epochs, ("note", "Slow.")])
        jobs.lose(*claimed, "died", died=False)
    found = [(point["epoch"], point["of"]) for point in jobs.get(job).epochs]
    assert found == [(1, 1), (2, 1), (3, 3), (4, 3), (5, 3), (6, 3)]


@pytest.mark.parametrize(("stop", "state"), [("cancel", "cancelled"), ("keep", "queued")])
def test_what_was_asked_of_one_that_dies_still_holds(jobs: Jobs, stop: Stop, state: str) -> None:
    job = add(jobs, "a")
    claimed = _claimed(jobs)
    jobs.ask_to_stop(job, stop)
    assert jobs.stopping() == [(*claimed, stop)]
    jobs.lose(*claimed, "died")
    assert jobs.get(job).state == state
    if state == "cancelled":
        assert jobs.claim() is None
        assert not jobs.finish(*claimed, "done", "from the dead")
        assert jobs.get(job).state == "cancelled"
    else:
        assert jobs.beat(*_claimed(jobs)) == "keep"


def test_a_job_that_is_ended_for_a_reason_fails_with_it(jobs: Jobs) -> None:
    """However it ends; whoever has cancelled one is told nothing."""
    for name, ends in (("a", jobs.finish), ("b", None)):
        job = add(jobs, name)
        claimed = _claimed(jobs)
        assert (jobs.overdue(-1), jobs.overdue(9)) == ([job], [])
        jobs.ask_to_stop(job, "cancel", "It took too long.")
        assert (jobs.overdue(-1), jobs.beat(*claimed)) == ([], "cancel")
        if ends:
            ends(*claimed, "cancelled", "")
        else:
            jobs.lose(*claimed, "died")
        assert (jobs.get(job).state, jobs.get(job).error) == ("failed", "It took too long.")
    add(jobs, "c")
    claimed = _claimed(jobs)
    jobs.ask_to_stop(claimed[0], "cancel", "It took too long.")
    jobs.finish(*claimed, "done", "m")
    assert (jobs.get(claimed[0]).state, jobs.get(claimed[0]).error) == ("done", "")
    waits = add(jobs, "d")  # one that was given back in that moment
    jobs.ask_to_stop(waits, "cancel", "It took too long.")
    assert (jobs.get(waits).state, jobs.get(waits).error) == ("failed", "It took too long.")


def test_a_lease_lapses_by_the_clock_of_who_looks(
    jobs: Jobs, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A clock that is set takes no job from its worker, and time that nobody watched neither: the
    machine slept, or the database was away."""
    now, wall, leases = [time.monotonic()], [1e9], Leases(jobs)
    add(jobs, "a")
    monkeypatch.setattr(time, "monotonic", lambda: now[0])
    monkeypatch.setattr(time, "time", lambda: wall[0])
    held = _claimed(jobs)

    def watched(seconds: int) -> list[tuple[str, int]]:
        found: list[tuple[str, int]] = []
        for _ in range(seconds):
            now[0], wall[0] = now[0] + 1, wall[0] + 1
            found = leases.lapsed()
        return found

    for jump in (1e6, -2e6, 0.0):
        wall[0] += jump
        assert leases.lapsed() == []
    for _ in range(5):
        assert watched(29) == []
        jobs.beat(*held)
        assert leases.lapsed() == []
    now[0] += 3600
    assert watched(25) == []
    assert watched(10) == [held]


def test_dropping_everything_is_not_overruled_by_keeping(jobs: Jobs) -> None:
    job = add(jobs, "a")
    claimed = _claimed(jobs)
    jobs.ask_to_stop(job, "keep")
    assert jobs.beat(*claimed) == "keep"
    jobs.ask_to_stop(job, "cancel")
    jobs.ask_to_stop(job, "keep")
    assert jobs.beat(*claimed) == "cancel"


def test_a_waiting_job_is_cancelled_at_once_and_then_removed(jobs: Jobs) -> None:
    job = add(jobs, "a")
    jobs.remove(job)
    jobs.ask_to_stop(job, "cancel")
    assert jobs.get(job).state == "cancelled"
    assert jobs.claim() is None
    jobs.remove(job)
    with pytest.raises(UserError, match="no such run"):
        jobs.get(job)


def test_events_come_back_in_order_with_gaps_in_the_curves(jobs: Jobs) -> None:
    job = add(jobs, "a")
    claimed = _claimed(jobs)
    nan = float("nan")
    jobs.report(
        *claimed,
        [("epoch", {"epoch": 1, "loss": [0.5, nan]}), ("note", "Slow."), ("stage", ("A", 0.1)),
         ("epoch", {"epoch": 2, "loss": [0.4, nan]}), ("stage", ("B", 0.2))],
    )  # fmt: skip
    found = jobs.get(job)
    assert [point["epoch"] for point in found.epochs] == [1, 2]
    assert found.epochs[1]["loss"][1] != found.epochs[1]["loss"][1]
    assert (found.notes, found.stage, found.fraction) == (("Slow.",), "B", 0.2)


def test_many_at_once_neither_add_nor_claim_twice(jobs: Jobs) -> None:
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda number: add(jobs, str(number % 10)), range(40)))
        claims = list(pool.map(lambda _: jobs.claim(at_once=99), range(20)))
    taken = [claim for claim in claims if claim]
    assert len(jobs.list()) == 10
    assert len({job for job, _ in taken}) == len(taken) == 10


def test_several_processes_may_open_a_new_installation_at_once(tmp_path: Path) -> None:
    script = (
        "from pathlib import Path; from pmed_core.store.database import connect;"
        f"home = Path({str(tmp_path / 'new')!r}); connect(f'sqlite:///{{home}}/pmed.sqlite', home)"
    )
    started = [
        subprocess.Popen([sys.executable, "-c", script], cwd=ROOT, stderr=subprocess.PIPE)
        for _ in range(4)
    ]
    for process in started:
        _, errors = process.communicate(timeout=60)
        assert process.returncode == 0, errors.decode()


def add_many(jobs: Jobs) -> None:
    for number in range(100):
        jobs.add(f"job{number}", Fit("c", "x" * 20_000))


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
def test_a_full_disk_is_said_by_the_database_too(jobs: Jobs) -> None:
    with files_at_most(200_000), pytest.raises(UserError, match="store cannot be used"):
        add_many(jobs)
    assert jobs.claim() is not None
