"""A table as it was read, before it is taken."""

from __future__ import annotations

from dataclasses import dataclass

from pmed_core.reading import Reading
from pmed_core.variable import Variable

SHOWN = 20
"""Rows of a table that are shown before it is taken."""


@dataclass(frozen=True)
class Inspection:
    """What would be kept of a file.

    Attributes:
        name: of the file.
        rows: how many there are.
        variables: as inferred, one for each column.
        cells: the first rows as text, as they were read; an empty cell is "".
        masked: names of columns that identify somebody directly: their cells are in no row.
        reading: what the reader decided.
        notes: what was done while reading, in sentences.
    """

    name: str
    rows: int
    variables: tuple[Variable, ...]
    cells: tuple[tuple[str, ...], ...]
    masked: tuple[str, ...]
    reading: Reading = ()
    notes: tuple[str, ...] = ()
