"""One at a time changes which entries there are: threads, processes, app and shell alike."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from filelock import FileLock, Timeout

from pmed_core.errors import Busy

SECONDS = 60.0


@contextmanager
def changing(home: Path) -> Iterator[None]:
    """Held for a moment only: while a folder takes its place and its row is written.

    The system frees it when a process dies. Raises ``UserError`` where it is not to be had.
    """
    lock = FileLock(home / "store.lock")
    try:
        lock.acquire(timeout=SECONDS)
    except Timeout as error:
        raise Busy(
            "The store is busy with what others are doing", "", "Try again in a minute."
        ) from error
    try:
        yield
    finally:
        lock.release()
