"""How far the cells of a sheet reach, known before room is made for them."""

from __future__ import annotations

import re
import zipfile
from collections.abc import Iterable

from pmed_core.errors import UserError
from pmed_core.readers.sheet_marks import chunks

SHEET_CELLS_AT_MOST = 50_000_000
OVERLAP = 200
SMALL = 2**23
"""Bytes of a binary sheet; a larger one holds about as many cells as it spans."""
LAST_CELL = 11
"""Numbers of the records of an .xlsb: 0 begins a row, 1 to this are cells."""
FILLED = rb"""<(?:\w+:)?c\s[^>]*?\br=["']%s["'][^>]*?(?<!/)>"""
FAR = re.compile(FILLED % rb"""(?:[A-Z]{3,}\d+|[A-Z]+\d{6,})""")
CELL = re.compile(FILLED % rb"""([A-Z]+)(\d+)""")


def too_far(rows: int, columns: int, where: str) -> UserError:
    """One sentence for cells that stand far outside of a table."""
    return UserError(
        f"The cells of a sheet span {rows:,} rows and {columns:,} columns", where,
        "Delete what stands far outside the table, or save the table as CSV.",
    )  # fmt: skip


def not_too_far(archive: zipfile.ZipFile, members: Iterable[str], where: str) -> None:
    """Raise ``UserError`` where a sheet's filled cells span more than is read: one cell in the
    last corner makes a table of 17,179,869,184."""
    for member in members:
        if not any(FAR.search(part) for part in _parts(archive, member)):
            continue
        rows, columns = _span(archive, member)
        if rows * columns > SHEET_CELLS_AT_MOST:
            raise too_far(rows, columns, where)


def not_too_far_in_binary(archive: zipfile.ZipFile, where: str) -> None:
    """The same of the sheets of an .xlsb, where they are so small that they could only be made to
    look large; raises ``BadXml`` for a part that is not whole, on which the reader relies."""
    for entry in archive.infolist():
        if not entry.filename.endswith(".bin"):
            continue
        data = b"".join(chunks(archive, entry.filename))
        if "worksheets/" in entry.filename and len(data) <= SMALL:
            rows, columns = _binary_span(data)
            if rows * columns > SHEET_CELLS_AT_MOST:
                raise too_far(rows, columns, where)


def _binary_span(data: bytes) -> tuple[int, int]:
    """Rows and columns by the numbers in the headers of rows and cells ([MS-XLSB] 2.4)."""
    at = rows = columns = 0
    while at < len(data):
        kind, at = _seven(data, at)
        length, at = _seven(data, at)
        if kind <= LAST_CELL and length >= 4:
            place = int.from_bytes(data[at : at + 4], "little") + 1
            rows, columns = (max(rows, place), columns) if not kind else (rows, max(columns, place))
        at += length
    return rows, columns


def _seven(data: bytes, at: int) -> tuple[int, int]:
    """A number in bytes of seven bits, and what comes after it."""
    value = shift = 0
    while at < len(data):
        byte = data[at]
        value, shift, at = value | (byte & 127) << shift, shift + 7, at + 1
        if byte < 128:
            break
    return value, at


def _parts(archive: zipfile.ZipFile, member: str) -> Iterable[bytes]:
    end = b""
    for chunk in chunks(archive, member):
        yield end + chunk
        end = chunk[-OVERLAP:]


def _span(archive: zipfile.ZipFile, member: str) -> tuple[int, int]:
    rows = columns = 0
    for part in _parts(archive, member):
        for letters, digits in CELL.findall(part):
            rows = max(rows, int(digits[:15]))
            columns = max(columns, _number(letters))
    return rows, columns


def _number(letters: bytes) -> int:
    number = 0
    for letter in letters[:5]:
        number = 26 * number + letter - 64
    return number
