"""The machines that work on the jobs of a home, by the clock of the database that they share."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import Engine, delete, insert, select, union

from pmed_core.store.database import JOBS, MACHINES, writing
from pmed_core.store.dialects import now

HEARD = 30.0
"""Seconds since its last heartbeat for which a machine is held to be at work."""
UNCOUNTED = -1
BEAT = 5.0
"""A supervisor is heard of so often, in seconds."""


@dataclass(frozen=True)
class Machines:
    """Which are at work, and what they have."""

    engine: Engine

    def beat(self, name: str, gpus: int | None) -> None:
        """A supervisor looks after the jobs on that machine, which has so many GPUs for them; None:
        nobody counts them."""
        with writing(self.engine) as connection:
            connection.execute(delete(MACHINES).where(MACHINES.c.name == name))
            told = {"name": name, "gpus": UNCOUNTED if gpus is None else gpus}
            connection.execute(insert(MACHINES).values(beat=now(self.engine), **told))

    def leave(self, name: str) -> None:
        """It does so no longer."""
        with writing(self.engine) as connection:
            connection.execute(delete(MACHINES).where(MACHINES.c.name == name))

    def working(self) -> tuple[str, ...]:
        """Names of machines on which a supervisor looks after jobs, or a worker is at one."""
        since = now(self.engine) - HEARD
        supervised = select(MACHINES.c.name).where(MACHINES.c.beat > since)
        at_work = (JOBS.c.state == "running") & (JOBS.c.beat > since)
        both = union(supervised, select(JOBS.c.machine).where(at_work))
        with self.engine.connect() as connection:
            return tuple(sorted(connection.execute(both).scalars()))

    def gpus(self) -> int | None:
        """How many GPUs those have together whose supervisor is at work; None where none is, or
        nobody counts them."""
        heard = MACHINES.c.beat > now(self.engine) - HEARD
        with self.engine.connect() as connection:
            found = connection.execute(select(MACHINES.c.gpus).where(heard)).scalars().all()
        return None if not found or UNCOUNTED in found else sum(found)
