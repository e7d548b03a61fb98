"""Columns that stay text although their cells hold figures: what is said of them."""

from __future__ import annotations

import re
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from pmed_core.readers.columns.asked import Asked, Cells
from pmed_core.readers.columns.marks import plain
from pmed_core.reading import Decision

FIGURE = re.compile(r"[-+<>≤≥=~($€£]*\s*[\d.,]*\d")
"""What a cell begins with that tells how much, or when."""
PLAIN = re.compile(r"[-+]?\d+(?:\.\d+)?")
PAIR = re.compile(r"\d{1,4}(?:[.,]\d+)?\s*/\s*\d{1,4}(?:[.,]\d+)?(?:\s*mm ?hg)?", re.IGNORECASE)
RANGE = re.compile(r"\d+(?:[.,]\d+)?\s*(?:-|to|bis|\.\.)\s*\d+(?:[.,]\d+)?")
RATIO = re.compile(r"\d+\s*:\s*\d+")
CLOCK = re.compile(r"(?:[01]?\d|2[0-3]):[0-5]\d(?::[0-5]\d)?")
FORMS = (
    (CLOCK, "times of the day"),
    (PAIR, "two numbers with a slash"),
    (RANGE, "ranges"),
    (RATIO, "ratios"),
)
"""The first that nearly all cells have is named."""
MOST, SOME, FEW = 0.9, 0.5, 0.1


def decisions(cells: Cells, gone: NDArray[np.bool_], asked: Asked) -> list[Decision]:
    """That the column is read as text, where at least half of its cells begin with figures, or
    several numbers stand among words."""
    known = int(cells.counts[~gone].sum())
    texts = ["" if out else plain(text) for text, out in zip(cells.distinct, gone, strict=True)]
    figures = np.array([bool(FIGURE.match(text)) for text in texts], dtype=bool)
    numbers = np.array([bool(PLAIN.fullmatch(text)) for text in texts], dtype=bool)
    odd = figures & ~numbers
    several = numbers.sum() > 1 and int(cells.counts[numbers].sum()) >= FEW * known
    if not several and int(cells.counts[figures].sum()) < SOME * known:
        return []
    if not odd.any():
        # Plain numbers, and words beside them.
        odd = ~figures & ~gone
    if not odd.any():
        return []
    form = _form(texts, cells, known)
    options: tuple[str, ...] = ("category",)
    if not form:
        options = ("category", "number")
    elif form == FORMS[1][1]:
        options = ("category", "number", "two-numbers")
    words = not (figures & odd).any()
    mixed = "words beside numbers" if words else "figures that are not one number each"
    what = f"{form} such as '{cells.distinct[odd][0]}'" if form else (
        f"{mixed}, such as {_shown(cells, odd)}"
    )  # fmt: skip
    sentence = f"'{asked.column}' holds {what}: it was read as text, not as a number."
    same = tuple((str(text), str(text)) for text in cells.distinct[odd][:2])
    rows = int(cells.counts[odd].sum())
    chosen = bool(asked.choice("kind"))
    return [
        Decision("kind", "category", sentence, asked.column, rows, same, options, proved=chosen)
    ]


def _form(texts: Sequence[str], cells: Cells, known: int) -> str:
    for pattern, name in FORMS:
        fits = np.array([bool(pattern.fullmatch(text)) for text in texts], dtype=bool)
        if int(cells.counts[fits].sum()) >= MOST * known:
            return name
    return ""


def _shown(cells: Cells, which: NDArray[np.bool_]) -> str:
    return ", ".join(f"'{text}'" for text in cells.distinct[which][:3])
