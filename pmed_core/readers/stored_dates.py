"""Dates of SPSS, Stata and SAS: numbers with a format that says so.

Each program has dozens of formats for the same numbers, with widths and signs of their own, so that
they are told by their beginning and not from a list.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from pmed_core.reading import Decision

DAY = 86_400
SIGN = "[BCDNPS]?"
LATEST = 3e11
"""Seconds to the year 9999 and beyond: what is more is no date."""


@dataclass(frozen=True)
class Stored:
    """What numbers of some formats are.

    Attributes:
        formats: a pattern of the format's name, in capitals for SPSS and SAS.
        seconds: of one unit; 0 for months.
        start: the day that is 0.
        months: of one unit, where it is counted in months.
        what: the part of time that is stored, where that is less than a day tells.
    """

    formats: re.Pattern[str]
    seconds: float
    start: str
    months: int = 0
    what: str = ""


def _sas(names: str, seconds: float, what: str = "") -> Stored:
    return Stored(re.compile(rf"(?:{names})\d*(?:\.\d*)?"), seconds, "1960-01-01", 0, what)


def _stata(names: str, seconds: float, months: int = 0, what: str = "") -> Stored:
    return Stored(re.compile(rf"%-?(?:{names}).*"), seconds, "1960-01-01", months, what)


CLOCK = "times of the day"
SAS = (
    _sas(rf"(?:DATE|DDMMYY|MMDDYY|YYMMDD|MMYY|YYMM|YYQR?){SIGN}|WEEKDAT[EX]|WORDDAT[EX]|JULIAN|"
         r"(?:E|B|IS)8601DA|NLDATE\w*?|EURDF(?:DD|DE|DN|WDX)|MONYY|YYMON|YEAR|MONTH|MONNAME|DAY|"
         r"DOWNAME|WEEKDAY|QTRR?|JULDAY|WEEK[UVW]?", DAY),
    _sas(r"DATETIME|DATEAMPM|MDYAMPM|YMDDTTM|(?:E|B|IS)8601(?:DT|DN|DZ|DX|LZ)|NLDATM\w*?|DTDATE|"
         r"DTMONYY|DTWKDATX|DTYEAR|DTYYQC|EURDFDT", 1),
    _sas(r"TIME|TIMEAMPM|HHMM|TOD|(?:E|B|IS)8601(?:TM|TZ|TX|LX)|NLTIM\w*?", 1, CLOCK),
)  # fmt: skip
STATA = (
    _stata(r"t[cC]HH:MM(?::SS)?$", 0.001, what=CLOCK), _stata("t[cC]", 0.001), _stata("td|d", DAY),
    _stata("tw", 0, 0, "weeks"), _stata("tm", 0, 1, "months"), _stata("tq", 0, 3, "quarters"),
    _stata("th", 0, 6, "half-years"),
)  # fmt: skip
SPSS = tuple(
    Stored(re.compile(rf"(?:{names})\d*(?:\.\d*)?"), 1, "1582-10-14", 0, what)
    for names, what in (
        ("[AEJS]?DATE|DATETIME|YMDHMS|QYR|MOYR|WKYR", ""), ("TIME", CLOCK),
    )
)  # fmt: skip


def dated(
    cells: pd.DataFrame, formats: Mapping[str, str | None], known: tuple[Stored, ...]
) -> tuple[pd.DataFrame, list[Decision]]:
    """The table with dates and times in the columns whose format says so, and what was decided.

    Args:
        cells: numbers as they are stored, NaN where missing.
        formats: column -> name of its format.
        known: what the program stores.
    """
    told = []
    for column in cells.columns:
        if cells[column].dtype.kind not in "iuf":
            continue
        name = str(formats.get(column) or "")
        name = name if name.startswith("%") else name.upper()
        if (found := next((one for one in known if one.formats.fullmatch(name)), None)) is None:
            continue
        numbers = cells[column].to_numpy(dtype=np.float64)
        if (
            np.nanmax(np.abs(numbers), initial=0) * max(found.seconds, 31 * DAY * found.months)
            > LATEST
        ):
            told.append(_no_dates(str(column), name, numbers))
        elif found.what == CLOCK:
            cells[column] = _clock(numbers * found.seconds)
        else:
            cells[column] = _days(numbers, found)
            if found.what:
                told.append(_told(str(column), found.what, name, numbers))
    return cells, told


def _days(numbers: NDArray[np.float64], found: Stored) -> pd.Series[pd.Timestamp]:
    gone = ~np.isfinite(numbers)
    whole = np.where(gone, 0, numbers)
    if found.what == "weeks":
        # Stata has 52 weeks in each year; the last is of eight or nine days.
        years, weeks = np.divmod(whole.astype(np.int64), 52)
        days = (years + 1960 - 1970).astype("datetime64[Y]").astype("datetime64[D]") + 7 * weeks
        moments = days.astype("datetime64[s]")
    elif found.what:
        start = np.datetime64(found.start, "M")
        moments = (start + found.months * whole.astype(np.int64)).astype("datetime64[s]")
    else:
        seconds = np.round(whole * found.seconds).astype(np.int64)
        moments = np.datetime64(found.start, "s") + seconds
    moments[gone] = np.datetime64("NaT")
    return pd.Series(moments)


def _clock(seconds: NDArray[np.float64]) -> pd.Series[str]:
    """As a clock shows it; hours may be more than 24."""

    def one(value: float) -> str:
        sign, whole = "-" * (value < 0), abs(round(value))
        return f"{sign}{whole // 3600:02d}:{whole // 60 % 60:02d}:{whole % 60:02d}"

    return pd.Series(["" if np.isnan(v) else one(v) for v in seconds.tolist()], dtype="str")


def _told(column: str, what: str, name: str, numbers: NDArray[np.float64]) -> Decision:
    return Decision(
        "dates", "first days", f"'{column}' holds {what} ({name[:20]}): each was read as its first "
        "day.", column, int(np.isfinite(numbers).sum()), options=("first days",),
    )  # fmt: skip


def _no_dates(column: str, name: str, numbers: NDArray[np.float64]) -> Decision:
    return Decision(
        "dates", "number", f"'{column}' has the format of dates ({name[:20]}), but numbers that "
        "are none: it was read as numbers.", column, int(np.isfinite(numbers).sum()),
        options=("number",), proved=False,
    )  # fmt: skip
