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
LEAST_COUNT, NOISE = 5.0, 10.0
"""Whole numbers of zero and more of which most samples have a larger one are counts, however few
reads there were: scores and copies of alleles are not. Values below zero are the noise of signals
where most of them are as far below; else what corrections leave of amounts near zero."""
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

CALLED = {
    "counts": "raw counts", "abundances": "amounts (TPM, FPKM, signals)",
    "intensities": "microarray signals with negative noise", "logs": "logarithms or scores",
}  # fmt: skip


def unlike(values: Doubles, scale: Scale) -> tuple[str, ...]:
    """What is to be said of (n, p) values of a later file that seem to be on another scale than
    that of training, by which they are read."""
    seen = scale_of(values)
    # Of signals few samples may have none below zero.
    measured = bool(np.isfinite(values).any())
    if not measured or seen == scale or (seen, scale) == ("abundances", "intensities"):
        return ()
    return (
        f"The values look like {CALLED[seen]}, and are read as {CALLED[scale]}, as those of "
        "training were.",
    )


def scale_of(values: Doubles) -> Scale:
    """Of (n, p) values, NaN where nothing was measured."""
    known = values[np.isfinite(values)]
    largest = float(np.median(_largest(values))) if len(known) else 0.0
    whole = bool((known >= 0).all() and (known == np.round(known)).all())
    if largest <= (LEAST_COUNT if whole else LARGEST_LOG):
        return "logs"
    below = -known[known < 0]
    if len(below) and np.median(below) >= NOISE:
        return "intensities"
    return "counts" if whole else "abundances"


def others(values: Doubles, scale: Scale) -> NDArray[np.bool_]:
    """(n, p) -> (n,) samples that seem to be on another scale: logarithms among raw values, or raw
    values among logarithms."""
    largest = _largest(values)
    if scale == "logs":
        return np.asarray(largest > LARGEST_OF_LINEAR)
    low = np.isfinite(largest) & (largest <= LARGEST_LOG)
    if scale == "counts":  # of few reads no count is large either, but all are whole
        known = np.isfinite(values)
        low &= (known & (values != np.round(np.where(known, values, 0)))).any(axis=1)
    return np.asarray(low)


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
        said += ", which count as zero" * (scale == "abundances")
    return f"{said}. {SAID[scale]}"
