"""How long a training on sequences takes, and how much memory."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pmed_core.modalities.cost import MB, START_MB, START_SECONDS, on_this_machine
from pmed_core.modalities.sequence.options import SequenceOptions

if TYPE_CHECKING:
    from pmed_core.store.cohorts import Cohorts

A_SEQUENCE, TYPICAL, A_LETTER = 3e-4, 200, 40
"""Seconds of a sequence for an epoch; letters of one, which are not read here; bytes of each."""
PASSES = ((500, 80), (2_000, 40), (8_000, 30), (10_000, 8))
"""(sequences below, epochs of all networks of a fold) as in ``training.recipe``."""


def cost(cohorts: Cohorts, cohort: str, options: SequenceOptions) -> tuple[float, float]:
    """Seconds and megabytes."""
    rows = cohorts.entry(cohort).rows
    folds = options.folds if rows <= PASSES[-1][0] else min(options.folds, 3)
    passes = next((many for below, many in PASSES if rows < below), PASSES[-1][1])
    each = options.network.cost[0]
    if not options.network.simple:
        each += passes * rows * A_SEQUENCE * (1.4 if options.baselines else 1.0)
    seconds = min(on_this_machine(folds * each), 90 * options.time_limit_minutes)
    return START_SECONDS + seconds, START_MB + rows * TYPICAL * A_LETTER / MB
