"""Bytes of an unknown file -> text, or one sentence that says why not."""

from __future__ import annotations

import codecs
import re
from collections.abc import Iterable
from pathlib import Path

from pmed_core.errors import UserError
from pmed_core.readers.scripts import ENCODINGS, ranked
from pmed_core.reading import Choices, Decision
from pmed_core.settings import settings

BINARY_STARTS = {
    b"PK\x03\x04": "a ZIP or Office file",
    b"\xd0\xcf\x11\xe0": "an old Office file",
    b"%PDF": "a PDF",
    b"\x89PNG": "a PNG picture",
    b"\xff\xd8\xff": "a JPEG picture",
    b"\x1f\x8b": "a gzip archive",
    b"PAR1": "a Parquet file",
    b"\x7fELF": "a program",
    b"MZ\x90\x00": "a program",
    b"\x89HDF": "an HDF5 file",
    b"\x93NUMPY": "an array of numpy",
    b"\x80\x04\x95": "a Python pickle, which is never opened",
    b"\x80\x05\x95": "a Python pickle, which is never opened",
    b"RDX": "a file of R",
    b"RDA": "a file of R",
    b"\x00\x01\x00\x00Standard": "an Access database",
    b"SQLite format 3": "a database",
    b"7z\xbc\xaf\x27\x1c": "a 7-Zip archive",
    b"Rar!\x1a\x07": "a RAR archive",
    b"BZh91AY&SY": "a bzip2 archive",
    b"\xfd7zXZ\x00": "an xz archive",
    b"\x28\xb5\x2f\xfd": "a Zstandard archive",
    b"MATLAB 5.0 MAT-file": "a file of MATLAB",
}
TAR, TAR_AT = b"ustar", 257
MARKS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
LOOKED_AT = 200_000
TELLING = 20_000
CLEAR = 0.25
"""How much better than any other reading an encoding has to be."""
MOSTLY = 0.9
DOUBLE = re.compile(r"[ÂÃÄÅÆÐÑØÎÏâãäåæç][\u0080-\u00bf€‚ƒ„…†‡ˆ‰Š‹ŒŽ‘’“”•–—˜™š›œžŸ]+")
"""What UTF-8 looks like that a program took for Windows' western encoding and saved again."""
KEPT, MENDED = "kept", "mended"


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
        raise UserError("The file is empty", path.name, "Save it again; a table has a header row.")
    return data


def _other_kind(data: bytes) -> str:
    """What a file is by its first bytes; empty where it may be text."""
    if data[TAR_AT : TAR_AT + len(TAR)] == TAR:
        return "a tar archive"
    return next((kind for start, kind in BINARY_STARTS.items() if data.startswith(start)), "")


def decoded(data: bytes, name: str, choices: Choices) -> tuple[str, list[Decision]]:
    """(text with "\\n" at the ends of lines, what was decided).

    Args:
        data: what stands in the file.
        name: of the file, for messages.
        choices: "encoding" = a name that Python knows; "mojibake" = "mended".

    Raises:
        UserError: it is not text, or not in the chosen encoding.
    """
    if kind := _other_kind(data):
        remedy = "Open it in the program it comes from and save the table as CSV, .xlsx or Parquet."
        if kind.endswith("archive"):
            remedy = "Unpack it, and bring in the table, or a ZIP with it."
        raise UserError(f"This is {kind}, not a text table", name, remedy)
    chosen = choices.get("encoding", "")
    text, told = _as_chosen(data, chosen, name) if chosen else _as_found(data, name)
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    if "\x00" in text:
        line = text[: text.index("\x00")].count("\n") + 1
        raise UserError(
            "There is a NUL character, so this is not a text table", f"{name}, line {line}",
            "Save the table again as CSV.",
        )  # fmt: skip
    text, twice = _encoded_twice(text, choices)
    return text, [told, *twice]


def _as_chosen(data: bytes, chosen: str, name: str) -> tuple[str, Decision]:
    try:
        text = data.decode(codecs.lookup(chosen).name)
    except LookupError as error:
        raise UserError(
            f"There is no encoding '{chosen[:30]}'", name, f"Choose one of {', '.join(ENCODINGS)}."
        ) from error
    except UnicodeError as error:
        raise UserError(
            f"The file is not text in the encoding {chosen}", name,
            "Choose another encoding, or none: then it is looked for.",
        ) from error  # fmt: skip
    return text.removeprefix("\ufeff"), _told(chosen, f"The text was read as {chosen}, as chosen.")


def _as_found(data: bytes, name: str) -> tuple[str, Decision]:
    for mark, encoding in MARKS:
        if data.startswith(mark):
            told = _told(encoding, f"The text is {encoding.upper()}: a mark at its start says so.")
            return data.decode(encoding, errors="replace"), told
    if wide := _without_mark(data[:LOOKED_AT]):
        told = _told(wide, f"The text is {wide.upper()}: every second byte is empty.")
        return data.decode(wide, errors="replace"), told
    try:
        return data.decode("utf-8"), _told("utf-8", "The text is UTF-8.")
    except UnicodeDecodeError:
        pass
    if _is_binary(data):
        raise UserError(
            "This is not text in any encoding that can be recognised", name,
            "Save the table as CSV in UTF-8.",
        )  # fmt: skip
    return _patched(data) or _eight_bits(data, name)


def _told(encoding: str, sentence: str, proved: bool = True) -> Decision:
    return Decision("encoding", encoding, sentence, options=ENCODINGS, proved=proved)


def _without_mark(start: bytes) -> str | None:
    """UTF-16 of mostly western text has a zero in every second byte."""
    even, odd = start[0::2].count(0), start[1::2].count(0)
    half = max(len(start) // 2, 1)
    if odd > 0.4 * half and even < 0.05 * half:
        return "utf-16-le"
    if even > 0.4 * half and odd < 0.05 * half:
        return "utf-16-be"
    return None


def _is_binary(data: bytes) -> bool:
    control = sum(data[:LOOKED_AT].count(code) for code in (*range(1, 9), *range(14, 27)))
    return control > len(data[:LOOKED_AT]) * 0.01


def _patched(data: bytes) -> tuple[str, Decision] | None:
    """UTF-8 into which some lines of another encoding were pasted."""
    strange = [line for line in data.splitlines() if not line.isascii()]
    wrong = [line for line in strange if not _is_utf8(line)]
    if len(wrong) > (1 - MOSTLY) * len(strange):
        return None
    lines = [line if _is_utf8(line) else line.decode("cp1252", "replace").encode() for line in
             data.split(b"\n")]  # fmt: skip
    before, after = wrong[0].decode("utf-8", "replace")[:60], wrong[0].decode("cp1252", "replace")
    return b"\n".join(lines).decode("utf-8"), Decision(
        "encoding", "utf-8", f"The text is UTF-8, but for {len(wrong)} lines, which were read as "
        "Windows' western encoding (cp1252).", cells=len(wrong), examples=((before, after[:60]),),
        options=ENCODINGS, proved=False,
    )  # fmt: skip


def _is_utf8(line: bytes) -> bool:
    try:
        line.decode("utf-8")
    except UnicodeDecodeError:
        return False
    return True


def _eight_bits(data: bytes, name: str) -> tuple[str, Decision]:
    telling = _telling(data.splitlines())
    found = [(score, encoding) for score, encoding in ranked(telling) if _whole(data, encoding)]
    if not found or found[0][0] <= 0:
        raise UserError(
            "This is not text in any encoding that can be recognised", name,
            "Save the table as CSV in UTF-8, or name its encoding (encoding=NAME).",
        )  # fmt: skip
    score, encoding = found[0]
    read = telling.decode(encoding)
    others = [
        other for points, other in found[1:]
        if points > score - CLEAR and telling.decode(other) != read
    ]  # fmt: skip
    example = next((word for word in re.findall(r"\w+", read) if not word.isascii()), read[:20])
    sentence = f"The text does not say its encoding: it was read as {encoding}, as in '{example}'."
    if others:
        sentence = f"{sentence} It can also be read as {' or '.join(others[:3])}."
    return data.decode(encoding), Decision(
        "encoding", encoding, sentence, options=(encoding, *others),
        examples=tuple((telling.decode(other)[:40], read[:40]) for other in others[:1]),
        proved=not others,
    )  # fmt: skip


def _telling(lines: Iterable[bytes]) -> bytes:
    """Different lines that are not plain ASCII: only these tell encodings apart."""
    kept: dict[bytes, None] = {}
    length = 0
    for line in lines:
        if not line.isascii() and line not in kept:
            kept[line] = None
            length += len(line)
            if length > TELLING:
                break
    return b"\n".join(kept)


def _whole(data: bytes, encoding: str) -> bool:
    try:
        data.decode(encoding)
    except UnicodeDecodeError:
        return False
    return True


def _encoded_twice(text: str, choices: Choices) -> tuple[str, list[Decision]]:
    """Letters that were spoiled before the file was saved: said, and mended on request."""
    if not DOUBLE.search(text):
        return text, []
    pairs = {found: mended for found in set(DOUBLE.findall(text)) if (mended := _mended(found))}
    if not pairs:
        return text, []
    count = sum(text.count(found) for found in pairs)
    chosen = choices.get("mojibake", KEPT)
    if chosen == MENDED:
        text = DOUBLE.sub(lambda found: pairs.get(found.group(), found.group()), text)
    done = "mended" if chosen == MENDED else "kept as they are"
    places = "1 place" if count == 1 else f"{count:,} places"
    return text, [
        Decision(
            "mojibake", chosen, f"Letters were spoiled in {places} before the file was saved "
            f"(UTF-8 read as another encoding): {done}.", cells=count,
            examples=tuple(pairs.items())[:2], options=(KEPT, MENDED), proved=False,
        )
    ]  # fmt: skip


def _mended(found: str) -> str:
    for encoding in ("cp1252", "latin-1"):
        try:
            mended = found.encode(encoding).decode("utf-8")
        except UnicodeError:
            continue
        if mended != found:
            return mended
    return ""
