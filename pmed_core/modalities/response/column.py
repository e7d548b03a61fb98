"""A column that names profiles: made where they are joined, and read as it is."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pandas as pd

from pmed_core.variable import Kind, Role, Variable

if TYPE_CHECKING:
    from pmed_core.readers.columns.asked import Asked, Cells
    from pmed_core.reading import Decision

KINDS = (Kind.PROFILE,)


def holds(cells: Cells, asked: Asked) -> bool:
    """Whether it is one: only what was joined is."""
    return asked.choice("kind") == Kind.PROFILE


def variable_of(column: str) -> Variable:
    """A column of profiles, as it is first read."""
    return Variable(column, Kind.PROFILE, Role.INPUT, reason="names the profile that was joined")


def read(cells: Cells, asked: Asked) -> tuple[pd.Series[Any], tuple[Decision, ...]]:
    """(n,) names, with gaps where there is no profile; what was joined is said where it is."""
    known = pd.array([text or None for text in cells.distinct], dtype="str")
    return pd.Series(known.take(cells.codes)), ()
