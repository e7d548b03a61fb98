"""Starts queued jobs, each in a process of its own, and notices those that died.

One for each home, held by a file lock; it ends by itself when there has been nothing to do for a
while, and is started again with the next job.
"""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from pmed_core.settings import settings
from pmed_core.store.jobs import Jobs
from pmed_core.store.store import open_store

LOOK = 0.2
IDLE = 20.0
PATIENCE = {"cancel": 1.2, "keep": 60.0}
"""Seconds a worker is given to stop by itself."""

DIED = (
    "The process that trained this model was ended twice, perhaps for lack of memory. Nothing else "
    "was lost: try again with fewer inputs or folds."
)


@dataclass
class Running:
    """A job's process."""

    child: subprocess.Popen[bytes]
    token: int
    told: float = 0.0


@dataclass
class Supervisor:
    """The jobs this process has started."""

    jobs: Jobs
    at_once: int
    running: dict[str, Running] = field(default_factory=dict)

    def look(self) -> bool:
        """One round; -> is there anything to do?"""
        self._bury()
        self._end_those_that_do_not_listen()
        for job, token in self.jobs.lost():
            if job not in self.running:
                self.jobs.lose(job, token, DIED)
        while len(self.running) < self.at_once and (claimed := self.jobs.claim()):
            self._start(*claimed)
        return bool(self.running) or self.jobs.waiting()

    def _start(self, job: str, token: int) -> None:
        command = [sys.executable, "-m", "pmed_core.worker", "job", job, str(token)]
        environment = os.environ | {"TF_CPP_MIN_LOG_LEVEL": "3"}
        child = subprocess.Popen(command, stdin=subprocess.DEVNULL, env=environment)
        self.running[job] = Running(child, token)

    def _bury(self) -> None:
        for job, process in list(self.running.items()):
            if process.child.poll() is not None:
                del self.running[job]
                # Changes nothing where the worker has said how it ended.
                self.jobs.lose(job, process.token, DIED)

    def _end_those_that_do_not_listen(self) -> None:
        for job, _, stop in self.jobs.stopping():
            process = self.running.get(job)
            if process is None:
                continue
            process.told = process.told or time.monotonic()
            if time.monotonic() - process.told > PATIENCE[stop or "cancel"]:
                process.child.kill()


@contextmanager
def only_one(path: Path) -> Iterator[bool]:
    """Whether this process is the one that holds the lock; the system frees it when it dies."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w") as file:
        yield _locked(file.fileno())


def _locked(descriptor: int) -> bool:
    try:
        if os.name == "nt":
            import msvcrt

            msvcrt.locking(descriptor, msvcrt.LK_NBLCK, 1)  # type: ignore[attr-defined]
        else:
            import fcntl

            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        return False
    return True


def supervise() -> None:
    """Look after the jobs of this home until there has been nothing to do for a while."""
    with only_one(settings().home / "supervisor.lock") as mine:
        if not mine:
            return
        supervisor = Supervisor(open_store(settings()).jobs, settings().jobs_at_once)
        idle = time.monotonic()
        while time.monotonic() - idle < IDLE:
            if supervisor.look():
                idle = time.monotonic()
            time.sleep(LOOK)


if __name__ == "__main__":
    supervise()
