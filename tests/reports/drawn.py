"""What stands on a page of a PDF, and where: read from the file's own commands, not from fpdf2."""

from __future__ import annotations

import io
import re
from dataclasses import dataclass
from typing import Any

from pypdf import PdfReader
from pypdf.generic import ContentStream

MM = 25.4 / 72
WIDTH, HEIGHT = 210.0, 297.0
ASCENT, DESCENT = 0.76, 0.16
"""Of capitals and of tails, as shares of the size: what is seen of a line, not its whole place."""


@dataclass(frozen=True)
class Box:
    """Millimetres from the upper left corner of the page."""

    left: float
    top: float
    right: float
    bottom: float

    def meets(self, other: Box, by: float = 0.2) -> bool:
        """Whether they lie on each other by more than that."""
        across = min(self.right, other.right) - max(self.left, other.left)
        along = min(self.bottom, other.bottom) - max(self.top, other.top)
        return across > by and along > by


@dataclass(frozen=True)
class Line:
    """One line of text."""

    text: str
    size: float
    box: Box


def text_of(pdf: bytes, number: int = 0, of: int = 1) -> str:
    """Of a page of so many, with single spaces."""
    reader = PdfReader(io.BytesIO(pdf))
    assert len(reader.pages) == of
    return " ".join(reader.pages[number].extract_text().split())


def lines_of(pdf: bytes, number: int = 0, of: int = 1) -> list[Line]:
    """All lines of text, in order of drawing."""
    return [one for one in _drawn(pdf, number, of) if isinstance(one, Line)]


def marks_of(pdf: bytes) -> list[Box]:
    """Everything that is no text: lines, rectangles, outlines and pictures."""
    return [one for one in _drawn(pdf, 0, 1) if isinstance(one, Box)]


def _drawn(pdf: bytes, number: int, of: int) -> list[Line | Box]:
    reader = PdfReader(io.BytesIO(pdf))
    assert len(reader.pages) == of
    page: Any = reader.pages[number]
    fonts = {name: _Font(one.get_object()) for name, one in page["/Resources"]["/Font"].items()}
    pen = _Pen(fonts)
    for given, command in ContentStream(page["/Contents"].get_object(), reader).operations:
        pen.follow(given, command)
    return pen.found


class _Pen:
    """Follows the commands of a page; points are those of PDF, from the lower left corner."""

    def __init__(self, fonts: Any) -> None:
        self.fonts, self.font, self.size = fonts, None, 0.0
        self.found: list[Line | Box] = []
        self.moved: Any = (1.0, 0.0, 0.0, 1.0, 0.0, 0.0)
        self.kept: list[Any] = []
        self.at, self.text = (0.0, 0.0), ""
        self.ends: list[tuple[float, float]] = []
        self.path: list[tuple[float, float]] = []

    def follow(self, given: Any, command: bytes) -> None:
        numbers = [float(n) for n in given if isinstance(n, int | float)]
        match command:
            case b"q" | b"Q" | b"cm":
                self._moves(command, numbers)
            case b"BT" | b"ET" | b"Tf" | b"Td" | b"Tm" | b"Tj":
                self._writes(command, numbers, given)
            case _:
                self._draws(command, numbers)

    def _moves(self, command: bytes, numbers: list[float]) -> None:
        if command == b"q":
            self.kept.append(self.moved)
        else:
            self.moved = self.kept.pop() if command == b"Q" else _times(numbers, self.moved)

    def _writes(self, command: bytes, numbers: list[float], given: Any) -> None:
        match command:
            case b"BT":
                self.text, self.ends = "", []
            case b"Tf":
                self.font, self.size = self.fonts[given[0]], numbers[-1]
            case b"Td" | b"Tm":
                self.at = numbers[-2], numbers[-1]
            case b"Tj" if self.font is not None:
                written, width = self.font.read(given[0])
                self.text += written
                end = self.at[0] + width * self.size, self.at[1]
                self.ends += [self.at, end]
                self.at = end
            case b"ET" if self.text.strip():
                self.found.append(Line(self.text, self.size, _line_box(self.ends, self.size)))

    def _draws(self, command: bytes, numbers: list[float]) -> None:
        match command:
            case b"m" | b"l" | b"c":
                pairs = zip(numbers[::2], numbers[1::2], strict=True)
                self.path += [_placed(pair, self.moved) for pair in pairs]
            case b"re":
                x, y, w, h = numbers
                self.path += [_placed(one, self.moved) for one in ((x, y), (x + w, y + h))]
            case b"f" | b"S" | b"B" if self.path:
                self.found.append(_around(self.path))
                self.path = []
            case b"Do":
                self.found.append(_around([_placed(one, self.moved) for one in ((0, 0), (1, 1))]))


class _Font:
    """Widths and characters of a font's two-byte codes."""

    def __init__(self, given: Any) -> None:
        below = given["/DescendantFonts"][0].get_object()
        self.missing = float(below.get("/DW", 1000))
        self.widths: dict[int, float] = {}
        told = list(below["/W"])
        while told:
            first, second = int(told.pop(0)), told.pop(0)
            if isinstance(second, list):
                self.widths |= {first + k: float(width) for k, width in enumerate(second)}
            else:
                self.widths |= dict.fromkeys(range(first, int(second) + 1), float(told.pop(0)))
        map_ = given["/ToUnicode"].get_data().decode("latin-1")
        self.characters = {
            int(code, 16): bytes.fromhex(to).decode("utf-16-be")
            for code, to in re.findall(r"<([0-9A-F]{4})> <([0-9A-F]{4,})>\n", map_)
        }

    def read(self, written: Any) -> tuple[str, float]:
        """Codes -> their characters, and their width as a share of the size."""
        data = written if isinstance(written, bytes) else written.original_bytes
        codes = [int.from_bytes(data[k : k + 2], "big") for k in range(0, len(data), 2)]
        width = sum(self.widths.get(code, self.missing) for code in codes) / 1000
        return "".join(self.characters.get(code, "\ufffd") for code in codes), width


def _times(one: Any, other: Any) -> tuple[float, float, float, float, float, float]:
    a, b, c, d, e, f = one
    g, h, i, j, k, m = other
    return (a * g + b * i, a * h + b * j, c * g + d * i, c * h + d * j, e * g + f * i + k,
            e * h + f * j + m)  # fmt: skip


def _placed(point: tuple[float, float], moved: Any) -> tuple[float, float]:
    x, y = point
    a, b, c, d, e, f = moved
    return a * x + c * y + e, b * x + d * y + f


def _around(points: list[tuple[float, float]]) -> Box:
    xs, ys = [x * MM for x, _ in points], [HEIGHT - y * MM for _, y in points]
    return Box(min(xs), min(ys), max(xs), max(ys))


def _line_box(ends: list[tuple[float, float]], size: float) -> Box:
    flat = _around(ends)
    return Box(flat.left, flat.top - ASCENT * size * MM, flat.right,
               flat.bottom + DESCENT * size * MM)  # fmt: skip
