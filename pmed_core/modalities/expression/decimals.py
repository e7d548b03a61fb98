"""Matrices whose numbers have a comma before their decimals, as much of Europe writes them."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Any

import pandas as pd

from pmed_core.readers.columns.missing import WORDS
from pmed_core.readers.table import Table
from pmed_core.reading import Decision

COMMA, WHOLE = re.compile(r"[-+]?\d*,\d+(?:[eE][-+]?\d+)?"), re.compile(r"[-+]?\d+")
POINT = re.compile(r"[-+]?\d*\.\d+(?:[eE][-+]?\d+)?")
THOUSANDS = re.compile(r"[-+]?[1-9]\d{0,2},\d{3}")
FIRST = 20
"""Rows that are looked at before all are."""


def with_points(table: Table) -> Table:
    """The same with points, where commas can be nothing else: all columns of numbers have them,
    and some number could have none between its thousands. What remains is refused as no number."""
    text = [name for name, cells in table.cells.items() if cells.dtype.kind not in "iufbmM"]
    beside = [name for name in text if _written(table.cells[name].iloc[:FIRST])]
    columns = [name for name in beside if _written(table.cells[name])]
    first = table.cells[text].iloc[:FIRST].astype("str").to_numpy().ravel()
    mixed = any(map(POINT.fullmatch, first))
    if not columns or len(columns) < len(beside) or mixed:
        return table
    found = [cell for name in columns for cell in table.cells[name] if COMMA.fullmatch(str(cell))]
    if all(THOUSANDS.fullmatch(cell) for cell in found):
        return table
    points = table.cells[columns].apply(lambda cells: cells.str.replace(",", "."))
    cells = pd.concat([table.cells.drop(columns=columns), points], axis=1)[[*table.cells.columns]]
    told = Decision(
        "decimals", "comma", f"Numbers have a comma before their decimals ('{found[0]}'), and were "
        "read so.", cells=len(found), examples=((found[0], found[0].replace(",", ".")),),
    )  # fmt: skip
    return replace(table, cells=cells, reading=(*table.reading, told))


def _written(cells: pd.Series[Any]) -> bool:
    """Whether a column holds numbers with commas, whole ones, and words for missing alone."""
    texts = [str(cell).strip() for cell in cells if not pd.isna(cell)]
    return any(map(COMMA.fullmatch, texts)) and all(
        COMMA.fullmatch(one) or WHOLE.fullmatch(one) or one.casefold() in WORDS for one in texts
    )
