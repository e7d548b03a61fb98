"""What a job keeps to go on from: whole or not there, of this very work or not used."""

from __future__ import annotations

import hashlib
import time
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pmed_core import bucket
from pmed_core.checkpoint import Arrays, digest, done
from pmed_core.errors import Unreachable
from pmed_core.sealing import keys
from pmed_core.settings import settings
from pmed_core.store import checkpoints
from pmed_core.store.checkpoints import ANOTHER, DAMAGED, HERE_ALONE, NOT_KEPT, Checkpoints, Kept
from tests.servers.objects import Objects, use
from tests.store.test_files import files_at_most

OF, OTHER = digest("this"), digest("that")
STATE: Arrays = {
    "weights": np.arange(6, dtype=np.float32).reshape(2, 3).T, "epoch": np.array(7),
    "over": np.array(False), "none": np.empty((0, 3)), "lost": np.array([np.nan, -0.0, np.inf]),
}  # fmt: skip


@pytest.fixture
def told() -> list[str]:
    return []


@pytest.fixture
def kept(tmp_path: Path, told: list[str]) -> Kept:
    return Kept(Checkpoints(tmp_path).of("job") / "networks.kept", OF, told.append)


def same(one: Arrays | None, other: Arrays) -> bool:
    return one is not None and {n: (a.dtype, a.shape, a.tobytes()) for n, a in one.items()} == {
        n: (a.dtype, a.shape, a.tobytes()) for n, a in other.items()
    }


def test_what_is_kept_is_there_bit_by_bit(kept: Kept, told: list[str]) -> None:
    assert kept.kept() is None
    kept.keep(lambda: STATE)
    assert same(kept.kept(), STATE)
    kept.keep(lambda: {"epoch": np.array(8)}, now=True)
    assert same(kept.kept(), {"epoch": np.array(8)})
    assert not told
    assert [path.name for path in kept.path.parent.iterdir()] == ["networks.kept"]


def test_of_other_inputs_it_is_not_used_and_that_is_said(kept: Kept, told: list[str]) -> None:
    kept.keep(lambda: STATE)
    assert Kept(kept.path, OTHER, told.append).kept() is None
    assert [ANOTHER in said for said in told] == [True]


@given(at=st.integers(0, 10**6), bit=st.integers(0, 7), cut=st.booleans())
def test_damaged_it_is_not_used_and_that_is_said(
    tmp_path_factory: pytest.TempPathFactory, at: int, bit: int, cut: bool
) -> None:
    told: list[str] = []
    one = Kept(tmp_path_factory.mktemp("home") / "checkpoints" / "job" / "a.kept", OF, told.append)
    one.keep(lambda: STATE)
    data = bytearray(one.path.read_bytes())
    if cut:
        del data[at % len(data) :]
    else:
        data[at % len(data)] ^= 1 << bit
    one.path.write_bytes(data)
    assert one.kept() is None
    assert [DAMAGED in said for said in told] == [True]


def test_arrays_that_nobody_wrote_are_refused_before_they_are_read(
    kept: Kept, told: list[str]
) -> None:
    kept.path.parent.mkdir(parents=True)
    rest = bytes.fromhex(OF) + b"\xff" * 64
    kept.path.write_bytes(hashlib.sha256(rest).digest() + rest)
    assert kept.kept() is None
    assert len(told) == 1


def test_a_full_disk_ends_no_training_and_what_was_kept_stays(kept: Kept, told: list[str]) -> None:
    kept.keep(lambda: {"epoch": np.array(1)})
    with files_at_most(1000):
        for _ in range(3):
            kept.keep(lambda: {"much": np.zeros(10_000)}, now=True)
    assert same(kept.kept(), {"epoch": np.array(1)})
    assert told == [NOT_KEPT]


def test_a_disk_that_fails_ends_no_training(kept: Kept, told: list[str]) -> None:
    kept.path.parent.parent.mkdir()
    kept.path.parent.write_text("no folder")
    for _ in range(2):
        kept.keep(lambda: STATE, now=True)
    assert told == [NOT_KEPT]


def test_what_would_fill_the_disk_is_not_kept(
    kept: Kept, told: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(checkpoints, "SHARE", 1e-12)
    kept.keep(lambda: STATE)
    assert kept.kept() is None
    assert told == [NOT_KEPT]


def test_keeping_takes_a_tenth_of_the_time(kept: Kept, monkeypatch: pytest.MonkeyPatch) -> None:
    now, written = [0.0], list[float]()

    def state() -> Arrays:
        now[0] += 1.0
        written.append(now[0])
        return STATE

    monkeypatch.setattr(time, "monotonic", lambda: now[0])
    while now[0] < 100:
        kept.keep(state)
        now[0] += 0.5
    assert 9 <= len(written) <= 11
    kept.keep(state, now=True)
    assert written[-1] >= 100


def test_what_is_done_is_not_done_again(kept: Kept) -> None:
    made = []

    def make() -> Arrays:
        made.append(1)
        return {"trees": np.arange(3)}

    for _ in range(2):
        assert done(kept, make)["trees"].tolist() == [0, 1, 2]
    assert len(made) == 1


def test_those_of_jobs_that_are_over_go(tmp_path: Path) -> None:
    every = Checkpoints(tmp_path)
    for job in ("a", "b", "c"):
        Kept(every.of(job) / "networks.kept", OF, print).keep(lambda: STATE)
    every.drop("a")
    every.drop_all_but(lambda: ["b", "z"])
    assert [path.name for path in (tmp_path / "checkpoints").iterdir()] == ["b"]


@pytest.fixture
def sealed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A project of two machines with one key, one of which was lost before the other came."""
    keys.make(tmp_path / "master.key")
    monkeypatch.setenv("PMED_KEY_FILE", str(tmp_path / "master.key"))
    return tmp_path


def of_machine(name: str, folder: Path, monkeypatch: pytest.MonkeyPatch) -> Checkpoints:
    """Those of a project on that machine, whose process has just begun."""
    monkeypatch.setenv("PMED_HOME", str(folder / name))
    settings.cache_clear()
    keys.forget()
    home = settings().of_project("ab" * 16).home
    home.mkdir(parents=True, exist_ok=True)
    keys.prepare(home)
    return Checkpoints(home)


def test_another_machine_goes_on_from_the_object_store(
    objects: Objects, sealed: Path, told: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    use(objects, monkeypatch)

    def on(name: str) -> tuple[Checkpoints, Kept]:
        every = of_machine(name, sealed, monkeypatch)
        return every, Kept(every.of("job") / "networks.kept", OF, told.append)

    _, one = on("one")
    assert one.kept() is None
    one.keep(lambda: STATE)
    there = bucket.bucket()
    assert there is not None
    (name,) = (one for one in there.below("projects/") if "checkpoints" in one)
    assert (there.read(name) or b"").startswith(b"PMEDSEA1"), "encrypted as it is on the disk"

    _, other = on("other")
    assert same(other.kept(), STATE)
    other.keep(lambda: {"epoch": np.array(8)}, now=True)
    every, one = on("one")
    assert same(one.kept(), {"epoch": np.array(8)}), "not what it had kept itself, long ago"

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(bucket.Bucket, "put", _away)
        for epoch in (9, 10):
            one.keep(lambda: {"epoch": np.array(epoch)}, now=True)  # noqa: B023 - called at once
    assert told == [HERE_ALONE]
    assert same(one.kept(), {"epoch": np.array(10)}), "what is newer here counts here"
    assert same(on("other")[1].kept(), {"epoch": np.array(8)})

    every, one = on("one")
    Kept(every.of("over") / "trees.kept", OF, told.append).keep(lambda: STATE)
    every.drop_all_but(lambda: ["job"])
    assert [name.split("/")[3] for name in there.below("projects/") if "kept" in name] == ["job"]
    every.drop("job")
    assert not [name for name in there.below("projects/") if "checkpoints" in name]


def _away(*_: object) -> bucket.Kept:
    raise Unreachable("The object store does not answer")


def test_what_cannot_be_asked_for_is_not_taken_for_nothing(
    objects: Objects, sealed: Path, told: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The job waits, and does not begin again; what is over is dropped once that is possible."""
    use(objects, monkeypatch)
    every = of_machine("one", sealed, monkeypatch)
    monkeypatch.setattr(bucket.Bucket, "below", _away)
    monkeypatch.setattr(bucket.Bucket, "folders", _away)
    with pytest.raises(Unreachable):
        Kept(every.of("job") / "networks.kept", OF, told.append).kept()
    every.drop("job")
    every.drop_all_but(list)


def test_a_digest_tells_apart_what_looks_alike() -> None:
    ones = np.ones(4, np.float32)
    alike = [
        digest(ones), digest(ones.reshape(2, 2)), digest(ones.astype(np.float64)),
        digest(ones, ones), digest("ab", "c"), digest("a", "bc"), digest(np.empty(0)), digest(),
        digest(np.array(["a"], object)), digest(None), digest(ones[::-1] * [1, 1, 1, 2]),
    ]  # fmt: skip
    assert len(set(alike)) == len(alike)
    words = np.array(["a"] * 5000, object)
    other = words.copy()
    other[2500] = "b"
    assert digest(words) != digest(other)
    assert digest(np.arange(6).reshape(2, 3).T) == digest(np.arange(6).reshape(2, 3).T.copy())
