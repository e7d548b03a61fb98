"""A file of any kind -> Table. What it is, its first bytes say; its name only where they do not."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from pmed_core.errors import UserError
from pmed_core.modalities.columns import OWN_BYTES, OWN_TEXTS, of_own_file
from pmed_core.readers import archives, columnar, markup, plink, records
from pmed_core.readers.decoding import contents, decoded
from pmed_core.readers.delimited import parsed
from pmed_core.readers.foreign import unreadable
from pmed_core.readers.joining import joined
from pmed_core.readers.old_workbooks import old_sheets
from pmed_core.readers.statistical import kind_of, statistical
from pmed_core.readers.table import Table
from pmed_core.readers.workbooks import PASSWORD, of_sheets, workbook
from pmed_core.reading import Choices, Decision
from pmed_core.suffixes import WORKBOOKS, ends_with

ZIP, GZIP, COMPOUND = b"PK\x03\x04", b"\x1f\x8b", b"\xd0\xcf\x11\xe0"
PARQUET, ARROW = b"PAR1", (b"ARROW1", b"FEA1")


def open_table(path: Path, choices: Choices) -> Table:
    """What stands in a file, or in a folder of tables, one column a name.

    Raises ``UserError``: what is wrong with the file, where, and what to do.
    """
    data = archives.packed(path) if path.is_dir() else contents(path)
    return replace(table_of(data, path.name, choices), name=path.name)


def table_of(data: bytes, name: str, choices: Choices) -> Table:
    """The same of bytes."""
    try:
        return _table_of(data, name, choices)
    except MemoryError as error:
        raise UserError(
            "It needs more memory than there is", name, "Keep fewer columns or rows."
        ) from error


def _table_of(data: bytes, name: str, choices: Choices) -> Table:
    if not data.startswith(ZIP) and (own := of_own_file(data, name)):
        return own.parsed(data, name, choices)
    if data.startswith(GZIP):
        data, name = archives.unzipped_gzip(data, name)
        return table_of(_once(data, name), name, choices)
    if data.startswith(ZIP):
        return _of_zip(data, name, choices)
    if file := next((one for one in OWN_BYTES if one.holds(data, name)), None):
        return file.parsed(data, name, choices)
    if kind := kind_of(data, name):
        return statistical(data, name, kind, choices)
    if data.startswith(PARQUET) or ends_with(name, ("parquet", "pq")):
        return columnar.parquet(data, name)
    if data.startswith(ARROW):
        return columnar.feather(data, name)
    if data.startswith(COMPOUND):
        if "EncryptedPackage".encode("utf-16-le") in data:
            raise UserError("The workbook is protected by a password", name, PASSWORD)
        return of_sheets(old_sheets(data, name), name, choices)
    return _of_text(data, name, choices)


def _once(data: bytes, name: str) -> bytes:
    """What was unpacked once is not unpacked again."""
    if data.startswith(GZIP):
        raise UserError("It is packed twice", name, archives.REMEDY)
    return data


def _of_zip(data: bytes, name: str, choices: Choices) -> Table:
    match archives.is_office(data):
        case "workbook":
            return workbook(data, name, choices)
        case "document":
            raise UserError(
                "This is a document, not a workbook", name, "Save its table as CSV or .xlsx."
            )
        case _ if ends_with(name, WORKBOOKS):
            raise unreadable(name, "an Excel workbook")
    inside = archives.from_zip(data, name, choices)
    tables = [_of_member(part, of, name, choices) for part, of in inside.parts]
    titles = [title for _, title in inside.parts]
    for table, title in zip(tables, titles, strict=True):
        if list(table.cells) != list(tables[0].cells):
            raise UserError(
                f"'{title[:80]}' has other columns than '{titles[0][:80]}'", name,
                f"Choose one of them (file={titles[0]}), or unpack it.",
            )  # fmt: skip
    tables = [
        replace(one, cells=one.cells.assign(**_lies(one, k, titles)))
        for k, one in enumerate(tables)
    ]
    return _told(joined(tables, titles, "file"), inside.told)


def _lies(table: Table, number: int, titles: Sequence[str]) -> dict[str, str]:
    """Column -> in which folder one of the files of a ZIP lies."""
    return {
        name if name not in table.cells else f"name of the {name}": level[number]
        for name, level in archives.folders(titles).items()
    }


def _of_member(data: bytes, name: str, outer: str, choices: Choices) -> Table:
    if data.startswith(ZIP) and archives.is_office(data) != "workbook":
        raise UserError("It is a ZIP inside a ZIP", outer, archives.REMEDY)
    if data.startswith(GZIP) and not of_own_file(data, name):
        data, name = archives.unzipped_gzip(data, name)
        data = _once(data, outer)
    return table_of(data, name, choices)


def _of_text(data: bytes, name: str, choices: Choices) -> Table:
    if ends_with(name, WORKBOOKS) and b"\x00" in data[:1000]:
        raise unreadable(name, "an Excel workbook")
    text, told = decoded(data, name, choices)
    if own := next((one for one in OWN_TEXTS if one.holds(text, name)), None):
        return _told(own.parsed(text, name, choices), told)
    if plink.holds(name):
        return _told(plink.parsed(text, name), told)
    if records.is_json(text):
        return _told(records.records(text, name), told)
    if markup.is_spreadsheet_xml(text):
        return _told(of_sheets(markup.xml_sheets(text, name), name, choices), told)
    if markup.is_html(text):
        return _told(of_sheets(markup.html_sheets(text, name), name, choices), told)
    if text.lstrip().startswith("<?xml"):
        raise UserError("This is XML, and no table", name, "Save the table as CSV or .xlsx.")
    return _told(parsed(text, name, choices), told)


def _told(table: Table, before: Sequence[Decision]) -> Table:
    return replace(table, reading=(*before, *table.reading))
