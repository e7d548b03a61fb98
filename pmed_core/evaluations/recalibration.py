"""Are the risks the right size: logistic recalibration.

logit P(event) = a + b · logit(risk). The calibration slope is b; the calibration intercept is a
with b fixed at 1 (calibration in the large). Both at once on many resamples, by Newton's method.
Cox, Biometrika 1958; Van Calster et al., J Clin Epidemiol 2016;74:167-176.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.special import expit, logit

Floats = NDArray[np.float64]
CLOSEST = 1e-6
STEPS = 30


def log_odds(risk: Floats) -> Floats:
    """Risks of 0 and 1 count as one in a million, or no recalibration would exist."""
    return np.asarray(logit(np.clip(risk, CLOSEST, 1 - CLOSEST)))


def separated(odds: Floats, event: Floats) -> bool:
    """All risks with the event lie on one side of all those without: no slope exists."""
    with_event, without = odds[event == 1], odds[event == 0]
    if not len(with_event) or not len(without):
        return True
    return bool(
        with_event.min() >= without.max()
        or with_event.max() <= without.min()
        or odds.max() - odds.min() < 1e-9
    )


def slope(odds: Floats, events: Floats, totals: Floats) -> Floats:
    """(r,) slopes of r samples in g groups of one log-odds (g,); events, totals (r, g).

    NaN where Newton's method does not settle (separation).
    """
    centre, spread = odds.mean(), max(float(odds.std()), 1e-9)
    x = (odds - centre) / spread
    with np.errstate(all="ignore"):
        at = np.stack([_rate(events, totals), np.zeros(len(events))])
        for _ in range(STEPS):
            step = _step(at, x, events, totals)
            at = at + np.clip(step, -3, 3)
            if np.nanmax(np.abs(step), initial=0) < 1e-10:
                break
    settled = np.abs(step).max(axis=0) < 1e-6
    return np.asarray(np.where(settled, at[1] / spread, np.nan))


def _step(at: Floats, x: Floats, events: Floats, totals: Floats) -> Floats:
    """Newton's step (2, r) for constant and slope: the inverse Hessian times the gradient."""
    p = expit(at[0][:, None] + at[1][:, None] * x)
    left = events - totals * p
    curve = totals * p * (1 - p)
    g0, g1 = left.sum(axis=1), left @ x
    h00, h01, h11 = curve.sum(axis=1), curve @ x, curve @ x**2
    determinant = h00 * h11 - h01**2
    return np.asarray(np.stack([h11 * g0 - h01 * g1, h00 * g1 - h01 * g0]) / determinant)


def intercept(odds: Floats, events: Floats, totals: Floats) -> Floats:
    """(r,) calibration in the large; above 0 the risks are too low on average."""
    with np.errstate(all="ignore"):
        at = _rate(events, totals) - (totals @ odds) / totals.sum(axis=1)
        for _ in range(STEPS):
            p = expit(at[:, None] + odds)
            step = (events - totals * p).sum(axis=1) / (totals * p * (1 - p)).sum(axis=1)
            at = at + np.clip(step, -2, 2)
            if np.nanmax(np.abs(step), initial=0) < 1e-10:
                break
    return np.where(np.abs(step) < 1e-6, at, np.nan)


def _rate(events: Floats, totals: Floats) -> Floats:
    """(r,) log-odds of the outcome rate; infinite where there is one outcome only."""
    return np.asarray(logit(events.sum(axis=1) / totals.sum(axis=1)))
