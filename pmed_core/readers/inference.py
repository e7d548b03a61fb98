"""What each column of an unknown table holds and what it is probably for.

Identifiers first (see ``identifiers``); two values are yes/no; text with few values is a
category; text with mostly different values is an identifier and is ignored. What is a number, a
date or a code is found out in ``columns``.
"""

from __future__ import annotations

import re
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from pmed_core.readers.direct import called_direct
from pmed_core.readers.identifiers import identity
from pmed_core.variable import Kind, Role, Variable

CATEGORY_VALUES = 64

UNIT = re.compile(r"[\[(]\s*([^\])]{1,20}?)\s*[\])]\s*$")
NO_UNIT = re.compile(
    r"_|=|\s\d|^\d+\s*(?:-|to|/|–)\s*\d+$|^(?:yes|no|y|n|ja|nein|m|f|0|1)\s*/|^\d$"
    r"|\b(?:baseline|first|last|mean|median|max|min|maximum|minimum|worst|highest|lowest|total"
    r"|at|on|after|before|during|day|visit|score|calculated|log|ln|log10|z|binary|categorical"
    r"|self|if|of|the|per|ever|any|new|old|left|right|range)\b(?!\s*/)", re.IGNORECASE,
)  # fmt: skip
"""What stands in brackets behind a name and is no unit: "crp (baseline)", "pain (0-10)"."""
CHANGEABLE = re.compile(
    r"smok|weight|bmi|pressure|systolic|diastolic|(?<![a-z])[sd]?bp(?![a-z])|chol|(?<![a-z])[lh]dl|"
    r"glucose|hba1c|sugar|alcohol|exercise|physical.?activity|sodium|potassium|ha?emoglobin",
    re.IGNORECASE,
)


def infer_variable(name: str, cells: pd.Series[Any]) -> Variable:
    """Kind, role, unit and range of a column whose cells are typed."""
    if cells.dtype.kind == "M":
        return date(name)
    values = np.asarray(cells.to_numpy(dtype=np.float64, na_value=np.nan), dtype=np.float64)
    known = values[~np.isnan(values)]
    if plainly_a_number(name, known):
        return number(name, known)
    if not len(known):
        return ignored(Variable(name, Kind.CATEGORY), Kind.CATEGORY, "has no value")
    words = pd.Series(known).map(lambda value: f"{value:.15g}").astype("str")
    if variable := identity(name, words, len(cells)):
        return variable
    if len(np.unique(known)) == 2 and two_values(known):
        return Variable(name, Kind.YES_NO)
    return number(name, known)


def plainly_a_number(name: str, known: NDArray[np.float64]) -> bool:
    """The short way for the thousands of columns of an expression table."""
    if called_direct(name):
        return False
    # Numbers with decimals are never an id, yes/no, a phone number or a date.
    return bool((known != np.round(known)).any()) and len(np.unique(known[:1000])) > 2


def two_values(values: NDArray[np.float64]) -> bool:
    """Two values are yes/no, unless they are two odd numbers such as 36.5 and 37.2."""
    known = values[~np.isnan(values)]
    return bool((known == np.round(known)).all()) if len(known) else True


def number(name: str, known: NDArray[np.float64]) -> Variable:
    """A variable that holds these numbers."""
    unit = UNIT.search(name)
    if unit and NO_UNIT.search(unit.group(1)):
        unit = None
    limits = (float(known.min()), float(known.max())) if len(known) else None
    return Variable(
        name, Kind.NUMBER, unit=unit.group(1) if unit else "", range=limits,
        changeable=bool(CHANGEABLE.search(name)),
    )  # fmt: skip


def date(name: str) -> Variable:
    """A variable that holds dates."""
    plain = Variable(name, Kind.DATE)
    return ignored(plain, Kind.DATE, "dates may tell what happened later")


def of_text(name: str, known: pd.Series[str]) -> Variable:
    """A variable that holds neither numbers nor dates."""
    distinct = known.nunique()
    if distinct == 2:
        return Variable(name, Kind.YES_NO)
    return _textual(name, known, distinct)


def _textual(name: str, known: pd.Series[str], distinct: int) -> Variable:
    plain = Variable(name, Kind.CATEGORY)
    if distinct > max(CATEGORY_VALUES, 0.5 * len(known)) or (
        distinct > 0.9 * len(known) and len(known) > 20
    ):
        return ignored(plain, Kind.IDENTIFIER, "nearly every value is different")
    return Variable(
        name, Kind.CATEGORY, categories=ordered(known), changeable=bool(CHANGEABLE.search(name))
    )


def ignored(variable: Variable, kind: Kind, reason: str) -> Variable:
    """The same, left out of what a model reads, and why."""
    return Variable(variable.name, kind, Role.IGNORE, reason=reason)


def ordered(known: pd.Series[str]) -> tuple[str, ...]:
    """The values in order of display: numbers by size, text by alphabet; the most frequent first
    where there are more than a network reads."""
    counts = known.value_counts()
    if len(counts) > CATEGORY_VALUES:
        return tuple(counts.index)
    sizes = pd.to_numeric(pd.Series(counts.index), errors="coerce").fillna(np.inf)
    return tuple(value for _, value in sorted(zip(sizes, counts.index, strict=True)))
