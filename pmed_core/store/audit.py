"""The audit of a hosted installation: a table to which entries are added and nothing else."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import Any

from filelock import FileLock
from sqlalchemy import (
    DDL,
    Column,
    Engine,
    Float,
    Integer,
    Row,
    String,
    Table,
    Text,
    event,
    func,
    insert,
    select,
)

from pmed_core.audit import BEGIN, Deed, Entry, Head, Wanted, faults, sealed
from pmed_core.files import written_whole
from pmed_core.store.accounts import METADATA, opened
from pmed_core.store.database import writing
from pmed_core.store.keys import secret_key

KEY = "audit.key"
AUDIT = Table(
    "audit", METADATA,
    Column("number", Integer, primary_key=True, autoincrement=False),
    Column("time", Float, nullable=False),
    *(Column(one.name, Text, nullable=False) for one in fields(Deed) if one.name != "time"),
    Column("previous", String(64), nullable=False),
    Column("seal", String(64), nullable=False),
)  # fmt: skip
for _verb in ("UPDATE", "DELETE"):
    event.listen(
        AUDIT, "after_create",
        DDL(  # type: ignore[no-untyped-call]
            f"CREATE TRIGGER audit_no_{_verb.lower()} BEFORE {_verb} ON audit "
            "BEGIN SELECT RAISE(ABORT, 'the audit is only added to'); END"
        ).execute_if(dialect="sqlite"),
    )  # fmt: skip
event.listen(
    AUDIT, "after_create",
    DDL(  # type: ignore[no-untyped-call]
        "CREATE FUNCTION audit_only_added_to() RETURNS trigger LANGUAGE plpgsql AS "
        "'BEGIN RAISE EXCEPTION ''the audit is only added to''; END'; "
        "CREATE TRIGGER audit_only_added_to BEFORE UPDATE OR DELETE OR TRUNCATE ON audit "
        "EXECUTE FUNCTION audit_only_added_to()"
    ).execute_if(dialect="postgresql"),
)  # fmt: skip


@dataclass(frozen=True)
class Audit:
    """Adds, reads and verifies.

    The key and the head, the last entry as it was noted, lie beside the database: whoever changes
    that alone is found out.
    """

    engine: Engine
    home: Path

    @classmethod
    def open(cls, home: Path) -> Audit:
        """That of an installation, made where there is none."""
        return cls(opened(home), home)

    def add(self, deed: Deed) -> Entry:
        """Add a deed at the end; raises ``UserError`` where it cannot be kept."""
        with FileLock(self.home / "audit.lock"):
            with writing(self.engine) as connection:
                newest = select(AUDIT).order_by(AUDIT.c.number.desc()).limit(1)
                last = connection.execute(newest).first()
                number, previous = (last.number + 1, last.seal) if last else (1, BEGIN)
                entry = sealed(secret_key(self.key), number, deed, previous)
                told = asdict(deed) | {"previous": previous, "seal": entry.seal}
                connection.execute(insert(AUDIT).values(number=number, **told))
            self._note(Head(number, entry.seal))
        return entry

    def entries(self) -> Iterator[Entry]:
        """All, in the order of their numbers."""
        with self.engine.connect() as connection:
            for row in connection.execute(select(AUDIT).order_by(AUDIT.c.number)):
                yield _entry(row)

    def find(self, wanted: Wanted, at_most: int) -> tuple[Entry, ...]:
        """The newest of those that are wanted, newest first."""
        asked = select(AUDIT).where(AUDIT.c.time >= wanted.since, AUDIT.c.time < wanted.until)
        for name in ("user", "project", "action", "patient"):
            if value := getattr(wanted, name):
                asked = asked.where(AUDIT.c[name] == value)
        newest = asked.order_by(AUDIT.c.number.desc()).limit(at_most)
        with self.engine.connect() as connection:
            return tuple(_entry(row) for row in connection.execute(newest))

    def actions(self) -> tuple[str, ...]:
        """All that were done."""
        with self.engine.connect() as connection:
            found = connection.execute(select(AUDIT.c.action).distinct().order_by(AUDIT.c.action))
            return tuple(found.scalars())

    def count(self) -> int:
        """How many there are."""
        with self.engine.connect() as connection:
            return int(connection.execute(select(func.count()).select_from(AUDIT)).scalar_one())

    def head(self) -> Head | None:
        """The last entry as it was noted beside the database; None where nothing was."""
        try:
            number, _, seal = (self.home / "audit.head").read_text("ascii").strip().partition(":")
            return Head(int(number), seal)
        except (FileNotFoundError, ValueError):
            return None

    def faults(self, kept: Head | None = None) -> tuple[str, ...]:
        """What was changed, removed or moved; ``kept``: a head that was noted elsewhere."""
        if not self.key.exists() and next(self.entries(), None) is None:
            return ()  # nothing was ever done
        noted = self.head()
        heads = [one for one in (noted, kept) if one]
        found = list(faults(secret_key(self.key), self.entries(), heads))
        if noted is None:
            found.append("The note of the last entry (audit.head) is missing or damaged.")
        return tuple(found)

    @property
    def key(self) -> Path:
        """Where the key is; made with the first entry."""
        return self.home / KEY

    def _note(self, head: Head) -> None:
        with written_whole(self.home / "audit.head") as beside:
            beside.write_text(f"{head}\n", "ascii")


def _entry(row: Row[Any]) -> Entry:
    told = row._asdict()
    number, previous, seal = (told.pop(name) for name in ("number", "previous", "seal"))
    return Entry(number, Deed(**told), previous, seal)
