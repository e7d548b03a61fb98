"""Which inputs moved the predicted effect of one patient, or the outcome under an option."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from pmed_core.cohort import Cohort
from pmed_core.explanation import Explanation
from pmed_core.explanations.shapley import Masked, shapley_values
from pmed_core.modalities.tabular.package import as_table
from pmed_core.modalities.tabular.preprocessing import NUMERIC, numeric_cells
from pmed_core.modalities.treatment.ensemble import TreatmentEnsemble
from pmed_core.variable import Variable

STARTS = 8


@dataclass(frozen=True)
class _Answer:
    """What is predicted of any rows, of one quantity."""

    ensemble: TreatmentEnsemble
    quantity: int

    def __call__(self, cells: NDArray[Any]) -> NDArray[np.float64]:
        """(s, p) cells -> (s,)."""
        return self.of(_typed(cells, self.ensemble.inputs))

    def of(self, table: pd.DataFrame) -> NDArray[np.float64]:
        value, _ = self.ensemble.answers(self.ensemble.told(table))
        quantity = self.ensemble.outcome.quantities[self.quantity]
        return np.array([quantity.score(float(one)) for one in value[:, self.quantity]])


def explain(
    ensemble: TreatmentEnsemble, cohort: Cohort, label: str | None, tolerance: float
) -> Explanation:
    """Of the first row of a cohort: shares of the effect add up in its unit, those of a risk in
    log-odds."""
    labels, variables = ensemble.outcome.labels, ensemble.inputs
    k = labels.index(label) if label in labels else 0
    one = cohort.table[[v.name for v in variables]].iloc[:1]
    answer = _Answer(ensemble, k)
    starts = _cells(ensemble.outcomes.background, variables)[_evenly(answer)]
    owner = np.arange(len(variables))
    game = Masked(answer, _cells(one, variables)[0], starts, owner, len(variables))
    found = shapley_values(game, tolerance)
    return Explanation(
        tuple(cohort.patients()[:1]), labels[k], tuple(v.name for v in variables),
        (tuple(_shown(v, one) for v in variables),), _numbers(one, variables), found.shap[None],
        found.standard_error[None], np.array([found.base]), answer.of(one), "permutations",
        quantity=ensemble.outcome.quantities[k],
    )  # fmt: skip


def _evenly(answer: _Answer) -> NDArray[np.int64]:
    """Synthetic patients whose answers lie evenly."""
    said = answer.of(answer.ensemble.outcomes.background)
    places = np.linspace(0, len(said) - 1, STARTS + 2).astype(int)[1:-1]
    return np.asarray(np.argsort(said, kind="stable")[places])


def _cells(table: pd.DataFrame, variables: tuple[Variable, ...]) -> NDArray[Any]:
    """(n, p) as they stand, with None where there is nothing."""
    columns = [table[v.name].astype(object).where(table[v.name].notna(), None) for v in variables]
    return np.stack([column.to_numpy(dtype=object) for column in columns], axis=1)


def _typed(cells: NDArray[Any], variables: tuple[Variable, ...]) -> pd.DataFrame:
    rows = {v.name: [_number(c) for c in cells[:, j]] if v.kind == "number" else list(cells[:, j])
            for j, v in enumerate(variables)}  # fmt: skip
    return as_table(rows, variables)


def _number(cell: Any) -> float:
    return np.nan if cell is None else float(cell)


def _shown(variable: Variable, one: pd.DataFrame) -> str:
    cell = one[variable.name].iloc[0]
    return "not measured" if pd.isna(cell) else variable.shown(cell)


def _numbers(one: pd.DataFrame, variables: tuple[Variable, ...]) -> NDArray[np.float64]:
    """(1, p) for colouring: categories by position."""
    found = []
    for variable in variables:
        cell = one[variable.name].iloc[0]
        if variable.kind in NUMERIC:
            found.append(float(numeric_cells(one, [variable.name])[0, 0]))
        else:
            known = cell in variable.categories
            found.append(float(variable.categories.index(cell)) if known else np.nan)
    return np.array([found])
