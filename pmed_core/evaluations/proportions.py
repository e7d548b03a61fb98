"""Proportions of patients, and what an alert above a threshold means."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from pmed_core.evaluation import Measure

Floats = NDArray[np.float64]
Z = 1.959963984540054


def ratio(part: Floats, whole: Floats) -> Floats:
    """Element by element; NaN where there is nothing to divide by."""
    nothing = np.full(np.broadcast_shapes(np.shape(part), np.shape(whole)), np.nan)
    return np.asarray(np.divide(part, whole, out=nothing, where=np.asarray(whole) > 0))


def wilson(hits: Floats, trials: Floats) -> tuple[Floats, Floats]:
    """95 % interval of hits / trials (Wilson, JASA 1927;22:209-212); NaN for no trials.

    (p + z²/2n ± z √(p(1-p)/n + z²/4n²)) / (1 + z²/n)
    """
    p = ratio(hits, trials)
    n = np.where(np.asarray(trials) > 0, trials, np.nan)
    centre = (p + Z**2 / (2 * n)) / (1 + Z**2 / n)
    half = Z * np.sqrt(p * (1 - p) / n + Z**2 / (4 * n**2)) / (1 + Z**2 / n)
    return np.clip(centre - half, 0, p), np.clip(centre + half, p, 1)


def share(hits: float, trials: float) -> Measure:
    """A proportion with Wilson's interval."""
    low, high = wilson(np.array([hits]), np.array([trials]))
    value = hits / trials if trials > 0 else float("nan")
    return Measure(float(value), float(low[0]), float(high[0]))


def at_threshold(table: Floats) -> dict[str, Floats]:
    """The thresholded measures of true/false positives, false/true negatives (4, ...)."""
    true_positive, false_positive, false_negative, true_negative = table
    sensitivity = ratio(true_positive, true_positive + false_negative)
    specificity = ratio(true_negative, true_negative + false_positive)
    return {
        "sensitivity": sensitivity,
        "specificity": specificity,
        "ppv": ratio(true_positive, true_positive + false_positive),
        "npv": ratio(true_negative, true_negative + false_negative),
        "accuracy": ratio(true_positive + true_negative, table.sum(axis=0)),
        "balanced_accuracy": (sensitivity + specificity) / 2,
    }


def shares_at_threshold(table: Floats) -> dict[str, Measure]:
    """Those of :func:`at_threshold` that are proportions, with Wilson's intervals."""
    true_positive, false_positive, false_negative, true_negative = map(float, table)
    return {
        "sensitivity": share(true_positive, true_positive + false_negative),
        "specificity": share(true_negative, true_negative + false_positive),
        "ppv": share(true_positive, true_positive + false_positive),
        "npv": share(true_negative, true_negative + false_negative),
        "accuracy": share(true_positive + true_negative, float(table.sum())),
    }


def agreed(value: float, patients: NDArray[np.generic]) -> Measure:
    """A proportion on which all resamples of the rows (m,) of these patients agree, with Wilson's
    interval of as many trials as there are patients: rows of one patient are no more than one."""
    trials = len(np.unique(patients))
    return share(value * trials, trials)


def shares_of_patients(
    found: dict[str, Measure], event: NDArray[np.bool_], alerted: NDArray[np.bool_],
    patients: NDArray[np.generic],
) -> dict[str, Measure]:  # fmt: skip
    """Bootstrap shares of n rows; those that got no interval have that of :func:`agreed`."""
    among = {
        "sensitivity": event, "specificity": ~event, "ppv": alerted, "npv": ~alerted,
        "accuracy": np.ones_like(event),
    }  # fmt: skip
    flat = [name for name in among if name in found and not found[name].bounded]
    return found | {name: agreed(found[name].value, patients[among[name]]) for name in flat}
