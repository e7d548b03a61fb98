"""An inverse power law through the scores of models that learnt from fewer patients.

The score of n patients is what all N reached, less b (n^-c - N^-c): it rises ever more slowly
(Figueroa et al., BMC Medical Informatics and Decision Making 2012, who fit such a law to predict
the sample size that a classifier needs; here it is made to pass through the last score, which is
known best). With few points the exponent is hardly known, so it is drawn towards a half, at which
the error of an estimate falls. The interval resamples the patients, the same for all sizes, and
adds to each score what other training patients would change (``training_share``).
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from pmed_core.evaluation import Curve, Measure
from pmed_core.evaluations import training_share
from pmed_core.evaluations.resampling import Draws, draw, percentiles
from pmed_core.learning_curve import LearningCurve
from pmed_core.outcomes import Outcome
from pmed_core.outcomes.kinds import evaluating
from pmed_core.predictions import Predictions

Floats = NDArray[np.float64]
EXPONENTS = np.geomspace(0.1, 2.0, 31)
USUAL, FACTOR = 0.5, 2.0
"""Exponent that is expected, and by which factor it may well differ."""
BEST = 1.0
"""No measure of discrimination is more."""
PLACES, SEED = 40, 20260


def learning_curve(
    found: Mapping[int, Predictions], outcome: Outcome, network: str
) -> LearningCurve:
    """The curve through what models said of the same rows, and its way to twice as many patients.

    Args:
        found: size of a cohort, rising, at least two -> out-of-fold predictions of the same rows
            in the same order by models of a training part so large; the last is that of all.
        network: what was trained.
    """
    known = next(iter(found.values())).observed >= 0
    seen = [one.select(known) for one in found.values()]
    draws = draw(seen[0].patients, seen[0].observed, folds=seen[0].folds)
    values = _resampled(np.stack([_scores(one, outcome, draws) for one in seen]), seen, outcome)
    sizes = np.array(list(found), dtype=np.float64)
    scale, exponent = fitted(sizes / sizes[-1], values)
    at = np.linspace(sizes[0], 2 * sizes[-1], PLACES)
    share = (at / sizes[-1])[:, None]
    line = np.minimum(values[-1] - scale * (share**-exponent - 1), BEST)
    ends = [percentiles(each) for each in line]
    return LearningCurve(
        outcome.discrimination, network, tuple(int(size) for size in sizes),
        tuple(percentiles(each) for each in values),
        Curve(tuple(at.tolist()), *(tuple(getattr(e, end) for e in ends) for end in _ENDS)),
    )  # fmt: skip


_ENDS = tuple(Measure.__dataclass_fields__)


def _scores(seen: Predictions, outcome: Outcome, draws: Draws) -> Floats:
    """(1 + r,) the score, then one a resample."""
    threshold = float((seen.observed == 1).mean())
    found = evaluating(outcome).measured(outcome, seen, threshold, draws)
    return np.asarray(found[outcome.discrimination], dtype=np.float64)


def _resampled(values: Floats, seen: list[Predictions], outcome: Outcome) -> Floats:
    """(s, 1 + r) with what other training patients would change, where all are defined."""
    noise = np.random.default_rng(SEED)
    quantities = evaluating(outcome).ranking(outcome).get(outcome.discrimination, ())
    values = values[:, np.isfinite(values).all(axis=0)]
    for line, one in zip(values, seen, strict=True):
        of_training = training_share.share(training_share.ranks(one.panel), quantities)
        spread = np.sqrt(of_training) * line[1:].std()
        line[1:] += spread * noise.normal(size=len(line) - 1)
    return values


def fitted(share: Floats, values: Floats) -> tuple[Floats, Floats]:
    """(s,) sizes as shares of the last, and (s, r) scores -> (r,) b and (r,) c of each law."""
    behind = values[-1] - values[:-1]
    weight = 1 / np.maximum(behind.var(axis=1), 1e-12)
    way = share[:-1, None] ** -EXPONENTS - 1
    along = np.einsum("s,sg,sr->gr", weight, way, behind)
    scale = np.maximum(along / np.einsum("s,sg->g", weight, way**2)[:, None], 0)
    missed = np.einsum("s,sgr->gr", weight, (behind[:, None] - way[:, :, None] * scale) ** 2)
    unusual = (np.log(EXPONENTS / USUAL) / np.log(FACTOR)) ** 2
    best = (missed + unusual[:, None]).argmin(axis=0)
    return scale[best, np.arange(len(best))], EXPONENTS[best]
