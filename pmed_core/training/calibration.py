"""From what networks and trees say to one probability that can be believed.

Platt scaling (Platt 1999) with a normal prior towards "leave as it is", or towards equal weights
where trees stand beside the network: with few events next to nothing is changed, with many the
data decide. This is the ladder of Van Calster et al. (BMC Med 2019; intercept first, slope only
with enough events) without its steps.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize
from scipy.special import log_softmax, logsumexp

PRIOR_DEVIATION = 0.15
"""Of the intercept and of the weights, on the scale of log-odds."""
OF_MANY, MANY = 0.5, 100
"""The same of so many rows and more, for sources whose scale is not known beforehand: what few
carry, or what regressions on thousands of numbers say, is shrunk more than a table's inputs are."""
SHARED = (1.0, 0.6, 0.4)
"""Prior weight of each of so many that stand side by side: their mean is a little timid."""


@dataclass(frozen=True)
class Calibration:
    """slope * what the network says + trees * what randomised trees say + boosted * what boosted
    trees say + intercepts, in the space in which the kind of outcome blends
    (``Learning.blended``): log p of c cells, renormalised, as a rule. ``intercepts`` is empty where
    nothing is added. Intervals are widened by ``stretch``, where the kind of outcome says so.
    """

    slope: float
    trees: float
    intercepts: tuple[float, ...]
    stretch: float = 1.0
    boosted: float = 0.0

    @property
    def weights(self) -> tuple[float, float, float]:
        """Of the network, the trees and the boosted trees."""
        return self.slope, self.trees, self.boosted

    def behind_silence(self) -> Calibration:
        """The same where the first source is the trees, beside a network that says nothing."""
        return replace(self, slope=0.0, trees=self.slope)


def doubted(rows: int, groups: int) -> float:
    """Deviation of the prior where so many rows, of so many groups that belong together, speak of
    sources of unknown scale.

    Rows of one group (a chromosome) err alike: where groups are few, all rows weigh as much as
    groups would.
    """
    if groups >= MANY:
        return OF_MANY
    return PRIOR_DEVIATION * math.sqrt(groups / rows)


def normalised(scores: NDArray[np.float64], groups: int = 1) -> NDArray[np.float64]:
    """(..., c) scores -> log probabilities, which sum to one within each of so many groups of
    neighbouring cells."""
    apart = scores.reshape(*scores.shape[:-1], groups, -1)
    return np.asarray(log_softmax(apart, axis=-1).reshape(scores.shape))


UNCHANGED = Calibration(1.0, 0.0, ())


@dataclass(frozen=True)
class Space:
    """Where it is blended: b numbers for a distribution over c cells (``Learning.blended``).

    Attributes:
        everybody: (b,) all patients together: weights that are less than one in sum draw towards
            them. Towards even shares where it is not given.
        back: (n, b) -> (n, c) log probabilities.
        given: (n, c) how much of each cell agrees with what is conditioned on, where anything is.
    """

    everybody: NDArray[np.float64] | None = None
    back: Callable[[NDArray[np.float64]], NDArray[np.float64]] = normalised
    given: NDArray[np.float64] | None = None


def fit_calibration(
    network: NDArray[np.float64],
    compatible: NDArray[np.float64],
    beside: Sequence[NDArray[np.float64]] = (),
    deviation: float = PRIOR_DEVIATION,
    space: Space = Space(),
) -> Calibration:
    """Fit on rows that neither trained on.

    Args:
        network: (n, b) what it says, in the space in which it is blended.
        beside: the same of the trees, and of the boosted trees, where there are any.
        compatible: (n, c) how much of each of c >= 2 cells agrees with what was observed;
            (n, g, c / g) where the cells answer g questions.
        deviation: of the prior, on the scale of that space.
        space: log probabilities of the cells unless another is given.
    """
    said = np.stack([network, *beside])
    sources, width = len(said), network.shape[1]
    prior = np.full(sources, SHARED[sources - 1])
    centre = np.zeros(width) if space.everybody is None else space.everybody

    groups = compatible.shape[1] if compatible.ndim == 3 else 1
    agrees = compatible.reshape(len(compatible), groups, -1)

    def loss(parameters: NDArray[np.float64]) -> float:
        weights, intercepts = parameters[:sources], parameters[sources:]
        scores = np.tensordot(weights, said, 1) + intercepts
        cells = space.back(scores).reshape(agrees.shape)
        likelihood = logsumexp(cells, axis=2, b=agrees).sum()
        if space.given is not None:
            likelihood -= logsumexp(cells, axis=2, b=space.given.reshape(agrees.shape)).sum()
        drawn = (1 - weights.sum()) * centre
        departure = np.sum((weights - prior) ** 2) + np.sum((intercepts - drawn) ** 2)
        return float(departure / (2 * deviation**2) - likelihood)

    bounds = [(0.0 if beside else 0.2, 5.0)] * sources + [(None, None)] * width
    start = np.concatenate([prior, (1 - prior.sum()) * centre])
    found = minimize(loss, start, method="L-BFGS-B", bounds=bounds).x
    weights = [float(v) for v in found[:sources]] + [0.0] * (len(SHARED) - sources)
    intercepts = tuple(float(v) for v in found[sources:])
    return Calibration(weights[0], weights[1], intercepts, boosted=weights[2])
