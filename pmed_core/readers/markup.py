"""Tables in HTML and in Excel's XML of 2003, which programs name .xls -> sheets of cells."""

from __future__ import annotations

import datetime
import re
from collections.abc import Callable
from html.parser import HTMLParser
from typing import Any
from xml.parsers import expat

from pmed_core.errors import UserError
from pmed_core.readers.foreign import unreadable
from pmed_core.readers.number_formats import Shown, shown_as
from pmed_core.readers.sheet_marks import Marks
from pmed_core.readers.sheets import Sheet, fill_merged

COLUMNS_AT_MOST, ROWS_AT_MOST, SPAN_AT_MOST = 16_384, 1_048_576, 2_000_000
TABLES_AT_MOST = 1_000
LARGE = "Save the table as CSV."
UNSEEN = re.compile(r"display\s*:\s*none|visibility\s*:\s*(?:hidden|collapse)", re.IGNORECASE)
NAMED_FORMATS = {"Percent": "0%"}
"""Formats that Excel's XML calls by a name; the others of these show the number alone."""
SPREADSHEET = "urn:schemas-microsoft-com:office:spreadsheet"
HTML = re.compile(
    r"\s*(?:<\?xml[^>]*\?>\s*)?(?:<!--.*?-->\s*)*"
    r"<(?:!doctype html|html|table|head|body|meta|div|style)\b",
    re.IGNORECASE | re.DOTALL,
)


def is_html(text: str) -> bool:
    """Whether a text starts as a web page does."""
    return bool(HTML.match(text[:4000]))


def is_spreadsheet_xml(text: str) -> bool:
    """Whether a text is a workbook in Excel's XML of 2003."""
    return text.lstrip("\ufeff \n\t").startswith("<") and SPREADSHEET in text[:4000]


def html_sheets(text: str, name: str) -> list[Sheet]:
    """Each table of a page as a sheet; raises ``UserError`` where there is none."""
    reader = _Tables()
    try:
        reader.feed(text)
        reader.close()
    except OverflowError as error:
        raise UserError(f"A table of this page has {error}", name, LARGE) from error
    except AssertionError as error:
        # What Python's parser raises for some declarations that are cut off.
        raise unreadable(name, "a web page") from error
    if len(reader.found) > TABLES_AT_MOST:
        raise UserError(f"This web page holds {len(reader.found):,} tables", name, LARGE)
    sheets = [table.sheet(f"table {n + 1}") for n, table in enumerate(reader.found)]
    if not any(sheet.rows for sheet in sheets):
        raise UserError("This web page holds no table", name, "Save the table as CSV or .xlsx.")
    return sheets


class _Table:
    """Cells as they come, at the places that spans leave free."""

    def __init__(self) -> None:
        self.cells: dict[tuple[int, int], Any] = {}
        self.merged: list[tuple[tuple[int, int], tuple[int, int]]] = []
        self.taken: set[tuple[int, int]] = set()
        self.row, self.column = -1, 0
        self.marks = Marks()

    def next_row(self, row: int | None = None) -> None:
        self.row = self.row + 1 if row is None else row
        self.column = 0
        if self.row >= ROWS_AT_MOST:
            raise OverflowError(f"more than {ROWS_AT_MOST:,} rows")

    def place(self, value: Any, down: int, across: int) -> None:
        """Put a cell of so many rows and columns at the next free place."""
        while (self.row, self.column) in self.taken:
            self.column += 1
        if self.column + across > COLUMNS_AT_MOST:
            raise OverflowError(f"more than {COLUMNS_AT_MOST:,} columns")
        if down * across > SPAN_AT_MOST:
            raise OverflowError(f"a cell that spans {down:,} rows and {across:,} columns")
        self.cells[self.row, self.column] = value
        if down > 1 or across > 1:
            last = (self.row + down - 1, self.column + across - 1)
            self.merged.append(((self.row, self.column), last))
        if down > 1:
            self.taken |= {
                (row, column)
                for row in range(self.row + 1, self.row + down)
                for column in range(self.column, self.column + across)
            }
        self.column += across

    def sheet(self, name: str) -> Sheet:
        height = max((row for row, _ in self.cells), default=-1) + 1
        width = max((column for _, column in self.cells), default=-1) + 1
        rows: list[list[Any]] = [[""] * width for _ in range(height)]
        for (row, column), value in self.cells.items():
            rows[row][column] = value
        fill_merged(rows, self.merged)
        return Sheet(name, True, rows, tuple(self.merged), self.marks)


class _Tables(HTMLParser):
    """The tables of a page; one inside a cell is a table of its own."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.found: list[_Table] = []
        self.open: list[_Table] = []
        self.cell: list[str] | None = None
        self.given: dict[str, str | None] = {}
        self.silent = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag in ("script", "style"):
            self.silent += 1
        elif tag == "table":
            self._end_cell()
            self.found.append(_Table())
            self.open.append(self.found[-1])
        elif self.open and tag == "tr":
            self._end_cell()
            self.open[-1].next_row()
            if UNSEEN.search(dict(attrs).get("style") or ""):
                self.open[-1].marks.hidden_rows.add(self.open[-1].row)
        elif self.open and tag in ("td", "th"):
            self._end_cell()
            if self.open[-1].row < 0:
                self.open[-1].next_row()
            self.cell, self.given = [], dict(attrs)
        elif tag == "br" and self.cell is not None:
            self.cell.append(" ")

    def handle_endtag(self, tag: str) -> None:
        if tag in ("script", "style"):
            self.silent = max(0, self.silent - 1)
        elif tag in ("td", "th", "tr"):
            self._end_cell()
        elif tag == "table" and self.open:
            self._end_cell()
            self.open.pop()

    def handle_data(self, data: str) -> None:
        if self.cell is not None and not self.silent:
            self.cell.append(data)

    def _end_cell(self) -> None:
        if self.cell is None or not self.open:
            return
        # Excel writes the number itself beside what it shows.
        exact = self.given.get("x:num")
        text = exact or " ".join("".join(self.cell).split())
        self.cell = None
        self.open[-1].place(text, _span(self.given, "rowspan"), _span(self.given, "colspan"))


def _span(given: dict[str, str | None], name: str) -> int:
    digits = re.match(r"\d{1,5}", given.get(name) or "")
    return max(1, int(digits.group())) if digits else 1


def xml_sheets(text: str, name: str) -> list[Sheet]:
    """The sheets of a workbook in Excel's XML of 2003; raises ``UserError`` where it is damaged."""
    reader = _Workbook()
    parser = expat.ParserCreate(namespace_separator="}")
    parser.StartElementHandler = lambda tag, given: reader.start(_local(tag), _plain(given))
    parser.EndElementHandler = lambda tag: reader.end(_local(tag))
    parser.CharacterDataHandler = reader.text
    parser.EntityDeclHandler = _refuse
    try:
        parser.Parse(re.sub(r"^\s*<\?xml[^>]*\?>", "", text).encode(), True)
    except OverflowError as error:
        raise UserError(f"A sheet has {error}", name, LARGE) from error
    except (expat.ExpatError, ValueError) as error:
        raise unreadable(name, "an Excel workbook") from error
    return [
        Sheet(title, visible, *_parts(table)) for title, visible, table in reader.sheets
    ]  # fmt: skip


def _parts(table: _Table) -> tuple[list[list[Any]], Any, Marks]:
    sheet = table.sheet("")
    return sheet.rows, sheet.merged, sheet.marks


def _local(tag: str) -> str:
    return tag.rpartition("}")[2]


def _plain(given: dict[str, str]) -> dict[str, str]:
    return {_local(key): value for key, value in given.items()}


def _refuse(*_: object) -> None:
    raise ValueError("it declares entities")


class _Workbook:
    """Follows the elements of a workbook in XML."""

    def __init__(self) -> None:
        self.sheets: list[tuple[str, bool, _Table]] = []
        self.kind = ""
        self.data: list[str] | None = None
        self.span = (1, 1)
        self.value: Any = ""
        self.formats: dict[str, str] = {}
        self.style = ""
        self.of_columns: dict[int, str] = {}
        self.of_row = self.of_cell = ""
        self.columns = 0
        self.beside = False

    def start(self, tag: str, given: dict[str, str]) -> None:
        if tag == "Worksheet":
            self.sheets.append((given.get("Name", ""), True, _Table()))
            self.of_columns, self.columns = {}, 0
        elif tag == "Row" and self.sheets:
            table = self.sheets[-1][2]
            table.next_row(int(given["Index"]) - 1 if "Index" in given else None)
            self.of_row = given.get("StyleID", "")
            if given.get("Hidden") == "1":
                table.marks.hidden_rows.add(table.row)
        elif tag == "Cell" and self.sheets:
            if "Index" in given:
                self.sheets[-1][2].column = int(given["Index"]) - 1
            down, across = int(given.get("MergeDown", 0)), int(given.get("MergeAcross", 0))
            self.span, self.value, self.kind = (down + 1, across + 1), "", ""
            self.of_cell = given.get("StyleID", "")
        elif tag == "Data" and not self.beside:
            self.kind, self.data = given.get("Type", "String"), []
        else:
            self._start_other(tag, given)

    def _start_other(self, tag: str, given: dict[str, str]) -> None:
        """What is no value: styles, columns, and comments, whose text is called data too."""
        if tag == "Style":
            self.style = given.get("ID", "")
            self.formats[self.style] = self.formats.get(given.get("Parent", "Default"), "")
        elif tag == "NumberFormat":
            self.formats[self.style] = given.get("Format", "")
        elif tag == "Column" and self.sheets:
            self._column(given)
        elif tag == "Comment":
            self.beside = True

    def end(self, tag: str) -> None:
        if tag == "Data" and self.data is not None:
            self.value = _typed("".join(self.data), self.kind)
            self.data = None
        elif tag == "Comment":
            self.beside = False
        elif tag == "Cell" and self.sheets:
            failed = self.value if self.kind == "Error" else ""
            self.sheets[-1][2].place("" if failed else self.value, *self.span)
            self._mark(failed)
        elif tag == "Visible" and self.sheets and self.data is None:
            self._hide()

    def _column(self, given: dict[str, str]) -> None:
        """One or several columns: what they hide, and how their numbers are shown."""
        first = int(given["Index"]) - 1 if "Index" in given else self.columns
        self.columns = min(first + int(given.get("Span", 0)) + 1, COLUMNS_AT_MOST)
        for column in range(first, self.columns):
            if given.get("Hidden") == "1":
                self.sheets[-1][2].marks.hidden_columns.add(column)
            self.of_columns[column] = given.get("StyleID", "")

    def _mark(self, failed: str) -> None:
        """Of the cell that was placed: its error, or how its number is shown."""
        table, (_, across) = self.sheets[-1][2], self.span
        column = table.column - across
        if failed:
            table.marks.errors.setdefault(column, {})[table.row] = failed
        style = self.of_cell or self.of_row or self.of_columns.get(column, "") or "Default"
        code = self.formats.get(style, "")
        found: Shown | None = shown_as(NAMED_FORMATS.get(code, code))
        if found and isinstance(self.value, float):
            table.marks.shown.setdefault(column, {})[table.row] = found

    def _hide(self) -> None:
        title, _, table = self.sheets[-1]
        self.sheets[-1] = (title, False, table)

    def text(self, text: str) -> None:
        if self.data is not None:
            self.data.append(text)


def _typed(text: str, kind: str) -> Any:
    kinds: dict[str, Callable[[str], Any]] = {
        "Number": float,
        "Boolean": lambda value: value.strip() == "1",
        "DateTime": lambda value: datetime.datetime.fromisoformat(value).replace(tzinfo=None),
    }
    return kinds[kind](text) if kind in kinds else text
