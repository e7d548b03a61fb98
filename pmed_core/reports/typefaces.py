"""The typefaces that stand beside this file, for sheets and for pictures."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path

from PIL import ImageFont

FONTS = Path(__file__).parent / "fonts"
PLAIN, BOLD, EASTERN = (
    FONTS / name
    for name in (
        "DejaVuSansCondensed.ttf", "DejaVuSansCondensed-Bold.ttf", "WenQuanYiMicroHei-CJK.ttf",
    )
)  # fmt: skip
"""Most scripts, twice, and Chinese, Japanese and Korean."""


def face(text: str, size: int) -> ImageFont.FreeTypeFont:
    """For a line of a picture: the face that lacks the fewest of its characters."""
    lacking = {
        path: sum(ord(c) not in _characters(path) for c in text) for path in (PLAIN, EASTERN)
    }
    return ImageFont.truetype(min(lacking, key=lambda path: lacking[path]), size)


@lru_cache
def _characters(path: Path) -> frozenset[int]:
    # Imported here: only who saves a picture needs to know.
    from fontTools.ttLib import TTFont

    with TTFont(path, lazy=True) as found:
        return frozenset(found.getBestCmap())
