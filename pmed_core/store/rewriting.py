"""What a home holds, written anew to another under a key of its own."""

from __future__ import annotations

import os
import shutil
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import IO, cast

from sqlalchemy import create_engine, select, update

from pmed_core.errors import UserError
from pmed_core.sealing import files, keys
from pmed_core.sealing.rows import SealedText, seal
from pmed_core.sealing.streams import MAGIC, Key, Reader, Sealed, new_key
from pmed_core.settings import settings
from pmed_core.store.artefacts import Artefacts, entries
from pmed_core.store.database import METADATA
from pmed_core.store.health import DATABASE
from pmed_core.store.keys import PSEUDONYMS
from pmed_core.store.rooms import LASTING

PART = 2**20


def rewritten(home: Path, fresh: Path, take: Callable[[Path], None], held: Artefacts) -> int:
    """Encrypt what a home holds with a new key, in a folder that is made for it -> how many files.

    ``take``: writes the tables of the home to a file. Raises ``UserError``.
    """
    file = settings().key_file
    if file is None:
        raise UserError(
            "No key is set", "", "Make one with 'pmed keys make', and set PMED_KEY_FILE."
        )
    keys.must_be_apart(file)
    master = keys.master_keys(file)[0]
    fresh.mkdir(mode=0o700)
    keys.wrap(fresh, new_key(), master)
    old, new = keys.of_folder(home), keys.of_folder(fresh)
    take(fresh / DATABASE)
    if (fresh / DATABASE).exists():
        _rewrite_rows(fresh / DATABASE, old, new)
    count = 0
    for path in _kept(home, held):
        _rewrite(path, old, fresh / path.relative_to(home))
        count += 1
    return count


def _kept(home: Path, held: Artefacts) -> Iterator[Path]:
    if (home / PSEUDONYMS).exists():
        yield home / PSEUDONYMS
    for room, identity in entries(held, LASTING):
        # One after another: there may be no room here for all of them together.
        for folder, folders, names in os.walk(held.at_hand(room, identity, whole=True)):
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
    if key is not None:
        return cast("IO[bytes]", Reader(Sealed(path, key)))
    file = path.open("rb")
    if file.read(len(MAGIC)) == MAGIC:
        file.close()
        raise UserError(
            f"What is kept here is encrypted already, and its key is missing ({keys.NAME})",
            str(path), "Bring it back from a backup; nothing was changed.",
        )  # fmt: skip
    file.seek(0)
    return file


def _rewrite_rows(database: Path, old: Key | None, new: Key | None) -> None:
    reading, writing = (create_engine(f"sqlite:///{database}") for _ in range(2))
    seal(reading, old)
    seal(writing, new)
    for table in METADATA.sorted_tables:
        columns = [column for column in table.columns if isinstance(column.type, SealedText)]
        if not columns:
            continue
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
