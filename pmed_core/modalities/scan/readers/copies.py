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

from pmed_core.modalities.scan.readers.views import WHOLE, Pixels, Place, details, parts, turned

SIDE, SHADES = 16, 2.0
FINE_SIDE, FINE_SHADES = 32, 3.0
"""Pixels a side, and the width of the shades that are taken away, at first and when aligned."""
SCALES = {0.95: 2, 0.9: 3, 0.85: 4, 0.8: 5}
"""Share of the sides that a crop keeps -> places a side where it is tried."""
POSSIBLE, NEARLY, ALIKE = 0.78, 0.9, 0.95
"""Correlations of what is worth aligning, of what is worth a last look, and of the same scan."""
STANDING_OUT = 0.3
"""How near a second look must be, as a share of how far the usual scan of the collection is."""
COMPARED_AT_MOST = 10_000
"""More scans than this are not compared at all."""
KEPT, AT_ONCE, SAMPLE = 128, 1_000, 512
STEPS = ((0.04, 0.6), (0.02, 0.72), (0.02, 0.82), (0.01, 0.87), (0.01, 0.89), (0.005, 0.9))
"""Of the alignment: how far to look, and the correlation below which it is not worth going on."""
COARSE = 0.8
"""A scan of fewer pixels than this share of another's is compared with it made as coarse."""
LAST_STEPS = (0.005, 0.0025)
SURE, SMALLEST = 0.99, 0.72
NEIGHBOURS = 4
"""Scans are kept as squares of so many pixels, compared so many at once; how alike they usually are
is told by so many, and each is aligned with so many of the nearest."""

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
    codes = np.unique(np.asarray(owners), return_inverse=True)[1]
    if not codes.any():
        # Nobody's, or all of one owner, as the slices of one series are.
        return []
    squares = [square(pixels(k)) for k in range(count)]
    flat = _views(squares, 0, WHOLE, SIDE, SHADES)
    best: dict[Pair, View] = {}
    for position in range(8):
        for place in [WHOLE] if position else [WHOLE, *crops()]:
            views = _views(squares, position, place, SIDE, SHADES)
            _nearest(views, flat, codes, (position, place), best)
    small = [parts(one, [WHOLE], FINE_SIDE)[0] for one in squares]
    wanted = details(np.stack(small), FINE_SHADES)
    sizes = [max(pixels(k).shape[:2]) for k in range(count)]
    found: dict[tuple[int, int], float] = {}
    for (first, second), (_, position, place) in _hopeful(best).items():
        one = turned(squares[first], position)
        if sizes[second] < COARSE * sizes[first] * place[0]:
            one = _as_coarse(one, sizes[second] / place[0])
        score, at = aligned(one, wanted[second], place)
        if score >= NEARLY and score < SURE:
            score = max(score * (score >= ALIKE), _ranked_anew(one, small[second], at))
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
    some = np.linspace(0, len(flat) - 1, min(len(flat), SAMPLE)).astype(int)
    for start in range(0, len(views), AT_ONCE):
        part = slice(start, start + AT_ONCE)
        scores = views[part] @ flat.T
        np.abs(scores, out=scores)
        sample = np.where(codes[part, None] == codes[None, some], 0, scores[:, some])
        # Where all scans are much alike, as slices of bodies are, only what stands out is a copy.
        wanted = np.maximum(POSSIBLE, 1 - STANDING_OUT * (1 - np.median(sample, axis=1)))
        rows, columns = np.divmod(np.flatnonzero(scores >= wanted[:, None]), len(flat))
        others = codes[start + rows] != codes[columns]
        rows, columns = rows[others], columns[others]
        near = scores[rows, columns]
        counts: Counter[int] = Counter()
        for k in np.lexsort((-near, rows)).tolist():
            row, column, score = int(rows[k]), int(columns[k]), float(near[k])
            counts[row] += 1
            pair = (start + row, column)
            if counts[row] <= NEIGHBOURS and score > best.get(pair, (0.0,))[0]:
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
    return _ranks(whole)


def _ranks(grey: Pixels) -> Pixels:
    """Each grey level as the share of pixels below it, between 0 and 1."""
    values, codes = np.unique(np.round(grey, 3), return_inverse=True)
    counts = np.bincount(codes.ravel(), minlength=len(values))
    ranks = (np.cumsum(counts) - counts / 2) / grey.size
    return np.asarray(ranks[codes].reshape(grey.shape), dtype=np.float32)


def seen_whole(grey: Pixels, side: int) -> Pixels:
    """(side, side) of all of it, whatever its proportions."""
    whole = Image.fromarray(np.ascontiguousarray(grey, dtype=np.float32))
    return np.asarray(whole.resize((side, side), Image.Resampling.BILINEAR), dtype=np.float32)


def _views(squares: list[Pixels], position: int, place: Place, side: int, shades: float) -> Pixels:
    """(n, side * side) of the details of every square, turned so, at that place."""
    views = np.empty((len(squares), side * side), np.float32)
    sizes = np.array([len(one) for one in squares])
    for size in np.unique(sizes):
        alike = np.flatnonzero(sizes == size)
        for start in range(0, len(alike), AT_ONCE):
            some = alike[start : start + AT_ONCE]
            stack = turned(np.stack([squares[k] for k in some]), position)
            views[some] = details(parts(stack, [place], side), shades)
    return views


def _as_coarse(one: Pixels, size: float) -> Pixels:
    """A square with no more detail than a very small scan has: that one cannot show more."""
    return parts(one, [WHOLE], round(size))[0] if size < min(FINE_SIDE, len(one)) else one


def aligned(one: Pixels, wanted: Pixels, place: Place) -> tuple[float, Place]:
    """The correlation of wanted details with a part of the one, at the best place near the
    given, and that place."""
    best, at = 0.0, place
    for step, hopeful in STEPS:
        near = [at, *_around(at, step)]
        scores = np.abs(details(parts(one, near, FINE_SIDE), FINE_SHADES) @ wanted)
        top = int(scores.argmax())
        best, at = float(scores[top]), near[top]
        if best < hopeful or best >= SURE:
            break
    return best, at


def _ranked_anew(one: Pixels, other: Pixels, place: Place) -> float:
    """The same with grey levels by their rank among what both scans show: ranks within a whole
    scan and within a part of it are not the same, which blurs what a cut scan and its original
    have in common."""
    wanted = details(_ranks(other)[None], FINE_SHADES)[0]
    best, at = 0.0, place
    for step in LAST_STEPS:
        near = [at, *_around(at, step)]
        seen = np.stack([_ranks(part) for part in parts(one, near, FINE_SIDE)])
        scores = np.abs(details(seen, FINE_SHADES) @ wanted)
        top = int(scores.argmax())
        best, at = float(scores[top]), near[top]
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
