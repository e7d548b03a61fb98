"""Cells of a sheet -> columns: numbers where all are numbers, else text as a CSV would have it."""

from __future__ import annotations

import datetime
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from pmed_core.readers.header import Header
from pmed_core.reading import Decision

Merged = tuple[tuple[int, int], tuple[int, int]]
"""First and last (row, column) of a merged area, from 0."""
DIGITS_KEPT = 10**15
"""Excel keeps 15 digits of a number."""


@dataclass(frozen=True)
class Sheet:
    """A sheet as it is stored.

    Attributes:
        name: of the sheet.
        visible: neither hidden nor very hidden.
        rows: cells from A1 on, all rows of the same width; "" where empty.
        merged: areas of cells that are one.
    """

    name: str
    visible: bool
    rows: list[list[Any]]
    merged: tuple[Merged, ...] = ()


def fill_merged(rows: list[list[Any]], merged: Sequence[Merged]) -> None:
    """Write the value of each merged area into all rows that it spans, in place."""
    for (top, left), (bottom, _) in merged:
        if top < len(rows) and left < len(rows[top]):
            for row in range(top + 1, min(bottom + 1, len(rows))):
                rows[row][left] = rows[top][left]


def shown(cell: object) -> str:
    """A cell as text: whole numbers without a point, dates as 2024-01-31, nothing as ""."""
    if isinstance(cell, str):
        return cell
    if isinstance(cell, float):
        return str(int(cell)) if cell.is_integer() else repr(cell)
    if isinstance(cell, datetime.datetime):
        return cell.isoformat(" ")
    if isinstance(cell, datetime.timedelta):
        return repr(cell.total_seconds() / 86_400)
    return "" if cell is None else str(cell)


def columns_of(sheet: Sheet, header: Header) -> tuple[dict[int, pd.Series[Any]], list[Decision]]:
    """The body's columns by position, and what was decided about their cells."""
    body = sheet.rows[header.body :]
    told: list[Decision] = []
    told += _told_merged(sheet, header)
    columns = {}
    for j, name in enumerate(header.names):
        cells = [row[j] for row in body]
        columns[j], digits = _column(cells)
        if digits:
            told.append(_told_digits(name, digits))
    return columns, told


def _column(cells: list[Any]) -> tuple[pd.Series[Any], int]:
    """(the cells, how many have more digits than Excel keeps)."""
    kinds = {type(cell) for cell in cells}
    empty = any(type(cell) is str and cell.strip() for cell in cells) if str in kinds else False
    if not empty and kinds <= {float, int, str} and kinds & {float, int}:
        numbers = pd.Series(np.array([np.nan if type(c) is str else c for c in cells], dtype=float))
        return _whole(numbers, cells)
    texts = [shown(cell).strip() for cell in cells]
    long = sum(isinstance(cell, float) and abs(cell) >= DIGITS_KEPT for cell in cells)
    return pd.Series(texts, dtype="str"), long


def _whole(numbers: pd.Series[Any], cells: list[Any]) -> tuple[pd.Series[Any], int]:
    known = numbers.to_numpy()[~np.isnan(numbers.to_numpy())]
    if not (known == np.round(known)).all():
        return numbers, 0
    long = int((np.abs(known) >= DIGITS_KEPT).sum())
    if long:
        return pd.Series([shown(cell) for cell in cells], dtype="str"), long
    return numbers.astype("int64" if len(known) == len(numbers) else "Int64"), 0


def _told_digits(name: str, count: int) -> Decision:
    cells = "1 number has" if count == 1 else f"{count:,} numbers have"
    return Decision(
        "exact", "15 digits", f"'{name}': {cells} 16 digits or more. Excel keeps 15: the last ones "
        "may be wrong. Format the column as text in Excel before the numbers are entered.",
        name, count, options=("15 digits",), proved=False,
    )  # fmt: skip


def _told_merged(sheet: Sheet, header: Header) -> list[Decision]:
    told = []
    for j, name in enumerate(header.names):
        areas = [a for a in sheet.merged if a[0][1] == j and a[1][0] >= header.body]
        cells = sum(bottom - max(top, header.body) for (top, _), (bottom, _) in areas)
        if cells:
            first = areas[0][0][0]
            value = shown(sheet.rows[first][j])[:40]
            told.append(
                Decision(
                    "merged", "filled", f"'{name}': {len(areas)} merged areas were filled: their "
                    f"value belongs to all rows they span ({cells:,} cells).", name, cells,
                    (("", value),), options=("filled",),
                )
            )  # fmt: skip
    return told
