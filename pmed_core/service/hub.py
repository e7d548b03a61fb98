"""The store and the engine of this process."""

from __future__ import annotations

import math
import sys
import time
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import NoReturn

from sqlalchemy.exc import SQLAlchemyError

from pmed_core.engine.asker import tell_by
from pmed_core.engine.inline import InlineEngine
from pmed_core.engine.local import LocalEngine, Pools, Starter
from pmed_core.errors import UserError
from pmed_core.job import UNKNOWN, Request
from pmed_core.quota import Quota, machine_time
from pmed_core.sealing.keys import homes
from pmed_core.service import access
from pmed_core.service.access import for_asker, within
from pmed_core.service.snapshot import Snapshot
from pmed_core.settings import Settings, settings
from pmed_core.store.shares import Usage
from pmed_core.store.store import Store, open_store
from pmed_core.work import Work, identify

__all__ = ["Hub", "for_asker", "hub", "tell_by"]

ABANDONED_SECONDS = 3600.0
READY_SECONDS = 120.0
SECONDS = 120
"""For which a person waits for an answer about one patient."""


@dataclass(frozen=True)
class Hub:
    """Where verbs are carried out."""

    store: Store
    engine: InlineEngine | LocalEngine
    snapshot: Snapshot = field(default_factory=Snapshot)

    def submit(self, work: Work, *, again: bool, seconds: float = 0.0) -> str:
        """Begin a job, once more where it is done and ``again`` -> its id.

        ``seconds``: that it is expected to take; 0 where nobody knows. Raises ``UserError`` where
        that is too much (``must_fit``).
        """
        asking = access.granted()
        if not self._made(work, again=again):
            must_fit(seconds)
        request = Request(asking.user.id, seconds) if asking else UNKNOWN
        job_id = self.engine.submit(work, request, again=again)
        self.snapshot.forget()
        return job_id

    def _made(self, work: Work, *, again: bool) -> bool:
        """Whether there is that job already, so that it is not done twice."""
        identity = identify(work)
        found = [job for job in self.store.jobs.list() if job.id == identity]
        return any(job.alive or (job.state == "done" and not again) for job in found)


def hub() -> Hub:
    """That of this installation, or of the project whose verb is being carried out.

    Raises ``Refused`` in a hosted installation outside of any verb that was granted.
    """
    return _hub(within())


def must_fit(seconds: float) -> None:
    """Raise ``UserError`` where a job is expected to take longer than one may, or than whoever asks
    has left. Only within a verb."""
    hours, limit = settings().job_hours, quota()
    if hours and seconds > 3600 * hours:
        raise UserError(
            f"This needs about {machine_time(seconds, math.ceil)}, and a job is ended after "
            f"{machine_time(3600 * hours)}", "", "Choose less (fewer inputs, folds or epochs).",
        )  # fmt: skip
    if limit is not None:
        limit.check(seconds)


def quota() -> Quota | None:
    """What whoever asks may still use, in all projects of theirs; None where that is not limited.

    Only within a verb.
    """
    asking = access.granted()
    if asking is None:
        return None
    hours = settings().quota_hours or None if asking.user.hours is None else asking.user.hours
    if hours is None:
        return None
    theirs = [
        settings().of_project(one.id) for one in access.accounts().projects_of(asking.user.id)
    ]
    spans, expected, unknown = list[tuple[float, float]](), 0.0, 0
    for one in theirs:
        try:
            kept = Usage(open_store(one).jobs.engine)
            spans += kept.spans(asking.user.id)
            expected += kept.expected(asking.user.id)
        except UserError:
            # A project that cannot be opened holds up no other, and is said.
            unknown += 1
    return Quota(3600 * hours, tuple(sorted(spans, reverse=True)), expected, unknown)


@cache
def _hub(chosen: Settings) -> Hub:
    store = open_store(chosen)
    # What a killed process was working on; and files that earlier versions left.
    store.passing.sweep()
    store.cohorts.forget_abandoned(ABANDONED_SECONDS)
    match chosen.engine:
        case "inline":
            return Hub(store, InlineEngine(store))
        case "local" | "ray":
            return Hub(store, LocalEngine(store, _pools(settings())))


def make_ready() -> None:
    """Load what the first question would wait for, in a child that answers it."""
    if settings().engine != "inline":
        _pools(settings()).modelling.ask(None, READY_SECONDS)


def questions() -> int:
    """How many wait in this process for a child that is free."""
    if settings().engine == "inline":
        return 0
    pools = _pools(settings())
    return sum(len(pool.waiting) for pool in (pools.reading, pools.modelling, pools.importing))


def take_up_jobs() -> None:
    """See that jobs go on which a restart has left, in all homes, also where nobody looks.

    Raises what stood against it in one home once it is done in the others.
    """
    failed: list[Exception] = []
    for home in homes(settings()) if settings().engine != "inline" else ():
        try:
            if open_store(settings().model_copy(update={"home": home})).jobs.waiting():
                _starter(home).see()
        except (UserError, SQLAlchemyError, OSError) as error:
            failed.append(error)
    if failed:
        raise failed[0]


def keep_taking_up_jobs(every: float) -> NoReturn:
    """``take_up_jobs`` every so many seconds, for as long as this process lives."""
    while True:
        try:
            take_up_jobs()
        except (SQLAlchemyError, UserError, OSError) as error:
            # The store is away or the disk is full for now; the page of the jobs says what it is.
            # The log names no patient.
            sys.stderr.write(f"Jobs could not be looked after: {type(error).__name__}\n")
        time.sleep(every)


@cache
def _starter(home: Path) -> Starter:
    return Starter(home)


@cache
def _pools(chosen: Settings) -> Pools:
    """Shared by all projects: a child takes half a gigabyte before it is asked anything."""
    return Pools(chosen)
