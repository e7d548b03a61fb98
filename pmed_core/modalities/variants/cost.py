"""How long a training on variants takes, and how much memory: as a table of its genes."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pmed_core.modalities.cost import MB, on_this_machine
from pmed_core.modalities.tabular.cost import READ_AT_MOST, cost_of
from pmed_core.modalities.variants.options import VariantsOptions

if TYPE_CHECKING:
    from pmed_core.store.cohorts import Cohorts

A_FOLD, TESTS = 4.0, 8.0
"""Seconds of each fold beside its networks, and of the tests of genes."""


def cost(cohorts: Cohorts, cohort: str, options: VariantsOptions) -> tuple[float, float]:
    """Seconds and megabytes."""
    rows = cohorts.entry(cohort).rows
    seconds, memory = cost_of(rows, READ_AT_MOST, options)
    beside = on_this_machine(options.folds * A_FOLD + TESTS)
    return seconds + beside, memory + rows * 100_000 / MB
