"""Copies of one scan: mirrored, turned, cropped, saved again, with other contrast, inverted.

Each scan is seen small, its grey levels by rank (so that contrast, brightness and gamma do not
matter) and without its slow shades (which the scans of all people share). Views of one scan, whole
in eight positions and cropped in one, are compared with all others at once; the nearest are
aligned and compared again with more detail.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from PIL import Image
from scipy.ndimage import gaussian_filter

SIDE, SHADES = 16, 2.0
FINE_SIDE, FINE_SHADES = 32, 3.0
"""Pixels a side, and the width of the shades that are taken away, at first and when aligned."""
SCALES = {0.95: 2, 0.9: 3, 0.85: 4, 0.8: 5}
"""Share of the sides that a crop keeps -> places a side where it is tried."""
POSSIBLE, ALIKE = 0.78, 0.93
"""Correlations of what is worth a second look, and of what is the same scan."""
KEPT, AT_ONCE = 256, 1_000
NEIGHBOURS = 2
"""Scans are kept as squares of so many pixels, compared so many at once, and each is aligned with
so many of the nearest."""

Pixels = NDArray[np.float32]
Place = tuple[float, float, float]
"""Of a crop: share of the sides that is kept, and where between top and bottom, left and right."""
WHOLE: Place = (1.0, 0.0, 0.0)


@dataclass(frozen=True)
class Copy:
    """Two scans that are one.

    Attributes:
        first, second: their places in what was given.
        score: correlation of their details once aligned, at most 1.
    """

    first: int
    second: int
    score: float


def copies(count: int, pixels: Callable[[int], NDArray[np.generic]], owners: Sequence[str]
           ) -> list[Copy]:  # fmt: skip
    """Pairs of scans of different owners that are copies of each other, first before second.

    Args:
        pixels: of a scan, (height, width) or (height, width, 3); read one at a time.
        owners: whose scan each is; those of one owner are not compared.
    """
    squares = [square(pixels(k)) for k in range(count)]
    codes = np.unique(np.asarray(owners), return_inverse=True)[1]
    flat = np.stack([details(one, SIDE, SHADES) for one in squares]) if squares else np.empty((0, 1))
    best: dict[tuple[int, int], tuple[float, int, Place]] = {}
    for position in range(8):
        seen = [turned(one, position) for one in squares]
        places = [WHOLE] if position else [WHOLE, *crops()]
        for place in places:
            views = flat if not position and place == WHOLE else np.stack(
                [details(crop(one, place), SIDE, SHADES) for one in seen]
            )  # fmt: skip
            _nearest(views, flat, codes, (position, place), best)
    found: dict[tuple[int, int], float] = {}
    for (first, second), (_, position, place) in best.items():
        score = aligned(turned(squares[first], position), squares[second], place)
        if score >= ALIKE:
            pair = (min(first, second), max(first, second))
            found[pair] = max(score, found.get(pair, 0.0))
    return [Copy(*pair, score) for pair, score in sorted(found.items())]


def _nearest(
    views: Pixels, flat: Pixels, codes: NDArray[np.intp], view: tuple[int, Place],
    best: dict[tuple[int, int], tuple[float, int, Place]],
) -> None:  # fmt: skip
    """Add the nearest of other owners of each view, where they are near."""
    for start in range(0, len(views), AT_ONCE):
        part = slice(start, start + AT_ONCE)
        scores = np.abs(views[part] @ flat.T)
        scores[codes[part, None] == codes[None, :]] = 0
        count = min(NEIGHBOURS, scores.shape[1])
        top = np.argpartition(-scores, count - 1, axis=1)[:, :count]
        for row, columns in enumerate(top):
            for column in columns:
                score = float(scores[row, column])
                pair = (start + row, int(column))
                if score >= POSSIBLE and score > best.get(pair, (0.0,))[0]:
                    best[pair] = (score, *view)


def crops() -> list[Place]:
    """The places of the crops that are tried."""
    return [
        (scale, down / (steps - 1), along / (steps - 1))
        for scale, steps in SCALES.items() for down in range(steps) for along in range(steps)
    ]  # fmt: skip


def square(pixels: NDArray[np.generic]) -> Pixels:
    """(k, k) of ranks between 0 and 1, at most 256 a side, whatever shape the scan has."""
    grey = pixels.astype(np.float32)
    grey = grey if grey.ndim == 2 else grey.mean(axis=2)
    side = min(KEPT, max(FINE_SIDE, *grey.shape))
    whole = _resized(grey, side)
    values, codes = np.unique(np.round(whole, 3), return_inverse=True)
    counts = np.bincount(codes.ravel(), minlength=len(values))
    ranks = (np.cumsum(counts) - counts / 2) / whole.size
    return np.asarray(ranks[codes].reshape(whole.shape), dtype=np.float32)


def turned(values: Pixels, position: int) -> Pixels:
    """One of the eight positions: turned by quarters, and mirrored from the fifth."""
    mirrored = values[:, ::-1] if position >= 4 else values
    return np.ascontiguousarray(np.rot90(mirrored, position % 4))


def crop(values: Pixels, place: Place) -> Pixels:
    """The part of a square at a place; by fractions of pixels once it is made small."""
    scale, down, along = place
    side = values.shape[0]
    kept = max(2, round(side * scale))
    top, left = round(down * (side - kept)), round(along * (side - kept))
    return values[top : top + kept, left : left + kept]


def details(values: Pixels, side: int, shades: float) -> Pixels:
    """(side * side,) of mean 0 and length 1; zeros where nothing is to be seen."""
    small = _resized(values, side)
    bare = small - gaussian_filter(small, shades)
    bare = (bare - bare.mean()).ravel()
    length = float(np.linalg.norm(bare))
    return np.asarray(bare / length if length > 1e-3 else np.zeros_like(bare), dtype=np.float32)


def _resized(values: Pixels, side: int) -> Pixels:
    image = Image.fromarray(np.ascontiguousarray(values, dtype=np.float32))
    way = Image.Resampling.BOX if min(values.shape) >= 2 * side else Image.Resampling.BILINEAR
    return np.asarray(image.resize((side, side), way), dtype=np.float32)


def aligned(one: Pixels, other: Pixels, place: Place) -> float:
    """The correlation of the other with a part of the one, at the best place near the given."""
    wanted = details(other, FINE_SIDE, FINE_SHADES)

    def score(at: Place) -> float:
        return abs(float(details(crop(one, at), FINE_SIDE, FINE_SHADES) @ wanted))

    best, at = score(place), place
    if place == WHOLE and best >= ALIKE:
        return best
    for step in (0.05, 0.025, 0.0125):
        moved = True
        while moved and best < 0.995:
            moved = False
            for near in _around(at, step):
                if (now := score(near)) > best:
                    best, at, moved = now, near, True
    return best


def _around(at: Place, step: float) -> list[Place]:
    """Places a little larger, smaller, higher, lower, to the left and to the right."""
    scale, down, along = at
    room = max(1 - scale, 0.02)
    moves = [(step, 0.0, 0.0), (-step, 0.0, 0.0)]
    moves += [(0.0, step / room, 0.0), (0.0, -step / room, 0.0)]
    moves += [(0.0, 0.0, step / room), (0.0, 0.0, -step / room)]
    return [
        (min(1.0, max(0.72, scale + a)), min(1.0, max(0.0, down + b)), min(1.0, max(0.0, along + c)))
        for a, b, c in moves
    ]  # fmt: skip
