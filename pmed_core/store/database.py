"""The tables, and how to reach them."""

from __future__ import annotations

import shutil
import sqlite3
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from sqlalchemy import (
    Column,
    Connection,
    Engine,
    ExceptionContext,
    Float,
    ForeignKey,
    Integer,
    MetaData,
    String,
    Table,
    create_engine,
    event,
)

from pmed_core.errors import Busy, DiskFull, UserError
from pmed_core.sealing.rows import SealedText, seal
from pmed_core.sealing.streams import Key
from pmed_core.store.rooms import private

BUSY_MS = 15_000
FAULTS = {
    "readonly database": "Make the folder writable, or set PMED_HOME to another.",
    "unable to open database": "Make the folder writable, or set PMED_HOME to another.",
    "not a database": "Set PMED_HOME to another folder, or see what 'python -m pmed_core store "
    "check --mend' can bring back.",
    "malformed": "See what 'python -m pmed_core store check --mend' can bring back.",
    "no such column": "See what 'python -m pmed_core store check --mend' can bring back.",
    "no such table": "See what 'python -m pmed_core store check --mend' can bring back.",
    "disk I/O error": "Check the disk and try again.",
}
BUSY = "database is locked"
RESERVE_BYTES = 4 * 2**20
"""Kept free for the day when the disk is full: without it nothing could be deleted any more, for
SQLite writes before it deletes."""
"""What the database says -> what a person can do."""

METADATA = MetaData()

COHORTS = Table(
    "cohorts", METADATA,
    Column("id", String(32), primary_key=True),
    Column("name", SealedText("cohorts.name"), nullable=False),
    Column("rows", Integer, nullable=False),
    Column("created", Float, nullable=False),
    Column("listed", Integer, nullable=False),
)  # fmt: skip

MODELS = Table(
    "models", METADATA,
    Column("id", String(32), primary_key=True),
    Column("name", SealedText("models.name"), nullable=False),
    Column("cohort", String(32), nullable=False),
    Column("created", Float, nullable=False),
)  # fmt: skip

JOBS = Table(
    "jobs", METADATA,
    Column("id", String(32), primary_key=True),
    Column("work", SealedText("jobs.work"), nullable=False),
    Column("state", String(16), nullable=False, index=True),
    Column("submitted", Float, nullable=False),
    Column("started", Float, nullable=False),
    Column("finished", Float, nullable=False),
    Column("beat", Float, nullable=False),
    Column("token", Integer, nullable=False),
    Column("stop", String(8), nullable=False),
    Column("stage", SealedText("jobs.stage"), nullable=False),
    Column("fraction", Float, nullable=False),
    Column("result", SealedText("jobs.result"), nullable=False),
    Column("error", SealedText("jobs.error"), nullable=False),
)  # fmt: skip

EVENTS = Table(
    "events", METADATA,
    Column("number", Integer, primary_key=True, autoincrement=True),
    Column("job", String(32), ForeignKey("jobs.id", ondelete="CASCADE"), index=True),
    Column("kind", String(8), nullable=False),
    Column("body", SealedText("events.body"), nullable=False),
)  # fmt: skip


def connect(url: str, home: Path, tables: MetaData = METADATA, key: Key | None = None) -> Engine:
    """An engine whose tables exist; SQLite in WAL mode, so that readers never wait.

    ``key``: that of a sealed home. Raises ``UserError`` where the place cannot hold it.
    """
    try:
        private(home)
    except OSError as error:
        raise UserError(
            "The folder of this installation cannot be made", str(home),
            "Set PMED_HOME to a folder that you may write to.",
        ) from error  # fmt: skip
    reserve = Reserve(home)
    engine = create_engine(url)
    seal(engine, key)
    event.listen(engine, "handle_error", partial(_in_words, reserve))
    if engine.dialect.name == "sqlite":
        event.listen(engine, "connect", _pragmas)
        event.listen(engine, "begin", _begin)
    try:
        _make_tables(engine, tables)
    except DiskFull:
        # Its reserve was given back, so that what is there can be listed and deleted.
        _make_tables(engine, tables)
    reserve.keep()
    return engine


def _make_tables(engine: Engine, tables: MetaData) -> None:
    with writing(engine) as connection:
        tables.create_all(connection)


@dataclass(frozen=True)
class Reserve:
    """Room on the disk that is given back when there is no other."""

    home: Path

    def keep(self) -> None:
        """Set the room aside, where there is plenty."""
        path = self.home / ".reserve"
        with suppress(OSError):
            if not path.exists() and shutil.disk_usage(self.home).free > 4 * RESERVE_BYTES:
                path.write_bytes(bytes(RESERVE_BYTES))

    def give_back(self) -> None:
        """So that something can be deleted."""
        (self.home / ".reserve").unlink(missing_ok=True)

    def full(self) -> bool:
        """Whether the disk has no room left."""
        return shutil.disk_usage(self.home).free < RESERVE_BYTES // 4


@contextmanager
def writing(engine: Engine) -> Iterator[Connection]:
    """One transaction; in SQLite it waits for the write lock before its first line."""
    with engine.connect() as connection:
        connection = connection.execution_options(pmed_writing=True)
        with connection.begin():
            yield connection


def delete_with_folder(engine: Engine, table: Table, identity: str, folder: Path) -> None:
    """Take a row off the list, and then its folder.

    Where the disk has no room for the first, the second makes it: SQLite writes before it deletes.
    """
    try:
        _delete(engine, table, identity)
    except DiskFull:
        shutil.rmtree(folder, ignore_errors=True)
        _delete(engine, table, identity)
    shutil.rmtree(folder, ignore_errors=True)


def _delete(engine: Engine, table: Table, identity: str) -> None:
    with writing(engine) as connection:
        connection.execute(table.delete().where(table.c.id == identity))


def _begin(connection: Connection) -> None:
    # A transaction that reads first and writes later could not get the lock any more when another
    # wrote in between, however long it waits; so writers say at once that they will write.
    writes = connection.get_execution_options().get("pmed_writing", False)
    connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")


def _pragmas(connection: Any, _: object) -> None:
    connection.isolation_level = None  # transactions begin where ``_begin`` says
    # A name that lost a bit does not hide the other rows.
    connection.text_factory = partial(str, encoding="utf-8", errors="replace")
    cursor = connection.cursor()
    cursor.execute(f"PRAGMA busy_timeout={BUSY_MS}")
    _write_ahead(cursor)
    cursor.execute("PRAGMA foreign_keys=ON")
    cursor.close()


def _write_ahead(cursor: Any) -> None:
    # SQLite does not always wait its busy time for this one change: processes that make the same
    # new database together must try again themselves.
    give_up = time.monotonic() + BUSY_MS / 1000
    while True:
        try:
            if cursor.execute("PRAGMA journal_mode").fetchone()[0] != "wal":
                cursor.execute("PRAGMA journal_mode=WAL")
            return
        except sqlite3.OperationalError as error:
            busy = error.sqlite_errorcode & 0xFF == sqlite3.SQLITE_BUSY
            if not busy or time.monotonic() > give_up:
                raise
            time.sleep(0.02)


def _in_words(reserve: Reserve, context: ExceptionContext) -> None:
    """Raise what a user can put right as such."""
    message = str(context.original_exception)
    if "disk is full" in message or ("disk I/O error" in message and reserve.full()):
        reserve.give_back()
        raise DiskFull(
            "The disk is full", "",
            "Delete cohorts or models that are not needed, or free some space, and try again; what "
            "was there before is unchanged.",
        ) from context.original_exception  # fmt: skip
    if BUSY in message:
        raise Busy(
            "The store is busy with what others are doing", "", "Try again in a minute."
        ) from context.original_exception
    for fault, remedy in FAULTS.items():
        if fault in message:
            raise UserError(
                f"The store cannot be used: {fault}", "pmed.sqlite", remedy
            ) from context.original_exception
