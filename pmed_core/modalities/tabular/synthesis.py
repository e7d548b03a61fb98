"""Rows that look like the cohort's and are nobody's.

A Gaussian copula: each variable's latent normal score has the training correlations, and is read
back through the variable's own quantiles, categories and share of missing cells. Used as the
background of explanations and as the test cases in a model package, so that neither holds a
patient.
"""

from __future__ import annotations

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.special import ndtr, ndtri
from scipy.stats import rankdata

from pmed_core.cohort import Cohort
from pmed_core.modalities.tabular.preprocessing import NUMERIC, numeric_cells
from pmed_core.variable import Variable

AXES = 100
"""Correlations are kept along so many principal axes at most."""


def synthesise(cohort: Cohort, rows: int, seed: int) -> pd.DataFrame:
    """``rows`` synthetic rows of the cohort's inputs, with the cohort's cell types."""
    generator = np.random.default_rng(seed)
    latent = _correlated(_latent(cohort), rows, generator)
    absent = _correlated(_absence(cohort), rows, generator)
    columns = {
        variable.name: _cells(
            cohort.table[variable.name], variable, ndtr(latent[:, j]), ndtr(absent[:, j])
        )
        for j, variable in enumerate(cohort.inputs)
    }
    return pd.DataFrame(columns)


def _latent(cohort: Cohort) -> NDArray[np.float64]:
    """(n, p) normal scores of the ranks of each input; missing and constant ones are 0."""
    codes = [_codes(cohort.table, variable) for variable in cohort.inputs]
    return np.stack([_scores(column) for column in codes], axis=1)


def _absence(cohort: Cohort) -> NDArray[np.float64]:
    """(n, p) normal scores of "is missing"."""
    return np.stack(
        [_scores(np.asarray(cohort.table[v.name].isna(), dtype=np.float64)) for v in cohort.inputs],
        axis=1,
    )


def _codes(table: pd.DataFrame, variable: Variable) -> NDArray[np.float64]:
    if variable.kind in NUMERIC:
        return numeric_cells(table, [variable.name])[:, 0]
    codes = pd.Categorical(table[variable.name], categories=list(variable.categories)).codes
    return np.where(codes < 0, np.nan, codes.astype(np.float64))


def _scores(codes: NDArray[np.float64]) -> NDArray[np.float64]:
    known = ~np.isnan(codes)
    scores = np.zeros(len(codes))
    if known.sum() > 1 and np.ptp(codes[known]) > 0:
        scores[known] = ndtri(rankdata(codes[known]) / (known.sum() + 1))
    return scores


def _correlated(
    scores: NDArray[np.float64], rows: int, generator: np.random.Generator
) -> NDArray[np.float64]:
    """(rows, p) normal numbers with unit variance and the correlations of ``scores``.

    The leading principal axes carry the correlations, independent noise the rest of each
    variable's variance: a factor model, which needs no p x p matrix.
    """
    spread = np.maximum(scores.std(axis=0), 1e-9)
    standard = (scores - scores.mean(axis=0)) / spread
    _, singular, axes = np.linalg.svd(standard / np.sqrt(len(scores)), full_matrices=False)
    kept = min(AXES, len(singular), max(1, len(scores) // 10))
    loadings = axes[:kept].T * singular[:kept]
    rest = np.sqrt(np.maximum(1 - (loadings**2).sum(axis=1), 1e-6))
    common = generator.standard_normal((rows, kept)) @ loadings.T
    return np.asarray(common + rest * generator.standard_normal((rows, scores.shape[1])))


def _cells(
    cells: pd.Series[float],
    variable: Variable,
    rank: NDArray[np.float64],
    absence: NDArray[np.float64],
) -> pd.Series[float]:
    """The cells at those ranks of the variable's own distribution, some of them missing."""
    known = cells.dropna()
    missing = absence > 1 - cells.isna().mean()
    if not len(known):
        return pd.Series([np.nan] * len(rank), dtype=cells.dtype)
    if variable.kind in NUMERIC:
        found = _numbers(known, rank)
    else:
        shares = known.value_counts(normalize=True)
        edges = np.cumsum(shares.to_numpy())
        index = np.minimum(np.searchsorted(edges, rank), len(shares) - 1)
        found = pd.Series(shares.index.to_numpy()[index])
    return found.astype(cells.dtype).mask(pd.Series(missing))


def _numbers(known: pd.Series[float], rank: NDArray[np.float64]) -> pd.Series[float]:
    ordered = np.sort(known.to_numpy())
    if ordered.dtype.kind == "M":
        return pd.Series(ordered[(rank * (len(ordered) - 1)).astype(int)])
    # Between two neighbours, so that no measured value is repeated to the last digit.
    position = rank * (len(ordered) - 1)
    found = np.interp(position, np.arange(len(ordered)), ordered)
    whole = bool((ordered == np.round(ordered)).all())
    return pd.Series(np.round(found) if whole else found)
