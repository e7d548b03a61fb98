"""The letters of a sequence logo as outlines, which can be stretched to any height."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
from numpy.typing import NDArray

Points = NDArray[np.float64]
ROUND = 24
"""Points of an arc."""


def _arc(radius: float, start: float, end: float) -> Points:
    """Of an ellipse in the unit square; degrees, counter-clockwise from the right."""
    turn = np.deg2rad(np.linspace(start, end, ROUND))
    return np.column_stack([0.5 + radius * np.cos(turn), 0.5 + radius * np.sin(turn)])


_RING = np.concatenate([_arc(0.5, 42, 318), _arc(0.31, 318, 42)])
OUTLINES: dict[str, tuple[Points, ...]] = {
    "A": (
        np.array([(0, 0), (0.38, 1), (0.62, 1), (1, 0), (0.8, 0), (0.71, 0.25), (0.29, 0.25),
                  (0.2, 0)]),
        np.array([(0.36, 0.43), (0.64, 0.43), (0.5, 0.83)]),
    ),
    "C": (_RING,),
    "G": (
        _RING,
        np.array([(0.52, 0.46), (0.98, 0.46), (0.98, 0.1), (0.8, 0.1), (0.8, 0.3), (0.52, 0.3)]),
    ),
    "T": (np.array([(0, 1), (1, 1), (1, 0.82), (0.6, 0.82), (0.6, 0), (0.4, 0), (0.4, 0.82),
                    (0, 0.82)]),),
}  # fmt: skip
"""In the unit square, y upwards; of A the second is its hole. Any other letter is a bar."""
BAR = (np.array([(0.2, 0), (0.8, 0), (0.8, 1), (0.2, 1)]),)


def path(letter: str, at: tuple[float, float], size: tuple[float, float]) -> str:
    """The outline as an SVG path: its lower left corner, its width and its height; a negative
    height hangs down and is still read upright."""
    (x, y), (width, height) = at, size
    if height < 0:
        y, height = y + height, -height
    return "".join(_drawn(OUTLINES.get(letter, BAR), (x, y, width, height)))


def _drawn(outline: Sequence[Points], box: tuple[float, float, float, float]) -> Iterator[str]:
    x, y, width, height = box
    for part in outline:
        points = part * (width, height) + (x, y)
        yield "M" + "L".join(f"{a:.4g},{b:.4g}" for a, b in points) + "Z"


def svg(letters: str, heights: Sequence[float], first: int, colours: dict[str, str]) -> str:
    """A logo of letters as high as they matter, in pixels, with positions below; ``first``: the
    number of the first letter."""
    wide, tall, low = 14, 160, 30
    highest = max(max(heights, default=0), 0) or 1e-9
    lowest = min(min(heights, default=0), 0)
    scale = tall / (highest - lowest)
    base = highest * scale + 10
    width = wide * len(letters) + 20
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="{tall + low + 20}" '
        f'font-family="sans-serif" font-size="10">',
        '<rect width="100%" height="100%" fill="#ffffff"/>',
    ]
    for k, (letter, height) in enumerate(zip(letters, heights, strict=True)):
        # The picture's y points down, the outline's up.
        drawn = path(letter, (10 + wide * k, 0), (wide * 0.94, height * scale))
        parts.append(
            f'<path d="{drawn}" transform="translate(0 {base:.1f}) scale(1 -1)" '
            f'fill="{colours.get(letter, "#7F7F7F")}" fill-rule="nonzero"/>'
            if letter != "A" else
            f'<path d="{drawn}" transform="translate(0 {base:.1f}) scale(1 -1)" '
            f'fill="{colours["A"]}" fill-rule="evenodd"/>'
        )  # fmt: skip
        if (first + k) % 10 == 0:
            parts.append(
                f'<text x="{10 + wide * (k + 0.47):.1f}" y="{tall + low + 8}" '
                f'text-anchor="middle" fill="#555555">{first + k}</text>'
            )
    parts.append(
        f'<line x1="10" x2="{width - 10}" y1="{base:.1f}" y2="{base:.1f}" stroke="#7F7F7F"/></svg>'
    )
    return "".join(parts)
