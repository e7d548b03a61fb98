"""Trainings of tests end after so many epochs, never after a time: the machine may be busy."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from typing import Any

import pytest

from pmed_core import worker
from pmed_core.progress import Silent, Stop
from pmed_core.shell import terminal
from pmed_core.store.progress import JobProgress


class Few(Silent):
    """Stops after so many epochs, however long they take."""

    def __init__(self, epochs: int) -> None:
        self.left = epochs

    def epoch(self, values: dict[str, Any]) -> None:
        self.left -= 1

    def stop(self) -> Stop:
        return "keep" if self.left <= 0 else ""


@contextmanager
def at_most(epochs: int) -> Iterator[None]:
    """Jobs that this process does, and its shell, keep the best of so many epochs."""

    class Counted(JobProgress):
        left = epochs

        def epoch(self, values: dict[str, Any]) -> None:
            super().epoch(values)
            self.left -= 1

        def stop(self) -> Stop:
            return "keep" if self.left <= 0 else super().stop()

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(worker, "JobProgress", Counted)
        patch.setattr(terminal, "watched", lambda: nullcontext(Few(epochs)))
        yield
