"""A table that is packed: gzip, or a ZIP with one."""

from __future__ import annotations

import io
import re
import zipfile
import zlib
from pathlib import PurePosixPath

from pmed_core.errors import UserError
from pmed_core.modalities.scan.readers.collection import BROKEN_ZIP
from pmed_core.readers.packed import check_sizes
from pmed_core.reading import Choices, Decision
from pmed_core.settings import settings
from pmed_core.suffixes import is_table_name

BESIDE = re.compile(r"(read.?me|licen[cs]e|changelog|about|citation)\b", re.IGNORECASE)
REMEDY = "Unpack it and give the table itself."


def unzipped_gzip(data: bytes, name: str) -> tuple[bytes, str]:
    """(bytes, name) of what a .gz holds; raises ``UserError`` where it is damaged or too large."""
    limit = settings().max_file_mb * 2**20
    unpacker = zlib.decompressobj(wbits=31)
    try:
        unpacked = unpacker.decompress(data, limit + 1)
    except zlib.error as error:
        raise UserError("The gzip file is damaged", name, "Pack the table again.") from error
    if len(unpacked) > limit:
        raise UserError(f"It would unpack to more than {limit // 2**20:,} MB", name, REMEDY)
    if not unpacker.eof:
        raise UserError("The gzip file is cut off", name, "Pack the table again.")
    return unpacked, re.sub(r"\.gz$", "", name, flags=re.IGNORECASE)


def is_office(data: bytes) -> str:
    """What kind of Office file a ZIP is: "workbook", "document", or "" for a plain ZIP."""
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            names = set(archive.namelist())
            kind = archive.read("mimetype")[:80] if "mimetype" in names else b""
    except BROKEN_ZIP:
        return ""
    if names & {"xl/workbook.xml", "xl/workbook.bin"} or kind.startswith(
        b"application/vnd.oasis.opendocument.spreadsheet"
    ):
        return "workbook"
    return "document" if "[Content_Types].xml" in names or kind else ""


def from_zip(data: bytes, name: str, choices: Choices) -> tuple[bytes, str, Decision]:
    """(bytes, name, what was decided) of the one table in a ZIP, or of the chosen one.

    Raises ``UserError`` where it holds none or several, is damaged, encrypted, or too large.
    """
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            entries = [entry for entry in archive.infolist() if _counts(entry)]
            check_sizes(entries, name, REMEDY)
            entry, tables = _chosen(entries, choices.get("file", ""), name)
            unpacked = archive.read(entry)
    except BROKEN_ZIP as error:
        raise UserError(
            "The ZIP cannot be unpacked: it is damaged or encrypted", name,
            "Pack the table again, without a password.",
        ) from error  # fmt: skip
    beside = len(entries) - 1
    sentence = f"The ZIP holds the table '{entry.filename[:120]}', which was read"
    if beside:
        sentence += f"; {beside} other file{'s were' if beside > 1 else ' was'} not"
    told = Decision("file", entry.filename, f"{sentence}.", cells=beside, options=tuple(tables))
    return unpacked, PurePosixPath(entry.filename.replace("\\", "/")).name, told


def _counts(entry: zipfile.ZipInfo) -> bool:
    parts = PurePosixPath(entry.filename.replace("\\", "/")).parts
    return not entry.is_dir() and not any(p == "__MACOSX" or p.startswith(".") for p in parts)


def _chosen(
    entries: list[zipfile.ZipInfo], chosen: str, name: str
) -> tuple[zipfile.ZipInfo, list[str]]:
    tables = [entry for entry in entries if is_table_name(entry.filename)]
    main = [entry for entry in tables if not BESIDE.match(PurePosixPath(entry.filename).name)]
    tables = main or tables
    names = [entry.filename for entry in tables]
    listed = ", ".join(f"'{one[:80]}'" for one in names[:10])
    if chosen:
        found = [e for e in tables if chosen in (e.filename, PurePosixPath(e.filename).name)]
        if len(found) == 1:
            return found[0], names
        raise UserError(f"The ZIP has no table '{chosen[:80]}'", name, f"It has: {listed}.")
    if not tables:
        raise UserError("There is no table in this ZIP", name, REMEDY)
    if len(tables) > 1:
        raise UserError(
            f"There are {len(tables)} tables in this ZIP: {listed}", name,
            f"Choose one (file={PurePosixPath(names[0]).name}), or unpack it.",
        )  # fmt: skip
    return tables[0], names
