"""One at a time changes which entries there are: threads, processes, app and shell alike, on all
machines that share a database."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from filelock import FileLock, Timeout
from sqlalchemy import Engine

from pmed_core.errors import Busy
from pmed_core.settings import settings
from pmed_core.store.dialects import everywhere

SECONDS = 60.0
TAKEN: dict[Path, float] = {}
"""When this process last had all machines wait, by home (``time.monotonic``): what it knew of what
is kept from before that may be old."""


@contextmanager
def changing(home: Path, engine: Engine | None = None) -> Iterator[None]:
    """Held for a moment only: while a folder takes its place and its row is written.

    Whoever holds it may take it again. The system frees it when a process dies. ``engine``: of the
    home's tables. Raises ``UserError`` where it is not to be had.
    """
    lock = FileLock(home / "store.lock", is_singleton=True)
    try:
        lock.acquire(timeout=_patience())
    except Timeout as error:
        raise Busy(
            "The store is busy with what others are doing", "", "Try again in a minute."
        ) from error
    try:
        if engine is None or lock.lock_counter > 1:
            yield
            return
        with everywhere(engine, _patience()):
            TAKEN[home] = time.monotonic()
            yield
    finally:
        lock.release()


def _patience() -> float:
    """Large files may be on their way to an object store; a worker outwaits that."""
    return max(SECONDS, settings().database_wait_seconds) if settings().artefacts else SECONDS
