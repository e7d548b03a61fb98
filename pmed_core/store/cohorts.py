"""Cohorts on disk: home/sources/<sha256>, home/cohorts/<id>/."""

from __future__ import annotations

import hashlib
import shutil
import time
from dataclasses import dataclass
from pathlib import Path

import pandas as pd
from sqlalchemy import Engine, delete, insert, select, update

from pmed_core.arrays import from_json, to_json
from pmed_core.cohort import Cohort
from pmed_core.errors import UserError
from pmed_core.files import written_whole
from pmed_core.outcome import Outcome
from pmed_core.quality import Quality
from pmed_core.store.database import COHORTS
from pmed_core.variable import Variable


@dataclass(frozen=True)
class CohortEntry:
    """A cohort without its table.

    Attributes:
        source: digest of the file it was read from.
    """

    id: str
    name: str
    source: str
    rows: int
    variables: tuple[Variable, ...]
    outcome: Outcome | None
    notes: tuple[str, ...]
    created: float


@dataclass(frozen=True)
class Cohorts:
    """Add, get, list, remove."""

    engine: Engine
    home: Path

    def add_source(self, name: str, data: bytes) -> str:
        """Keep an uploaded file; the same bytes are kept once. -> its digest"""
        digest = hashlib.sha256(data).hexdigest()
        target = self.home / "sources" / digest / _safe(name)
        if not target.exists():
            with written_whole(target) as beside:
                beside.write_bytes(data)
        return digest

    def source(self, digest: str) -> Path:
        """The kept file; raises ``UserError`` where it is gone."""
        folder = self.home / "sources" / digest
        found = sorted(folder.glob("[!.]*")) if folder.is_dir() else []
        if not found:
            raise UserError("The uploaded file is no longer there", "", "Upload it again.")
        return found[0]

    def add(self, identity: str, cohort: Cohort, quality: Quality, source: str) -> None:
        """Keep a cohort under an id; doing so again changes nothing."""
        entry = CohortEntry(
            identity, cohort.name, source, len(cohort), cohort.variables, cohort.outcome,
            cohort.notes, time.time(),
        )  # fmt: skip
        with written_whole(self.home / "cohorts" / identity) as beside:
            beside.mkdir()
            cohort.table.to_parquet(beside / "table.parquet", index=False)
            (beside / "quality.json").write_text(to_json(Quality, quality), encoding="utf-8")
            (beside / "cohort.json").write_text(to_json(CohortEntry, entry), encoding="utf-8")
        row = {"name": entry.name, "rows": entry.rows, "created": entry.created, "listed": 1}
        with self.engine.begin() as connection:
            connection.execute(delete(COHORTS).where(COHORTS.c.id == identity))
            connection.execute(insert(COHORTS).values(id=identity, **row))

    def entry(self, identity: str) -> CohortEntry:
        """All but the table; raises ``UserError`` where there is none."""
        return from_json(CohortEntry, self._read(identity, "cohort.json"))  # type: ignore[no-any-return]

    def quality(self, identity: str) -> Quality:
        """The quality panel as it was found."""
        return from_json(Quality, self._read(identity, "quality.json"))  # type: ignore[no-any-return]

    def get(self, identity: str) -> Cohort:
        """The cohort with its table."""
        entry = self.entry(identity)
        table = pd.read_parquet(self.home / "cohorts" / identity / "table.parquet")
        return Cohort(entry.name, table, entry.variables, entry.outcome, entry.notes)

    def list(self) -> tuple[CohortEntry, ...]:
        """Newest first; revised ones are not listed."""
        query = select(COHORTS.c.id).where(COHORTS.c.listed == 1).order_by(COHORTS.c.created.desc())
        with self.engine.connect() as connection:
            found = [row.id for row in connection.execute(query)]
        return tuple(self.entry(identity) for identity in found if self._folder(identity).is_dir())

    def unlist(self, identity: str) -> None:
        """Take a revised cohort off the list; models trained on it keep it."""
        with self.engine.begin() as connection:
            connection.execute(update(COHORTS).where(COHORTS.c.id == identity).values(listed=0))

    def remove(self, identity: str) -> None:
        """Forget a cohort and, where no other cohort came from it, its file."""
        source = self.entry(identity).source
        with self.engine.begin() as connection:
            connection.execute(delete(COHORTS).where(COHORTS.c.id == identity))
        shutil.rmtree(self._folder(identity), ignore_errors=True)
        used = {
            from_json(CohortEntry, path.read_bytes()).source
            for path in (self.home / "cohorts").glob("*/cohort.json")
        }
        if source and source not in used:
            shutil.rmtree(self.home / "sources" / source, ignore_errors=True)

    def _folder(self, identity: str) -> Path:
        # Ids are our own digests; anything else never becomes a path.
        if not identity.isalnum():
            raise UserError("There is no such cohort", "", "Choose one from the list.")
        return self.home / "cohorts" / identity

    def _read(self, identity: str, name: str) -> str:
        path = self._folder(identity) / name
        if not path.exists():
            raise UserError("There is no such cohort", "", "Choose one from the list.")
        return path.read_text(encoding="utf-8")


def _safe(name: str) -> str:
    """A file name that is only a name: it keeps its ending, by which readers choose."""
    plain = Path(name.replace("\\", "/")).name.lstrip(".").strip()
    return plain[-120:] or "table.csv"
