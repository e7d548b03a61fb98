"""Jobs in processes of their own on this machine, questions to warm children."""

from __future__ import annotations

import atexit
import os
import subprocess
import threading
from pathlib import Path

from pmed_core.engine.child import Child
from pmed_core.engine.engines import unusable
from pmed_core.engine.machine import children, memory_mb
from pmed_core.engine.pool import Pool
from pmed_core.engine.python import command, environment
from pmed_core.engine.supervisor import attended
from pmed_core.genome.work import ScoreGenomes
from pmed_core.job import UNKNOWN, Request
from pmed_core.settings import Settings, settings
from pmed_core.store.store import Store
from pmed_core.work import Describe, Inspect, Load, Read, Work, identify


class Pools:
    """The children of this process, which answer for all homes that it shows.

    Files are parsed by some children, models are owned by others; each has its limits. A package
    that is imported is tried in a child of its own, which ends with it.
    """

    def __init__(self, chosen: Settings) -> None:
        of_files = chosen.reading_memory_mb or memory_mb()
        of_models = chosen.model_memory_mb or memory_mb()
        self.reading = Pool(lambda: Child(of_files), chosen.reading_children or children())
        size = chosen.model_children or children()
        # Where many ask at once, processes that share their cores answer fewer of them in all.
        threads = max(1, (os.cpu_count() or 1) // size) if chosen.hosted else 0
        self.modelling = Pool(lambda: Child(of_models, threads=threads), size, warmed=True)
        self.importing = Pool(lambda: Child(of_models), self.modelling.size, lasting=False)
        atexit.register(self.stop)

    def stop(self) -> None:
        """End the children; jobs go on."""
        for pool in (self.reading, self.modelling, self.importing):
            pool.stop()


class LocalEngine:
    """Asks the children of this process, and sees to the jobs of one home."""

    def __init__(self, store: Store, pools: Pools | None = None) -> None:
        self.store = store
        self.pools = pools or Pools(settings())
        self.starter = Starter(store.home)

    def submit(self, work: Work, request: Request = UNKNOWN, *, again: bool = False) -> str:
        """Queue the work and see that a supervisor is there; -> the job's id.

        Raises ``UserError`` where jobs cannot run as this installation is set up.
        """
        if wrong := next(unusable(settings()), None):
            raise wrong
        identity = self.store.jobs.add(identify(work), work, request, again=again)
        self.starter.see()
        return identity

    def attend(self) -> None:
        """Somebody looks at jobs that wait or run: a supervisor that died is noticed."""
        self.starter.see()

    def ask(self, work: Work, seconds: float) -> str:
        """The answer; raises ``UserError``."""
        match work:
            case Read() | Inspect() | Describe() | ScoreGenomes():
                pool = self.pools.reading
            case Load():
                pool = self.pools.importing
            case _:
                pool = self.pools.modelling
        return pool.ask(work, seconds, str(self.store.home))

    def cancel(self, job: str, keep: bool) -> None:
        """Tell the worker; the supervisor ends one that does not listen."""
        self.store.jobs.ask_to_stop(job, "keep" if keep else "cancel")
        # One that waited, perhaps to go on, is over already.
        self.store.checkpoints.drop_all_but(self.store.jobs.alive)

    def warm(self, work: Work | None = None) -> None:
        """Load what the next question needs, and go on with jobs that a restart left behind.

        With ``work``, ask it and forget the answer.
        """
        if self.store.jobs.waiting():
            self.starter.see()
        self.pools.modelling.ask(work, 120, str(self.store.home))

    def stop(self) -> None:
        """End the children; jobs go on."""
        self.pools.stop()


class Starter:
    """Sees that somebody looks after the jobs of this home, also when this process has ended."""

    def __init__(self, home: Path) -> None:
        self.home = home
        self.lock = threading.Lock()
        self.started: subprocess.Popen[bytes] | None = None

    def see(self) -> None:
        """Start a supervisor where there is none and jobs run here; many callers start one."""
        if not settings().jobs_at_once:
            return
        with self.lock:
            # One that was just started may not hold the lock yet.
            starting = self.started is not None and self.started.poll() is None
            if starting or attended(self.home):
                return
            log = self.home / "logs" / "supervisor.log"
            log.parent.mkdir(parents=True, exist_ok=True)
            with log.open("a") as file:
                self.started = subprocess.Popen(
                    command("pmed_core.engine.supervisor"),
                    env=environment(PMED_HOME=str(self.home.absolute())),
                    stdin=subprocess.DEVNULL, stdout=file, stderr=file, start_new_session=True,
                )  # fmt: skip
