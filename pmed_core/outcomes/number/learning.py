"""How a number is learnt: as a distribution over points on its own quantiles.

An observed number is shared by its two neighbouring points such that their mean is the number
("two-hot"); the loss is the cross-entropy (Imani & White, ICML 2018; Farebrother et al., ICML
2024), which bears outliers and skew that a squared error would not. A member says with three
outputs how everybody's distribution is tilted: an output for each point learns mostly noise. The
value that is shown is the mean of the distribution, its interval is conformal (``interval``).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from keras import ops
from numpy.typing import NDArray
from scipy.special import log_softmax, softmax
from scipy.stats import rankdata
from sklearn.ensemble import (
    ExtraTreesRegressor,
    HistGradientBoostingRegressor,
    RandomForestRegressor,
)
from sklearn.linear_model import RidgeCV
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from pmed_core.baselines import BOOSTING, FOREST, RIDGE
from pmed_core.errors import UserError
from pmed_core.outcomes import categorical
from pmed_core.outcomes.fitted import Grown, Size, of_boosting, of_forest
from pmed_core.outcomes.number import Number
from pmed_core.outcomes.number import interval as conformal
from pmed_core.outcomes.target import Target

Doubles = NDArray[np.float64]
POINTS, ROWS_OF_A_POINT = 30, 12
TERMS = 3
"""Outputs of a member: where its distribution lies, and how wide and how skewed it is."""
LEAF = 3
"""Patients in a leaf of a tree."""
STEEPEST, TILTS, LEAST = 30.0, 241, 1e-12
"""Of the tilts between which a number becomes a distribution, how many, and the smallest share."""
STRATA = 5
PATIENTS_AT_LEAST = 20


given, having_lived = categorical.given, categorical.having_lived
blended, unblended, final = categorical.blended, categorical.unblended, categorical.final
BOOSTED = False


def settled(outcome: Number, target: Target) -> Number:
    """With the points, which say how finely numbers are told apart and nothing of anybody; all
    folds share them."""
    known = target.actual[np.isfinite(target.actual)]
    values = np.unique(known)
    if len(values) < 2:
        return outcome
    most = int(np.clip(len(known) // ROWS_OF_A_POINT, 2, POINTS))
    points = values
    if len(values) > most:
        points = np.unique(np.quantile(known, np.linspace(0, 1, most)))
    return replace(outcome, decimals=decimals(known), points=tuple(points.tolist()))


def started(outcome: Number, targets: Sequence[Target]) -> Number:
    """With everybody's distribution, of each network's own training part."""
    return replace(outcome, share=tuple(tuple(_share(outcome, one).tolist()) for one in targets))


def of_networks(outcome: Number, which: NDArray[np.int64]) -> Number:
    return replace(outcome, share=tuple(outcome.share[j] for j in which))


def _share(outcome: Number, target: Target) -> Doubles:
    """(c,) of patients at each point; never nothing."""
    known = np.isfinite(target.actual[..., 0])
    share = _two_hot(outcome, target)[known].sum(axis=0) + 0.5
    return np.asarray(share / share.sum())


def decimals(known: Doubles) -> int:
    """As many as tell patients apart: about a thirtieth of their standard deviation."""
    spread = float(known.std())
    needed = int(np.clip(1 - np.floor(np.log10(max(spread / 3, 1e-12))), 0, 9))
    # Nobody measured more than stands in the file; a mean may have one more.
    given = next((d for d in range(9) if np.allclose(known, known.round(d), rtol=0)), 9)
    return min(needed, given + 1) if spread else given


def two_hot(points: Doubles, values: Doubles) -> Doubles:
    """(...) numbers -> (..., c) shares of the neighbouring points, whose mean is the number; those
    beyond the ends belong to the end, unknown ones to all alike."""
    inside = np.clip(np.nan_to_num(values, nan=points[0]), points[0], points[-1])
    right = np.clip(np.searchsorted(points, inside), 1, len(points) - 1)
    share = (inside - points[right - 1]) / (points[right] - points[right - 1])
    cells = np.arange(len(points))
    found = (cells == right[..., None] - 1) * (1 - share[..., None])
    found = found + (cells == right[..., None]) * share[..., None]
    return np.where(np.isnan(values)[..., None], 1.0 / len(points), found)


def _two_hot(outcome: Number, target: Target) -> Doubles:
    return two_hot(np.asarray(outcome.points), target.actual[..., 0])


def groups(outcome: Number) -> int:
    return 1


def outputs(outcome: Number) -> int:
    return min(TERMS, len(outcome.points) - 1)


def usual_shares(outcome: Number) -> tuple[Doubles, Doubles]:
    """(n, 1, c) log share of everybody, and (n, outputs, c) how each output tilts it: Legendre
    polynomials over the ranks."""
    share = np.asarray(outcome.share)
    place = 2 * (np.cumsum(share, axis=1) - share / 2) - 1
    terms = np.polynomial.legendre.legvander(place, outputs(outcome))[..., 1:]
    return np.log(share)[:, None], np.swapaxes(terms, 1, 2).astype(np.float64)


def loss(outcome: Number, target: Any, logits: Any) -> Any:
    entropy = -ops.sum(target * traced_log_cells(outcome, logits), axis=-1)
    return ops.sum(ops.mean(entropy, axis=-1), axis=-1)


def packed(outcome: Number, target: Target, weights: Doubles) -> NDArray[np.float32]:
    return _two_hot(outcome, target).astype(np.float32)


def compatible(outcome: Number, target: Target) -> Doubles:
    return _two_hot(outcome, target)


def shares(outcome: Number, target: Target) -> Doubles:
    return _two_hot(outcome, target)


def centre(outcome: Number, target: Target) -> Doubles:
    """Points are not alike where numbers are tied, so that even shares would be nobody's."""
    return np.asarray(np.log(_share(outcome, target)))


def weights(outcome: Number, target: Target, balanced: bool) -> Doubles:
    return np.ones(len(outcome.points))


def log_cells(outcome: Number, logits: Doubles) -> Doubles:
    everybody, terms = usual_shares(outcome)
    return np.asarray(log_softmax(everybody + logits @ terms, axis=-1))


def traced_log_cells(outcome: Number, logits: Any) -> Any:
    everybody, terms = (part.astype(np.float32) for part in usual_shares(outcome))
    return ops.log_softmax(everybody + ops.matmul(logits, terms), axis=-1)


def scores(outcome: Number, log_cells: Doubles) -> Doubles:
    """(..., c) -> (..., 1) means."""
    return np.asarray(softmax(log_cells, axis=-1) @ np.asarray(outcome.points)[:, None])


def ends(outcome: Number, log_cells: Doubles, members: Doubles, stretch: float) -> Doubles:
    low, high = conformal.ends(np.asarray(outcome.points), log_cells, stretch)
    return np.stack([low, high])[..., None]


def stretch(outcome: Number, log_cells: Doubles, target: Target) -> float:
    return conformal.stretch(np.asarray(outcome.points), log_cells, target.actual[..., 0])


def course(outcome: Number, log_cells: Doubles) -> tuple[tuple[float, ...], Doubles]:
    return (), np.empty((len(log_cells), 0))


def signals(outcome: Number, target: Target) -> Doubles:
    """(r, 1) ranks, which no outlier rules."""
    return np.asarray(rankdata(target.actual[:, 0]) / len(target))[:, None]


def strata(
    outcome: Number, target: Target, patients: NDArray[np.str_], where: str
) -> NDArray[np.int64]:
    """Fifths of the numbers, fewer where many are alike."""
    actual = target.actual[:, 0]
    if len(np.unique(actual)) < 2:
        raise UserError(
            f"Every patient has the same '{outcome.column}'", where,
            "A model needs patients who differ: choose another outcome column.",
        )  # fmt: skip
    if (many := len(np.unique(patients))) < PATIENTS_AT_LEAST:
        raise UserError(
            f"Only {many} patients have a known '{outcome.column}'", where,
            f"A number needs at least {PATIENTS_AT_LEAST}: add more patients.",
        )  # fmt: skip
    edges = np.unique(np.quantile(actual, np.linspace(0, 1, STRATA + 1)[1:-1]))
    found = np.unique(np.searchsorted(edges, actual, side="left"), return_inverse=True)[1]
    sizes = [len(np.unique(patients[found == code])) for code in range(found.max() + 1)]
    # A stratum of few would limit the number of folds.
    return found if min(sizes) >= PATIENTS_AT_LEAST // 2 else np.zeros(len(found), dtype=np.int64)


def forest(  # noqa: PLR0913 - as the contract has it
    outcome: Number,
    columns: NDArray[np.float32],
    shares: Doubles,
    trees: int,
    *,
    seed: int,
    rows: int,
) -> list[tuple[Any, Doubles]]:
    """Extremely randomised trees whose splits lower the continuous ranked probability score: the
    squared error of cumulative shares, each counted by how far its point is from the next."""
    gaps = np.sqrt(np.diff(np.asarray(outcome.points)))
    gaps = gaps / gaps.max()
    found = ExtraTreesRegressor(
        trees, max_features=0.7, bootstrap=True, max_samples=min(len(shares), rows),
        min_samples_leaf=LEAF, random_state=seed,
    ).fit(columns, np.cumsum(shares, axis=1)[:, :-1] * gaps)  # fmt: skip
    return [(each.tree_, _shares(each.tree_, gaps)) for each in found.estimators_]


def _shares(tree: Any, gaps: Doubles) -> Doubles:
    below = tree.value[:, :, 0] / gaps
    ends = np.zeros((len(below), 1)), np.ones((len(below), 1))
    return np.maximum(np.diff(np.concatenate([ends[0], below, ends[1]], axis=1), axis=1), 0)


@dataclass
class Regressor:
    """A regression of scikit-learn; what it says is one number, within those that were seen."""

    model: Any
    points: Doubles

    def fit(self, columns: NDArray[np.float32], target: Target) -> Regressor:
        """Learn from (n, p) columns and their known targets."""
        self.model.fit(columns, target.actual[:, 0])
        return self

    def cells(self, columns: NDArray[np.float32]) -> Doubles:
        """(n, c) whose mean is the number."""
        return two_hot(self.points, np.asarray(self.model.predict(columns), dtype=np.float64))


@dataclass
class Forest(Regressor):
    """A random forest, which can be taken apart."""

    def grown(self, cells: int, outputs: int) -> Grown:
        """Its trees, whose sum is the number."""
        trees = [one.tree_ for one in self.model.estimators_]
        return Grown([of_forest(t, t.value[:, :, 0] / len(trees)) for t in trees], np.zeros(1))


@dataclass
class Boosting(Regressor):
    """Gradient boosting, which can be taken apart."""

    def grown(self, cells: int, outputs: int) -> Grown:
        """Its trees, whose sum is the number."""
        return Grown(of_boosting(self.model, [0], 1), self.model._baseline_prediction.ravel())


def tree_models(
    outcome: Number, seed: int, size: Size, threads: int | None = None
) -> dict[str, Any]:
    points = np.asarray(outcome.points)
    forest = RandomForestRegressor(
        size.trees, max_features=1 / 3, min_samples_leaf=3, max_samples=size.rows, n_jobs=threads,
        random_state=seed,
    )  # fmt: skip
    boosting = HistGradientBoostingRegressor(random_state=seed)
    return {FOREST: Forest(forest, points), BOOSTING: Boosting(boosting, points)}


def baselines(outcome: Number, seed: int, rows: int, threads: int | None) -> dict[str, Any]:
    ridge = make_pipeline(StandardScaler(), RidgeCV(np.logspace(-2, 4, 13)))
    trees = tree_models(outcome, seed, Size(), threads)
    return {RIDGE: Regressor(ridge, np.asarray(outcome.points))} | trees


def sums(outcome: Number) -> int:
    """The number itself."""
    return 1


def summed_cells(outcome: Number, said: Doubles) -> Doubles:
    """(..., n, m, 1) numbers -> (..., n, m, c): everybody's distribution, tilted to that mean.

    Between two of a row of tilts, whose mixture has the mean exactly; a number beyond what was
    observed is the nearest that was.
    """
    tilted = tilted_to_means(outcome)
    found = np.empty((*said.shape[:-1], len(outcome.points)))
    for j, (means, shares) in enumerate(tilted):
        found[..., j, :, :] = _between(means, shares, said[..., j, :, 0])
    return np.asarray(np.log(np.maximum(found, LEAST)))


def tilted_to_means(outcome: Number) -> list[tuple[Doubles, Doubles]]:
    """Of each network: (t,) rising means and the (t, c) distributions that have them."""
    everybody, terms = usual_shares(outcome)
    tilts = np.linspace(-STEEPEST, STEEPEST, TILTS)[:, None]
    ends, points = np.eye(len(outcome.points)), np.asarray(outcome.points)
    found = []
    for log_share, term in zip(everybody, terms, strict=True):
        between = softmax(log_share + tilts * term[0], axis=1)
        shares = np.concatenate([ends[:1], between, ends[-1:]])
        found.append((shares @ points, shares))
    return found


def _between(means: Doubles, shares: Doubles, said: Doubles) -> Doubles:
    right = np.clip(np.searchsorted(means, said), 1, len(means) - 1)
    width = np.maximum(means[right] - means[right - 1], 1e-300)
    share = np.clip((said - means[right - 1]) / width, 0, 1)[..., None]
    return np.asarray((1 - share) * shares[right - 1] + share * shares[right])


def progress(
    outcome: Number, log_cells: Doubles, target: Target, real: NDArray[np.bool_]
) -> dict[str, Doubles]:
    total = real.sum(axis=0)
    entropy = -(_two_hot(outcome, target) * np.maximum(log_cells, np.log(1e-7))).sum(axis=-1)
    actual = target.actual[..., 0]
    missed = ((scores(outcome, log_cells)[..., 0] - actual) ** 2 * real).sum(axis=0)
    middle = (actual * real).sum(axis=0) / total
    spread = ((actual - middle) ** 2 * real).sum(axis=0)
    return {
        "loss": (entropy * real).sum(axis=0) / total,
        "r2": 1 - missed / np.where(spread > 0, spread, np.nan),
    }
