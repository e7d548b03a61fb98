"""Record numbers and codes that a file stores as numbers: what a number cannot hold is said."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from pmed_core.readers.columns import codes
from pmed_core.readers.columns.asked import Asked
from pmed_core.reading import Decision

EXACT = 2.0**53
"""Above it a floating-point number does not hold each whole number."""
SAMPLE = 1000


def as_text(name: str, cells: pd.Series[Any]) -> bool:
    """Whether typed numbers are codes by their name, or numbers of 16 and more digits, as ids are.

    Args:
        name: of the column.
        cells: whole or floating-point numbers.
    """
    known = cells.dropna()
    if not len(known):
        return False
    least = float(np.abs(known.to_numpy(dtype=np.float64)).min())
    if least >= 10 ** (codes.LONG - 1):
        return _whole(known)
    words = [f"{cell:g}" for cell in known.head(SAMPLE)]
    return codes.called_one(name, words) and not codes.measured(words)


def _whole(known: pd.Series[Any]) -> bool:
    values = known.to_numpy(dtype=np.float64)
    return known.dtype.kind in "iu" or bool((values == np.round(values)).all())


def told(cells: pd.Series[Any], asked: Asked) -> tuple[Decision, ...]:
    """That digits, or zeros at the ends of codes, are not in the file; nothing where they are."""
    known = cells.dropna()
    if known.dtype.kind != "f" or not len(known):
        return ()
    long_ = int((np.abs(known.to_numpy(dtype=np.float64)) > EXACT).sum())
    if long_:
        sentence = (
            f"'{asked.column}' stores {long_:,} record numbers of 16 digits or more as floating-"
            "point numbers, which do not hold them: the last digits may be wrong."
        )
    elif asked.earlier is None and codes.called_one(
        asked.column, [f"{c:g}" for c in known[:SAMPLE]]
    ):
        sentence = (
            f"'{asked.column}' stores codes as numbers: zeros in front and at the end are not in "
            "the file (250.00 is 250)."
        )
    else:
        return ()
    return (Decision("digits", "as stored", sentence, asked.column, long_ or len(known),
                     proved=False),)  # fmt: skip
