"""How long a training on molecules takes, and how much memory: as a table of many numbers."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pmed_core.modalities.cost import MB, on_this_machine
from pmed_core.modalities.molecule.options import MoleculeOptions
from pmed_core.modalities.tabular.cost import READ_AT_MOST, cost_of

if TYPE_CHECKING:
    from pmed_core.store.cohorts import Cohorts

FEATURES, A_MOLECULE = 2155, 1.2e-3
"""Numbers of a molecule, and the seconds in which they are computed."""


def cost(cohorts: Cohorts, cohort: str, options: MoleculeOptions) -> tuple[float, float]:
    """Seconds and megabytes."""
    rows = cohorts.entry(cohort).rows
    seconds, memory = cost_of(rows, READ_AT_MOST, options)
    return seconds + on_this_machine(rows * A_MOLECULE), memory + rows * FEATURES * 24 / MB
