"""The bootstrap: how often each row is drawn in each resample.

One set of resamples serves all measures of the model and of its baselines, so that differences are
paired. Patients are drawn, not rows, so that a patient's repeated rows stay together. They are
drawn without strata: fixing the number of events would leave the uncertainty of the outcome rate
out of the intervals of the Brier score, the log loss and the calibration intercept (in 250
simulated cohorts of 1,000 patients, 95 % intervals drawn by strata held the truth in 77, 80 and
63 %; these in 96, 96 and 98 %).
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from pmed_core.evaluation import Measure

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]
RESAMPLES = 1000
RESAMPLES_AT_LEAST = 200
CELLS = 8_000_000
CELLS_AT_ONCE = 400_000
SEED = 20250
NO_WIDTH = 1e-12
"""Resamples that agree do so up to the rounding of their sums."""


@dataclass(frozen=True)
class Draws:
    """Counts (1 + r, n): a first line of ones, which gives the estimate, then r resamples.

    Attributes:
        repeated: some patients have several rows.
        patient: (n,) the number of the patient whose row it is.
        fold: (n,) whose models predicted the row; empty where the same predicted all.
    """

    counts: NDArray[np.uint16]
    repeated: bool
    patient: Integers
    fold: Integers = field(default_factory=lambda: np.empty(0, dtype=np.int64))

    def blocks(self, order: Integers) -> Iterator[Floats]:
        """The counts with columns in this order, a few lines at a time to stay in the cache."""
        lines = max(1, CELLS_AT_ONCE // max(len(order), 1))
        for start in range(0, len(self.counts), lines):
            yield self.counts[start : start + lines].take(order, axis=1).astype(np.float64)

    def of(self, rows: NDArray[Any]) -> Self:
        """Those of some rows, by a mask or by position."""
        fold = self.fold[rows] if self.fold.size else self.fold
        return replace(
            self, counts=self.counts[:, rows], patient=self.patient[rows], fold=fold
        )  # fmt: skip

    def parts(self) -> list[NDArray[np.bool_]]:
        """Masks (n,) of the rows whose scores can be compared: those of one fold's models."""
        return parts(self.fold, self.counts.shape[1])


def parts(fold: Integers, rows: int) -> list[NDArray[np.bool_]]:
    """As ``Draws.parts``: masks (rows,) by (rows,) whose models predicted each, or by nothing."""
    if not fold.size:
        return [np.ones(rows, dtype=bool)]
    return [fold == number for number in np.unique(fold)]


def draw(
    patients: Sequence[str],
    observed: Integers,
    resamples: int = RESAMPLES,
    folds: Sequence[int] = (),
) -> Draws:
    """Resample whole patients; a resample in which an outcome is missing is drawn again by strata.

    ``observed`` (n,) is the index of what happened, ``folds`` as in
    ``Predictions``. Fewer resamples are drawn for very many rows.
    """
    wanted = max(min(resamples, CELLS // max(len(observed), 1)), RESAMPLES_AT_LEAST)
    generator = np.random.default_rng(SEED)
    _, first, cluster = np.unique(np.asarray(patients), return_index=True, return_inverse=True)
    everyone = np.arange(len(first))
    drawn = np.empty((wanted, len(first)), dtype=np.uint16)
    _fill(drawn, everyone, generator)
    # A patient with several rows belongs to the stratum of the highest index seen in them.
    stratum = np.zeros(len(first), dtype=np.int64)
    np.maximum.at(stratum, cluster, observed)
    _redraw(drawn, stratum, generator)
    repeated = len(first) < len(observed)
    rows = drawn if not repeated and np.array_equal(cluster, everyone) else drawn[:, cluster]
    counts = np.concatenate([np.ones((1, len(observed)), np.uint16), rows])
    return Draws(counts, repeated, cluster, np.asarray(folds, dtype=np.int64))


def _fill(drawn: NDArray[np.uint16], members: Integers, generator: np.random.Generator) -> None:
    """Each line of ``drawn``: how often each member comes up in as many picks as members."""
    for line in drawn:
        picks = generator.integers(0, len(members), len(members), dtype=np.uint32)
        line[members] = np.bincount(picks, minlength=len(members))


def _redraw(drawn: NDArray[np.uint16], stratum: Integers, generator: np.random.Generator) -> None:
    strata = [np.flatnonzero(stratum == value) for value in np.unique(stratum)]
    missing = np.any([(drawn[:, members] == 0).all(axis=1) for members in strata], axis=0)
    for line in np.flatnonzero(missing):
        for members in strata:
            _fill(drawn[line : line + 1], members, generator)


def interval(values: Floats) -> Measure:
    """The first value with its percentile interval from the others.

    None (NaN bounds) where all resamples agree: seven scans that are told right do not make sure of
    an AUROC of 1.
    """
    found = percentiles(values)
    if found.high - found.low > NO_WIDTH:
        return found
    return Measure(found.value, math.nan, math.nan)


def percentiles(values: Floats) -> Measure:
    """The first value with the 2.5th and 97.5th percentile of the others, equal or not: two models
    that say the same always differ by nothing.

    NaN bounds where more than a tenth of the resamples leave the measure undefined.
    """
    value, others = float(values[0]), values[1:]
    known = others[np.isfinite(others)]
    if not np.isfinite(value) or len(known) < 0.9 * len(others):
        return Measure(value, math.nan, math.nan)
    low, high = np.quantile(known, [0.025, 0.975])
    # In tiny samples percentiles can miss the estimate; an interval beside it would confuse.
    return Measure(value, float(min(low, value)), float(max(high, value)))
