"""A look at what was read, before it is taken."""

from __future__ import annotations

from dataclasses import replace

import pandas as pd

from pmed_core.cohort import Cohort
from pmed_core.inspection import COLUMNS, ROWS, Inspection
from pmed_core.readers.revising import is_masked


def inspection(cohort: Cohort) -> Inspection:
    """The first rows as text, without the cells of columns that will not be kept."""
    return of_rows(cohort, list(range(min(ROWS, len(cohort)))))


def of_rows(cohort: Cohort, rows: list[int]) -> Inspection:
    """The same of some rows."""
    shown = cohort.variables[:COLUMNS]
    first = cohort.table.iloc[rows]
    columns = [[_text(cell) for cell in first[v.name]] for v in shown]
    masked = {v.name for v in cohort.variables if is_masked(v)}
    return Inspection(
        cohort.name, len(cohort), len(cohort.variables), tuple(v.name for v in shown),
        tuple("identifies" if v.name in masked else v.kind.value for v in shown),
        tuple(zip(*columns, strict=True)), tuple(sorted(masked)), cohort.reading, cohort.notes,
    )  # fmt: skip


def discreet(cohort: Cohort) -> Cohort:
    """Where columns identify somebody, without examples that hold whole rows or such cells."""
    masked = {v.column for v in cohort.variables if is_masked(v)}
    reading = tuple(
        d.without_cells() if d.column in masked or not d.column else d for d in cohort.reading
    )
    return replace(cohort, reading=reading) if masked else cohort


def _text(cell: object) -> str:
    if pd.isna(cell):  # type: ignore[call-overload]
        return ""
    if isinstance(cell, float):
        return f"{cell:.10g}"
    return str(cell).removesuffix(" 00:00:00")
