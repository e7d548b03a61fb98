"""How long a training on a treatment takes, and how much memory."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pmed_core.modalities.cost import MB, START_MB, START_SECONDS, on_this_machine
from pmed_core.modalities.treatment.options import TreatmentOptions
from pmed_core.variable import Role

if TYPE_CHECKING:
    from pmed_core.store.cohorts import Cohorts

BESIDE = 1.5e-5
"""Seconds of the baselines, for each fold and cell."""


def cost(cohorts: Cohorts, cohort: str, options: TreatmentOptions) -> tuple[float, float]:
    """Seconds and megabytes."""
    entry = cohorts.entry(cohort)
    inputs = sum(variable.role is Role.INPUT for variable in entry.variables)
    cells, networks = entry.rows * (inputs + 20), options.folds * options.cross_fitting
    each, cell = options.network.cost
    # Once of the outcome and, where nobody randomised, once of the treatment.
    training = min(2 * networks * (each + cell * cells), 60 * options.time_limit_minutes)
    seconds = START_SECONDS + on_this_machine(training)
    seconds += options.baselines * options.folds * BESIDE * cells
    return seconds, START_MB + cells * networks * 24 / MB
