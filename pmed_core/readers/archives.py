"""A table that is packed: gzip, or a ZIP or a folder with one."""

from __future__ import annotations

import io
import itertools
import re
import zipfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from pmed_core.errors import UserError
from pmed_core.readers import gzipped
from pmed_core.readers.packed import check_sizes
from pmed_core.reading import PHENOTYPES, Choices, Decision, joins
from pmed_core.settings import settings
from pmed_core.suffixes import (
    BROKEN_ZIP,
    PARTS,
    ends_with,
    is_gene_name,
    is_table_name,
    without_gzip,
)

BESIDE = re.compile(r"(read.?me|licen[cs]e|changelog|about|citation)\b", re.IGNORECASE)
TEXT = ("csv", "tsv", "txt", "tab")
LINE_AT_MOST = 10_000_000
REMEDY = "Unpack it and give the table itself."


@dataclass(frozen=True)
class Unpacked:
    """What was taken out of a ZIP: the bytes and the name of each table, and what was decided."""

    parts: list[tuple[bytes, str]]
    told: list[Decision]


def unzipped_gzip(data: bytes, name: str) -> tuple[bytes, str]:
    """(bytes, name) of what a .gz holds; raises ``UserError`` where it is damaged or too large."""
    limit, found, size = settings().max_file_mb * 2**20, list[bytes](), 0
    for piece in gzipped.pieces(data, name):
        found.append(piece)
        size += len(piece)
        if size > limit:
            raise UserError(f"It would unpack to more than {limit // 2**20:,} MB", name, REMEDY)
    return b"".join(found), without_gzip(name)


def packed(folder: Path) -> bytes:
    """A folder of tables as a ZIP; raises ``UserError`` where it is too large."""
    files = sorted(path for path in folder.rglob("*") if path.is_file())
    limit = settings().max_file_mb * 2**20
    if sum(path.stat().st_size for path in files if is_table_name(path.name)) > limit:
        raise UserError(
            f"Its tables have more than {limit // 2**20:,} MB", folder.name, "Give one of them."
        )
    written = io.BytesIO()
    with zipfile.ZipFile(written, "w") as archive:
        for path in files:
            # What is no table is counted, and not read.
            data = path.read_bytes() if is_table_name(path.name) else b""
            archive.writestr(path.relative_to(folder).as_posix(), data)
    return written.getvalue()


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


def from_zip(data: bytes, name: str, choices: Choices) -> Unpacked:
    """The one table in a ZIP, the chosen one, or those with the same columns.

    Raises ``UserError`` where it holds none or several, is damaged, encrypted, or too large.
    """
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            entries = [entry for entry in archive.infolist() if _counts(entry)]
            check_sizes(entries, name, REMEDY)
            tables = _tables(entries, name)
            alike = _alike(archive, tables)
            first = _chosen(tables, alike, choices.get("file", ""), name)
            default = "together" if ends_with(without_gzip(first.filename), PARTS) else "first"
            every = choices.get("files", default) == "together" and not choices.get("file")
            read = [first, *(one for one in alike if every and one is not first)]
            titles = _titles(read)
            unpacked = [
                (archive.read(entry), title) for entry, title in zip(read, titles, strict=True)
            ]
    except BROKEN_ZIP as error:
        raise UserError(
            "The ZIP cannot be unpacked: it is damaged or encrypted", name,
            "Pack the table again, without a password.",
        ) from error  # fmt: skip
    others = [one for one in alike if one is not first and not choices.get("file")]
    told = [_told(first, len(entries) - 1 - len(others) - _used(choices, tables), tables)]
    if others:
        told.append(_told_alike(first, others, together=every))
    return Unpacked(unpacked, told)


def member(path: Path, name: str) -> bytes:
    """The bytes of one of the files in a ZIP; raises ``UserError``."""
    return from_zip(path.read_bytes(), path.name, {"file": name}).parts[0][0]


def tables_in(path: Path) -> list[str]:
    """Names of the tables in a ZIP; raises ``UserError`` where it is none or holds no table."""
    try:
        with zipfile.ZipFile(path) as archive:
            entries = [entry for entry in archive.infolist() if _counts(entry)]
            return [entry.filename for entry in _tables(entries, path.name)]
    except BROKEN_ZIP as error:
        raise UserError("This is no ZIP with several tables", path.name, REMEDY) from error


def _used(choices: Choices, tables: Sequence[zipfile.ZipInfo]) -> int:
    """Other files of a ZIP that are read beside the chosen one: joined ones, and where genes lie
    beside them."""
    many = len(joins(choices))
    genes = bool(many) and any(is_gene_name(one.filename) for one in tables)
    return many + genes + (PHENOTYPES in choices)


def _bare(entry: zipfile.ZipInfo) -> str:
    return PurePosixPath(entry.filename.replace("\\", "/")).name


def _titles(entries: list[zipfile.ZipInfo]) -> list[str]:
    """Their names; with their folders where they lie in several."""
    whole = [entry.filename.replace("\\", "/") for entry in entries]
    folders = {PurePosixPath(one).parent for one in whole}
    return [_bare(entry) for entry in entries] if len(folders) < 2 else whole


def folders(titles: Sequence[str]) -> dict[str, list[str]]:
    """Column -> the folder of each table: one for each level at which these differ."""
    paths = [PurePosixPath(one).parent.parts for one in titles]
    every = itertools.zip_longest(*paths, fillvalue="")
    unlike = [list(level) for level in every if len(set(level)) > 1]
    if len(unlike) == 1:
        return {"folder": unlike[0]}
    return {f"folder {number}": level for number, level in enumerate(unlike, 1)}


def _told(entry: zipfile.ZipInfo, beside: int, tables: list[zipfile.ZipInfo]) -> Decision:
    sentence = f"Of the files in it the table '{entry.filename[:120]}' was read"
    if beside:
        sentence += f"; {beside} other file{'s were' if beside > 1 else ' was'} not"
    options = tuple(one.filename for one in tables)
    return Decision("file", entry.filename, f"{sentence}.", cells=beside, options=options)


def _told_alike(
    first: zipfile.ZipInfo, others: list[zipfile.ZipInfo], *, together: bool
) -> Decision:
    titles = _titles([first, *others])
    listed = ", ".join(f"'{title[:80]}'" for title in titles[1:11])
    have = f"{len(others)} other tables have" if len(others) > 1 else "1 other table has"
    were = "were" if len(others) > 1 else "was"
    name = f"'{titles[0][:80]}'"
    sentence = f"{have} the same columns as {name} and {were} not read: {listed}."
    if together:
        sentence = (
            f"{len(others) + 1} tables with the same columns were read one below the other, with "
            f"a column for the file's name{_of_folders(titles)}: {name}, {listed}."
        )
    return Decision(
        "files", "together" if together else "first", sentence, cells=len(others),
        options=("first", "together"), proved=together,
    )  # fmt: skip


def _of_folders(titles: Sequence[str]) -> str:
    named = folders(titles)
    return f" and '{' and '.join(named)}' for its folder" if named else ""


def _counts(entry: zipfile.ZipInfo) -> bool:
    parts = PurePosixPath(entry.filename.replace("\\", "/")).parts
    return not entry.is_dir() and not any(p == "__MACOSX" or p.startswith(".") for p in parts)


def _tables(entries: list[zipfile.ZipInfo], name: str) -> list[zipfile.ZipInfo]:
    tables = [entry for entry in entries if is_table_name(entry.filename)]
    if not tables:
        raise UserError("There is no table in it", name, REMEDY)
    return [entry for entry in tables if not BESIDE.match(_bare(entry))] or tables


def _alike(archive: zipfile.ZipFile, tables: list[zipfile.ZipInfo]) -> list[zipfile.ZipInfo]:
    """All tables, the largest first, where all of them begin with the same line of names; in order
    of their names where each is a part of one table."""
    if all(ends_with(without_gzip(one.filename), PARTS) for one in tables):
        return sorted(tables, key=lambda one: one.filename)
    if len(tables) == 1 or not all(ends_with(one.filename, TEXT) for one in tables):
        return []
    lines = set()
    for entry in tables:
        with archive.open(entry) as file:
            lines.add(file.readline(LINE_AT_MOST).strip())
    same = len(lines) == 1 and any(lines)
    return sorted(tables, key=lambda one: -one.file_size) if same else []


def _chosen(
    tables: list[zipfile.ZipInfo], alike: list[zipfile.ZipInfo], chosen: str, name: str
) -> zipfile.ZipInfo:
    names = [entry.filename for entry in tables]
    listed = ", ".join(f"'{one[:80]}'" for one in names[:10])
    if chosen:
        found = [one for one in tables if chosen in (one.filename, _bare(one))]
        if len(found) == 1:
            return found[0]
        raise UserError(f"There is no table '{chosen[:80]}' in it", name, f"It has: {listed}.")
    if len(tables) > 1 and not alike:
        raise UserError(
            f"There are {len(tables)} tables in it: {listed}", name,
            f"Choose one (file={_bare(tables[0])}), or unpack it.",
        )  # fmt: skip
    return alike[0] if alike else tables[0]
