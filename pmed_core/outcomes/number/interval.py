"""An interval meant to hold the true value of 90 % of patients.

Where the middle 90 % of a patient's predicted distribution ends, times a stretch that patients
whom the networks had not learnt from need (conformalised quantile regression, Romano, Patterson &
Candès, NeurIPS 2019, scaled on each side by the patient's own distribution; out of fold as in CV+,
Barber et al., Ann Stat 2021). It says nothing of one kind of patients, only of all together.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.special import softmax

Doubles = NDArray[np.float64]
LEVEL = 0.9
SMALLEST = 1e-3
"""Of a side, as a share of the whole range: a patient of whom all is certain is still a patient."""


def sides(points: Doubles, log_cells: Doubles) -> tuple[Doubles, Doubles, Doubles]:
    """(n, c) -> the mean (n,) of each, and how far below and above it the middle 90 % ends."""
    cells = softmax(log_cells, axis=-1)
    mean = cells @ points
    least = SMALLEST * (points[-1] - points[0])
    below = mean - quantile(points, cells, (1 - LEVEL) / 2)
    above = quantile(points, cells, (1 + LEVEL) / 2) - mean
    return mean, np.maximum(below, least), np.maximum(above, least)


def quantile(points: Doubles, cells: Doubles, at: float) -> Doubles:
    """(n, c) shares -> (n,) their quantile, straight between points."""
    middle = np.cumsum(cells, axis=-1) - cells / 2
    right = np.clip((middle < at).sum(axis=-1), 1, len(points) - 1)
    first = np.take_along_axis(middle, right[:, None] - 1, axis=-1)[:, 0]
    second = np.take_along_axis(middle, right[:, None], axis=-1)[:, 0]
    share = np.clip((at - first) / np.maximum(second - first, 1e-300), 0, 1)
    return np.asarray(points[right - 1] + share * (points[right] - points[right - 1]))


def ends(points: Doubles, log_cells: Doubles, stretch: float) -> tuple[Doubles, Doubles]:
    """Low and high (n,), within what was ever observed."""
    mean, below, above = sides(points, log_cells)
    return (
        np.maximum(mean - stretch * below, points[0]),
        np.minimum(mean + stretch * above, points[-1]),
    )  # fmt: skip


def stretch(points: Doubles, log_cells: Doubles, actual: Doubles) -> float:
    """How far the sides must be stretched to hold 90 % of these patients and one more."""
    mean, below, above = sides(points, log_cells)
    needed = np.sort(np.where(actual < mean, (mean - actual) / below, (actual - mean) / above))
    rank = int(np.ceil(LEVEL * (len(needed) + 1)))
    return float(needed[min(rank, len(needed)) - 1]) if len(needed) else 1.0
