"""What runs jobs, by ``PMED_ENGINE``: which process a supervisor starts for each."""

from __future__ import annotations

from collections.abc import Iterator

from pmed_core.errors import UserError
from pmed_core.settings import Settings


def worker(chosen: Settings) -> str:
    """The module that is run for a job, as ``python -m <module> job ID TOKEN``."""
    return "pmed_core.engine.on_ray" if chosen.engine == "ray" else "pmed_core.worker"


def unusable(chosen: Settings) -> Iterator[UserError]:
    """Why no job could ever run as this installation is set up; asks no other machine."""
    if chosen.engine == "ray":
        from pmed_core.engine.on_ray.cluster import Cluster

        yield from Cluster().unusable(hosted=chosen.hosted)


def idle(chosen: Settings) -> Iterator[UserError]:
    """Why no job can run now, also where that is for other machines to say."""
    wrong = tuple(unusable(chosen))
    yield from wrong
    if chosen.engine == "ray" and not wrong:
        from pmed_core.engine.on_ray.cluster import Cluster

        yield from Cluster().away()
