"""A column of pairs, "120/80", as two columns of numbers where a user asks for it."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import replace

import pandas as pd

from pmed_core.errors import UserError
from pmed_core.readers.table import Table
from pmed_core.reading import Choices, Decision

CHOICE = "two-numbers"
ENDS = (", 1st number", ", 2nd number")
"""What the two columns are called: the names tell later files what to split."""
PAIR = re.compile(r"\s*(\d+(?:[.,]\d+)?)\s*/\s*(\d+(?:[.,]\d+)?)\s*(?:mm ?hg)?\s*", re.IGNORECASE)


def split(table: Table, choices: Choices, names: Iterable[str] = ()) -> Table:
    """The table with such columns split.

    Args:
        names: of the columns that a model or an earlier reading asks for.

    Raises ``UserError`` where most cells are no pairs.
    """
    there = list(map(str, table.cells.columns))
    wanted = {k.partition(":")[2] for k, v in choices.items() if (k[:5], v) == ("kind:", CHOICE)}
    wanted |= {n.removesuffix(end) for n in names for end in ENDS if n.endswith(end)}
    for column in there:
        if column in wanted and column + ENDS[0] not in there:
            table = _split(table, column)
    return table


def _split(table: Table, column: str) -> Table:
    cells = table.cells[column].astype("str").fillna("")
    found = cells.map(PAIR.fullmatch)
    fits = found.notna()
    filled = cells.str.strip() != ""
    if fits.sum() < 0.5 * max(int(filled.sum()), 1):
        raise UserError(
            f"Most cells of '{column}' are not two numbers with a slash", table.name,
            "Leave the choice 'two-numbers' out.",
        )  # fmt: skip
    # A cell that is no pair stands in both columns as it is, and is named as spoiled there.
    parts = [
        pd.Series(
            [m[side] if m else cell for m, cell in zip(found, cells, strict=True)], dtype="str"
        )
        for side in (1, 2)
    ]
    at = list(table.cells.columns).index(column)
    frame = table.cells.drop(columns=column)
    for side, part in enumerate(parts):
        frame.insert(at + side, column + ENDS[side], part.to_numpy())
    example = str(cells[fits].iloc[0])
    sentence = (
        f"'{column}' was read as two columns of numbers, '{column + ENDS[0]}' and "
        f"'{column + ENDS[1]}'."
    )
    told = Decision(
        "kind", CHOICE, sentence, column, int(fits.sum()), 
        ((example, example.replace("/", " and ")),),
        ("category", CHOICE),
    )  # fmt: skip
    return replace(table, cells=frame, reading=(*table.reading, told))
