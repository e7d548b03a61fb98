"""What a machine has for jobs: its GPUs are given one each, its places in turn to its projects."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

import pytest

from pmed_core.engine import room as rooms
from pmed_core.engine.room import VISIBLE, Room, gpus, room
from pmed_core.engine.supervisor import Supervisor, _looked, supervise
from pmed_core.options import FitOptions
from pmed_core.settings import Settings, settings
from pmed_core.store.machines import Machines
from pmed_core.store.store import Store, open_store
from pmed_core.work import Fit, identify
from tests.engine.supervised import PATIENCE, over, supervising, watched

CARD = "GPU-8e4a8d4c-0000-1111-2222-333344445555"
PART = "MIG-11111111-2222-3333-4444-55556666777{}"
LISTED = f"GPU 0: NVIDIA H100 80GB HBM3 (UUID: {CARD})\n"
DIVIDED = LISTED + "".join(
    f"  MIG 1g.10gb     Device  {number}: (UUID: {PART.format(number)})\n" for number in range(2)
)
NAMES = ("ab" * 16, "cd" * 16)


@pytest.fixture(autouse=True)
def _no_card(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[None]:
    """Whatever the machine has on which this runs."""
    monkeypatch.delenv(VISIBLE, raising=False)
    monkeypatch.setenv("PATH", f"{tmp_path / 'bin'}:/usr/bin:/bin")
    tool(tmp_path, "", status=9)
    rooms._listed.cache_clear()
    yield
    rooms._listed.cache_clear()


def tool(tmp_path: Path, says: str, status: int = 0) -> None:
    """A driver's tool that says so."""
    path = tmp_path / "bin" / "nvidia-smi"
    path.parent.mkdir(exist_ok=True)
    path.write_text(f"#!/bin/sh\n[ \"$1\" = -L ] && cat <<'END'\n{says}END\nexit {status}\n")
    path.chmod(0o755)


def chosen(**more: object) -> Settings:
    return settings().model_copy(update=more)


@pytest.mark.parametrize(
    ("says", "found"),
    [
        (LISTED, (CARD,)),
        (DIVIDED, (PART.format(0), PART.format(1))),
        ("No devices.\n", ()),
        (DIVIDED + LISTED, (PART.format(0), PART.format(1), CARD)),
    ],
)
def test_the_driver_says_which_gpus_there_are(
    says: str, found: tuple[str, ...], tmp_path: Path
) -> None:
    tool(tmp_path, says)
    assert gpus(chosen()) == found
    assert gpus(chosen(gpus=0)) == ()
    if found:
        assert gpus(chosen(gpus=1)) == found[:1]


@pytest.mark.parametrize(
    ("visible", "declared", "found"),
    [("2,3", None, ("2", "3")), (" GPU-a ,GPU-b", 1, ("GPU-a",)), ("", None, ()), ("", 2, ()),
     ("0,-1,2", None, ("0",)), (None, 2, ("0", "1")), (None, None, ())],
)  # fmt: skip
def test_what_this_process_may_not_use_is_given_to_nobody(
    visible: str | None, declared: int | None, found: tuple[str, ...],
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    if visible is not None:
        monkeypatch.setenv(VISIBLE, visible)
    assert gpus(chosen(gpus=declared)) == found


def add(store: Store, name: str, device: str = "auto") -> str:
    work = Fit("c", name, FitOptions.model_validate({"device": device}))
    return store.jobs.add(identify(work), work)


def supervisor_of(store: Store, held: ExitStack, found: Room, at_once: int = 4) -> Supervisor:
    supervisor = held.enter_context(supervising(store, at_once))
    supervisor.room = found
    return supervisor


def test_a_worker_sees_the_gpu_that_it_was_given_and_no_other(store: Store) -> None:
    names = ("listens #1", "listens #2", "listens #3")
    needs, likes, later = (
        add(store, *one) for one in zip(names, ("gpu", "auto", "gpu"), strict=True)
    )
    cpu = add(store, "anything", "cpu")
    with ExitStack() as held:
        found = Room(gpus=("GPU-a",), alone=False)
        supervisor = supervisor_of(store, held, found)
        watched(supervisor, cpu, over)
        watched(supervisor, needs, lambda job: bool(job.notes))
        assert store.jobs.get(later).state == "queued", "it holds up nobody, and waits"
        for job in (likes, needs):
            store.jobs.ask_to_stop(job, "keep")
            watched(supervisor, job, over)
        watched(supervisor, later, lambda job: bool(job.notes))
        store.jobs.ask_to_stop(later, "keep")
        results = [watched(supervisor, job, over).state for job in (needs, likes, later)]
    assert results == ["done"] * 3
    assert [store.jobs.get(job).gpu for job in (needs, likes, later)] == ["GPU-a", "", "GPU-a"]


@pytest.mark.parametrize(
    ("found", "device", "seen"),
    [(Room(gpus=("7",)), "gpu", "7"), (Room(gpus=("7",)), "auto", "7"),
     (Room(gpus=("7",)), "cpu", ""), (Room(gpus=()), "gpu", ""),
     (Room(), "gpu", "whatever there is")],
)  # fmt: skip
def test_the_environment_of_a_worker(store: Store, found: Room, device: str, seen: str) -> None:
    job = add(store, "says its GPU", device)
    with ExitStack() as held:
        supervisor = supervisor_of(store, held, found)
        assert watched(supervisor, job, over).result == (seen or "none")


def test_only_a_machine_that_is_not_alone_lets_a_job_wait_for_another(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    assert (room(chosen()).gpus, room(chosen(gpus=0)).gpus) == (None, ())
    assert room(chosen(gpus=0)).gpu(ExitStack(), ()) is None
    several = chosen(database="postgresql://pmed@db.example.org/pmed")
    assert room(several).gpu(ExitStack(), ()) == ""
    # A cluster has GPUs that the machine which gives it jobs does not know of.
    assert room(several.model_copy(update={"engine": "ray"})).gpu(ExitStack(), ()) is None
    assert room(several.model_copy(update={"gpus": 1})).gpu(ExitStack(), ()) == "0"


def test_a_supervisor_says_that_it_is_at_work_and_when_it_ends(
    store: Store, supervisor_beats: list[str]
) -> None:
    supervise(idle_seconds=0.3)
    assert supervisor_beats
    assert Machines(store.jobs.engine).working() == ()


@pytest.fixture
def supervisor_beats(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What it says."""
    said, beat = list[str](), Machines.beat

    def noting(machines: Machines, name: str, gpus: int | None) -> None:
        beat(machines, name, gpus)
        said.extend(machines.working())

    monkeypatch.setattr(Machines, "beat", noting)
    return said


@dataclass
class Project:
    """One of several of a machine, with a supervisor of its own."""

    store: Store
    supervisor: Supervisor
    patch: pytest.MonkeyPatch

    def look(self) -> list[str]:
        self.patch.setenv("PMED_HOME", str(self.store.home))
        self.supervisor.look()
        return [*self.supervisor.running]


@pytest.fixture
def two(monkeypatch: pytest.MonkeyPatch) -> Iterator[tuple[Project, Project]]:
    """Projects of a machine with one place and one GPU."""
    monkeypatch.setenv("PMED_HOSTED", "1")
    monkeypatch.setenv("PMED_GPUS", "1")
    settings.cache_clear()
    with ExitStack() as held:
        yield tuple(  # type: ignore[misc]
            Project(
                store := open_store(settings().of_project(name)),
                supervisor_of(store, held, room(settings().of_project(name)), 1),
                monkeypatch,
            )
            for name in NAMES
        )


@pytest.mark.slow
def test_projects_take_turns_at_the_places_of_their_machine(two: tuple[Project, Project]) -> None:
    """However many jobs one has, and though it is always the first to see that a place is free."""
    one, other = two
    sweep = [add(one.store, f"writes {number}") for number in range(6)]
    single = add(other.store, "anything")
    assert one.look() == [sweep[0]]
    until = time.monotonic() + PATIENCE
    while other.store.jobs.get(single).alive and time.monotonic() < until:
        for _ in range(3):
            one.look()
        other.look()
        time.sleep(0.02)
    assert other.store.jobs.get(single).state == "done"
    left = [job for job in sweep if one.store.jobs.get(job).state == "queued"]
    assert len(left) >= 4
    while one.store.jobs.get(sweep[-1]).alive and time.monotonic() < until:
        one.look()
        other.look()
    assert one.store.jobs.get(sweep[-1]).state == "done"
    assert not list((settings().home / "places").glob("waits-*"))


def test_a_gpu_is_that_of_one_project_at_a_time(two: tuple[Project, Project]) -> None:
    one, other = two
    for project in two:
        project.supervisor.room.places = project.supervisor.at_once = 3
    first, second = (add(project.store, "listens", "gpu") for project in two)
    assert one.look() == [first]
    cpu = add(other.store, "anything")
    until = time.monotonic() + PATIENCE
    while other.store.jobs.get(cpu).alive and time.monotonic() < until:
        other.look()
    assert (other.store.jobs.get(cpu).gpu, other.store.jobs.get(second).state) == ("", "queued")
    one.store.jobs.ask_to_stop(first, "keep")
    while not other.store.jobs.get(second).notes and time.monotonic() < until:
        one.look()
        other.look()
    assert other.store.jobs.gpus() == {second: "0"}


def test_a_project_whose_supervisor_is_gone_holds_up_no_other(
    two: tuple[Project, Project], monkeypatch: pytest.MonkeyPatch
) -> None:
    one, other = two
    add(one.store, "anything"), add(other.store, "anything")
    shared = one.supervisor.room.shared
    assert shared is not None
    one.supervisor.room._say(shared, (0, 0.0, 0.0))
    assert other.look() == [], "it says that it waits, and for longer"
    monkeypatch.setattr(rooms, "SAID", -1.0)
    assert len(other.look()) == 1


def test_a_place_that_cannot_be_asked_for_ends_no_supervisor(store: Store, tmp_path: Path) -> None:
    """As on a disk that is full."""
    (tmp_path / "full").touch()
    job = add(store, "anything")
    with ExitStack() as held:
        supervisor = supervisor_of(store, held, Room(shared=tmp_path / "full" / "places"))
        assert _looked(supervisor)
        assert store.jobs.get(job).state == "queued"
        supervisor.room.shared = tmp_path / "places"
        assert watched(supervisor, job, over).state == "done"
