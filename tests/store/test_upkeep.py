"""The list is made again from the folders, what is wrong is said, and a backup brings it back."""

from __future__ import annotations

import os
import shutil
import sqlite3
import zipfile
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from pmed_core.cohort import Cohort
from pmed_core.errors import DamagedEntry, DiskFull, UserError
from pmed_core.history import Revision
from pmed_core.outcomes import YesNo
from pmed_core.quality import Quality
from pmed_core.scans import Frame, Scans
from pmed_core.service.hub import hub
from pmed_core.settings import Settings, settings
from pmed_core.shell.main import main
from pmed_core.store import database
from pmed_core.store import store as opening
from pmed_core.store.backup import backup, restore
from pmed_core.store.cohorts import Cohorts
from pmed_core.store.health import check
from pmed_core.store.models import Models
from pmed_core.store.rebuild import list_again, unlisted
from pmed_core.store.store import Store, open_store
from pmed_core.variable import Kind, Role, Variable
from pmed_core.work import Read
from tests.store.test_files import files_at_most


def opened_anew() -> Store:
    """As by the next process."""
    opening.open_store.cache_clear()
    return open_store(settings())


def cohort(name: str) -> Cohort:
    table = pd.DataFrame(
        {"age": [1.0, 2.0], "died": pd.Series(["yes", "no"], dtype="str")},
    )
    variables = (
        Variable("age", Kind.NUMBER),
        Variable("died", Kind.YES_NO, Role.OUTCOME, categories=("no", "yes")),
    )
    return Cohort(name, table, variables, YesNo("died", ("yes",)))


@pytest.fixture
def filled() -> Store:
    """A cohort with two revisions, another, and a model without weights of the first."""
    store = open_store(settings())
    for identity, first in (("a1", ""), ("a2", "a1"), ("b", "")):
        store.cohorts.add(identity, cohort(identity), Quality(2, (), ()), "", first=first)
    store.cohorts.unlist("a1")
    package = store.models.new_package("m")
    package.mkdir(parents=True)
    (package / "manifest.json").write_text('{"sha256": {}}')
    store.models.add("m", "Mine", "a1")
    return store


def lost(home: Path) -> None:
    for path in home.glob("pmed.sqlite*"):
        path.unlink()


def emptied(home: Path) -> None:
    lost(home)
    (home / "pmed.sqlite").write_bytes(b"")


@pytest.mark.parametrize("lose", [lost, emptied])
def test_a_lost_list_is_said_and_made_again(filled: Store, lose: Callable[[Path], None]) -> None:
    assert not unlisted(filled)
    filled.cohorts.engine.dispose()
    lose(filled.home)
    store = opened_anew()
    assert store.cohorts.list() == ()
    found = unlisted(store)
    assert (found.cohorts, found.models) == (("a1", "a2", "b"), ("m",))
    assert list_again(store) == found
    assert {entry.id for entry in store.cohorts.list()} == {"a2", "b"}
    assert [entry.id for entry in store.cohorts.unlisted()] == ["a1"]
    assert store.models.trained_on() == {"a1": 1}
    assert [(one.id, one.name) for one in store.models.damaged()] == [("m", "Mine")]
    assert not unlisted(store)


def test_check_names_each_fault(filled: Store) -> None:
    store = filled
    store.models.remove("m")
    assert check(store) == ()
    shutil.rmtree(store.home / "cohorts" / "b")
    (store.home / "cohorts" / "a2" / "table.parquet").write_bytes(b"PAR1")
    (store.home / "sources" / ("f" * 64)).mkdir(parents=True)
    (store.home / "sources" / ("f" * 64) / "x.csv").write_text("left behind")
    shutil.copytree(store.home / "cohorts" / "a1", store.home / "cohorts" / "c")
    said = "\n".join(check(store))
    for words in (
        "cohort b is in the list and has no", "table.parquet cannot be read",
        "is not as it was uploaded", "belongs to no cohort", "cohort c lies in its",
    ):  # fmt: skip
        assert words in said


def of_cohorts(store: Store) -> tuple[str, ...]:
    """What is wrong, but for the model without weights."""
    return tuple(said for said in check(store) if "model" not in said)


def flip(path: Path) -> None:
    """One bit of a file."""
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 1
    path.unlink()
    path.write_bytes(bytes(data))


def test_pixels_have_sums_which_their_copies_share(filled: Store) -> None:
    pixels = np.arange(64, dtype=np.uint8)
    scans = Scans(pixels, {"a.png": Frame(0, (8, 8), "uint8")})
    filled.cohorts.add("s", replace(cohort("s"), scans=scans), Quality(2, (), ()), "")
    filled.cohorts.add("t", filled.cohorts.get("s"), Quality(2, (), ()), "", first="s")
    assert os.path.samefile(
        filled.home / "cohorts/s/scans.bin", filled.home / "cohorts/t/scans.bin"
    )
    assert of_cohorts(filled) == ()
    flip(filled.home / "cohorts" / "t" / "scans.bin")
    assert of_cohorts(filled) == ("The cohort 's' (t): scans.bin is not as it was written.",)


def test_a_copy_of_damaged_pixels_is_damaged_too(filled: Store) -> None:
    scans = Scans(np.arange(64, dtype=np.uint8), {"a.png": Frame(0, (8, 8), "uint8")})
    filled.cohorts.add("s", replace(cohort("s"), scans=scans), Quality(2, (), ()), "")
    flip(filled.home / "cohorts" / "s" / "scans.bin")
    filled.cohorts.add("t", filled.cohorts.get("s"), Quality(2, (), ()), "", first="s")
    assert len(of_cohorts(filled)) == 2


def revision(identity: str) -> Revision:
    return Revision(identity, 1_700_000_000.0, ("read from a.csv",), Read("", "a.csv"))


@pytest.mark.parametrize("change", [flip, Path.unlink, lambda path: path.write_text("{}")])
def test_a_changed_history_is_said(filled: Store, change: Callable[[Path], None]) -> None:
    for identity in ("a1", "a2"):
        filled.cohorts.record("a1", revision(identity))
    assert [one.id for one in filled.cohorts.history("a1")] == ["a1", "a2"]
    assert of_cohorts(filled) == ()
    change(sorted((filled.home / "histories" / "a1").glob("*"))[0])
    with pytest.raises(DamagedEntry, match="its history"):
        filled.cohorts.history("a1")
    assert of_cohorts(filled) == ("The history of the cohort a1 is damaged.",)


def test_a_history_of_an_earlier_version_has_no_sums(filled: Store) -> None:
    filled.cohorts.record("a1", revision("a1"))
    (path,) = (filled.home / "histories" / "a1").glob("*")
    path.rename(path.with_name("000001-a1.json"))
    filled.cohorts.record("a1", revision("gone"))
    assert [one.id for one in filled.cohorts.history("a1")] == ["a1", "gone"]
    assert filled.cohorts.newest("gone").id == "a2", "found by its history"
    assert of_cohorts(filled) == ()


def test_the_shell_says_what_is_wrong_and_mends_it(
    filled: Store, capsys: pytest.CaptureFixture[str]
) -> None:
    shutil.rmtree(filled.home / "cohorts" / "b")
    assert main(["store", "check"], 0) == 2
    assert "damaged" in capsys.readouterr().out
    assert main(["store", "list"], 0) == 0
    assert "manifest" not in capsys.readouterr().err
    assert main(["store", "remove", "m"], 0) == 0
    assert main(["store", "remove", "a2"], 0) == 2
    assert main(["store", "check", "--mend"], 0) == 0
    assert "Nothing is wrong" in capsys.readouterr().out


@pytest.mark.parametrize(("room", "identity"), [("cohorts", "b"), ("models", "m")])
def test_what_is_deleted_makes_the_room_that_deleting_needs(
    filled: Store, monkeypatch: pytest.MonkeyPatch, room: str, identity: str
) -> None:
    folder, delete = filled.home / room / identity, database._delete
    assert folder.exists()

    def without_room(*given: Any) -> None:
        if folder.exists():
            raise DiskFull("The disk is full", "", "")
        delete(*given)

    monkeypatch.setattr(database, "_delete", without_room)
    kept: Cohorts | Models = filled.cohorts if room == "cohorts" else filled.models
    kept.remove(identity)
    assert identity not in {one.id for one in (*kept.list(), *kept.damaged())}
    assert not folder.exists()


def test_a_damaged_database_is_set_aside(filled: Store, capsys: pytest.CaptureFixture[str]) -> None:
    filled.models.remove("m")
    filled.cohorts.engine.dispose()
    lost(filled.home)
    (filled.home / "pmed.sqlite").write_bytes(b"patients" * 1000)
    opening.open_store.cache_clear()
    assert main(["store", "check"], 0) == 2
    assert "cannot be read" in capsys.readouterr().out
    assert main(["store", "check", "--mend"], 0) == 0
    assert {entry.id for entry in open_store(settings()).cohorts.list()} == {"a2", "b"}
    assert list(filled.home.glob("pmed.sqlite.damaged-*"))


def elsewhere(path: Path) -> Settings:
    return settings().model_copy(update={"home": path})


def test_a_backup_brings_everything_back(filled: Store, tmp_path: Path) -> None:
    (tmp_path / "kept").mkdir()
    written = backup(settings(), tmp_path / "kept")
    assert written.stat().st_mode & 0o077 == 0
    assert not list(filled.home.glob(".backup*"))
    there = elsewhere(tmp_path / "other")
    assert restore(there, written) > 8
    store = open_store(there)
    assert {entry.id for entry in store.cohorts.list()} == {"a2", "b"}
    pd.testing.assert_frame_equal(store.cohorts.get("b").table, cohort("b").table)
    assert store.models.trained_on() == {"a1": 1}
    assert sorted(path.name for path in there.home.glob(".re*")) == [".reserve"]


def test_a_backup_on_a_full_disk_is_said_and_leaves_nothing(filled: Store, tmp_path: Path) -> None:
    kept = sorted(filled.home.rglob("*"))
    with files_at_most(1_000), pytest.raises(UserError, match="disk is full|cannot be copied"):
        backup(settings(), tmp_path)
    assert sorted(filled.home.rglob("*")) == kept
    assert not list(tmp_path.glob("*.zip"))
    whole = backup(settings(), tmp_path)
    with files_at_most(1_000), pytest.raises(DiskFull):
        restore(settings(), whole, replace=True)
    assert sorted(filled.home.rglob("*")) == kept


def test_a_backup_replaces_only_when_that_is_said(filled: Store, tmp_path: Path) -> None:
    written = backup(settings(), tmp_path / "b.zip")
    filled.cohorts.remove("b")
    with pytest.raises(UserError, match="holds something already"):
        restore(settings(), written)
    assert len(filled.cohorts.list()) == 1
    filled.cohorts.engine.dispose()
    restore(settings(), written, replace=True)
    assert {entry.id for entry in opened_anew().cohorts.list()} == {"a2", "b"}


def spoilt(written: Path, name: str, data: bytes) -> None:
    with zipfile.ZipFile(written) as archive:
        held = {one: archive.read(one) for one in archive.namelist()}
    held[name] = data
    with zipfile.ZipFile(written, "w") as archive:
        for one, part in held.items():
            archive.writestr(one, part)


@pytest.mark.parametrize(
    "name", ["cohorts/b/table.parquet", "../out", "cohorts/../../out", "x", "manifest.json"]
)
def test_what_is_no_whole_backup_changes_nothing(filled: Store, tmp_path: Path, name: str) -> None:
    written = backup(settings(), tmp_path / "b.zip")
    spoilt(written, name, b"{}")
    with pytest.raises(UserError, match="not a whole backup"):
        restore(elsewhere(tmp_path / "other"), written)
    assert not (tmp_path / "other" / "cohorts").exists()
    assert not (tmp_path / "out").exists()


def test_a_backup_is_taken_while_others_write(filled: Store, tmp_path: Path) -> None:
    with sqlite3.connect(filled.home / "pmed.sqlite", isolation_level=None) as writer:
        writer.execute("BEGIN IMMEDIATE")
        writer.execute("UPDATE cohorts SET name = 'changing'")
        written = backup(settings(), tmp_path / "b.zip")
        writer.execute("ROLLBACK")
    writer.close()
    there = elsewhere(tmp_path / "other")
    restore(there, written)
    assert [one.name for one in open_store(there).models.damaged()] == ["Mine"]
    assert hub() is not None
