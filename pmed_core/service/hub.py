"""The store and the engine of this process."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cache

from pmed_core.engine.asker import tell_by
from pmed_core.engine.inline import InlineEngine
from pmed_core.engine.local import LocalEngine, Pools
from pmed_core.service.access import for_asker, within
from pmed_core.service.snapshot import Snapshot
from pmed_core.settings import Settings, settings
from pmed_core.store.store import Store, open_store
from pmed_core.work import Work

__all__ = ["Hub", "for_asker", "hub", "tell_by"]

ABANDONED_SECONDS = 3600.0
READY_SECONDS = 120.0


@dataclass(frozen=True)
class Hub:
    """Where verbs are carried out."""

    store: Store
    engine: InlineEngine | LocalEngine
    snapshot: Snapshot = field(default_factory=Snapshot)

    def submit(self, work: Work, *, again: bool) -> str:
        """Begin a job, once more where it is done and ``again`` -> its id."""
        job_id = self.engine.submit(work, again=again)
        self.snapshot.forget()
        return job_id


def hub() -> Hub:
    """That of this installation, or of the project whose verb is being carried out.

    Raises ``Refused`` in a hosted installation outside of any verb that was granted.
    """
    return _hub(within())


@cache
def _hub(chosen: Settings) -> Hub:
    store = open_store(chosen)
    # What a killed process was working on; and files that earlier versions left.
    store.passing.sweep()
    store.cohorts.forget_abandoned(ABANDONED_SECONDS)
    match chosen.engine:
        case "inline":
            return Hub(store, InlineEngine(store))
        case "local":
            return Hub(store, LocalEngine(store, _pools(settings())))


def make_ready() -> None:
    """Load what the first question would wait for, in a child that answers it."""
    if settings().engine == "local":
        _pools(settings()).modelling.ask(None, READY_SECONDS)


@cache
def _pools(chosen: Settings) -> Pools:
    """Shared by all projects: a child takes half a gigabyte before it is asked anything."""
    return Pools(chosen)
