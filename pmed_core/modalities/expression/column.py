"""A column that names profiles of genes: made where a matrix is read, and kept as it is."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pandas as pd

from pmed_core.variable import Kind, Role, Variable

if TYPE_CHECKING:
    from pmed_core.readers.columns.asked import Asked, Cells
    from pmed_core.reading import Decision

KINDS = (Kind.EXPRESSION,)


def holds(cells: Cells, asked: Asked) -> bool:
    """Whether it is one: only what was read from a matrix is."""
    return asked.choice("kind") == Kind.EXPRESSION


def variable_of(column: str) -> Variable:
    """A column of profiles, as it is first read."""
    return Variable(column, Kind.EXPRESSION, Role.INPUT, reason="names the profile of genes")


def read(cells: Cells, asked: Asked) -> tuple[pd.Series[Any], tuple[Decision, ...]]:
    """(n,) names, with gaps where there is no profile; what was read is said with the matrix."""
    known = pd.array([text or None for text in cells.distinct], dtype="str")
    return pd.Series(known.take(cells.codes)), ()
