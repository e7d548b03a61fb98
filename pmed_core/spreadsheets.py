"""CSV for people, who open it in a spreadsheet program."""

from __future__ import annotations

import re

import pandas as pd

NUMBER = re.compile(r"[+-]?(\d+([.,]\d*)?|[.,]\d+)([eE][+-]?\d+)?")
STARTS_A_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")
"""The wide signs are read as the narrow ones by spreadsheets of East Asian languages."""


def as_csv(table: pd.DataFrame) -> str:
    """The table as CSV; text that a spreadsheet would run as a formula is escaped with a quote.

    Numbers are untouched, also those that are kept as text (an id such as ``-12``).
    """
    shown = table.set_axis([safe(str(name)) for name in table.columns], axis="columns")
    for position, kind in enumerate(shown.dtypes):
        if not pd.api.types.is_numeric_dtype(kind):
            # By place: two columns may have one name.
            escaped = shown.iloc[:, position].map(safe, na_action="ignore")
            shown.isetitem(position, escaped.array)
    return shown.to_csv(index=False, float_format="%.9g", lineterminator="\n")


def safe(cell: object) -> object:
    """The cell, escaped where it is text that starts like a formula."""
    if not isinstance(cell, str) or not cell.startswith(STARTS_A_FORMULA):
        return cell
    return cell if NUMBER.fullmatch(cell) else f"'{cell}"
