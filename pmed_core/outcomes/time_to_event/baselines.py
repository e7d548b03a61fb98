"""What people use for times today: Cox regression, and boosted trees on patient-intervals."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.ensemble import HistGradientBoostingClassifier

from pmed_core.outcomes.fitted import Grown, apart, of_boosting
from pmed_core.outcomes.target import Target

Doubles = NDArray[np.float64]
Columns = NDArray[np.float32]
STEPS, CLOSE = 30, 1e-7


def from_survival(left: Doubles) -> Doubles:
    """(n, K) share left after each interval -> (n, K + 1) share of each interval, and beyond."""
    ends = np.concatenate([np.ones((len(left), 1)), left, np.zeros((len(left), 1))], axis=1)
    return np.maximum(-np.diff(ends, axis=1), 0)


def _entries(target: Target) -> Doubles:
    return target.entry if target.entry.size else np.zeros(len(target))


@dataclass(frozen=True)
class _RiskSets:
    """n patients in order of falling time, and who of them is at risk at each of e events.

    Attributes:
        x: (n, p).
        time, event, entry: (n,).
    """

    x: Doubles
    time: Doubles
    event: NDArray[np.bool_]
    entry: Doubles

    @cached_property
    def at(self) -> Doubles:
        """(e,) times of events, falling."""
        return self.time[self.event]

    def sums(self, values: Doubles) -> Doubles:
        """(n, ...) -> (e, ...) over those at risk: seen as long, and in view before."""
        # Everyone whose time is as long is at risk: the last of those with the same time.
        last = np.searchsorted(-self.time, -self.at, side="right") - 1
        found = np.cumsum(values, axis=0)[last]
        if not self.entry.any():
            return np.asarray(found)
        order = np.argsort(-self.entry, kind="stable")
        not_yet = np.searchsorted(-self.entry[order], -self.at, side="right")
        late = np.cumsum(values[order], axis=0)
        late = np.concatenate([np.zeros_like(late[:1]), late])[not_yet]
        # At least the patient with the event: a difference of sums may round to less.
        return np.asarray(found - late if values.ndim > 1 else np.maximum(found - late, 1e-9))

    def summed(self, values: Doubles, until: Doubles) -> Doubles:
        """(e,) values of events -> (len(until),) their sum up to each time."""
        so_far = np.concatenate([[0.0], np.cumsum(values[::-1])])
        return np.asarray(so_far[np.searchsorted(self.at[::-1], until, side="right")])


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
        seen = target.select(order)
        risky = _RiskSets(x[order], seen.time, seen.observed == 1, _entries(seen))
        beta = np.zeros(x.shape[1])
        for _ in range(STEPS):
            step = self._step(risky, beta)
            beta += step
            if np.abs(step).max() < CLOSE:
                break
        self.coefficients = beta
        total = risky.sums(np.exp(risky.x @ beta))
        self.hazard = risky.summed(1 / total, self.cuts[1:])
        return self

    def _step(self, risky: _RiskSets, beta: Doubles) -> Doubles:
        """Newton's, of at most 1 in each coefficient."""
        x, event = risky.x, risky.event
        risk = np.exp(np.clip(x @ beta, -50, 50))
        total = risky.sums(risk)
        mean = risky.sums(x * risk[:, None]) / total[:, None]
        gradient = (x[event] - mean).sum(axis=0) - self.ridge * beta
        # Sum over events of E[xx'] is a sum over patients, each with the hazard they were under.
        until, before = (risky.summed(1 / total, at) for at in (risky.time, risky.entry))
        information = (x * (risk * (until - before))[:, None]).T @ x - mean.T @ mean
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
        ends = np.minimum(place + event, len(self.cuts) - 1)
        begun = np.minimum(np.searchsorted(self.cuts[1:], _entries(target), side="right"), ends)
        lived = ends - begun
        owner = np.repeat(np.arange(len(columns)), lived)
        interval = np.arange(len(owner)) - np.repeat(np.cumsum(lived) - lived - begun, lived)
        happened = event[owner] & (interval == place[owner])
        model = HistGradientBoostingClassifier(random_state=self.seed, learning_rate=0.05)
        weight = np.where(happened, 1.0, self._share(_entries(target), owner, interval))
        self.model: Any = model.fit(_with(columns[owner], interval), happened, weight)
        return self

    def _share(
        self, entry: Doubles, owner: NDArray[np.int64], interval: NDArray[np.int64]
    ) -> Doubles:
        """How much of the interval in which a patient came into view was left."""
        ends = self.cuts[interval + 1]
        return np.asarray(np.clip((ends - entry[owner]) / np.diff(self.cuts)[interval], 0, 1))

    def cells(self, columns: Columns) -> Doubles:
        """(n, K + 1) share of each interval, and of what lies beyond."""
        intervals = len(self.cuts) - 1
        rows = _with(
            np.repeat(columns, intervals, axis=0), np.tile(np.arange(intervals), len(columns))
        )
        hazard = self.model.predict_proba(rows)[:, 1].reshape(-1, intervals)
        return from_survival(np.cumprod(1 - hazard, axis=1))

    def grown(self, cells: int, outputs: int) -> Grown:
        """Its trees, whose sum is the logit of the hazard of each interval, of which they no longer
        ask."""
        intervals, columns = len(self.cuts) - 1, self.model.n_features_in_
        trees = of_boosting(self.model, [0], 1)
        told = [part for tree in trees for part in apart(tree, columns - 1, intervals)]
        return Grown(told, np.full(intervals, self.model._baseline_prediction.item()))


def _with(columns: Columns, interval: NDArray[np.int64]) -> Columns:
    return np.column_stack([columns, interval]).astype(np.float32)
