"""SHAP values of any model that turns encoded rows into log-odds.

Interventional Shapley values (Štrumbelj & Kononenko 2014; Lundberg & Lee 2017) over clinical
variables: all encoded columns of a variable move together. The background is a few typical patients
whose risks are spread evenly. A round walks one permutation forwards and backwards (Mitchell et
al., JMLR 2022) from each of them, which makes every walk add up exactly to f(x) - f(background);
two rounds or more tell the standard error.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from itertools import chain, combinations
from math import factorial
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from pmed_core.arrays import Floats
from pmed_core.cohort import Cohort
from pmed_core.explanation import Explanation
from pmed_core.training.preprocessing import NUMERIC, numeric_cells
from pmed_core.variable import Kind, Variable

if TYPE_CHECKING:
    from pmed_core.predictor import Predictor

ENUMERATED = 8
TYPICAL, TYPICAL_AT_LEAST, ROWS_OF_A_ROUND = 16, 4, 8192
"""So many typical patients, or fewer where thousands of variables are read."""
ROUNDS_AT_LEAST, ROUNDS_AT_MOST = 2, 6
WALKED_TOGETHER = 8
Encoded = NDArray[np.float32]
Model = Callable[[Encoded], NDArray[np.float64]]


@dataclass(frozen=True)
class Values:
    """Of one row: (p,) Shapley values with their standard errors, and the base they start from."""

    shap: Floats
    standard_error: Floats
    base: float


@dataclass(frozen=True)
class Game:
    """One model, its background and who the players are.

    Attributes:
        model: (r, n, c) -> (r,) log-odds of the explained label.
        background: (b, n, c) encoded rows.
        owner: (n, c) variable of each column, -1 for none.
        variables: p, the number of variables.
    """

    model: Model
    background: Encoded
    owner: NDArray[np.int64]
    variables: int

    def masked(self, row: Encoded, background: Encoded, present: NDArray[np.bool_]) -> Encoded:
        """(s, n, c): the row where ``present`` (s, p) holds its variable, the background else."""
        padded = np.concatenate([present, np.ones((len(present), 1), dtype=bool)], axis=1)
        return np.where(padded[:, self.owner], row, background)

    def among(self, players: NDArray[np.int64]) -> Game:
        """The game of these variables alone, by their positions; the others keep the row's cells,
        which are the background's too."""
        position = np.full(self.variables + 1, -1)
        position[players] = np.arange(len(players))
        return Game(self.model, self.background, position[self.owner], len(players))


def explain(
    predictor: Predictor, cohort: Cohort, label: str, tolerance: float, rounds: int = ROUNDS_AT_MOST
) -> Explanation:
    """Explain the rows of a cohort; see ``Explanation``.

    Args:
        tolerance: sampling stops when every standard error is below this share of the distance
            between prediction and base.
        rounds: at most so many; with one the standard errors are not known (NaN).
    """
    column = predictor.labels.index(label)

    def model(encoded: Encoded) -> NDArray[np.float64]:
        return np.asarray(predictor.log_odds(encoded)[:, column])

    owner = predictor.column_variable
    fitting = ROWS_OF_A_ROUND // (2 * len(np.unique(owner)))
    count = min(TYPICAL, max(TYPICAL_AT_LEAST, fitting))
    background = _typical(model, predictor.encode(predictor.background), count)
    game = Game(model, background, owner, len(predictor.variables))
    encoded = predictor.encode(cohort.table)
    found = [shapley_values(game, row, tolerance, rounds) for row in encoded]
    variables = predictor.variables
    return Explanation(
        tuple(cohort.patients()), label, tuple(v.name for v in variables),
        tuple(_as_read(cohort.table.iloc[row], variables) for row in range(len(cohort))),
        _as_numbers(cohort.table, variables),
        np.array([values.shap for values in found]),
        np.array([values.standard_error for values in found]),
        np.array([values.base for values in found]),
        model(encoded),
    )  # fmt: skip


def _typical(model: Model, background: Encoded, count: int) -> Encoded:
    """Rows whose risks lie evenly among those of the background."""
    order = np.argsort(model(background), kind="stable")
    chosen = min(count, len(order))
    return background[order[((np.arange(chosen) + 0.5) * len(order) / chosen).astype(np.int64)]]


def shapley_values(game: Game, row: Encoded, tolerance: float, rounds: int) -> Values:
    """Of one encoded row (n, c): exact for few variables, sampled for many.

    Variables whose columns equal every background row's, or that the model does not read, have
    the value 0 and are not sampled.
    """
    differing = (row != game.background).any(axis=0)
    players = np.unique(game.owner[differing & (game.owner >= 0)])
    among, few = game.among(players), len(players) <= ENUMERATED
    found = _enumerated(among, row) if few else _sampled(among, row, (tolerance, rounds))
    shap, error = np.zeros(game.variables), np.zeros(game.variables)
    shap[players], error[players] = found.shap, found.standard_error
    return Values(shap, error, found.base)


def _enumerated(game: Game, row: Encoded) -> Values:
    """Shapley's own formula over all coalitions, averaged over the background."""
    size = game.variables
    coalitions = list(chain.from_iterable(combinations(range(size), k) for k in range(size + 1)))
    present = np.zeros((len(coalitions), size), dtype=bool)
    for index, coalition in enumerate(coalitions):
        present[index, list(coalition)] = True
    rows = np.concatenate([game.masked(row, b, present) for b in game.background])
    worth = game.model(rows).reshape(len(game.background), -1).mean(axis=0)
    position = {coalition: index for index, coalition in enumerate(coalitions)}
    shap = np.zeros(size)
    for coalition, index in position.items():
        rest = size - len(coalition) - 1
        if rest < 0:
            continue
        weight = factorial(len(coalition)) * factorial(rest) / factorial(size)
        for player in set(range(size)) - set(coalition):
            joined = position[tuple(sorted((*coalition, player)))]
            shap[player] += weight * (worth[joined] - worth[index])
    return Values(shap, np.zeros(size), float(worth[0]))


def _sampled(game: Game, row: Encoded, limits: tuple[float, int]) -> Values:
    tolerance, at_most = limits
    generator = np.random.default_rng(0)
    base = float(game.model(game.background).mean())
    walked: list[NDArray[np.float64]] = []
    while True:
        orders = _balanced(game.variables, len(game.background), generator)
        walked.append(_walks(game, row, orders))
        shap, error = np.mean(walked, axis=(0, 1)), _standard_error(np.array(walked))
        enough = len(walked) >= ROUNDS_AT_LEAST and error.max() <= tolerance * abs(shap.sum())
        if enough or len(walked) >= at_most:
            return Values(shap, error, base)


def _standard_error(walked: NDArray[np.float64]) -> NDArray[np.float64]:
    """(rounds, b, p) -> (p,). Every round starts from the same b rows, so only what differs
    between rounds is error."""
    rounds, starts, variables = walked.shape
    if rounds < 2:
        return np.full(variables, np.nan)
    return np.asarray(np.sqrt(walked.var(axis=0, ddof=1).sum(axis=0) / rounds) / starts)


def _balanced(players: int, count: int, generator: np.random.Generator) -> NDArray[np.int64]:
    """(count, players): rotations of one permutation, so that positions are spread evenly."""
    order = generator.permutation(players)
    steps = (np.arange(count) * players) // count
    return np.stack([np.roll(order, step) for step in steps])


def _walks(game: Game, row: Encoded, orders: NDArray[np.int64]) -> NDArray[np.float64]:
    """(b, p): what each variable adds on the walks there and back from each background row."""
    parts = []
    for first in range(0, len(orders), WALKED_TOGETHER):
        rows = []
        for index in range(first, min(first + WALKED_TOGETHER, len(orders))):
            there = _prefixes(orders[index])
            back = _prefixes(orders[index][::-1])[1:-1]
            rows.append(game.masked(row, game.background[index], np.concatenate([there, back])))
        parts.append(game.model(np.concatenate(rows)).reshape(len(rows), -1))
    worth, steps = np.concatenate(parts), orders.shape[1]
    forwards = np.diff(worth[:, : steps + 1], axis=1)
    backwards = np.diff(worth[:, [0, *range(steps + 1, 2 * steps), steps]], axis=1)
    values = np.zeros((len(orders), game.variables))
    np.put_along_axis(values, orders, (forwards + backwards[:, ::-1]) / 2, axis=1)
    return values


def _prefixes(order: NDArray[np.int64]) -> NDArray[np.bool_]:
    """(len(order) + 1, len(order)): nobody, the first, the first two, ... everybody."""
    place = np.argsort(order)
    return np.asarray(place < np.arange(len(order) + 1)[:, None])


def _as_read(cells: pd.Series[float], variables: tuple[Variable, ...]) -> tuple[str, ...]:
    return tuple(cell_text(cells[variable.name], variable) for variable in variables)


def cell_text(cell: object, variable: Variable) -> str:
    """A cell as a person reads it: "81 years", "not measured"."""
    if pd.isna(cell):  # type: ignore[call-overload]
        return "not measured"
    if variable.kind is Kind.NUMBER:
        return f"{float(cell):.4g} {variable.unit}".strip()  # type: ignore[arg-type]
    return str(cell)[:10] if variable.kind is Kind.DATE else str(cell)


def _as_numbers(table: pd.DataFrame, variables: tuple[Variable, ...]) -> NDArray[np.float64]:
    columns = []
    for variable in variables:
        if variable.kind in NUMERIC:
            columns.append(numeric_cells(table, [variable.name])[:, 0])
        else:
            codes = pd.Index(variable.categories).get_indexer(pd.Index(table[variable.name]))
            columns.append(np.where(codes < 0, np.nan, codes.astype(np.float64)))
    return np.stack(columns, axis=1)
