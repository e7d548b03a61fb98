"""Workbooks of Excel 97 to 2003 (.xls, BIFF) -> sheets, with what their formats show."""

from __future__ import annotations

import datetime
from typing import Any

import xlrd

from pmed_core.errors import UserError
from pmed_core.readers.foreign import foreign, unreadable
from pmed_core.readers.number_formats import Shown, shown_as
from pmed_core.readers.sheet_marks import Marks
from pmed_core.readers.sheet_span import too_far
from pmed_core.readers.sheets import Sheet, fill_merged

LARGE, EMPTY = 2_000_000, 200
"""Places of a sheet from which on so many for each row's last cell are too many."""


def old_sheets(data: bytes, name: str) -> list[Sheet]:
    """All sheets of an .xls; raises ``UserError`` where it is damaged or protected."""
    with foreign(unreadable(name, "an Excel workbook")):
        try:
            # Ragged: one cell in the last corner would make a cell of every place before it.
            book = xlrd.open_workbook(
                file_contents=data, formatting_info=True, logfile=_Silent(), ragged_rows=True
            )
        except xlrd.XLRDError as error:
            if "encrypted" not in str(error).lower():
                raise
            raise UserError(
                "The workbook is protected by a password", name, "Save it without a password."
            ) from error
    for sheet in book.sheets():
        _not_nearly_empty(sheet, name)
    return [_sheet(book, sheet) for sheet in book.sheets()]


def _not_nearly_empty(sheet: xlrd.sheet.Sheet, where: str) -> None:
    """Raise ``UserError`` where a few far cells make a sheet of millions."""
    filled = sum(map(sheet.row_len, range(sheet.nrows)))
    if sheet.nrows * sheet.ncols > max(LARGE, EMPTY * filled):
        raise too_far(sheet.nrows, sheet.ncols, where)


class _Silent:
    """Takes what xlrd would print."""

    def write(self, text: str) -> int:
        return len(text)

    def flush(self) -> None:
        return None


def _sheet(book: xlrd.Book, sheet: xlrd.sheet.Sheet) -> Sheet:
    marks = Marks(
        hidden_rows={row for row, info in sheet.rowinfo_map.items() if info.hidden},
        hidden_columns={column for column, info in sheet.colinfo_map.items() if info.hidden},
    )
    styles = _styles(book)
    rows = [
        [_cell(book, cell, marks, (row, column)) for column, cell in enumerate(sheet.row(row))]
        + [""] * (sheet.ncols - sheet.row_len(row))
        for row in range(sheet.nrows)
    ]
    for row in range(sheet.nrows):
        for column in range(sheet.row_len(row)):
            if isinstance(rows[row][column], float) and (
                shown := styles.get(sheet.cell_xf_index(row, column))
            ):
                marks.shown.setdefault(column, {})[row] = shown
    merged = tuple(
        ((top, left), (bottom - 1, right - 1)) for top, bottom, left, right in sheet.merged_cells
    )
    fill_merged(rows, merged)
    return Sheet(sheet.name, sheet.visibility == 0, rows, merged, marks)


def _styles(book: xlrd.Book) -> dict[int, Shown]:
    found = {}
    for number, style in enumerate(book.xf_list):
        known = book.format_map.get(style.format_key)
        if known and (shown := shown_as(known.format_str)):
            found[number] = shown
    return found


def _cell(book: xlrd.Book, cell: xlrd.sheet.Cell, marks: Marks, place: tuple[int, int]) -> Any:
    match cell.ctype:
        case xlrd.XL_CELL_TEXT:
            return cell.value
        case xlrd.XL_CELL_NUMBER:
            return float(cell.value)
        case xlrd.XL_CELL_BOOLEAN:
            return bool(cell.value)
        case xlrd.XL_CELL_DATE:
            return _date(cell.value, book.datemode)
        case xlrd.XL_CELL_ERROR:
            text = xlrd.error_text_from_code.get(cell.value, "#ERROR")
            marks.errors.setdefault(place[1], {})[place[0]] = text
            return ""
        case _:
            return ""


def _date(number: float, mode: int) -> datetime.datetime | datetime.time | float:
    """A date, a time of day where there is no day, or the number where it is neither."""
    if 0 <= number < 1:
        seconds = round(number * 86_400) % 86_400
        return (datetime.datetime.min + datetime.timedelta(seconds=seconds)).time()
    try:
        moment: datetime.datetime = xlrd.xldate_as_datetime(number, mode)
    except (xlrd.XLDateError, OverflowError, ValueError):
        return float(number)
    return (moment + datetime.timedelta(microseconds=500)).replace(microsecond=0)
