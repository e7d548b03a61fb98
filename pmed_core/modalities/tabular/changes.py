"""Patients who differ from one in a few inputs: within a user's limits, and where patients lie."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from pmed_core.errors import UserError
from pmed_core.limits import Limits, reachable
from pmed_core.modalities.tabular.ensemble import TableEnsemble
from pmed_core.modalities.tabular.package import as_cohort_rows
from pmed_core.variable import Kind, Variable
from pmed_core.work import Cell

USUAL = (0.05, 0.95)
"""Quantiles of the typical patients between which a number may be moved."""
DIGITS = 2
"""Behind the first, of the width of a variable's range, with which a number is told."""

Changes = dict[str, Cell]


@dataclass(frozen=True)
class Room:
    """What one input of a patient may become.

    Attributes:
        now: the patient's own cell; it is known.
        low, high: between which a number may lie; the first above the second where it stays.
        others: categories that it may become.
        usual: the width between the typical patients' ``USUAL`` quantiles; 0 of a category.
    """

    variable: Variable
    now: Cell
    low: float = math.inf
    high: float = -math.inf
    others: tuple[str, ...] = ()
    usual: float = 0.0

    def values(self, count: int) -> list[Cell]:
        """Its categories, or so many numbers evenly from end to end; never the patient's own."""
        if self.others:
            return list(self.others)
        if self.low > self.high:
            return []
        spread = [self.rounded(value) for value in np.linspace(self.low, self.high, count)]
        return [value for value in dict.fromkeys(spread) if abs(value - self._own) > self._step / 2]

    def holds(self, cell: Cell) -> bool:
        """Whether it may become that."""
        if self.variable.kind is Kind.NUMBER:
            return self.low <= float(cell or 0) <= self.high
        return cell in self.others

    def rounded(self, value: float) -> float:
        """As a person would write it, between the ends."""
        written = round(round(value / self._step) * self._step, 12)
        if self._step <= abs(self.high - self.low):
            # An end that is no round number is left for the next one inside.
            inside = (math.ceil(self.low / self._step - 1e-9), math.floor(self.high / self._step))
            first, last = (round(end * self._step, 12) for end in inside)
            written = min(max(written, first), max(last, first))
        return float(min(max(written, self.low), self.high))

    def distance(self, after: Cell) -> float:
        """How far a change goes: of a number as a share of its observed range."""
        if self.variable.kind is not Kind.NUMBER or self.variable.range is None:
            return 1.0
        first, last = self.variable.range
        return abs(float(after or 0) - self._own) / max(last - first, 1e-12)

    def like(self, cells: pd.Series[float], after: Cell, within: float) -> pd.Series[bool]:
        """Which cells are that value; of numbers, within that share of the usual width."""
        if self.variable.kind is Kind.NUMBER:
            return (cells - float(after or 0)).abs() <= within * self.usual
        return cells == after

    @property
    def _own(self) -> float:
        return float(self.now or 0)

    @property
    def _step(self) -> float:
        """Between two numbers that are told apart."""
        first, last = self.variable.range or (0.0, 1.0)
        if first.is_integer() and last.is_integer() and last - first >= 10:
            return 1.0
        return float(10.0 ** (math.floor(math.log10(max(last - first, 1e-12))) - DIGITS))


def rooms(ensemble: TableEnsemble, cells: Mapping[str, Cell], limits: Limits) -> tuple[Room, ...]:
    """What each input may become that may change and is known, in the model's order.

    Raises ``UserError`` where there is none.
    """
    found = tuple(
        _room(ensemble, variable, cells[variable.name], limits)
        for variable in ensemble.variables
        if variable.name in limits.names and cells.get(variable.name) is not None
    )
    if not found:
        raise UserError("No input is chosen", "", "Choose at least one input whose value is known.")
    return found


def _room(ensemble: TableEnsemble, variable: Variable, now: Cell, limits: Limits) -> Room:
    limit = limits.of(variable.name)
    if variable.kind is not Kind.NUMBER:
        to = limit.to or reachable(variable)
        others = tuple(one for one in variable.categories if one in to and one != now)
        return Room(variable, now, others=others)
    known = ensemble.background[variable.name].dropna().to_numpy(dtype=np.float64)
    if variable.range is None or not len(known):
        return Room(variable, now)
    first, last = np.clip(np.quantile(known, USUAL), *variable.range)
    low, high = limit.ends(float(now or 0), (float(first), float(last)))
    return Room(variable, now, low, high, usual=float(last - first))


def changed(
    ensemble: TableEnsemble, cells: Mapping[str, Cell], tried: Sequence[Changes]
) -> pd.DataFrame:
    """Rows of the patient with each of these changes."""
    given = {variable.name: [cells.get(variable.name)] for variable in ensemble.variables}
    own = as_cohort_rows(ensemble.variables, given).table
    table = own.iloc[np.zeros(len(tried), dtype=int)].reset_index(drop=True)
    at: dict[str, list[int]] = {}
    for row, changes in enumerate(tried):
        for name in changes:
            at.setdefault(name, []).append(row)
    for name, rows in at.items():
        column = table[name].array.copy()
        column[rows] = [tried[row][name] for row in rows]
        table[name] = column
    return table
