"""Copies of one scan: mirrored, turned, cropped, saved again, with other contrast, inverted.

Each scan is seen small, its grey levels by rank (so that contrast, brightness and gamma do not
matter) and without its slow shades (which the scans of all people share). Views of one scan, whole
in eight positions and cropped in one, are compared with all others at once; the nearest are
aligned and compared again with more detail.
"""

from __future__ import annotations

from collections import Counter
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
STANDING_OUT = 0.3
"""How near a second look must be, as a share of how far the usual scan of the collection is."""
COMPARED_AT_MOST = 10_000
"""More scans than this are not compared at all."""
CROPPED_AT_MOST = 2_000
"""Among more scans, those that were cut are not looked for: it would take too long."""
KEPT, AT_ONCE = 128, 1_000
STEPS = ((0.04, 0.6), (0.02, 0.72), (0.02, 0.82), (0.01, 0.87), (0.01, 0.89), (0.005, 0.9))
"""Of the alignment: how far to look, and the correlation below which it is not worth going on."""
SURE, SMALLEST, FLAT = 0.99, 0.72, 1e-3
NEIGHBOURS = 4
"""Scans are kept as squares of so many pixels, compared so many at once, and each is aligned with
so many of the nearest."""

Pixels = NDArray[np.float32]
Place = tuple[float, float, float]
"""Of a crop: share of the sides that is kept, and where between top and bottom, left and right."""
WHOLE: Place = (1.0, 0.0, 0.0)
Pair = tuple[int, int]
View = tuple[float, int, Place]
"""Score, position of the eight, and place."""


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
    if not squares:
        return []
    codes = np.unique(np.asarray(owners), return_inverse=True)[1]
    flat = details([seen(image(one), WHOLE, SIDE) for one in squares], SHADES)
    best: dict[Pair, View] = {}
    for position in range(8):
        ways = [image(turned(one, position)) for one in squares]
        for place in [WHOLE] if position or count > CROPPED_AT_MOST else [WHOLE, *crops()]:
            views = details([seen(one, place, SIDE) for one in ways], SHADES)
            _nearest(views, flat, codes, (position, place), best)
    found: dict[tuple[int, int], float] = {}
    for (first, second), (_, position, place) in _hopeful(best).items():
        score = aligned(image(turned(squares[first], position)), image(squares[second]), place)
        if score >= ALIKE:
            pair = (min(first, second), max(first, second))
            found[pair] = max(score, found.get(pair, 0.0))
    return [Copy(*pair, score) for pair, score in sorted(found.items())]


def _hopeful(best: dict[Pair, View]) -> dict[Pair, View]:
    """The few best of each scan: aligning takes longest."""
    kept: dict[Pair, View] = {}
    counts: Counter[int] = Counter()
    for pair, view in sorted(best.items(), key=lambda item: -item[1][0]):
        counts[pair[0]] += 1
        if counts[pair[0]] <= NEIGHBOURS:
            kept[pair] = view
    return kept


def _nearest(
    views: Pixels, flat: Pixels, codes: NDArray[np.intp], view: tuple[int, Place],
    best: dict[Pair, View],
) -> None:  # fmt: skip
    """Add the nearest of other owners of each view, where they are near."""
    for start in range(0, len(views), AT_ONCE):
        part = slice(start, start + AT_ONCE)
        scores = np.abs(views[part] @ flat.T)
        scores[codes[part, None] == codes[None, :]] = 0
        # Where all scans are much alike, as slices of bodies are, only what stands out is a copy.
        usual = np.median(scores, axis=1)
        wanted = np.maximum(POSSIBLE, 1 - STANDING_OUT * (1 - usual))
        count = min(NEIGHBOURS, scores.shape[1])
        top = np.argpartition(-scores, count - 1, axis=1)[:, :count]
        for row, columns in enumerate(top):
            for column in columns:
                score = float(scores[row, column])
                pair = (start + row, int(column))
                if score >= wanted[row] and score > best.get(pair, (0.0,))[0]:
                    best[pair] = (score, *view)


def crops() -> list[Place]:
    """The places of the crops that are tried."""
    return [
        (scale, down / (steps - 1), along / (steps - 1))
        for scale, steps in SCALES.items() for down in range(steps) for along in range(steps)
    ]  # fmt: skip


def square(pixels: NDArray[np.generic]) -> Pixels:
    """(k, k) of ranks between 0 and 1, at most 128 a side, whatever shape the scan has."""
    grey = pixels.astype(np.float32)
    grey = grey if grey.ndim == 2 else grey.mean(axis=2)
    side = min(KEPT, max(FINE_SIDE, *grey.shape))
    whole = seen_whole(grey, side)
    values, codes = np.unique(np.round(whole, 3), return_inverse=True)
    counts = np.bincount(codes.ravel(), minlength=len(values))
    ranks = (np.cumsum(counts) - counts / 2) / whole.size
    return np.asarray(ranks[codes].reshape(whole.shape), dtype=np.float32)


def seen_whole(grey: Pixels, side: int) -> Pixels:
    """(side, side) of all of it, whatever its proportions."""
    return np.asarray(image(grey).resize((side, side), Image.Resampling.BILINEAR), dtype=np.float32)


def turned(values: Pixels, position: int) -> Pixels:
    """One of the eight positions: turned by quarters, and mirrored from the fifth."""
    mirrored = values[:, ::-1] if position >= 4 else values
    return np.ascontiguousarray(np.rot90(mirrored, position % 4))


def image(values: Pixels) -> Image.Image:
    """For Pillow."""
    return Image.fromarray(np.ascontiguousarray(values, dtype=np.float32))


def seen(one: Image.Image, place: Place, side: int) -> Pixels:
    """(side, side) of a part of a square, cut at fractions of pixels."""
    scale, down, along = place
    kept = one.width * scale
    top, left = down * (one.width - kept), along * (one.width - kept)
    box = (left, top, min(one.width, left + kept), min(one.width, top + kept))
    small = one.resize((side, side), Image.Resampling.BILINEAR, box=box)
    return np.asarray(small, dtype=np.float32)


def details(small: Sequence[Pixels], shades: float) -> Pixels:
    """(n, side * side), each of mean 0 and length 1; zeros where nothing is to be seen."""
    stack = np.stack(small)
    bare = stack - gaussian_filter(stack, (0, shades, shades))
    flat = bare.reshape(len(stack), -1)
    flat -= flat.mean(axis=1, keepdims=True)
    lengths = np.linalg.norm(flat, axis=1, keepdims=True)
    return np.asarray(np.where(lengths > FLAT, flat / np.maximum(lengths, FLAT), 0), np.float32)


def aligned(one: Image.Image, other: Image.Image, place: Place) -> float:
    """The correlation of the other with a part of the one, at the best place near the given."""
    wanted = details([seen(other, WHOLE, FINE_SIDE)], FINE_SHADES)[0]
    best, at = 0.0, place
    for step, hopeful in STEPS:
        near = [at, *_around(at, step)]
        scores = np.abs(details([seen(one, p, FINE_SIDE) for p in near], FINE_SHADES) @ wanted)
        top = int(scores.argmax())
        best, at = float(scores[top]), near[top]
        if best < hopeful or best >= SURE:
            return best
    return best


def _around(at: Place, step: float) -> list[Place]:
    """Parts a little larger and smaller, each a little higher, lower, to the left and right."""
    scale, down, along = at
    found = []
    for size in (scale - step, scale, scale + step):
        size = min(1.0, max(SMALLEST, size))
        room = max(1 - size, 1e-6)
        top, left = down * (1 - scale), along * (1 - scale)
        for a in (-step, 0.0, step):
            for b in (-step, 0.0, step):
                found.append((size, _share(top + a, room), _share(left + b, room)))
    return found


def _share(start: float, room: float) -> float:
    return min(1.0, max(0.0, start / room))
