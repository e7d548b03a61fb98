"""How long a training on expression takes, and how much memory."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pmed_core.modalities.cost import MB, START_MB, START_SECONDS, on_this_machine
from pmed_core.modalities.expression.options import ExpressionOptions

if TYPE_CHECKING:
    from pmed_core.store.cohorts import Cohorts

BESIDE = 2.0
"""Times as long with baselines."""
COPIES, NUMBER = 4, 8
"""Of a matrix in memory, and bytes of a number."""


def cost(cohorts: Cohorts, cohort: str, options: ExpressionOptions) -> tuple[float, float]:
    """Seconds and megabytes: a fold costs so much whatever its size, and for each number it reads;
    as many genes are reckoned with as may be read."""
    rows = cohorts.entry(cohort).rows
    each, number = options.network.cost
    seconds = options.folds * (each + number * rows * options.genes_read)
    seconds = min(on_this_machine(seconds), 60 * options.time_limit_minutes)
    seconds *= BESIDE if options.baselines else 1.0
    return START_SECONDS + seconds, START_MB + rows * options.genes_read * COPIES * NUMBER / MB
