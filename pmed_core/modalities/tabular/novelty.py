"""What the model has seen: ranges, categories, and how its patients lie together.

Learnt from the training table without keeping a patient. A row is unfamiliar where a number lies
far outside its training range, or where its combination of values lies further from the training
mean (Mahalanobis distance, covariance shrunk after Ledoit & Wolf, J Multivar Anal 2004) than
almost every training patient.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from sklearn.covariance import ledoit_wolf

from pmed_core.arrays import Floats
from pmed_core.modalities.tabular.preprocessing import Preprocessing
from pmed_core.variable import Kind, Variable, readable

AXES = 50
MARGIN = 0.25
"""A number is outside when beyond its range by a quarter of its 1st to 99th percentile width."""
ALLOWANCE = 1.15
"""Head-room over the farthest but 0.1 % of training patients."""


@dataclass(frozen=True)
class Novelty:
    """c encoded columns projected on a axes.

    Attributes:
        encoding: the preprocessing whose columns the distance is computed in.
        low, high: (f,) limits of each of the encoding's numbers.
        centre: (c,) mean of the encoded training rows.
        axes: (c, a) whitening projection: distance = |(x - centre) @ axes|.
        limit: largest familiar distance.
    """

    encoding: Preprocessing
    low: Floats
    high: Floats
    centre: Floats
    axes: Floats
    limit: float

    def outside(self, table: pd.DataFrame, variables: Sequence[Variable]) -> list[tuple[str, ...]]:
        """For each row, sentences that say how it is unlike the training data; empty where not."""
        strange: list[list[str]] = [[] for _ in range(len(table))]
        named = {variable.name: variable for variable in variables}
        for name, low, high in zip(self.encoding.numbers, self.low, self.high, strict=True):
            variable = named[name]
            if variable.kind is Kind.NUMBER:
                cells = table[name].to_numpy(dtype=np.float64)
                for row in np.flatnonzero((cells < low) | (cells > high)):
                    strange[row].append(_range_sentence(variable, cells[row]))
        distances = self._distances(table)
        for row in np.flatnonzero(distances > self.limit):
            if not strange[row]:
                strange[row].append(
                    "This combination of values is unlike that of any patient the model has seen."
                )
        return [tuple(sentences) for sentences in strange]

    def flags(self, table: pd.DataFrame, variables: Sequence[Variable]) -> NDArray[np.bool_]:
        """(n,) the row is outside what the model has seen."""
        return np.array([bool(s) for s in self.outside(table, variables)], dtype=bool)

    def _distances(self, table: pd.DataFrame) -> NDArray[np.float64]:
        encoded = self.encoding.encode(table) - self.centre
        return np.asarray(np.sqrt(((encoded @ self.axes) ** 2).sum(axis=1)))


def _range_sentence(variable: Variable, cell: float) -> str:
    low, high = variable.range or (cell, cell)
    return (
        f"{variable.name} {variable.shown(cell)} is outside {readable(low, 6)} to "
        f"{readable(high, 6)} {variable.suffix}".rstrip()
        + ", the range the model has seen."
    )


def learn_novelty(table: pd.DataFrame, encoding: Preprocessing) -> Novelty:
    """Learn from the training rows, as the given preprocessing encodes them."""
    encoded = encoding.encode(table).astype(np.float64)
    centre = encoded.mean(axis=0)
    axes = _whitening(encoded - centre)
    distances = np.sqrt((((encoded - centre) @ axes) ** 2).sum(axis=1))
    limit = float(np.quantile(distances, 0.999) * ALLOWANCE)
    low, high = _limits(table, encoding.numbers)
    return Novelty(encoding, low, high, centre, axes, limit)


def _whitening(centred: NDArray[np.float64]) -> NDArray[np.float64]:
    """(c, a): onto the leading principal axes, each scaled to unit variance."""
    if not centred.shape[1]:
        return np.zeros((0, 0))
    _, _, axes = np.linalg.svd(centred, full_matrices=False)
    leading = axes[: min(AXES, len(axes))].T
    covariance, _ = ledoit_wolf(centred @ leading, assume_centered=True)
    values, vectors = np.linalg.eigh(covariance)
    scale = 1 / np.sqrt(np.maximum(values, 1e-6 * max(values.max(), 1e-9)))
    return np.asarray(leading @ (vectors * scale))


def _limits(
    table: pd.DataFrame, names: Sequence[str]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    lows: list[float] = []
    highs: list[float] = []
    for name in names:
        cells = table[name]
        known = cells.dropna().to_numpy() if cells.dtype.kind != "M" else np.array([])
        if not len(known):
            lows, highs = [*lows, -np.inf], [*highs, np.inf]
            continue
        inner = np.quantile(known, [0.01, 0.99])
        margin = MARGIN * max(float(inner[1] - inner[0]), 1e-9)
        lows.append(float(known.min() - margin))
        highs.append(float(known.max() + margin))
    return np.array(lows), np.array(highs)
