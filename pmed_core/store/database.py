"""The tables, and how to reach them."""

from __future__ import annotations

from pathlib import Path

from sqlalchemy import (
    Column,
    Engine,
    Float,
    ForeignKey,
    Integer,
    MetaData,
    String,
    Table,
    Text,
    create_engine,
    event,
)

METADATA = MetaData()

COHORTS = Table(
    "cohorts", METADATA,
    Column("id", String(32), primary_key=True),
    Column("name", Text, nullable=False),
    Column("rows", Integer, nullable=False),
    Column("created", Float, nullable=False),
    Column("listed", Integer, nullable=False),
)  # fmt: skip

MODELS = Table(
    "models", METADATA,
    Column("id", String(32), primary_key=True),
    Column("name", Text, nullable=False),
    Column("cohort", String(32), nullable=False),
    Column("created", Float, nullable=False),
)  # fmt: skip

JOBS = Table(
    "jobs", METADATA,
    Column("id", String(32), primary_key=True),
    Column("work", Text, nullable=False),
    Column("state", String(16), nullable=False, index=True),
    Column("submitted", Float, nullable=False),
    Column("started", Float, nullable=False),
    Column("finished", Float, nullable=False),
    Column("beat", Float, nullable=False),
    Column("token", Integer, nullable=False),
    Column("stop", String(8), nullable=False),
    Column("stage", Text, nullable=False),
    Column("fraction", Float, nullable=False),
    Column("result", Text, nullable=False),
    Column("error", Text, nullable=False),
)  # fmt: skip

EVENTS = Table(
    "events", METADATA,
    Column("number", Integer, primary_key=True, autoincrement=True),
    Column("job", String(32), ForeignKey("jobs.id", ondelete="CASCADE"), index=True),
    Column("kind", String(8), nullable=False),
    Column("body", Text, nullable=False),
)  # fmt: skip


def connect(url: str, home: Path) -> Engine:
    """An engine whose tables exist; SQLite in WAL mode, so that readers never wait."""
    home.mkdir(parents=True, exist_ok=True)
    engine = create_engine(url)
    if engine.dialect.name == "sqlite":
        event.listen(engine, "connect", _pragmas)
    METADATA.create_all(engine)
    return engine


def _pragmas(connection: object, _: object) -> None:
    cursor = connection.cursor()  # type: ignore[attr-defined]
    for pragma in ("journal_mode=WAL", "busy_timeout=10000", "foreign_keys=ON"):
        cursor.execute(f"PRAGMA {pragma}")
    cursor.close()
