"""How drug response comes in: as a table of pairs with what is joined to it; see
``contracts.Reading``."""

from __future__ import annotations

import zipfile
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from pmed_core.cohort import Cohort
from pmed_core.modalities.tabular import reading as tables
from pmed_core.modalities.tabular.reading import (
    KEEPS_FILES,
    cohort,
    corrected,
    inspected,
    unlabelled,
)
from pmed_core.quality import Finding, Severity, Summary
from pmed_core.quantity import counted
from pmed_core.readers import beside, concentrations, table_quality
from pmed_core.reading import JOINED, Choices, joins
from pmed_core.variable import PAYLOADS, Role

if TYPE_CHECKING:
    from pmed_core.modalities.contracts import Model

__all__ = [
    "KEEPS_FILES", "cohort", "corrected", "findings", "inputs", "inspected", "unlabelled",
]  # fmt: skip


def inputs(path: Path, model: Model, home: Path, looked_at: bool, choices: Choices) -> Cohort:
    """A table of pairs with what is joined to it, by the choices or as the ZIP of all shows."""
    if not joins(choices) and zipfile.is_zipfile(path):
        choices = beside.settled(path, {"files": JOINED, **choices})
    return tables.inputs(path, model, home, looked_at, choices)


def findings(cohort: Cohort, summaries: tuple[Summary, ...]) -> list[Finding]:
    """What is found in any table but for its payloads, what they lack, and on which scale the
    response seems to be."""
    own = [v.name for v in cohort.inputs if v.kind in PAYLOADS]
    rest = tuple(replace(v, role=Role.IGNORE) if v.name in own else v for v in cohort.variables)
    found = table_quality.findings(replace(cohort, variables=rest), summaries)
    found += [_gaps(cohort, name) for name in own]
    return found + concentrations.findings(cohort)


def _gaps(cohort: Cohort, name: str) -> Finding:
    without = int(cohort.table[name].isna().sum())
    if not without:
        return Finding("gaps of what was joined", Severity.CLEAN, f"Every row has a '{name}'.")
    return Finding(
        "gaps of what was joined", Severity.NOTE,
        f"{counted(without, 'row')} of {len(cohort):,} {'has' if without == 1 else 'have'} no "
        f"'{name}' and {'is' if without == 1 else 'are'} not learnt from.",
        "The account of reading names some; add them to the joined file.", (name,),
    )  # fmt: skip
