"""Numbers that stand for "not known": 999 among ages, -9 among counts."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

HIGH = (
    9.0,
    88.0,
    99.0,
    99.9,
    888.0,
    999.0,
    999.9,
    7777.0,
    8888.0,
    9998.0,
    9999.0,
    99999.0,
    999999.0,
)
LOW = (-1.0, -7.0, -8.0, -9.0, -77.0, -88.0, -99.0, -888.0, -998.0, -999.0, -9999.0, -99999.0)
MOST = 4
"""Codes that a column may have."""


def suspects(values: NDArray[np.float64]) -> tuple[float, ...]:
    """The codes for missing that a column seems to hold: such numbers, far from all others.

    Args:
        values: (n,) numbers, NaN where missing.
    """
    known = values[np.isfinite(values)]
    found: list[float] = []
    while len(known) > 5 and len(found) < MOST:
        high, low = float(known.max()), float(known.min())
        rest = known[(known != high)]
        if high in HIGH and len(rest) > 5 and _far(high, rest):
            found.append(high)
            known = rest
            continue
        rest = known[(known != low)]
        if low in LOW and len(rest) > 5 and (float(rest.min()) >= 0 or _far(low, rest)):
            found.append(low)
            known = rest
            continue
        break
    return tuple(sorted(found))


def _far(code: float, rest: NDArray[np.float64]) -> bool:
    low, high = float(rest.min()), float(rest.max())
    if (rest == np.round(rest)).all() and high - low <= 7 and code >= 9:
        return low >= 0 and code > high + 3
    gap = low - code if code < low else code - high
    quarter, three = np.quantile(rest, [0.25, 0.75])
    return bool(gap > max(3 * (three - quarter), 0.5 * (high - low), 1.0))
