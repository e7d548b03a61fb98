"""How far off a predicted response may be: by what was missed of each drug out of fold."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from pmed_core.outcomes import Number

Doubles = NDArray[np.float64]
LEVEL, SHRINK = 0.9, 20.0
"""Of the interval; the pairs that all drugs together count for in the width of one."""
RANKS = np.linspace(0, 1, 41)


@dataclass(frozen=True)
class Ends:
    """Of d drugs.

    Attributes:
        half: (d,) half of the width; ``of_new``: that of a drug that is not among them.
        others: (d, 41) quantiles of what is predicted of the lines of training out of fold.
        middle: the mean response.
        better: (d,) out of fold, the model was nearer than the means of drugs and lines.
    """

    half: Doubles
    of_new: float
    others: Doubles
    middle: float
    better: NDArray[np.bool_]

    def of(
        self, said: Doubles, drugs: NDArray[np.int64], outcome: Number
    ) -> tuple[Doubles, Doubles, Doubles]:
        """(n,) predictions of drugs by place, -1 for a new one -> value, low and high, within what
        training saw."""
        half = np.where(drugs >= 0, self.half[drugs], self.of_new)
        low, high = outcome.quantities[0].bounds
        value = np.clip(said, low, high)
        return value, np.clip(said - half, low, value), np.clip(said + half, value, high)

    def position(self, said: float, drug: int) -> float:
        """Share of the other lines of which less is predicted for this drug, 0 to 1."""
        return float(np.interp(said, self.others[drug], RANKS))


def ends(told: Doubles, actual: Doubles, drugs: NDArray[np.int64], count: int) -> Ends:
    """Of ``count`` drugs, by (2, n) out-of-fold predictions: of the model, and of the means."""
    said, missed = told[0], np.abs(actual - told[0])
    squares = [np.bincount(drugs, (actual - one) ** 2, count) for one in told]
    common = _quantile(missed)
    half, others = np.full(count, common), np.tile(np.quantile(said, RANKS), (count, 1))
    for drug in range(count):
        mine = drugs == drug
        if many := int(mine.sum()):
            half[drug] = (many * _quantile(missed[mine]) + SHRINK * common) / (many + SHRINK)
            others[drug] = np.quantile(said[mine], RANKS)
    return Ends(half, common, others, float(actual.mean()), squares[0] < squares[1])


def _quantile(missed: Doubles) -> float:
    """That holds 90 % of these and one more."""
    rank = min(int(np.ceil(LEVEL * (len(missed) + 1))), len(missed))
    return float(np.sort(missed)[rank - 1])


NOTHING = Ends(np.zeros(1), 0.0, np.zeros((1, 1)), 0.0, np.zeros(1, dtype=bool))
"""Before anything was held out."""
