"""How far the cells of a sheet reach, known before room is made for them."""

from __future__ import annotations

import re
import zipfile
from collections.abc import Iterable

from pmed_core.errors import UserError
from pmed_core.readers.sheet_marks import chunks

SHEET_CELLS_AT_MOST = 50_000_000
OVERLAP = 200
FILLED = rb"""<(?:\w+:)?c\s[^>]*?\br=["']%s["'][^>]*?(?<!/)>"""
FAR = re.compile(FILLED % rb"""(?:[A-Z]{3,}\d+|[A-Z]+\d{6,})""")
CELL = re.compile(FILLED % rb"""([A-Z]+)(\d+)""")


def not_too_far(archive: zipfile.ZipFile, members: Iterable[str], where: str) -> None:
    """Raise ``UserError`` where a sheet's filled cells span more than is read: one cell in the
    last corner makes a table of 17,179,869,184."""
    for member in members:
        if not any(FAR.search(part) for part in _parts(archive, member)):
            continue
        rows, columns = _span(archive, member)
        if rows * columns > SHEET_CELLS_AT_MOST:
            raise UserError(
                f"The cells of a sheet span {rows:,} rows and {columns:,} columns", where,
                "Delete what stands far outside the table, or save the table as CSV.",
            )  # fmt: skip


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
