"""What lasts is in an object store, and a home is a copy: on several machines, killed, and away."""

from __future__ import annotations

import io
import os
from collections.abc import Callable, Iterator
from datetime import date, timedelta
from pathlib import Path

import pytest

from pmed_core import bucket
from pmed_core.errors import Unreachable, UserError
from pmed_core.history import Revision
from pmed_core.quality import Quality
from pmed_core.sealing import files, keys
from pmed_core.settings import PROJECTS, settings
from pmed_core.store import artefacts, health, retention
from pmed_core.store.backup import backup, restore
from pmed_core.store.keys import pseudonym_key
from pmed_core.store.passing import Passing
from pmed_core.store.rebuild import drop_without_folder, list_again, unlisted
from pmed_core.store.shredding import _end_jobs
from pmed_core.store.store import Store, open_store
from pmed_core.work import Read
from tests.servers.objects import SECRET, Objects, served, use
from tests.servers.postgres import Server, closed_afterwards
from tests.store.test_upkeep import cohort

PROJECT = "ab" * 16
Machine = Callable[[str], Store]
NAME = "Mortality, Ward 7"


@pytest.fixture
def shared(postgres: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """The tables lie in a new database, all is encrypted, and nothing is waited for."""
    keys.make(tmp_path / "master.key")
    monkeypatch.setenv("PMED_KEY_FILE", str(tmp_path / "master.key"))
    monkeypatch.setenv("PMED_DATABASE", postgres.fresh())
    monkeypatch.setenv("PMED_DATABASE_WAIT_SECONDS", "0")
    monkeypatch.setattr(artefacts, "FRESH", 0.0)
    settings.cache_clear()
    with closed_afterwards():
        yield


@pytest.fixture
def machine(
    shared: None, objects: Objects, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Machine:
    """The project's store on a machine of that name."""
    use(objects, monkeypatch)
    return lambda name: on(tmp_path / name, monkeypatch)


def on(home: Path, monkeypatch: pytest.MonkeyPatch) -> Store:
    """As a process that begins there."""
    monkeypatch.setenv("PMED_HOME", str(home))
    settings.cache_clear()
    keys.forget()
    open_store.cache_clear()
    return open_store(settings().of_project(PROJECT))


def filled(store: Store) -> Store:
    """Two cohorts, one with its source, a history and a last day, and a model without weights."""
    with Passing(store.home).upload("ward.csv", io.BytesIO(b"age,died\n1,yes\n2,no\n")) as token:
        source = Passing(store.home).digest(token)
        store.cohorts.add("a1", cohort("a1"), Quality(2, (), ()), source)
    store.cohorts.add("b", cohort("b"), Quality(2, (), ()), "")
    store.cohorts.record("a1", Revision("a1", 1.0, (), Read("x", "ward.csv")))
    model(store)
    return store


def model(store: Store, identity: str = "m") -> None:
    package = store.models.new_package(identity)
    package.mkdir(parents=True)
    files.write_text(package / "manifest.json", '{"sha256": {}}')
    files.write(package / "weights.safetensors", os.urandom(artefacts.SMALL + 1000))
    store.models.add(identity, NAME, "a1")


def test_what_one_machine_keeps_another_finds(machine: Machine) -> None:
    filled(machine("one"))
    other = machine("other")
    assert {entry.id for entry in other.cohorts.list()} == {"a1", "b"}
    assert other.cohorts.get("b").digest() == cohort("b").digest()
    source = other.cohorts.entry("a1").source
    assert other.cohorts.source(source).exists()
    assert [one.id for one in other.cohorts.history("a1")] == ["a1"]
    assert [one.name for one in other.models.damaged()] == [NAME]
    assert not (other.home / "models" / "m" / "package" / "weights.safetensors").exists()
    assert (other.models.package("m") / "weights.safetensors").stat().st_size > artefacts.SMALL
    assert pseudonym_key(other.home) == pseudonym_key(machine("one").home)


def test_what_is_changed_or_deleted_on_one_is_so_on_the_other(machine: Machine) -> None:
    filled(machine("one"))
    other = machine("other")
    assert other.models.package("m").is_dir()
    assert other.models.beside("m", "found") == ""
    one = machine("one")
    one.models.keep_beside("m", "found", "[1]")
    retention.keep_until(one, "a1", date(2030, 1, 2))
    other = machine("other")
    assert other.models.beside("m", "found") == "[1]"
    assert retention.until(other, "a1") == date(2030, 1, 2)
    retention.keep_until(other, "a1", None)
    other.models.remove("m")
    other.cohorts.remove("a1")
    one = machine("one")
    assert retention.until(one, "a1") is None
    assert not one.models.exists("m")
    assert [entry.id for entry in one.cohorts.list()] == ["b"]
    with pytest.raises(UserError, match="no such model"):
        one.models.keep_beside("m", "found", "[2]")
    assert not (one.home / "models" / "m").exists(), "nor is a copy left"
    there = bucket.bucket()
    assert there is not None
    left = {name.split("/")[3] for name in there.below(f"{PROJECTS}/{PROJECT}/cohorts/")}
    assert left == {"b"}
    assert not there.below(f"{PROJECTS}/{PROJECT}/sources/")


def test_a_list_on_a_new_machine_is_mended_without_loss(machine: Machine) -> None:
    filled(machine("one"))
    other = machine("other")
    assert not unlisted(other)
    assert drop_without_folder(other) == 0
    assert not list_again(other)
    assert [one for one in health.check(other) if "'Mortality" not in one] == []


def test_nothing_that_is_kept_there_is_in_the_clear(machine: Machine) -> None:
    filled(machine("one"))
    there = bucket.bucket()
    assert there is not None
    held = there.below("")
    assert len(held) > 10
    for name in held:
        data = there.read(name)
        assert data is not None
        for word in (b"Ward 7", b"age,died", b'"died"', b"ward.csv"):
            assert word not in data + name.encode(), name


def test_a_backup_brings_all_of_it_back_on_another_machine(
    machine: Machine, tmp_path: Path, objects: Objects, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = filled(machine("one"))
    weights = (store.models.package("m") / "weights.safetensors").read_bytes()
    other = machine("other")
    written = backup(settings().of_project(PROJECT), tmp_path / "b.zip")
    other.cohorts.remove("b")
    other.models.remove("m")
    model(other, "later")
    with pytest.raises(UserError, match="holds something already"):
        restore(settings().of_project(PROJECT), written)
    restore(settings().of_project(PROJECT), written, replace=True)
    for name in ("one", "other", "new"):
        again = machine(name)
        assert {entry.id for entry in again.cohorts.list()} == {"a1", "b"}
        assert (again.models.package("m") / "weights.safetensors").read_bytes() == weights
        assert not again.models.exists("later")
    use(objects, monkeypatch)  # the bucket is lost
    with pytest.raises(UserError, match="belongs to another home"):
        machine("new house")
    restore(settings().of_project(PROJECT), written, replace=True)
    assert {entry.id for entry in machine("new house").cohorts.list()} == {"a1", "b"}


def test_a_project_deleted_on_one_machine_is_gone_from_all(machine: Machine) -> None:
    filled(machine("one"))
    other = machine("other")
    assert other.cohorts.get("b")
    _end_jobs(other)
    keys.destroy(other.home)
    bucket.forget_home(other.home)
    with pytest.raises(UserError, match="was deleted"):
        machine("one")
    there = bucket.bucket()
    assert there is not None
    assert not there.below(f"{PROJECTS}/")
    assert not list((settings().home / PROJECTS / PROJECT).rglob("*"))


def test_what_was_never_whole_is_seen_by_nobody_and_swept(
    machine: Machine, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A machine died while it put a cohort there: what comes last is not there."""
    store = filled(machine("one"))
    put = bucket.Bucket.put

    def dies(there: bucket.Bucket, name: str, file: Path) -> bucket.Kept:
        if name.endswith("cohort.json"):
            raise KeyboardInterrupt
        return put(there, name, file)

    with monkeypatch.context() as patch:
        patch.setattr(bucket.Bucket, "put", dies)
        with pytest.raises(KeyboardInterrupt):
            store.cohorts.add("c", cohort("c"), Quality(2, (), ()), "")
    other = machine("other")
    assert {entry.id for entry in other.cohorts.list()} == {"a1", "b"}
    assert not other.cohorts.damaged()
    assert health.mend(other) == ("Never whole, and gone from the object store: 1.",)
    there = bucket.bucket()
    assert there is not None
    assert not there.below(f"{PROJECTS}/{PROJECT}/cohorts/c/")
    assert {entry.id for entry in other.cohorts.list()} == {"a1", "b"}


def test_nothing_is_kept_with_what_another_machine_has_just_deleted(
    machine: Machine, monkeypatch: pytest.MonkeyPatch
) -> None:
    one = filled(machine("one"))
    monkeypatch.setattr(artefacts, "FRESH", 3600.0)
    assert one.models.beside("m", "found") == ""
    there = bucket.bucket()
    assert there is not None
    there.delete(sorted(there.below(f"{PROJECTS}/{PROJECT}/models/m/")))
    with pytest.raises(UserError, match="deleted meanwhile"):
        one.models.artefacts.keep("models", "m")
    with pytest.raises(UserError):
        one.models.keep_beside("m", "found", "[1]")
    with pytest.raises(UserError):
        one.models.rename("m", "Sepsis")
    assert not there.below(f"{PROJECTS}/{PROJECT}/models/m/")
    assert not (one.home / "models" / "m").exists()


def test_a_copy_that_was_changed_or_lost_is_fetched_again(machine: Machine) -> None:
    store = filled(machine("one"))
    table = store.home / "cohorts" / "b" / "table.parquet"
    whole = table.read_bytes()
    table.write_bytes(b"half of")
    (store.home / "cohorts" / "a1" / "cohort.json").unlink()
    store = machine("one")
    assert store.cohorts.get("b").digest() == cohort("b").digest()
    assert table.read_bytes() == whole
    assert store.cohorts.entry("a1").name == "a1"


def test_large_copies_make_room_for_others(
    machine: Machine, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = machine("one")
    for name in ("m1", "m2", "m3"):
        model(store, name)
    monkeypatch.setenv("PMED_COPIES_MB", "2")
    other = machine("other")
    for name in ("m1", "m2", "m3", "m1"):
        other.models.package(name)
    here = [one.parts[-3] for one in other.home.rglob("weights.safetensors")]
    assert sorted(here) == ["m1"]
    assert all((other.home / "models" / one / "listed.json").exists() for one in ("m1", "m2", "m3"))


def test_a_store_that_was_away_is_said_and_nothing_half_kept_is_shown(
    shared: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(bucket, "RETRY", timedelta(seconds=0.2))
    with served() as server:
        use(server, monkeypatch)
        store = filled(on(tmp_path / "one", monkeypatch))
        before = store.models.artefacts
        assert isinstance(before, artefacts.Copies)
        put = type(before.bucket).put

        def away(*given: object) -> None:
            raise Unreachable("The object store does not answer", "PMED_ARTEFACTS", "")

        monkeypatch.setattr(type(before.bucket), "put", away)
        with pytest.raises(Unreachable):
            store.models.keep_beside("m", "found", "[1]")
        assert store.models.beside("m", "found") == "", "what does not last is not shown"
        with pytest.raises(Unreachable):
            model(store, "n")
        assert not store.models.exists("n")
        monkeypatch.setattr(type(before.bucket), "put", put)
        with pytest.raises(UserError, match="no such model"):
            store.models.package("0")
        store.models.add("n", NAME, "a1")
        assert store.models.exists("n"), "what a training has made is still there"
        server.stop()
        for asked in (store.cohorts.list, lambda: store.models.package("m"),
                      lambda: store.models.remove("m")):  # fmt: skip
            with pytest.raises(Unreachable, match="object store does not answer. Nothing is lost"):
                asked()


@pytest.mark.parametrize(
    ("name", "value", "said"),
    [
        ("PMED_ARTEFACTS", "s3://nobody/pmed", "no such bucket"),
        ("PMED_ARTEFACTS", "ftp://x", "no address of an object store"),
        ("AWS_ENDPOINT_URL", "http://127.0.0.1:1", "does not answer"),
    ],
)
def test_why_nothing_can_be_kept_there_is_a_sentence(
    machine: Machine, monkeypatch: pytest.MonkeyPatch, name: str, value: str, said: str
) -> None:
    monkeypatch.setattr(bucket, "RETRY", timedelta(seconds=0.2))
    monkeypatch.setenv(name, value)
    bucket._opened.cache_clear()
    with pytest.raises(UserError, match=said) as told:
        filled(machine("one"))
    assert told.value.where == "PMED_ARTEFACTS"
    assert SECRET not in str(told.value)


def test_two_machines_that_begin_together_have_one_key(
    machine: Machine, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The second has looked before the first had made it."""
    first = machine("one")
    key = (first.home / keys.NAME).read_bytes()
    with monkeypatch.context() as patch:
        looked = iter([False])
        alike = bucket.alike
        patch.setattr(
            bucket, "alike", lambda *given: next(looked, None) is not False and alike(*given)
        )
        second = machine("other")
    assert (second.home / keys.NAME).read_bytes() == key
    assert pseudonym_key(first.home) == pseudonym_key(second.home)
