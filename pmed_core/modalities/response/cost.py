"""How long a training on drug response takes, and how much memory."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pmed_core.modalities.cost import MB, START_MB, START_SECONDS, on_this_machine
from pmed_core.modalities.response.options import ResponseOptions

if TYPE_CHECKING:
    from pmed_core.store.cohorts import Cohorts

A_FOLD, A_PAIR = 3.0, 1.5e-4
"""Seconds of a fold whatever its size, and of each of its pairs."""


def cost(cohorts: Cohorts, cohort: str, options: ResponseOptions) -> tuple[float, float]:
    """Seconds and megabytes."""
    rows = cohorts.entry(cohort).rows
    each = options.network.cost[0] + A_PAIR * rows * (1 + 2 * options.baselines)
    return START_SECONDS + on_this_machine(options.folds * each), START_MB + rows * 500 / MB
