"""How long a training on a table takes, and how much memory; reckoned without the table."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pmed_core.modalities.cost import MB, START_MB, START_SECONDS, on_this_machine
from pmed_core.modalities.tabular.options import TableOptions
from pmed_core.variable import Role

if TYPE_CHECKING:
    from pmed_core.store.cohorts import Cohorts

BASELINE_SECONDS = (0.35, 6.5e-6)
"""For each fold, and for each of its cells."""

READ_AT_MOST = 256
"""Numeric inputs that a network reads; more are screened."""


def cost(cohorts: Cohorts, cohort: str, options: TableOptions) -> tuple[float, float]:
    """Seconds and megabytes, met within a factor of two."""
    entry = cohorts.entry(cohort)
    inputs = sum(variable.role is Role.INPUT for variable in entry.variables)
    trees = entry.outcome.in_a_round if entry.outcome else 1
    return cost_of(entry.rows, inputs, options, trees)


def cost_of(rows: int, inputs: int, options: TableOptions, trees: int = 1) -> tuple[float, float]:
    """The same of so many rows and inputs, and of an outcome of which boosting grows so many trees
    in a round.

    A network costs so many seconds, and so many for each of its cells (rows x (columns + 20)):
    fitted to runs on two cores, from 304 x 13 (8 s) over 1,000 x 1,000 (42 s) to 4,000 x 114
    (38 s).
    """
    cells = rows * (min(inputs, READ_AT_MOST) + 20)
    networks = options.folds * _repeats(rows)
    each, cell = options.network.cost
    each_time = trees if options.network.in_rounds else 1
    training = on_this_machine(networks * each_time * (each + cell * cells))
    seconds = START_SECONDS + min(training, 60 * options.time_limit_minutes)
    if options.baselines:
        seconds += options.folds * (BASELINE_SECONDS[0] + BASELINE_SECONDS[1] * cells)
    memory = START_MB + networks * min(inputs, READ_AT_MOST) * 0.1
    return seconds, memory + (rows * inputs * 24 + cells * networks * 12) / MB


def _repeats(rows: int) -> int:
    """Networks a fold (``learner.recipe``)."""
    for below, repeats in ((400, 4), (3000, 2)):
        if rows < below:
            return repeats
    return 1
