"""Bootstrap samples as weights: how often each row is drawn in each resample.

Every measure is a function of (weights, label, risk), so that one set of resamples serves all
measures and all rivals, and differences are paired.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from pmed_core.judgement import Measure

Weights = NDArray[np.float64]
CELLS_AT_MOST = 2_000_000
RESAMPLES_AT_LEAST = 100


def resamples(
    patients: tuple[str, ...], label: NDArray[np.int64], count: int, seed: int
) -> Weights:
    """(1 + count, n): ones, then how often each row is drawn.

    Whole patients are drawn, stratified by the label of their first row; fewer resamples for
    very many rows.
    """
    generator = np.random.default_rng(seed)
    count = int(np.clip(CELLS_AT_MOST // max(len(label), 1), RESAMPLES_AT_LEAST, count))
    _, first, cluster = np.unique(patients, return_index=True, return_inverse=True)
    drawn = np.zeros((count, len(first)))
    for value in np.unique(label[first]):
        stratum = np.flatnonzero(label[first] == value)
        share = np.full(len(stratum), 1 / len(stratum))
        drawn[:, stratum] = generator.multinomial(len(stratum), share, size=count)
    return np.concatenate([np.ones((1, len(label))), drawn[:, cluster]])


def interval(values: NDArray[np.float64]) -> Measure:
    """The first value with the 2.5th and 97.5th percentile of the others; NaN where undefined."""
    known = values[1:][np.isfinite(values[1:])]
    if not np.isfinite(values[0]) or len(known) < 0.9 * len(values[1:]):
        return Measure(float(values[0]), float("nan"), float("nan"))
    low, high = np.quantile(known, [0.025, 0.975])
    return Measure(float(values[0]), float(min(low, values[0])), float(max(high, values[0])))
