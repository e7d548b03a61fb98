"""Can the evidence on a scan be believed: does it add up, is it exact enough, does it depend on
what was learnt, and does blurring what it names move the prediction?"""

from __future__ import annotations

import numpy as np

from pmed_core.cohort import Cohort
from pmed_core.explanations.deletion import ORDERS, beaten, removals
from pmed_core.modalities.scan.ensemble import ScanEnsemble
from pmed_core.modalities.scan.explaining import blurred, explain_scan, place_of_pixels
from pmed_core.work import Trust


def check(ensemble: ScanEnsemble, one: Cohort, label: str) -> Trust:
    """Of the first scan of the cohort; instead of variables, places are blurred."""
    found = explain_scan(ensemble, one, label)
    scan, at = ensemble.prepared(one)[0], ensemble.classes.index(label)
    hidden, owner = blurred(scan), place_of_pixels(len(scan), found.places.shape)
    orders, steps = removals(found.places.ravel())
    curves = []
    for order in orders:
        rank = np.argsort(order)[owner]
        rows = np.stack([np.where(rank < step, hidden, scan) for step in steps])
        curves.append(np.exp(ensemble.calibrated(ensemble.mean_log_probabilities(rows)))[:, at])
    why, total = found.explanation, float(found.places.sum())
    return Trust(
        float(why.gap[0]), float(why.standard_error.max()) / max(abs(total), 1e-12),
        found.steadiness,
        tuple((steps / found.places.size).tolist()), tuple(curves[0].tolist()),
        tuple(np.mean(curves[1:], axis=0).tolist()), float(curves[0][-1]), ORDERS,
        beaten(np.stack(curves)), "places",
    )  # fmt: skip
