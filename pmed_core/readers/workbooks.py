"""Workbooks of Excel and LibreOffice -> Table: the sheet of patients, as its author sees it."""

from __future__ import annotations

import io
from collections.abc import Sequence
from dataclasses import dataclass, replace

import pandas as pd
import python_calamine as calamine

from pmed_core.errors import UserError
from pmed_core.readers.columnar import unreadable
from pmed_core.readers.framing import framed
from pmed_core.readers.header import LOOKED_AT, Header, find_header
from pmed_core.readers.sheet_cells import Sheet, columns_of, fill_merged, shown
from pmed_core.readers.table import Table
from pmed_core.reading import Choices, Decision

ZIP, COMPOUND = b"PK\x03\x04", b"\xd0\xcf\x11\xe0"
STARTS = (ZIP, COMPOUND)
CODEBOOK_COLUMNS = 8


@dataclass(frozen=True)
class Found:
    """A sheet with its names."""

    sheet: Sheet
    header: Header

    @property
    def size(self) -> int:
        """Cells of patients."""
        rows = len(self.sheet.rows) - self.header.body
        return rows * sum(1 for name in self.header.names if name)


def workbook(data: bytes, name: str, choices: Choices) -> Table:
    """The sheet that holds patients.

    Raises ``UserError`` where no sheet holds a table, the workbook is damaged, or a chosen sheet
    is not there.
    """
    sheets = _sheets(data, name)
    chosen = choices.get("sheet", "")
    visible = [sheet for sheet in sheets if sheet.visible and sheet.rows]
    candidates = [s for s in sheets if s.name == chosen] if chosen else visible
    if not candidates:
        raise _no_sheet(sheets, chosen, name)
    found = [one for sheet in candidates if (one := _found(sheet, choices, name))]
    if not found:
        _header(candidates[0], choices, name)
        raise UserError("No sheet holds a table", name, "Put the table on the first sheet.")
    books = {id(one): _is_codebook(one, found) for one in found}
    best = max(found, key=lambda one: (not books[id(one)], one.size))
    table = _table(best, choices, name)
    told = _told_sheet(best, found, sheets, chosen)
    return replace(table, reading=(told, *table.reading))


def _sheets(data: bytes, name: str) -> list[Sheet]:
    try:
        with calamine.CalamineWorkbook.from_filelike(io.BytesIO(data)) as book:
            return [_sheet(book, about) for about in book.sheets_metadata]
    except calamine.PasswordError as error:
        raise UserError(
            "The workbook is protected by a password", name, "Save it without a password."
        ) from error
    except (calamine.CalamineError, ValueError, OSError) as error:
        raise unreadable(name, "an Excel workbook") from error


def _sheet(book: calamine.CalamineWorkbook, about: calamine.SheetMetadata) -> Sheet:
    visible = about.visible == calamine.SheetVisibleEnum.Visible
    if about.typ != calamine.SheetTypeEnum.WorkSheet:
        return Sheet(about.name, visible, [], ())
    sheet = book.get_sheet_by_name(about.name)
    rows = sheet.to_python(skip_empty_area=False)
    merged = tuple(sheet.merged_cell_ranges or ())
    fill_merged(rows, merged)
    return Sheet(about.name, visible, rows, merged)


def _no_sheet(sheets: Sequence[Sheet], chosen: str, name: str) -> UserError:
    names = ", ".join(f"'{sheet.name}'" for sheet in sheets[:10])
    if chosen:
        return UserError(f"There is no sheet '{chosen[:40]}'", name, f"It has: {names}.")
    return UserError("No sheet holds a table", name, "Put the table on the first sheet.")


def _found(sheet: Sheet, choices: Choices, name: str) -> Found | None:
    try:
        return Found(sheet, _header(sheet, choices, name))
    except UserError:
        return None


def _header(sheet: Sheet, choices: Choices, name: str) -> Header:
    """Rows of the header are indexes into the sheet."""
    filled: list[int] = []
    for at, row in enumerate(sheet.rows):
        if any(cell not in ("", None) for cell in row):
            filled.append(at)
        if len(filled) == LOOKED_AT:
            break
    if len(filled) < 2:
        raise UserError("There is a header but no row below it", name, "Add the patients' rows.")
    rows = [[shown(cell).strip() for cell in sheet.rows[at]] for at in filled]
    header = find_header(rows, [at + 1 for at in filled], choices, f"{name}, {sheet.name}")
    at = filled[header.row] if header.row >= 0 else -1
    body = filled[header.body] if header.body < len(filled) else filled[-1] + 1
    return replace(header, row=at, body=body)


def _is_codebook(one: Found, others: Sequence[Found]) -> bool:
    """A sheet of few columns, one of which lists the names of another sheet's columns."""
    if sum(1 for name in one.header.names if name) > CODEBOOK_COLUMNS:
        return False
    for other in others:
        names = {name.lower() for name in other.header.names if name}
        if other is one or len(names) < 2:
            continue
        for column in range(min(2, len(one.header.names))):
            cells = {
                shown(row[column]).strip().lower() for row in one.sheet.rows[one.header.body :]
            }
            if len(cells & names) >= max(2, 0.5 * len(names)):
                return True
    return False


def _table(one: Found, choices: Choices, name: str) -> Table:
    cells, told = columns_of(one.sheet, one.header)
    table, framing = framed(pd.DataFrame(cells), one.header, choices, f"{name}, {one.sheet.name}")
    return Table(name, table, (*one.header.reading, *told, *framing), units=one.header.units)


def _told_sheet(
    best: Found, found: Sequence[Found], sheets: Sequence[Sheet], chosen: str
) -> Decision:
    others = [sheet for sheet in sheets if sheet is not best.sheet]
    sentence = f"The sheet '{best.sheet.name}' was read."
    if others:
        shown_ = ", ".join(_other(sheet) for sheet in others[:5])
        more = f" and {len(others) - 5} more" if len(others) > 5 else ""
        sentence = (
            f"The sheet '{best.sheet.name}' was read; {len(others)} other"
            f"{'s were' if len(others) > 1 else ' was'} not: {shown_}{more}."
        )
    names = tuple(sheet.name for sheet in sheets)
    proved = bool(chosen) or len(found) == 1
    return Decision(
        "sheet", best.sheet.name, sentence, cells=len(others), options=names, proved=proved
    )


def _other(sheet: Sheet) -> str:
    hidden = "" if sheet.visible else "hidden, "
    rows = len(sheet.rows)
    return f"'{sheet.name}' ({hidden}{rows:,} row{'s' * (rows != 1)})"
