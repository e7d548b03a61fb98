"""Many files at once: a folder, a ZIP, or one file; nothing that is named outside of it."""

from __future__ import annotations

import stat
import unicodedata
import zipfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path, PurePosixPath

from pmed_core.errors import UserError
from pmed_core.modalities.scan.readers.slices import Unreadable
from pmed_core.readers.packed import check_sizes
from pmed_core.suffixes import BROKEN_ZIP

FILES_AT_MOST = 200_000
ENCRYPTED = 1
"""Bit of an entry's flags."""


@dataclass(frozen=True)
class Member:
    """A file: its name inside the collection with forward slashes, its letters composed as people
    type them (NFC), and how to read it."""

    name: str
    read: Callable[[], bytes]


def members(path: Path) -> Iterator[Member]:
    """The files below a folder or inside a ZIP, in order of their names.

    Hidden files are left out; a link, a file whose name leads outside, or one that another of the
    same name replaces, is there by that name, and reading it raises ``Unreadable``. Raises
    ``UserError`` where there are too many, or where unpacking them would fill the memory.
    """
    if path.is_dir():
        yield from _folder(path)
    elif zipfile.is_zipfile(path):
        yield from _archive(path)
    elif path.is_file():
        yield Member(_composed(path.name), path.read_bytes)
    else:
        raise UserError("There is no such file or folder", str(path), "Check the name.")


def _folder(folder: Path) -> Iterator[Member]:
    found = [path for path in sorted(folder.rglob("*")) if path.is_symlink() or path.is_file()]
    names = [_composed(path.relative_to(folder).as_posix()) for path in found]
    _not_too_many(len(names) - sum(map(_noise, names)), folder.name)
    for name, path in zip(names, found, strict=True):
        if not _noise(name):
            yield Member(name, _link if path.is_symlink() else path.read_bytes)


def _archive(path: Path) -> Iterator[Member]:
    try:
        with zipfile.ZipFile(path) as archive:
            entries = [e for e in archive.infolist() if not e.is_dir() and not _noise(e.filename)]
            _not_too_many(len(entries), path.name)
            check_sizes(entries, path.name, "Leave it out, or split the collection.")
            last = {_plain(entry.filename): entry for entry in entries}
            for entry in sorted(entries, key=lambda e: _plain(e.filename)):
                name = _plain(entry.filename)
                yield Member(name, _reading(archive, entry, last=last[name] is entry))
    except BROKEN_ZIP as error:
        raise UserError(
            "The ZIP cannot be unpacked: it is damaged or encrypted", path.name,
            "Pack the files again, without a password.",
        ) from error  # fmt: skip


def _noise(name: str) -> bool:
    """What the system or a packing program left there, and no person misses."""
    parts = _parts(name)
    return any(p == "__MACOSX" or (p.startswith(".") and p != "..") for p in parts)


def _leads_outside(name: str) -> bool:
    parts = _parts(name)
    return name.startswith(("/", "\\")) or ".." in parts or any(":" in p for p in parts[:1])


def _reading(
    archive: zipfile.ZipFile, entry: zipfile.ZipInfo, *, last: bool
) -> Callable[[], bytes]:
    """How to read an entry, or what says why it is not."""
    if _leads_outside(entry.filename):
        return partial(_refused, "its name leads out of the ZIP; pack the files again, from their "
                       "folder")  # fmt: skip
    if stat.S_ISLNK(entry.external_attr >> 16):
        return _link
    if not last:
        return partial(
            _refused, "the ZIP holds another file of the same name after it, which was read"
        )
    if entry.flag_bits & ENCRYPTED:
        return partial(_refused, "it is encrypted; pack the files again, without a password")
    return partial(archive.read, entry)


def _link() -> bytes:
    return _refused("it is a link, and what it leads to may lie elsewhere; put the files there")


def _refused(why: str) -> bytes:
    raise Unreadable(why)


def _plain(name: str) -> str:
    """As packing programs write it that keep to the standard: without ./ and backslashes."""
    return _composed("/".join(_parts(name)).replace("//", "/"))


def _composed(name: str) -> str:
    """Letters with their accents in one piece: systems and tables write them in one or in two."""
    return unicodedata.normalize("NFC", name)


def _parts(name: str) -> tuple[str, ...]:
    return PurePosixPath(name.replace("\\", "/")).parts


def _not_too_many(count: int, where: str) -> None:
    if not count:
        raise UserError("There is no file in it", where, "Choose a folder or ZIP with scans.")
    if count > FILES_AT_MOST:
        raise UserError(
            f"It holds {count:,} files; at most {FILES_AT_MOST:,} are read", where,
            "Split it into several collections.",
        )  # fmt: skip
