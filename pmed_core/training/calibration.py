"""From what networks and trees say to one probability that can be believed.

Platt scaling (Platt 1999) with a normal prior towards "leave as it is", or towards equal weights
where trees stand beside the network: with few events next to nothing is changed, with many the
data decide. This is the ladder of Van Calster et al. (BMC Med 2019; intercept first, slope only
with enough events) without its steps.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize
from scipy.special import log_softmax, logsumexp

PRIOR_DEVIATION = 0.15
"""Of the intercept and of the weights, on the scale of log-odds."""
SHARED = 0.6
"""Prior weight of networks and of trees that stand side by side: their mean is a little timid."""


@dataclass(frozen=True)
class Calibration:
    """slope * log p of the network + trees * log p of the trees + intercepts, renormalised.

    Of c cells (``outcomes.contracts``); ``intercepts`` is empty where nothing is added. Intervals
    are widened by ``stretch``, where the kind of outcome says so.
    """

    slope: float
    trees: float
    intercepts: tuple[float, ...]
    stretch: float = 1.0


def normalised(scores: NDArray[np.float64], groups: int = 1) -> NDArray[np.float64]:
    """(..., c) scores -> log probabilities, which sum to one within each of so many groups of
    neighbouring cells."""
    apart = scores.reshape(*scores.shape[:-1], groups, -1)
    return np.asarray(log_softmax(apart, axis=-1).reshape(scores.shape))


UNCHANGED = Calibration(1.0, 0.0, ())


def fit_calibration(
    network: NDArray[np.float64],
    compatible: NDArray[np.float64],
    trees: NDArray[np.float64] | None = None,
    deviation: float = PRIOR_DEVIATION,
    everybody: NDArray[np.float64] | None = None,
) -> Calibration:
    """Fit on rows that neither trained on.

    Args:
        network, trees: (n, c) log probabilities of c >= 2 cells.
        compatible: (n, c) how much of each cell agrees with what was observed; (n, g, c / g) where
            the cells answer g questions.
        deviation: of the prior, on the scale of log-odds.
        everybody: (c,) log share of each cell among all patients: weights that are less than one in
            sum draw towards it. Towards even shares where it is not given.
    """
    said = np.stack([network] if trees is None else [network, trees])
    prior = np.array([1.0] if trees is None else [SHARED, SHARED])
    sources, cells = len(said), network.shape[1]
    centre = np.zeros(cells) if everybody is None else everybody

    groups = compatible.shape[1] if compatible.ndim == 3 else 1
    agrees = compatible.reshape(len(compatible), groups, -1)

    def loss(parameters: NDArray[np.float64]) -> float:
        weights, intercepts = parameters[:sources], parameters[sources:]
        scores = np.tensordot(weights, said, 1) + intercepts
        said_of_each = normalised(scores, groups).reshape(len(scores), groups, -1)
        likelihood = logsumexp(said_of_each, axis=2, b=agrees).sum()
        drawn = (1 - weights.sum()) * centre
        departure = np.sum((weights - prior) ** 2) + np.sum((intercepts - drawn) ** 2)
        return float(departure / (2 * deviation**2) - likelihood)

    bounds = [(0.0 if trees is not None else 0.2, 5.0)] * sources + [(None, None)] * cells
    start = np.concatenate([prior, (1 - prior.sum()) * centre])
    found = minimize(loss, start, method="L-BFGS-B", bounds=bounds).x
    beside = 0.0 if trees is None else float(found[1])
    return Calibration(float(found[0]), beside, tuple(float(v) for v in found[sources:]))
