"""What is drawn about one yes/no prediction: thinned, so that little is stored and sent."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray
from scipy.special import expit

from pmed_core.evaluation import Curve, Curves, Measure, Threshold
from pmed_core.evaluations.measures import YesNoCase
from pmed_core.evaluations.proportions import Z, at_threshold, shares_of_patients, wilson
from pmed_core.evaluations.recalibration import log_odds
from pmed_core.evaluations.resampling import Draws, interval

Floats = NDArray[np.float64]
POINTS = 200
BINS = 30
DECILES = 10
ROWS_IN_GROUP = 10
STEPS = (0.001, 0.002, 0.005, 0.01)
SHARES = ("sensitivity", "specificity", "ppv", "npv")


def curves(case: YesNoCase) -> Curves:
    """Everything drawn for one label."""
    hits, false = _falling(case)
    edges = _edges(case.risk)
    with_event = np.histogram(case.risk[case.event == 1], edges)[0]
    without = np.histogram(case.risk[case.event == 0], edges)[0]
    return Curves(
        roc=_roc(hits, false),
        precision_recall=_precision_recall(hits, false),
        calibration=_deciles(case),
        smooth_calibration=_smooth(case),
        edges=_plain(edges),
        with_event=tuple(int(count) for count in with_event),
        without_event=tuple(int(count) for count in without),
    )


def _falling(case: YesNoCase) -> tuple[Floats, Floats]:
    """True and false positives when the threshold falls past each different risk."""
    order = case.order[::-1]
    last = np.append(np.diff(case.risk[order]) != 0, True)
    hits = np.cumsum(case.event[order])[last]
    return hits, np.flatnonzero(last) + 1.0 - hits


def _roc(hits: Floats, false: Floats) -> Curve:
    if not hits[-1] or not false[-1]:
        return Curve((), ())
    return _thinned(np.append(0, false / false[-1]), np.append(0, hits / hits[-1]))


def _precision_recall(hits: Floats, false: Floats) -> Curve:
    if not hits[-1]:
        return Curve((), ())
    precision = hits / (hits + false)
    return _thinned(np.append(0, hits / hits[-1]), np.append(precision[:1], precision))


def _thinned(x: Floats, y: Floats) -> Curve:
    """Points at equal lengths along the line, so that steep parts keep theirs."""
    along = np.append(0, np.cumsum(np.abs(np.diff(x)) + np.abs(np.diff(y))))
    at = np.searchsorted(along, np.linspace(0, along[-1], POINTS - 2))
    keep = np.unique(np.concatenate([[0], np.minimum(at, len(x) - 1), [len(x) - 1]]))
    return Curve(_plain(x[keep]), _plain(y[keep]))


def _plain(values: Floats) -> tuple[float, ...]:
    return tuple(round(float(value), 6) for value in values)


def _edges(risk: Floats) -> Floats:
    """From 0 to the next twentieth above the highest risk: rare outcomes fill the width too."""
    return np.linspace(0, min(1.0, np.floor(risk.max() * 20 + 1) / 20), BINS + 1)


def _deciles(case: YesNoCase) -> Curve:
    """Observed frequency in ten groups of rising risk; equal risks stay in one group."""
    groups = int(np.clip(len(case.risk) // ROWS_IN_GROUP, 1, DECILES))
    cuts = np.unique(np.quantile(case.risk, np.linspace(0, 1, groups + 1)[1:-1]))
    group = np.searchsorted(cuts, case.risk, side="right")
    size = np.bincount(group).astype(np.float64)
    filled = size > 0
    events = np.bincount(group, case.event)[filled].astype(np.float64)
    x, size = np.bincount(group, case.risk)[filled] / size[filled], size[filled]
    low, high = wilson(events, size)
    return Curve(_plain(x), _plain(events / size), _plain(low), _plain(high))


def _smooth(case: YesNoCase) -> Curve:
    """Logistic regression on a restricted cubic spline of the log-odds, with a 95 % band.

    Harrell, Regression Modeling Strategies, 2015, section 2.4.5; Van Calster et al. 2016. Few
    events get fewer knots, down to a straight line in log-odds.
    """
    odds = log_odds(case.risk)
    rarer = min(case.event.sum(), len(case.event) - case.event.sum())
    knots = np.unique(np.quantile(odds, _knots(float(rarer))))
    if rarer < 1 or odds.max() - odds.min() < 1e-6:
        return Curve((), ())
    centre, spread = odds.mean(), odds.std()
    design = _spline((odds - centre) / spread, (knots - centre) / spread)
    low, high = (float(edge) for edge in np.quantile(case.risk, [0.01, 0.99]))
    at = np.linspace(low, high, 60)
    drawn = _spline((log_odds(at) - centre) / spread, (knots - centre) / spread)
    found, covariance = _ridge_logistic(design, case.event)
    middle = drawn @ found
    half = Z * np.sqrt(np.einsum("ij,jk,ik->i", drawn, covariance, drawn))
    bounds = expit(middle - half), expit(middle + half)
    return Curve(_plain(at), _plain(expit(middle)), _plain(bounds[0]), _plain(bounds[1]))


def _knots(rarer: float) -> list[float]:
    """Harrell's places (quantiles) for as many knots as the rarer outcome bears."""
    if rarer >= 100:
        return [0.05, 0.275, 0.5, 0.725, 0.95]
    return [0.1, 0.5, 0.9] if rarer >= 20 else []


def _spline(x: Floats, knots: Floats) -> Floats:
    """1, x, and k − 2 terms that are cubic between the knots and straight beyond them."""
    columns = [np.ones_like(x), x]
    if len(knots) >= 3:
        cube = np.maximum(x[:, None] - knots, 0) ** 3
        last, before = knots[-1], knots[-2]
        for j in range(len(knots) - 2):
            term = cube[:, j] - cube[:, -2] * (last - knots[j]) / (last - before)
            term += cube[:, -1] * (before - knots[j]) / (last - before)
            columns.append(term / (last - knots[0]) ** 2)
    return np.stack(columns, axis=1)


def _ridge_logistic(design: Floats, event: Floats) -> tuple[Floats, Floats]:
    """Coefficients and their covariance; a faint ridge, so that separation stays finite."""
    ridge = np.diag([1e-6, *[0.1] * (design.shape[1] - 1)])
    found = np.zeros(design.shape[1])
    for _ in range(50):
        p = expit(design @ found)
        hessian = design.T @ (design * (p * (1 - p))[:, None]) + ridge
        step = np.linalg.solve(hessian, design.T @ (event - p) - ridge @ found)
        found = found + np.clip(step, -3, 3)
        if np.abs(step).max() < 1e-8:
            break
    return found, np.linalg.inv(hessian)


def thresholds(case: YesNoCase, draws: Draws | None = None) -> tuple[Threshold, ...]:
    """What an alert at each of some 99 round risks, and at the model's own, would mean here.

    Where patients have several rows in ``draws``, the shares get their bootstrap intervals now, so
    that a screen only reads them.

    Net benefit = TP/n − FP/n · t/(1−t) (Vickers & Elkin, Med Decis Making 2006;26:565-574);
    alerting everyone has rate − (1 − rate) · t/(1−t), alerting no one 0.
    """
    values = _round_risks(float(case.risk.max()), case.threshold)
    rising = np.sort(case.risk)
    events_rising = np.sort(case.risk[case.event == 1])
    n, events = len(rising), len(events_rising)
    alerts = n - np.searchsorted(rising, values)
    hits = events - np.searchsorted(events_rising, values)
    shares = _shares(case, values, draws) if draws and draws.repeated else [{} for _ in values]
    return tuple(
        replace(_threshold(float(value), (int(hit), int(alert - hit)), (events, n)), shares=share)
        for value, hit, alert, share in zip(values, hits, alerts, shares, strict=True)
    )


def _shares(case: YesNoCase, values: Floats, draws: Draws) -> list[dict[str, Measure]]:
    """name -> share with its interval over whole patients, for each of t thresholds."""
    event = case.event[case.order]
    first = np.searchsorted(case.risk[case.order], values)
    tables = []
    for drawn in draws.blocks(case.order):
        hits, everyone = _from(drawn * event, first), _from(drawn, first)
        with_event, without = hits[:, :1], everyone[:, :1] - hits[:, :1]
        true, false = hits[:, 1:], everyone[:, 1:] - hits[:, 1:]
        tables.append(np.stack([true, false, with_event - true, without - false]))
    found = at_threshold(np.concatenate(tables, axis=1))
    return [
        shares_of_patients(
            {name: interval(found[name][:, j]) for name in SHARES}, case.event == 1,
            case.risk >= value, draws.patient,
        )
        for j, value in enumerate(values)
    ]  # fmt: skip


def _from(counts: Floats, first: NDArray[np.int64]) -> Floats:
    """(r, n) counts by rising risk -> (r, 1 + t): all of them, then those from each place on."""
    below = np.pad(np.cumsum(counts, axis=1), ((0, 0), (1, 0)))
    return np.asarray(below[:, -1:] - below[:, np.append(0, first)])


def _threshold(value: float, alerted: tuple[int, int], there: tuple[int, int]) -> Threshold:
    """Alerted: true and false positives; there: events and everyone."""
    (hits, false), (events, n) = alerted, there
    odds = value / (1 - value)
    return Threshold(
        value, hits, false, events - hits, n - events - false,
        net_benefit=hits / n - false / n * odds,
        net_benefit_all=events / n - (n - events) / n * odds,
    )  # fmt: skip


def _round_risks(highest: float, own: float) -> Floats:
    highest = min(max(highest, 0.02), 0.99)
    step = next((s for s in STEPS if highest / s <= 99), STEPS[-1])
    values = np.round(np.arange(step, highest + 1e-9, step), 4)
    own_too = [own] if 0 < own < 1 else []
    return np.unique(np.append(values, own_too))
