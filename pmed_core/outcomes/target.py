"""What was observed of each patient."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from pmed_core.arrays import Floats

if TYPE_CHECKING:
    from pmed_core.outcomes import Outcome

MEMBERS = "90 % of the ensemble's members"
"""What low..high is where nothing else is known."""


@dataclass(frozen=True)
class Target:
    """The observed outcome of n patients.

    Attributes:
        observed: (n,) 1 for the event and 0 for none (time to event: not until ``time``), or the
            class's index; -1 unknown.
        time: (n,) when, for outcomes that happen in time, NaN unknown; empty for others.
        actual: (n, q) what each quantity was, NaN unknown, for outcomes that no code can tell;
            ``observed`` is then 0 where anything is known. Empty for others.
        entry: (n,) when each came into view, where some did after time zero; else empty.
    """

    observed: NDArray[np.int64]
    time: Floats = field(default_factory=lambda: np.empty(0))
    actual: Floats = field(default_factory=lambda: np.empty((0, 0)))
    entry: Floats = field(default_factory=lambda: np.empty(0))

    def __len__(self) -> int:
        return len(self.observed)

    def select(self, rows: Any) -> Target:
        """Of some rows, as arrays are indexed."""
        time, actual, entry = (
            each[rows] if each.size else each for each in (self.time, self.actual, self.entry)
        )
        return Target(self.observed[rows], time, actual, entry)


def happened(outcome: Outcome, target: Target) -> tuple[str, ...]:
    """What happened to each of n patients, in words."""
    nothing = np.full(len(target), np.nan)
    times = target.time if target.time.size else nothing
    actual = target.actual.tolist() if target.actual.size else [()] * len(target)
    each = zip(target.observed.tolist(), times.tolist(), actual, strict=True)
    return tuple(outcome.happened(*one) for one in each)


def of_label(outcome: Outcome, target: Target, label: str) -> tuple[Outcome, Target]:
    """What one label asks, and what is known of it; of a single column, whatever it has."""
    if len(outcome.each) < 2:
        return outcome, target
    k = outcome.labels.index(label)
    known = target.actual[:, k]
    return outcome.each[k], Target(np.where(np.isfinite(known), known, -1).astype(np.int64))
