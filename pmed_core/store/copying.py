"""The tables of a home in one SQLite file, and back, whatever database they lie in.

A backup of a laptop can so be brought back into PostgreSQL, and one of PostgreSQL on a laptop.
Cells are copied as they are: encrypted ones stay so.
"""

from __future__ import annotations

import errno
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

from sqlalchemy import Connection, Engine, MetaData, Table, create_engine, delete, insert, select
from sqlalchemy.exc import OperationalError

from pmed_core.errors import UserError
from pmed_core.settings import Settings
from pmed_core.store.database import COHORTS, JOBS, METADATA, MODELS, connect, writing
from pmed_core.store.dialects import shared
from pmed_core.store.health import DATABASE
from pmed_core.store.lock import changing
from pmed_core.store.migrations import bring_up

ROWS_AT_ONCE = 1000
HOLDING = (COHORTS, MODELS, JOBS)


@contextmanager
def still(chosen: Settings) -> Iterator[None]:
    """While nobody changes which entries a home has, on any machine; raises ``UserError``."""
    if not shared(chosen.database):
        with changing(chosen.home):
            yield
        return
    engine = connect(chosen.database_url, chosen.home)
    try:
        with changing(chosen.home, engine):
            yield
    finally:
        engine.dispose()


def take(chosen: Settings, target: Path) -> None:
    """Write the tables of a home, as they are at one moment, to a file; others may write meanwhile.

    Raises ``UserError``. Without a database there is none afterwards.
    """
    if not shared(chosen.database):
        if (chosen.home / DATABASE).exists():
            copy_database(chosen.home / DATABASE, target)
        return
    source = connect(chosen.database_url, chosen.home)
    try:
        copy_out(source, target, METADATA)
    finally:
        source.dispose()


def put(chosen: Settings, source: Path) -> None:
    """Replace what the tables of a home hold by what is in a file, in one transaction.

    Where the database is a file itself, that takes its place as all files do. Raises ``UserError``.
    """
    if not shared(chosen.database):
        return
    target = connect(chosen.database_url, chosen.home)
    try:
        with _file(source) as one, writing(target) as other:
            for table in reversed(METADATA.sorted_tables):
                other.execute(delete(table))
            _copy(one, other, METADATA)
    finally:
        target.dispose()


def drop_file(chosen: Settings) -> None:
    """Remove the file of a home from which its tables came, where they lie elsewhere."""
    if shared(chosen.database):
        (chosen.home / DATABASE).unlink(missing_ok=True)


def filled(chosen: Settings) -> bool:
    """Whether anything is in the tables of a home, where they lie in no file of it."""
    if not shared(chosen.database):
        return False
    engine = connect(chosen.database_url, chosen.home)
    try:
        with engine.connect() as connection:
            return any(connection.execute(select(one.c.id).limit(1)).first() for one in HOLDING)
    finally:
        engine.dispose()


def copy_database(source: Path, target: Path) -> None:
    """As it is at one moment, while others may write to it; raises ``UserError``."""
    try:
        with closing(sqlite3.connect(source)) as kept, closing(sqlite3.connect(target)) as copy:
            kept.backup(copy)
    except sqlite3.Error as error:
        raise _in_words(error) from error


def copy_out(source: Engine, target: Path, tables: MetaData) -> None:
    """Write tables as they are at one moment to a file; raises ``UserError``."""
    with source.connect() as one, _file(target, tables) as other:
        _copy(one, other, tables)


def copy_in(source: Path, target: Engine, tables: MetaData) -> None:
    """Add the rows of a file to tables that have none, in one transaction; raises ``UserError``."""
    with _file(source, tables) as one, writing(target) as other:
        _copy(one, other, tables)


@contextmanager
def _file(path: Path, tables: MetaData = METADATA) -> Iterator[Connection]:
    """A file with the tables of this version; one that an earlier version has written is brought
    up."""
    engine = create_engine(f"sqlite:///{path}")
    try:
        with engine.begin() as connection:
            bring_up(connection, tables)
            yield connection
    except OperationalError as error:
        raise _in_words(error.orig or error) from error
    finally:
        engine.dispose()


def _in_words(error: BaseException) -> Exception:
    if "full" in str(error) or "disk I/O" in str(error):
        return OSError(errno.ENOSPC, str(error))
    return UserError(
        "The database cannot be copied", DATABASE,
        "See what 'python -m pmed_core store check --mend' can bring back, or try again soon.",
    )  # fmt: skip


def _copy(one: Connection, other: Connection, tables: MetaData) -> None:
    for table in tables.sorted_tables:
        _copy_rows(one, other, table)


def _copy_rows(one: Connection, other: Connection, table: Table) -> None:
    # What a database numbers by itself is numbered anew, in the same order.
    columns = [column for column in table.columns if column is not table.autoincrement_column]
    rows = one.execute(
        select(*columns).order_by(*table.primary_key.columns),
        execution_options={"yield_per": ROWS_AT_ONCE},
    )
    for part in rows.mappings().partitions():
        other.execute(insert(table), [dict(row) for row in part])
