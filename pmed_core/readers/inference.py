"""What each column of an unknown table holds and what it is probably for.

Rules, in order: a patient id and direct identifiers by name; two values are yes/no; cells that
are all numbers (or nearly all) are a number, codes written as numbers included; dates; text with
few values is a category; text with mostly different values is an identifier and is ignored.
"""

from __future__ import annotations

import re

import numpy as np
import pandas as pd

from pmed_core.readers.cells import DATE_PATTERN, Numbers, as_dates, as_numbers, as_text
from pmed_core.readers.identifiers import direct_by_name, direct_identifier, patient_column
from pmed_core.variable import Kind, Role, Variable

MOSTLY = 0.9
CATEGORY_VALUES = 64

UNIT = re.compile(r"[\[(]\s*([^\])]{1,20}?)\s*[\])]\s*$")
CHANGEABLE = re.compile(
    r"smok|weight|bmi|pressure|chol|glucose|sugar|alcohol|exercise|sodium|potassium|hemoglobin",
    re.IGNORECASE,
)


def infer_variables(frame: pd.DataFrame) -> tuple[Variable, ...]:
    """One variable a column; the first patient-id column is taken as the patient."""
    found: list[Variable] = []
    for name in frame.columns:
        variable = infer_variable(str(name), frame[name])
        if variable.role is Role.PATIENT and any(v.role is Role.PATIENT for v in found):
            variable = _ignored(variable, Kind.IDENTIFIER, "another column is the patient id")
        found.append(variable)
    return tuple(found)


def infer_variable(name: str, cells: pd.Series[str]) -> Variable:
    """Kind, role, unit, categories and range of one column."""
    numbers = as_numbers(cells)
    if _plainly_a_number(name, numbers):
        return _number(name, numbers)
    text = as_text(cells)
    known = text.dropna()
    plain = Variable(name, Kind.CATEGORY)
    if reason := direct_identifier(name, known):
        return _ignored(plain, Kind.IDENTIFIER, f"looks like {reason}, a direct identifier")
    if not len(known):
        return _ignored(plain, Kind.CATEGORY, "has no value")
    distinct = known.nunique()
    if patient_column(name, known, len(text)):
        return Variable(name, Kind.IDENTIFIER, Role.PATIENT, reason="looks like the patient id")
    if distinct == 2 and _two_values(numbers):
        return Variable(name, Kind.YES_NO, categories=ordered(known))
    if _is_number(numbers, len(known)):
        return _number(name, numbers)
    if known.str.match(DATE_PATTERN).mean() > MOSTLY:
        _, wrong = as_dates(cells)
        if wrong.sum() < (1 - MOSTLY) * len(known):
            return _ignored(plain, Kind.DATE, "dates may tell what happened later")
    return _textual(name, known, distinct)


def _plainly_a_number(name: str, numbers: Numbers) -> bool:
    """The short way for the thousands of columns of an expression table."""
    if numbers.wrong.any() or direct_by_name(name):
        return False
    known = numbers.values[~np.isnan(numbers.values)]
    # Numbers with decimals are never an id, yes/no, a phone number or a date.
    return len(np.unique(known)) > 2 and bool((known != np.round(known)).any())


def _two_values(numbers: Numbers) -> bool:
    """Two values are yes/no, unless they are two odd numbers such as 36.5 and 37.2."""
    values = numbers.values[~np.isnan(numbers.values)]
    return bool((values == np.round(values)).all()) if len(values) else True


def _is_number(numbers: Numbers, known: int) -> bool:
    return bool(numbers.wrong.sum() <= (1 - MOSTLY) * known and not np.isnan(numbers.values).all())


def _number(name: str, numbers: Numbers) -> Variable:
    unit = UNIT.search(name)
    finite = numbers.values[np.isfinite(numbers.values)]
    limits = (float(finite.min()), float(finite.max())) if len(finite) else None
    return Variable(
        name, Kind.NUMBER, unit=unit.group(1) if unit else "", range=limits,
        changeable=bool(CHANGEABLE.search(name)),
    )  # fmt: skip


def _textual(name: str, known: pd.Series[str], distinct: int) -> Variable:
    plain = Variable(name, Kind.CATEGORY)
    if distinct > max(CATEGORY_VALUES, 0.5 * len(known)) or (
        distinct > 0.9 * len(known) and len(known) > 20
    ):
        return _ignored(plain, Kind.IDENTIFIER, "nearly every value is different")
    return Variable(
        name, Kind.CATEGORY, categories=ordered(known), changeable=bool(CHANGEABLE.search(name))
    )


def _ignored(variable: Variable, kind: Kind, reason: str) -> Variable:
    return Variable(variable.name, kind, Role.IGNORE, reason=reason)


def ordered(known: pd.Series[str]) -> tuple[str, ...]:
    """The values in order of display: numbers by size, text by alphabet; the most frequent first
    where there are more than a network reads."""
    counts = known.value_counts()
    if len(counts) > CATEGORY_VALUES:
        return tuple(counts.index)
    sizes = pd.to_numeric(pd.Series(counts.index), errors="coerce").fillna(np.inf)
    return tuple(value for _, value in sorted(zip(sizes, counts.index, strict=True)))
