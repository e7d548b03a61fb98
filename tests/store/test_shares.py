"""Whose turn it is among users who share one queue, what a job needs, and what each has used."""

from __future__ import annotations

import sqlite3
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import update

from pmed_core.job import Request
from pmed_core.options import FitOptions
from pmed_core.quota import DAY
from pmed_core.settings import settings
from pmed_core.store.database import JOBS, USAGE, writing
from pmed_core.store.jobs import Jobs
from pmed_core.store.machines import Machines
from pmed_core.store.shares import Usage
from pmed_core.store.store import open_store
from pmed_core.work import Fit, identify

ANN, BOB, EVE = (name * 8 for name in ("ann1", "bob2", "eve3"))
MANY = 99


@pytest.fixture
def jobs(database: str) -> Jobs:
    return open_store(settings()).jobs


def add(jobs: Jobs, name: str, user: str = "", device: str = "auto", seconds: float = 0) -> str:
    work = Fit("c", name, FitOptions.model_validate({"device": device}))
    return jobs.add(identify(work), work, Request(user, seconds))


def take(jobs: Jobs, gpu: str | None = None) -> str:
    """The job whose turn it is."""
    return claimed(jobs, gpu)[0]


def claimed(jobs: Jobs, gpu: str | None = None) -> tuple[str, int]:
    found = jobs.claim(MANY, gpu)
    assert found is not None
    return found


def lasted(jobs: Jobs, user: str, seconds: float, *, ago: float = 0.0) -> None:
    """A user's job has run for so long, and ended so long ago."""
    held = claimed_of(jobs, add(jobs, f"{user} {seconds} {ago}", user))
    jobs.finish(*held, "done", "m")
    with writing(jobs.engine) as connection:
        mine = USAGE.c.job == held[0]
        ended = USAGE.c.ended - ago
        connection.execute(update(USAGE).where(mine).values(began=ended - seconds, ended=ended))


def claimed_of(jobs: Jobs, job: str) -> tuple[str, int]:
    """That job, though it may be others' turn."""
    with writing(jobs.engine) as connection:
        row = connection.execute(
            update(JOBS).where(JOBS.c.id != job, JOBS.c.state == "queued")
            .values(state="aside").returning(JOBS.c.id)
        )  # fmt: skip
        aside = [one.id for one in row]
    found = claimed(jobs)
    with writing(jobs.engine) as connection:
        connection.execute(update(JOBS).where(JOBS.c.id.in_(aside)).values(state="queued"))
    assert found[0] == job
    return found


def test_a_sweep_of_one_user_holds_up_no_other(jobs: Jobs) -> None:
    sweep = [add(jobs, f"sweep {number}", ANN) for number in range(50)]
    assert take(jobs) == sweep[0]
    single = add(jobs, "single", BOB)
    assert jobs.get(single).place == 1
    assert [jobs.get(sweep[number]).place for number in (1, 2, 49)] == [2, 3, 50]
    assert take(jobs) == single
    assert take(jobs) == sweep[1]


def test_users_with_as_many_jobs_take_turns(jobs: Jobs) -> None:
    ann = [add(jobs, f"a{number}", ANN) for number in range(3)]
    bob = [add(jobs, f"b{number}", BOB) for number in range(3)]
    expected = [one for pair in zip(ann, bob, strict=True) for one in pair]
    assert [jobs.get(one).place for one in expected] == [1, 2, 3, 4, 5, 6]
    assert [take(jobs) for _ in expected] == expected


def test_of_those_who_run_as_many_who_used_least_comes_first(jobs: Jobs) -> None:
    lasted(jobs, ANN, 600)
    lasted(jobs, BOB, 60)
    lasted(jobs, EVE, 9000, ago=2 * DAY)
    ann, bob, eve = (add(jobs, "x", ANN), add(jobs, "y", BOB), add(jobs, "z", EVE))
    places = {job.id: job.place for job in jobs.list() if job.place}
    assert places == {eve: 1, bob: 2, ann: 3}
    assert [take(jobs) for _ in range(3)] == [eve, bob, ann]


def test_one_user_is_served_in_the_order_of_coming_however_much_was_used(jobs: Jobs) -> None:
    lasted(jobs, "", 5000)
    names = [add(jobs, str(number)) for number in range(5)]
    assert [jobs.get(one).place for one in names] == [1, 2, 3, 4, 5]
    assert [take(jobs) for _ in names] == names


def test_an_interrupted_job_is_the_first_of_its_user(jobs: Jobs) -> None:
    first, second = add(jobs, "first", ANN), add(jobs, "second", ANN)
    jobs.lose(*claimed(jobs), "", died=False)
    assert (jobs.get(first).place, jobs.get(second).place) == (1, 2)


USERS = st.lists(st.sampled_from([ANN, BOB, EVE]), min_size=1, max_size=8)


@given(users=USERS, runs=st.integers(0, 4))
def test_the_place_that_is_said_is_the_order_of_taking(users: list[str], runs: int) -> None:
    """Whoever waits for whatever: the queue is emptied in the order that it shows."""
    jobs = fresh()
    names = [add(jobs, str(number), user) for number, user in enumerate(users)]
    for _ in range(min(runs, len(names) - 1)):
        take(jobs)
    waiting = sorted((one for one in jobs.list() if one.place), key=lambda one: one.place)
    assert [one.place for one in waiting] == [*range(1, len(waiting) + 1)]
    assert all(jobs.get(one.id).place == one.place for one in waiting)
    assert [take(jobs) for _ in waiting] == [one.id for one in waiting]


def fresh() -> Jobs:
    """Those of the installation, which has none."""
    jobs = open_store(settings()).jobs
    with closing(sqlite3.connect(settings().home / "pmed.sqlite")) as kept, kept:
        for table in ("events", "usage", "jobs"):
            kept.execute(f"DELETE FROM {table}")
    return jobs


def test_many_claim_at_once_and_each_user_gets_a_fair_part(jobs: Jobs) -> None:
    for number in range(12):
        add(jobs, f"a{number}", ANN)
    for number in range(3):
        add(jobs, f"b{number}", BOB)
    with ThreadPoolExecutor(6) as pool:
        claims = [one for one in pool.map(lambda _: jobs.claim(MANY), range(6)) if one]
    assert len({job for job, _ in claims}) == 6
    bobs = [job for job in jobs.list() if job.work.name.startswith("b")]  # type: ignore[union-attr]
    assert [job.state for job in bobs] == ["running"] * 3


def test_who_needs_a_gpu_waits_for_one_and_holds_up_nobody_else(jobs: Jobs) -> None:
    first, cpu, auto = (add(jobs, one, device=one) for one in ("gpu", "cpu", "auto"))
    second = add(jobs, "another", device="gpu")
    assert jobs.waits(MANY, "") is not None
    assert take(jobs, "") == cpu
    assert take(jobs, "0") == first
    assert jobs.gpus() == {first: "0"}
    assert (take(jobs, ""), jobs.get(auto).gpu) == (auto, "")
    assert (jobs.claim(MANY, ""), jobs.waits(MANY, "")) == (None, None)
    assert (jobs.get(second).place, jobs.get(second).device) == (1, "gpu")
    assert take(jobs, "1") == second
    assert jobs.gpus() == {first: "0", second: "1"}


def test_who_would_like_a_gpu_gets_one_that_nobody_needs(jobs: Jobs) -> None:
    auto, cpu = add(jobs, "a"), add(jobs, "c", device="cpu")
    assert (take(jobs, "0"), jobs.get(auto).gpu) == (auto, "0")
    assert (take(jobs, "1"), jobs.get(cpu).gpu) == (cpu, "")
    other, needy = add(jobs, "b"), add(jobs, "g", device="gpu")
    assert (take(jobs, "1"), jobs.get(other).gpu) == (other, ""), "the next needs it"
    assert (take(jobs, "1"), jobs.get(needy).gpu) == (needy, "1")


def test_where_one_job_runs_at_a_time_none_leaves_a_gpu_to_another(jobs: Jobs) -> None:
    auto = add(jobs, "a")
    add(jobs, "g", device="gpu")
    assert jobs.claim(1, "0") is not None
    assert jobs.get(auto).gpu == "0"


def test_where_nobody_counts_gpus_a_job_that_needs_one_is_taken(jobs: Jobs) -> None:
    job = add(jobs, "g", device="gpu")
    assert (take(jobs), jobs.get(job).gpu) == (job, "")


def test_machine_time_is_kept_with_whoever_used_it(jobs: Jobs) -> None:
    lasted(jobs, ANN, 100)
    lasted(jobs, ANN, 50, ago=1000)
    lasted(jobs, BOB, 7)
    spans = Usage(jobs.engine).spans(ANN)
    assert [round(began - ended) for began, ended in spans] == [50, 100]
    assert [round(ended, -2) for _, ended in spans] == [1000, 0]
    assert round(Usage(jobs.engine).total()) == 157
    for job in jobs.list():
        jobs.remove(job.id)
    assert round(Usage(jobs.engine).total()) == 157, "also once the job is off the list"


def test_what_a_job_used_that_is_removed_while_it_runs_is_known(jobs: Jobs) -> None:
    """Though it is damaged; and no more is counted when the same runs anew."""
    job = add(jobs, "a", ANN)
    claimed(jobs)
    later(jobs, 100)
    jobs.remove(job, damaged=True)
    assert round(Usage(jobs.engine).total()) == 100
    assert add(jobs, "a", BOB) == job
    claimed(jobs)
    later(jobs, 500)
    assert [round(a - b) for a, b in Usage(jobs.engine).spans(ANN)] == [100]


def test_only_what_lies_in_the_last_day_counts(jobs: Jobs) -> None:
    lasted(jobs, ANN, 10_000, ago=DAY - 4000)
    lasted(jobs, ANN, 100, ago=DAY + 1)
    ((began, ended),) = Usage(jobs.engine).spans(ANN)
    assert 3000 < began - ended <= 4000


def test_a_worker_that_died_used_the_machine_to_its_last_heartbeat(jobs: Jobs) -> None:
    job = add(jobs, "a", ANN, seconds=500)
    held = claimed(jobs)
    with writing(jobs.engine) as connection:
        connection.execute(update(JOBS).values(beat=JOBS.c.beat + 30))
    usage = Usage(jobs.engine)
    assert round(usage.total()) == 30, "also while it holds the job"
    assert round(usage.expected(ANN)) == 470
    jobs.lose(*held, "", died=False)
    assert round(usage.total()) == 30
    assert round(usage.expected(ANN)) == 470
    assert usage.expected(BOB) == 0
    jobs.ask_to_stop(job, "cancel")
    assert usage.expected(ANN) == 0


def test_time_for_which_a_job_only_waits_for_room_is_no_machine_time(jobs: Jobs) -> None:
    """It is not ended for it either; once it runs, it is counted from then on."""
    job = add(jobs, "a", ANN)
    held, usage = claimed(jobs), Usage(jobs.engine)
    later(jobs, 5000)
    assert jobs.overdue(3600) == [job]
    usage.rests(*held)
    assert (jobs.overdue(0), usage.spans(ANN)) == ([], ())
    later(jobs, -5000)
    usage.begins(job, held[1] + 1)
    later(jobs, 100)
    assert usage.spans(ANN) == (), "another has it"
    usage.begins(*held)
    assert jobs.overdue(50) == [job]
    jobs.lose(*held, "", died=False)
    assert 50 < usage.total() <= 100


def later(jobs: Jobs, seconds: float) -> None:
    """The worker is heard of then."""
    with writing(jobs.engine) as connection:
        connection.execute(update(JOBS).values(beat=JOBS.c.beat + seconds))


def test_machines_at_work_are_known_to_all(jobs: Jobs, monkeypatch: pytest.MonkeyPatch) -> None:
    machines = Machines(jobs.engine)
    assert (machines.working(), machines.gpus()) == ((), None)
    machines.beat("one", 2)
    machines.beat("one", 2)
    machines.beat("two", 0)
    assert (machines.working(), machines.gpus()) == (("one", "two"), 2)
    machines.beat("two", None)
    assert machines.gpus() is None, "nobody counts those of one"
    machines.leave("two")
    assert machines.working() == ("one",)
    monkeypatch.setattr("pmed_core.store.machines.HEARD", -1.0)
    assert (machines.working(), machines.gpus()) == ((), None)


def test_a_machine_whose_supervisor_is_gone_works_while_a_worker_does(
    jobs: Jobs, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("pmed_core.store.jobs.MACHINE", "three")
    add(jobs, "a")
    held = claimed(jobs)
    assert Machines(jobs.engine).working() == ("three",)
    jobs.finish(*held, "done", "m")
    assert Machines(jobs.engine).working() == ()
