"""Columns of every kind, written as people and programs write them, and what their cells mean."""

from __future__ import annotations

import datetime
import random
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

ROWS = 16
GAP: Any = None
"""A cell in which nothing is known."""


@dataclass
class Sheet:
    """Columns as written, and what each of their cells means.

    Attributes:
        cells: name -> text cells.
        meant: name -> numbers, moments or text; GAP where nothing is known. A column whose meaning
            only its author knows is not in it.
    """

    cells: dict[str, list[str]] = field(default_factory=dict)
    meant: dict[str, list[Any]] = field(default_factory=dict)

    def add(self, name: str, cells: list[str], meant: list[Any] | None = None) -> None:
        name = name if name not in self.cells else f"{name} {len(self.cells)}"
        self.cells[name] = cells
        if meant is not None:
            self.meant[name] = meant


@dataclass(frozen=True)
class Style:
    """How the author of one table writes."""

    decimal: str
    thousands: str
    minus: str
    gap: str


LOCALES = (
    (".", ""), (".", ","), (",", "."), (",", ""), (",", " "), (",", "\u00a0"), (",", "\u202f"),
    (".", "'"), (".", "’"), (".", " "),
)  # fmt: skip
MINUSES = ("-", "\N{MINUS SIGN}", "\N{EN DASH}", "brackets", "trailing")
GAPS = ("", "NA", "n/a", "NULL", ".", "?", "nan", "-", "unknown", "not done", "#N/A", "k.A.")
UNITS = ("mg/L", "mmol/L", "%", "kg", "10^9/L", "mmHg", "µmol/l", "days")
ORDERS = ("%d{0}%m{0}%Y", "%m{0}%d{0}%Y", "%Y{0}%m{0}%d", "%d{0}%m{0}%y", "%d-%b-%Y", "%d %B %Y")
IDS = ("{:d}", "{:05d}", "P{:04d}", "2023-{:03d}", "30000000000000{:04d}", "{:08d}", "A{:d}/19")
ID_NAMES = ("patient_id", "mrn", "subject_id", "hadm_id", "stay_id", "record_id", "person_id",
            "PAT_ID", "Fallnummer", "uniquepid", "IPP", "study no")  # fmt: skip
CODES = {
    "icd9": ("250.00", "250.0", "414.01", "V58.1", "E880.9"),
    "icd10_code": ("E11.9", "I10", "J18.9", "E11.90"),
    "loinc": ("2345-7", "718-7", "4548-4"),
    "atc": ("A10BA02", "C09AA05", "N02BE01"),
    "ndc": ("00093-7214-01", "0002-8215-01", "00093-7214-10"),
    "zip code": ("02139", "10001", "00501"),
    "cpt_code": ("99213", "99214", "00100"),
    "version": ("1.10", "1.1", "1.2"),
}
LEVELS = (
    ("None", "Mild", "Severe"), ("NA", "ZA", "BW", "AO"), ("Na", "K", "Ca"), ("A", "B", "AB"),
    ("never", "former", "current"), ("I", "II", "III", "IV"), ("wt", "mut"), ("T/T", "T/C", "C/C"),
    ("nördlich", "südlich"), ("内科", "外科"), ("ja", "nein"), ("Y", "N"), ("1a", "1b", "2"),
)  # fmt: skip
SPELT = (
    (("Male", "male", "MALE "), ("Female", "female", "FEMALE")), (("Yes", "yes", "Y"), ("No", "N")),
    (("True", "TRUE", "1"), ("False", "FALSE", "0")), (("ICU 1", "ICU  1", "icu 1"), ("ICU 2",)),
    (("II-A", "II\N{EN DASH}A"), ("III",)), (("ja", "Ja", "JA"), ("nein", "Nein")),
    (("1", "1.0"), ("2", "2.0"), ("g3", "G3")),
)  # fmt: skip
OTHERS = (
    ("bp", ("120/80", "135/90", "110/70")), ("pain", ("1-2", "3-4", "5-6")),
    ("titre", ("1:20", "1:40", "1:80")), ("at", ("08:30", "14:45", "23:10")),
    ("well", ("1E1", "2E3", "3E4")), ("ward", ("3D", "4D", "5D")), ("hla", ("01:01", "02:01")),
    ("cost", ("$1,200.50", "$98.00", "$3.00")), ("note", ("see chart", "ok, stable", "n.a. today")),
    ("visit", ("2021", "2020-05", "2021-03-04")), ("dose", ("1/2", "1/4", "1")),
    ("height", ("5'11\"", "6'0\"", "5'4\"")), ("gene", ("1-Mar", "TP53", "2-Sep")),
)  # fmt: skip


def table(seed: int) -> Sheet:
    """A table of four to seven columns of any kinds, in the ways of one author."""
    rng = random.Random(seed)
    decimal, thousands = rng.choice(LOCALES)
    style = Style(decimal, thousands, rng.choice(MINUSES), rng.choice(GAPS))
    sheet = Sheet()
    _ids(sheet, rng, style)
    for make in rng.choices(KINDS, k=rng.randint(3, 6)):
        make(sheet, rng, style)
    return sheet


def _ids(sheet: Sheet, rng: random.Random, style: Style) -> None:
    form, visits = rng.choice(IDS), rng.choice((1, 1, 2))
    cells = [form.format(n // visits + 1) for n in range(ROWS)]
    sheet.add(rng.choice(ID_NAMES), cells, list(cells))


def _number(value: float, decimals: int, style: Style) -> str:
    text = f"{abs(value):,.{decimals}f}".replace(",", "T").replace(".", style.decimal)
    text = text.replace("T", style.thousands)
    if value >= 0:
        return text
    behind = {"trailing": f"{text}-", "brackets": f"({text})"}
    return behind.get(style.minus, f"{style.minus}{text}")


def _numbers(sheet: Sheet, rng: random.Random, style: Style) -> None:
    top, decimals = rng.choice((8, 90, 4_000, 900_000)), rng.choice((0, 1, 2))
    low = rng.choice((0, 0, -top / 5))
    values = [round(rng.uniform(low, top), decimals) + 0.0 for _ in range(ROWS)]
    mark = rng.choice(("", "", "", "unit", "flag", "limit"))
    if style.minus in ("trailing", "brackets"):
        # Nobody writes "5- mg/L"; such a cell is named as spoiled.
        mark = ""
    unit, flagged = rng.choice(UNITS), {n for n in range(ROWS) if rng.random() < 0.3}
    cells, meant = [], []
    for n, value in enumerate(values):
        text = _number(value, decimals, style)
        if mark == "unit":
            text += f"{rng.choice((' ', '')) if unit == '%' else ' '}{unit}"
        elif mark == "flag" and n in flagged:
            text += rng.choice((" H", " L", "*", " (H)"))
        elif mark == "limit" and n in flagged and value >= 0:
            text = rng.choice(("<", ">", "< ", "≥")) + text
        gap = rng.random() < 0.12
        cells.append(style.gap if gap else text)
        meant.append(GAP if gap else value)
    sheet.add(rng.choice(("crp", "ferritin", "platelets", "sodium", "base excess")), cells, meant)


def _dates(sheet: Sheet, rng: random.Random, style: Style) -> None:
    form = rng.choice(ORDERS).format(rng.choice("./-"))
    clock = rng.choice(("", "", " %H:%M", " %H:%M:%S")) if "%y" not in form else ""
    start = datetime.datetime(1990, 1, 1) if "%y" in form else datetime.datetime(1950, 1, 1)
    days = [start + datetime.timedelta(days=rng.randrange(10_000)) for _ in range(ROWS)]
    # Days that prove the order, and a year that is no day of a month.
    days[:2] = [datetime.datetime(1999, 3, 25), datetime.datetime(1998, 12, 31)]
    if clock:
        days = [day.replace(hour=rng.randrange(24)) for day in days]
    gaps = {n for n in range(2, ROWS) if rng.random() < 0.1}
    cells = [style.gap if n in gaps else d.strftime(form + clock) for n, d in enumerate(days)]
    meant = [GAP if n in gaps else d for n, d in enumerate(days)]
    sheet.add(rng.choice(("admitted", "visit date", "dob", "seen on")), cells, meant)


def _coded(sheet: Sheet, rng: random.Random, style: Style) -> None:
    name = rng.choice(sorted(CODES))
    first = CODES[name]
    cells = [*first, *(rng.choice(first) for _ in range(ROWS - len(first)))]
    sheet.add(name, cells, list(cells))


def _levels(sheet: Sheet, rng: random.Random, style: Style) -> None:
    first = rng.choice(LEVELS)
    cells = [*first, *(rng.choice(first) for _ in range(ROWS - len(first)))]
    sheet.add(rng.choice(("group", "status", "finding")), cells, list(cells))


def _spelt(sheet: Sheet, rng: random.Random, style: Style) -> None:
    words = [word for level in rng.choice(SPELT) for word in level]
    cells = [*words, *(rng.choice(words) for _ in range(ROWS - len(words)))]
    sheet.add(rng.choice(("sex", "smoker", "ward", "stage")), cells)


def _others(sheet: Sheet, rng: random.Random, style: Style) -> None:
    name, words = rng.choice(OTHERS)
    sheet.add(name, [rng.choice((*words, style.gap)) for _ in range(ROWS)])


def _spoiled(sheet: Sheet, rng: random.Random, style: Style) -> None:
    """Numbers among which words stand, more or fewer."""
    words = rng.choice((("see remark",), ("negative", "trace"), ("Refused",), (".a", ".b")))
    share = rng.choice((0.07, 0.3))
    cells = [
        rng.choice(words) if rng.random() < share else f"{rng.uniform(1, 50):.1f}"
        for _ in range(ROWS)
    ]
    sheet.add("lab", [cell.replace(".", style.decimal) if cell[0].isdigit() else cell
                      for cell in cells])  # fmt: skip


def _counts(sheet: Sheet, rng: random.Random, style: Style) -> None:
    """Small whole numbers, with a word for none or a number that stands for missing."""
    others = rng.choice((("none",), ("999",), ("-9",), ("9",), ("-1", "-2"), ()))
    choices = [*map(str, range(rng.choice((2, 4, 7)))), *others]
    sheet.add(rng.choice(("children", "lesions", "score")), rng.choices(choices, k=ROWS))


def _odd(sheet: Sheet, rng: random.Random, style: Style) -> None:
    """One value, nothing at all, zeros in front, many digits, powers of ten."""
    kinds: list[Callable[[int], str]] = [
        lambda n: "x", lambda n: "", lambda n: f"{n % 5:03d}", lambda n: f"1234567890123456{n:02d}",
        lambda n: f"{n + 1}.5e{n % 4}", lambda n: f"{n}E{n % 3}", lambda n: rng.choice(("", "x")),
        lambda n: "inf" if n == 3 else f"{n}.5", lambda n: f"+{n}.25", lambda n: f"{n % 3}.0",
    ]  # fmt: skip
    make = rng.choice(kinds)
    sheet.add("odd", [make(n) for n in range(ROWS)])


KINDS = (_numbers, _numbers, _dates, _coded, _levels, _spelt, _others, _spoiled, _counts, _odd)
