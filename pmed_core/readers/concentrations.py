"""On which scale and in which unit a column of concentrations such as an IC50 seems to be: the
numbers alone cannot tell, and models of different scales cannot be compared."""

from __future__ import annotations

import re

import numpy as np

from pmed_core.cohort import Cohort
from pmed_core.quality import Finding, Severity
from pmed_core.variable import Variable, readable

CONCENTRATION = re.compile(r"(?:ic|ec|gi|ac)[ _-]?50", re.IGNORECASE)
TELLS_SCALE = re.compile(r"\b(ln|log10|log2|log)(?=[_ (]|ic|ec|gi|ac)", re.IGNORECASE)
TELLS_UNIT = re.compile(r"[nuµμm]m\b|molar", re.IGNORECASE)
TELLS_BOTH = re.compile(r"p(?:ic|ec|gi|ac)[ _-]?50", re.IGNORECASE)
POWERS = 7
"""Powers of ten that the concentrations of one column rarely span."""


def findings(cohort: Cohort) -> list[Finding]:
    """Of each column whose name says that it holds such numbers."""
    return [_scale(cohort, v) for v in cohort.variables if CONCENTRATION.search(v.name)]


def _scale(cohort: Cohort, variable: Variable) -> Finding:
    cells = cohort.table[variable.name]
    values = np.asarray(cells.to_numpy(dtype=np.float64, na_value=np.nan)) if (
        cells.dtype.kind == "f"
    ) else np.empty(0)  # fmt: skip
    known = values[np.isfinite(values)]
    told = f"{variable.name} {variable.unit}"
    both = TELLS_BOTH.search(told)
    scale, unit = both or TELLS_SCALE.search(told), both or TELLS_UNIT.search(told)
    mixed = "" if scale or not len(known) else _mixed(known)
    if not len(known) or (scale and unit):
        return Finding("scale of the response", Severity.CLEAN,
                       f"'{variable.name}' says its scale and its unit.")  # fmt: skip
    low, high = float(known.min()), float(known.max())
    return Finding(
        "scale of the response", Severity.WARNING if mixed else Severity.NOTE,
        f"'{variable.name}' runs from {readable(low)} to {readable(high)}, which looks like "
        f"{guessed(low, high)}; {_open(bool(scale), bool(unit))} cannot be told with certainty."
        f"{mixed}",
        "Make sure that all rows are alike, and name it in the column (ln_ic50_uM): models of "
        "different scales cannot be compared.", (variable.name,),
    )  # fmt: skip


def _mixed(known: np.ndarray[tuple[int], np.dtype[np.float64]]) -> str:
    """That concentrations, and no logarithms of them, lie further apart than one unit explains."""
    if known.min() <= 0:
        return ""
    powers = float(np.log10(known.max() / known.min()))
    if powers < POWERS:
        return ""
    return f" It spans {powers:.0f} powers of ten: look whether units are mixed."


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
