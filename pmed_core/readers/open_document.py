"""What an OpenDocument workbook (.ods) says beside the values: hidden rows, merged areas, errors,
and numbers that are shown otherwise than they are stored."""

from __future__ import annotations

import re
import zipfile
from dataclasses import dataclass, field
from typing import TypeVar

from pmed_core.readers.number_formats import Shown
from pmed_core.readers.sheet_marks import Marks, chunks, feed, parser_of
from pmed_core.readers.sheets import Merged

Mark = TypeVar("Mark")
REPEATS_AT_MOST = 100_000
HIDDEN = ("collapse", "filter")
ERROR = re.compile(r"#[A-Z/0]+[!?]?|#N/A|Err:\d+")
PADDED = re.compile(r"0\d+")
BESIDE = ("annotation", "frame", "custom-shape")
"""Comments and drawings, which stand inside of their cells and hold text that is not the cell's."""


@dataclass
class Beside:
    """Of one sheet: its marks and merged areas."""

    marks: Marks = field(default_factory=Marks)
    merged: list[Merged] = field(default_factory=list)


def beside_values(archive: zipfile.ZipFile) -> dict[str, Beside]:
    """Sheet name -> what stands beside its values; raises ``BadXml``."""
    reader = _Content()
    parser = parser_of(reader.start)
    parser.EndElementHandler = lambda tag: reader.end(tag.rpartition(":")[2])
    parser.CharacterDataHandler = reader.text
    feed(parser, chunks(archive, "content.xml"))
    return reader.sheets


class _Content:
    """Follows the elements of the content."""

    def __init__(self) -> None:
        self.sheets: dict[str, Beside] = {}
        self.sheet = Beside()
        self.row, self.column, self.columns = 0, 0, 0
        self.rows = self.cells = 1
        self.given: dict[str, str] = {}
        self.shown: list[str] | None = None
        self.beside = 0

    def start(self, tag: str, given: dict[str, str]) -> None:
        given = {key.rpartition(":")[2]: value for key, value in given.items()}
        if tag == "table":
            self.sheet = self.sheets.setdefault(given.get("name", ""), Beside())
            self.row = self.columns = 0
        elif tag == "table-column":
            count = _repeats(given, "columns")
            if given.get("visibility") in HIDDEN:
                hidden = range(self.columns, self.columns + min(count, REPEATS_AT_MOST))
                self.sheet.marks.hidden_columns.update(hidden)
            self.columns += count
        elif tag == "table-row":
            self.rows, self.column = _repeats(given, "rows"), 0
            if given.get("visibility") in HIDDEN:
                hidden = range(self.row, self.row + min(self.rows, REPEATS_AT_MOST))
                self.sheet.marks.hidden_rows.update(hidden)
        elif tag in ("table-cell", "covered-table-cell"):
            self.given, self.cells, self.shown = given, _repeats(given, "columns"), []
        elif tag in BESIDE:
            self.beside += 1

    def end(self, tag: str) -> None:
        if tag in ("table-cell", "covered-table-cell"):
            self._keep("".join(self.shown or []).strip())
            self.column += self.cells
            self.shown = None
        elif tag == "table-row":
            self.row += self.rows
        elif tag in BESIDE:
            self.beside -= 1

    def text(self, text: str) -> None:
        if self.shown is not None and not self.beside:
            self.shown.append(text)

    def _keep(self, shown: str) -> None:
        down = int(self.given.get("number-rows-spanned", 1))
        across = int(self.given.get("number-columns-spanned", 1))
        if down > 1 or across > 1:
            last = (self.row + down - 1, self.column + across - 1)
            self.sheet.merged.append(((self.row, self.column), last))
        kind = self.given.get("value-type", "")
        if kind == "percentage":
            self._mark(self.sheet.marks.shown, Shown(percent=True))
        elif kind == "float" and PADDED.fullmatch(shown):
            self._mark(self.sheet.marks.shown, Shown(pattern="0" * len(shown)))
        elif self.given.get("formula") and ERROR.fullmatch(shown):
            self._mark(self.sheet.marks.errors, shown)
        elif self.given.get("formula") and not kind:
            self._mark(self.sheet.marks.formulas, "")

    def _mark(self, marks: dict[int, dict[int, Mark]], mark: Mark) -> None:
        if self.rows * self.cells > REPEATS_AT_MOST:
            return
        for column in range(self.column, self.column + self.cells):
            for row in range(self.row, self.row + self.rows):
                marks.setdefault(column, {})[row] = mark


def _repeats(given: dict[str, str], what: str) -> int:
    return int(given.get(f"number-{what}-repeated", 1))
