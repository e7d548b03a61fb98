"""From a network's probabilities to ones that can be believed.

Platt scaling (Platt 1999) with a normal prior towards "leave as it is": with few events next to
nothing is changed, with many the data decide. This is the ladder of Van Calster et al. (BMC Med
2019; intercept first, slope only with enough events) without its steps.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize
from scipy.special import log_softmax

PRIOR_DEVIATION = 0.15
"""Of the intercept and of the slope, on the scale of log-odds."""


@dataclass(frozen=True)
class Calibration:
    """log p -> slope * log p + intercepts, renormalised. Yes/no is two labels here.

    ``intercepts`` is empty where nothing is added.
    """

    slope: float
    intercepts: tuple[float, ...]


UNCHANGED = Calibration(1.0, ())


def fit_calibration(
    log_probabilities: NDArray[np.float64], label: NDArray[np.int64]
) -> Calibration:
    """Fit on rows that the network did not train on.

    Args:
        log_probabilities: (n, k) with k >= 2 labels.
        label: (n,) index of what happened.
    """
    rows, labels = np.arange(len(label)), log_probabilities.shape[1]

    def loss(parameters: NDArray[np.float64]) -> float:
        scores = parameters[0] * log_probabilities + parameters[1:]
        likelihood = log_softmax(scores, axis=1)[rows, label].sum()
        departure = np.sum((parameters[0] - 1) ** 2) + np.sum(parameters[1:] ** 2)
        return float(departure / (2 * PRIOR_DEVIATION**2) - likelihood)

    start = np.concatenate([[1.0], np.zeros(labels)])
    found = minimize(loss, start, method="L-BFGS-B", bounds=[(0.2, 5), *[(None, None)] * labels]).x
    return Calibration(float(found[0]), tuple(float(value) for value in found[1:]))
