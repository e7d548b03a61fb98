"""One at a time changes which entries there are: threads, processes, app and shell alike, on all
machines that share a database."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from pathlib import Path

from filelock import FileLock, Timeout
from sqlalchemy import Engine

from pmed_core.errors import Busy
from pmed_core.store.dialects import everywhere

SECONDS = 60.0


@contextmanager
def changing(home: Path, engine: Engine | None = None) -> Iterator[None]:
    """Held for a moment only: while a folder takes its place and its row is written.

    Whoever holds it may take it again. The system frees it when a process dies. ``engine``: of the
    home's tables. Raises ``UserError`` where it is not to be had.
    """
    lock = FileLock(home / "store.lock", is_singleton=True)
    try:
        lock.acquire(timeout=SECONDS)
    except Timeout as error:
        raise Busy(
            "The store is busy with what others are doing", "", "Try again in a minute."
        ) from error
    try:
        first = lock.lock_counter == 1
        with everywhere(engine) if engine is not None and first else nullcontext():
            yield
    finally:
        lock.release()
