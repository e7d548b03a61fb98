"""A sheet of a workbook as it is stored: its cells, what is merged, and the text of a cell."""

from __future__ import annotations

import datetime
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeVar

from pmed_core.readers.sheet_marks import Marks, Place

Mark = TypeVar("Mark")
Merged = tuple[Place, Place]
"""First and last (row, column) of a merged area, from 0."""
PLAIN = 1e22
"""Larger numbers are no ids, and are written with an exponent."""


@dataclass(frozen=True)
class Sheet:
    """A sheet as it is stored.

    Attributes:
        name: of the sheet.
        visible: neither hidden nor very hidden.
        rows: cells from A1 on, all rows of the same width; "" where empty.
        merged: areas of cells that are one; their value is in all their rows.
        marks: what is hidden, failed or shown otherwise.
        recalculates: formulas whose stored value is 0 everywhere were never calculated.
    """

    name: str
    visible: bool
    rows: list[list[Any]]
    merged: tuple[Merged, ...] = ()
    marks: Marks = field(default_factory=Marks)
    recalculates: bool = False


@dataclass(frozen=True)
class Column:
    """A column of the body: where it stands and what is in it."""

    name: str
    position: int
    rows: tuple[int, ...]
    cells: list[Any]

    def among(self, marked: Mapping[int, Mapping[int, Mark]]) -> dict[int, Mark]:
        """Which of its cells (from 0) are marked, and how."""
        places = marked.get(self.position)
        return (
            {n: places[row] for n, row in enumerate(self.rows) if row in places} if places else {}
        )


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
        return str(int(cell)) if cell.is_integer() and abs(cell) < PLAIN else repr(cell)
    if isinstance(cell, datetime.datetime):
        whole = cell.time() == datetime.time()
        return cell.date().isoformat() if whole else cell.isoformat(" ")
    if isinstance(cell, datetime.timedelta):
        return repr(cell.total_seconds() / 86_400)
    return "" if cell is None else str(cell)
