"""The measures of one yes/no prediction, over all resamples at once.

AUROC: probability that a patient with the event has the higher risk, ties counting half (Hanley &
McNeil, Radiology 1982); out of fold over the pairs within a fold alone, as folds whose levels
differ would bias it down (Parker et al., BMC Bioinformatics 2007). Average precision: Σ (recall_k −
recall_{k−1}) · precision_k over falling thresholds. Brier score: mean (risk − event)² (Brier 1950).
Log loss: mean −log P(what happened). The choice follows Van Calster et al., Lancet Digital Health
2025 (STRATOS topic group 6).
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from pmed_core.evaluations import recalibration
from pmed_core.evaluations.proportions import at_threshold, ratio
from pmed_core.evaluations.resampling import Draws

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]
GROUPS = 256
"""Resampled recalibrations see at most this many groups of like risk; the estimate sees all."""


@dataclass(frozen=True)
class YesNoCase:
    """Risks (n,) and events (n,) of 0 and 1, with a threshold for alerts."""

    risk: Floats
    event: Floats
    threshold: float = 0.5

    @cached_property
    def order(self) -> Integers:
        """Rows by rising risk."""
        return np.argsort(self.risk, kind="stable")

    @cached_property
    def ties(self) -> Integers:
        """Where, in that order, a new risk begins."""
        return np.flatnonzero(np.diff(self.risk[self.order], prepend=-np.inf) > 0)

    @cached_property
    def losses(self) -> Floats:
        """(n, 2) squared error and log loss of each row."""
        smallest = np.finfo(np.float64).eps
        happened = np.where(self.event == 1, self.risk, 1 - self.risk)
        logs = -np.log(np.clip(happened, smallest, 1 - smallest))
        return np.stack([(self.risk - self.event) ** 2, logs], axis=1)

    @cached_property
    def cells(self) -> Floats:
        """(n, 4) true positive, false positive, false negative, true negative."""
        alert = (self.risk >= self.threshold).astype(np.float64)
        with_event, without = self.event, 1 - self.event
        table = [alert * with_event, alert * without, (1 - alert) * with_event,
                 (1 - alert) * without]  # fmt: skip
        return np.stack(table, axis=1)


def measured(case: YesNoCase, draws: Draws) -> dict[str, Floats]:
    """name -> (1 + r,): the estimate, then one value a resample."""
    order = case.order
    columns = np.concatenate([case.losses, case.cells], axis=1)[order]
    starts = np.unique(np.linspace(0, len(order), GROUPS, endpoint=False).astype(np.int64))
    event = case.event[order]
    ranks, sums, events, totals = [], [], [], []
    for drawn in draws.blocks(order):
        hits = drawn * event
        ranks.append(_average_precision(hits, drawn, case.ties))
        sums.append(drawn @ columns)
        events.append(np.add.reduceat(hits, starts, axis=1))
        totals.append(np.add.reduceat(drawn, starts, axis=1))
    summed = np.concatenate(sums).T
    patients = summed[2:].sum(axis=0)
    found = {"auroc": auroc(case, draws), "average_precision": np.concatenate(ranks)}
    found |= {"brier": ratio(summed[0], patients), "log_loss": ratio(summed[1], patients)}
    own = next(iter(draws.blocks(np.arange(len(order)))))[0]
    found |= _calibration(case, np.concatenate(events), np.concatenate(totals), own)
    return found | at_threshold(summed[2:])


def auroc(case: YesNoCase, draws: Draws) -> Floats:
    """(1 + r,) AUROC alone."""
    sums = [
        _pairs(YesNoCase(case.risk[rows], case.event[rows]), draws.of(rows))
        for rows in draws.parts()
    ]
    right, pairs = np.sum(sums, axis=0)
    return ratio(right, pairs)


def _pairs(case: YesNoCase, draws: Draws) -> Floats:
    """(2, 1 + r) pairs of one with the event and one without: those told right, and all."""
    event, found = case.event[case.order], []
    for drawn in draws.blocks(case.order):
        hits, without = drawn * event, drawn * (1 - event)
        if len(case.ties) < len(event):
            hits, without = (np.add.reduceat(x, case.ties, axis=1) for x in (hits, without))
        right = np.einsum("rg,rg->r", hits, np.cumsum(without, axis=1) - without / 2)
        found.append(np.stack([right, hits.sum(axis=1) * without.sum(axis=1)]))
    return np.concatenate(found, axis=1)


def _average_precision(hits: Floats, drawn: Floats, ties: Integers) -> Floats:
    """(r,) of counts by rising risk; NaN without both outcomes."""
    if len(ties) < drawn.shape[1]:
        hits, drawn = (np.add.reduceat(part, ties, axis=1) for part in (hits, drawn))
    hits_below, all_below = np.cumsum(hits, axis=1), np.cumsum(drawn, axis=1)
    events, everyone = hits_below[:, -1].copy(), all_below[:, -1].copy()
    # From here: alerted at each risk or above it.
    hits_below -= hits
    all_below -= drawn
    alerted = np.maximum(everyone[:, None] - all_below, 1e-12)
    precise = np.einsum("rg,rg->r", hits, (events[:, None] - hits_below) / alerted)
    return np.where(events * (everyone - events) > 0, ratio(precise, events), np.nan)


def _calibration(case: YesNoCase, events: Floats, totals: Floats, own: Floats) -> dict[str, Floats]:
    """Slope and intercept: resamples in groups of like risk, the estimate on every row, of which
    each counts ``own`` (n,) times."""
    odds = recalibration.log_odds(case.risk)
    one_sided = case.event.min() == case.event.max()
    if one_sided:
        undefined = np.full(len(events), np.nan)
        return {"calibration_slope": undefined, "calibration_intercept": undefined}
    exact = (odds, (case.event * own)[None], own[None])
    starts = np.unique(np.linspace(0, len(odds), GROUPS, endpoint=False).astype(np.int64))
    sizes = np.diff(np.append(starts, len(odds)))
    grouped = (np.add.reduceat(odds[case.order], starts) / sizes, events[1:], totals[1:])
    found = {"calibration_slope": np.full(len(events), np.nan)}
    if not recalibration.separated(odds, case.event):
        both = recalibration.slope(*exact), recalibration.slope(*grouped)
        found["calibration_slope"] = np.concatenate(both)
    both = recalibration.intercept(*exact), recalibration.intercept(*grouped)
    found["calibration_intercept"] = np.concatenate(both)
    return found
