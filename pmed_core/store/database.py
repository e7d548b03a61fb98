"""The tables, and how to reach them."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from functools import partial
from pathlib import Path

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
    event,
)

from pmed_core.errors import DiskFull, UserError
from pmed_core.sealing.rows import SealedText, seal
from pmed_core.sealing.streams import Key
from pmed_core.store.dialects import FULL, WRITING, Dialect, dialect, shared
from pmed_core.store.migrations import NAME, bring_up
from pmed_core.store.rooms import private

RESERVE_BYTES = 4 * 2**20
"""Kept free for the day when the disk is full: without it nothing could be deleted any more, for
SQLite writes before it deletes."""

METADATA = MetaData(info={NAME: "store"})

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
    Column("machine", String(64), nullable=False, server_default=""),
    Column("user", String(32), nullable=False, server_default=""),
    Column("device", String(4), nullable=False, server_default="auto"),
    Column("gpu", String(64), nullable=False, server_default=""),
    Column("expected", Float, nullable=False, server_default="0"),
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

USAGE = Table(
    "usage", METADATA,
    Column("number", Integer, primary_key=True, autoincrement=True),
    Column("job", String(32), nullable=False, index=True),
    Column("token", Integer, nullable=False),
    Column("user", String(32), nullable=False, index=True),
    Column("began", Float, nullable=False),
    Column("ended", Float, nullable=False),
)  # fmt: skip
"""Each time that a worker held a job; it stays when the job is removed."""

MACHINES = Table(
    "machines", METADATA,
    Column("name", String(64), primary_key=True),
    Column("beat", Float, nullable=False),
    Column("gpus", Integer, nullable=False),
)  # fmt: skip
"""Those whose supervisor looks after the jobs."""


def connect(url: str, home: Path, tables: MetaData = METADATA, key: Key | None = None) -> Engine:
    """An engine whose tables exist, as this version of the program knows them.

    ``key``: that of a sealed home. Raises ``UserError`` where the place cannot hold it, does not
    answer, or was written by a newer version.
    """
    try:
        private(home)
    except OSError as error:
        raise UserError(
            "The folder of this installation cannot be made", str(home),
            "Set PMED_HOME to a folder that you may write to.",
        ) from error  # fmt: skip
    reserve, spoken = Reserve(home), dialect(url, home, tables.info[NAME])
    engine = _engine(spoken, reserve)
    seal(engine, key)
    try:
        _make_tables(engine, spoken, tables)
    except DiskFull:
        # Its reserve was given back, so that what is there can be listed and deleted.
        _make_tables(engine, spoken, tables)
    reserve.keep()
    return engine


def _engine(spoken: Dialect, reserve: Reserve) -> Engine:
    engine = spoken.engine()
    event.listen(engine, "handle_error", partial(_in_words, spoken, reserve))
    return engine


def forget_tables(url: str, home: Path) -> None:
    """Those of a home that is deleted, where they lie elsewhere; raises ``UserError``."""
    if not shared(url):
        return
    spoken = dialect(url, home, METADATA.info[NAME])
    engine = _engine(spoken, Reserve(home))
    try:
        with writing(engine) as connection:
            spoken.drop_room(connection)
    finally:
        engine.dispose()


def _make_tables(engine: Engine, spoken: Dialect, tables: MetaData) -> None:
    with writing(engine) as connection:
        spoken.make_room(connection)
        bring_up(connection, tables)


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
    """One transaction, which waits before its first line for others that write."""
    with engine.connect() as connection:
        connection = connection.execution_options(**{WRITING: True})
        with connection.begin():
            yield connection


def delete_with_folder(
    engine: Engine, table: Table, identity: str, forget: Callable[[], None]
) -> None:
    """Forget a folder, and then take its row off the list: what has no folder is not shown.

    On a full disk the first makes the room that the second needs: SQLite writes before it deletes.
    """
    forget()
    _delete(engine, table, identity)


def _delete(engine: Engine, table: Table, identity: str) -> None:
    with writing(engine) as connection:
        connection.execute(table.delete().where(table.c.id == identity))


def _in_words(spoken: Dialect, reserve: Reserve, context: ExceptionContext) -> None:
    """Raise what a user can put right as such."""
    if context.is_pre_ping:
        return  # a connection that has ended is made again
    error = context.original_exception
    said = spoken.in_words(error)
    if isinstance(said, DiskFull) or ("disk I/O error" in str(error) and reserve.full()):
        reserve.give_back()
        raise DiskFull(*FULL) from error
    if said is not None:
        raise said from error
