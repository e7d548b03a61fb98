"""What is fitted first, in closed form: drugs, factors of response, and how profiles tell them.

y = drug's mean + drug's spread × Σ (factor of the cell line × loading of the drug). Factors are
those of the completed table of standardised responses (soft-thresholded singular values: Mazumder,
Hastie & Tibshirani, JMLR 2010), as lines respond to many drugs alike. Each factor is told from the
profile by a ridge regression of its own, as strong as leaving out each line in turn says; factors
that no profile tells stay zero. A drug that nobody measured has mean, spread and loadings of drugs
like it.
"""

from __future__ import annotations

import itertools
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Doubles = NDArray[np.float64]
COMPONENTS, FACTORS, GENES = 256, 64, 5000
ROUNDS, KEPT = 30, 30
"""Of completing the table; singular values that are not thresholded to nothing."""
SHRINK = 3.0
"""Measurements that the mean of all drugs counts for in that of one."""
STRENGTHS = np.logspace(-2, 2, 13)
SPREAD_AT_LEAST = 1e-3
SHARES = (0.0, 0.1, 0.3, 1.0)
"""Tried of each kind of measurement."""


@dataclass(frozen=True)
class Encoder:
    """Profiles of p measurements -> q principal components, fitted on training lines.

    Attributes:
        centre, scale: (p,).
        axes: (p, q).
    """

    centre: Doubles
    scale: Doubles
    axes: Doubles

    def __call__(self, values: Doubles) -> Doubles:
        """(m, p) -> (m, q), of mean square about 1 a line; what was not measured is typical."""
        return np.asarray(self.standardised(values) @ self.axes)

    def standardised(self, values: Doubles) -> Doubles:
        """(m, p) -> (m, p)."""
        return np.asarray(np.nan_to_num((values - self.centre) / self.scale))


def encoder(values: Doubles, weight: Doubles | None = None) -> Encoder:
    """Of training lines (m, p); ``weight`` (p,): by which standardised measurements count."""
    centre, scale = _standard(values)
    if weight is not None:
        scale = np.divide(scale, weight, out=np.full(len(scale), np.inf), where=weight > 0)
    found = np.nan_to_num((values - centre) / scale)
    _, _, right = np.linalg.svd(found, full_matrices=False)
    axes = right[: min(COMPONENTS, len(values) - 1)].T / np.sqrt(max(len(right.T), 1))
    return Encoder(centre, scale, axes)


def _standard(values: Doubles) -> tuple[Doubles, Doubles]:
    """(m, p) -> (p,) means, and spreads; infinite where there is none."""
    there = np.isfinite(values)
    many = np.maximum(there.sum(axis=0), 1)
    centre = np.where(there, values, 0.0).sum(axis=0) / many
    spread = np.sqrt(np.where(there, (values - centre) ** 2, 0.0).sum(axis=0) / many)
    return centre, np.where(spread > 1e-9, spread, np.inf)


def shares(values: Doubles, kind: NDArray[np.int64], responses: Doubles) -> Doubles:
    """How much each of k kinds of measurement (expression, mutations) counts, the most 1: as lines
    left out in turn are told best by ridge regressions on the weighted sum of their kernels.

    Args:
        values: (m, p) of training lines; ``kind`` (p,) of each measurement.
        responses: (m, d), NaN where a pair was not measured.
    """
    count = int(kind.max()) + 1
    if count == 1:
        return np.ones(1)
    _, known, table = _beyond_effects(responses)
    lines = _factored(table, known)[0]
    targets = lines - lines.mean(axis=0)
    centre, scale = _standard(values)
    found = np.nan_to_num((values - centre) / scale)
    parts = [found[:, kind == k] for k in range(count)]
    kernels = np.stack([part @ part.T / part.shape[1] for part in parts])
    best, least = np.ones(count), np.inf
    for tried in itertools.product(SHARES, repeat=count):
        if max(tried) < 1:
            continue
        sizes, turn = np.linalg.eigh(np.tensordot(tried, kernels, axes=1))
        missed = ridge(turn * np.sqrt(np.maximum(sizes, 0)), targets)[1]
        if (error := float((missed**2).sum())) < least:
            best, least = np.array(tried), error
    return best


def weights_of(share: Doubles, kind: NDArray[np.int64]) -> Doubles:
    """(k,) shares -> (p,) by which measurements count: kinds as a whole, however many each has."""
    many = np.bincount(kind, minlength=len(share))
    return np.asarray(np.sqrt(share * len(kind) / many)[kind])


@dataclass(frozen=True)
class Drugs:
    """d drugs.

    Attributes:
        mean, spread: (d,) in the outcome's unit.
        loadings: (R, d).
    """

    mean: Doubles
    spread: Doubles
    loadings: Doubles


@dataclass(frozen=True)
class Factors:
    """Of m training lines and d drugs.

    Attributes:
        drugs: those that were measured; numbers of others mean nothing.
        measured: (d,) by any of these lines.
        lines: (m, R) factors of the lines.
        left_out: (m, R) what profiles say of them, each line left out in turn.
        weights: (q, R), and ``start`` (R,): the ridge regressions.
        own: (m, R) how lines differ from what their profiles say, as far as their own measurements
            show it.
    """

    drugs: Drugs
    measured: NDArray[np.bool_]
    lines: Doubles
    left_out: Doubles
    weights: Doubles
    start: Doubles
    own: Doubles


def factors(components: Doubles, responses: Doubles) -> Factors:
    """Fit to (m, q) and (m, d), NaN where a pair was not measured."""
    (mean, spread), known, table = _beyond_effects(responses)
    lines, loadings, noise = _factored(table, known)
    start = lines.mean(axis=0)
    weights, missed = ridge(components, lines - start)
    deviations = lines - start - components @ weights
    own = _own(table - (start + components @ weights) @ loadings, known, loadings,
               (deviations.var(axis=0), noise))  # fmt: skip
    return Factors(
        Drugs(mean, spread, loadings),
        np.asarray(known.any(axis=0)),
        lines,
        lines - missed,
        weights,
        start,
        own,
    )


def _beyond_effects(
    responses: Doubles,
) -> tuple[tuple[Doubles, Doubles], NDArray[np.bool_], Doubles]:
    """(m, d) -> effects of drugs, which are known, and what these have beyond their effects."""
    mean, spread = effects(responses)
    known = np.isfinite(responses)
    return (mean, spread), known, np.where(known, (responses - mean) / spread, 0.0)


def _factored(table: Doubles, known: NDArray[np.bool_]) -> tuple[Doubles, Doubles, float]:
    """(m, d) -> (m, R) factors of lines, (R, d) loadings, and the variance they do not explain."""
    filled, noise = _completed(table, known)
    left, sizes, right = np.linalg.svd(filled, full_matrices=False)
    lines, loadings = np.zeros((len(left), FACTORS)), np.zeros((FACTORS, right.shape[1]))
    count = min(FACTORS, len(sizes))
    lines[:, :count], loadings[:count] = (left * sizes)[:, :count], right[:count]
    return lines, loadings, noise


def effects(responses: Doubles) -> tuple[Doubles, Doubles]:
    """(m, d) -> mean and spread of each drug, both drawn to those of all drugs."""
    known = np.isfinite(responses)
    many, total = known.sum(axis=0), np.nansum(responses, axis=0)
    all_ = total.sum() / max(many.sum(), 1)
    mean = (total + SHRINK * all_) / (many + SHRINK)
    squares = np.nansum((responses - mean) ** 2, axis=0)
    common = squares.sum() / max(many.sum(), 1)
    spread = np.sqrt((squares + SHRINK * common) / (many + SHRINK))
    return mean, np.maximum(spread, SPREAD_AT_LEAST)


def _completed(table: Doubles, known: NDArray[np.bool_]) -> tuple[Doubles, float]:
    """The table with its gaps filled, and the variance that its factors do not explain."""
    filled, smooth = table, table
    for _ in range(ROUNDS):
        left, sizes, right = np.linalg.svd(filled, full_matrices=False)
        kept = np.maximum(sizes - sizes[min(KEPT, len(sizes) - 1)], 0)
        smooth = (left * kept) @ right
        filled = np.where(known, table, smooth)
    return filled, float(((table - smooth)[known] ** 2).mean()) + 1e-3


def ridge(columns: Doubles, targets: Doubles) -> tuple[Doubles, Doubles]:
    """(m, q), (m, R) of mean zero -> weights (q, R), and what each line left out misses (m, R)."""
    columns = columns - columns.mean(axis=0)
    left, sizes, right = np.linalg.svd(columns, full_matrices=False)
    squares, turned = sizes**2, left.T @ targets
    usual = squares.sum() / len(columns)
    best = np.full(targets.shape[1], np.inf)
    weights, missed = np.zeros((columns.shape[1], targets.shape[1])), targets.copy()
    for strength in STRENGTHS * usual:
        share = squares / (squares + strength)
        lever = np.maximum(1 - (left**2) @ share - 1 / len(columns), 1e-3)
        error = (targets - left @ (share[:, None] * turned)) / lever[:, None]
        better = (error**2).mean(axis=0) < best
        best = np.where(better, (error**2).mean(axis=0), best)
        found = right.T @ ((sizes / (squares + strength))[:, None] * turned)
        weights, missed = np.where(better, found, weights), np.where(better, error, missed)
    tells = best < targets.var(axis=0)
    return np.where(tells, weights, 0.0), np.where(tells, missed, targets)


def _own(
    rest: Doubles, known: NDArray[np.bool_], loadings: Doubles, sizes: tuple[Doubles, float]
) -> Doubles:
    """(m, d) what is left -> (m, R) its factors: the posterior mean, each line by itself."""
    variance, noise = sizes
    # Noise alone gives each factor its own variance; half of them hold little else.
    noise = max(noise, float(np.median(variance[: np.linalg.matrix_rank(loadings)])))
    prior = np.diag(1 / np.maximum(variance - noise, 1e-6))
    found = np.zeros((len(rest), len(loadings)))
    for line, there in enumerate(known):
        mine = loadings[:, there]
        known_of = mine @ mine.T / noise + prior
        found[line] = np.linalg.solve(known_of, mine @ rest[line, there] / noise)
    return found


@dataclass(frozen=True)
class Structures:
    """How drugs nobody measured are told from those that are like them.

    Attributes:
        weights: (d, R + 2) of similarities to each drug; ``start`` (R + 2,).
    """

    weights: Doubles
    start: Doubles

    def __call__(self, similar: Doubles) -> Drugs:
        """(n, d) similarities -> n drugs."""
        told = self.start + similar @ self.weights
        return Drugs(told[:, 0], np.exp(told[:, 1]), told[:, 2:].T)


def structures(similar: Doubles, drugs: Drugs, measured: NDArray[np.bool_]) -> Structures:
    """Kernel ridge regression on (d, d) similarities of the measured drugs."""
    told = np.column_stack([drugs.mean, np.log(drugs.spread), drugs.loadings.T])[measured]
    start, kernel = told.mean(axis=0), similar[np.ix_(measured, measured)]
    sizes, turn = np.linalg.eigh(kernel)
    best = np.full(told.shape[1], np.inf)
    weights = np.zeros((len(similar), told.shape[1]))
    for strength in STRENGTHS:
        inverse = (turn / (np.maximum(sizes, 0) + strength)) @ turn.T
        solved = inverse @ (told - start)
        error = ((solved / np.diag(inverse)[:, None]) ** 2).mean(axis=0)
        better = (error < best) & (error < told.var(axis=0))
        best = np.where(better, error, best)
        weights[measured] = np.where(better, solved, weights[measured])
    return Structures(weights, start)
