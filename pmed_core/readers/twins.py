"""The same row, or nearly the same, under two patients."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.special import gammaln
from sklearn.neighbors import NearestNeighbors

from pmed_core.cohort import Cohort
from pmed_core.reading import REPEATED_ROWS, Choices, Decision
from pmed_core.variable import Kind, Role

ROWS_FOR_NEIGHBOURS = 20_000
NEARLY = 0.03
"""Root mean square difference, in standard deviations, below which two rows are nearly the same."""
GROUPS = 4
"""Rows that differ in fewer cells than this agree on all of one group of columns."""
AGREEING = 0.7
CHANCE = 7.0
"""Log of how much rarer than one pair in the cohort an agreement must be."""
OF_NUMBERS = 3.0
"""The same where all numbers of many values are equal."""
BUCKET = 30
CELLS_AT_ONCE = 10**7
LEFT_OUT = "left out"

Pairs = NDArray[np.int64]


def same_rows(cohort: Cohort) -> Pairs:
    """(q, 2) rows of different patients that agree more than chance allows.

    Either a few cells differ and the others are equal, or all numbers differ by very little.
    """
    if not cohort.inputs:
        return np.empty((0, 2), dtype=np.int64)
    codes = _codes(cohort)
    rarity = np.stack([_rarity(column) for column in codes.T], axis=1, dtype=np.float32)
    near, shaken = _near(cohort)
    once = float(np.log(max(len(cohort), 2) ** 2 / 2))
    # Of whole numbers, chance makes many rows equal.
    rare = _agreeing(near, codes, rarity) > once + OF_NUMBERS
    found = [_equal(codes, rarity, once + CHANCE), near[shaken | rare]]
    pairs: Pairs = np.unique(np.concatenate(found), axis=0)
    patients = cohort.patients()
    different = patients[pairs[:, 0]] != patients[pairs[:, 1]]
    return np.asarray(pairs[different], dtype=np.int64)


def once(cohort: Cohort, choices: Choices) -> Cohort:
    """Without the later row of each such pair, where a person chose so."""
    if choices.get(REPEATED_ROWS) != LEFT_OUT:
        return cohort
    pairs = same_rows(cohort)
    later = np.unique(pairs.max(axis=1)) if len(pairs) else np.empty(0, dtype=np.int64)
    many = f"{len(later):,} row{'' if len(later) == 1 else 's'}"
    sentence = f"{many} that repeat{'s' * (len(later) == 1)} another patient's " + (
        f"{'was' if len(later) == 1 else 'were'} left out, the first of each kept."
    )
    if differing := _differing(cohort, pairs):
        sentence += (
            f" In {differing:,} of {len(pairs):,} pairs some cells differ: those of the first hold."
        )
    told = Decision(REPEATED_ROWS, LEFT_OUT, sentence, cells=len(later), options=("kept", LEFT_OUT))
    kept = cohort.select(np.setdiff1d(np.arange(len(cohort)), later))
    reading = (*(d for d in cohort.reading if d.rule != REPEATED_ROWS), told)
    return replace(kept, reading=reading)


def _differing(cohort: Cohort, pairs: Pairs) -> int:
    """How many pairs are not equal in every cell that does not say whose row it is."""
    names = [
        v.name for v in cohort.variables
        if v.role is not Role.PATIENT and v.kind is not Kind.IDENTIFIER
    ]  # fmt: skip
    first, second = (cohort.table.iloc[side][names].reset_index(drop=True) for side in pairs.T)
    same = (first == second) | (first.isna() & second.isna())
    return int((~same.all(axis=1)).sum())


def _equal(codes: NDArray[np.int64], rarity: NDArray[np.float32], enough: float) -> Pairs:
    """Rows that agree in most cells, and in rare ones."""
    by_rarity = np.argsort(-rarity.mean(axis=0), kind="stable")
    groups = [by_rarity[group::GROUPS] for group in range(GROUPS)]
    found = [_bucketed(codes[:, columns]) for columns in groups if len(columns)]
    pairs: Pairs = np.unique(np.concatenate(found), axis=0)
    parts = np.array_split(pairs, 1 + len(pairs) * codes.shape[1] // CELLS_AT_ONCE)
    return np.concatenate([part[_agreeing(part, codes, rarity) > enough] for part in parts])


def _agreeing(
    pairs: Pairs, codes: NDArray[np.int64], rarity: NDArray[np.float32]
) -> NDArray[np.float64]:
    """How rare it is that two rows agree as they do: log odds against chance, 0 if in too few."""
    left, right = codes[pairs[:, 0]], codes[pairs[:, 1]]
    equal = (left == right) & (left >= 0)
    often = equal.sum(axis=1) >= AGREEING * ((left >= 0) | (right >= 0)).sum(axis=1)
    return np.asarray(often * (equal * rarity[pairs[:, 0]]).sum(axis=1))


def _codes(cohort: Cohort) -> NDArray[np.int64]:
    """(n, p) one integer a value; -1 is missing."""
    columns = [pd.factorize(cohort.table[v.name])[0] for v in cohort.inputs]
    return np.stack(columns, axis=1).astype(np.int64)


def _rarity(codes: NDArray[np.int64]) -> NDArray[np.float64]:
    """(n,) minus the log of the probability that another row has the same value; 0 if missing."""
    known = codes >= 0
    counts = np.bincount(codes[known], minlength=1)
    rarity = np.zeros(len(codes))
    rarity[known] = -np.log(counts[codes[known]] / known.sum())
    return rarity


def _bucketed(codes: NDArray[np.int64]) -> Pairs:
    """Pairs of rows that agree in all of these columns; crowds that do so by chance are left."""
    keys = pd.util.hash_pandas_object(pd.DataFrame(codes), index=False).to_numpy()
    order = np.argsort(keys, kind="stable")
    starts = np.flatnonzero(np.r_[True, keys[order][1:] != keys[order][:-1]])
    sizes = np.diff(np.r_[starts, len(order)])
    found = [np.empty((0, 2), dtype=np.int64)]
    for size in np.unique(sizes[(sizes > 1) & (sizes <= BUCKET)]):
        members = order[starts[sizes == size][:, None] + np.arange(size)]
        first, second = np.triu_indices(size, 1)
        pairs = np.stack([members[:, first].ravel(), members[:, second].ravel()], axis=1)
        found.append(np.sort(pairs, axis=1))
    return np.concatenate(found)


def _near(cohort: Cohort) -> tuple[Pairs, NDArray[np.bool_]]:
    """Nearest neighbours by their numbers, where at least three of these have many values; and
    whether any of these numbers differs."""
    numbers = [
        v.name for v in cohort.inputs
        if v.kind is Kind.NUMBER and cohort.table[v.name].nunique() > 20
    ]  # fmt: skip
    if len(numbers) < 3 or len(cohort) > ROWS_FOR_NEIGHBOURS:
        return np.empty((0, 2), dtype=np.int64), np.empty(0, dtype=np.bool_)
    cells = cohort.table[numbers].to_numpy(dtype=np.float64)
    informative = (~np.isnan(cells)).sum(axis=1) >= 3
    spread = np.nanstd(cells, axis=0) + 1e-12
    standard = np.nan_to_num((cells - np.nanmean(cells, axis=0)) / spread)
    # Beyond some hundred columns a random projection keeps distances well enough.
    if standard.shape[1] > 100:
        mix = np.random.default_rng(0).normal(size=(standard.shape[1], 100)) / 10
        standard = standard @ mix * np.sqrt(100 / standard.shape[1])
    index = NearestNeighbors(n_neighbors=2, algorithm="brute").fit(standard)
    distance, neighbour = index.kneighbors(standard)
    limit = min(NEARLY, _by_chance(standard))
    close = (distance[:, 1] / np.sqrt(standard.shape[1]) < limit) & informative
    rows = np.flatnonzero(close & informative[neighbour[:, 1]])
    pairs = np.sort(np.stack([rows, neighbour[rows, 1]], axis=1), axis=1)
    pairs = np.unique(pairs[pairs[:, 0] != pairs[:, 1]], axis=0)
    differ = (standard[pairs[:, 0]] != standard[pairs[:, 1]]).any(axis=1)
    return np.asarray(pairs, dtype=np.int64), np.asarray(differ, dtype=np.bool_)


def _by_chance(standard: NDArray[np.float64]) -> float:
    """The root mean square difference within which chance alone puts fewer than exp(-CHANCE) pairs
    of as many normal rows, in the dimensions that these effectively have."""
    spread = np.linalg.eigvalsh(np.cov(standard.T))
    dimensions = float(spread.sum() ** 2 / (spread**2).sum())
    ball = dimensions / 2 * np.log(np.pi) - gammaln(dimensions / 2 + 1)
    density = -dimensions / 2 * np.log(4 * np.pi)
    pairs = np.log(max(len(standard), 2) ** 2 / 2)
    return float(np.exp((-CHANCE - pairs - ball - density) / dimensions) / np.sqrt(dimensions))
