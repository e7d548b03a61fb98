"""One PostgreSQL for all homes: each by itself, moved there and back, and away for a while."""

from __future__ import annotations

import re
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest
from sqlalchemy import delete, insert, select, text, update
from sqlalchemy.exc import DBAPIError

from pmed_core.audit import Deed
from pmed_core.errors import Busy, DiskFull, Unreachable, UserError
from pmed_core.sealing import keys
from pmed_core.settings import PROJECTS, Settings, settings
from pmed_core.shell.main import main
from pmed_core.store import dialects
from pmed_core.store.accounts import Accounts
from pmed_core.store.audit import AUDIT, Audit
from pmed_core.store.backup import backup, restore
from pmed_core.store.database import MODELS, forget_tables, writing
from pmed_core.store.jobs import Jobs
from pmed_core.store.lock import changing
from pmed_core.store.rebuild import drop_without_folder
from pmed_core.store.store import Store, open_store
from pmed_core.work import Fit
from tests.servers.postgres import PASSWORD, Server, closed_afterwards, served
from tests.store.test_files import files_at_most

JOB = "j" * 32
FIRST, SECOND = "ab" * 16, "cd" * 16


@pytest.fixture
def shared(postgres: Server, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """The store of this test lies in a new database of a server -> its address."""
    monkeypatch.setenv("PMED_DATABASE", url := postgres.fresh())
    monkeypatch.setenv("PMED_DATABASE_WAIT_SECONDS", "0")
    settings.cache_clear()
    with closed_afterwards():
        yield url


def project(identity: str) -> Settings:
    return settings().of_project(identity)


def filled(chosen: Settings) -> Store:
    """A model in the list, and a job that was interrupted."""
    store = open_store(chosen)
    with writing(store.jobs.engine) as connection:
        told = {"id": "m", "name": "Mortality, Ward 7", "cohort": "c", "created": 2.5}
        connection.execute(insert(MODELS).values(**told))
    store.jobs.add(JOB, Fit("c", "Mine"))
    claimed = store.jobs.claim()
    assert claimed is not None
    for epoch in (1, 2):
        store.jobs.report(*claimed, [("epoch", {"epoch": epoch}), ("stage", ("Training", 0.5))])
    store.jobs.lose(*claimed, "died")
    return store


@pytest.mark.usefixtures("shared")
def test_the_homes_of_one_database_are_kept_apart() -> None:
    first, second, laptop = filled(project(FIRST)), open_store(project(SECOND)), settings()
    assert second.jobs.list() == ()
    assert open_store(laptop).jobs.list() == ()
    assert second.models.lost() == ()
    assert first.models.lost() == ("m",)
    assert second.jobs.claim() is None


def test_what_is_deleted_for_good_leaves_no_table(shared: str) -> None:
    filled(project(FIRST))
    filled(project(SECOND))
    forget_tables(shared, project(FIRST).home)
    with psycopg.connect(shared) as connection:
        names = connection.execute("SELECT nspname FROM pg_namespace WHERE nspname LIKE 'pmed%'")
        assert [name for (name,) in names] == [f"pmed_{SECOND}"]
    assert open_store(project(SECOND)).jobs.get(JOB).interrupted == 1


@pytest.mark.parametrize("name", ['a"b', "x; DROP SCHEMA pmed", "A" * 8, "a" * 60])
def test_only_an_id_becomes_a_name_of_tables(tmp_path: Path, name: str) -> None:
    with pytest.raises(UserError, match="no such project"):
        dialects.schema(tmp_path / PROJECTS / name, "store")


@pytest.mark.usefixtures("shared")
def test_users_and_the_audit_lie_there_too_and_nothing_is_taken_back() -> None:
    home = settings().home
    accounts = Accounts.open(home)
    made = accounts.add_project("Cardiology")
    audit = Audit.open(home)
    for number in (1, 2, 3):
        assert audit.add(Deed(1.5, "u", "Ann", "s", made, "patients.consult")).number == number
    assert audit.faults() == ()
    assert not (home / "accounts.sqlite").exists()
    mine = AUDIT.c.number == 2
    changes = (update(AUDIT).where(mine).values(user="x"), delete(AUDIT), text("TRUNCATE audit"))
    for change in changes:
        with pytest.raises(DBAPIError, match="only added to"), writing(audit.engine) as connection:
            connection.execute(change)
    assert audit.count() == 3
    assert [one.name for one in Accounts.open(home).projects()] == ["Cardiology"]


def test_a_home_with_another_key_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, shared: str
) -> None:
    """As of a second machine that shares the database, and neither files nor an object store."""
    keys.make(tmp_path / "master.key")
    monkeypatch.setenv("PMED_KEY_FILE", str(tmp_path / "master.key"))
    settings.cache_clear()
    filled(project(FIRST))
    there = settings().model_copy(update={"home": tmp_path / "other"}).of_project(FIRST)
    with pytest.raises(UserError, match="belongs to another home"):
        open_store(there)
    open_store.cache_clear()
    assert open_store(project(FIRST)).jobs.get(JOB).interrupted == 1


@pytest.mark.usefixtures("shared")
def test_nothing_is_dropped_from_the_list_of_another_home() -> None:
    store = filled(project(FIRST))
    with writing(store.jobs.engine) as connection:
        told = {"id": "n", "name": "Sepsis", "cohort": "c", "created": 2.5}
        connection.execute(insert(MODELS).values(**told))
    with pytest.raises(UserError, match="so nothing was dropped"):
        drop_without_folder(store)
    assert store.models.lost() == ("m", "n")


def test_who_reads_sees_one_moment_and_cannot_write(shared: str) -> None:
    jobs = filled(settings()).jobs
    with jobs.engine.connect() as reading:
        assert reading.execute(text("SELECT count(*) FROM jobs")).scalar_one() == 1
        jobs.remove(JOB, damaged=True)
        assert reading.execute(text("SELECT count(*) FROM jobs")).scalar_one() == 1
        with pytest.raises(DBAPIError, match="read-only"):
            reading.execute(delete(MODELS))


def test_a_backup_goes_there_and_back(
    tmp_path: Path, shared: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """From a file into PostgreSQL, from there to a file, with all that jobs say of themselves."""
    monkeypatch.setenv("PMED_DATABASE", "")
    settings.cache_clear()
    before = filled(settings()).jobs.get(JOB)
    first = backup(settings(), tmp_path / "first.zip")

    monkeypatch.setenv("PMED_DATABASE", shared)
    settings.cache_clear()
    there = settings().of_project(FIRST)
    restore(there, first)
    assert not (there.home / "pmed.sqlite").exists()
    kept = open_store(there)
    assert kept.jobs.get(JOB) == before
    assert kept.models.lost() == ("m",)
    with pytest.raises(UserError, match="holds something already"):
        restore(there, first)
    claimed = kept.jobs.claim()
    assert claimed is not None
    kept.jobs.report(*claimed, [("epoch", {"epoch": 3})])
    assert [one["epoch"] for one in kept.jobs.get(JOB).epochs] == [1, 2, 3]
    second = backup(there, tmp_path / "second.zip")
    kept.jobs.remove(JOB, damaged=True)
    restore(there, second, replace=True)
    assert [one["epoch"] for one in kept.jobs.get(JOB).epochs] == [1, 2, 3]

    monkeypatch.setenv("PMED_DATABASE", "")
    settings.cache_clear()
    other = settings().model_copy(update={"home": tmp_path / "other"})
    restore(other, second)
    again = open_store(other).jobs.get(JOB)
    assert (again.interrupted, [one["epoch"] for one in again.epochs]) == (1, [1, 2, 3])


def test_a_restore_that_fails_changes_nothing(
    tmp_path: Path, shared: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    there = project(FIRST)
    store = filled(there)
    written = backup(there, tmp_path / "b.zip")
    store.jobs.remove(JOB, damaged=True)
    (there.home / "models" / "mine").mkdir()
    monkeypatch.setattr("pmed_core.store.copying._copy", _fails)
    with pytest.raises(RuntimeError):
        restore(there, written, replace=True)
    assert (there.home / "models" / "mine").is_dir()
    assert store.jobs.list() == ()
    assert store.models.lost() == ("m",)
    assert sorted(one.name for one in there.home.glob(".re*")) == [".reserve"]


@pytest.mark.usefixtures("shared")
def test_a_backup_on_a_full_disk_is_said_and_leaves_nothing(tmp_path: Path) -> None:
    store = filled(project(FIRST))
    with files_at_most(1_000), pytest.raises(DiskFull):
        backup(project(FIRST), tmp_path)
    assert not list(store.home.glob(".backup*"))
    assert not list(tmp_path.glob("*.zip"))


@pytest.mark.usefixtures("shared")
def test_the_shell_lists_the_projects_there(capsys: pytest.CaptureFixture[str]) -> None:
    made = Accounts.open(settings().home).add_project("Cardiology")
    assert main(["project", "list"], 0) == 0
    assert capsys.readouterr().out == f"{made}\tCardiology\n"
    assert main(["audit", "verify"], 0) == 0


@pytest.mark.usefixtures("shared")
def test_a_sentence_with_a_nul_is_kept_and_an_id_with_one_is_nobodys() -> None:
    """PostgreSQL holds none; a cell of a file, or an address, may."""
    jobs = open_store(settings()).jobs
    jobs.add(JOB, Fit("c", "x\0y"))
    claimed = jobs.claim()
    assert claimed is not None
    assert jobs.finish(*claimed, "failed", "Row 3 holds 'a\0b'")
    found = jobs.get(JOB)
    assert (found.error, found.work) == ("Row 3 holds 'a\ufffdb'", Fit("c", "x\0y"))
    with pytest.raises(UserError, match="NUL"):
        jobs.get("\0")


def test_what_the_server_does_by_default_changes_nothing(shared: str) -> None:
    """A writer that has waited sees what was written meanwhile."""
    name = shared.rpartition("/")[2]
    with psycopg.connect(shared, autocommit=True) as connection:
        for said in ("default_transaction_isolation TO 'serializable'",
                     "idle_in_transaction_session_timeout TO 300"):  # fmt: skip
            connection.execute(f"ALTER DATABASE {name} SET {said}".encode())
    store = open_store(settings())
    with writing(store.jobs.engine) as connection:
        found = connection.execute(text("SHOW transaction_isolation")).scalar_one()
        assert found == "read committed"
    with changing(store.home, store.jobs.engine):
        time.sleep(0.6)  # files are on their way
        store.jobs.add(JOB, Fit("c", "x"))


def _fails(*_: object) -> None:
    raise RuntimeError


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ((PASSWORD, "another"), "lets nobody in: password authentication failed"),
        (("test_", "no_such_"), r"lets nobody in: database \"no_such_\d+\" does not exist"),
        ((r":\d+/", ":1/"), "does not answer"),
    ],
)
def test_why_nobody_comes_in_is_a_sentence_without_the_password(
    shared: str, monkeypatch: pytest.MonkeyPatch, change: tuple[str, str], said: str
) -> None:
    monkeypatch.setenv("PMED_DATABASE", re.sub(change[0], change[1], shared))
    settings.cache_clear()
    with pytest.raises(UserError, match=said) as told:
        open_store(settings())
    assert told.value.where == "PMED_DATABASE"
    assert PASSWORD not in str(told.value)
    assert PASSWORD not in repr(settings())


def test_one_that_may_not_make_tables_is_told_so(shared: str) -> None:
    with psycopg.connect(shared, autocommit=True) as connection:
        connection.execute("CREATE ROLE guest LOGIN PASSWORD 'guest'")
    url = re.sub(r"//[^@]+@", "//guest:guest@", shared)
    with pytest.raises(UserError, match="too little"):
        open_store(settings().model_copy(update={"database": url}))


def test_a_writer_that_waits_too_long_is_told_that_others_are_at_it(
    shared: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = open_store(settings())
    monkeypatch.setattr(dialects, "BUSY_MS", 50)
    with writing(store.jobs.engine), pytest.raises(Busy, match="busy"):
        store.jobs.add(JOB, Fit("c", "x"))
    store.jobs.add(JOB, Fit("c", "x"))
    assert store.jobs.get(JOB).place == 1


def test_a_server_that_was_away_is_said_and_then_gone_on_with(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("PMED_DATABASE_WAIT_SECONDS", "0")
    with served() as server, closed_afterwards():
        monkeypatch.setenv("PMED_DATABASE", server.fresh())
        settings.cache_clear()
        jobs = filled(settings()).jobs
        server.stop()
        for asked in (jobs.list, jobs.alive, lambda: jobs.add("n" * 32, Fit("c", "x"))):
            with pytest.raises(Unreachable, match="does not answer. Nothing is lost"):
                asked()
        server.start()
        assert [job.id for job in jobs.list()] == [JOB]
        with pytest.raises(Unreachable):
            _stopped_before_the_commit(server, jobs)
        server.start()
        with jobs.engine.connect() as connection:
            assert connection.execute(select(MODELS.c.id)).scalars().all() == ["m"]


def _stopped_before_the_commit(server: Server, jobs: Jobs) -> None:
    with writing(jobs.engine) as connection:
        connection.execute(delete(MODELS))
        server.stop()


def test_whoever_can_wait_waits_for_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PMED_DATABASE_WAIT_SECONDS", "120")
    with served() as server, closed_afterwards():
        monkeypatch.setenv("PMED_DATABASE", server.fresh())
        settings.cache_clear()
        jobs, found = filled(settings()).jobs, list[str]()
        server.stop()
        asking = threading.Thread(target=lambda: found.extend(job.id for job in jobs.list()))
        asking.start()
        time.sleep(0.5)
        assert asking.is_alive()
        server.start()
        asking.join(120)
        assert found == [JOB]
