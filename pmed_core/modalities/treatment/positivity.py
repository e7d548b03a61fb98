"""Whether both options were given in every subgroup: where one hardly was, no data tell what it
would do there (positivity; Petersen et al., Stat Methods Med Res 2012;21:31-54)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.stats import binom

from pmed_core.modalities.treatment.rule import Question, questions
from pmed_core.outcomes.effect.diagnostics import HARDLY, Subgroup
from pmed_core.outcomes.effect.scores import OVERLAP
from pmed_core.variable import Variable

LEAST, SHOWN = 20, 12
"""Patients from which on a subgroup is looked at; and how many are told, the largest first."""

CHANCE = 0.001
"""How often a subgroup has as few by chance, were they as many as are compared."""

Doubles = NDArray[np.float64]
Marks = NDArray[np.bool_]


@dataclass(frozen=True)
class Seldom:
    """A subgroup in which an option or the reference was so seldom given that the share seen there
    is believed rather than a network, which smooths over the edge of a rule.

    Attributes:
        effect: position of the option among all but the reference.
        variable, value, above, yes: of the question and its answer; ``value`` is empty of numbers.
        share: of those who were given either, who were given the option.
    """

    effect: int
    variable: str
    value: str
    above: float
    yes: bool
    share: float

    def holds(self, table: pd.DataFrame, variables: Sequence[Variable]) -> Marks:
        """(n,) who is in it."""
        variable = next(one for one in variables if one.name == self.variable)
        answers = Question(variable, self.above, self.value).answers(table)
        known = table[self.variable].notna().to_numpy(dtype=bool)
        return np.asarray(known & (answers == self.yes))


def seldom(
    table: pd.DataFrame,
    variables: Sequence[Variable],
    given: NDArray[np.int64],
    probability: Doubles,
) -> tuple[Seldom, ...]:
    """Subgroups in which an option was hardly given, and by more than chance less often than (n,
    options) probabilities would have it; ``given``: (n,) options, the reference is 0."""
    found: dict[tuple[int, str, str, bool], tuple[int, Seldom]] = {}
    for asked in questions(table, variables):
        known = table[asked.variable.name].notna().to_numpy(dtype=bool)
        answers = asked.answers(table)
        for yes in (True,) if asked.value else (True, False):
            mine = known & (answers == yes)
            for k in range(probability.shape[1] - 1):
                key = k, asked.variable.name, asked.value, yes
                many, share = _seen(given[mine], probability[mine], k + 1)
                if many <= (found[key][0] if key in found else 0) or not np.isfinite(share):
                    continue
                above = 0.0 if asked.value else asked.above
                found[key] = many, Seldom(k, key[1], asked.value, above, yes, share)
    return tuple(one for _, one in found.values())


def _seen(given: NDArray[np.int64], probability: Doubles, option: int) -> tuple[int, float]:
    """How many were given the option or the reference, and the share of the option; NaN where its
    probabilities may as well be right."""
    either = (given == 0) | (given == option)
    many, own = int(either.sum()), int((given == option).sum())
    few = min(own, many - own)
    if not many or few >= HARDLY * many or not surely(few, many):
        return many, np.nan
    chance = probability[either, option] / probability[either][:, [0, option]].sum(axis=1)
    said = float(chance.mean() if own == few else 1 - chance.mean())
    return many, own / many if binom.cdf(few, many, said) < CHANCE else np.nan


def surely(few: int, many: int) -> bool:
    """Whether so few of many are fewer than are compared, by more than chance."""
    return bool(binom.cdf(few, many, OVERLAP[0]) < CHANCE)


def as_seen(
    table: pd.DataFrame,
    variables: Sequence[Variable],
    probability: Doubles,
    groups: Sequence[Seldom],
) -> Doubles:
    """(n, options) probabilities, of the patients of such subgroups as they were seen there."""
    found = probability.copy()
    for one in groups:
        mine, option = one.holds(table, variables), one.effect + 1
        either = found[mine, 0] + found[mine, option]
        found[mine, 0], found[mine, option] = either * (1 - one.share), either * one.share
    return found


def lacking(
    table: pd.DataFrame, variables: Sequence[Variable], options: tuple[Marks, Marks]
) -> tuple[Subgroup, ...]:
    """The subgroups in which an option was hardly given.

    Args:
        table: (n,) rows.
        variables: the inputs whose categories, and tenths from either end, are looked at. Of tenths
            the largest group of those that lie within one another is told.
        options: (n,) those who were given the option, and those who were given the reference.
    """
    found: dict[tuple[str, str], Subgroup] = {}
    for asked in questions(table, variables):
        known = table[asked.variable.name].notna().to_numpy(dtype=bool)
        answers = asked.answers(table)
        for yes in (True,) if asked.value else (True, False):
            one = _subgroup(asked, yes, [(mine & known & (answers == yes)) for mine in options])
            key = asked.variable.name, asked.value or str(yes)
            if one and (key not in found or one.n > found[key].n):
                found[key] = one
    return tuple(sorted(found.values(), key=lambda one: -one.n)[:SHOWN])


def _subgroup(asked: Question, yes: bool, both: list[Marks]) -> Subgroup | None:
    option, reference = (int(mine.sum()) for mine in both)
    many = option + reference
    if many < LEAST or min(option, reference) >= HARDLY * many:
        return None
    return Subgroup(asked.said(yes), option, reference)
