"""An installation in one file, and back: users, roles, audit, and every project with its keys."""

from __future__ import annotations

import shutil
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest

from pmed_core.accounts import Role
from pmed_core.errors import Refused
from pmed_core.sealing import keys
from pmed_core.service import access, cohorts, hub, models, users
from pmed_core.settings import Settings, settings
from pmed_core.shell.main import main
from pmed_core.store import whole
from pmed_core.store.backup import backup, pack, unpack
from pmed_core.store.store import open_store
from tests.hosted.acting import acting, claims, project
from tests.servers.objects import Objects, use
from tests.servers.postgres import Server, closed_afterwards

TABLE = b"patient_id,age,event\np1,40,yes\np2,50,no\np3,60,yes\np4,70,no\n"


def begin(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """This process is one that has just begun there."""
    monkeypatch.setenv("PMED_HOME", str(home))
    settings.cache_clear()
    keys.forget()
    for known in (open_store, hub._hub, access._accounts, access._journal, cohorts._loaded):
        known.cache_clear()


@pytest.fixture
def copied(online: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The backup of an installation that is encrypted, with two projects."""
    keys.make(tmp_path / "master.key")
    monkeypatch.setenv("PMED_KEY_FILE", str(tmp_path / "master.key"))
    begin(tmp_path / "first", monkeypatch)
    ward = project("Cardiology", ann=Role.DATA_SCIENTIST)
    other = project("Oncology", bob=Role.DATA_SCIENTIST)
    project("Nobody has opened it")
    with acting("boss"):
        users.give_hours(claims("ann").user, 5)
    with acting("ann", ward):
        cohorts.bring_in("x.csv", TABLE)
    with acting("bob", other):
        cohorts.bring_in("y.csv", TABLE)
    assert main(["store", "backup", "--all-projects", "--to", str(tmp_path / "all.zip")], 0) == 0
    assert not list(tmp_path.glob(".installation*"))
    return tmp_path / "all.zip"


Elsewhere = Callable[[], None]


@pytest.fixture(params=["a folder", "servers"])
def elsewhere(
    request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Elsewhere:
    """Makes this process one of an empty installation: with SQLite and a folder, or with PostgreSQL
    and an object store."""

    def move() -> None:
        if request.param == "servers":
            server: Server = request.getfixturevalue("postgres")
            there: Objects = request.getfixturevalue("objects")
            monkeypatch.setenv("PMED_DATABASE", server.fresh())
            use(there, monkeypatch)
        begin(tmp_path / "second", monkeypatch)

    return move


def test_all_of_an_installation_comes_back(
    copied: Path, elsewhere: Elsewhere, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    wards = {one.name: one.id for one in access.accounts().projects()}
    with closed_afterwards():
        elsewhere()
        assert main(["store", "restore", "--all-projects", str(copied)], 0) == 0
        shutil.rmtree(tmp_path / "first")
        begin(tmp_path / "second", monkeypatch)
        assert {one.name: one.id for one in access.accounts().projects()} == wards
        told = {one.name: one.hours for one in access.accounts().users()}
        assert (told["Ann"], told["Bob"]) == (5, None)
        for name, ward, file in (("ann", "Cardiology", "x.csv"), ("bob", "Oncology", "y.csv")):
            with acting(name, wards[ward]):
                (entry,) = cohorts.cohorts()
                assert (entry.name, len(cohorts.rows(entry.id, 0, 9))) == (file, 4)
        with acting("ann", wards["Oncology"]), pytest.raises(Refused):
            models.models()
        journal = access.journal().kept
        assert journal.faults() == ()
        actions = [one.deed.action for one in journal.entries()]
        assert actions.count("cohorts.bring_in") == 2
        assert actions[-1] == "cohorts.rows", "it goes on after what was written before"
        assert main(["store", "restore", "--all-projects", str(copied)], 0) == 2


@pytest.mark.parametrize(
    "how", ["cut off", "another member", "no key of the audit", "the backup of one project"]
)
def test_what_is_no_whole_backup_brings_nothing_back(
    copied: Path, how: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:  # fmt: skip
    wrong = tmp_path / "wrong.zip"
    if how == "cut off":
        wrong.write_bytes(copied.read_bytes()[:-500])
    elif how == "another member":
        shutil.copyfile(copied, wrong)
        with zipfile.ZipFile(wrong, "a") as archive:
            archive.writestr("projects/../../evil.zip", b"")
    elif how == "no key of the audit":
        unpack(copied, tmp_path / "room", lambda _: True)
        (tmp_path / "room" / "audit.key").unlink()
        pack(tmp_path / "room", wrong)
    else:
        with zipfile.ZipFile(copied) as archive:
            (first, *_) = (one for one in archive.namelist() if one.startswith("projects/"))
            wrong.write_bytes(archive.read(first))
    begin(tmp_path / "second", monkeypatch)
    assert main(["store", "restore", "--all-projects", str(wrong)], 0) == 2
    assert "not a whole backup" in capsys.readouterr().err
    assert access.accounts().projects() == ()
    assert not [*(tmp_path / "second").glob("projects/*")]
    assert not (tmp_path / "evil.zip").exists()


@pytest.mark.usefixtures("online")
def test_a_project_that_is_deleted_meanwhile_is_not_made_anew(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    project("Kept"), project("Later deleted")
    _, deleted = access.accounts().projects()

    def copying(chosen: Settings, to: Path) -> Path:
        access.accounts().remove_project(deleted.id)
        return backup(chosen, to)

    monkeypatch.setattr(whole, "backup", copying)
    assert main(["store", "backup", "--all-projects", "--to", str(tmp_path / "all.zip")], 0) == 0
    assert not settings().of_project(deleted.id).home.exists()


def test_the_key_of_an_audit_that_lies_elsewhere_is_not_replaced(
    copied: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    begin(tmp_path / "second", monkeypatch)
    (tmp_path / "second").mkdir()
    (tmp_path / "second" / "audit.key").write_bytes(b"k" * 32)
    assert main(["store", "restore", "--all-projects", str(copied)], 0) == 2
    assert (tmp_path / "second" / "audit.key").read_bytes() == b"k" * 32


def test_a_laptop_has_no_projects(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["store", "backup", "--all-projects"], 0) == 2
    assert "no projects here" in capsys.readouterr().err
