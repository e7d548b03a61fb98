"""Workbooks of Excel 97 to 2003 and of today: merged areas, formats, dates and any table at all."""

from __future__ import annotations

import datetime
import io
from collections.abc import Callable
from pathlib import Path
from typing import Any

import openpyxl
import pandas as pd
import pytest
import xlrd
import xlwt
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from openpyxl.utils.datetime import CALENDAR_MAC_1904

from pmed_core.readers.formats import open_table
from pmed_core.readers.tables import read_cohort
from tests.readers.tables import decided, opened, rules, texts

QUIET = [HealthCheck.function_scoped_fixture, HealthCheck.too_slow]
NAMES = ["id", "crp", "wbc", "died"]
ROWS = 8


def body() -> list[list[Any]]:
    return [[f"P{n}", n / 4, n, "no"] for n in range(ROWS)]


def new(folder: Path, change: Callable[[Any], None] = lambda _: None) -> Path:
    book = openpyxl.Workbook()
    sheet = book.active
    for row in [NAMES, *body()]:
        sheet.append(row)
    change(sheet)
    book.save(folder / "t.xlsx")
    return folder / "t.xlsx"


# Merged areas


def _across(sheet: Any) -> None:
    sheet["B4"], sheet["C4"] = "not done", None
    sheet.merge_cells("B4:C4")


def test_a_remark_over_two_columns_is_in_the_first_and_that_is_said(tmp_path: Path) -> None:
    table = opened(new(tmp_path, _across))
    assert texts(table, "crp")[2] == "not done"
    assert texts(table, "wbc")[2] == ""
    told = decided(table, "merged-across:crp")
    assert (told.cells, told.proved, told.column) == (1, False, "crp")
    assert "'not done'" in told.sentence
    assert texts(table, "wbc")[3] == "3"


def test_an_empty_area_over_two_columns_needs_no_word(tmp_path: Path) -> None:
    def change(sheet: Any) -> None:
        sheet["B4"] = sheet["C4"] = None
        sheet.merge_cells("B4:C4")

    assert "merged-across" not in rules(opened(new(tmp_path, change)))


def test_an_area_of_rows_and_columns_is_filled_down_and_said_to_reach_across(
    tmp_path: Path,
) -> None:
    def change(sheet: Any) -> None:
        sheet["B4"] = 7.5
        for place in ("B5", "C4", "C5"):
            sheet[place] = None
        sheet.merge_cells("B4:C5")

    table = opened(new(tmp_path, change))
    assert table.cells["crp"].tolist()[2:4] == [7.5, 7.5]
    assert table.cells["wbc"].isna().tolist()[2:4] == [True, True]
    assert decided(table, "merged:crp").cells == 1
    assert decided(table, "merged-across:crp").cells == 1


def test_a_title_over_all_columns_is_no_merged_patient(tmp_path: Path) -> None:
    def change(sheet: Any) -> None:
        sheet.insert_rows(1)
        sheet["A1"] = "Registry of ward 7"
        sheet.merge_cells("A1:D1")

    table = opened(new(tmp_path, change))
    assert texts(table, "id") == [f"P{n}" for n in range(ROWS)]
    assert not rules(table) & {"merged", "merged-across"}


def test_a_heading_among_the_patients_is_a_row_that_is_said(tmp_path: Path) -> None:
    def change(sheet: Any) -> None:
        sheet.insert_rows(5)
        sheet["A5"] = "Ward B"
        sheet.merge_cells("A5:D5")

    told = decided(opened(new(tmp_path, change)), "merged-across:id")
    assert "'Ward B'" in told.sentence


# Dates of both calendars


@pytest.mark.parametrize("mac", [False, True])
def test_days_and_times_are_those_of_the_books_calendar(tmp_path: Path, mac: bool) -> None:
    moments = [datetime.datetime(2021, 3, n + 1, 8, 30, n) for n in range(ROWS)]
    book = openpyxl.Workbook()
    if mac:
        book.epoch = CALENDAR_MAC_1904
    for row in [["id", "seen"], *([f"P{n}", one] for n, one in enumerate(moments))]:
        book.active.append(row)
    book.save(tmp_path / "t.xlsx")
    cohort = read_cohort(tmp_path / "t.xlsx")
    assert cohort.table["seen"].tolist() == [pd.Timestamp(one) for one in moments]


@pytest.mark.parametrize("mac", [False, True])
def test_the_same_of_an_old_workbook_by_what_xlrd_says(tmp_path: Path, mac: bool) -> None:
    book = xlwt.Workbook()
    book.dates_1904 = mac
    sheet = book.add_sheet("Data")
    style = xlwt.easyxf(num_format_str="yyyy-mm-dd hh:mm")
    for column, name in enumerate(["id", "seen"]):
        sheet.write(0, column, name)
    for n in range(ROWS):
        sheet.write(n + 1, 0, f"P{n}")
        sheet.write(n + 1, 1, 44_000.25 + n, style)
    book.save(str(tmp_path / "t.xls"))
    expected = [xlrd.xldate_as_datetime(44_000.25 + n, int(mac)) for n in range(ROWS)]
    cohort = read_cohort(tmp_path / "t.xls")
    assert cohort.table["seen"].tolist() == [pd.Timestamp(one) for one in expected]


def test_times_of_the_day_and_errors_of_an_old_workbook(tmp_path: Path) -> None:
    book = xlwt.Workbook()
    sheet = book.add_sheet("Data")
    clock = xlwt.easyxf(num_format_str="hh:mm")
    for column, name in enumerate(["id", "at", "ratio"]):
        sheet.write(0, column, name)
    for n in range(ROWS):
        sheet.write(n + 1, 0, f"P{n}")
        sheet.write(n + 1, 1, (8 * 60 + n) / 1440, clock)
        if n == 2:
            sheet.row(n + 1).set_cell_error(2, "#DIV/0!")
        else:
            sheet.write(n + 1, 2, n / 4)
    book.save(str(tmp_path / "t.xls"))
    table = opened(tmp_path / "t.xls")
    assert texts(table, "at") == [f"08:0{n}:00" for n in range(ROWS)]
    assert table.cells["ratio"].isna().tolist() == [n == 2 for n in range(ROWS)]
    told = decided(table, "cell-errors:ratio")
    assert told.cells == 1
    assert "#DIV/0!" in told.sentence


# Formats


@pytest.mark.parametrize(
    ("code", "value", "shown", "rule"),
    [
        ("00000", 7, "00007", "shown"), ('"P"000', 7, "P007", "shown"),
        ("000-00", 1_234, "012-34", "shown"), ("0%", 0.25, "0.25", "percent"),
        ('0.0" mg/L"', 2.5, "2.5", "unit"), ("#,##0.00", 1_250.5, "1250.5", ""),
        ("0.0", 2.345, "2.345", ""), ("@", 7, "7", ""), ("0.00E+00", 1_250, "1250", ""),
    ],
)  # fmt: skip
def test_old_and_new_workbooks_show_numbers_alike(
    tmp_path: Path, code: str, value: float, shown: str, rule: str
) -> None:
    def change(sheet: Any) -> None:
        for at in range(2, ROWS + 2):
            sheet.cell(at, 3).value = value
            sheet.cell(at, 3).number_format = code

    style = xlwt.easyxf(num_format_str=code)
    fresh = xlwt.Workbook()
    sheet = fresh.add_sheet("Data")
    for at, row in enumerate([NAMES, *body()]):
        for column, cell in enumerate(row):
            if column == 2 and at:
                sheet.write(at, column, value, style)
            else:
                sheet.write(at, column, cell)
    fresh.save(str(tmp_path / "t.xls"))
    for path in (new(tmp_path, change), tmp_path / "t.xls"):
        table = opened(path)
        assert [one.removesuffix(".0") for one in texts(table, "wbc")] == [shown] * ROWS, path.name
        assert ({d.rule for d in table.reading if d.column == "wbc"} == {rule}) or not rule


# Any table

CELL = st.one_of(
    st.none(), st.floats(-1e9, 1e9), st.integers(-(2**31), 2**31),
    st.text("ab 0.5,é'%", max_size=6),
    st.datetimes(datetime.datetime(1930, 1, 1), datetime.datetime(2090, 1, 1)).map(
        lambda one: one.replace(microsecond=0)
    ),
)  # fmt: skip


def as_shown(cell: Any) -> str | float:
    """What a cell of a workbook is: a number, a moment, or stripped text."""
    if cell is None:
        return ""
    if isinstance(cell, int | float):
        return float(cell) + 0.0
    if isinstance(cell, datetime.datetime):
        whole = cell.time() == datetime.time()
        return cell.date().isoformat() if whole else cell.isoformat(" ")
    return str(cell).strip()


def number(text: str) -> str | float:
    try:
        return float(text) + 0.0
    except ValueError:
        return text


@settings(max_examples=40, deadline=None, suppress_health_check=QUIET)
@given(
    rows=st.lists(st.tuples(CELL, CELL), min_size=2, max_size=7),
    old=st.booleans(),
)
def test_any_cells_come_back_from_old_and_new_workbooks(
    tmp_path: Path, rows: list[tuple[Any, Any]], old: bool
) -> None:
    """Each cell is what was written, or the account says something of its column."""
    names = ["row", "x", "y"]
    grid = [names, *([f"r{n}", *cells] for n, cells in enumerate(rows))]
    path = tmp_path / ("t.xls" if old else "t.xlsx")
    stream = io.BytesIO()
    if old:
        book = xlwt.Workbook()
        sheet = book.add_sheet("Data")
        day = xlwt.easyxf(num_format_str="yyyy-mm-dd hh:mm:ss")
        for at, row in enumerate(grid):
            for column, cell in enumerate(row):
                moment = isinstance(cell, datetime.datetime)
                if cell is not None:
                    sheet.write(at, column, cell, *([day] if moment else []))
        book.save(stream)
    else:
        fresh = openpyxl.Workbook()
        for row in grid:
            fresh.active.append(row)
        fresh.save(stream)
    path.write_bytes(stream.getvalue())
    table = opened(path)
    assert texts(table, "row") == [f"r{n}" for n in range(len(rows))]
    for column, name in enumerate(names[1:], 1):
        if name not in table.cells:
            assert all(row[column] in (None, "") for row in grid[1:])
            continue
        for found, row in zip(texts(table, name), grid[1:], strict=True):
            meant = as_shown(row[column])
            same = number(found) == number(str(meant)) or found == meant
            assert same or close(found, meant) or name in told(table), (found, meant)


def told(table: Any) -> set[str]:
    """Columns of which the account says something."""
    return {d.column for d in table.reading}


def close(found: str, meant: str | float) -> bool:
    """Excel keeps a moment as a fraction of a day: a second may be off in the last digit."""
    if not isinstance(meant, float):
        return False
    value = number(found)
    return isinstance(value, float) and abs(value - meant) <= 1e-9 * max(1, abs(meant))


def test_a_choice_reads_numbers_of_old_workbooks_as_stored(tmp_path: Path) -> None:
    book = xlwt.Workbook()
    sheet = book.add_sheet("Data")
    style = xlwt.easyxf(num_format_str="00000")
    for column, name in enumerate(["mrn", "x"]):
        sheet.write(0, column, name)
    for n in range(ROWS):
        sheet.write(n + 1, 0, n + 7, style)
        sheet.write(n + 1, 1, n / 4)
    book.save(str(tmp_path / "t.xls"))
    stored = open_table(tmp_path / "t.xls", {"shown:mrn": "as stored"})
    assert stored.cells["mrn"].tolist() == [n + 7 for n in range(ROWS)]
    assert decided(stored, "shown:mrn").value == "as stored"


def test_codes_that_are_shown_as_words_are_read_as_words(tmp_path: Path) -> None:
    book = openpyxl.Workbook()
    sheet = book.active
    assert sheet is not None
    sheet.append(["id", "sex", "age"])
    for n in range(12):
        sheet.append([f"P{n}", 1 + n % 2, 40 + n])
        sheet.cell(n + 2, 2).number_format = '[=1]"male";[=2]"female"'
    book.save(tmp_path / "coded.xlsx")
    table = opened(tmp_path / "coded.xlsx")
    assert texts(table, "sex") == ["male", "female"] * 6
    told = decided(table, "shown:sex")
    assert (told.column, told.cells, told.examples[0]) == ("sex", 12, ("1", "male"))
    stored = opened(tmp_path / "coded.xlsx", **{"shown:sex": "as stored"})
    assert list(stored.cells["sex"]) == [1.0, 2.0] * 6
