"""Whether an installation can work now: for health checks, which ask again and again."""

from __future__ import annotations

import shutil
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import func, select
from sqlalchemy.exc import SQLAlchemyError

from pmed_core.engine.supervisor import attended
from pmed_core.errors import UserError
from pmed_core.sealing.keys import homes
from pmed_core.settings import Settings
from pmed_core.store.database import JOBS, connect, writing
from pmed_core.store.dialects import now, shared
from pmed_core.store.jobs import MACHINE
from pmed_core.store.machines import Machines
from pmed_core.store.store import Store, open_store

LEAST_FREE_MB = 256
WAITED_SECONDS = 90.0
"""A job that waits for so long while nobody looks after any has been forgotten."""


def faults(chosen: Settings) -> tuple[str, ...]:
    """What stands against working, a sentence each, which names no patient; nothing where all is
    well."""
    return tuple(
        f"{home.name}: {said}" for home in homes(chosen) for said in _of_home(chosen, home)
    )


def _of_home(chosen: Settings, home: Path) -> Iterator[str]:
    try:
        store = open_store(chosen.model_copy(update={"home": home}))
        # Takes the lock of whoever writes, and writes nothing.
        with writing(store.jobs.engine) as connection:
            connection.execute(select(1))
        store.cohorts.artefacts.ids("cohorts")
        forgotten = _oldest(store) > WAITED_SECONDS and not worked_on(chosen, home)
    except (UserError, SQLAlchemyError) as error:
        yield f"The store does not answer ({getattr(error, 'what', type(error).__name__)})."
        return
    if forgotten:
        yield "Jobs are waiting, and no supervisor looks after them."
    free = shutil.disk_usage(home).free // 2**20
    if free < LEAST_FREE_MB:
        yield f"Only {free:,} MB of the disk is free."


def worked_on(chosen: Settings, home: Path) -> tuple[str, ...]:
    """The machines that work on the jobs of a home: this one, or those that share its database;
    raises ``UserError``."""
    here = (MACHINE,) if home.is_dir() and attended(home) else ()
    if not shared(chosen.database):
        return here
    engine = connect(chosen.model_copy(update={"home": home}).database_url, home)
    try:
        return tuple(sorted({*here, *Machines(engine).working()}))
    finally:
        engine.dispose()


def _oldest(store: Store) -> float:
    """Seconds for which a job waits; 0 where none does."""
    first = select(func.min(JOBS.c.submitted)).where(JOBS.c.state == "queued").scalar_subquery()
    with store.jobs.engine.connect() as connection:
        waited = connection.execute(select(now(store.jobs.engine) - first)).scalar_one()
    return max(0.0, waited or 0.0)


@dataclass(frozen=True)
class Jobs:
    """Those of all homes.

    Attributes:
        states: how many there are in each.
        oldest: seconds for which one waits.
    """

    states: Counter[str]
    oldest: float


def jobs(chosen: Settings) -> Jobs:
    """Raises ``UserError`` where a store does not answer."""
    states, oldest = Counter[str](), 0.0
    for home in homes(chosen):
        store = open_store(chosen.model_copy(update={"home": home}))
        query = select(JOBS.c.state, func.count()).group_by(JOBS.c.state)
        with store.jobs.engine.connect() as connection:
            states.update({row[0]: row[1] for row in connection.execute(query)})
        oldest = max(oldest, _oldest(store))
    return Jobs(states, oldest)
