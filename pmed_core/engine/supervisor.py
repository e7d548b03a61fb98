"""Starts queued jobs, each in a process of its own, and notices those that died.

One for each home, held by a file lock; it ends by itself when there has been nothing to do for a
while, and is started again with the next job.
"""

from __future__ import annotations

import errno
import os
import signal
import subprocess
import sys
import time
from contextlib import ExitStack, suppress
from dataclasses import dataclass, field
from pathlib import Path

from filelock import FileLock, Timeout
from sqlalchemy.exc import SQLAlchemyError

from pmed_core.engine.engines import worker
from pmed_core.engine.python import command, environment, limited
from pmed_core.engine.room import Room, room
from pmed_core.errors import UserError
from pmed_core.files import sweep
from pmed_core.settings import settings
from pmed_core.store import jobs as stored
from pmed_core.store.checkpoints import Checkpoints
from pmed_core.store.jobs import Jobs, Leases
from pmed_core.store.machines import BEAT, Machines
from pmed_core.store.passing import Passing
from pmed_core.store.rooms import keep_private
from pmed_core.store.shares import Usage
from pmed_core.store.store import open_store

LOOK = 0.2
IDLE = 20.0
PATIENCE = 0.5
"""Seconds a worker has to notice that its job was cancelled; then it is told to end (SIGTERM).

Nothing of it is wanted any more, so that ending it early costs nothing and waiting costs patience.
"""
LAST_PATIENCE = 2.5
"""Seconds after which one that does not end is killed."""
PATIENT_SECONDS = 6 * 3600
"""So long a worker waits for a database that does not answer: what it has learnt is worth more than
the memory it holds."""
KILL = 9
"""By number: not every system has a name for it."""
LOCK = "supervisor.lock"
LOCK_SECONDS = 2.0

DIED = (
    "The process that was working on this was ended {times} times without getting further than "
    "'{stage}', perhaps for lack of memory. Nothing else was lost. Try again with fewer inputs or "
    "folds, or on a larger machine."
)
FULL = (
    "The disk was full, so the result could not be saved. Nothing else was lost. Free some space "
    "and start it again."
)
BUSY = (
    "The store was busy or did not answer for too long, so the result could not be saved. Nothing "
    "else was lost. Start it again when others have done their work."
)
OVERDUE = (
    "It took more than the {hours:g} hours of machine time that a job may take in this "
    "installation, and was ended. Try again with less (fewer inputs, folds or epochs)."
)
WHY = {errno.ENOSPC: FULL, errno.EBUSY: BUSY}
"""Exit status of a worker -> what it could not say itself."""


@dataclass
class Running:
    """A job's process, and what is held for it of what the machine has."""

    child: subprocess.Popen[bytes]
    token: int
    told: float = 0.0
    held: ExitStack = field(default_factory=ExitStack)


@dataclass
class Supervisor:
    """The jobs this process has started, each as ``python -m <module> job ID TOKEN``.

    Several may share the jobs of a database: each takes what waits, and what another has left whose
    worker is no longer heard of.
    """

    jobs: Jobs
    checkpoints: Checkpoints
    at_once: int
    module: str = "pmed_core.worker"
    running: dict[str, Running] = field(default_factory=dict)
    room: Room = field(default_factory=Room)
    leases: Leases = field(init=False)
    machines: Machines = field(init=False)
    heard: float = field(default=0.0, init=False)

    def __post_init__(self) -> None:
        self.leases, self.machines = Leases(self.jobs), Machines(self.jobs.engine)

    def look(self) -> bool:
        """One round; -> is there anything to do?"""
        self._bury()
        if hours := settings().job_hours:
            for job in self.jobs.overdue(3600 * hours):
                self.jobs.ask_to_stop(job, "cancel", OVERDUE.format(hours=hours))
        self._end_those_that_do_not_listen()
        for job, token in self.leases.lapsed():
            if job not in self.running:
                self._lose(job, token, DIED)
        while self._begin():
            pass
        self._beat()
        return bool(self.running) or self.jobs.waiting()

    def _begin(self) -> bool:
        """Start the job whose turn it is, where there is room for it."""
        with ExitStack() as held, ExitStack() as card:
            gpu: str | None = None
            waits = self.jobs.waits(self.at_once)
            if waits is not None:
                gpu = self.room.gpu(card, self.jobs.gpus().values())
                waits = self.jobs.waits(self.at_once, gpu)
            if waits is None:
                self.room.pass_by()
                return False
            need = (len(self.running), Usage(self.jobs.engine).total(), waits)
            if not self.room.place(held, need):
                return False
            claimed = self.jobs.claim(self.at_once, gpu)
            if claimed is None:
                return False
            given = self.jobs.gpus().get(claimed[0], "")
            if given:
                held.push(card.pop_all())
            self._start(*claimed, self.room.seen(given), held.pop_all())
        return True

    def _start(self, job: str, token: int, seen: dict[str, str], held: ExitStack) -> None:
        threads = max(1, (os.cpu_count() or 1) // self.at_once)
        # In a session of its own, so that it can be ended with everything it has started.
        child = subprocess.Popen(
            command(self.module, "job", job, str(token)), stdin=subprocess.DEVNULL,
            env=environment(
                PMED_DATABASE_WAIT_SECONDS=str(PATIENT_SECONDS), **limited(threads), **seen
            ),
            start_new_session=True,
        )  # fmt: skip
        self.running[job] = Running(child, token, held=held)

    def _beat(self) -> None:
        """Let other machines know that jobs are looked after here."""
        if not self.heard or time.monotonic() - self.heard > BEAT:
            counted = None if self.room.gpus is None else len(self.room.gpus)
            self.machines.beat(stored.MACHINE, counted)
            self.heard = time.monotonic()

    def _bury(self) -> None:
        for job, process in list(self.running.items()):
            status = process.child.poll()
            if status is not None:
                # Changes nothing where the worker has said how it ended.
                away = status == errno.EHOSTUNREACH
                self._lose(job, process.token, WHY.get(status, DIED), died=not away)
                self._leave(job)

    def _lose(self, job: str, token: int, why: str, *, died: bool = True) -> None:
        self.jobs.lose(job, token, why, died=died)
        self.checkpoints.drop_all_but(self.jobs.alive)

    def _leave(self, job: str) -> None:
        self.running.pop(job).held.close()

    def _end_those_that_do_not_listen(self) -> None:
        for job, _, stop in self.jobs.stopping():
            process = self.running.get(job)
            if process is None or stop != "cancel":
                continue
            process.told = process.told or time.monotonic()
            since = time.monotonic() - process.told
            if since > LAST_PATIENCE:
                end(process.child)
            elif since > PATIENCE:
                end(process.child, signal.SIGTERM)


def end(child: subprocess.Popen[bytes], how: int = KILL) -> None:
    """End a process and those it started: kill it, where it need not agree. What it writes is whole
    or not there (``files``)."""
    if os.name == "nt":
        child.kill()
        return
    try:
        os.killpg(child.pid, how)
    except ProcessLookupError:
        # It has just ended by itself.
        return


def attended(home: Path) -> bool:
    """Whether a supervisor looks after the jobs of this home."""
    lock = FileLock(home / LOCK)
    try:
        lock.acquire(blocking=False)
    except Timeout:
        return True
    lock.release()
    return False


def supervise(idle_seconds: float = IDLE) -> None:
    """Look after the jobs of this home until there has been nothing to do for a while.

    Ends at once where another does. The system frees the lock when a process dies.
    """
    keep_private()
    home, store = settings().home, open_store(settings())
    with suppress(Timeout):
        while home.is_dir():
            with FileLock(home / LOCK, timeout=LOCK_SECONDS):
                store.checkpoints.drop_all_but(store.jobs.alive)
                looking = Supervisor(
                    store.jobs, store.checkpoints, settings().jobs_at_once,
                    module=worker(settings()), room=room(settings()),
                )  # fmt: skip
                _look_after(looking, idle_seconds)
                if home.is_dir():
                    looking.machines.leave(stored.MACHINE)
            # A job may have come in while the lock was still held by one that was about to end.
            if not store.jobs.waiting():
                return


def _look_after(supervisor: Supervisor, idle_seconds: float) -> None:
    home = settings().home
    for folder in ("", "sources", "cohorts", "models"):
        sweep(home / folder)
    Passing(home).sweep()
    idle = time.monotonic()
    # On a busy machine a moment may last longer than its patience; it leaves no worker alone.
    while (supervisor.running or time.monotonic() - idle < idle_seconds) and home.is_dir():
        if _looked(supervisor):
            idle = time.monotonic()
        time.sleep(LOOK)


def _looked(supervisor: Supervisor) -> bool:
    try:
        return supervisor.look()
    except (SQLAlchemyError, UserError, OSError) as error:
        # The database is busy or the disk is full for now. The log names no patient: only the kind.
        # It lies on the same disk.
        with suppress(OSError):
            sys.stderr.write(f"{time.strftime('%Y-%m-%dT%H:%M:%S')} {type(error).__name__}\n")
        time.sleep(1)
        return True


if __name__ == "__main__":
    supervise()
