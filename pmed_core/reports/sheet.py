"""One sheet of A4 on which text never leaves its place.

Drawn with fpdf2: pure Python, no browser and nothing to install on the system. DejaVu Sans
Condensed stands beside this file (Latin, Greek, Cyrillic, Arabic, Hebrew, Georgian and more), and
the Chinese, Japanese and Korean characters of WenQuanYi Micro Hei, which is read only where a page
needs it (0.2 s). A character that both lack is written as its Unicode number and told in a
footnote: a name never vanishes.
"""

from __future__ import annotations

import io
import unicodedata
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from fpdf import FPDF
from fpdf.drawing import DeviceRGB
from fpdf.enums import PathPaintRule

from pmed_core.figures import theme, wording
from pmed_core.reports.typefaces import BOLD, EASTERN, PLAIN
from pmed_core.settings import RESEARCH_ONLY

FAMILY, EAST = "DejaVu", "WenQuanYi"
FIRST_EASTERN = 0x1100
"""No Chinese, Japanese or Korean character comes before this one."""
SMALLEST = 5.0
"""Points; smaller text is not legible in print."""
WIDTH, HEIGHT, MARGIN = 210.0, 297.0, 14.0
INNER = WIDTH - 2 * MARGIN
MM_PER_POINT = 25.4 / 72
TABLE, BETWEEN = 8.0, 1.5
"""Points of the type of tables, and millimetres between their columns."""
BLACK, SOFT, GREY = "#1E1E24", "#55565F", "#7F7F7F"
Point = tuple[float, float]
Shape = list[tuple[str, tuple[Point, ...]]]


@dataclass(frozen=True)
class Type:
    """How text looks: size in points, weight, colour, side of its place it stands on."""

    size: float = 9
    bold: bool = False
    colour: str = BLACK
    align: str = "left"

    @property
    def line(self) -> float:
        """Millimetres from one line to the next."""
        return self.size * MM_PER_POINT * 1.32


TITLE, SMALL_TITLE = Type(17, bold=True), Type(8.5, bold=True)


@dataclass
class Sheet:
    """The page while it is drawn; millimetres from the upper left corner.

    Attributes:
        lacking: characters that the font does not have, in order of appearance.
        lowest: the lowest line of text so far.
    """

    title: str
    made: datetime
    lacking: list[str] = field(default_factory=list)
    lowest: float = 0.0
    _widths: dict[tuple[str, float, bool], float] = field(default_factory=dict, repr=False)

    def __post_init__(self) -> None:
        self.pdf: Any = FPDF(format="A4")
        self.pdf.set_auto_page_break(False)
        self.pdf.set_creation_date(self.made)
        self.pdf.set_lang("en")
        for style, file in (("", PLAIN), ("B", BOLD)):
            self.pdf.add_font(FAMILY, style, file)
        self.pdf.set_title(self.readable(self.title))
        self.pdf.add_page()
        self.pdf.c_margin = 0
        self.pdf.set_font(FAMILY, size=9)
        # Joins Arabic letters and orders right-to-left text.
        self.pdf.set_text_shaping(True)

    def turn(self) -> None:
        """Go on with a new page; what the font lacks is told there anew."""
        self.pdf.add_page()
        self.lacking.clear()
        self.lowest = 0.0

    def readable(self, text: str) -> str:
        """The text in characters the font has; controls and direction overrides are dropped."""
        found = []
        for character in wording.line(text):
            if self._has(character):
                found.append(character)
                continue
            if character not in self.lacking:
                self.lacking.append(character)
            found.append(f"[U+{ord(character):04X}]")
        return "".join(found)

    def _has(self, character: str) -> bool:
        """Whether it can be written; the second font is added with its first character."""
        code = ord(character)
        if code in self.pdf.fonts[FAMILY.lower()].cmap:
            return True
        if code < FIRST_EASTERN:
            return False
        if EAST.lower() not in self.pdf.fonts:
            self.pdf.add_font(EAST, "", EASTERN)
            self.pdf.set_fallback_fonts([EAST], exact_match=False)
        return code in self.pdf.fonts[EAST.lower()].cmap

    def _set(self, style: Type) -> None:
        self.pdf.set_font(FAMILY, "B" if style.bold else "", style.size)
        self.pdf.set_text_color(*_rgb(style.colour))

    def width(self, text: str, style: Type) -> float:
        """Of one line."""
        key = text, style.size, style.bold
        if key not in self._widths:
            self._set(style)
            self._widths[key] = float(self.pdf.get_string_width(text))
        return self._widths[key]

    def fitted(self, text: str, style: Type, width: float) -> str:
        """As much as fits in one line, ended by an ellipsis where something is cut."""
        text = self.readable(text)
        if self.width(text, style) <= width:
            return text
        kept = _most(lambda n: self.width(text[:n].rstrip() + "…", style) <= width, len(text))
        return text[: _before_marks(text, kept)].rstrip() + "…"

    def halves(self, text: str, style: Type, width: float) -> tuple[str, str]:
        """Two lines; a text longer than both lacks its middle, since names differ at their ends."""
        text = self.readable(text)
        kept = _most(lambda n: self.width(text[:n], style) <= width, len(text))
        space = text.rfind(" ", kept // 2, kept + 1)
        kept = space if space > 0 and kept < len(text) else _before_marks(text, kept)
        first, rest = text[:kept].rstrip(), text[kept:].strip()
        if self.width(rest, style) <= width:
            return first, rest
        end = _most(lambda n: self.width("…" + rest[len(rest) - n :], style) <= width, len(rest))
        return first, "…" + rest[len(rest) - end :].lstrip()

    def text(self, at: Point, text: str, width: float, style: Type | None = None) -> float:
        """One line whose top is at ``at``; returns where the next line begins."""
        style = style or Type()
        line = self.fitted(text, style, width)
        room = width - self.width(line, style)
        shift = {"left": 0.0, "right": room, "center": room / 2}[style.align]
        self._set(style)
        self.pdf.set_xy(at[0] + shift, at[1])
        # A cell, not text(): only cells join letters and order right-to-left runs.
        self.pdf.cell(room + width, style.size * MM_PER_POINT * 1.3, line)
        self.lowest = max(self.lowest, at[1] + style.line)
        return at[1] + style.line

    def paragraph(
        self, at: Point, text: str, width: float, style: Type | None = None, lines: int = 3
    ) -> float:
        """At most so many lines; returns where the next line begins."""
        style, y = style or Type(), at[1]
        for line in self._wrapped(self.readable(text), width, style, lines):
            y = self.text((at[0], y), line, width, style)
        return y

    def _wrapped(self, text: str, width: float, style: Type, lines: int) -> list[str]:
        found, words = [""], text.split(" ")
        for i, word in enumerate(words):
            longer = f"{found[-1]} {word}".strip()
            if not found[-1] or self.width(longer, style) <= width:
                found[-1] = longer
            elif len(found) < lines:
                found.append(word)
            else:
                # The last line takes the rest and is cut where it ends.
                found[-1] = " ".join([found[-1], *words[i:]])
                break
        return found

    def box(self, at: Point, size: Point, fill: str = "", border: str = "") -> None:
        """A rectangle; a colour left out is not drawn."""
        self.pdf.set_line_width(0.3)
        if fill:
            self.pdf.set_fill_color(*_rgb(fill))
        if border:
            self.pdf.set_draw_color(*_rgb(border))
        style = "DF" if fill and border else "F" if fill else "D"
        self.pdf.rect(*at, *size, style=style)

    def rule(self, start: Point, end: Point, colour: str = "#C8C8C8", dash: float = 0.0) -> None:
        """A thin line."""
        self.pdf.set_draw_color(*_rgb(colour))
        self.pdf.set_line_width(0.25)
        self.pdf.set_dash_pattern(dash=dash, gap=dash)
        self.pdf.line(*start, *end)
        self.pdf.set_dash_pattern()

    def within(self, at: Point, size: Point) -> AbstractContextManager[None]:
        """What is drawn meanwhile ends at the borders of that place."""
        clipped: AbstractContextManager[None] = self.pdf.rect_clip(*at, *size)
        return clipped

    def line(
        self, points: Sequence[Point], colour: str, width: float = 0.3, dash: float = 0.0
    ) -> None:
        """Through all of these points."""
        self.pdf.set_draw_color(*_rgb(colour))
        self.pdf.set_line_width(width)
        self.pdf.set_dash_pattern(dash=dash, gap=dash)
        self.pdf.polyline(points)
        self.pdf.set_dash_pattern()

    def shape(self, shape: Shape, fill: str, line: str) -> None:
        """Outlines of M, L, C and Z steps with points in millimetres."""
        if not shape:
            return
        with self.pdf.new_path() as path:
            path.style.fill_color, path.style.stroke_color = _colour(fill), _colour(line)
            path.style.stroke_width, path.style.auto_close = 0.22, True
            path.style.paint_rule = PathPaintRule.STROKE_FILL_NONZERO
            for step, points in shape:
                numbers = [number for point in points for number in point]
                match step:
                    case "M":
                        path.move_to(*numbers)
                    case "L":
                        path.line_to(*numbers)
                    case "C":
                        path.curve_to(*numbers)
                    case _:
                        path.close()

    def picture(self, at: Point, picture: bytes, size: Point) -> None:
        """A PNG stretched to its place, or an SVG of our own making."""
        self.pdf.image(io.BytesIO(picture), *at, *size)

    def shrunk(self, text: str, style: Type, width: float) -> Type:
        """The same type, as much smaller as the text needs to stand there whole."""
        needed = self.width(self.readable(text), style)
        return replace(
            style, size=max(style.size * min(1, 0.99 * width / max(needed, 0.1)), SMALLEST)
        )

    def table(
        self,
        at: Point,
        rows: Sequence[Sequence[str]],
        width: float,
        whole: Sequence[int] = (),
        bottom: float = HEIGHT,
    ) -> float:
        """The first row is the heading; the first column stands left, in two lines where it has
        to and the table still ends above ``bottom``, the others right.

        What is too wide is cut, but not the columns that are to stand ``whole``: the type gets
        smaller for them.
        """
        size, columns = self._columns(rows, width, whole)
        y, style = at[1], Type(size)
        names = [
            self._wrapped(self.readable(row[0]), columns[0] - BETWEEN, style, 2) for row in rows
        ]
        needed = sum(max(Type(TABLE).line, len(found) * style.line) + 1.2 for found in names)
        deepest = 2 if y + needed <= bottom else 1
        for i, row in enumerate(rows):
            x, below = at[0], y + Type(TABLE).line
            for j, (cell, room) in enumerate(zip(row, columns, strict=True)):
                colour, align = (SOFT if i == 0 else BLACK), ("right" if j else "left")
                style = Type(size - 0.5 if i == 0 else size, False, colour, align)
                end = self.paragraph((x, y), cell, room - BETWEEN, style, 1 if j else deepest)
                below, x = max(below, end), x + room
            y = below + 1.2
            self.rule((at[0], y - 0.6), (at[0] + width - BETWEEN, y - 0.6), "#E2E2E2")
        return y

    def _columns(
        self, rows: Sequence[Sequence[str]], width: float, whole: Sequence[int]
    ) -> tuple[float, list[float]]:
        """Size of the type, and widths: those that stand whole first, the rest shares the rest."""
        size = TABLE
        while True:
            style = Type(size)
            needed = [
                max(self.width(self.readable(cell), style) for cell in column) + BETWEEN + 0.2
                for column in zip(*rows, strict=True)
            ]
            kept = sum(needed[j] for j in whole)
            others = [needed[j] for j in range(len(needed)) if j not in whole]
            if kept + min(sum(others), 0.3 * width) <= width or size <= SMALLEST:
                break
            size -= 0.5
        level = _level(others, max(width - kept, 0.0))
        found = [n if j in whole else min(n, level) for j, n in enumerate(needed)]
        # What is left over goes to the names.
        found[0] += max(width - sum(found), 0.0)
        return size, found

    def bytes(self) -> bytes:
        """The PDF; nothing more can be drawn."""
        found = bytes(self.pdf.output())
        # fpdf2 leaves its font files open.
        for font in self.pdf.fonts.values():
            font.ttfont.close()
        return found


def head(sheet: Sheet, title: str, about: str) -> float:
    """Whose page it is, when it was made, and what it is not; returns where the rest begins."""
    inner = WIDTH - 2 * MARGIN
    _title(sheet, title, inner - 50)
    made = sheet.made.strftime("%Y-%m-%d %H:%M")
    sheet.text((MARGIN, 14.5), made, inner, Type(9, colour=SOFT, align="right"))
    y = sheet.paragraph((MARGIN, 21), about, inner, Type(10, colour=SOFT), 2)
    sheet.box((MARGIN, y + 1.5), (inner, 8), fill="#FFF3E8", border=theme.EVENT)
    sheet.text((MARGIN, y + 3.1), RESEARCH_ONLY, inner, Type(11, bold=True, align="center"))
    return y + 14


def _title(sheet: Sheet, title: str, width: float) -> None:
    """In type as small as it takes to stand there whole, then in two lines: a page must say whose
    it is."""
    style = sheet.shrunk(title, TITLE, width)
    if style.size >= SMALL_TITLE.size:
        sheet.text((MARGIN, 12 + TITLE.line - style.line), title, width, style)
        return
    for i, line in enumerate(sheet.halves(title, SMALL_TITLE, width)):
        sheet.text((MARGIN, 12 + i * SMALL_TITLE.line), line, width + 1, SMALL_TITLE)


def notice(sheet: Sheet) -> None:
    """The last line of a page."""
    style = Type(8, bold=True)
    sheet.text((MARGIN, HEIGHT - MARGIN), f"pmed · {RESEARCH_ONLY}", WIDTH - 2 * MARGIN, style)


def _most(fits: Callable[[int], bool], count: int) -> int:
    """The largest number up to ``count`` that fits."""
    shortest, longest = 0, count
    while shortest < longest:
        middle = (shortest + longest + 1) // 2
        shortest, longest = (middle, longest) if fits(middle) else (shortest, middle - 1)
    return shortest


def _before_marks(text: str, at: int) -> int:
    """The same place, or the one before a letter whose marks would be cut from it."""
    while 0 < at < len(text) and unicodedata.combining(text[at]):
        at -= 1
    return at


def _level(needed: Sequence[float], room: float) -> float:
    """The width at which the widest are cut, so that all of them share the room."""
    for count, widest in enumerate(sorted(needed), 1):
        level = room / (len(needed) - count + 1)
        if widest > level:
            return level
        room -= widest
    return max(needed, default=0.0)


def _rgb(colour: str) -> tuple[int, ...]:
    return tuple(int(colour[i : i + 2], 16) for i in (1, 3, 5))


def _colour(colour: str) -> DeviceRGB:
    return DeviceRGB(*(part / 255 for part in _rgb(colour)))
