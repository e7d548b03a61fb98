"""A home written anew under a fresh key: one that was not encrypted, or all keys of which may have
been seen."""

from __future__ import annotations

import os
import shutil
import sqlite3
import uuid
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import IO, cast

from sqlalchemy import create_engine, select, update

from pmed_core.errors import UserError
from pmed_core.files import in_words
from pmed_core.sealing import files, keys
from pmed_core.sealing.rows import SealedText, seal
from pmed_core.sealing.streams import Key, Reader, Sealed, new_key
from pmed_core.settings import settings
from pmed_core.store import copying
from pmed_core.store.backup import KEY, ROOMS, drop_empty, exchanged, replaced
from pmed_core.store.database import METADATA
from pmed_core.store.dialects import shared
from pmed_core.store.health import DATABASE
from pmed_core.store.lock import changing
from pmed_core.store.passing import Passing

PART = 2**20


def reseal(home: Path) -> int:
    """Encrypt all that a home holds with a new key of its own -> how many files.

    The app must not run meanwhile. What was there takes its leave only once all is written; a disk
    may keep what was deleted. Raises ``UserError``.
    """
    file = settings().key_file
    if file is None:
        raise UserError(
            "No key is set", "", "Make one with 'pmed keys make', and set PMED_KEY_FILE."
        )
    keys.must_be_apart(file)
    master = keys.master_keys(file)[0]
    fresh, before = home / f".sealed.{uuid.uuid4().hex}", replaced(home)
    try:
        with in_words(home), changing(home):
            fresh.mkdir(mode=0o700)
            keys.keep(fresh, new_key(), master)
            Passing(home).sweep()
            count = rewritten(home, fresh)
            before.mkdir()
            with exchanged(home, fresh, before):
                copying.put(settings().model_copy(update={"home": home}), home / DATABASE)
    finally:
        keys.forget()
        drop_empty(before)
        shutil.rmtree(fresh, ignore_errors=True)
    shutil.rmtree(before, ignore_errors=True)
    return count


def left_behind(home: Path) -> tuple[Path, ...]:
    """What lies beside a sealed home, and may be in the clear: of one that was being encrypted or
    brought back when that was killed, and databases that were set aside."""
    names = (".replaced*", ".sealed*", ".restore*", f"{DATABASE}.damaged-*")
    return tuple(sorted(path for name in names for path in home.glob(name)))


def rewritten(home: Path, fresh: Path) -> int:
    """Copy what a home holds to another, each under its own key -> how many files."""
    old, new = keys.of_folder(home), keys.of_folder(fresh)
    chosen = settings().model_copy(update={"home": home})
    if shared(chosen.database) or (home / DATABASE).exists():
        copying.take(chosen, fresh / DATABASE)
        _rewrite_rows(fresh / DATABASE, old, new)
    count = 0
    for path in _kept(home):
        _rewrite(path, old, fresh / path.relative_to(home))
        count += 1
    return count


def _kept(home: Path) -> Iterator[Path]:
    if (home / KEY).exists():
        yield home / KEY
    for folder, folders, names in (one for room in ROOMS for one in os.walk(home / room)):
        folders[:] = [name for name in folders if not name.startswith(".")]
        yield from (Path(folder, name) for name in sorted(names) if not name.startswith("."))


def _rewrite(path: Path, old: Key | None, target: Path) -> None:
    target.parent.mkdir(parents=True, exist_ok=True)
    if path.parents[1].name == "sources":  # its name is the upload's
        name = path.name if old is None else files.opened_text(old, "name", path.name)
        if files.short(target.parent, name) != name:
            raise UserError(
                "The name of this file is too long to be encrypted", name,
                "Delete its cohort, and bring it in under a shorter name.",
            )  # fmt: skip
        target = files.named(target.parent, name)
    with _reading(path, old) as file, files.writing(target) as written:
        shutil.copyfileobj(file, written, PART)


def _reading(path: Path, key: Key | None) -> IO[bytes]:
    """As it lies there: a home that is not sealed yet cannot be read otherwise any more."""
    return path.open("rb") if key is None else cast("IO[bytes]", Reader(Sealed(path, key)))


def _rewrite_rows(database: Path, old: Key | None, new: Key | None) -> None:
    reading, writing = (create_engine(f"sqlite:///{database}") for _ in range(2))
    seal(reading, old)
    seal(writing, new)
    for table in METADATA.sorted_tables:
        columns = [column for column in table.columns if isinstance(column.type, SealedText)]
        (identity,) = table.primary_key.columns
        with reading.connect() as connection:
            rows = connection.execute(select(identity, *columns)).all()
        with writing.begin() as connection:
            for row in rows:
                told = {column.name: row[at] for at, column in enumerate(columns, 1)}
                # One that cannot be read stays so.
                known = {name: value for name, value in told.items() if value is not None}
                connection.execute(update(table).where(identity == row[0]).values(known))
    reading.dispose()
    writing.dispose()
    with closing(sqlite3.connect(database)) as whole:
        whole.execute("VACUUM")  # what stood there before is not left between the rows
