"""What is removed first, and how soon the prediction moves (Samek et al., IEEE TNNLS 2017)."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

SHOWN, ORDERS = 20, 7
"""Points of the curves, and random orders that the second is the mean of."""


def removals(
    contributions: NDArray[np.float64],
) -> tuple[list[NDArray[np.int64]], NDArray[np.int64]]:
    """Those of the contributions (p,) first that speak most for the prediction, be it high or low,
    and random orders; how many are removed at each point of the curves."""
    draw, count = np.random.default_rng(0), len(contributions)
    towards = contributions * (np.sign(contributions.sum()) or 1)
    orders = [
        np.argsort(-towards, kind="stable"),
        *(draw.permutation(count) for _ in range(ORDERS)),
    ]
    return orders, np.unique(np.linspace(0, count, SHOWN + 1).round().astype(int))


def beaten(curves: NDArray[np.float64]) -> int:
    """(1 + orders, s): how many of the others move later than the first, on the whole."""
    moved = np.abs(curves - curves[:, :1]).mean(axis=1)
    return int((moved[1:] < moved[0]).sum())
