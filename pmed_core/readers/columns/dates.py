"""Cells that are dates: one order of day and month for a whole column, proved by its cells."""

from __future__ import annotations

import datetime
import re
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, replace
from functools import lru_cache

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from pmed_core.readers.columns import missing
from pmed_core.readers.columns.asked import Asked, Cells, spoiled
from pmed_core.readers.columns.marks import plain
from pmed_core.reading import Decision

ORDERS = {"dmy": "day first", "mdy": "month first", "ymd": "year first"}
MONTHS = {
    name: number
    for names in (
        "january february march april may june july august september october november december",
        "januar februar märz april mai juni juli august september oktober november dezember",
        "janvier février mars avril mai juin juillet août septembre octobre novembre décembre",
        "enero febrero marzo abril mayo junio julio agosto septiembre octubre noviembre diciembre",
        "gennaio febbraio marzo aprile maggio giugno luglio agosto settembre ottobre novembre "
        "dicembre",
        "januari februari maart april mei juni juli augustus september oktober november december",
        "janeiro fevereiro março abril maio junho julho agosto setembro outubro novembro dezembro",
        "января февраля марта апреля мая июня июля августа сентября октября ноября декабря",
    )
    for number, name in enumerate(names.split(), 1)
}  # fmt: skip
SHORT = {name[:3]: number for name, number in MONTHS.items() if name[:3] not in ("jui",)} | {
    "juin": 6, "juil": 7, "sept": 9, "mrz": 3, "okt": 10, "dez": 12, "ene": 1, "abr": 4,
    "ago": 8, "dic": 12, "févr": 2, "fev": 2, "déc": 12, "avr": 4, "mrt": 3, "set": 9,
}  # fmt: skip
EAST = re.compile(r"^(\d{4})\s?[年년]\s?(\d{1,2})\s?[月월]\s?(\d{1,2})\s?[日일]")
TIME = re.compile(
    r"(?:[T ,:]+(?:um |at )?(\d{1,2})[:.h](\d{2})(?::(\d{2})(?:[.,](\d{1,9}))?)?"
    r"\s*([AaPp])?\.?[Mm]?\.?)?"
    r"\s*(Z|UTC|[+-]\d{2}:?\d{2})?(?: Uhr)?$"
)
THREE = re.compile(r"^(\d{1,4})([-./ ])\s?(\d{1,2})\2\s?(\d{1,4})\.?(?=$|[T ,])")
NAMED = re.compile(
    r"^(?:\w{2,10}\.?,\s)?(?:(\d{1,2})(?:st|nd|rd|th|\.|er|º)?[-. /]*(?:de )?([^\W\d]{3,10})\.?,?"
    r"[-. /]*(?:de )?(\d{2,4})|([^\W\d]{3,10})\.?[-. ]*(\d{1,2})(?:st|nd|rd|th)?,?[-. ]+(\d{4})|"
    r"(\d{4})[-. /]*([^\W\d]{3,10})[-. /]*(\d{1,2}))(?=$|[T ,:])"
)
COMPACT = re.compile(
    r"^((?:19|20)\d{2})(0[1-9]|1[0-2])(0[1-9]|[12]\d|3[01])(?:(\d{2})(\d{2})(\d{2})?)?$"
)
DATE_NAME = re.compile(
    r"date|datum|(^|[ _.-])(dat|day|dt|dob|geb|fecha|data)([ _.-]|$)|admi(t|ssion)|discharge|"
    r"birth|geburt|naissance|(^|_)(time|when|at)$|aufnahme|entlassung|_dt$|_date$|visit.?on",
    re.IGNORECASE,
)  # fmt: skip
ONLY_DATES = re.compile(r"date|datum|fecha|timestamp|(^|[ _.-])(dob|dt)($|[ _.-])", re.IGNORECASE)
BIRTH = re.compile(r"birth|dob|geburt|geb([ _.-]|$)|naissance|nacimiento|nascita", re.IGNORECASE)
SERIAL_LOW, SERIAL_HIGH = 15_000, 60_000
"""Days since 30 December 1899 from 1941 to 2064: what a spreadsheet shows of a date as number."""
LAST_DAY = 2_958_465
"""31 December 9999."""
LAST_YEAR = 9999
PIVOT = 30
"""Two-digit years more than this many years ahead are of the last century (POSIX: 69)."""


@dataclass(frozen=True)
class Found:
    """The numbers of one cell: three in the order of the file, or year, month, day by names."""

    first: int
    second: int
    third: int
    digits: tuple[int, int, int]
    known: bool
    time: tuple[int, int, int, int]
    zone: int | None


def found(text: str) -> Found | None:
    """What a cell holds where it looks like a date; None where it does not."""
    cell = EAST.sub(r"\1-\2-\3", plain(text).strip())
    return _compact(cell) or _three_numbers(cell) or _with_a_name(cell)


def _compact(cell: str) -> Found | None:
    """ "20230115", or with the time behind it."""
    shown = COMPACT.match(cell)
    if not shown:
        return None
    year, month, day, hour, minute, second = (int(part or 0) for part in shown.groups())
    return Found(year, month, day, (4, 2, 2), True, (hour, minute, second, 0), None)


def _three_numbers(cell: str) -> Found | None:
    shown = THREE.match(cell)
    if not shown:
        return None
    first, second, third = shown[1], shown[3], shown[4]
    sizes = (len(first), len(second), len(third))
    rest = _time(cell[shown.end() :])
    # One side is the year, of four digits or of two.
    if rest is None or 3 in sizes or sizes[0] + sizes[2] > 6 or (sizes[0] <= 2 and sizes[2] == 1):
        return None
    return Found(int(first), int(second), int(third), sizes, sizes[0] == 4, *rest)


def _with_a_name(cell: str) -> Found | None:
    shown = NAMED.match(cell)
    if not shown:
        return None
    groups = [shown.group(1, 2, 3), shown.group(5, 4, 6), shown.group(9, 8, 7)]
    day, word, year = next(group for group in groups if group[0])
    month, rest = _month(word), _time(cell[shown.end() :])
    if month is None or rest is None:
        return None
    return Found(int(year), month, int(day), (len(year), 2, 2), True, *rest)


def _month(name: str) -> int | None:
    word = name.casefold().rstrip(".")
    return MONTHS.get(word) or SHORT.get(word) or (SHORT.get(word[:3]) if len(word) <= 4 else None)


def _time(rest: str) -> tuple[tuple[int, int, int, int], int | None] | None:
    shown = TIME.match(rest)
    if not shown:
        return None
    hour, minute, second = int(shown[1] or 0), int(shown[2] or 0), int(shown[3] or 0)
    if shown[5]:
        hour = hour % 12 + (12 if shown[5] in "pP" else 0)
    if hour > 23 or minute > 59 or second > 59:
        return None
    micro = int((shown[4] or "0").ljust(6, "0")[:6])
    zone = None
    if shown[6]:
        zone = (
            0
            if shown[6] in ("Z", "UTC")
            else int(shown[6][:3]) * 60 + int(shown[6][0] + shown[6][-2:])
        )
    return (hour, minute, second, micro), zone


def orders(cells: Iterable[Found]) -> set[str]:
    """The orders that the cells prove: a number above 12 cannot be a month."""
    proved = set()
    for cell in cells:
        if cell.known or cell.digits[0] == 4:
            continue
        if cell.first > 12 and cell.digits[2] != 4 and cell.first > 31:
            proved.add("ymd")
        elif cell.first > 12 >= cell.second:
            proved.add("dmy")
        elif cell.second > 12 >= cell.first:
            proved.add("mdy")
    return proved


@dataclass(frozen=True)
class Dates:
    """The distinct cells of a column, read as dates.

    Attributes:
        values: (d,) datetime64[us], NaT where missing or no date.
        wrong, gone: (d,) no date; missing.
        order: "dmy", "mdy" or "ymd"; empty where names or the year first leave no choice.
        proved: the cells, or other columns of the table, show the order.
        serial: the cells are day numbers of a spreadsheet.
        moved: two-digit years that were put into the last century.
        zones: cells with a time zone.
    """

    cells: Cells
    values: NDArray[np.datetime64]
    wrong: NDArray[np.bool_]
    gone: NDArray[np.bool_]
    order: str = ""
    proved: bool = True
    serial: bool = False
    short: NDArray[np.bool_] | None = None
    zones: NDArray[np.bool_] | None = None

    @property
    def is_date(self) -> bool:
        """Whether nearly all known cells are dates."""
        known = int(self.cells.counts[~self.gone].sum())
        return known > 0 and int(self.cells.counts[self.wrong].sum()) <= 0.1 * known

    def column(self) -> pd.Series[pd.Timestamp]:
        """(n,) the rows."""
        return pd.Series(self.values[self.cells.codes]).astype("datetime64[us]")


def looks_like_dates(cells: Cells, asked: Asked) -> bool:
    """A quick look at some cells, so that text is not read twice."""
    shown = [text for text in cells.distinct[:200] if text.casefold() not in missing.NO_NUMBER]
    return bool(shown) and sum(found(text) is not None for text in shown) > 0.7 * len(shown)


def plainly(cells: Cells, gone: NDArray[np.bool_], asked: Asked) -> bool:
    """Whether nearly all cells are dates with a year of four digits, and not of digits alone: no
    codes, whatever the column is called. Of "dx" some hold what was found, and some when."""
    if not looks_like_dates(cells, asked):
        return False
    known = [text for text, out in zip(cells.distinct, gone, strict=True) if not out]
    told = [found(text) for text in known if not text.strip().isdigit()]
    seen = [one for one in told if one and 4 in one.digits]
    order, _ = _order(seen, asked)
    dated = sum(_date(one, order, LAST_YEAR) is not None for one in seen)
    return dated > 0.9 * len(known)


def read(cells: Cells, asked: Asked) -> Dates:
    """Read distinct cells as dates, whether or not the column holds them."""
    gone = missing.missing(cells, asked, numeric=True)
    seen = [None if out else found(text) for text, out in zip(cells.distinct, gone, strict=True)]
    order, proved = _order([one for one in seen if one], asked)
    latest = _latest(asked)
    short = np.array(
        [one is not None and _year_digits(one, order) == 2 for one in seen], dtype=bool
    )
    values = np.array(
        [_date(one, order, latest) if one else None for one in seen], dtype="datetime64[us]"
    )
    wrong = ~gone & np.isnat(values)
    zones = np.array([one is not None and one.zone is not None for one in seen], dtype=bool)
    return Dates(cells, values, wrong, gone, order, proved, False, short, zones)


def _latest(asked: Asked) -> int:
    """The last year that a two-digit year may stand for."""
    this = datetime.date.today().year
    return this if BIRTH.search(asked.column) else this + PIVOT


def serials(cells: Cells, numbers: NDArray[np.float64], gone: NDArray[np.bool_]) -> Dates:
    """Day numbers of a spreadsheet (1900 date system) as dates.

    Day 60 is 29 February 1900, which never was; before it the numbers are one less.
    """
    none = np.isnan(numbers) | (np.floor(numbers) == 60) | (numbers < 0) | (numbers > LAST_DAY)
    days = np.where(none, 0, numbers) + (numbers < 60)
    origin = np.datetime64("1899-12-30T00:00:00", "us")
    values = origin + np.round(days * 86_400).astype("timedelta64[s]")
    values[none] = np.datetime64("NaT")
    for place in np.flatnonzero(none & ~gone):
        one = found(str(cells.distinct[place]))
        if one is not None and one.known and (day := _date(one, "ymd", LAST_YEAR)):
            values[place], none[place] = np.datetime64(day, "us"), False
    return Dates(cells, values.astype("datetime64[us]"), ~gone & none, gone, serial=True)


def _order(seen: list[Found], asked: Asked) -> tuple[str, bool]:
    open_ = [one for one in seen if not one.known and one.digits[0] != 4]
    if not open_:
        return "", True
    chosen = asked.choice("dates", tuple(ORDERS))
    if chosen:
        return chosen, True
    proved = orders(open_)
    if proved == {"dmy"} and all(map(_may_start_with_the_year, open_)):
        return _sooner(open_, asked), False
    if len(proved) == 1:
        return proved.pop(), True
    if proved:
        counts = Counter(next(iter(orders([one])), "") for one in open_)
        del counts[""]
        return counts.most_common(1)[0][0], True
    if asked.table.dates:
        return asked.table.dates, True
    if asked.written.dates:
        return asked.written.dates, True
    return "dmy", False


def _may_start_with_the_year(one: Found) -> bool:
    """21-03-25 is a day of 2021 or of 2025."""
    return one.digits == (2, 2, 2) and one.second <= 12 and 1 <= one.third <= 31


def _sooner(open_: list[Found], asked: Asked) -> str:
    """The day first, unless only the year first keeps all dates out of the future."""
    now, latest = datetime.datetime.now(), _latest(asked)

    def ahead(order: str) -> bool:
        return any((day := _date(one, order, latest)) is None or day > now for one in open_)

    return "ymd" if ahead("dmy") and not ahead("ymd") else "dmy"


def _year_digits(one: Found, order: str) -> int:
    return one.digits[0] if one.known or order == "ymd" or one.digits[0] == 4 else one.digits[2]


@lru_cache(maxsize=200_000)
def _date(one: Found, order: str, latest: int) -> datetime.datetime | None:
    if one.known or one.digits[0] == 4 or order == "ymd":
        year, month, day = one.first, one.second, one.third
    else:
        day, month, year = one.first, one.second, one.third
        if order == "mdy":
            day, month = month, day
    if _year_digits(one, order) == 2:
        year += 2000
        if year > latest:
            year -= 100
    try:
        when = datetime.datetime(year, month, day, *one.time)
    except ValueError:
        return None
    return when - datetime.timedelta(minutes=one.zone) if one.zone else when


def called_one(cells: Cells, gone: NDArray[np.bool_], asked: Asked) -> list[Decision]:
    """What is said of numbers in a column whose name says that it holds dates."""
    if not ONLY_DATES.search(asked.column) or not (~gone).any():
        return []
    shown = str(cells.distinct[~gone][0])
    sentence = (
        f"'{asked.column}' is called a date but holds numbers such as '{shown}': they were read "
        "as numbers."
    )
    same = asked.decision("dates", "number", sentence, cells, ~gone)
    pairs = tuple((one, one) for one, _ in same.examples)
    return [replace(same, examples=pairs, options=("number", "serial"), proved=False)]


def decisions(dates: Dates, asked: Asked) -> list[Decision]:
    """What was decided to read the column as dates."""
    told = [*_of_order(dates, asked.column), *_of_years_and_zones(dates, asked.column)]
    if dates.wrong.any():
        told.append(spoiled(dates.cells, dates.wrong, asked, "date"))
    return [*told, *missing.decisions(dates.cells, dates.gone, asked)]


def _of_order(dates: Dates, name: str) -> list[Decision]:
    """How the cells were taken for dates; dates of ISO 8601 leave nothing to say."""
    known = ~np.isnat(dates.values)
    about = (name, int(dates.cells.counts[known].sum()), _shown(dates, known))
    if dates.serial:
        sentence = f"'{name}' holds day numbers of a spreadsheet; they were read as dates."
        return [Decision("dates", "serial", sentence, *about, ("serial", "number"), proved=False)]
    if dates.order:
        sentence = f"'{name}' was read with the {ORDERS[dates.order]}"
        sentence += "." if dates.proved else "; no cell proves it."
        return [Decision("dates", dates.order, sentence, *about, tuple(ORDERS), dates.proved)]
    if all(_iso(dates.cells.distinct[i]) for i in np.flatnonzero(known)[:50]):
        return []
    return [Decision("dates", "named", f"'{name}' was read as dates.", *about)]


def _of_years_and_zones(dates: Dates, name: str) -> list[Decision]:
    known, told = ~np.isnat(dates.values), []
    for rule, which, what in (
        ("years", dates.short, "have years of two digits"),
        ("zones", dates.zones, "name a time zone; their times were turned to UTC"),
    ):
        at = known & which if which is not None else np.zeros_like(known)
        if at.any():
            rows = int(dates.cells.counts[at].sum())
            sentence = f"{rows:,} cells of '{name}' {what}."
            told.append(Decision(rule, "said", sentence, name, rows, _shown(dates, at)))
    return told


def _shown(dates: Dates, which: NDArray[np.bool_]) -> tuple[tuple[str, str], ...]:
    """(as written, as read) of two of these cells."""
    return tuple(
        (
            str(dates.cells.distinct[i]),
            str(dates.values[i].astype("datetime64[s]")).removesuffix("T00:00:00"),
        )
        for i in np.flatnonzero(which)[:2]
    )


def _iso(text: str) -> bool:
    return bool(re.match(r"^\d{4}-\d{2}-\d{2}(?:$|[T ])", text))
