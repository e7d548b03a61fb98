"""How far effects of single patients are believed: drawn towards the average effect unless the data
speak.

Doubly robust scores are regressed on what the networks say of each patient's effect, and on the
inputs, by Bayesian linear models that differ in how much they believe either; one believes neither,
and so says the average effect of everybody, with odds of one to one before the data are seen. Their
answers are averaged by how well each foretells the scores (Hoeting et al., Statistical Science
1999). The interval is that of the models in which patients differ, about the average of all: it is
to hold what was not found as well as what was.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from pmed_core.arrays import Floats
from pmed_core.outcomes.effect.scores import together

Doubles = NDArray[np.float64]
AXES = 40
"""Directions of the inputs at most."""
ROWS_OF_AN_AXIS = 10
TOLD = 0.5
"""Standard deviation, about 1, of the factor by which the networks' effects are believed."""
LINEAR = (0.01, 0.03, 0.1, 0.3)
"""Variance of what is linear in the inputs, in that of the noise."""
NOBODY_DIFFERS = 0.5
"""Probability before the data are seen."""


@dataclass(frozen=True)
class Shrunk:
    """One effect as one fold learnt it.

    Attributes:
        average: of everybody.
        told: mean of what the networks say.
        centre, axes: (p,) and (p, a) of the encoded inputs.
        weights: (1 + a,) of what the networks say beyond their mean, and of each axis.
        covariance: (1 + a, 1 + a) of those, if patients differ.
        variance: of the average.
        differs: probability, with the data, that the effect is not the same for everybody.
    """

    average: float
    told: float
    centre: Floats
    axes: Floats
    weights: Floats
    covariance: Floats
    variance: float
    differs: float

    def effect(self, told: Doubles, columns: Doubles) -> tuple[Doubles, Doubles]:
        """(n,) what the networks say, (n, p) encoded inputs -> (n,) effects, and variances."""
        x = np.column_stack([told - self.told, (columns - self.centre) @ self.axes])
        spread = np.einsum("ni,ij,nj->n", x, self.covariance, x)
        return self.average + x @ self.weights, self.variance + np.maximum(spread, 0.0)


def shrunk(scores: Doubles, told: Doubles, columns: Doubles, patients: NDArray[np.str_]) -> Shrunk:
    """Of a training part: (n,) scores, (n,) what networks that did not learn from each patient say
    of the effect, (n, p) encoded inputs, (n,) whose rows they are."""
    centre, axes = _axes(columns)
    x = np.column_stack([told - told.mean(), (columns - centre) @ axes])
    y = scores - scores.mean()
    noise = max(float(y @ y) / max(len(y) - 1, 1), 1e-12)
    alike = _alike(y, patients)
    x, y = x / alike**0.5, y / alike**0.5
    beliefs = [(on, linear) for on in (0.0, 1.0) for linear in (0.0, *LINEAR)]
    many = len(y) / alike
    each = [_posterior(x, y, (on, linear), (noise, many)) for on, linear in beliefs]
    prior = np.full(len(beliefs), (1 - NOBODY_DIFFERS) / (len(beliefs) - 1))
    prior[0] = NOBODY_DIFFERS
    odds = np.log(prior) + [one[0] for one in each]
    weight = np.exp(odds - odds.max())
    weight /= weight.sum()
    weights = np.tensordot(weight, np.stack([one[1] for one in each]), axes=1)
    apart = [one[2] + np.outer(one[1] - weights, one[1] - weights) for one in each[1:]]
    given_that = weight[1:] / weight[1:].sum()
    return Shrunk(
        float(scores.mean()), float(told.mean()), centre, axes, weights,
        np.tensordot(given_that, np.stack(apart), axes=1), noise / many, float(1 - weight[0]),
    )  # fmt: skip


def _alike(y: Doubles, patients: NDArray[np.str_]) -> float:
    """How many rows tell as much as one patient by itself: the design effect, at least 1."""
    sums = together(y, patients)
    return max(float(sums @ sums) / max(float(y @ y), 1e-12), 1.0)


def _axes(columns: Doubles) -> tuple[Doubles, Doubles]:
    """(p,) mean, and (p, a) leading principal axes, along which columns have unit variance."""
    centre = columns.mean(axis=0)
    _, sizes, turned = np.linalg.svd(columns - centre, full_matrices=False)
    many = min(AXES, len(columns) // ROWS_OF_AN_AXIS, int((sizes > 1e-6 * sizes.max()).sum()))
    scale = sizes[:many] / np.sqrt(max(len(columns) - 1, 1))
    return centre, np.asarray(turned[:many].T / scale)


def _posterior(
    x: Doubles, y: Doubles, belief: tuple[float, float], of: tuple[float, float]
) -> tuple[float, Doubles, Doubles]:
    """Log evidence, mean and covariance of the weights; both columns and scores are centred. Of:
    the variance of scores, and how many rows theirs are worth."""
    (on, linear), count, (noise, many) = belief, x.shape[1], of
    variance = np.full(count, linear / max(count - 1, 1))
    variance[0] = on * TOLD**2 / noise
    used = np.flatnonzero(variance > 0)
    mean, covariance = np.zeros(count), np.zeros((count, count))
    mean[0] = on
    rest = y - on * x[:, 0]
    quadratic, determinant = float(rest @ rest), 0.0
    if len(used):
        columns = x[:, used]
        inner = columns.T @ columns + np.diag(1 / variance[used])
        inverse, told = np.linalg.inv(inner), columns.T @ rest
        quadratic = max(quadratic - float(told @ inverse @ told), 1e-12)
        determinant = float(np.linalg.slogdet(inner)[1] + np.log(variance[used]).sum())
        mean[used] += inverse @ told
        covariance[np.ix_(used, used)] = inverse * quadratic / max(many - 1, 1)
    return -0.5 * determinant - (many - 1) / 2 * np.log(quadratic), mean, covariance
