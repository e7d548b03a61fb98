"""Many scans seen small at once: parts of squares, resized and without their slow shades.

Both are linear, so a stack of them takes a few products of matrices.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import gaussian_filter1d

FLAT = 1e-3
"""A view whose details are shorter than this shows nothing."""

Pixels = NDArray[np.float32]
Place = tuple[float, float, float]
"""Of a crop: share of the sides that is kept, and where between top and bottom, left and right."""
WHOLE: Place = (1.0, 0.0, 0.0)


def weights(side: int, starts: NDArray[np.float64], lengths: NDArray[np.float64], to: int
            ) -> Pixels:  # fmt: skip
    """(n, to, side): rows of a square of that side -> rows of each part of it, as Pillow's bilinear
    resizing weighs them."""
    scale = lengths / to
    reach = np.maximum(scale, 1.0)[:, None, None].astype(np.float32)
    centres = starts[:, None] + (np.arange(to) + 0.5) * scale[:, None]
    away = np.arange(side, dtype=np.float32) + np.float32(0.5) - centres[..., None].astype("f4")
    found = np.maximum(1 - np.abs(away) / reach, 0)
    return np.asarray(found / found.sum(axis=2, keepdims=True), dtype=np.float32)


def parts(squares: Pixels, places: Sequence[Place], to: int) -> Pixels:
    """(n, to, to) of n places of one square (side, side), or of one place of n squares."""
    side = squares.shape[-1]
    scale, down, along = np.asarray(places, dtype=np.float64).T
    kept = scale * side
    rows = weights(side, down * (side - kept), kept, to)
    columns = weights(side, along * (side - kept), kept, to)
    return np.asarray(rows @ squares @ columns.transpose(0, 2, 1), dtype=np.float32)


@lru_cache(maxsize=8)
def _blur(side: int, shades: float) -> Pixels:
    """(side, side): what a Gaussian of that width does along one axis."""
    return np.asarray(gaussian_filter1d(np.eye(side), shades, axis=0), dtype=np.float32)


def details(small: Pixels, shades: float) -> Pixels:
    """(n, side, side) -> (n, side * side), each without shades of that width, of mean 0 and length
    1; zeros where nothing is to be seen."""
    blur = _blur(small.shape[-1], shades)
    flat = (small - blur @ small @ blur.T).reshape(len(small), -1)
    flat -= flat.mean(axis=1, keepdims=True)
    lengths = np.linalg.norm(flat, axis=1, keepdims=True)
    return np.asarray(np.where(lengths > FLAT, flat / np.maximum(lengths, FLAT), 0), np.float32)


def turned(values: Pixels, position: int) -> Pixels:
    """(..., side, side) in one of the eight positions: turned by quarters, and mirrored from the
    fifth."""
    mirrored = values[..., ::-1] if position >= 4 else values
    return np.ascontiguousarray(np.rot90(mirrored, position % 4, axes=(-2, -1)))
