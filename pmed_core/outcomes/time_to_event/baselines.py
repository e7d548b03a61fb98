"""What people use for times today: Cox regression, and boosted trees on patient-intervals."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.ensemble import HistGradientBoostingClassifier

from pmed_core.outcomes.target import Target

Doubles = NDArray[np.float64]
Columns = NDArray[np.float32]
STEPS, CLOSE = 30, 1e-7


def from_survival(left: Doubles) -> Doubles:
    """(n, K) share left after each interval -> (n, K + 1) share of each interval, and beyond."""
    ends = np.concatenate([np.ones((len(left), 1)), left, np.zeros((len(left), 1))], axis=1)
    return np.maximum(-np.diff(ends, axis=1), 0)


@dataclass
class Cox:
    """Proportional hazards with a ridge penalty (Cox, JRSS B 1972; ties as Breslow, 1974).

    Attributes:
        cuts: (K + 1,) ends of intervals, from 0.
        ridge: of the coefficients of standardised columns.
    """

    cuts: Doubles
    ridge: float = 10.0
    coefficients: Doubles = field(default_factory=lambda: np.empty(0))

    def fit(self, columns: Columns, target: Target) -> Cox:
        """Learn from (n, p) columns and their known targets."""
        self.mean, self.scale = columns.mean(axis=0), columns.std(axis=0) + 1e-9
        x = ((columns - self.mean) / self.scale).astype(np.float64)
        order = np.argsort(-target.time, kind="stable")
        x, time, event = x[order], target.time[order], (target.observed == 1)[order]
        # Everyone whose time is as long is at risk: the last of those with the same time.
        last = np.searchsorted(-time, -time, side="right") - 1
        beta = np.zeros(x.shape[1])
        for _ in range(STEPS):
            step = self._step(x, event, last, beta)
            beta += step
            if np.abs(step).max() < CLOSE:
                break
        self.coefficients = beta
        risk = np.exp(x @ beta)
        hazard = event / np.cumsum(risk)[last]
        rising = time[::-1]
        summed = np.concatenate([[0.0], np.cumsum(hazard[::-1])])
        self.hazard = summed[np.searchsorted(rising, self.cuts[1:], side="right")]
        return self

    def _step(
        self, x: Doubles, event: NDArray[np.bool_], last: NDArray[np.int64], beta: Doubles
    ) -> Doubles:
        """Newton's, of at most 1 in each coefficient."""
        risk = np.exp(np.clip(x @ beta, -50, 50))
        total = np.cumsum(risk)[last]
        mean = np.cumsum(x * risk[:, None], axis=0)[last] / total[:, None]
        gradient = (x - mean)[event].sum(axis=0) - self.ridge * beta
        # Sum over events of E[xx'] is a sum over patients, each with the hazard they were under.
        under = np.bincount(last[event], 1 / total[event], len(x))
        suffered = np.cumsum(under[::-1])[::-1]
        information = (x * (risk * suffered)[:, None]).T @ x - mean[event].T @ mean[event]
        information += self.ridge * np.eye(len(beta))
        return np.clip(np.linalg.solve(information, gradient), -1, 1)

    def cells(self, columns: Columns) -> Doubles:
        """(n, K + 1) share of each interval, and of what lies beyond."""
        x = (columns - self.mean) / self.scale
        relative = np.exp(np.clip(x @ self.coefficients, -50, 50))
        return from_survival(np.exp(-relative[:, None] * self.hazard))


@dataclass
class Boosting:
    """Gradient-boosted trees of the hazard of each interval (Friedman, Ann Stat 2001, on
    patient-intervals as in Brown, 1975).

    Attributes:
        cuts: (K + 1,) ends of intervals, from 0.
    """

    cuts: Doubles
    seed: int

    def fit(self, columns: Columns, target: Target) -> Boosting:
        """Learn from (n, p) columns and their known targets."""
        place = np.searchsorted(self.cuts[1:], target.time, side="left")
        event = target.observed == 1
        # Intervals that were lived through whole, and that of the event.
        lived = np.minimum(place + event, len(self.cuts) - 1)
        owner = np.repeat(np.arange(len(columns)), lived)
        interval = np.arange(len(owner)) - np.repeat(np.cumsum(lived) - lived, lived)
        happened = event[owner] & (interval == place[owner])
        model = HistGradientBoostingClassifier(random_state=self.seed, learning_rate=0.05)
        self.model: Any = model.fit(_with(columns[owner], interval), happened)
        return self

    def cells(self, columns: Columns) -> Doubles:
        """(n, K + 1) share of each interval, and of what lies beyond."""
        intervals = len(self.cuts) - 1
        rows = _with(
            np.repeat(columns, intervals, axis=0), np.tile(np.arange(intervals), len(columns))
        )
        hazard = self.model.predict_proba(rows)[:, 1].reshape(-1, intervals)
        return from_survival(np.cumprod(1 - hazard, axis=1))


def _with(columns: Columns, interval: NDArray[np.int64]) -> Columns:
    return np.column_stack([columns, interval]).astype(np.float32)
