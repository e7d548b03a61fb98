"""Bytes of an unknown file -> text, or one sentence that says why not."""

from __future__ import annotations

import codecs
import re
from pathlib import Path

from charset_normalizer import from_bytes

from pmed_core.errors import UserError
from pmed_core.settings import settings

BINARY_STARTS = {
    b"PK\x03\x04": "a ZIP or Office file",
    b"\xd0\xcf\x11\xe0": "an old Office file (.xls)",
    b"%PDF": "a PDF",
    b"\x89PNG": "a PNG picture",
    b"\xff\xd8\xff": "a JPEG picture",
    b"\x1f\x8b": "a gzip archive",
    b"PAR1": "a Parquet file",
    b"\x7fELF": "a program",
    b"SQLite format 3": "a database",
}
MARKS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
LATIN_ENCODINGS = ["cp1252", "cp1250", "cp1254", "cp1257", "mac_roman", "cp850"]
WESTERN = {letter.encode("cp1252") for letter in "äöüßÄÖÜéèàâçîïôñáíóúãÉÈÀ°µ"}
"""Bytes that mean in other encodings of latin script the same, or what is rare there."""
LOOKED_AT = 200_000


def contents(path: Path) -> bytes:
    """The bytes of a file; raises ``UserError`` where it is missing, too large or empty."""
    try:
        size = path.stat().st_size
        if path.is_dir():
            raise UserError("This is a folder", path.name, "Give a CSV, Excel or Parquet file.")
        if size > settings().max_file_mb * 2**20:
            limit = f"{settings().max_file_mb:,} MB"
            raise UserError(
                f"The file has {size / 2**30:.1f} GB; at most {limit} are read", path.name,
                "Keep the columns that matter, or save the table as Parquet.",
            )  # fmt: skip
        data = path.read_bytes()
    except FileNotFoundError as error:
        raise UserError("There is no such file", str(path), "Check the path.") from error
    except PermissionError as error:
        raise UserError("The file may not be read", str(path), "Ask for the right to.") from error
    if not data.strip():
        raise UserError("The file is empty", path.name, "Save the table again, with a header row.")
    return data


def decoded(data: bytes, name: str) -> tuple[str, str]:
    """(text, encoding); raises ``UserError`` for anything that is not text."""
    for start, kind in BINARY_STARTS.items():
        if data.startswith(start):
            raise UserError(
                f"This is {kind}, not a text table", name,
                "Open it in the program it comes from and save the table as CSV, .xlsx or Parquet.",
            )  # fmt: skip
    encoding = _encoding(data)
    if encoding is None:
        raise UserError(
            "This is not text in any encoding that can be recognised", name,
            "Save the table as CSV in UTF-8.",
        )  # fmt: skip
    text = data.decode(encoding, errors="replace").replace("\r\n", "\n").replace("\r", "\n")
    if "\x00" in text:
        line = text[: text.index("\x00")].count("\n") + 1
        raise UserError(
            "There is a NUL character, so this is not a text table", f"{name}, line {line}",
            "Save the table again as CSV.",
        )  # fmt: skip
    return text, encoding


def _encoding(data: bytes) -> str | None:
    for mark, encoding in MARKS:
        if data.startswith(mark):
            return encoding
    if wide := _without_mark(data[:LOOKED_AT]):
        return wide
    try:
        data.decode("utf-8")
    except UnicodeDecodeError:
        return _eight_bits(data)
    return "utf-8"


def _without_mark(start: bytes) -> str | None:
    """UTF-16 of mostly western text has a zero in every second byte."""
    even, odd = start[0::2].count(0), start[1::2].count(0)
    half = max(len(start) // 2, 1)
    if odd > 0.4 * half and even < 0.05 * half:
        return "utf-16-le"
    if even > 0.4 * half and odd < 0.05 * half:
        return "utf-16-be"
    return None


def _eight_bits(data: bytes) -> str | None:
    control = sum(data[:LOOKED_AT].count(code) for code in (*range(1, 9), *range(14, 27)))
    if control > len(data[:LOOKED_AT]) * 0.01:
        return None
    # Only lines that are not plain ASCII tell encodings apart.
    telling = b"\n".join(line for line in data.splitlines() if not line.isascii())[:LOOKED_AT]
    if not _latin_script(telling):
        best = from_bytes(telling).best()
    elif set(re.findall(rb"[\x80-\xff]", telling)) <= WESTERN:
        return "cp1252"
    else:
        best = from_bytes(telling, cp_isolation=LATIN_ENCODINGS).best()
    return best.encoding if best and best.encoding != "ascii" else "cp1252"


def _latin_script(telling: bytes) -> bool:
    """Words with accents are mostly plain letters. Where they are not, any encoding is possible."""
    words = [word for word in re.findall(rb"[A-Za-z\x80-\xff]+", telling) if not word.isascii()]
    plain = sum(len(re.findall(rb"[A-Za-z]", word)) for word in words)
    return plain >= 0.5 * sum(map(len, words))
