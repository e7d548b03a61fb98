"""Holds one job until it has begun on a machine of the cluster, and says what it waits for.

A process that does nothing else: stands where the job's worker would.
"""

from __future__ import annotations

import signal
import time

from pmed_core.engine.engines import idle
from pmed_core.engine.on_ray.cluster import Cluster
from pmed_core.engine.on_ray.held import LOOK, Dropped, Held, NotNow, Told, listen
from pmed_core.settings import settings
from pmed_core.store.progress import JobProgress
from pmed_core.store.shares import Usage
from pmed_core.store.store import Store, open_store

WORKER = "pmed_core.worker"
AGAIN_SECONDS = 5.0
"""After which it is tried again where something stood against it."""
TERMINATED = 128 + signal.SIGTERM
WAITS = "{why} The job waits."


def place(job: str, token: int) -> int:
    """Run a claimed job on a machine of the cluster -> the exit status of its worker."""
    listen()
    store = open_store(settings())
    found, kept = store.jobs.get(job), store.checkpoints.of(job)
    progress = JobProgress(store.jobs, job, token, kept)
    try:
        held = Held(job, token, found.work, found.fraction, progress, Usage(store.jobs.engine))
        return _when_possible(held)
    except Dropped:
        _drop(held, store)
        return 0
    except Told:
        # Where the worker has given it back already, this changes nothing.
        store.jobs.lose(job, token, "", died=False)
        return TERMINATED
    finally:
        progress.close()


def _when_possible(held: Held) -> int:
    while True:
        held.look()
        try:
            # One that is not safe is not asked anything: it would be told the token.
            for why in idle(settings()):
                raise NotNow(str(why.on_screen()))
            # Only now: Ray may not be installed.
            from pmed_core.engine.on_ray.running import run

            return run(held, Cluster(), WORKER)
        except NotNow as error:
            held.waits(WAITS.format(why=error))
        until = time.monotonic() + AGAIN_SECONDS
        while time.monotonic() < until:
            held.look()
            time.sleep(LOOK)


def _drop(held: Held, store: Store) -> None:
    """There is nothing that could be kept; where another has the job by now, what that has kept
    stays."""
    held.progress.close()
    if store.jobs.finish(held.job, held.token, "cancelled", ""):
        store.checkpoints.drop(held.job)
