"""Whether an effect differs between patients, and whether a model knows for whom; over all
resamples at once.

TOC(q): mean score of the share q of patients whose predicted benefit is largest, less that of all.
AUTOC: its mean over q; Qini: that of q TOC(q) (Yadlowsky et al., JASA 2025). Calibration: scores
regressed on the mean effect and on what is predicted beyond it, whose coefficients are both 1 where
predictions are right (Chernozhukov et al., Econometrica 2025).
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import numpy as np
from numpy.typing import NDArray

from pmed_core.evaluations.proportions import ratio
from pmed_core.evaluations.resampling import Draws
from pmed_core.outcomes.effect.scores import error_of_mean

Doubles = NDArray[np.float64]


def mean(scores: Doubles, draws: Draws) -> Doubles:
    """(n,) -> (1 + r,) weighted means."""
    return np.asarray(
        np.concatenate([d @ scores / d.sum(axis=1) for d in draws.blocks(np.arange(len(scores)))])
    )


def rank_weighted(benefit: Doubles, scores: Doubles, draws: Draws) -> tuple[Doubles, Doubles]:
    """(n,) predicted benefits and scores -> (1 + r,) AUTOC and Qini, each the mean over the parts
    whose predictions can be compared."""
    parts = draws.parts()
    each = [_of_part(benefit[rows], scores[rows], draws.of(rows)) for rows in parts]
    weight = np.array([rows.sum() for rows in parts]) / len(benefit)
    autoc, qini = np.tensordot(weight, np.stack(each), axes=1)
    return autoc, qini


def _of_part(benefit: Doubles, scores: Doubles, draws: Draws) -> Doubles:
    """(2, 1 + r): exact over ties, within which scores count as their mean."""
    order = np.argsort(-benefit, kind="stable")
    starts = np.flatnonzero(np.diff(benefit[order], prepend=np.inf) < 0)
    return np.concatenate(
        [_areas(drawn, drawn * scores[order], starts) for drawn in draws.blocks(order)], axis=1
    )


def _areas(drawn: Doubles, summed: Doubles, starts: NDArray[np.int64]) -> Doubles:
    """(2, b) of b resamples."""
    many, total = (np.add.reduceat(each, starts, axis=1) for each in (drawn, summed))
    upto, sums = np.cumsum(many, axis=1), np.cumsum(total, axis=1)
    before, earlier = upto - many, sums - total
    level = ratio(total, many)
    level = np.where(many > 0, level, 0.0)
    everyone, everything = upto[:, -1], sums[:, -1]
    with np.errstate(divide="ignore", invalid="ignore"):
        grown = np.where((before > 0) & (many > 0), np.log(upto / before), 0.0)
        area = (level * many + (earlier - level * before) * grown).sum(axis=1)
        average = everything / everyone
        autoc = area / everyone - average
        gained = (earlier * many + level * many**2 / 2).sum(axis=1)
        qini = gained / everyone**2 - average / 2
    return np.stack([autoc, qini])


def calibration(said: Doubles, scores: Doubles, draws: Draws) -> tuple[Doubles, Doubles]:
    """(n,) -> (1 + r,) coefficients of the mean and of what is predicted beyond it; what one part's
    models predict is held against their own mean."""
    beyond = said.copy()
    for rows in draws.parts():
        beyond[rows] -= said[rows].mean()
    each = [np.ones(len(said)), scores, said, beyond, beyond**2, beyond * scores]
    columns = np.column_stack(each)
    blocks: Iterable[Doubles] = draws.blocks(np.arange(len(said)))
    n, score, mean_said, b, bb, bs = np.concatenate([d @ columns for d in blocks]).T
    spread = bb - b * b / n
    with np.errstate(divide="ignore", invalid="ignore"):
        differential = np.where(spread > 1e-18 * n, (bs - b * score / n) / spread, np.nan)
        return np.asarray(score / mean_said), differential


def standing(values: Doubles, parts: Sequence[NDArray[np.bool_]]) -> Doubles:
    """(n,) -> (n,) share of its part, by masks (n,), that stands before each row, from the lowest:
    among all together, rows would be sorted by which models said more of everybody."""
    found = np.empty(len(values))
    for rows in parts:
        many = int(rows.sum())
        places = np.empty(many)
        places[np.argsort(values[rows], kind="stable")] = np.arange(many) / max(many, 1)
        found[rows] = places
    return found


def concentrated(
    benefit: Doubles,
    scores: Doubles,
    shares: Doubles,
    patients: NDArray[np.str_],
    parts: Sequence[NDArray[np.bool_]],
) -> tuple[Doubles, Doubles]:
    """TOC at (s,) shares of the rows, the mean over parts as of ``rank_weighted``, and its standard
    error."""
    before, beyond = standing(-benefit, parts), scores.copy()
    for rows in parts:
        beyond[rows] -= scores[rows].mean()
    values, errors = np.empty(len(shares)), np.empty(len(shares))
    for k, share in enumerate(shares):
        inside = (before < share - 1e-9).astype(np.float64)
        for rows in parts:
            inside[rows] /= inside[rows].mean()
        influence = (inside - 1) * beyond
        values[k] = influence.mean()
        errors[k] = error_of_mean(influence, patients)
    return values, errors
