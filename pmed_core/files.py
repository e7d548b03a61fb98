"""Writing what lasts: beside, flushed, renamed. Killed at any line, it is before or after."""

from __future__ import annotations

import ctypes
import errno
import os
import re
import shutil
import time
import uuid
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from pathlib import Path

from pmed_core.errors import DiskFull, UserError

AT_CWD, EXCHANGE = -100, 2  # linux/fcntl.h, linux/fs.h
ABANDONED_SECONDS = 24 * 3600


@contextmanager
def written_whole(
    target: Path, taking_place: AbstractContextManager[None] | None = None
) -> Iterator[Path]:
    """A path beside ``target`` to write a file or folder to; it takes its place at the end.

    ``taking_place``: entered for that moment alone.

    Raises ``UserError`` where the disk is full; then nothing has changed.
    """
    target.parent.mkdir(parents=True, exist_ok=True)
    beside = target.with_name(f".{target.name}.{uuid.uuid4().hex}")
    try:
        with in_words(target):
            yield beside
            _flush(beside)
            with taking_place or nullcontext():
                _put(beside, target)
    finally:
        _remove(beside)


@contextmanager
def in_words(target: Path) -> Iterator[None]:
    """Say what the disk has against writing to ``target``; raises ``UserError``."""
    try:
        yield
    except OSError as error:
        raise _in_words(error, target) from error


def _put(beside: Path, target: Path) -> None:
    if not target.is_dir():
        beside.replace(target)
    elif not _exchanged(beside, target):
        # Where the system cannot exchange two folders, the old one steps aside first.
        aside = target.with_name(f".{target.name}.old.{uuid.uuid4().hex}")
        target.rename(aside)
        beside.rename(target)
        _remove(aside)
    _flush_one(target.parent)


def _exchanged(one: Path, other: Path) -> bool:
    """Swap two folders in one step (Linux); a folder cannot be renamed over another."""
    try:
        rename = ctypes.CDLL(None).renameat2
    except (OSError, TypeError, AttributeError):
        return False
    return bool(rename(AT_CWD, os.fsencode(one), AT_CWD, os.fsencode(other), EXCHANGE) == 0)


def sweep(folder: Path) -> None:
    """Remove what writers that were killed left beside; those that may still write are young."""
    for path in folder.glob(".*"):
        left = re.search(r"\.[0-9a-f]{32}$", path.name)
        if left and time.time() - path.stat().st_mtime > ABANDONED_SECONDS:
            _remove(path)


def _flush(path: Path) -> None:
    for part in [path, *path.rglob("*")] if path.is_dir() else [path]:
        _flush_one(part)


def _flush_one(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _remove(path: Path) -> None:
    if path.is_dir():
        shutil.rmtree(path, ignore_errors=True)
    else:
        path.unlink(missing_ok=True)


def _in_words(error: OSError, target: Path) -> Exception:
    if error.errno in (errno.ENOSPC, errno.EDQUOT, errno.EFBIG):
        return DiskFull(
            "The disk is full, and nothing was saved", "",
            "Free some space and try again; what was there before is unchanged.",
        )  # fmt: skip
    if error.errno in (errno.EACCES, errno.EROFS, errno.EPERM):
        return UserError("This place cannot be written to", str(target), "Choose another folder.")
    return error
