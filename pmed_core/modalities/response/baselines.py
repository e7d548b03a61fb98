"""What simple models say of the same pairs: those that have embarrassed this field."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray
from sklearn.ensemble import RandomForestRegressor

from pmed_core.baselines import FOREST
from pmed_core.modalities.response.factors import effects, ridge
from pmed_core.modalities.response.options import IN_TISSUES, MEANS, RIDGE
from pmed_core.predictions import Baselines, Predictions

if TYPE_CHECKING:
    from pmed_core.modalities.response.learner import Measured, Split
    from pmed_core.modalities.response.options import ResponseOptions

Doubles = NDArray[np.float64]
SHRINK, LEAVES, TREES = 3.0, (3, 8), 150


def naive(of: Measured, parts: Split) -> Doubles:
    """(n,) the mean of the drug and of the cell line, as far as the training part has them."""
    said = np.empty(len(of.actual))
    for training, held in parts:
        said[held] = means(of.responses(training))[of.pairs.line[held], of.pairs.drug[held]]
    return said


def means(responses: Doubles) -> Doubles:
    """(m, d), NaN unknown -> (m, d) mean of the drug + shrunken effect of the line."""
    drug, _ = effects(responses)
    rest = responses - drug
    many = np.isfinite(rest).sum(axis=1)
    line = np.nansum(rest, axis=1) / (many + SHRINK)
    return np.asarray(drug + line[:, None])


def means_in_tissues(responses: Doubles, tissue: NDArray[np.int64]) -> Doubles:
    """(m, d) mean of the drug + what it is more in the tissue (m,) + the effect of the line, these
    two shrunken; -1: a tissue that is not known."""
    drug, _ = effects(responses)
    rest = responses - drug
    there = tissue[:, None] == np.unique(tissue[tissue >= 0])
    total, many = there.T @ np.nan_to_num(rest), there.T @ np.isfinite(rest).astype(float)
    more = there @ (total / (many + SHRINK))
    rest = rest - more
    line = np.nansum(rest, axis=1) / (np.isfinite(rest).sum(axis=1) + SHRINK)
    return np.asarray(drug + more + line[:, None])


def baselines(
    of: Measured, parts: Split, options: ResponseOptions, model: Predictions
) -> Baselines:
    """Of the held-out pairs, in the model's order. Regressions on profiles answer the question of
    a new cell line alone; of a new tissue nobody has a mean."""
    ways: dict[str, Callable[[Doubles, Doubles], Doubles]] = {}
    if of.tissues is not None and options.split != "tissue":
        of_lines = of.tissues.of
        ways[IN_TISSUES] = lambda _, y: means_in_tissues(y, of_lines)
    if options.of_new_lines:
        ways |= {RIDGE: ridge_per_drug, FOREST: lambda x, y: forest(x, y, options.seed)}
    found = {MEANS: _as(naive(of, parts), model, 0.0)}
    for name, way in ways.items():
        started, said = time.monotonic(), np.empty(len(of.actual))
        for training, held in parts:
            table = way(of.values, of.responses(training))
            said[held] = table[of.pairs.line[held], of.pairs.drug[held]]
        found[name] = _as(said, model, time.monotonic() - started)
    return found


def _as(said: Doubles, model: Predictions, seconds: float) -> tuple[Predictions, float]:
    column = said[:, None]
    return replace(model, value=column, low=column, high=column, interval="not stated"), seconds


def ridge_per_drug(values: Doubles, responses: Doubles) -> Doubles:
    """(m, d) for every line, of those that are known: each drug by itself."""
    known = np.isfinite(responses)
    there = known.any(axis=1)
    centre, spread = np.nanmean(values[there], axis=0), np.nanstd(values[there], axis=0)
    columns = np.nan_to_num((values - centre) / np.where(spread > 0, spread, np.inf))
    found = np.tile(effects(responses)[0], (len(values), 1))
    for drug in range(responses.shape[1]):
        mine = known[:, drug]
        if mine.sum() > 2:
            middle, mean = columns[mine].mean(axis=0), responses[mine, drug].mean()
            weights, _ = ridge(columns[mine], (responses[mine, drug] - mean)[:, None])
            found[:, drug] = mean + ((columns - middle) @ weights)[:, 0]
    return found


def forest(values: Doubles, responses: Doubles, seed: int) -> Doubles:
    """(m, d) of a forest of all drugs at once, whose leaves are chosen out of bag."""
    mean, spread = effects(responses)
    there = np.isfinite(responses).any(axis=1)
    targets = np.nan_to_num((responses - mean) / spread)[there]
    columns = np.nan_to_num(values).astype(np.float32)
    grown = [
        RandomForestRegressor(
            TREES, max_features=0.2, min_samples_leaf=leaf, oob_score=True, n_jobs=-1,
            random_state=seed,
        ).fit(columns[there], targets)
        for leaf in LEAVES
    ]  # fmt: skip
    best = max(grown, key=lambda one: one.oob_score_)
    return np.asarray(mean + spread * best.predict(columns).reshape(len(columns), -1))
