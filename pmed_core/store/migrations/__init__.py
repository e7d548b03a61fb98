"""The tables as they were, and the way from there to what they are now.

A database says in ``alembic_version`` how far it has come; one of before that was begun at
``FIRST``. New ones are made at once, and Alembic is loaded where there is something to do. A step
is a file of the folder that is called as its tables are: all steps that a database lacks are one
transaction.
"""

from __future__ import annotations

from pathlib import Path

from sqlalchemy import Column, Connection, MetaData, String, Table, insert, inspect, select

from pmed_core.errors import UserError

NAME = "name"
"""Where tables (``MetaData.info``) say what they are called."""
FIRST = "0001"
NOW = {"store": "0003", "accounts": "0002"}
VERSIONS = Table(
    "alembic_version", MetaData(), Column("version_num", String(32), primary_key=True)
)  # fmt: skip


def bring_up(connection: Connection, tables: MetaData) -> None:
    """Make the tables what this version of the program knows, in the transaction of a writer.

    Raises ``UserError`` where a newer version has written them; nothing is changed then.
    """
    name, now = tables.info[NAME], NOW[tables.info[NAME]]
    found = _found(connection)
    if found is None:
        found = FIRST if _used(connection, tables) else now
        VERSIONS.create(connection, checkfirst=True)
        connection.execute(insert(VERSIONS).values(version_num=found))
    if found > now:
        raise UserError(
            "This was written by a newer version of pmed", "",
            "Use that version, or bring back a backup of before.",
        )  # fmt: skip
    if found < now:
        _migrate(connection, name)
    tables.create_all(connection)


def _found(connection: Connection) -> str | None:
    """How far it has come; None where it does not say so."""
    if not inspect(connection).has_table(VERSIONS.name):
        return None
    return connection.execute(select(VERSIONS.c.version_num)).scalar_one_or_none()


def _used(connection: Connection, tables: MetaData) -> bool:
    seen = inspect(connection)
    return any(seen.has_table(table) for table in tables.tables)


def _migrate(connection: Connection, name: str) -> None:
    try:
        from alembic.config import Config
        from alembic.runtime.environment import EnvironmentContext
        from alembic.script import ScriptDirectory
    except ImportError as error:
        raise UserError(
            "What is kept here was written by an earlier version of pmed, and the library that "
            "brings it up is not installed (alembic)", "", "pip install alembic.",
        ) from error  # fmt: skip
    folder = str(Path(__file__).parent / name)
    steps = ScriptDirectory(folder, version_locations=[folder])
    with EnvironmentContext(
        Config(), steps, fn=lambda found, _: steps._upgrade_revs(NOW[name], found)
    ) as environment:
        environment.configure(connection=connection)
        environment.run_migrations()
