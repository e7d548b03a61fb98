"""How models of tables are written as ONNX; see ``contracts.Exporting``."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from pmed_core.modalities.contracts import Written
from pmed_core.variable import Kind, Variable

if TYPE_CHECKING:
    from pmed_core.modalities.tabular.ensemble import TableEnsemble

REFUSED = ""
EMPTIED = 32
"""Rows without some inputs at most, however many inputs there are."""


def written(ensemble: TableEnsemble) -> Written:
    from pmed_core.modalities.tabular.onnx.model import graph_of

    rows, outcome = trials(ensemble), ensemble.outcome
    return Written(
        graph_of(ensemble), tuple(_described(variable) for variable in ensemble.variables),
        cells(ensemble.variables, rows), ensemble.predict(ensemble.as_cohort(rows)),
        np.array([_width(quantity.bounds) for quantity in outcome.quantities]),
    )  # fmt: skip


def _described(variable: Variable) -> dict[str, Any]:
    about: dict[str, Any] = {"name": variable.name, "kind": str(variable.kind)}
    if variable.kind is Kind.NUMBER:
        about |= {"type": "double", "unit": variable.unit, "missing": "NaN"}
        return about | ({"range": list(variable.range)} if variable.range else {})
    if variable.kind is Kind.DATE:
        return about | {"type": "double", "unit": "days since 1970-01-01", "missing": "NaN"}
    about |= {"type": "string", "categories": list(variable.categories), "missing": ""}
    return about | ({"labels": dict(variable.labels)} if variable.labels else {})


def trials(ensemble: TableEnsemble) -> pd.DataFrame:
    """The synthetic rows of the package, some without an input, so that each is missing once, and
    one without any."""
    rows, names = ensemble.background, [variable.name for variable in ensemble.variables]
    emptied = [
        _without(rows.iloc[[j % len(rows)]], names[j::EMPTIED])
        for j in range(min(EMPTIED, len(names)))
    ]
    return pd.concat([rows, *emptied, _without(rows.iloc[[0]], names)], ignore_index=True)


def _without(rows: pd.DataFrame, names: list[str]) -> pd.DataFrame:
    never = np.zeros(len(rows), dtype=bool)
    return rows.assign(**{name: rows[name].where(never) for name in names})


def _width(bounds: tuple[float, float]) -> float:
    """Of an amount as much as its bounds are apart; 1 of a probability."""
    width = bounds[1] - bounds[0]
    return float(width) if np.isfinite(width) and width > 0 else 1.0


def cells(variables: tuple[Variable, ...], table: pd.DataFrame) -> dict[str, NDArray[Any]]:
    """Typed rows -> name of each input -> (r,) as the file takes them."""
    from pmed_core.modalities.tabular.preprocessing import NUMERIC, numeric_cells

    found: dict[str, NDArray[Any]] = {}
    for variable in variables:
        name = variable.name
        if variable.kind in NUMERIC:
            found[name] = numeric_cells(table, [name])[:, 0]
        else:
            found[name] = table[name].astype(object).where(table[name].notna(), "").to_numpy()
    return found
