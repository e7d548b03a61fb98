"""How far the members of an ensemble disagree."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pmed_core.quantity import Quantity, shown

Doubles = NDArray[np.float64]
NINETY = 1.645
"""Standard deviations to either end of a 90 % interval."""


def of_members(quantities: tuple[Quantity, ...], scores: Doubles) -> Doubles:
    """(n, networks, members, k) scores -> (2, n, k): 5th and 95th percentile of what they say."""
    return np.asarray(np.quantile(shown(quantities, scores), [0.05, 0.95], axis=(1, 2)))


def round_pooled(
    quantities: tuple[Quantity, ...], pooled: Doubles, members: Sequence[Doubles], least: Any
) -> tuple[Doubles, Doubles, Doubles]:
    """(n, k) scores of all members together, and of each -> (n, k) value, low and high: 90 % by how
    far the members are apart, and by no less than ``least`` standard deviations of the score."""
    own = np.std(members, axis=0, ddof=1) if len(members) > 2 else np.zeros_like(pooled)
    away = NINETY * np.maximum(own, least)
    low, high = (shown(quantities, pooled + sign * away) for sign in (-1, 1))
    value = shown(quantities, pooled)
    return value, np.minimum(low, value), np.maximum(high, value)
