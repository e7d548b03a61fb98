"""How far the members of an ensemble disagree."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from pmed_core.quantity import Quantity, shown

Doubles = NDArray[np.float64]


def of_members(quantities: tuple[Quantity, ...], scores: Doubles) -> Doubles:
    """(n, networks, members, k) scores -> (2, n, k): 5th and 95th percentile of what they say."""
    return np.asarray(np.quantile(shown(quantities, scores), [0.05, 0.95], axis=(1, 2)))
