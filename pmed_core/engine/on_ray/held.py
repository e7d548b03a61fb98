"""A job that this process holds until it has begun on a machine of the cluster."""

from __future__ import annotations

import signal
import threading
from dataclasses import dataclass

from pmed_core.store.progress import JobProgress
from pmed_core.store.shares import Usage
from pmed_core.work import Work

LOOK = 0.2
"""Seconds between two looks at whether a job has begun, has ended, or is wanted no more."""
CONTENT = 60.0
"""Seconds after which a job that would like a GPU runs without: others were given it meanwhile."""
TOLD = threading.Event()
"""This process is told to end; Ray does not bear that a signal raises anything."""


class Told(Exception):
    """The job's worker is to end with this process."""


class NotNow(Exception):
    """The job cannot begin; the text is a sentence that says why."""


class Dropped(Exception):
    """The job was cancelled before it began."""


def listen() -> None:
    """From now on know when this process is told to end."""
    signal.signal(signal.SIGTERM, lambda *_: TOLD.set())


@dataclass
class Held:
    """A claimed job that has not begun: its lease is kept here, and it uses no machine time.

    Attributes:
        fraction: what an attempt before this one has done, which is not less because it waits.
    """

    job: str
    token: int
    work: Work
    fraction: float
    progress: JobProgress
    usage: Usage

    def __post_init__(self) -> None:
        self.usage.rests(self.job, self.token)

    def waits(self, why: str) -> None:
        """Say what for, as the job's stage."""
        self.progress.stage(why, self.fraction)

    def look(self) -> None:
        """Raise ``Dropped`` where it is not wanted any more, ``Told`` where this process is not."""
        if TOLD.is_set():
            raise Told
        if self.progress.stop():
            raise Dropped

    def begun(self) -> None:
        """From here on the worker says by itself that it lives, and its time counts."""
        self.usage.begins(self.job, self.token)
        self.progress.close()
