"""A rule that one can read: the best tree of two questions for whom to give which option.

All trees of two levels whose questions are "above a tenth of its values?" or "is it this value?"
are compared by the mean of doubly robust scores (Athey & Wager, Econometrica 2021; Zhou, Athey &
Wager, Operations Research 2023). What the rule is worth is the value of rules that were sought
without the patients they are applied to.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from pmed_core.modalities.tabular.preprocessing import NUMERIC, numeric_cells
from pmed_core.variable import Variable, readable

Doubles = NDArray[np.float64]
CUTS, LEVELS, QUESTIONS = 9, 8, 250


@dataclass(frozen=True)
class Question:
    """One of: "age above 70", or "sex is male"; a missing cell answers no."""

    variable: Variable
    above: float = np.nan
    value: str = ""

    def answers(self, table: pd.DataFrame) -> NDArray[np.bool_]:
        """(n,)"""
        if self.value:
            return np.asarray(table[self.variable.name] == self.value, dtype=bool)
        return numeric_cells(table, [self.variable.name])[:, 0] > self.above

    def said(self, yes: bool) -> str:
        name = self.variable.name
        if self.value:
            return f"{name} {'is' if yes else 'is not'} {self.variable.shown(self.value)}"
        cut = f"{readable(self.above, 4)} {self.variable.suffix}".strip()
        return f"{name} {'above' if yes else 'not above'} {cut}"


def questions(table: pd.DataFrame, variables: Sequence[Variable]) -> list[Question]:
    """Those that can be asked of the cells of some rows; of very many inputs of the first."""
    found: list[Question] = []
    for variable in variables:
        if variable.kind in NUMERIC:
            cells = numeric_cells(table, [variable.name])[:, 0]
            known = cells[np.isfinite(cells)]
            if len(known):
                cuts = np.unique(np.quantile(known, np.linspace(0, 1, CUTS + 2)[1:-1]))
                inside = cuts[cuts < known.max()]
                found += [Question(variable, above=float(cut)) for cut in inside]
        else:
            values = table[variable.name].value_counts().index[:LEVELS]
            found += [Question(variable, value=str(value)) for value in values]
    return found[:QUESTIONS]


@dataclass(frozen=True)
class Leaf:
    """The patients of whom all questions were answered so, and the position of their option."""

    asked: tuple[tuple[Question, bool], ...]
    option: int

    def holds(self, table: pd.DataFrame) -> NDArray[np.bool_]:
        found = np.ones(len(table), dtype=bool)
        for question, yes in self.asked:
            found &= question.answers(table) == yes
        return found


def sought(
    table: pd.DataFrame, variables: Sequence[Variable], benefits: Doubles
) -> tuple[Leaf, ...]:
    """The best rule for (n, options) scores of which higher ones are better; leaves that would do
    the same are one."""
    asked = questions(table, variables)
    everybody = benefits.sum(axis=0)
    if not asked:
        return (Leaf((), int(everybody.argmax())),)
    answers = np.stack([one.answers(table) for one in asked], axis=1).astype(np.float64)
    best, gain = (-1, -1, -1), float(everybody.max())
    for first in range(len(asked)):
        ends = []
        for side in (answers[:, first], 1 - answers[:, first]):
            mine = benefits * side[:, None]
            yes, whole = answers.T @ mine, mine.sum(axis=0)
            worth = yes.max(axis=1) + (whole - yes).max(axis=1)
            ends.append((int(worth.argmax()), float(worth.max())))
        if sum(worth for _, worth in ends) > gain + 1e-9:
            best, gain = (first, ends[0][0], ends[1][0]), sum(worth for _, worth in ends)
    if best[0] < 0:
        return (Leaf((), int(everybody.argmax())),)
    return _leaves(table, [asked[k] for k in best], benefits)


def _leaves(table: pd.DataFrame, asked: Sequence[Question], benefits: Doubles) -> tuple[Leaf, ...]:
    first, found = asked[0], list[Leaf]()
    for yes, second in ((True, asked[1]), (False, asked[2])):
        pair = []
        for also in (True, False):
            leaf = Leaf(((first, yes), (second, also)), 0)
            inside = benefits[leaf.holds(table)]
            pair.append(Leaf(leaf.asked, int(inside.sum(axis=0).argmax())) if len(inside) else None)
        kept = [one for one in pair if one is not None]
        if len({one.option for one in kept}) == 1:
            kept = [Leaf(((first, yes),), kept[0].option)]
        found += kept
    return tuple(found)


def given(rule: Sequence[Leaf], table: pd.DataFrame) -> NDArray[np.int64]:
    """(n,) options that a rule gives."""
    found = np.zeros(len(table), dtype=np.int64)
    for leaf in rule:
        found[leaf.holds(table)] = leaf.option
    return found
