"""Stores of earlier versions open as they are; those of later ones are refused."""

from __future__ import annotations

import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import text

from pmed_core.errors import UserError
from pmed_core.settings import settings
from pmed_core.store import accounts, apikeys, audit, database, migrations
from pmed_core.store.accounts import opened
from pmed_core.store.database import writing
from pmed_core.store.store import Store, open_store

FOLDER = Path(migrations.__file__).parent
FORMER = Path(__file__).parent / "former.sql"
"""A store as the version before the first migration wrote it (``Connection.iterdump``)."""
JOB = "a" * 32
TABLES = {"store": database.METADATA, "accounts": accounts.METADATA}


def former(home: Path) -> None:
    """An installation of that version."""
    home.mkdir(parents=True)
    with closing(sqlite3.connect(home / "pmed.sqlite")) as made:
        made.executescript(FORMER.read_text("utf-8"))


def opened_anew() -> Store:
    """As by the next process."""
    open_store.cache_clear()
    return open_store(settings())


def versions(store: Store) -> list[str]:
    with store.jobs.engine.connect() as connection:
        return list(connection.execute(text("SELECT version_num FROM alembic_version")).scalars())


def test_a_store_of_before_opens_with_all_it_held() -> None:
    former(settings().home)
    store = open_store(settings())
    job = store.jobs.get(JOB)
    assert (job.state, job.stage, job.notes) == ("running", "Training", ("So it is.",))
    assert [one["loss"] for one in job.epochs] == [0.5]
    assert store.jobs.beat(JOB, 1) == "", "the worker that holds it goes on"
    assert versions(store) == [migrations.NOW["store"]]
    assert versions(opened_anew()) == [migrations.NOW["store"]], "and it is done once"


@pytest.mark.usefixtures("database")
def test_what_was_brought_up_is_what_is_made_anew() -> None:
    """Each step, from the first tables on, ends in the very tables that a new store has."""
    engine, tables = open_store(settings()).jobs.engine, database.METADATA
    with writing(engine) as connection:
        tables.drop_all(connection)
        migrations.VERSIONS.drop(connection)
        for statement in first_tables(engine.dialect.name):
            connection.exec_driver_sql(statement)
    assert versions(opened_anew()) == [migrations.NOW["store"]]
    with engine.connect() as connection:
        found = compare_metadata(MigrationContext.configure(connection), tables)
        assert found == []


def first_tables(dialect: str) -> list[str]:
    """Those of ``former.sql``, and what was in them."""
    told = FORMER.read_text("utf-8")
    if dialect == "postgresql":
        told = told.replace("number INTEGER NOT NULL", "number SERIAL NOT NULL")
    parts = [one.strip() for one in told.split(";\n")]
    parts = [one for one in parts if one and one.split()[0] in ("CREATE", "INSERT")]
    return sorted(
        parts, key=lambda one: (one.startswith("INSERT"), "INDEX" in one, "events" in one)
    )


@pytest.mark.usefixtures("database")
def test_users_have_the_tables_that_the_program_knows() -> None:
    assert {apikeys.API_KEYS, audit.AUDIT} <= {*accounts.METADATA.sorted_tables}
    with opened(settings().home).connect() as connection:
        assert compare_metadata(MigrationContext.configure(connection), accounts.METADATA) == []


@pytest.mark.parametrize("name", TABLES)
def test_the_newest_step_is_what_the_program_knows(name: str) -> None:
    steps = ScriptDirectory(str(FOLDER / name), version_locations=[str(FOLDER / name)])
    assert steps.get_heads() == [migrations.NOW[name]]


@pytest.mark.usefixtures("database")
def test_a_newer_store_is_refused_in_a_sentence_and_stays_as_it_is() -> None:
    store = open_store(settings())
    with writing(store.jobs.engine) as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = '0999'"))
    with pytest.raises(UserError, match="newer version of pmed"):
        opened_anew()
    assert versions(store) == ["0999"]


def test_a_step_that_fails_changes_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    home = settings().home
    former(home)
    before = _schema(home)
    with monkeypatch.context() as patch:
        patch.setattr(database.METADATA, "create_all", _fails)
        with pytest.raises(RuntimeError):
            open_store(settings())
    assert _schema(home) == before
    assert open_store(settings()).jobs.get(JOB).state == "running"


def _fails(connection: object) -> None:
    raise RuntimeError


def _schema(home: Path) -> list[tuple[str]]:
    with closing(sqlite3.connect(home / "pmed.sqlite")) as held:
        return sorted(held.execute("SELECT sql FROM sqlite_master WHERE sql IS NOT NULL"))


def test_several_processes_bring_the_same_store_up_once() -> None:
    former(settings().home)
    script = (
        "from pmed_core.settings import settings; from pmed_core.store.store import open_store;"
        f"print(open_store(settings()).jobs.get('{JOB}').stage)"
    )
    started = [
        subprocess.Popen([sys.executable, "-c", script], stdout=subprocess.PIPE, text=True)
        for _ in range(4)
    ]
    assert [one.communicate(timeout=120)[0].strip() for one in started] == ["Training"] * 4
    assert versions(open_store(settings())) == [migrations.NOW["store"]]


def test_a_new_store_loads_neither_alembic_nor_what_servers_need() -> None:
    script = (
        "import sys; from pmed_core.settings import settings;"
        "from pmed_core.store.store import open_store; open_store(settings()).jobs.list();"
        "print(sorted({'alembic', 'mako', 'psycopg', 'obstore'} & set(sys.modules)))"
    )
    for _ in range(2):
        said = subprocess.run(
            [sys.executable, "-c", script], capture_output=True, text=True, check=True
        )
        assert said.stdout.strip() == "[]"
