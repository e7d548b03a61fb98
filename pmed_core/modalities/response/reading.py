"""How drug response comes in: as a table of pairs with what is joined to it; see
``contracts.Reading``."""

from __future__ import annotations

import re
import zipfile
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

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
from pmed_core.readers import beside, table_quality
from pmed_core.reading import JOINED, Choices, joins
from pmed_core.variable import PAYLOADS, Role, Variable, readable

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


CONCENTRATION = re.compile(r"(?:ic|ec|gi|ac)[ _-]?50", re.IGNORECASE)
TELLS_SCALE = re.compile(r"\b(ln|log10|log2|log)(?=[_ (]|ic|ec|gi|ac)|pic50", re.IGNORECASE)
TELLS_UNIT = re.compile(r"[nuµμm]m\b|molar", re.IGNORECASE)


def findings(cohort: Cohort, summaries: tuple[Summary, ...]) -> list[Finding]:
    """What is found in any table but for its payloads, what they lack, and on which scale the
    response seems to be."""
    own = [v.name for v in cohort.inputs if v.kind in PAYLOADS]
    rest = tuple(replace(v, role=Role.IGNORE) if v.name in own else v for v in cohort.variables)
    found = table_quality.findings(replace(cohort, variables=rest), summaries)
    found += [_gaps(cohort, name) for name in own]
    return found + [_scale(cohort, v) for v in cohort.variables if CONCENTRATION.search(v.name)]


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


def _scale(cohort: Cohort, variable: Variable) -> Finding:
    """On which scale and in which unit an IC50 seems to be; the numbers alone cannot tell."""
    cells = cohort.table[variable.name]
    values = np.asarray(cells.to_numpy(dtype=np.float64, na_value=np.nan)) if (
        cells.dtype.kind == "f"
    ) else np.empty(0)  # fmt: skip
    known = values[np.isfinite(values)]
    told = f"{variable.name} {variable.unit}"
    scale, unit = TELLS_SCALE.search(told), TELLS_UNIT.search(told)
    if not len(known) or (scale and unit):
        return Finding("scale of the response", Severity.CLEAN,
                       f"'{variable.name}' says its scale and its unit.")  # fmt: skip
    low, high = float(known.min()), float(known.max())
    return Finding(
        "scale of the response", Severity.NOTE,
        f"'{variable.name}' runs from {readable(low)} to {readable(high)}, which looks like "
        f"{guessed(low, high)}; {_open(bool(scale), bool(unit))} cannot be told with certainty.",
        "Make sure that all rows are alike, and name it in the column (ln_ic50_uM): models of "
        "different scales cannot be compared.", (variable.name,),
    )  # fmt: skip


def guessed(low: float, high: float) -> str:
    """The likeliest scale and unit of the IC50 of drugs between these."""
    if low < 0:
        wide = high - low > 9
        return "natural logarithms of µM" if wide else "logarithms to the base 10 of µM"
    if high <= 12 and low >= 2:
        return "−log10 of the molar concentration (pIC50)"
    return "concentrations in nM, not logarithms" if high > 1000 else (
        "concentrations in µM, not logarithms"
    )  # fmt: skip


def _open(scale: bool, unit: bool) -> str:
    return "the unit (µM or nM)" if scale else "the scale" if unit else "scale and unit"
