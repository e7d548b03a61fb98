"""What only passes through: uploads nobody has taken yet, held-out patients, packages on trial.

home/passing/<owner>/<token>/ is there for one upload, evaluation or import, and goes with it. An
owner is a process that holds a lock for as long as it lives, so that whatever a killed one leaves
is known to be left, and is removed by the next that starts.
"""

from __future__ import annotations

import hashlib
import shutil
import threading
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import BinaryIO

from filelock import FileLock, Timeout

from pmed_core.errors import UserError
from pmed_core.files import written_whole
from pmed_core.sealing.files import named as kept_as
from pmed_core.sealing.files import short, writing
from pmed_core.settings import settings

PART = 2**20
LOCK = ".lock"
GONE = ("The uploaded file is no longer there", "", "Upload it again.")


@dataclass(frozen=True)
class Passing:
    """Make, find and drop rooms; each is known by its token."""

    home: Path

    @contextmanager
    def room(self) -> Iterator[Path]:
        """An empty folder that is gone afterwards; its name is its token."""
        folder = self._new()
        try:
            yield folder
        finally:
            shutil.rmtree(folder, ignore_errors=True)

    def _new(self) -> Path:
        self.sweep()
        folder = _owner(self.home).folder / uuid.uuid4().hex
        folder.mkdir(parents=True, mode=0o700)
        return folder

    def add(self, name: str, data: BinaryIO) -> str:
        """Take a file in -> the token of its room, which stays until it is dropped.

        Raises ``UserError`` where it is larger than the settings allow, or the disk is full.
        """
        folder = self._new()
        try:
            _write(folder, name, data)
        except BaseException:
            shutil.rmtree(folder, ignore_errors=True)
            raise
        return folder.name

    @contextmanager
    def upload(self, name: str, data: BinaryIO) -> Iterator[str]:
        """The token of a file that is gone afterwards; raises ``UserError``."""
        token = self.add(name, data)
        try:
            yield token
        finally:
            self.drop(token)

    def find(self, token: str) -> Path | None:
        """The room; None where there is none."""
        found = self._glob(token)
        return next((path for path in found if path.is_dir()), None)

    def digest(self, token: str) -> str:
        """Of the file in a room; raises ``UserError`` where it is gone."""
        return self.file(token).parent.name

    def file(self, token: str) -> Path:
        """The file in a room; raises ``UserError`` where it is gone."""
        return _only(self._glob(token, "[!.]*/[!.]*"))

    def with_digest(self, digest: str) -> Path:
        """A file with that digest in any room; raises ``UserError`` where there is none."""
        return _only(self._glob("[!.]*", f"{digest}/[!.]*") if digest.isalnum() else [])

    def drop(self, token: str) -> None:
        """Remove a room with all that is in it."""
        for path in self._glob(token):
            shutil.rmtree(path, ignore_errors=True)

    def _glob(self, token: str, inside: str = "") -> list[Path]:
        if not (token.isalnum() or token == "[!.]*"):
            return []
        return sorted((self.home / "passing").glob(f"[!.]*/{token}/{inside}".rstrip("/")))

    def sweep(self) -> None:
        """Remove what processes left that have ended."""
        for folder in (self.home / "passing").glob("[!.]*"):
            lock = FileLock(folder / LOCK)
            try:
                with FileLock(self.home / "passing" / LOCK), lock.acquire(blocking=False):
                    shutil.rmtree(folder, ignore_errors=True)
            except (Timeout, FileNotFoundError):
                continue

    def drop_older(self, seconds: float) -> None:
        """Remove what this process took in so long ago that nobody waits for it any more."""
        for folder in _owner(self.home).folder.glob("[!.]*"):
            if time.time() - folder.stat().st_mtime > seconds:
                shutil.rmtree(folder, ignore_errors=True)


def _only(found: list[Path]) -> Path:
    if not found:
        raise UserError(*GONE)
    return found[0]


@dataclass(frozen=True)
class Owner:
    """The lock is freed by the system when this process ends, however it ends."""

    folder: Path
    lock: FileLock


_one_at_a_time = threading.Lock()


def _owner(home: Path) -> Owner:
    """This process, at one home: the same for all its threads, also where they start together."""
    with _one_at_a_time:
        return _owner_made_once(home)


@lru_cache(maxsize=16)
def _owner_made_once(home: Path) -> Owner:
    folder = home / "passing" / uuid.uuid4().hex
    folder.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    lock = FileLock(folder / LOCK, thread_local=False)
    # While it is made, nobody may take it for a dead one's.
    with FileLock(home / "passing" / LOCK):
        folder.mkdir(mode=0o700)
        lock.acquire(blocking=False)
    return Owner(folder, lock)


def _write(folder: Path, name: str, data: BinaryIO) -> None:
    """As folder/<digest>/<name>; the digest is of the bytes and the name, by which readers choose:
    the same bytes under another ending are another file."""
    digest, size, limit = hashlib.sha256(), 0, settings().max_file_mb
    incoming = folder / ".incoming"
    name = short(folder, plain_name(name))
    with written_whole(incoming) as beside, writing(beside) as file:
        while part := data.read(PART):
            size += len(part)
            if size > limit * 2**20:
                raise UserError(
                    f"The file is larger than the {limit:,} MB that are read", name,
                    "Keep the columns that matter, or save the table as Parquet.",
                )  # fmt: skip
            digest.update(part)
            file.write(part)
    digest.update(named(name))
    target = folder / digest.hexdigest()
    target.mkdir()
    incoming.rename(kept_as(target, name))


def named(name: str) -> bytes:
    """What the name adds to a digest."""
    return b"\0" + plain_name(name).encode("utf-8", "replace")


def plain_name(name: str) -> str:
    """A file name that is only a name: it keeps its ending, by which readers choose."""
    plain = Path(name.replace("\\", "/").replace("\0", "")).name.lstrip(".").strip()
    return plain[-120:] or "table.csv"
