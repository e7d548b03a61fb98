"""The one handle to everything that lasts."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from pathlib import Path

from sqlalchemy import Engine, select

from pmed_core.errors import UserError
from pmed_core.sealing.keys import prepare
from pmed_core.settings import Settings
from pmed_core.store.artefacts import artefacts
from pmed_core.store.checkpoints import Checkpoints
from pmed_core.store.cohorts import Cohorts
from pmed_core.store.database import COHORTS, JOBS, MODELS, connect
from pmed_core.store.dialects import shared
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
    if shared(settings.database):
        _must_be_of_this_home(engine)
    return Store(
        home, Cohorts(engine, home, kept), Models(engine, home, kept), Jobs(engine), Passing(home),
        Checkpoints(home),
    )  # fmt: skip


def _must_be_of_this_home(engine: Engine) -> None:
    """Raise ``UserError`` where nothing in the tables opens with the key of the home: another home,
    which shares neither its files nor its keys, has the same database."""
    with engine.connect() as connection:
        for column in (JOBS.c.work, MODELS.c.name, COHORTS.c.name):
            found = connection.execute(select(column).limit(5)).scalars().all()
            if found and all(one is None for one in found):
                raise UserError(
                    "What is in the database belongs to another home, or its key is another",
                    "PMED_DATABASE",
                    "Set PMED_HOME or PMED_ARTEFACTS to what it belongs to, or take another "
                    "database.",
                )  # fmt: skip
