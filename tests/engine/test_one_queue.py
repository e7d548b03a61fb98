"""Machines that share one queue in PostgreSQL, and that server stopped in the midst of it."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from pmed_core import bucket
from pmed_core.engine import readiness
from pmed_core.engine.supervisor import Supervisor, end
from pmed_core.errors import Unreachable, UserError
from pmed_core.settings import PROJECTS, Settings, settings
from pmed_core.shell.stores import nobody_works
from pmed_core.store import jobs as stored
from pmed_core.store.store import Store, open_store
from tests.engine.supervised import PATIENCE, add, over, supervising, watched
from tests.servers import objects
from tests.servers.postgres import Server, closed_afterwards, served

PROJECT = "ab" * 16


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[Server]:
    """Of its own: it is stopped."""
    with served() as found, closed_afterwards():
        monkeypatch.setenv("PMED_DATABASE", found.fresh())
        monkeypatch.setenv("PMED_DATABASE_WAIT_SECONDS", "0")
        settings.cache_clear()
        yield found


def test_a_job_outlives_its_database_being_away(
    server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    """For longer than a lease: the worker goes on and waits, and nobody takes its job."""
    monkeypatch.setattr(stored, "LEASE", 1.0)
    store = open_store(settings())
    with supervising(store, at_once=1) as supervisor:
        job = add(store, "waits and holds")
        watched(supervisor, job, lambda found: bool(found.notes))
        server.stop()
        (store.home / "go").touch()
        until = time.monotonic() + 3
        while time.monotonic() < until:
            with pytest.raises(Unreachable):
                supervisor.look()
        assert supervisor.running[job].child.poll() is None
        server.start()
        found = watched(supervisor, job, over)
    assert (found.state, found.result, found.interrupted) == ("done", "by token 1", 0)


def test_a_worker_that_dies_meanwhile_is_noticed_afterwards(server: Server) -> None:
    store = open_store(settings())
    with supervising(store, at_once=1) as supervisor:
        job = add(store, "listens")
        watched(supervisor, job, lambda found: bool(found.notes))
        server.stop()
        end(supervisor.running[job].child)
        supervisor.running[job].child.wait()
        with pytest.raises(Unreachable):
            supervisor.look()
        server.start()
        watched(supervisor, job, lambda found: found.interrupted == 1 and len(found.notes) == 1)
        store.jobs.ask_to_stop(job, "keep")
        assert watched(supervisor, job, over).result == "kept"


@pytest.mark.slow
def test_a_result_waits_for_an_object_store_that_is_away(
    server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    """However often it is tried: no such try is the death of a worker."""
    with objects.served() as store, objects.behind_a_door(store) as door:
        objects.use(store, monkeypatch)
        kept = open_store(settings())
        with supervising(kept, at_once=1) as supervisor:
            job = add(kept, "adds a model")
            watched(supervisor, job, lambda found: bool(found.notes))
            door.clear()
            (kept.home / "go").touch()
            tries = set[int]()
            until = time.monotonic() + 2 * PATIENCE
            while len(tries) < 3 and time.monotonic() < until:
                supervisor.look()
                tries |= {one.token for one in supervisor.running.values()}
                time.sleep(0.05)
            assert tries == {1, 2, 3}
            door.set()
            found = watched(supervisor, job, over)
        assert (found.state, found.result, found.interrupted) == ("done", "added", 0)
        assert kept.models.exists("m")


class Machine:
    """One of several that share a database, with a home of its own."""

    def __init__(self, name: str, home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        self.name, self.patch = name, monkeypatch
        self.settings: Settings = settings().model_copy(update={"home": home / PROJECTS / PROJECT})
        self.store: Store = open_store(self.settings)

    def look(self, supervisor: Supervisor) -> None:
        """As its supervisor does, whose children keep to its home."""
        self.patch.setattr(stored, "MACHINE", self.name)
        self.patch.setenv("PMED_HOME", str(self.settings.home))
        supervisor.look()


@pytest.mark.slow
def test_two_machines_share_one_queue(
    server: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each runs as many jobs as it may; what one leaves, the other goes on with."""
    monkeypatch.setattr(stored, "LEASE", 2.0)
    one, other = (Machine(name, tmp_path / name, monkeypatch) for name in ("one", "other"))
    jobs = one.store.jobs
    with ExitStack() as both:
        first, second = (
            both.enter_context(supervising(machine.store, at_once=1)) for machine in (one, other)
        )
        long, short = add(one.store, "listens"), add(one.store, "anything")
        one.look(first)
        one.look(first)
        assert ([*first.running], jobs.get(short).place) == ([long], 1)
        until = time.monotonic() + PATIENCE
        while jobs.get(short).alive and time.monotonic() < until:
            other.look(second)
        assert jobs.get(short).result == "anything is done"
        assert [*first.running] == [long]
        end(first.running[long].child)  # and its supervisor with it: nobody looks there any more
        while long not in second.running and time.monotonic() < until:
            other.look(second)
            time.sleep(0.05)
        jobs.ask_to_stop(long, "keep")
        while jobs.get(long).alive and time.monotonic() < until:
            other.look(second)
    assert jobs.get(long).result == "kept"


def test_a_training_whose_machine_is_gone_goes_on_elsewhere_from_what_was_kept(
    server: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where an object store holds what lasts."""
    monkeypatch.setattr(stored, "LEASE", 2.0)
    with objects.served() as store, ExitStack() as held:
        objects.use(store, monkeypatch)
        one, other = (Machine(name, tmp_path / name, monkeypatch) for name in ("one", "other"))
        first, second = (
            held.enter_context(supervising(machine.store, at_once=1)) for machine in (one, other)
        )
        job = add(one.store, "goes on")
        one.look(first)
        first.running[job].child.wait(PATIENCE)  # it keeps something, and dies
        until = time.monotonic() + PATIENCE
        while one.store.jobs.get(job).alive and time.monotonic() < until:
            other.look(second)
            time.sleep(0.05)
        found = one.store.jobs.get(job)
        assert (found.state, found.result) == ("done", "went on from 7")
        second.running[job].child.wait(PATIENCE)
        there = bucket.bucket()
        assert there is not None
        assert not [name for name in there.below("projects/") if "checkpoints" in name]


def test_whether_anybody_works_is_asked_of_all_machines(
    server: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A home is not changed under those who work on its jobs elsewhere."""
    one, other = (Machine(name, tmp_path / name, monkeypatch) for name in ("one", "other"))
    with ExitStack() as held:
        first = held.enter_context(supervising(one.store, at_once=1))
        job = add(one.store, "listens")
        one.look(first)
        with pytest.raises(UserError, match="being worked on") as refused:
            nobody_works(other.settings.home)
        assert refused.value.where.endswith("(one)")
        with pytest.raises(UserError, match="being worked on"):
            nobody_works(tmp_path / "a machine that is new" / PROJECTS / PROJECT)
        monkeypatch.setattr(readiness, "WAITED_SECONDS", -1.0)
        add(one.store, "anything")
        assert not [*readiness._of_home(other.settings, other.settings.home)]
        first.machines.leave("one")  # its supervisor is gone, and its worker lives on
        with pytest.raises(UserError, match="being worked on"):
            nobody_works(other.settings.home)
        one.store.jobs.ask_to_stop(job, "keep")
        until = time.monotonic() + PATIENCE
        while one.store.jobs.get(job).alive and time.monotonic() < until:
            time.sleep(0.05)
    nobody_works(other.settings.home)
    assert "no supervisor" in [*readiness._of_home(other.settings, other.settings.home)][0]
