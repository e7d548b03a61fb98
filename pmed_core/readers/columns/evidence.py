"""What the other columns of a table show about how its numbers and dates are written."""

from __future__ import annotations

from functools import cached_property

import pandas as pd

from pmed_core.readers.columns import dates
from pmed_core.readers.columns.marks import proofs
from pmed_core.readers.columns.numbers import part
from pmed_core.readers.table import Table

LOOKED_AT = 400
"""Distinct cells of each column."""


class Evidence:
    """Looked for only when a column cannot decide by itself.

    Args:
        frame: the cells of a file.
        semicolons: they are separated by semicolons, as programs do where the comma is decimal.
    """

    def __init__(self, frame: pd.DataFrame, semicolons: bool = False) -> None:
        self.frame = frame
        self.semicolons = semicolons

    @classmethod
    def of(cls, table: Table) -> Evidence:
        """Of a table as it stands in its file."""
        said = any(d.rule == "separator" and d.value == "semicolon" for d in table.reading)
        return cls(table.cells, said)

    @cached_property
    def decimal(self) -> str:
        """The decimal mark of the table; empty where no column, or columns of both kinds, show
        one."""
        decimal, thousands = self._marks
        shown = decimal | {"," if mark == "." else "." for mark in thousands}
        return shown.pop() if len(shown) == 1 else ""

    @cached_property
    def dates(self) -> str:
        """The order of day and month that date columns prove; empty where none does."""
        proved: set[str] = set()
        for column in self._texts:
            proved |= dates.orders(one for text in column if (one := dates.found(text)))
        return proved.pop() if len(proved) == 1 else ""

    @cached_property
    def _marks(self) -> tuple[set[str], set[str]]:
        decimal: set[str] = set()
        thousands: set[str] = set()
        for column in self._texts:
            parts = [part(text) for text in column]
            if sum(one is not None for one in parts) < 0.7 * len(parts):
                continue
            shown = proofs(one.body for one in parts if one)
            decimal |= shown[0]
            thousands |= shown[1] & set(".,")
        return decimal, thousands

    @cached_property
    def _texts(self) -> list[list[str]]:
        texts = []
        for name in self.frame.columns:
            cells = self.frame[name]
            if cells.dtype.kind == "O" or isinstance(cells.dtype, pd.StringDtype):
                found = cells.dropna().drop_duplicates().head(LOOKED_AT)
                texts.append([str(text).strip() for text in found if str(text).strip()])
        return texts
