"""A table as it was read, before it is taken."""

from __future__ import annotations

from dataclasses import dataclass

from pmed_core.reading import Reading

ROWS, COLUMNS = 20, 200
"""Of a table that are shown before it is taken."""


@dataclass(frozen=True)
class Inspection:
    """What would be kept of a file.

    Attributes:
        name: of the file.
        rows, width: how many rows and columns there are.
        columns: names of the first ones.
        kinds: what each of them holds, in a word.
        cells: their first rows as text, as they were read; an empty cell is "".
        masked: names of columns that identify somebody directly: their cells are in no row.
        reading: what the reader decided.
        notes: what was done while reading, in sentences.
    """

    name: str
    rows: int
    width: int
    columns: tuple[str, ...]
    kinds: tuple[str, ...]
    cells: tuple[tuple[str, ...], ...]
    masked: tuple[str, ...]
    reading: Reading = ()
    notes: tuple[str, ...] = ()
