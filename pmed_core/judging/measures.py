"""Measures of a risk, each over all resamples at once.

Shapes: weights (r, n), event (n,) 0/1, risk (n,) -> (r,). Undefined values are NaN.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.special import expit, logit

Floats = NDArray[np.float64]
SMALLEST = 1e-7
ROWS_FOR_ONE_STEP = 1500


def auroc(weights: Floats, event: Floats, risk: Floats) -> Floats:
    """Probability that a patient with the event has the higher risk; ties count half.

    Hanley & McNeil, Radiology 1982.
    """
    positive, negative = _by_risk(weights, event, risk)
    below = np.cumsum(negative, axis=1) - negative / 2
    pairs = positive.sum(axis=1) * negative.sum(axis=1)
    return _ratio((positive * below).sum(axis=1), pairs)


def average_precision(weights: Floats, event: Floats, risk: Floats) -> Floats:
    """Mean precision over the recalls that the thresholds reach (Davis & Goadrich, ICML 2006)."""
    positive, negative = _by_risk(weights, event, -risk)
    hits = np.cumsum(positive, axis=1)
    alerts = hits + np.cumsum(negative, axis=1)
    precision = np.divide(hits, alerts, out=np.zeros_like(hits), where=alerts > 0)
    return _ratio((precision * positive).sum(axis=1), positive.sum(axis=1))


def brier(weights: Floats, event: Floats, risk: Floats) -> Floats:
    """Mean squared difference between risk and event (Brier, Monthly Weather Review 1950)."""
    return _ratio(weights @ (risk - event) ** 2, weights.sum(axis=1))


def log_loss(weights: Floats, event: Floats, risk: Floats) -> Floats:
    """Mean of minus the log probability of what happened."""
    chosen = np.clip(np.where(event == 1, risk, 1 - risk), SMALLEST, 1)
    return _ratio(weights @ -np.log(chosen), weights.sum(axis=1))


def calibration_slope(weights: Floats, event: Floats, risk: Floats) -> Floats:
    """Coefficient of the log-odds in a logistic recalibration; 1 is ideal, below: too extreme."""
    return _recalibrated(weights, event, risk)[1]


def calibration_intercept(weights: Floats, event: Floats, risk: Floats) -> Floats:
    """Calibration in the large: the constant beside the log-odds as offset; 0 is ideal.

    Above 0 risks are too low on average (Van Calster et al., J Clin Epidemiol 2016).
    """
    odds = logit(np.clip(risk, SMALLEST, 1 - SMALLEST))
    found = _logistic(weights, event, np.ones((len(event), 1)), odds)[0]
    return np.where(_has_both(weights, event) & (np.abs(found) < 15), found, np.nan)


def _recalibrated(weights: Floats, event: Floats, risk: Floats) -> Floats:
    """(2, r) constant and slope; NaN where labels are perfectly separated."""
    odds = logit(np.clip(risk, SMALLEST, 1 - SMALLEST))
    found = _logistic(weights, event, np.stack([np.ones_like(odds), odds], axis=1), 0 * odds)
    settled = _has_both(weights, event) & (np.abs(found[1]) < 50)
    return np.where(settled, found, np.nan)


def _logistic(weights: Floats, event: Floats, design: Floats, offset: Floats) -> Floats:
    """(q, r) coefficients of a logistic regression on design (n, q), one for each resample.

    Newton's method on the sample itself, then further steps for the resamples from there: one is
    enough for many rows (Shao & Tu, The Jackknife and Bootstrap, 1995), a few for small samples.
    """
    start = np.zeros((1, design.shape[1]))
    for _ in range(30):
        start = start + _newton_step(weights[:1], event, design, offset, start)
    steps = 1 if len(event) > ROWS_FOR_ONE_STEP else 8
    found = np.repeat(start, len(weights), axis=0)
    for step in range(steps):
        at = start if step == 0 else found
        found = at + _newton_step(weights, event, design, offset, at)
    return np.asarray(found.T)


def _newton_step(
    weights: Floats, event: Floats, design: Floats, offset: Floats, at: Floats
) -> Floats:
    """(r, q) from coefficients (1 or r, q); clipped, so that separation drifts, not explodes."""
    expected = expit(at @ design.T + offset)
    gradient = (weights * (event - expected)) @ design
    curve = weights * expected * (1 - expected)
    products = np.einsum("ni,nj->nij", design, design).reshape(len(event), -1)
    hessian = (curve @ products).reshape(len(curve), design.shape[1], -1)
    step = np.linalg.solve(hessian + 1e-9 * np.eye(design.shape[1]), gradient[..., None])
    return np.clip(step[..., 0], -3, 3)


def at_threshold(weights: Floats, event: Floats, alert: Floats) -> dict[str, Floats]:
    """Sensitivity, specificity, PPV, NPV, accuracy and balanced accuracy of an alert 0/1 (n,)."""
    true_positive = weights @ (alert * event)
    false_positive = weights @ (alert * (1 - event))
    false_negative = weights @ ((1 - alert) * event)
    true_negative = weights @ ((1 - alert) * (1 - event))
    sensitivity = _ratio(true_positive, true_positive + false_negative)
    specificity = _ratio(true_negative, true_negative + false_positive)
    return {
        "sensitivity": sensitivity,
        "specificity": specificity,
        "ppv": _ratio(true_positive, true_positive + false_positive),
        "npv": _ratio(true_negative, true_negative + false_negative),
        "accuracy": _ratio(true_positive + true_negative, weights.sum(axis=1)),
        "balanced_accuracy": (sensitivity + specificity) / 2,
    }


def _by_risk(weights: Floats, event: Floats, risk: Floats) -> tuple[Floats, Floats]:
    """(r, u) weight with and without the event at each of the u different risks, rising."""
    order = np.argsort(risk, kind="stable")
    starts = np.flatnonzero(np.diff(risk[order], prepend=-np.inf) > 0)
    drawn = weights[:, order]
    positive = np.add.reduceat(drawn * event[order], starts, axis=1)
    return positive, np.add.reduceat(drawn, starts, axis=1) - positive


def _has_both(weights: Floats, event: Floats) -> NDArray[np.bool_]:
    return np.asarray((weights @ event > 0) & (weights @ (1 - event) > 0))


def _ratio(part: Floats, whole: Floats) -> Floats:
    nothing = np.full(np.shape(part), np.nan)
    return np.asarray(np.divide(part, whole, out=nothing, where=np.abs(whole) > 1e-12))
