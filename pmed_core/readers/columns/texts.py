"""Cells of any type as the text that a user would write."""

from __future__ import annotations

from typing import Any

import pandas as pd

from pmed_core.readers.columns.missing import WORDS

PLAIN = 1e22
"""Larger numbers are no ids, and are written with an exponent."""


def words(cells: pd.Series[Any]) -> pd.Series[str]:
    """Typed cells as text: True, 2023-01-05, 1 for 1.0; text as it is."""
    if cells.dtype.kind == "b" or str(cells.dtype) == "boolean":
        return cells.map({True: "True", False: "False"}).astype("str")
    if cells.dtype.kind == "M":
        shown = pd.to_datetime(cells)
        midnight = (shown.dropna() == shown.dropna().dt.normalize()).all()
        pattern = "%Y-%m-%d" if midnight else "%Y-%m-%d %H:%M:%S"
        return shown.dt.strftime(pattern).astype("str")
    if cells.dtype.kind == "f":
        return cells.map(_number, na_action="ignore").astype("str")
    return cells.astype("str")


def _number(cell: float) -> str:
    whole = float(cell).is_integer() and abs(cell) < PLAIN
    return f"{cell:.0f}" if whole else repr(float(cell))


def as_text(cells: pd.Series[Any]) -> pd.Series[str]:
    """Equal values as equal text: stripped, "1.0" as "1", words for missing as NaN."""
    text = words(cells).str.strip()
    text = text.mask(text.str.casefold().isin(WORDS))
    return text.str.replace(r"^(-?\d+)[.,]0+$", r"\1", regex=True).astype("str")
