"""The pixels of a drawn picture: which of them are inside of what was outlined."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import maximum_filter, minimum_filter

LEVELS_AT_MOST = 16
"""More grey levels than any map of regions has: edges that were smoothed or compressed."""
ALL_BUT = 0.95
"""Share of the pixels between the lowest and the highest level that are edges, where all are."""


def in_one_number(pixels: NDArray[Any]) -> NDArray[Any]:
    """One number a pixel: the brightest of its colours, or 0 and 1 where only colours differ."""
    if pixels.ndim == 2:
        return pixels
    return _of_colours(pixels) if no_black(pixels) else pixels.max(axis=-1)


def no_black(pixels: NDArray[Any]) -> bool:
    """Few colours, of which none is black and some are equally bright: they alone tell inside."""
    if pixels.ndim == 2 or not (bright := pixels.max(axis=-1)).min() > 0:
        return False
    return len(np.unique(bright)) < len(np.unique(_codes(pixels))) <= LEVELS_AT_MOST


def _codes(pixels: NDArray[Any]) -> NDArray[np.int64]:
    """(height, width) of one whole number a colour, of at most 16 bits a channel."""
    whole = pixels.astype(np.int64)
    return np.asarray(whole[..., 0] << 32 | whole[..., 1] << 16 | whole[..., 2])


def _of_colours(pixels: NDArray[Any]) -> NDArray[np.uint8]:
    """0 where the usual colour of the border is, else 1."""
    codes = _codes(pixels)
    colours, counts = np.unique(border(codes), return_counts=True)
    return np.asarray(codes != colours[counts.argmax()], dtype=np.uint8)


def is_blurred(flat: NDArray[Any], lossy: bool) -> bool:
    """Whether edges are blurred: more levels than regions have, unless neighbours are mostly of
    one number and the highest is that of a small part, as of maps of very many regions; or few
    levels, of which those in between lie on edges only."""
    if lossy:
        return True
    if level_count(flat) <= LEVELS_AT_MOST:
        return _on_edges_only(np.unique(flat), flat)
    on = flat > 0
    alike = np.concatenate([
        (flat[:, 1:] == flat[:, :-1])[on[:, 1:] & on[:, :-1]],
        (flat[1:] == flat[:-1])[on[1:] & on[:-1]],
    ])  # fmt: skip
    regions = 2 * alike.sum() >= len(alike) and 2 * (flat == flat.max()).sum() < on.sum()
    return not regions


def _on_edges_only(levels: NDArray[Any], flat: NDArray[Any]) -> bool:
    """Whether nearly every pixel between the lowest and the highest level touches a lower and a
    higher one, and they are few beside the highest, as where a white shape was made smaller.
    Small whole numbers are those of regions."""
    if len(levels) < 3 or (levels[-1] <= LEVELS_AT_MOST and (levels == np.rint(levels)).all()):
        return False
    between = (flat > levels[0]) & (flat < levels[-1])
    edges = (minimum_filter(flat, 3) < flat) & (maximum_filter(flat, 3) > flat)
    few = 2 * between.sum() <= (flat == levels[-1]).sum() + (flat == levels[0]).sum()
    return bool(few and (between & edges).sum() >= ALL_BUT * between.sum())


def ground_of(sharp: Sequence[NDArray[Any]]) -> float:
    """The lowest level of all outlines that have several; 0 where they differ, or there is none."""
    lowest = {float(flat.min()) for flat in sharp if flat.min() < flat.max()}
    return lowest.pop() if len(lowest) == 1 else 0.0


def level_count(flat: NDArray[Any]) -> int:
    """How many different numbers there are."""
    return len(np.unique(flat))


def is_inside(flat: NDArray[Any], smooth: bool, ground: float) -> NDArray[np.bool_]:
    """Above half of the maximum where edges are blurred; above the lowest of several levels that
    are all more than 0; else above 0. An even one is all outside where it is the other outlines'
    lowest."""
    low, top = float(flat.min()), float(flat.max())
    if smooth:
        return np.asarray(flat > top / 2 if top > _noise(flat) else np.zeros_like(flat, bool))
    lowest = low if low > 0 and (low < top or low == ground) else 0
    return np.asarray(flat > lowest)


def _noise(flat: NDArray[Any]) -> float:
    """What compression leaves where nothing was drawn, in grey levels."""
    return 16.0 if flat.dtype == np.uint8 else 0.0


def border(flat: NDArray[Any]) -> NDArray[Any]:
    """The outermost pixels of all four sides, one after the other."""
    return np.concatenate([flat[0], flat[-1], flat[:, 0], flat[:, -1]])
