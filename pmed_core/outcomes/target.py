"""What was observed of each patient."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pmed_core.arrays import Floats


@dataclass(frozen=True)
class Target:
    """The observed outcome of n patients.

    Attributes:
        observed: (n,) 1 for the event and 0 for none (time to event: not until ``time``), or the
            class's index; -1 unknown.
        time: (n,) when, for outcomes that happen in time, NaN unknown; empty for others.
        entry: (n,) when each came into view, where some did after time zero; else empty.
    """

    observed: NDArray[np.int64]
    time: Floats = field(default_factory=lambda: np.empty(0))
    entry: Floats = field(default_factory=lambda: np.empty(0))

    def __len__(self) -> int:
        return len(self.observed)

    def select(self, rows: Any) -> Target:
        """Of some rows, as arrays are indexed."""
        time, entry = (each[rows] if each.size else each for each in (self.time, self.entry))
        return Target(self.observed[rows], time, entry)
