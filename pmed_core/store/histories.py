"""The revisions of cohorts: home/histories/<address>/<number>-<id>-<sum>.json.

The beginning of its sum stands in the name of each file, so that both take their place at once;
files of earlier versions have none.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator
from pathlib import Path

from pmed_core.arrays import from_json, to_json
from pmed_core.errors import DamagedEntry
from pmed_core.files import written_whole
from pmed_core.history import Revision
from pmed_core.sealing.files import read, write_text
from pmed_core.store.damaged import reading

HISTORIES = "histories"
NAME = re.compile(r"\d{6}-(?P<id>[0-9a-zA-Z]+)(?:-(?P<sum>[0-9a-f]{16}))?\.json")


def record(home: Path, address: str, revision: Revision) -> None:
    """Append a revision to a cohort's history."""
    folder = home / HISTORIES / address
    number, text = len(_files(folder)) + 1, to_json(Revision, revision)
    name = f"{number:06d}-{revision.id}-{_sum(text.encode())}.json"
    with written_whole(folder / name) as beside:
        write_text(beside, text)


def recorded(home: Path, address: str) -> tuple[Revision, ...]:
    """Oldest first; raises ``DamagedEntry`` where one is not as it was written, or is missing."""
    with reading("cohort", "its history"):
        return tuple(map(_read, _in_order(_files(home / HISTORIES / address))))


def _in_order(files: list[Path]) -> list[Path]:
    for number, path in enumerate(files, 1):
        if int(path.name[:6]) > number:
            raise ValueError(f"Revision {number} is missing")
    return files


def _read(path: Path) -> Revision:
    data, named = read(path), NAME.fullmatch(path.name)
    if named is None or named["sum"] not in (None, _sum(data)):
        raise ValueError(f"{path.name} is not as it was written")
    return from_json(Revision, data)  # type: ignore[no-any-return]


def _sum(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()[:16]


def _files(folder: Path) -> list[Path]:
    return sorted(folder.glob("[!.]*.json"))


def address_of(home: Path, identity: str) -> str:
    """Of the cohort that a revision was recorded for; the id itself where none was."""
    for path in (home / HISTORIES).glob(f"*/*-{identity}*.json"):
        if (named := NAME.fullmatch(path.name)) and named["id"] == identity:
            return path.parent.name
    return identity


def damaged(home: Path) -> Iterator[str]:
    """Addresses of the histories that cannot be read."""
    for folder in sorted((home / HISTORIES).glob("[!.]*")):
        try:
            recorded(home, folder.name)
        except DamagedEntry:
            yield folder.name
