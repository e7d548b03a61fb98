"""Why a model of tables predicts what it does for its patients."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from pmed_core.cohort import Cohort
from pmed_core.explanation import Explanation, Method
from pmed_core.explanations.gradients import expected_gradients, networks_log_odds
from pmed_core.explanations.shapley import ENUMERATED, ROUNDS_AT_MOST, Values, shapley_values
from pmed_core.modalities.contracts import NOBODY
from pmed_core.modalities.tabular.game import PackedGame
from pmed_core.modalities.tabular.preprocessing import NUMERIC, numeric_cells
from pmed_core.modalities.tabular.tree_shares import shared_out
from pmed_core.variable import Variable

if TYPE_CHECKING:
    from pmed_core.modalities.tabular.ensemble import TableEnsemble

TYPICAL = 16
"""Typical patients, of risks that are spread evenly."""
MANY = 400
"""More variables than this are explained by slopes."""


@dataclass(frozen=True)
class Care:
    """How carefully is sampled.

    Attributes:
        tolerance: stop when every standard error is below this share of prediction less base.
        starts: typical patients that each network begins from, at most ``TYPICAL``.
        rounds: at most so many.
        pairs: interactions are wanted too.
    """

    tolerance: float = 0.01
    starts: int = TYPICAL
    rounds: int = ROUNDS_AT_MOST
    pairs: bool = False


AT_ONCE = Care(starts=8, rounds=1)
"""While somebody waits."""


@dataclass(frozen=True)
class Reasons:
    """The typical patients of one model and label, ready to be compared with.

    Attributes:
        background: (b, n, c) encoded; with fewer starts than typical patients the networks
            begin from different ones.
        read: variables that any network reads, by position.
        owner: (n, c) position in ``read`` of each column's variable, -1 for none.
    """

    ensemble: TableEnsemble
    label: int
    care: Care
    background: NDArray[np.float32]
    read: NDArray[np.int64]
    owner: NDArray[np.int64]

    @property
    def many(self) -> bool:
        """So many variables that the networks are explained by their slopes; never where scores
        are no sum of networks and trees."""
        return len(self.read) > MANY and self.ensemble.outcome.additive

    @property
    def adding(self) -> bool:
        """Whether the scores are a sum over trees alone, which is shared out exactly."""
        networks = self.ensemble.networks
        return networks.summed is not None and networks.outcome.additive and not self.care.pairs

    def of(self, row: NDArray[np.float32], seed: int = 0) -> Values:
        """Of one encoded row (n, c), for the variables that are read."""
        game = PackedGame(
            self.ensemble.networks, self.label, row, self.background, self.owner, len(self.read)
        )
        if self.adding:
            return self._by_trees(row)
        if self.many:
            return self._by_slopes(game)
        differing = (row != self.background).any(axis=0)
        players = np.unique(self.owner[differing & (self.owner >= 0)])
        if not len(players):
            # The patient is the typical one in all that is read.
            nothing, answer = np.zeros(len(self.read)), self.ensemble.scores(row[None])
            return Values(nothing, nothing, float(answer[0, self.label]), None)
        if len(players) > ENUMERATED:
            # With all variables, also those that move nothing, every patient has one shape.
            players = np.arange(len(self.read))
        else:
            game = game.among(players)
        care = self.care
        found = shapley_values(game, care.tolerance, care.rounds, care.pairs, seed)
        return _spread(found, players, len(self.read))

    def _by_trees(self, row: NDArray[np.float32]) -> Values:
        """Of each network's trees, whose logits calibration weighs."""
        networks = self.ensemble.networks
        found = shared_out(
            networks.grown["summed"], row, self.background, self.owner, len(self.read)
        )
        weights = [networks.calibration[fold].trees for fold in networks.folds]
        shap = np.einsum("n,nbp->p", weights, found[..., 0]) / found[..., 0, 0].size
        base = float(networks.scores(self.background)[:, self.label].mean())
        return Values(shap, np.zeros(len(shap)), base, None)

    def _by_slopes(self, game: PackedGame) -> Values:
        """Expected gradients of the networks, and sampled values of the trees, which have none."""
        networks = game.networks
        slopes = tuple(networks.calibration[fold].slope for fold in networks.folds)
        of_networks = expected_gradients(
            networks_log_odds(networks.network, slopes), game.row, game.background
        )
        shap, error = (self._of_variables(each) for each in (of_networks.values, of_networks.error))
        base = float(networks.scores(game.background)[:, self.label].mean())
        if not networks.grown:
            return Values(shap, error, base, None)
        of_trees = shapley_values(replace(game, trees_alone=True), self.care.tolerance, 1)
        return Values(shap + of_trees.shap, np.hypot(error, of_trees.standard_error), base, None)

    def _of_variables(self, columns: NDArray[np.float64]) -> NDArray[np.float64]:
        """(n, c) -> (r,) sums over the columns of each variable."""
        sums = np.bincount(self.owner.ravel() + 1, columns.ravel(), len(self.read) + 1)[1:]
        return sums.astype(np.float64)


def _spread(found: Values, at: NDArray[np.int64], variables: int) -> Values:
    """The same with zeros for those who did not play."""
    shap, error = np.zeros(variables), np.zeros(variables)
    shap[at], error[at] = found.shap, found.standard_error
    halves = None
    if found.halves is not None:
        halves = np.zeros((2, variables, variables))
        halves[:, at[:, None], at] = found.halves
    return Values(shap, error, found.base, halves)


def evenly(count: int, among: int) -> NDArray[np.int64]:
    """(count,) positions among so many, each in the middle of its share."""
    return ((np.arange(count) + 0.5) * among / count).astype(np.int64)


@lru_cache(maxsize=8)
def reasons(ensemble: TableEnsemble, label: str, care: Care) -> Reasons:
    """Of one of the predicted labels."""
    column = ensemble.outcome.labels.index(label)
    owner = ensemble.column_variable
    read = np.unique(owner[owner >= 0])
    position = np.full(len(ensemble.variables) + 1, -1)
    position[read] = np.arange(len(read))
    encoded = ensemble.encode(ensemble.background)
    order = np.argsort(ensemble.scores(encoded)[:, column], kind="stable")
    typical = order[evenly(min(TYPICAL, len(order)), len(order))]
    background = _shared_out(encoded[typical], care.starts, ensemble.outcome.additive)
    return Reasons(ensemble, column, care, background, read, position[owner])


def _shared_out(typical: NDArray[np.float32], starts: int, apart: bool) -> NDArray[np.float32]:
    """(t, n, c) -> (b, n, c): every so manieth typical patient, for each network other ones where
    they may be explained apart."""
    count, networks = typical.shape[:2]
    every = max(1, count // starts)
    first = np.arange(networks) % every if apart else np.full(networks, every // 2)
    rows = np.arange(count // every)[:, None] * every + first
    return np.asarray(typical[rows, np.arange(networks)])


def explain(ensemble: TableEnsemble, cohort: Cohort, label: str, care: Care) -> Explanation:
    """Explain the rows of a cohort; see ``Explanation``."""
    why, encoded = reasons(ensemble, label, care), ensemble.encode(cohort.table)
    return as_explanation(why, cohort, encoded, [why.of(row) for row in encoded])


def explain_held_out(
    ensemble: TableEnsemble, cohort: Cohort, label: str, care: Care, folds: Sequence[int]
) -> Explanation:
    """The same, each row (n,) by the networks of the fold that held it out; whoever was not in
    training by all of them."""
    parts = []
    for fold in sorted(set(folds)):
        rows = np.flatnonzero(np.array(folds) == fold)
        asked = ensemble if fold == NOBODY else ensemble.of_fold(fold)
        parts.append((rows, explain(asked, cohort.select(rows), label, care)))
    known = sum(fold != NOBODY for fold in folds)
    said = f"{known:,} of {len(folds):,} rows are explained by the networks that never saw them."
    return replace(together(parts), patients=tuple(cohort.patients()), notes=(said,))


def together(parts: Sequence[tuple[NDArray[np.int64], Explanation]]) -> Explanation:
    """Explanations of some rows each as one of all rows, in their order."""
    order = np.argsort(np.concatenate([rows for rows, _ in parts]), kind="stable")
    each = [found for _, found in parts]

    def joined(name: str) -> Any:
        return np.concatenate([getattr(found, name) for found in each])[order]

    patients, values = (
        [one for f in each for one in getattr(f, n)] for n in ("patients", "values")
    )
    return replace(
        each[0], patients=tuple(patients[k] for k in order),
        values=tuple(values[k] for k in order), numbers=joined("numbers"), shap=joined("shap"),
        standard_error=joined("standard_error"), base=joined("base"),
        prediction=joined("prediction"),
    )  # fmt: skip


def as_explanation(
    why: Reasons, cohort: Cohort, encoded: NDArray[np.float32], found: list[Values]
) -> Explanation:
    """The values of a cohort's rows, with the rows as a person reads them."""
    variables = why.ensemble.variables
    method: Method = "expected gradients" if why.many else "permutations"
    if why.adding:
        method = "exact"
    elif len(why.read) <= ENUMERATED:
        method = "enumeration"
    return Explanation(
        tuple(cohort.patients()), why.ensemble.outcome.labels[why.label],
        tuple(v.name for v in variables),
        tuple(_as_read(cohort.table.iloc[row], variables) for row in range(len(cohort))),
        _as_numbers(cohort.table, variables),
        _of_all([one.shap for one in found], why.read, len(variables)),
        _of_all([one.standard_error for one in found], why.read, len(variables)),
        np.array([values.base for values in found]),
        why.ensemble.scores(encoded)[:, why.label], method,
        quantity=why.ensemble.outcome.quantities[why.label],
    )  # fmt: skip


def _of_all(
    values: list[NDArray[np.float64]], read: NDArray[np.int64], variables: int
) -> NDArray[np.float64]:
    """(n, r) of what is read -> (n, p), zero for what is not."""
    found = np.zeros((len(values), variables))
    if len(values):
        found[:, read] = values
    return found


def _as_read(cells: pd.Series[float], variables: tuple[Variable, ...]) -> tuple[str, ...]:
    return tuple(cell_text(cells[variable.name], variable) for variable in variables)


def cell_text(cell: object, variable: Variable) -> str:
    """A cell as a person reads it: "81 years", "not measured"."""
    if pd.isna(cell):  # type: ignore[call-overload]
        return "not measured"
    return variable.shown(cell)


def _as_numbers(table: pd.DataFrame, variables: tuple[Variable, ...]) -> NDArray[np.float64]:
    columns = []
    for variable in variables:
        if variable.kind in NUMERIC:
            columns.append(numeric_cells(table, [variable.name])[:, 0])
        else:
            codes = pd.Index(variable.categories).get_indexer(pd.Index(table[variable.name]))
            columns.append(np.where(codes < 0, np.nan, codes.astype(np.float64)))
    return np.stack(columns, axis=1)
