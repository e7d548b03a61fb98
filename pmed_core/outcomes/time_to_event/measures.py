"""The measures of predictions in time, over all resamples at once.

C-index: of two patients of whom one is known to have had the event first, how often that one was
predicted the lower survival at that time (Antolini et al., Stat Med 2005), ties counting half; out
of fold over the pairs within a fold alone, as the AUROC.
Integrated Brier score: mean squared error of the predicted survival, weighted by the inverse
probability of still being followed (Graf et al., Stat Med 1999), over times from the 2nd to the
95th percentile of follow-up. D-calibration: whether predicted survival at the time of the event is
spread evenly (Haider et al., JMLR 2020).
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray
from scipy.stats import chi2

from pmed_core.evaluations.resampling import Draws
from pmed_core.outcomes.time_to_event import at, grid
from pmed_core.predictions import Predictions

Doubles = NDArray[np.float64]
TIMES = 100
FOLLOW_UP = (0.02, 0.95)
LEAST_FOLLOWED = 0.05
"""Weights go no higher than 1 / this."""
PAIRS = 4_000_000
"""Of patients with patients; beyond it, events that are evenly spread over time stand for all."""
BINS = 10


@dataclass(frozen=True)
class Case:
    """Predicted courses of n patients whose outcome is known.

    Whoever was followed for longer than anybody in training counts as last seen then, as nothing is
    predicted of later.
    """

    predictions: Predictions

    @property
    def last(self) -> float:
        """Until when courses are predicted."""
        return self.predictions.times[-1]

    @cached_property
    def time(self) -> Doubles:
        """(n,) as observed."""
        return np.minimum(self.predictions.time, self.last)

    @cached_property
    def event(self) -> NDArray[np.bool_]:
        """(n,) as observed."""
        return np.asarray((self.predictions.observed == 1) & (self.predictions.time <= self.last))

    @cached_property
    def entry(self) -> Doubles:
        """(n,) when each came into view."""
        found = self.predictions.entry
        return found if found.size else np.zeros(len(self.time))

    def at(self, times: Doubles) -> Doubles:
        """(n, len(times)) predicted survival, given that each had come into view."""
        found = at(self.predictions, times)
        return np.minimum(found / self._in_view[:, None], 1) if self.late else found

    @property
    def late(self) -> bool:
        """Whether any patient came into view after time zero."""
        return bool(self.entry.any())

    @cached_property
    def _in_view(self) -> Doubles:
        """(n,) predicted survival until each came into view."""
        return np.maximum(self._each_at(self.entry), 1e-9)

    def _each_at(self, times: Doubles) -> Doubles:
        known = self.predictions.times
        pairs = zip(times, self.predictions.survival, strict=True)
        return np.array([np.interp(time, known, course) for time, course in pairs])

    @cached_property
    def own(self) -> Doubles:
        """(n,) predicted survival at each patient's own observed time."""
        return np.minimum(self._each_at(self.time) / self._in_view, 1)

    @cached_property
    def followed(self) -> tuple[Doubles, Doubles]:
        """The share of patients still followed, if nobody had the event (Kaplan-Meier)."""
        return grid.kaplan_meier(self.time, ~self.event, self.predictions.entry)

    def weights(self, at: float) -> Doubles:
        """(n,) by which those whose state at a time is known stand for everybody; 0 for others."""
        own = np.maximum(grid.steps(*self.followed, self.time, before=True), LEAST_FOLLOWED)
        then = max(float(grid.steps(*self.followed, np.array([at]))[0]), LEAST_FOLLOWED)
        had = self.event & (self.time <= at)
        weight = np.where(had, 1 / own, (self.time > at) / then)
        if not self.late:
            return weight
        # Of those in view alone, for whom following began when they came into it.
        begun = np.maximum(grid.steps(*self.followed, self.entry), LEAST_FOLLOWED)
        in_view = self.entry < at
        return np.asarray(weight * begun * in_view / max(float(in_view.mean()), 1e-12))


def c_index(case: Case, draws: Draws) -> Doubles:
    """(1 + r,); NaN without a pair."""
    events = np.flatnonzero(case.event)
    events = events[np.argsort(case.time[events], kind="stable")]
    most = max(1, PAIRS // max(len(case.time), 1))
    if len(events) > most:
        events = events[np.linspace(0, len(events) - 1, most).astype(np.int64)]
    if not len(events):
        return np.full(len(draws.counts), np.nan)
    others = case.at(case.time[events]).T  # (e, n)
    own = others[np.arange(len(events)), events][:, None]
    same = case.time[events][:, None] == case.time
    later = (case.time[events][:, None] < case.time) | (same & ~case.event)
    later &= case.entry < case.time[events][:, None]
    if draws.fold.size:
        later &= draws.fold[events][:, None] == draws.fold
    right = ((own < others) + 0.5 * (own == others)) * later
    found = []
    for drawn in draws.blocks(np.arange(len(case.time))):
        mine = drawn[:, events]
        hits = ((mine @ right) * drawn).sum(axis=1)
        pairs = ((mine @ later.astype(np.float64)) * drawn).sum(axis=1)
        found.append(np.divide(hits, pairs, out=np.full(len(hits), np.nan), where=pairs > 0))
    return np.concatenate(found)


def integrated_brier(case: Case, draws: Draws, over: tuple[float, float] = FOLLOW_UP) -> Doubles:
    """(1 + r,) over times between two quantiles of follow-up; the weights are those of the
    patients themselves in every resample."""
    low, high = np.quantile(case.time, over)
    at = np.linspace(low, high, TIMES)
    said = case.at(at)
    errors = np.stack(
        [
            case.weights(float(time)) * ((case.time > time) - said[:, k]) ** 2
            for k, time in enumerate(at)
        ],
        axis=1,
    )
    of_each = np.trapezoid(errors, at, axis=1) / max(high - low, 1e-12)
    order = np.arange(len(of_each))
    return np.concatenate([(d @ of_each) / d.sum(axis=1) for d in draws.blocks(order)])


def d_calibration(case: Case) -> float:
    """p-value; small where predicted survival at the observed times is not spread evenly."""
    said = np.clip(case.own, 0, 1)
    edges = np.linspace(0, 1, BINS + 1)
    counts = np.histogram(said[case.event], edges)[0].astype(np.float64)
    for left in said[~case.event]:
        # Whoever is still without the event will have it somewhere below.
        place = min(int(left * BINS), BINS - 1)
        share = np.zeros(BINS)
        if left > 0:
            share[:place] = 1 / BINS / left
            share[place] = (left - edges[place]) / left
        else:
            share[0] = 1.0
        counts += share
    expected = len(said) / BINS
    return float(chi2.sf(((counts - expected) ** 2 / expected).sum(), BINS - 1))
