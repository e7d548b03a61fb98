"""A column that names samples of a VCF file: made where that is read, and read as it is."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pandas as pd

from pmed_core.variable import Kind, Role, Variable

if TYPE_CHECKING:
    from collections.abc import Iterable

    from pmed_core.readers.columns.asked import Asked, Cells
    from pmed_core.reading import Decision

KINDS = (Kind.VARIANTS,)
VARIANTS, SAMPLE = "variants", "sample"
"""The column itself, and that of the samples of a file without a sheet."""


def holds(cells: Cells, asked: Asked) -> bool:
    """Whether it is one: only what was read from a VCF file is."""
    return asked.choice("kind") == Kind.VARIANTS


def naming(variables: Iterable[Variable]) -> str | None:
    """The column that names samples of a VCF file; None where there is none."""
    return next((one.name for one in variables if one.kind in KINDS), None)


def variable_of(column: str) -> Variable:
    """A column of variants, as it is first read."""
    return Variable(column, Kind.VARIANTS, Role.INPUT, reason="names the sample of the VCF file")


def read(cells: Cells, asked: Asked) -> tuple[pd.Series[Any], tuple[Decision, ...]]:
    """(n,) names, with gaps where there is no sample."""
    known = pd.array([text or None for text in cells.distinct], dtype="str")
    return pd.Series(known.take(cells.codes)), ()
