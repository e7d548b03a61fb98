"""What the XML of a workbook says beside the values: what is hidden, failed, or shown otherwise.

The cells themselves are read by python-calamine. A sheet is looked through here only where its
text holds one of these marks at all.
"""

from __future__ import annotations

import re
import zipfile
import zlib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import PurePosixPath
from xml.parsers import expat

from pmed_core.readers.number_formats import BUILT_IN, Shown, shown_as

CHUNK = 2**20
OVERLAP = 64
ON = ("1", "true")
MARKS = re.compile(
    rb"""<(?:\w+:)?f[ >/]|\bt=["']e["']|\bhidden=["'](?:1|true)|<!(?:DOCTYPE|ENTITY)"""
)
LETTERS = {letter: number for number, letter in enumerate("ABCDEFGHIJKLMNOPQRSTUVWXYZ", 1)}

Place = tuple[int, int]


@dataclass
class Marks:
    """Rows and columns count from 0; cells are kept by column, then by row.

    Attributes:
        hidden_rows: rows that a filter or a person hides.
        hidden_columns: the same of columns.
        formulas: cells whose value is calculated -> the stored value as text, "" where none is.
        errors: cells that hold an error -> its text, as #DIV/0!.
        shown: cells whose number is shown otherwise than it is stored.
        struck: cells whose text is struck through.
    """

    hidden_rows: set[int] = field(default_factory=set)
    hidden_columns: set[int] = field(default_factory=set)
    formulas: dict[int, dict[int, str]] = field(default_factory=dict)
    errors: dict[int, dict[int, str]] = field(default_factory=dict)
    shown: dict[int, dict[int, Shown]] = field(default_factory=dict)
    struck: set[Place] = field(default_factory=set)


class BadXml(ValueError):
    """The XML is damaged, or declares what no workbook needs."""


@dataclass(frozen=True)
class Package:
    """The parts of an .xlsx that are looked at.

    Attributes:
        archive: the ZIP.
        members: sheet name -> its part.
        styles: style number -> how its numbers are shown, where that is not as they are stored.
        struck: numbers of styles whose text is struck through.
        recalculates: the program is asked to calculate when it opens the file: nobody has yet.
    """

    archive: zipfile.ZipFile
    members: Mapping[str, str]
    styles: Mapping[str, Shown]
    struck: frozenset[str]
    recalculates: bool

    def marks(self, sheet: str) -> Marks:
        """What a sheet says beside its values; raises ``BadXml``."""
        member = self.members.get(sheet)
        if member is None or not self._is_marked(member):
            return Marks()
        reader = _SheetReader(self.styles, self.struck)
        _parse(chunks(self.archive, member), reader)
        return reader.marks

    def _is_marked(self, member: str) -> bool:
        pattern = MARKS
        if marked := {*self.styles, *self.struck}:
            styles = "|".join(map(re.escape, sorted(marked)))
            pattern = re.compile(MARKS.pattern + rf"""|\bs=["'](?:{styles})["']""".encode())
        end = b""
        for chunk in chunks(self.archive, member):
            if pattern.search(end + chunk):
                return True
            end = chunk[-OVERLAP:]
        return False


def package(archive: zipfile.ZipFile) -> Package:
    """What to look at in an .xlsx; raises ``BadXml`` where a part is damaged."""
    names = set(archive.namelist())
    book = "xl/workbook.xml"
    if book not in names:
        return Package(archive, {}, {}, frozenset(), False)
    targets = {}
    for tag, given in _elements(archive, "xl/_rels/workbook.xml.rels", names):
        if tag == "Relationship":
            targets[given.get("Id", "")] = _within(given.get("Target", ""))
    members, recalculates = {}, False
    for tag, given in _elements(archive, book, names):
        if tag == "sheet":
            link = next((given[key] for key in given if key.endswith(":id")), "")
            members[given.get("name", "")] = targets.get(link, "")
        recalculates |= tag == "calcPr" and given.get("fullCalcOnLoad") in ON
    members = {name: member for name, member in members.items() if member in names}
    return Package(archive, members, *_styles(archive, names), recalculates)


def _within(target: str) -> str:
    if target.startswith("/"):
        return target[1:]
    return str(PurePosixPath("xl") / target)


def _styles(archive: zipfile.ZipFile, names: set[str]) -> tuple[dict[str, Shown], frozenset[str]]:
    codes, styles = dict(BUILT_IN), dict[str, Shown]()
    fonts, struck = list[bool](), set[str]()
    number = within = 0
    for tag, given in _elements(archive, "xl/styles.xml", names):
        if tag == "numFmt":
            codes[given.get("numFmtId", "")] = given.get("formatCode", "")
        elif tag == "font":
            fonts.append(False)
        elif tag == "strike" and fonts and not within:
            fonts[-1] = given.get("val", "1") in ON
        elif tag in ("cellStyleXfs", "cellXfs", "cellStyles", "dxfs"):
            within = tag == "cellXfs"
        elif tag == "xf" and within:
            if shown := shown_as(codes.get(given.get("numFmtId", ""), "")):
                styles[str(number)] = shown
            font = given.get("fontId", "")
            if font.isdigit() and int(font) < len(fonts) and fonts[int(font)]:
                struck.add(str(number))
            number += 1
    return styles, frozenset(struck)


def _elements(
    archive: zipfile.ZipFile, member: str, names: set[str]
) -> Iterator[tuple[str, dict[str, str]]]:
    if member not in names:
        return
    found: list[tuple[str, dict[str, str]]] = []
    parser = parser_of(lambda tag, given: found.append((tag, given)))
    feed(parser, chunks(archive, member))
    yield from found


def chunks(archive: zipfile.ZipFile, member: str) -> Iterator[bytes]:
    """The bytes of a part, a megabyte at a time; raises ``BadXml`` where it is damaged."""
    try:
        with archive.open(member) as part:
            while chunk := part.read(CHUNK):
                yield chunk
    except (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError) as error:
        raise BadXml("damaged") from error


def parser_of(start: Callable[[str, dict[str, str]], None]) -> expat.XMLParserType:
    """A parser that tells the starts of elements, without prefix, and takes no entities."""
    parser = expat.ParserCreate()
    parser.StartElementHandler = lambda tag, given: start(tag.rpartition(":")[2], given)
    parser.EntityDeclHandler = _refuse
    parser.StartDoctypeDeclHandler = _refuse
    return parser


def _refuse(*_: object) -> None:
    raise BadXml("it declares entities")


def feed(parser: expat.XMLParserType, parts: Iterator[bytes]) -> None:
    """Let the parser read everything; raises ``BadXml`` where it is no XML."""
    try:
        for chunk in parts:
            parser.Parse(chunk, False)
        parser.Parse(b"", True)
    except (expat.ExpatError, ValueError) as error:
        raise BadXml(str(error)) from error


def _parse(parts: Iterator[bytes], reader: _SheetReader) -> None:
    parser = parser_of(reader.start)
    parser.EndElementHandler = lambda tag: reader.end(tag.rpartition(":")[2])
    parser.CharacterDataHandler = reader.text
    feed(parser, parts)


class _SheetReader:
    """Follows the elements of a sheet and keeps what is marked."""

    def __init__(self, styles: Mapping[str, Shown], struck: frozenset[str]) -> None:
        self.marks = Marks()
        self.styles, self.struck = styles, struck
        self.place = (-1, -1)
        self.value: list[str] | None = None
        self.is_error = self.has_formula = self.is_text = self.in_value = False

    def start(self, tag: str, given: dict[str, str]) -> None:
        if tag == "c":
            self._start_cell(given)
        elif tag == "v":
            self.in_value = True
        elif tag == "f":
            self.has_formula = True
            self.value = []
        elif tag == "row":
            row = int(given["r"]) - 1 if "r" in given else self.place[0] + 1
            self.place = (row, -1)
            if given.get("hidden") in ON:
                self.marks.hidden_rows.add(row)
        elif tag == "col" and given.get("hidden") in ON:
            first, last = int(given.get("min", 1)), int(given.get("max", 1))
            self.marks.hidden_columns.update(range(first - 1, min(last, first + 16_384)))

    def _start_cell(self, given: dict[str, str]) -> None:
        row, before = self.place
        self.place = (row, column_of(given["r"]) if "r" in given else before + 1)
        self.is_error, self.is_text = given.get("t") == "e", given.get("t") == "str"
        self.has_formula = False
        self.value = [] if self.is_error else None
        if shown := self.styles.get(given.get("s", "")):
            self.marks.shown.setdefault(self.place[1], {})[self.place[0]] = shown
        if given.get("s", "") in self.struck:
            self.marks.struck.add(self.place)

    def end(self, tag: str) -> None:
        if tag == "v":
            self.in_value = False
        elif tag == "c" and self.value is not None:
            value = "".join(self.value)
            if self.is_error:
                self.marks.errors.setdefault(self.place[1], {})[self.place[0]] = value
            elif self.has_formula and not self.is_text:
                self.marks.formulas.setdefault(self.place[1], {})[self.place[0]] = value
            self.value = None

    def text(self, text: str) -> None:
        if self.in_value and self.value is not None:
            self.value.append(text)


def column_of(reference: str) -> int:
    """ "C7" -> 2."""
    column = 0
    for letter in reference:
        if letter not in LETTERS:
            break
        column = 26 * column + LETTERS[letter]
    return column - 1
