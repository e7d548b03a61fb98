"""Tables written in a known way are read back as they were meant, or the reader says otherwise."""

from __future__ import annotations

import datetime
import io
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pmed_core.cohort import Cohort
from pmed_core.readers.tables import read_cohort, read_for

ROWS = 24
MARKS = [
    (".", ""), (".", ","), (".", " "), (".", "'"), (",", ""), (",", "."), (",", " "),
    (",", "\u00a0"), (",", "\u202f"), (".", "\u2009"), (".", "’"),
]  # fmt: skip
GAPS = ["", "NA", "n/a", "NULL", "?", "."]
ORDERS = {"dmy": "%d{0}%m{0}%Y", "mdy": "%m{0}%d{0}%Y", "ymd": "%Y{0}%m{0}%d"}
IDS = ["{:d}", "{:06d}", "P{:04d}", "2023-{:03d}", "30000000000000{:04d}"]
UNITS = ["", "", " mg/L", " mmol/L", "%", " kg"]
MINUSES = ["-", "\u2212", "\u2013", "trailing", "brackets"]


@dataclass(repr=False)
class Written:
    """A table and what its cells mean."""

    cells: dict[str, list[str]] = field(default_factory=dict)
    meant: dict[str, list[Any]] = field(default_factory=dict)
    separator: str = ","


def number(value: float, decimals: int, marks: tuple[str, str], minus: str) -> str:
    decimal, thousands = marks
    text = f"{abs(value):,.{decimals}f}".replace(",", "T").replace(".", decimal)
    text = text.replace("T", thousands)
    if value >= 0:
        return text
    return {"trailing": f"{text}-", "brackets": f"({text})"}.get(minus, f"{minus}{text}")


def numbers(table: Written, draw: Any, marks: tuple[str, str], rng: np.random.Generator) -> None:
    minus, gap = draw(st.sampled_from(MINUSES)), draw(st.sampled_from(GAPS))
    for name, top in (("crp", 90), ("ferritin", 40_000), ("platelets", 900_000)):
        decimals = draw(st.sampled_from([0, 1, 2]))
        # Nobody writes "5- mg/L"; such a cell is named as spoiled.
        unit = "" if minus in ("trailing", "brackets") else draw(st.sampled_from(UNITS))
        values = np.round(rng.uniform(-top / 10, top, ROWS), decimals) + 0.0
        lost = rng.random(ROWS) < 0.1
        table.cells[name] = [
            gap if out else number(value, decimals, marks, minus) + unit
            for value, out in zip(values, lost, strict=True)
        ]
        table.meant[name] = [np.nan if out else v for v, out in zip(values, lost, strict=True)]


def dates(table: Written, draw: Any, rng: np.random.Generator) -> None:
    order = draw(st.sampled_from(sorted(ORDERS)))
    pattern = ORDERS[order].format(draw(st.sampled_from("./-")))
    time = draw(st.booleans())
    start = datetime.datetime(1950, 1, 1)
    days = [start + datetime.timedelta(days=int(n)) for n in rng.integers(0, 25_000, ROWS)]
    # One day proves the order; where none does the reader says so (see the test below).
    days[0] = datetime.datetime(2001, 3, 25)
    days = [day.replace(hour=int(h)) if time else day
            for day, h in zip(days, rng.integers(0, 24, ROWS), strict=True)]  # fmt: skip
    table.cells["admitted"] = [d.strftime(pattern + (" %H:%M" if time else "")) for d in days]
    table.meant["admitted"] = list(map(pd.Timestamp, days))


@st.composite
def tables(draw: Any) -> Written:
    """Marks x separator x gap x minus x unit x order of dates x style of ids."""
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    table = Written(separator=draw(st.sampled_from([",", ";", "\t", "|"])))
    style = draw(st.sampled_from(IDS))
    table.cells["patient_id"] = [style.format(n) for n in range(1, ROWS + 1)]
    table.meant["patient_id"] = table.cells["patient_id"]
    numbers(table, draw, draw(st.sampled_from(MARKS)), rng)
    dates(table, draw, rng)
    levels = draw(st.sampled_from([["None", "Mild", "Severe"], ["NA", "ZA", "BW", "AO"],
                                   ["Na", "K", "Ca"], ["250.00", "250.0", "V58.1", "E880.9"],
                                   ["A", "B", "AB"]]))  # fmt: skip
    table.cells["group"] = table.meant["group"] = [levels[n % len(levels)] for n in range(ROWS)]
    return table


def as_file(table: Written, kind: str, folder: Path) -> Path | pd.DataFrame:
    frame = pd.DataFrame(table.cells, dtype="str")
    if kind == "frame":
        return frame
    path = folder / f"table.{kind}"
    if kind == "csv":
        text = io.StringIO()
        frame.to_csv(text, sep=table.separator, index=False)
        path.write_text(text.getvalue(), encoding="utf-8")
    elif kind == "xlsx":
        frame.to_excel(path, index=False)
    else:
        frame.to_parquet(path)
    return path


def same(found: Any, meant: Any) -> bool:
    if pd.isna(found) or pd.isna(meant):
        return bool(pd.isna(found) and pd.isna(meant))
    if isinstance(meant, float):
        return isinstance(found, float) and abs(found - meant) <= 1e-9 * max(1, abs(meant))
    return bool(found == meant)


def silent(cohort: Cohort, table: Written) -> list[str]:
    """Columns that are read as something else than was meant, with no guess in the account."""
    guesses = {d.column for d in cohort.reading if not d.proved}
    return [
        f"{name}: {table.cells[name][row]!r} as {cell!r}"
        for name, meant in table.meant.items()
        for row, cell in enumerate(cohort.table[name])
        if name not in guesses and not same(cell, meant[row])
    ]


def untold(cohort: Cohort, table: Written) -> list[str]:
    """Numbers that differ from the plain reading of their cell although no entry counts them."""
    told = {d.column for d in cohort.reading if d.cells}
    found = []
    for name, cells in table.cells.items():
        if cohort.table[name].dtype.kind != "f" or name in told:
            continue
        plain = pd.to_numeric(pd.Series(cells), errors="coerce").to_numpy(dtype=float)
        if not np.array_equal(plain, cohort.table[name].to_numpy(), equal_nan=True):
            found.append(name)
    return found


def check(table: Written, kind: str, folder: Path) -> None:
    cohort = read_cohort(as_file(table, kind, folder))
    assert not silent(cohort, table)
    assert not untold(cohort, table)


QUIET = [HealthCheck.function_scoped_fixture, HealthCheck.too_slow, HealthCheck.data_too_large]


@settings(max_examples=40, deadline=None, suppress_health_check=QUIET)
@given(table=tables())
def test_delimited_tables_are_read_as_they_were_meant(table: Written, tmp_path: Path) -> None:
    check(table, "csv", tmp_path)


@settings(max_examples=60, deadline=None, suppress_health_check=QUIET)
@given(table=tables(), kind=st.sampled_from(["parquet", "frame"]))
def test_typed_tables_are_read_as_they_were_meant(
    table: Written, kind: str, tmp_path: Path
) -> None:
    check(table, kind, tmp_path)


@settings(max_examples=40, deadline=None, suppress_health_check=QUIET)
@given(table=tables())
def test_workbooks_are_read_as_they_were_meant(table: Written, tmp_path: Path) -> None:
    check(table, "xlsx", tmp_path)


@pytest.mark.slow
@settings(max_examples=1_000, deadline=None, suppress_health_check=QUIET)
@given(table=tables(), kind=st.sampled_from(["csv", "csv", "csv", "parquet", "frame", "xlsx"]))
def test_a_thousand_tables_hold_no_silent_difference(
    table: Written, kind: str, tmp_path: Path
) -> None:
    check(table, kind, tmp_path)


@settings(max_examples=60, deadline=None, suppress_health_check=QUIET)
@given(first=tables(), second=tables())
def test_later_files_written_otherwise_are_read_as_they_were_meant(
    first: Written, second: Written
) -> None:
    """A model of a table with decimal commas reads a file with decimal points, and so on."""
    names = ("crp", "ferritin", "platelets", "admitted")
    model = read_cohort(pd.DataFrame(first.cells, dtype="str"))
    wanted = [v for v in model.variables if v.name in names]
    units = {v.name: v.unit for v in wanted}
    for name in names[:3]:
        # Units are converted or refused, which other tests look at.
        bare = [c.removesuffix("%").split(" m")[0].removesuffix(" kg") for c in second.cells[name]]
        second.cells[name] = bare
    new = read_for(pd.DataFrame(second.cells, dtype="str"), wanted)
    # What the new file leaves open is read as the model's was written, and that is said.
    told = {d.column for d in new.reading if d.rule in ("decimal", "dates")}
    for name in names:
        if name not in told and not units.get(name):
            cells = list(new.table[name])
            assert all(same(a, b) for a, b in zip(cells, second.meant[name], strict=True)), name
