"""Dates that stand for "not known", 9999-12-31 among them, and dates that cannot be."""

from __future__ import annotations

import datetime
from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from pmed_core.errors import UserError
from pmed_core.readers.columns.asked import Asked
from pmed_core.readers.columns.dates import BIRTH
from pmed_core.reading import Decision

PLACEHOLDERS = frozenset(
    np.datetime64(day, "D")
    for day in (
        "0001-01-01", "1111-11-11", "1582-10-14", "1753-01-01", "1800-01-01", "1899-12-30",
        "1899-12-31", "1900-01-01", "1900-01-02", "1901-01-01", "1904-01-01", "1960-01-01",
        "1970-01-01", "2079-06-06", "2099-12-31", "2100-01-01", "2999-12-31", "3000-01-01",
        "8888-08-08", "9998-12-31", "9999-09-09", "9999-12-31",
    )
)  # fmt: skip
"""What databases and forms write where no date is known; the first days of their calendars."""
FAR = np.timedelta64(5 * 366, "D")
AHEAD = 100
"""Years ahead of today that no date of a patient has."""
SHOWN = 3


def told(
    values: pd.Series[pd.Timestamp], asked: Asked
) -> tuple[pd.Series[Any], tuple[Decision, ...]]:
    """The dates without those that the user took for "missing", and what is said of odd ones.

    Raises ``UserError`` for a choice that is no date.
    """
    days = values.to_numpy().astype("datetime64[D]")
    chosen = asked.choice("missing-code")
    codes = _codes(chosen, asked) if chosen else [_day(text) for text in asked.written.missing]
    found = []
    gone = np.isin(days, np.array([code for code in codes if code], dtype="datetime64[D]"))
    if gone.any():
        values = values.mask(gone)
        shown = ",".join(map(str, np.unique(days[gone])))
        rows = int(gone.sum())
        sentence = f"{rows:,} cells of '{asked.column}' with {shown} were read as missing."
        found.append(
            Decision("missing-code", shown, sentence, asked.column, rows, ((shown, ""),),
                     (shown, "none"))
        )  # fmt: skip
    found += _suspects(np.where(gone, np.datetime64("NaT"), days), asked)
    return values, tuple(found)


def _day(text: str) -> np.datetime64 | None:
    try:
        return np.datetime64(datetime.date.fromisoformat(text.strip()), "D")
    except ValueError:
        return None


def _codes(chosen: str, asked: Asked) -> list[np.datetime64 | None]:
    codes = [] if chosen in ("none", "kept") else [(text, _day(text)) for text in chosen.split(",")]
    for text, code in codes:
        if code is None:
            raise UserError(
                f"'{text}' is no date", f"missing-code:{asked.column}",
                "Give dates such as 1900-01-01 with commas between them.",
            )  # fmt: skip
    return [code for _, code in codes]


def _suspects(days: NDArray[np.datetime64], asked: Asked) -> list[Decision]:
    known = days[~np.isnat(days)]
    odd = np.isin(known, list(PLACEHOLDERS)) & _alone(known)
    today = np.datetime64(datetime.date.today(), "D")
    odd |= known > today + np.timedelta64(0 if BIRTH.search(asked.column) else AHEAD * 365, "D")
    if not odd.any():
        return []
    codes = [str(day) for day in np.unique(known[odd])]
    rows, shown = int(odd.sum()), ", ".join(codes[:SHOWN]) + " …" * (len(codes) > SHOWN)
    sentence = (
        f"'{asked.column}' holds {shown} in {rows:,} cell{'s' * (rows > 1)}, which is hardly a "
        "day of a patient: does it stand for missing? It was read as a date."
    )
    pairs = tuple((code, code) for code in codes[:2])
    options = (",".join(codes), "none")
    one = Decision("missing-code", "none", sentence, asked.column, rows, pairs, options)
    return [replace(one, proved=asked.choice("missing-code") in ("none", "kept"))]


def _alone(known: NDArray[np.datetime64]) -> NDArray[np.bool_]:
    """Dates with no other day within five years, as 1970-01-01 of a birth has."""
    distinct = np.unique(known)
    if len(distinct) < 2:
        return np.ones(len(known), dtype=bool)
    gaps = np.diff(distinct) > FAR
    alone = np.concatenate(([True], gaps)) & np.concatenate((gaps, [True]))
    return np.isin(known, distinct[alone])
