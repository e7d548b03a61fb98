"""Entries that cannot be read: each by itself, with its reason, so that it hides no other."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

from pydantic import ValidationError

from pmed_core.errors import DamagedEntry
from pmed_core.sealing import files

UNREADABLE = (ValueError, TypeError, LookupError, AttributeError, OSError, RuntimeError)
"""What reading a file of ours raises that was changed by somebody or by a disk."""

Entry = TypeVar("Entry")
Row = TypeVar("Row")


@dataclass(frozen=True)
class Damaged:
    """A cohort, model or job of the list that cannot be read.

    Attributes:
        name: as far as it is known, else the id.
        why: in a sentence.
    """

    id: str
    name: str
    why: str


@contextmanager
def reading(what: str, part: str) -> Iterator[None]:
    """Raise ``DamagedEntry`` where the entry's part ("card.json") cannot be read.

    ``what``: the kind of entry, in a word.
    """
    try:
        yield
    except UNREADABLE as error:
        raise DamagedEntry(
            f"This {what} is damaged: {part} {_reason(error)}", "",
            "Delete it, or bring it back from a backup.",
        ) from error  # fmt: skip


def sha256(path: Path) -> str:
    """Of a file, read in parts."""
    return files.digest(path)


def as_written(path: Path, sums: Mapping[str, object]) -> bytes:
    """What a file holds; raises ``ValueError`` where its sum is another than was written down.

    ``sums``: file name -> sha256; entries of earlier versions have none.
    """
    data = files.read(path)
    if sums.get(path.name, found := hashlib.sha256(data).hexdigest()) != found:
        raise ValueError(f"{path.name} is not as it was written")
    return data


def _reason(error: Exception) -> str:
    if isinstance(error, ValidationError):
        first = error.errors(include_url=False, include_input=False)[0]
        where = ", ".join(str(step) for step in first["loc"][:2])
        return f"is not as pmed writes it ({where or 'the whole'}: {first['msg'].lower()})"
    if isinstance(error, FileNotFoundError):
        return "is missing"
    return "cannot be read"


def sorted_out(
    rows: Iterable[Row], read: Callable[[Row], Entry], named: Callable[[Row], tuple[str, str]]
) -> tuple[tuple[Entry, ...], tuple[Damaged, ...]]:
    """What can be read of the rows, and what cannot.

    ``named``: id and name of a row, as far as they are known.
    """
    healthy, damaged = [], []
    for row in rows:
        try:
            healthy.append(read(row))
        except DamagedEntry as error:
            identity, name = named(row)
            damaged.append(Damaged(identity, name or identity, f"{error.what}."))
    return tuple(healthy), tuple(damaged)
