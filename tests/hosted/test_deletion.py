"""A project is deleted for good by an administrator who types its name, and that is on record."""

from __future__ import annotations

import io
from datetime import date, timedelta
from pathlib import Path

import pytest

from pages.parts import visit
from pmed_core.accounts import Role
from pmed_core.errors import Refused, UserError
from pmed_core.sealing import files, keys
from pmed_core.service import access, cohorts, retention, users
from pmed_core.settings import settings
from pmed_core.shell.main import main
from pmed_core.store import backup
from pmed_core.store import retention as kept
from pmed_core.store.store import open_store
from pmed_core.work import Importance
from tests.hosted.acting import acting, claims, project
from tests.pages.conftest import Open

TABLE = b"patient_id,age,event\np1,40,yes\np2,50,no\np3,60,yes\np4,70,no\n"


@pytest.fixture
def sealed(online: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """This hosted installation is encrypted -> the file of its key."""
    keys.make(tmp_path / "master.key")
    monkeypatch.setenv("PMED_KEY_FILE", str(tmp_path / "master.key"))
    settings.cache_clear()
    return tmp_path / "master.key"


@pytest.fixture
def two(sealed: Path) -> tuple[str, str]:
    """Two projects with a cohort each."""
    found = (project("Cardiology", ann=Role.DATA_SCIENTIST),
             project("Oncology", ann=Role.DATA_SCIENTIST))  # fmt: skip
    for one in found:
        with acting("ann", one):
            cohorts.bring_in("x.csv", TABLE)
    return found


def test_a_project_is_deleted_for_good(two: tuple[str, str], tmp_path: Path) -> None:
    first, second = two
    own = settings().of_project(first)
    sealed_before = {path.name for path in own.home.rglob("*") if path.is_file()}
    assert {"data.key", "pmed.sqlite", "table.parquet"} <= sealed_before
    open_store(own).jobs.add("waiting", Importance("m"))
    with acting("boss"):
        for name in ("", "Oncology", "cardiology"):
            with pytest.raises(UserError, match="not the name"):
                users.delete_project(first, name)
        assert own.home.is_dir()
        users.delete_project(first, "Cardiology ")
        assert [one.name for one in users.projects()] == ["Oncology"]
    assert not own.home.exists()
    with acting("ann", first), pytest.raises(Refused, match="no role"):
        cohorts.cohorts()
    with acting("ann", second):
        assert len(cohorts.cohorts()) == 1
    done = [one.deed for one in access.journal().kept.entries()]
    assert [one.detail for one in done if one.action == "users.delete_project"][-1] == (
        f"project: {first}; name: Cardiology "
    )


def test_only_an_administrator_may(two: tuple[str, str]) -> None:
    with acting("boss"):
        pass
    with acting("ann", two[0]), pytest.raises(Refused):
        users.delete_project(two[0], "Cardiology")
    assert settings().of_project(two[0]).home.is_dir()


def test_a_project_whose_key_is_lost_is_deleted_as_well(two: tuple[str, str]) -> None:
    own = settings().of_project(two[0])
    (own.home / keys.NAME).unlink()
    open_store.cache_clear()
    with acting("boss"):
        users.delete_project(two[0], "Cardiology")
    assert not own.home.exists()


def test_a_deletion_that_was_killed_can_be_ended(
    two: tuple[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    own = settings().of_project(two[0])
    with acting("boss"):
        for place, step in ((keys, "destroy"), (access.accounts(), "remove_project")):
            with monkeypatch.context() as patch:
                patch.setattr(type(place) if place is not keys else keys, step, killed)
                with pytest.raises(KeyboardInterrupt):
                    users.delete_project(two[0], "Cardiology")
            assert "Cardiology" in [one.name for one in users.projects()]
        assert not (own.home / keys.NAME).exists(), "nothing can be read meanwhile"
        users.delete_project(two[0], "Cardiology")
    assert not own.home.exists()


def killed(*_: object) -> None:
    raise KeyboardInterrupt


def test_a_home_that_cannot_be_opened_does_not_keep_the_cohorts_of_others(
    two: tuple[str, str],
) -> None:
    for one in two:
        with acting("ann", one):
            (entry,) = cohorts.cohorts()
            retention.keep_until(entry.address, date.today())
    first = min(two)  # they are swept in this order
    (settings().of_project(first).home / keys.NAME).write_bytes(b"damaged")
    open_store.cache_clear()
    keys.forget()
    with pytest.raises(UserError, match="damaged"):
        kept.sweep(settings(), date.today() + timedelta(1))
    with acting("ann", max(two)):
        assert cohorts.cohorts() == ()


def test_each_project_has_a_key_of_its_own(two: tuple[str, str]) -> None:
    first, second = (keys.of_folder(settings().of_project(one).home) for one in two)
    assert first is not None
    assert second is not None
    assert first.secret != second.secret
    table = next(settings().of_project(two[0]).home.rglob("table.parquet"))
    other = next(settings().of_project(two[1]).home.rglob("table.parquet"))
    other.write_bytes(table.read_bytes())
    with acting("ann", two[1]), pytest.raises(UserError, match="damaged"):
        cohorts.rows(other.parent.name, 0, 5)


def test_a_rotated_master_key_closes_older_backups(two: tuple[str, str], tmp_path: Path) -> None:
    own = settings().of_project(two[0])
    copy = backup.backup(own, tmp_path)
    assert keys.rotate()[0] == 2
    with pytest.raises(UserError, match="another key"):
        backup.restore(own, copy, replace=True)
    with acting("ann", two[0]):
        assert len(cohorts.cohorts()) == 1


def test_the_shell_deletes_a_project(
    two: tuple[str, str], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["project", "list"], 0.0) == 0
    assert f"{two[0]}\tCardiology\n" in capsys.readouterr().out
    for typed, ended in (("Oncology\n", 2), ("", 2), ("Cardiology\n", 0)):
        monkeypatch.setattr("sys.stdin", io.StringIO(typed))
        assert main(["project", "delete", two[0]], 0.0) == ended
        assert settings().of_project(two[0]).home.is_dir() == (ended == 2)
    names = [one.deed.name for one in access.journal().kept.entries()]
    assert names.count("shell") == 3


def test_the_end_of_a_cohort_is_on_record(two: tuple[str, str]) -> None:
    with acting("ann", two[0]):
        (entry,) = cohorts.cohorts()
        retention.keep_until(entry.address, date.today())
    assert len(kept.sweep(settings(), date.today() + timedelta(1))) == 1
    last = [one.deed for one in access.journal().kept.entries()][-1]
    assert (last.action, last.project, last.cohort) == (kept.ACTION, two[0], entry.address)
    assert access.journal().kept.faults() == ()
    with acting("ann", two[1]):
        assert len(cohorts.cohorts()) == 1


def test_it_is_deleted_on_the_page_of_users(
    two: tuple[str, str], opened: Open, monkeypatch: pytest.MonkeyPatch
) -> None:
    signed = claims("boss")
    monkeypatch.setattr(visit, "_signed", lambda: signed)
    app = opened("users")
    button = "Delete this project for good"
    for typed, left in (("Cardiology!", 2), ("Cardiology", 1)):
        app.text_input(f"delete-name-{two[0]}").set_value(typed)
        next(one for one in app.button if one.label == button).click().run()
        assert not app.exception
        with acting("boss"):
            assert len(users.projects()) == left


def test_a_worker_whose_project_lost_its_key_writes_nothing(
    two: tuple[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    own = settings().of_project(two[0])
    (own.home / keys.NAME).unlink()
    monkeypatch.setenv("PMED_HOME", str(own.home))  # as workers and supervisors have it
    settings.cache_clear()
    with pytest.raises(UserError, match="missing"):
        files.write_text(own.home / "models" / "one.json", "Jane Roe")
    with pytest.raises(UserError, match="before encryption"):
        keys.prepare(own.home)
