"""The typefaces that stand beside this file, for sheets and for pictures."""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache
from itertools import groupby
from pathlib import Path

from PIL import ImageDraw, ImageFont

FONTS = Path(__file__).parent / "fonts"
PLAIN, BOLD, EASTERN = (
    FONTS / name
    for name in (
        "DejaVuSansCondensed.ttf", "DejaVuSansCondensed-Bold.ttf", "WenQuanYiMicroHei-CJK.ttf",
    )
)  # fmt: skip
"""Most scripts, twice, and Chinese, Japanese and Korean."""


def spelled(text: str) -> str:
    """The text in characters that the faces have; others by their Unicode numbers."""
    known = _characters(PLAIN) | _characters(EASTERN)
    return "".join(c if ord(c) in known else f"[U+{ord(c):04X}]" for c in text)


def length(text: str, size: int) -> float:
    """Pixels of a line of a picture."""
    return sum(font.getlength(piece) for piece, font in _pieces(text, size))


def write(draw: ImageDraw.ImageDraw, at: tuple[float, float], text: str, size: int) -> None:
    """One line on a picture, whose top is at ``at``, each character in a face that has it."""
    x, y = at
    for piece, font in _pieces(text, size):
        draw.text((x, y), piece, "black", font)
        x += font.getlength(piece)


def _pieces(text: str, size: int) -> Iterator[tuple[str, ImageFont.FreeTypeFont]]:
    for eastern, piece in groupby(text, lambda c: ord(c) not in _characters(PLAIN)):
        yield "".join(piece), _face(EASTERN if eastern else PLAIN, size)


@lru_cache(maxsize=8)
def _face(path: Path, size: int) -> ImageFont.FreeTypeFont:
    return ImageFont.truetype(path, size)


@lru_cache
def _characters(path: Path) -> frozenset[int]:
    # Imported here: only who saves a picture needs to know.
    from fontTools.ttLib import TTFont

    with TTFont(path, lazy=True) as found:
        return frozenset(found.getBestCmap())


def face(size: int) -> ImageFont.FreeTypeFont:
    """Of numbers."""
    return _face(PLAIN, size)
