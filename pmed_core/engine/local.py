"""Jobs in processes of their own on this machine, questions to warm children."""

from __future__ import annotations

import atexit
import os
import subprocess

from pmed_core.engine.child import Child
from pmed_core.engine.python import command, environment
from pmed_core.settings import settings
from pmed_core.store.store import Store
from pmed_core.work import Inspect, Read, Work, identify

READING_MEMORY_MB = 12_000


class LocalEngine:
    """Files are parsed by one child with limits, models are owned by another."""

    def __init__(self, store: Store) -> None:
        self.store = store
        self.reading = Child(reading_memory_mb())
        self.modelling = Child()
        atexit.register(self.stop)

    def submit(self, work: Work, *, again: bool = False) -> str:
        """Queue the work and see that a supervisor is there; -> the job's id."""
        identity = self.store.jobs.add(identify(work), work, again=again)
        supervise()
        return identity

    def ask(self, work: Work, seconds: float) -> str:
        """The answer; raises ``UserError``."""
        child = self.reading if isinstance(work, Read | Inspect) else self.modelling
        return child.ask(work, seconds)

    def cancel(self, job: str, keep: bool) -> None:
        """Tell the worker; the supervisor ends one that does not listen."""
        self.store.jobs.ask_to_stop(job, "keep" if keep else "cancel")

    def warm(self, work: Work | None = None) -> None:
        """Load what the next question needs, and go on with jobs that a restart left behind.

        With ``work``, ask it and forget the answer.
        """
        if self.store.jobs.waiting():
            supervise()
        self.modelling.ask(work, 120)

    def stop(self) -> None:
        """End the children; jobs go on."""
        self.reading.stop()
        self.modelling.stop()


def reading_memory_mb() -> int:
    """A file may fill at most three quarters of this machine."""
    try:
        pages = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    except (AttributeError, ValueError, OSError):
        return READING_MEMORY_MB
    return min(READING_MEMORY_MB, max(3_000, int(0.75 * pages / 2**20)))


def supervise() -> None:
    """See that somebody looks after the jobs of this home, also when this process has ended."""
    # A second supervisor of the same home ends at once: the first holds the lock.
    log = settings().home / "logs" / "supervisor.log"
    log.parent.mkdir(parents=True, exist_ok=True)
    with log.open("a") as file:
        started = subprocess.Popen(
            command("pmed_core.engine.supervisor"), env=environment(),
            stdin=subprocess.DEVNULL, stdout=file, stderr=file, start_new_session=True,
        )  # fmt: skip
    # It outlives this process; whoever asks next collects those that have ended.
    _STARTED[:] = [one for one in [*_STARTED, started] if one.poll() is None]


_STARTED: list[subprocess.Popen[bytes]] = []
