"""A file as it was read, before it is taken."""

from __future__ import annotations

from dataclasses import dataclass

from pmed_core.arrays import Mask, Pixels
from pmed_core.reading import Reading

ROWS, COLUMNS, SCANS = 20, 200, 12
"""Of a table, or of scans, that are shown before they are taken."""


@dataclass(frozen=True)
class Sketch:
    """A scan made small.

    Attributes:
        pixels: (height, width) or (height, width, 3).
        drawn: (height, width) what was outlined on it.
    """

    pixels: Pixels
    drawn: Mask | None = None


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
        sketches: of the scans in these rows; none of a table.
        holds: what else there is, in words: "3 series", "normal (12)".
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
    sketches: tuple[Sketch, ...] = ()
    holds: tuple[str, ...] = ()
