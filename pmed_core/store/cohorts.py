"""Cohorts on disk: home/sources/<sha256>, home/cohorts/<id>/."""

from __future__ import annotations

import json
import os
import shutil
import time
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext, suppress
from dataclasses import dataclass
from functools import lru_cache, partial
from pathlib import Path
from typing import Any

import pandas as pd
from sqlalchemy import ColumnElement, Engine, delete, insert, select, true, update

from pmed_core.arrays import from_json, to_json
from pmed_core.bounds import Count, Moment, Words
from pmed_core.cohort import Cohort, Correction
from pmed_core.errors import DamagedEntry, UserError
from pmed_core.files import written_whole
from pmed_core.history import Revision
from pmed_core.outcomes import Outcome
from pmed_core.quality import Quality
from pmed_core.reading import Reading
from pmed_core.scans import Scans
from pmed_core.sealing import files
from pmed_core.store import genotypes, histories, pixels, profiles
from pmed_core.store.artefacts import Artefacts
from pmed_core.store.damaged import Damaged, as_written, reading, sha256, sorted_out
from pmed_core.store.database import COHORTS, delete_with_folder, writing
from pmed_core.store.lock import changing
from pmed_core.store.passing import Passing, named
from pmed_core.store.sums import SUMS, sums_of
from pmed_core.variable import Variables

PAYLOADS = (pixels, profiles, genotypes)
"""What lies beside a cohort's table: each kind writes its own files, and maps them."""
WITHIN = "within"
"""As its source: the cohort itself is all that is kept. Files of scans hold identifiers."""


NO_COHORT = (
    "There is no such cohort here; it was deleted or belongs to another server", "",
    "Choose one from the list.",
)  # fmt: skip


@dataclass(frozen=True)
class CohortEntry:
    """A cohort without its table.

    Attributes:
        source: digest of the file it was read from.
        first: id of the first revision; empty where it is the first.
    """

    id: Words
    name: Words
    source: Words
    rows: Count
    variables: Variables
    outcome: Outcome | None
    notes: tuple[str, ...]
    created: Moment
    corrections: tuple[Correction, ...] = ()
    reading: Reading = ()
    first: str = ""

    @property
    def address(self) -> str:
        """The id of the first revision: it stays the same through all of them."""
        return self.first or self.id


@dataclass(frozen=True)
class Cohorts:
    """Add, get, list, remove."""

    engine: Engine
    home: Path
    artefacts: Artefacts

    def forget_source(self, digest: str) -> None:
        """Remove a kept file that no cohort was read from."""
        if digest and digest not in self._sources_in_use(digest):
            self.artefacts.forget("sources", digest)

    def forget_abandoned(self, seconds: float) -> None:
        """Remove files that nobody took within that time: they may hold patients."""
        for digest in self.unneeded_sources():
            folder = self.home / "sources" / digest
            # Of one that is not here only another machine knows how old it is.
            age = time.time() - folder.stat().st_mtime if folder.is_dir() else 0.0
            if not seconds or age > seconds:
                self.artefacts.forget("sources", digest)

    def _sources_in_use(self, *asked: str) -> set[str]:
        """Of these, the ones that a cohort was read from, as far as can be told.

        Nobody knows the file of a damaged cohort: as long as there is one, all are in use.
        """
        entries, damaged = sorted_out(self._kept(), self.entry, lambda identity: (identity, ""))
        return set(asked) if damaged else {entry.source for entry in entries}

    def source(self, digest: str) -> Path:
        """The file of a cohort, or one that only passes through, by its digest or its token.

        Raises ``UserError`` where it is gone.
        """
        kept = digest.isalnum() and digest in self.artefacts.ids("sources")
        folder = self.artefacts.at_hand("sources", digest, whole=True) if kept else None
        found = sorted(folder.glob("[!.]*")) if folder else []
        passing = Passing(self.home)
        if found:
            return found[0]
        return passing.file(digest) if passing.find(digest) else passing.with_digest(digest)

    def add(
        self, identity: str, cohort: Cohort, quality: Quality, source: str, *, first: str = ""
    ) -> None:
        """Keep a cohort under an id, and list it; doing so again changes nothing else.

        ``first``: id of the first revision where this is a later one.
        """
        entry = CohortEntry(
            identity, cohort.name, source, len(cohort), cohort.variables, cohort.outcome,
            cohort.notes, time.time(), cohort.corrections, cohort.reading, first,
        )  # fmt: skip
        row = {"name": entry.name, "rows": entry.rows, "created": entry.created, "listed": 1}
        self._write(cohort, quality, entry, self._listed(identity, source, row))

    def add_passing(self, identity: str, cohort: Cohort, quality: Quality) -> None:
        """Keep a cohort without listing it, in a room of ``Passing`` that is this one's home."""
        if not self.home.is_dir():
            raise UserError(*NO_COHORT)
        entry = CohortEntry(
            identity, cohort.name, "", len(cohort), cohort.variables, cohort.outcome, cohort.notes,
            time.time(), cohort.corrections, cohort.reading,
        )  # fmt: skip
        self._write(cohort, quality, entry, nullcontext())

    def _write(
        self, cohort: Cohort, quality: Quality, entry: CohortEntry,
        taking_place: AbstractContextManager[None],
    ) -> None:  # fmt: skip
        target = self.home / "cohorts" / entry.id
        with written_whole(target, taking_place) as beside:
            beside.mkdir()
            with files.writing(beside / "table.parquet") as file:
                cohort.table.to_parquet(file, index=False)
            sums: dict[str, str] = {}
            for kind in PAYLOADS:
                sums |= kind.write(cohort, beside, target / kind.FILE)
            files.write_text(beside / "quality.json", to_json(Quality, quality))
            files.write_text(beside / "cohort.json", to_json(CohortEntry, entry))
            texts = (path for path in beside.iterdir() if path.name not in sums)
            sums |= {path.name: sha256(path) for path in texts}
            files.write_text(beside / SUMS, json.dumps(sums))

    @contextmanager
    def _listed(self, identity: str, source: str, row: dict[str, Any]) -> Iterator[None]:
        """The folder takes its place, its file is kept and its row is written in one go, so that
        whoever removes the same cohort does it before or after."""
        with changing(self.home, self.engine):
            self._adopt(source)
            yield
            self.artefacts.keep("cohorts", identity)
            with writing(self.engine) as connection:
                connection.execute(delete(COHORTS).where(COHORTS.c.id == identity))
                connection.execute(insert(COHORTS).values(id=identity, **row))

    def _adopt(self, digest: str) -> None:
        """Keep a file that was on its way; the room it was in keeps its own."""
        target = self.home / "sources" / digest
        if not digest.isalnum() or digest == WITHIN or digest in self.artefacts.ids("sources"):
            return
        upload = Passing(self.home).with_digest(digest)
        with written_whole(target) as beside:
            beside.mkdir()
            try:
                os.link(upload, beside / upload.name)
            except OSError:
                shutil.copyfile(upload, beside / upload.name)
        self.artefacts.keep("sources", digest)

    def exists(self, identity: str) -> bool:
        """Whether it has not been removed."""
        return (self._folder(identity) / "cohort.json").exists()

    def entry(self, identity: str) -> CohortEntry:
        """All but the table; raises ``UserError`` where there is none, ``DamagedEntry`` where it
        cannot be read."""
        return self._read(self._folder(identity, "cohort.json"))

    def _read(self, path: Path) -> CohortEntry:
        if not path.parent.is_dir():
            raise UserError(*NO_COHORT)
        with reading("cohort", path.name):
            return _entry(path, path.stat().st_mtime_ns)

    def quality(self, identity: str) -> Quality:
        """The quality panel as it was found."""
        path, written = self._file(identity, "quality.json")
        with reading("cohort", path.name):
            return _quality(path, written)

    def get(self, identity: str) -> Cohort:
        """The cohort with its table."""
        entry = self.entry(identity)
        path = self._folder(identity, "table.parquet", whole=True)
        with reading("cohort", path.name), files.reading(path) as file:
            table = pd.read_parquet(file)
        path, written = self._file(identity, "cohort.json")
        with reading("cohort", profiles.INDEX):
            found = profiles.mapped(path.parent, written)
        with reading("cohort", genotypes.INDEX):
            calls = genotypes.mapped(path.parent, written)
        return Cohort(
            entry.name, table, entry.variables, entry.outcome, entry.notes, self.scans(identity),
            entry.corrections, entry.reading, found, calls,
        )  # fmt: skip

    def scans(self, identity: str) -> Scans | None:
        """The pixels, mapped from the file; None for a table."""
        self._folder(identity, whole=True)
        path, written = self._file(identity, "cohort.json")
        with reading("cohort", pixels.INDEX):
            return pixels.mapped(path.parent, written)

    def list(self) -> tuple[CohortEntry, ...]:
        """Newest first, without those that are damaged; revised ones are not listed."""
        return self._sorted_out(COHORTS.c.listed != 0)[0]

    def damaged(self) -> tuple[Damaged, ...]:
        """Those that cannot be read, listed or not."""
        return self._sorted_out(true())[1]

    def unlisted(self) -> tuple[CohortEntry, ...]:
        """Those that were revised and are still here."""
        return self._sorted_out(COHORTS.c.listed == 0)[0]

    def _sorted_out(
        self, which: ColumnElement[bool]
    ) -> tuple[tuple[CohortEntry, ...], tuple[Damaged, ...]]:
        query = select(COHORTS.c.id, COHORTS.c.name).where(which).order_by(COHORTS.c.created.desc())
        with self.engine.connect() as connection:
            rows = connection.execute(query).all()
        here: set[str] = {*self._kept()}
        kept = (row for row in rows if row.id in here)
        return sorted_out(
            kept, lambda row: self.entry(row.id), lambda row: (row.id, str(row.name or ""))
        )

    def newest(self, address: str) -> CohortEntry:
        """The newest revision of the cohort at an address, which is any of its revisions' ids.

        Raises ``UserError`` where there is none.
        """
        wanted = self.address_of(address)
        for entry in self.list():
            if entry.address == wanted:
                return entry
        return self.entry(address)

    def address_of(self, identity: str) -> str:
        """Of the cohort that a revision belongs to, which itself may not be kept any more, or may
        be damaged."""
        if self.exists(identity):
            with suppress(DamagedEntry):
                return self.entry(identity).address
        for one in self.artefacts.ids("histories"):
            self.artefacts.at_hand("histories", one)
        return histories.address_of(self.home, identity)

    def history(self, address: str) -> tuple[Revision, ...]:
        """The revisions that were recorded, oldest first."""
        self._folder(address)
        self.artefacts.at_hand("histories", address)
        return histories.recorded(self.home, address)

    def record(self, address: str, revision: Revision) -> None:
        """Append a revision to a cohort's history."""
        self._folder(address)
        with changing(self.home, self.engine):
            self.artefacts.at_hand("histories", address)
            histories.record(self.home, address, revision)
            self.artefacts.keep("histories", address)

    def unlist(self, identity: str) -> None:
        """Take a revised cohort off the list; models trained on it keep it."""
        with writing(self.engine) as connection:
            connection.execute(update(COHORTS).where(COHORTS.c.id == identity).values(listed=0))

    def remove(self, identity: str) -> None:
        """Forget a cohort and, where nothing else came from them, its file and its history.

        It need not be readable.
        """
        with changing(self.home, self.engine):
            self._remove(identity)

    def _remove(self, identity: str) -> None:
        address, source = self.address_of(identity), ""
        with suppress(DamagedEntry):
            source = self.entry(identity).source
        self.release()
        self._folder(identity)
        forget = partial(self.artefacts.forget, "cohorts", identity)
        delete_with_folder(self.engine, COHORTS, identity, forget)
        if address not in {self.address_of(other) for other in self._kept()}:
            self.artefacts.forget("histories", address)
        if source:
            self.forget_source(source)
        else:
            self.forget_abandoned(0)

    def release(self) -> None:
        """Let go of payloads that are mapped: what is mapped stays on the disk."""
        for kind in PAYLOADS:
            kind.mapped.cache_clear()

    def changed(self, identity: str) -> tuple[str, ...]:
        """The files of a cohort that are not as they were written."""
        folder = self._folder(identity, whole=True)
        with reading("cohort", SUMS):
            return tuple(name for name, s in sums_of(folder).items() if sha256(folder / name) != s)
        return ()

    def lost(self) -> tuple[str, ...]:
        """Ids of the list that have no folder."""
        with self.engine.connect() as connection:
            known = [row.id for row in connection.execute(select(COHORTS.c.id))]
        here = {*self._kept()}
        return tuple(one for one in known if one not in here)

    def sources(self) -> Iterator[tuple[str, bool]]:
        """Each kept file, and whether it is as it was uploaded."""
        for digest in sorted(self.artefacts.ids("sources")):
            folder = self.artefacts.at_hand("sources", digest, whole=True)
            for path in sorted(folder.glob("[!.]*")):
                yield digest, _as_uploaded(path)

    def unneeded_sources(self) -> tuple[str, ...]:
        """Kept files that belong to no cohort."""
        kept = self.artefacts.ids("sources")
        return tuple(sorted(set(kept) - self._sources_in_use(*kept)))

    def revisions(self, address: str) -> tuple[str, ...]:
        """The ids of all revisions of a cohort that are kept, listed, damaged or not."""
        return tuple(one for one in self._kept() if self.address_of(one) == address)

    def _kept(self) -> tuple[str, ...]:
        """The ids of all that are kept, listed or not."""
        return self.artefacts.ids("cohorts")

    def _folder(self, identity: str, name: str = "", *, whole: bool = False) -> Path:
        # Ids are our own digests; anything else never becomes a path.
        if not identity.isalnum():
            raise UserError(*NO_COHORT)
        return self.artefacts.at_hand("cohorts", identity, whole=whole) / name

    def _file(self, identity: str, name: str) -> tuple[Path, int]:
        """A file of the cohort and when it was written."""
        path = self._folder(identity) / name
        if not path.exists():
            raise UserError(*NO_COHORT)
        return path, path.stat().st_mtime_ns


def _as_uploaded(path: Path) -> bool:
    try:
        whole = files.digest(path, named(files.name_of(path)))
        return path.parent.name in (whole, files.digest(path))  # the latter of earlier versions
    except ValueError:
        return False


@lru_cache(maxsize=64)
def _entry(path: Path, written: int) -> CohortEntry:
    """Read once for as long as it is not written again; with 20,000 columns that is felt."""
    return from_json(CohortEntry, as_written(path, sums_of(path.parent)))  # type: ignore[no-any-return]


@lru_cache(maxsize=4)
def _quality(path: Path, written: int) -> Quality:
    return from_json(Quality, as_written(path, sums_of(path.parent)))  # type: ignore[no-any-return]
