"""What is drawn about a risk: thinned, so that little is stored and sent."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.stats import norm

from pmed_core.judgement import Curve, Curves, Threshold

Floats = NDArray[np.float64]
POINTS = 150
BINS = 10


def curves(event: Floats, risk: Floats) -> Curves:
    """Everything drawn for one label. event (n,) 0/1, risk (n,)."""
    edges = np.linspace(0, 1, 21)
    return Curves(
        _roc(event, risk),
        _precision_recall(event, risk),
        _calibration(event, risk),
        _smooth_calibration(event, risk),
        tuple(float(edge) for edge in edges),
        tuple(int(c) for c in np.histogram(risk[event == 1], edges)[0]),
        tuple(int(c) for c in np.histogram(risk[event == 0], edges)[0]),
    )


def _counts(event: Floats, risk: Floats) -> tuple[Floats, Floats]:
    """True and false positives when the threshold falls from above 1 to the lowest risk."""
    order = np.argsort(-risk, kind="stable")
    last = np.append(np.diff(risk[order]) != 0, True)
    hits = np.cumsum(event[order])[last]
    alerts = (np.flatnonzero(last) + 1).astype(np.float64)
    return np.concatenate([[0.0], hits]), np.concatenate([[0.0], alerts - hits])


def _roc(event: Floats, risk: Floats) -> Curve:
    hits, false = _counts(event, risk)
    return _thinned(false / max(false[-1], 1), hits / max(hits[-1], 1))


def _precision_recall(event: Floats, risk: Floats) -> Curve:
    hits, false = _counts(event, risk)
    return _thinned(hits[1:] / max(hits[-1], 1), hits[1:] / (hits[1:] + false[1:]))


def _thinned(x: Floats, y: Floats) -> Curve:
    keep = np.unique(np.linspace(0, len(x) - 1, POINTS).astype(int))
    return Curve(_plain(x[keep]), _plain(y[keep]))


def _plain(values: Floats) -> tuple[float, ...]:
    return tuple(round(float(value), 5) for value in values)


def _calibration(event: Floats, risk: Floats) -> Curve:
    """Observed frequency with Wilson's 95 % interval in ten groups of rising risk."""
    groups = [g for g in np.array_split(np.argsort(risk, kind="stable"), BINS) if len(g)]
    x = np.array([risk[group].mean() for group in groups])
    y = np.array([event[group].mean() for group in groups])
    size = np.array([len(group) for group in groups], dtype=np.float64)
    low, high = wilson(y * size, size)
    return Curve(_plain(x), _plain(y), _plain(low), _plain(high))


def wilson(successes: Floats, trials: Floats) -> tuple[Floats, Floats]:
    """95 % interval of a proportion (Wilson, JASA 1927)."""
    z = norm.ppf(0.975)
    share = successes / trials
    centre = (share + z**2 / (2 * trials)) / (1 + z**2 / trials)
    half = np.sqrt(share * (1 - share) / trials + z**2 / (4 * trials**2)) * z / (1 + z**2 / trials)
    return np.maximum(centre - half, 0), np.minimum(centre + half, 1)


def _smooth_calibration(event: Floats, risk: Floats) -> Curve:
    """Observed frequency smoothed with a Gaussian kernel on the scale of ranks."""
    order = np.argsort(risk, kind="stable")
    ranks = np.arange(len(risk)) / max(len(risk) - 1, 1)
    at = np.linspace(0.02, 0.98, 50)
    thin = np.unique(np.linspace(0, len(risk) - 1, 5000).astype(int))
    kernel = np.exp(-0.5 * ((at[:, None] - ranks[thin]) / 0.08) ** 2)
    kernel /= kernel.sum(axis=1, keepdims=True)
    return Curve(_plain(kernel @ risk[order][thin]), _plain(kernel @ event[order][thin]))


def thresholds(event: Floats, risk: Floats) -> tuple[Threshold, ...]:
    """What an alert at each risk from 1 % to 99 % would mean for these patients.

    Net benefit weighs a false alarm by the odds of the threshold (Vickers & Elkin, Medical
    Decision Making 2006); ``net_benefit_all`` alerts everybody.
    """
    n, events = len(event), event.sum()
    found = []
    for value in np.arange(1, 100) / 100:
        alert = risk >= value
        hits = int((alert & (event == 1)).sum())
        false = int((alert & (event == 0)).sum())
        odds = value / (1 - value)
        found.append(
            Threshold(
                float(value), hits, false, int(events) - hits, int(n - events) - false,
                hits / n - false / n * odds, events / n - (n - events) / n * odds,
            )  # fmt: skip
        )
    return tuple(found)
