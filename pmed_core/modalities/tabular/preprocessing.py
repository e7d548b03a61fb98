"""From the cells of a table to the numbers a network reads, fitted on a training part alone.

Numbers become standard-normal scores of their training quantiles, missing ones the mean score
beside an indicator; categories become one column a value. Extremes are clipped at 3.1 standard
deviations, so that a typing error cannot dominate a prediction.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.special import ndtri

from pmed_core.arrays import Floats
from pmed_core.variable import Kind, Variable

SCREENED_NUMBERS = 256
"""More numeric inputs than this are screened by their association with the outcome."""

CATEGORIES_AT_MOST = 64
NUMERIC = (Kind.NUMBER, Kind.DATE)
EDGE = 1e-3
NANOSECONDS_A_DAY = 8.64e13


@dataclass(frozen=True)
class Cells:
    """Columns of a table as plain arrays, taken once for all that encode it.

    Attributes:
        rows: n of them.
        numbers: (n,) of each number or date; missing is NaN.
        texts: (n,) of each other column.
        missing: (n,) of every column.
    """

    rows: int
    numbers: dict[str, NDArray[np.float64]]
    texts: dict[str, NDArray[np.object_]]
    missing: dict[str, NDArray[np.bool_]]

    @classmethod
    def of(cls, table: pd.DataFrame, readers: Iterable[Preprocessing]) -> Cells:
        """What these read."""
        readers = tuple(readers)
        numbers = dict.fromkeys(name for one in readers for name in one.numbers)
        texts = dict.fromkeys(name for one in readers for name, _ in one.levels)
        return cls(
            len(table),
            {name: _as_numbers(table[name]) for name in numbers},
            {name: table[name].to_numpy(dtype=object) for name in texts},
            {name: table[name].isna().to_numpy() for name in (*numbers, *texts)},
        )


@dataclass(frozen=True)
class Preprocessing:
    """What was learnt from one training part.

    Attributes:
        numbers: the numeric inputs that are read, f names.
        quantiles: (f, q) training quantiles of each.
        means: (f,) mean score, which stands in for a missing number.
        levels: (variable, value) of each one-hot column.
        indicators: the inputs with a column that says "missing".
    """

    numbers: tuple[str, ...]
    quantiles: Floats
    means: Floats
    levels: tuple[tuple[str, str], ...]
    indicators: tuple[str, ...]

    @property
    def columns(self) -> tuple[str, ...]:
        """The variable that each encoded column belongs to."""
        return (*self.numbers, *(name for name, _ in self.levels), *self.indicators)

    def encode(self, table: pd.DataFrame) -> NDArray[np.float32]:
        """(n, columns) float32; never NaN."""
        return self.encode_cells(Cells.of(table, [self]))

    def encode_cells(self, cells: Cells) -> NDArray[np.float32]:
        """The same of cells that hold at least what this one reads."""
        numbers = [cells.numbers[name] for name in self.numbers]
        known = np.stack(numbers, axis=1) if numbers else np.empty((cells.rows, 0))
        scores = normal_scores(known, self.quantiles)
        parts = [np.where(np.isnan(scores), self.means, scores)]
        for name, value in self.levels:
            parts.append((cells.texts[name] == value).astype(float)[:, None])
        for name in self.indicators:
            parts.append(cells.missing[name].astype(float)[:, None])
        return np.concatenate(parts, axis=1).astype(np.float32)


def pad_columns(encoded: NDArray[np.float32], columns: int) -> NDArray[np.float32]:
    """Zeros on the right: not all have seen missing cells in the same variables."""
    return np.pad(encoded, ((0, 0), (0, columns - encoded.shape[1])))


def numeric_cells(table: pd.DataFrame, names: Sequence[str]) -> NDArray[np.float64]:
    """(n, len(names)) numbers; dates as days since 1970; missing is NaN."""
    columns = [_as_numbers(table[name]) for name in names]
    return np.stack(columns, axis=1) if columns else np.empty((len(table), 0))


def _as_numbers(cells: pd.Series[float]) -> NDArray[np.float64]:
    if cells.dtype.kind == "M":
        nanoseconds = cells.astype("datetime64[ns]").to_numpy().astype(np.float64)
        return np.where(cells.isna(), np.nan, nanoseconds / NANOSECONDS_A_DAY)
    return np.asarray(cells, dtype=np.float64)


def normal_scores(
    cells: NDArray[np.float64], quantiles: NDArray[np.float64]
) -> NDArray[np.float64]:
    """(n, f) cells -> the normal score of each one's rank among the (f, q) knots of its column;
    ties get their middle rank."""
    below, above = np.empty(cells.shape), np.empty(cells.shape)
    ranks = np.linspace(0, 1, quantiles.shape[1])
    upwards, downwards = cells.T.copy(), -cells.T
    reversed_knots = np.ascontiguousarray(-quantiles[:, ::-1])
    for column, knots in enumerate(quantiles):
        below[:, column] = np.interp(upwards[column], knots, ranks)
        above[:, column] = np.interp(downwards[column], reversed_knots[column], ranks)
    middle = np.clip((below + 1 - above) / 2, EDGE, 1 - EDGE)
    return np.where(np.isnan(cells), np.nan, ndtri(middle))


def fit_preprocessing(
    table: pd.DataFrame, variables: Sequence[Variable], event: NDArray[np.float64]
) -> Preprocessing:
    """Learn from a training part.

    Args:
        table: (n, ...) the training rows.
        variables: the inputs.
        event: (n, k) one column of 0/1 for each predicted label, for screening.
    """
    numeric = tuple(v.name for v in variables if v.kind in NUMERIC)
    cells = numeric_cells(table, numeric)
    kept = _screened(cells, event)
    numbers = tuple(numeric[column] for column in kept)
    quantiles = _quantiles(cells[:, kept])
    scores = normal_scores(cells[:, kept], quantiles).T
    means = np.array([_mean(score) for score in scores])
    missing = tuple(
        v.name for v in variables if (v.name in numbers or v.kind not in NUMERIC)
        and table[v.name].isna().any()
    )  # fmt: skip
    return Preprocessing(numbers, quantiles, means, _levels(variables), missing)


def _mean(scores: NDArray[np.float64]) -> float:
    known = scores[~np.isnan(scores)]
    return float(known.mean()) if len(known) else 0.0


def _quantiles(cells: NDArray[np.float64]) -> NDArray[np.float64]:
    knots = int(np.clip(len(cells) // 30, 10, 1000))
    ranks = np.linspace(0, 1, knots)
    quantiles = np.zeros((cells.shape[1], knots))
    for column in range(cells.shape[1]):
        known = cells[~np.isnan(cells[:, column]), column]
        if len(known):
            quantiles[column] = np.quantile(known, ranks)
    return quantiles


def _levels(variables: Sequence[Variable]) -> tuple[tuple[str, str], ...]:
    levels: list[tuple[str, str]] = []
    for variable in variables:
        if variable.kind not in NUMERIC:
            values = variable.categories[:CATEGORIES_AT_MOST]
            # One column says everything about a variable with two values.
            levels += [(variable.name, v) for v in (values[1:] if len(values) == 2 else values)]
    return tuple(levels)


def _screened(cells: NDArray[np.float64], event: NDArray[np.float64]) -> NDArray[np.int64]:
    """Positions of the numbers most correlated with any label (sure independence screening,
    Fan & Lv, JRSS B 2008); all of them where they are few."""
    if cells.shape[1] <= SCREENED_NUMBERS:
        return np.arange(cells.shape[1])
    known = ~np.isnan(cells)
    count = np.maximum(known.sum(axis=0), 1)
    centred = np.where(known, cells - np.where(known, cells, 0).sum(axis=0) / count, 0)
    spread = np.sqrt((centred**2).sum(axis=0)) + 1e-12
    labels = event - event.mean(axis=0)
    association = np.abs(labels.T @ centred / spread).max(axis=0)
    best = np.argsort(-association, kind="stable")[:SCREENED_NUMBERS]
    return np.sort(best)
