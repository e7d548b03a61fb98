"""On which scale expression is written, and how it becomes logarithms.

Each sample is transformed by its own values alone, so that nothing of other patients is needed. The
logarithm of counts per million is that of Law et al. (voom, Genome Biology 2014).
"""

from __future__ import annotations

from typing import Literal

import numpy as np
from numpy.typing import NDArray

from pmed_core.variable import readable

Doubles = NDArray[np.float64]
Scale = Literal["counts", "abundances", "intensities", "logs"]
LARGEST_LOG, LARGEST_OF_LINEAR = 50.0, 200.0
"""No logarithm to the base 2 of a count or a signal is larger; the largest value of a sample that
is not logarithms mostly is."""
FLOOR = 100.0
"""Of microarray signals with negative noise: below it lies nothing but noise (Dudoit, Fridlyand &
Speed, JASA 2002)."""
SAID = {
    "counts": "They are read as raw counts: log2 of counts per million, each sample by its own "
    "size.",
    "abundances": "They are read as amounts (TPM, FPKM, signals): log2 of the value and 1.",
    "intensities": "They are read as microarray signals with negative noise: log2, where less than "
    "100 counts as 100.",
    "logs": "They are read as logarithms or scores, as they are.",
}


def scale_of(values: Doubles) -> Scale:
    """Of (n, p) values, NaN where nothing was measured."""
    known = values[np.isfinite(values)]
    if not len(known) or float(np.median(_largest(values))) <= LARGEST_LOG:
        return "logs"
    if (known < 0).any():
        return "intensities"
    return "counts" if bool((known == np.round(known)).all()) else "abundances"


def others(values: Doubles, scale: Scale) -> NDArray[np.bool_]:
    """(n, p) -> (n,) samples that seem to be on another scale: logarithms among raw values, or raw
    values among logarithms."""
    largest = _largest(values)
    if scale == "logs":
        return np.asarray(largest > LARGEST_OF_LINEAR)
    return np.asarray(np.isfinite(largest) & (largest <= LARGEST_LOG))


def _largest(values: Doubles) -> Doubles:
    filled = np.where(np.isfinite(values), values, -np.inf)
    return np.asarray(filled.max(axis=1)) if values.shape[1] else np.full(len(values), -np.inf)


def transformed(values: Doubles, scale: Scale) -> Doubles:
    """(n, p) -> (n, p) logarithms; NaN stays."""
    match scale:
        case "counts":
            size = np.nansum(np.maximum(values, 0), axis=1, keepdims=True)
            return np.asarray(np.log2((np.maximum(values, 0) + 0.5) / (size + 1) * 1e6))
        case "abundances":
            return np.asarray(np.log2(np.maximum(values, 0) + 1))
        case "intensities":
            return np.asarray(np.log2(np.maximum(values, FLOOR)))
        case _:
            return values


def told(values: Doubles, scale: Scale) -> str:
    """What is said of a cohort's values."""
    known = values[np.isfinite(values)]
    low, high = (readable(float(one)) for one in (known.min(), known.max()))
    negative = int((known < 0).sum())
    said = f"Values run from {low} to {high}"
    if negative:
        said += f", {negative:,} of {len(known):,} below zero"
    return f"{said}. {SAID[scale]}"
