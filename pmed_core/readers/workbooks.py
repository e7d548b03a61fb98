"""Workbooks of Excel and LibreOffice -> Table: the sheet of patients, as its author sees it."""

from __future__ import annotations

import io
import re
import zipfile
from collections.abc import Sequence
from dataclasses import dataclass, replace

import pandas as pd
import python_calamine as calamine

from pmed_core.errors import UserError
from pmed_core.readers.codebooks import Labels, explained
from pmed_core.readers.foreign import foreign, unreadable
from pmed_core.readers.framing import framed
from pmed_core.readers.header import LOOKED_AT, Header, find_header
from pmed_core.readers.joining import joined
from pmed_core.readers.open_document import Beside, beside_values
from pmed_core.readers.packed import check_sizes
from pmed_core.readers.sheet_cells import columns_of
from pmed_core.readers.sheet_marks import BadXml, Marks, Package, package
from pmed_core.readers.sheet_span import not_too_far, not_too_far_in_binary
from pmed_core.readers.sheets import Sheet, fill_merged, shown
from pmed_core.readers.table import Table
from pmed_core.reading import Choices, Decision
from pmed_core.suffixes import BROKEN_ZIP

CODEBOOK_COLUMNS = 30
BOOK = re.compile(
    r"legend|code.?book|codes?$|dictionary|labels?$|variables?$|key$|read.?me|metadata|legende|"
    r"codeplan|schl(ü|ue)ssel|leyenda|diccionario|légende|dictionnaire|说明|字典", re.IGNORECASE,
)  # fmt: skip
"""What a sheet is called that explains another; one column that it lists is enough then."""
PASSWORD = "Save it without a password."


@dataclass(frozen=True)
class Found:
    """A sheet with its names."""

    sheet: Sheet
    header: Header

    @property
    def rows(self) -> int:
        """Rows below the names."""
        return len(self.sheet.rows) - self.header.body

    @property
    def names(self) -> list[str]:
        """The names that are not empty."""
        return [name for name in self.header.names if name]

    @property
    def size(self) -> int:
        """Cells of patients."""
        return self.rows * len(self.names)

    def texts(self) -> list[list[str]]:
        """The rows below the names as text."""
        return [
            [shown(cell).strip() for cell in row] for row in self.sheet.rows[self.header.body :]
        ]


def workbook(data: bytes, name: str, choices: Choices) -> Table:
    """The sheet that holds patients, of .xlsx, .xlsm, .xlsb and .ods.

    Raises ``UserError`` where no sheet holds a table, the workbook is damaged, or a chosen sheet
    is not there.
    """
    table = of_sheets(_sheets(data, name), name, choices)
    if b"xl/workbook.bin" not in data:
        return table
    told = Decision(
        "format", "xlsb", "A binary workbook (.xlsb) does not tell which rows are hidden and how "
        "numbers are shown: all rows were read, and numbers as they are stored.",
        options=("xlsb",), proved=False,
    )  # fmt: skip
    return replace(table, reading=(told, *table.reading))


def of_sheets(sheets: Sequence[Sheet], name: str, choices: Choices) -> Table:
    """The table of the sheet that holds patients.

    Args:
        sheets: all sheets, hidden ones too.
        name: of the file.
        choices: "sheet" = a name, "sheets" = "together", and what ``columns_of`` takes.

    Raises:
        UserError: no sheet holds a table, or the chosen sheet is not there.
    """
    chosen = choices.get("sheet", "")
    found = _candidates(sheets, name, choices)
    books = [one for one in found if _is_codebook(one, found)]
    tables = [one for one in found if one not in books] or found
    best = max(tables, key=lambda one: one.size)
    alike = [one for one in tables if one.names == best.names]
    together = choices.get("sheets") == "together" and len(alike) > 1 and not chosen
    read = alike if together else [best if chosen else alike[0]]
    titles = [one.sheet.name for one in read]
    table = joined([_table(one, choices, name) for one in read], titles, "sheet")
    labels, units, explaining = _explanations(books, table)
    told = [_told_sheet(read, tables, sheets, (bool(chosen), bool(explaining)))]
    told += _told_alike(read, alike) if not chosen else []
    reading = (*told, *table.reading, *explaining)
    return replace(table, reading=reading, labels=labels, units={**units, **table.units})


def _sheets(data: bytes, name: str) -> list[Sheet]:
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            entries = archive.infolist()
            check_sizes(entries, name, "Save the sheet with the patients as CSV.")
            marked = package(archive)
            not_too_far(archive, set(marked.members.values()), name)
            not_too_far_in_binary(archive, name)
            beside = beside_values(archive) if "content.xml" in archive.namelist() else {}
            return [
                _with(_marked(sheet, marked), beside.get(sheet.name))
                for sheet in _values(data, name)
            ]
    except (BadXml, *BROKEN_ZIP) as error:
        raise unreadable(name, "an Excel workbook") from error


def _values(data: bytes, name: str) -> list[Sheet]:
    """What calamine reads: the cells of each sheet, and which are merged."""
    with foreign(unreadable(name, "an Excel workbook")):
        try:
            with calamine.CalamineWorkbook.from_filelike(io.BytesIO(data)) as book:
                return [_sheet(book, about) for about in book.sheets_metadata]
        except calamine.PasswordError as error:
            raise UserError("The workbook is protected by a password", name, PASSWORD) from error


def _sheet(book: calamine.CalamineWorkbook, about: calamine.SheetMetadata) -> Sheet:
    visible = about.visible == calamine.SheetVisibleEnum.Visible
    if about.typ != calamine.SheetTypeEnum.WorkSheet:
        return Sheet(about.name, visible, [])
    sheet = book.get_sheet_by_name(about.name)
    rows = sheet.to_python(skip_empty_area=False)
    return Sheet(about.name, visible, rows, tuple(sheet.merged_cell_ranges or ()))


def _marked(sheet: Sheet, marked: Package) -> Sheet:
    fill_merged(sheet.rows, sheet.merged)
    marks = marked.marks(sheet.name) if sheet.rows else Marks()
    return replace(sheet, marks=marks, recalculates=marked.recalculates)


def _with(sheet: Sheet, beside: Beside | None) -> Sheet:
    if beside is None:
        return sheet
    fill_merged(sheet.rows, beside.merged)
    return replace(sheet, merged=tuple(beside.merged), marks=beside.marks)


def _candidates(sheets: Sequence[Sheet], name: str, choices: Choices) -> list[Found]:
    chosen = choices.get("sheet", "")
    if chosen and chosen not in [sheet.name for sheet in sheets]:
        names = ", ".join(f"'{sheet.name}'" for sheet in sheets[:10])
        raise UserError(f"There is no sheet '{chosen[:40]}'", name, f"It has: {names}.")
    looked_at = [s for s in sheets if (s.name == chosen if chosen else s.visible) and s.rows]
    found, refused = [], []
    for sheet in looked_at:
        try:
            found.append(Found(sheet, _header(sheet, choices, name)))
        except UserError as error:
            refused.append(error)
    if not found and refused:
        raise refused[0]
    if not found:
        hidden = [sheet for sheet in sheets if not sheet.visible and sheet.rows]
        remedy = f"Show the hidden sheet '{hidden[0].name}'." if hidden else "Fill its first sheet."
        raise UserError("No sheet holds a table", name, remedy)
    return found


def _header(sheet: Sheet, choices: Choices, name: str) -> Header:
    """Rows of the header are indexes into the sheet."""
    filled: list[int] = []
    for at, row in enumerate(sheet.rows):
        if any(cell not in ("", None) for cell in row):
            filled.append(at)
        if len(filled) == LOOKED_AT:
            break
    where = f"{name}, sheet '{sheet.name}'"
    if not filled:
        raise UserError("The sheet is empty", where, "Choose another sheet.")
    rows = [[shown(cell).strip() for cell in sheet.rows[at]] for at in filled]
    header = find_header(rows, [at + 1 for at in filled], choices, where)
    if header.body >= len(filled):
        raise UserError("There is a header but no row below it", where, "Add the patients' rows.")
    at = filled[header.row] if header.row >= 0 else -1
    return replace(header, row=at, body=filled[header.body])


def _is_codebook(one: Found, others: Sequence[Found]) -> bool:
    """A sheet of few columns, one of which lists the names of another sheet's columns."""
    if len(one.names) > CODEBOOK_COLUMNS:
        return False
    rows = one.texts()
    listed = [{row[column].lower() for row in rows} for column in range(min(2, len(rows[0])))]
    for other in others:
        names = {name.lower() for name in other.names}
        if other is not one and len(names) > 1:
            enough = 1 if BOOK.search(one.sheet.name) else max(2, 0.4 * len(names))
            if any(len(cells & names) >= enough for cells in listed):
                return True
    return False


def _table(one: Found, choices: Choices, name: str) -> Table:
    cells, told, units = columns_of(one.sheet, one.header, choices)
    where = f"{name}, sheet '{one.sheet.name}'"
    table, framing = framed(pd.DataFrame(cells), one.header, choices, where)
    reading = (*one.header.reading, *told, *framing)
    return Table(name, table, reading, units={**units, **one.header.units})


def _explanations(
    books: Sequence[Found], table: Table
) -> tuple[Labels, dict[str, str], list[Decision]]:
    labels: Labels = {}
    units: dict[str, str] = {}
    told = []
    columns = [str(name) for name in table.cells.columns]
    for book in books:
        found, measured = explained(book.header.names, book.texts(), columns)
        labels |= found
        units |= measured
        if found or measured:
            told.append(_told_codebook(book.sheet.name, found, measured))
    return labels, units, told


def _told_codebook(sheet: str, labels: Labels, units: dict[str, str]) -> Decision:
    parts = []
    if labels:
        columns = ", ".join(f"'{name}'" for name in list(labels)[:5])
        parts.append(f"the names of codes of {columns}")
    if units:
        shown_units = ", ".join(f"'{name}' ({unit})" for name, unit in list(units.items())[:5])
        parts.append(f"the units of {shown_units}")
    first = next(iter(labels.values()), {})
    return Decision(
        "codebook", sheet, f"The sheet '{sheet}' explains the columns: it gives "
        f"{' and '.join(parts)}.", cells=len(labels) + len(units),
        examples=tuple(first.items())[:2], options=(sheet,),
    )  # fmt: skip


def _told_sheet(
    read: Sequence[Found],
    tables: Sequence[Found],
    sheets: Sequence[Sheet],
    known: tuple[bool, bool],
) -> Decision:
    """Which sheet was read; ``known``: a person chose it, a codebook explains it."""
    own = [one.sheet.name for one in read]
    others = [sheet for sheet in sheets if sheet.name not in own]
    names = " and ".join(f"'{name}'" for name in own[:5])
    sentence = f"The sheet{'s' * (len(own) > 1)} {names} {'were' if len(own) > 1 else 'was'} read"
    if others:
        listed = ", ".join(_other(sheet) for sheet in others[:5])
        more = f" and {len(others) - 5} more" if len(others) > 5 else ""
        many = "1 other sheet was" if len(others) == 1 else f"{len(others)} other sheets were"
        sentence = f"{sentence}; {many} not: {listed}{more}"
    chosen, _ = known
    return Decision(
        "sheet", own[0], f"{sentence}.", cells=len(others),
        options=tuple(sheet.name for sheet in sheets), proved=chosen or len(tables) == len(read),
    )  # fmt: skip


def _other(sheet: Sheet) -> str:
    rows = len(sheet.rows)
    return f"'{sheet.name}' ({'' if sheet.visible else 'hidden, '}{rows:,} row{'s' * (rows != 1)})"


def _told_alike(read: Sequence[Found], alike: Sequence[Found]) -> list[Decision]:
    if len(alike) == 1:
        return []
    together = len(read) > 1
    others = [one for one in alike if one is not read[0]]
    listed = ", ".join(f"'{one.sheet.name}' ({one.rows:,} rows)" for one in others[:10])
    first = f"'{read[0].sheet.name}'"
    many = "1 other sheet has" if len(others) == 1 else f"{len(others)} other sheets have"
    sentence = f"{many} the same columns as {first} and was not read: {listed}."
    if len(others) > 1:
        sentence = sentence.replace("and was not", "and were not")
    if together:
        sentence = (
            f"{len(alike)} sheets have the same columns and were read one below the other, with a "
            f"column for the sheet's name: {first}, {listed}."
        )
    return [
        Decision(
            "sheets", "together" if together else "first", sentence, cells=len(others),
            options=("first", "together"), proved=together,
        )
    ]  # fmt: skip
