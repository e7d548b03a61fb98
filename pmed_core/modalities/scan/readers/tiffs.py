"""TIFF -> slices: every width of number, dark-on-bright, palettes, stacks and pages."""

from __future__ import annotations

import io
import logging
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray
from tifffile import TiffFile

from pmed_core.modalities.scan.readers.slices import ALPHA, TURNED, Remark, Slice, Unreadable, fits
from pmed_core.readers.numbers import as_kept, colour_or_grey

MARKS = (b"II*\0", b"MM\0*", b"II+\0", b"MM\0+")
MIN_IS_WHITE, MIN_IS_BLACK, RGB, PALETTE, YCBCR = 0, 1, 2, 3, 6
ORIENTATION = 274
PAGES_AT_MOST = 20_000
INVERTED: Remark = ("inverted", "Pictures stored dark on bright (MinIsWhite) were turned round.")
CHANNELS: Remark = ("stack", "Channels and moments of a stack are kept as single pictures.")


class Packed(Exception):
    """In a compression that this module does not unpack."""


def is_tiff(data: bytes) -> bool:
    """Whether it starts as TIFF and BigTIFF do."""
    return data[:4] in MARKS


def ends(data: bytes) -> bool:
    """Whether the chain of pages comes to an end: each leads to the next, and one that leads back
    would be followed for ever."""
    order: Literal["little", "big"] = "little" if data[:2] == b"II" else "big"
    # Widths in bytes of an offset, of a count of tags, and of a tag.
    wide, count, tag = (8, 8, 20) if 43 in data[2:4] else (4, 2, 12)

    def number(at: int, size: int) -> int:
        return int.from_bytes(data[at : at + size], order)

    at, seen = number(wide, wide), set[int]()
    while 0 < at < len(data):
        if at in seen or len(seen) > PAGES_AT_MOST:
            return False
        seen.add(at)
        at = number(at + count + tag * number(at, count), wide)
    return True


def read_tiff(data: bytes) -> list[Slice]:
    """Its pages, each as meant; raises ``Unreadable``, and ``Packed`` where another library may
    know more."""
    # tifffile tells of what it puts right by itself in a log that nobody reads.
    logging.getLogger("tifffile").setLevel(logging.CRITICAL)
    if not ends(data):
        raise Unreadable("its pages lead back to each other, or are too many")
    try:
        with TiffFile(io.BytesIO(data)) as file:
            found = [one for series in file.series for one in _pictures(series)]
    except (ValueError, KeyError) as error:
        if "imagecodecs" in str(error):
            raise Packed from error
        raise
    if not found:
        raise Unreadable("it holds no pixels")
    return found


def _pictures(series: Any) -> list[Slice]:
    """A stack of one shape: its axes are Y, X, S for the colours, and others."""
    page, axes = series.keyframe, series.axes
    if page.photometric not in (MIN_IS_WHITE, MIN_IS_BLACK, RGB, PALETTE, YCBCR):
        raise Unreadable("its kind of colours is not read; save it as RGB or grey")
    if series.dtype is None or series.dtype.kind not in "buif":
        raise Unreadable("its numbers are of a kind that is not read")
    sizes = dict(zip(axes, series.shape, strict=True))
    colours = sizes.get("S", 1)
    fits((sizes["X"], sizes["Y"]), series.size // (sizes["X"] * sizes["Y"] * colours), colours)
    stack = series.asarray()
    if "S" in axes:
        stack = np.moveaxis(stack, axes.index("S"), -1)
    inner = (sizes["Y"], sizes["X"], colours)
    several = (CHANNELS,) if any(sizes.get(axis, 1) > 1 for axis in "CT") else ()
    return [_slice(one, page, several) for one in stack.reshape(-1, *inner)]


def _slice(one: NDArray[Any], page: Any, remarks: tuple[Remark, ...]) -> Slice:
    wanted = 3 if page.photometric in (RGB, YCBCR) else 1
    said = (*remarks, ALPHA) if one.shape[2] > wanted else remarks
    if one.shape[2] < wanted:
        raise Unreadable(f"it has {one.shape[2]} colours; 1 or 3 are read")
    values, more = _values(one[..., :wanted], page)
    turn = int(page.tags[ORIENTATION].value) if ORIENTATION in page.tags else 1
    more = (*more, TURNED) if turn in range(2, 9) else more
    return Slice(np.ascontiguousarray(turned(values, turn)), remarks=(*said, *more))


def _values(one: NDArray[Any], page: Any) -> tuple[NDArray[Any], tuple[Remark, ...]]:
    if page.photometric == PALETTE:
        table = _table(np.asarray(page.colormap))
        return colour_or_grey(np.moveaxis(table[:, one[..., 0]], 0, -1))
    if one.shape[2] == 3:
        return colour_or_grey(one)
    grey = one[..., 0]
    said: tuple[Remark, ...] = ()
    bits = 1 if grey.dtype.kind == "b" else int(page.bitspersample)
    if page.photometric == MIN_IS_WHITE:
        grey, said = _mirrored(grey, bits), (INVERTED,)
    if bits < 8:
        return (grey.astype(np.uint16) * 255 // (2**bits - 1)).astype(np.uint8), said
    if grey.dtype == np.uint8:
        return grey, said
    kept, more = as_kept(grey.astype(grey.dtype.newbyteorder("=")))
    return kept, (*said, *more)


def _table(colours: NDArray[np.uint16]) -> NDArray[np.uint16 | np.uint8]:
    """(3, n) in 8 bits, where the low bytes say nothing: they are 0, or the high ones again."""
    high, low = colours >> 8, colours & 255
    plain = bool((low == 0).all() or (low == high).all())
    return high.astype(np.uint8) if plain else colours


def _mirrored(grey: NDArray[Any], bits: int) -> NDArray[Any]:
    """About the middle of all that could be stored."""
    if grey.dtype.kind == "f":
        return -grey
    if grey.dtype.kind == "i":
        return ~grey
    return (
        ~grey
        if grey.dtype.kind == "b"
        else (2**bits - 1 - grey.astype(np.int64)).astype(grey.dtype)
    )


def turned(values: NDArray[Any], orientation: int) -> NDArray[Any]:
    """Rows and columns as a viewer shows them (TIFF 6.0, Orientation)."""
    if orientation >= 5:
        values = values.swapaxes(0, 1)
    if orientation in (2, 3, 6, 7):
        values = values[:, ::-1]
    if orientation in (3, 4, 7, 8):
        values = values[::-1]
    return values
