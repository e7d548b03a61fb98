"""Cells that are numbers: signs, marks, units, laboratory flags, limits, ages."""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from pmed_core import units
from pmed_core.errors import UserError
from pmed_core.readers.columns import missing
from pmed_core.readers.columns.asked import Asked, Cells
from pmed_core.readers.columns.marks import Marks, decide, parse, plain

MOSTLY = 0.9
INFINITE = frozenset({"inf", "+inf", "-inf", "infinity", "-infinity", "∞", "-∞"})
LIMIT = {
    "<": "<", ">": ">", "≤": "<", "≥": ">", "<=": "<", ">=": ">", "=<": "<", "=>": ">",
    "less than": "<", "more than": ">", "greater than": ">", "below": "<", "above": ">",
    "under": "<", "over": ">", "unter": "<", "über": ">", "up to": "<", "at least": ">",
    "at most": "<", "menor que": "<", "mayor que": ">", "kleiner": "<", "größer": ">",
}  # fmt: skip
LIMITS = ("limit", "half", "missing")
"""What can be chosen for "<0.5": the limit itself, half of a lower one, or nothing known."""
WORDS = "|".join(sorted((re.escape(word) for word in LIMIT), key=len, reverse=True))
NUMBER = re.compile(
    rf"(?P<limit>{WORDS})?\s*(?P<flag>[A-Za-z*!↑↓]{{1,4}}\s+|\*+\s*)?(?P<open>\()?\s*"
    r"(?P<sign>[-+])?\s*(?P<body>\d(?:[\d.,' ]*\d)?[.,]?|[.,]\d+)"
    r"(?:[eE](?P<exponent>[-+]?\d{1,3})|\s*(?P<power>[x×*·⋅]\s*10\s*\^?\s*[-+]?\d{1,3}))?"
    r"(?P<trailing>-(?=\s*\)?$))?\s*(?P<close>\))?(?P<rest>.*)", re.DOTALL | re.IGNORECASE,
)  # fmt: skip
AGE = re.compile(r"(\d{3})([YMWD])", re.IGNORECASE)
YEARS = {"Y": 1.0, "M": 1 / 12, "W": 7 / 365.25, "D": 1 / 365.25}
MONEY = re.compile(r"([-+(]?)\s*(US\$|[$€£¥₹]|(?:USD|EUR|GBP|CHF)\b)\s*(?=[\d.,])(.*)", re.DOTALL)
POWERS = re.compile(r"(?<=\d)\s+10(?:\*\*?|\^|[eE])(\d{1,2})(?=\s*/)")
"""A unit that counts in powers of ten without a cross before them, as UCUM's 10*3/uL."""
TEMPERATURE = re.compile(r"temp|celsius|fieber|fever", re.IGNORECASE)


@dataclass(frozen=True)
class Part:
    """A cell that holds one number: its digits with their marks, and what stands around them."""

    body: str
    negative: bool = False
    exponent: str = ""
    limit: str = ""
    unit: str = ""
    flag: str = ""
    sign: str = ""

    def value(self, marks: Marks) -> float | None:
        """None where the digits do not fit these marks."""
        number = parse(self.body, marks)
        if number is None:
            return None
        if self.exponent:
            number = float(f"{number!r}e{self.exponent}")
        return -number if self.negative else number


def part(text: str) -> Part | None:
    """What a cell holds besides digits; None where it is no single number."""
    cell = plain(text)
    if age := AGE.fullmatch(cell):
        return Part(age[1], unit=f"age in {age[2].upper()}")
    money = MONEY.fullmatch(cell)
    cell = money[1] + money[3] if money else POWERS.sub(r" x10^\1", cell)
    found = NUMBER.fullmatch(cell)
    flag = (found["flag"] or "").strip() if found else ""
    if not found or not _closed(found) or (flag and not units.is_flag(flag)):
        return None
    exponent, rest = _exponent(found)
    limit = LIMIT.get((found["limit"] or "").casefold(), "")
    if rest == "+" and not limit:
        limit, rest = ">", ""
    unit, more = _unit_and_flag(rest)
    if unit is None or (flag and more):
        return None
    sign, unit = _sign(found, text), unit or (money[2] if money else "")
    return Part(found["body"].rstrip(".,"), bool(sign), exponent, limit, unit, flag or more, sign)


def _closed(found: re.Match[str]) -> bool:
    """Whether brackets come in pairs, and stand instead of a sign."""
    if not found["open"]:
        return not found["close"]
    return bool(found["close"]) and not found["sign"] and not found["limit"]


def _exponent(found: re.Match[str]) -> tuple[str, str]:
    """(exponent, what follows): "250 x10^9/L" counts in a unit, "1.2x10^3" is a number."""
    power, rest = found["power"] or "", found["rest"].strip()
    if power and rest:
        return "", power + rest
    if power:
        return re.sub(r"^[x×*·⋅]\s*10\s*\^?\s*", "", power), rest
    return found["exponent"] or "", rest


def _sign(found: re.Match[str], text: str) -> str:
    """How a negative number is written; empty for a positive one."""
    if found["open"]:
        return "brackets"
    if found["trailing"]:
        return "trailing"
    if found["sign"] == "-":
        return "-" if "-" in text else "minus"
    return ""


def _unit_and_flag(rest: str) -> tuple[str | None, str]:
    """ "mg/dL H" -> ("mg/dL", "H"); None for what is neither."""
    if not rest:
        return "", ""
    if units.is_flag(rest):
        # "H" is high or an hour, "L" low or a litre; the column decides.
        return (rest if units.is_unit(rest) else ""), rest
    inner = units.BRACKETS.sub(r"\1", rest)
    if units.is_unit(rest) or (units.is_unit(inner) and not inner[0].isdigit()):
        return inner, ""
    first, _, last = rest.rpartition(" ")
    if first and units.is_flag(last) and units.is_unit(first):
        return first.strip(), last
    # A word that all cells share is a unit too ("3 puffs"); the column decides.
    return (rest, "") if re.fullmatch(r"[^\W\d_]{3,20}(?: [^\W\d_]{2,20})?", rest) else (None, "")


@dataclass(frozen=True)
class Numbers:
    """The distinct cells of a column, read as numbers.

    Attributes:
        values: (d,) NaN where missing or not a number.
        wrong: (d,) neither a number nor missing.
        gone: (d,) missing.
        parts: (d,) what each cell holds; None for a plain number.
        marks: decided for the column.
        zero: (d,) words that mean that there were none, and were read as 0.
        unit: of the column; empty where its cells name none.
        clash: units of which the column has more than one.
        limits: one of ``LIMITS``.
    """

    cells: Cells
    values: NDArray[np.float64]
    wrong: NDArray[np.bool_]
    gone: NDArray[np.bool_]
    parts: list[Part | None]
    marks: Marks
    zero: NDArray[np.bool_]
    unit: str = ""
    clash: tuple[str, ...] = ()
    limits: str = LIMITS[0]

    @property
    def known(self) -> int:
        """Rows that are not missing."""
        return int(self.cells.counts[~self.gone].sum())

    @property
    def bad(self) -> int:
        """Rows that are neither a number nor missing."""
        return int(self.cells.counts[self.wrong].sum())

    @property
    def is_number(self) -> bool:
        """Whether nearly all known cells are numbers."""
        return self.known > 0 and self.bad <= (1 - MOSTLY) * self.known

    def column(self) -> NDArray[np.float64]:
        """(n,) the rows; NaN where missing or not a number."""
        return self.values[self.cells.codes]


def read(cells: Cells, asked: Asked) -> Numbers:
    """Read distinct cells as numbers, whether or not the column is one."""
    gone = missing.missing(cells, asked, numeric=True)
    zero = np.array(_zeros(cells, asked), dtype=bool)
    gone &= ~zero
    parts = [None if out else part(text) for text, out in zip(cells.distinct, gone, strict=True)]
    parts = _flags_or_units(parts, cells, asked.column)
    marks = decide([found.body for found in parts if found], asked)
    values = np.array(
        [np.nan if p is None or (v := p.value(marks)) is None else v for p in parts], np.float64
    )
    values[zero] = 0.0
    limits = asked.choice("limits", LIMITS) or asked.written.limits or LIMITS[0]
    values, gone = _of_limits(values, gone, parts, limits)
    infinite = np.array([plain(t).casefold() in INFINITE for t in cells.distinct], dtype=bool)
    values[infinite] = np.inf
    values, unit, clash = _in_one_unit(cells, values, parts, asked)
    wrong = ~gone & (np.isnan(values) | infinite)
    return Numbers(cells, values, wrong, gone, parts, marks, zero, unit, clash, limits)


def _of_limits(
    values: NDArray[np.float64], gone: NDArray[np.bool_], parts: list[Part | None], how: str
) -> tuple[NDArray[np.float64], NDArray[np.bool_]]:
    """The values, and what is missing, where cells that hold a limit are read in that way."""
    lower = np.array([p is not None and p.limit == "<" for p in parts], dtype=bool)
    every = np.array([p is not None and bool(p.limit) for p in parts], dtype=bool)
    if how == "half":
        values = np.where(lower, values / 2, values)
    if how == "missing":
        values, gone = np.where(every, np.nan, values), gone | every
    return values, gone


def _zeros(cells: Cells, asked: Asked) -> list[bool]:
    """Which distinct cells are words for none that the user, or training, took for 0."""
    words = {text for text, meant in asked.written.spellings if meant == "0"}
    if asked.choice("missing") == "zero":
        words |= missing.NOTHING_OR_ZERO | {"-"}
    return [text.casefold() in words for text in cells.distinct]


def _flags_or_units(parts: list[Part | None], cells: Cells, column: str) -> list[Part | None]:
    """Letters that are both: flags where "H" is among them or most cells have none."""
    both = [p is not None and bool(p.unit) and p.unit == p.flag for p in parts]
    if not any(both):
        return parts
    letters = {p.unit.strip("()[] ") for p, it_is in zip(parts, both, strict=True) if p and it_is}
    rows = int(cells.counts[both].sum())
    flags = "H" in letters or rows < 0.5 * int(cells.counts[[p is not None for p in parts]].sum())
    degrees = {p.unit.casefold() for p in parts if p and p.unit} & {"f", "°f", "°c"}
    if letters <= {"C", "c"} and (degrees or TEMPERATURE.search(column)):
        flags = False
    return [
        replace(p, unit="" if flags else p.unit, flag=p.flag if flags else "") if p and it_is else p
        for p, it_is in zip(parts, both, strict=True)
    ]


def _in_one_unit(
    cells: Cells, values: NDArray[np.float64], parts: list[Part | None], asked: Asked
) -> tuple[NDArray[np.float64], str, tuple[str, ...]]:
    named = [
        p.unit or asked.bare_unit if p and not np.isnan(v) else ""
        for p, v in zip(parts, values, strict=True)
    ]
    ages = np.array([name.startswith("age in ") for name in named], dtype=bool)
    if ages.any() and all(ages | np.isnan(values)):
        factors = [YEARS[name[-1]] if name else np.nan for name in named]
        return values * np.array(factors), "years", ()
    rows: Counter[str] = Counter()
    spelt: dict[str, Counter[str]] = {}
    for name, count in zip(named, cells.counts, strict=True):
        if name:
            rows[units.same_unit(name)] += int(count)
            spelt.setdefault(units.same_unit(name), Counter())[name] += int(count)
    if not rows:
        return values, "", ()
    shown = {key: found.most_common(1)[0][0] for key, found in spelt.items()}
    words = [key for key in rows if not units.is_unit(shown[key])]
    if any(rows[key] < MOSTLY * cells.counts[cells.distinct != ""].sum() for key in words):
        # Words beside a few numbers are remarks, not units.
        odd = np.array([units.same_unit(name) in words if name else False for name in named])
        values = np.where(odd, np.nan, values)
        rows = Counter({key: count for key, count in rows.items() if key not in words})
        if not rows:
            return values, "", ()
    to = asked.wanted_unit
    if len(rows) == 1 and not to:
        return values, shown[next(iter(rows))], ()
    target = to or ""
    if not target:
        return values, "", tuple(shown[key] for key in rows)
    return _converted(values, named, asked.column, target)


def _converted(
    values: NDArray[np.float64], named: list[str], column: str, to: str
) -> tuple[NDArray[np.float64], str, tuple[str, ...]]:
    moved = [
        value if not name or np.isnan(value) else units.converted(value, column, name, to)
        for value, name in zip(values, named, strict=True)
    ]
    if any(value is None for value in moved):
        strange = [n for n, v in zip(named, moved, strict=True) if v is None]
        return values, "", (to, units.usual(strange))
    return np.array(moved, dtype=np.float64), to, ()


def not_convertible(unit: str, to: str, asked: Asked) -> UserError:
    """What is said of cells in a unit that is not known in the other."""
    return UserError(
        f"'{unit}' cannot be converted to '{to}'", f"{asked.where}, column '{asked.column}'",
        f"Correct the units in the file; where its cells name none, say in what they are: "
        f"unit:{asked.column}={to}.",
    )  # fmt: skip


def refuse_two_units(numbers: Numbers, asked: Asked) -> None:
    """Raise ``UserError`` where a column mixes units that nobody said how to convert."""
    if numbers.clash and (to := asked.wanted_unit):
        raise not_convertible(numbers.clash[-1], to, asked)
    if numbers.clash:
        shown = " and ".join(f"'{unit}'" for unit in numbers.clash[:3])
        fits = [to for to in numbers.clash if all(
            units.converted(1.0, asked.column, unit, to) is not None for unit in numbers.clash
        )]  # fmt: skip
        raise UserError(
            f"The cells have different units: {shown}",
            f"{asked.where}, column '{asked.column}'",
            f"Correct them in the file, or choose one to convert to: unit:{asked.column}="
            f"{fits[0]}." if fits else "Write all of them in one unit.",
        )  # fmt: skip


def written_plainly(cells: pd.Series[Any]) -> NDArray[np.float64] | None:
    """(n,) where every cell that is not empty is a number as programs write them."""
    if cells.dtype.kind in "iuf":
        return cells.to_numpy(dtype=np.float64, na_value=np.nan)
    texts = pa.array(cells.array, pa.large_string())
    try:
        found = pc.cast(pc.if_else(pc.equal(texts, ""), None, texts), pa.float64())
    except pa.ArrowInvalid:
        return None
    values = found.to_numpy(zero_copy_only=False).astype(np.float64)
    empty = pc.fill_null(pc.equal(texts, ""), True).to_numpy(zero_copy_only=False)
    return None if (np.isnan(values) & ~empty).any() else values
