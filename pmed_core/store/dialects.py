"""What SQLite and PostgreSQL do each in their own way; nothing else asks which of them it is.

In both, those who write come one after another, and those who read see one moment. SQLite locks
its file; in PostgreSQL each home has a schema of its own, with a lock of that name, so that any
number of processes and machines may share it.
"""

from __future__ import annotations

import os
import re
import sqlite3
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any, Protocol

from sqlalchemy import DDL, ColumnElement, Connection, Engine, Float, create_engine, event, func
from sqlalchemy import make_url as _make_url
from sqlalchemy.engine import URL
from sqlalchemy.exc import ArgumentError

from pmed_core.errors import Busy, DiskFull, Unreachable, UserError
from pmed_core.settings import PROJECTS, settings

BUSY_MS = 15_000
BUSY = ("The store is busy with what others are doing", "", "Try again in a minute.")
FULL = (
    "The disk is full", "",
    "Delete cohorts or models that are not needed, or free some space, and try again; what was "
    "there before is unchanged.",
)  # fmt: skip
MEND = "See what 'python -m pmed_core store check --mend' can bring back."
HERE = ("localhost", "127.0.0.1", "::1")
SAFE_ON_THE_WAY = ("require", "verify-ca", "verify-full")
WRITING = "pmed_writing"
"""The option of a connection that says it will write."""


class Dialect(Protocol):
    """How a database is reached, and what it says."""

    def engine(self) -> Engine:
        """To it; nothing is asked of it yet."""

    def make_room(self, connection: Connection) -> None:
        """Whatever tables need before they can be made."""

    def drop_room(self, connection: Connection) -> None:
        """Forget the tables of a home with all that is in them."""

    def in_words(self, error: BaseException) -> UserError | None:
        """What a user can put right; None of anything else."""


def dialect(url: str, home: Path, tables: str) -> Dialect:
    """That of the database at an address, for the tables of a home; raises ``UserError``."""
    parsed = make_url(url)
    match parsed.get_backend_name():
        case "sqlite":
            return SQLite(parsed)
        case "postgresql" | "postgres":
            return PostgreSQL(parsed.set(drivername="postgresql+psycopg"), schema(home, tables))
    raise UserError(
        f"A database of the kind '{parsed.get_backend_name()}' cannot be used", "PMED_DATABASE",
        "Expected: postgresql://USER@HOST/NAME, or nothing for SQLite in PMED_HOME.",
    )  # fmt: skip


def make_url(url: str) -> URL:
    """Raises ``UserError``, which does not repeat the address: a password may stand in it."""
    try:
        return _make_url(url)
    except (ArgumentError, ValueError):
        raise UserError(
            "This is no address of a database", "PMED_DATABASE",
            "Expected: postgresql://USER@HOST/NAME, or nothing for SQLite in PMED_HOME.",
        ) from None  # fmt: skip


def shared(url: str) -> bool:
    """Whether all homes of an installation, on all its machines, may lie in that database."""
    return bool(url) and make_url(url).get_backend_name() in ("postgresql", "postgres")


def readable_on_the_way(url: str) -> bool:
    """Whether what is said to that server crosses a network in the clear, or may."""
    parsed = make_url(url)
    hosts = {parsed.host or "", *_several(parsed.query.get("host", ()))} - {""}
    hosts = hosts or {os.environ.get("PGHOST", "")}
    for name in ("hostaddr", "service"):  # where a service is, only its file says
        hosts |= {*_several(parsed.query.get(name, os.environ.get(f"PG{name.upper()}", "")))}
    near = all(one in HERE or one.startswith("/") for one in hosts - {""})
    mode = parsed.query.get("sslmode", os.environ.get("PGSSLMODE"))
    return not near and mode not in SAFE_ON_THE_WAY


def _several(told: str | tuple[str, ...]) -> tuple[str, ...]:
    return (told,) if isinstance(told, str) else told


def now(engine: Engine) -> ColumnElement[float] | float:
    """Seconds since 1970, by the one clock that all who share a database have: those who share a
    file share their machine's."""
    if engine.dialect.name == "sqlite":
        return time.time()
    return func.extract("epoch", func.clock_timestamp()).cast(Float)


@contextmanager
def everywhere(engine: Engine, seconds: float) -> Iterator[None]:
    """One at a time, of all machines that share a database; a file has one machine.

    ``seconds``: how long it is waited for; then ``Busy`` is raised.
    """
    if engine.dialect.name == "sqlite":
        yield
        return
    with engine.connect() as connection:
        connection.exec_driver_sql(
            # Whoever holds it may say nothing for long: files are on their way.
            f"SET LOCAL lock_timeout TO {round(seconds * 1000)}; "
            "SET LOCAL idle_in_transaction_session_timeout TO 0; "
            "SELECT pg_advisory_xact_lock(hashtextextended(current_schema() || ' entries', 0))"
        )
        yield


def schema(home: Path, tables: str) -> str:
    """In which a home's tables lie; ``tables``: "store", or "accounts" of the whole installation.

    An id of a project is our own; anything else never becomes a name.
    """
    if tables != "store":
        return f"pmed_{tables}"
    if home.absolute().parent.name != PROJECTS:
        return "pmed"
    if not re.fullmatch("[0-9a-z]{1,40}", home.name):
        raise UserError("There is no such project", "", "Choose one from the list.")
    return f"pmed_{home.name}"


@dataclass(frozen=True)
class SQLite:
    """A file, in WAL mode, so that readers never wait."""

    url: URL

    FAULTS = {
        "readonly database": "Make the folder writable, or set PMED_HOME to another.",
        "unable to open database": "Make the folder writable, or set PMED_HOME to another.",
        "not a database": f"Set PMED_HOME to another folder, or s{MEND[1:]}",
        "malformed": MEND,
        "no such column": MEND,
        "no such table": MEND,
        "disk I/O error": "Check the disk and try again.",
    }
    """What the database says -> what a person can do."""

    def engine(self) -> Engine:
        engine = create_engine(self.url)
        event.listen(engine, "connect", _pragmas)
        event.listen(engine, "begin", self._begin)
        return engine

    def make_room(self, connection: Connection) -> None:
        """A file needs nothing."""

    def drop_room(self, connection: Connection) -> None:
        """It goes with its folder."""

    def in_words(self, error: BaseException) -> UserError | None:
        said = str(error)
        if "disk is full" in said:
            return DiskFull(*FULL)
        if "database is locked" in said:
            return Busy(*BUSY)
        for fault, remedy in self.FAULTS.items():
            if fault in said:
                return UserError(f"The store cannot be used: {fault}", "pmed.sqlite", remedy)
        return None

    def _begin(self, connection: Connection) -> None:
        # A transaction that reads first and writes later could not get the lock any more when
        # another wrote in between, however long it waits; so writers say at once that they will.
        writes = connection.get_execution_options().get(WRITING, False)
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


@dataclass(frozen=True)
class PostgreSQL:
    """A server, which any number of machines may ask; each home has a schema."""

    url: URL
    schema: str

    CONNECTING = {
        "application_name": "pmed", "connect_timeout": 5, "tcp_user_timeout": 15_000,
        "prepare_threshold": None,
    }  # fmt: skip
    """Unless the address says otherwise. A server that vanishes without a word is noticed; nothing
    is left in a connection that a pooler may hand to others."""
    KEPT_OPEN, AT_MOST = 1, 20
    """Connections of a process to one home: a server has about a hundred for all."""
    ABSENT = ("starting up", "shutting down", "recovery mode", "not accepting connections")
    """It is there, and not ready."""

    def engine(self) -> Engine:
        try:
            engine = create_engine(
                self.url, pool_size=self.KEPT_OPEN, max_overflow=self.AT_MOST - self.KEPT_OPEN,
                pool_pre_ping=True, pool_use_lifo=True, hide_parameters=True,
                connect_args={k: v for k, v in self.CONNECTING.items() if k not in self.url.query},
            )  # fmt: skip
        except ImportError as error:
            raise UserError(
                "PostgreSQL needs a library that is not installed (psycopg)", "PMED_DATABASE",
                "pip install 'pmed[hosted]'.",
            ) from error  # fmt: skip
        event.listen(engine, "do_connect", self._connected)
        event.listen(engine, "begin", self._begin)
        return engine

    def make_room(self, connection: Connection) -> None:
        connection.execute(DDL(f'CREATE SCHEMA IF NOT EXISTS "{self.schema}"'))  # type: ignore[no-untyped-call]

    def drop_room(self, connection: Connection) -> None:
        connection.execute(DDL(f'DROP SCHEMA IF EXISTS "{self.schema}" CASCADE'))  # type: ignore[no-untyped-call]

    def in_words(self, error: BaseException) -> UserError | None:
        state, said = getattr(error, "sqlstate", None) or "", str(error)
        if self._absent(error):
            return Unreachable(
                "The database does not answer", "PMED_DATABASE",
                "Nothing is lost, and work goes on once it does; check that it runs, and that this "
                "machine may reach it.",
            )  # fmt: skip
        if "NUL (0x00)" in said:
            return UserError(
                "This holds a character that the database cannot keep (NUL)", "", "Leave it out."
            )
        if "FATAL:" in said:
            why = said.rpartition("FATAL:")[2].split("\n")[0].strip()
            return UserError(
                f"The database lets nobody in: {why}", "PMED_DATABASE",
                "Check its address, the user and the password.",
            )  # fmt: skip
        match state:
            case "53100":
                return DiskFull(*FULL)
            case "55P03" | "40001" | "40P01" | "53300":
                return Busy(*BUSY)
            case "42501":
                return UserError(
                    "The database lets this user do too little", "PMED_DATABASE",
                    "Grant CREATE on the database; what is there must belong to this user.",
                )  # fmt: skip
            case "42P01" | "42703" | "3F000":
                return UserError(
                    "The store cannot be used: tables are missing", "PMED_DATABASE",
                    "Bring the database back from a backup.",
                )  # fmt: skip
        return None

    def _absent(self, error: BaseException) -> bool:
        """Whether it did not answer at all, or is about to."""
        state = getattr(error, "sqlstate", None) or ""
        if state[:2] == "08" or state in ("57P01", "57P02", "57P03"):
            return True
        said = str(error)
        unanswered = not state and type(error).__name__ == "OperationalError"
        return unanswered and ("FATAL:" not in said or any(one in said for one in self.ABSENT))

    def _connected(self, dialect: Any, _: object, arguments: Any, named: Any) -> Any:
        """A connection; where nobody answers, that is waited for: nothing was begun yet."""
        until = time.monotonic() + settings().database_wait_seconds
        while True:
            try:
                return dialect.connect(*arguments, **named)
            except dialect.loaded_dbapi.OperationalError as error:
                if time.monotonic() > until or not self._absent(error):
                    raise
                time.sleep(0.5)

    def _begin(self, connection: Connection) -> None:
        path = f'SET LOCAL search_path TO "{self.schema}"'
        if not connection.get_execution_options().get(WRITING, False):
            connection.exec_driver_sql(
                f"SET TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY; {path}"
            )
            return
        # Each statement after the lock sees what those before have written, whatever the server
        # does by default.
        begin = "SET TRANSACTION ISOLATION LEVEL READ COMMITTED"
        lock = f"SELECT pg_advisory_xact_lock(hashtextextended('{self.schema}', 0))"
        connection.exec_driver_sql(f"{begin}; SET LOCAL lock_timeout TO {BUSY_MS}; {path}; {lock}")
