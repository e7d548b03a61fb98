"""Jobs of a supervisor of odd workers, looked after until one of them is as it should be."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from pmed_core.engine.supervisor import Supervisor, end
from pmed_core.job import Job
from pmed_core.store.store import Store
from pmed_core.work import Fit, identify
from tests.engine import odd_worker

PATIENCE = 60.0


@contextmanager
def supervising(store: Store, at_once: int) -> Iterator[Supervisor]:
    """One whose children end with the test."""
    found = Supervisor(store.jobs, store.checkpoints, at_once=at_once, module=odd_worker.__name__)
    yield found
    for process in found.running.values():
        end(process.child)
        process.child.wait()


def add(store: Store, name: str) -> str:
    work = Fit("c", name)
    return store.jobs.add(identify(work), work)


def watched(supervisor: Supervisor, job: str, until: Callable[[Job], bool]) -> Job:
    """Look after the jobs until the one is as it should be."""
    ends = time.monotonic() + PATIENCE
    while time.monotonic() < ends:
        supervisor.look()
        found = supervisor.jobs.get(job)
        if until(found):
            return found
        time.sleep(0.05)
    raise AssertionError(f"Expected another state. Received: {supervisor.jobs.get(job)}")


def over(job: Job) -> bool:
    return not job.alive
