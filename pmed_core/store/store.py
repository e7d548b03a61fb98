"""The one handle to everything that lasts."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from pathlib import Path

from pmed_core.sealing.keys import prepare
from pmed_core.settings import Settings
from pmed_core.store.artefacts import artefacts
from pmed_core.store.checkpoints import Checkpoints
from pmed_core.store.cohorts import Cohorts
from pmed_core.store.database import connect
from pmed_core.store.jobs import Jobs
from pmed_core.store.models import Models
from pmed_core.store.passing import Passing


@dataclass(frozen=True)
class Store:
    """Cohorts, models and jobs of one installation."""

    home: Path
    cohorts: Cohorts
    models: Models
    jobs: Jobs
    passing: Passing
    checkpoints: Checkpoints

    def trained_on(self, model: str) -> str:
        """The id of a model's cohort; empty where it is not here: imported, or removed since."""
        cohort = self.models.entry(model).cohort
        return cohort if cohort and self.cohorts.exists(cohort) else ""


@cache
def open_store(settings: Settings) -> Store:
    """The store of these settings, opened once in a process; raises ``UserError``."""
    key, home = prepare(settings.home), settings.home
    engine, kept = connect(settings.database_url, home, key=key), artefacts(home)
    return Store(
        home, Cohorts(engine, home, kept), Models(engine, home, kept), Jobs(engine), Passing(home),
        Checkpoints(home),
    )  # fmt: skip
