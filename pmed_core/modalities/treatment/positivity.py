"""Whether both options were given in every subgroup: where one hardly was, no data tell what it
would do there (positivity; Petersen et al., Stat Methods Med Res 2012;21:31-54)."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from pmed_core.modalities.treatment.rule import Question, questions
from pmed_core.outcomes.effect.diagnostics import HARDLY, Subgroup
from pmed_core.variable import Variable

LEAST, SHOWN = 20, 12
"""Patients from which on a subgroup is looked at; and how many are told, the largest first."""

Marks = NDArray[np.bool_]


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
