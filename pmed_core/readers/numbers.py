"""Pixels of any kind of number -> one of the kinds that are kept, and what that cost."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pmed_core.modalities.scan.readers.slices import Remark

ROUNDED: Remark = ("levels", "Values of more than 24 bits were kept as single precision: rounded.")
GAPS: Remark = ("gaps", "Pixels that are no number were set to the picture's lowest value.")

AT_ONCE = 2**24
"""Bytes that are looked at together."""


def as_kept(values: NDArray[Any]) -> tuple[NDArray[Any], tuple[Remark, ...]]:
    """Whole numbers as 16 bits where they fit, else single precision."""
    if values.dtype in (np.int16, np.uint16):
        return values, ()
    whole, said = without_gaps(values)
    if whole.dtype.kind == "f" and not _all(
        whole, lambda part: np.array_equal(np.rint(part), part)
    ):
        return whole.astype(np.float32), said
    low, high = whole.min(), whole.max()
    if low >= -32768 and high <= 32767:
        return whole.astype(np.int16), said
    if low >= 0 and high <= 65535:
        return whole.astype(np.uint16), said
    single = whole.astype(np.float32)
    lost = whole.dtype.kind in "iu" and not _all(
        whole,
        lambda part: np.array_equal(part.astype(np.float32).astype(np.float64), part),
    )
    return single, (*said, ROUNDED) if lost else said


def _all(values: NDArray[Any], holds: Callable[[NDArray[Any]], bool]) -> bool:
    """Whether it holds for every part: a check of a whole volume would copy it several times."""
    return all(holds(part) for part in np.array_split(values, max(1, values.nbytes // AT_ONCE), -1))


def without_gaps(values: NDArray[Any]) -> tuple[NDArray[Any], tuple[Remark, ...]]:
    """NaN and infinities become the lowest and highest of the others."""
    if values.dtype.kind != "f" or _all(values, lambda part: bool(np.isfinite(part).all())):
        return values, ()
    good = values[np.isfinite(values)]
    low, high = (good.min(), good.max()) if good.size else (0.0, 0.0)
    return np.nan_to_num(values, nan=low, neginf=low, posinf=high), (GAPS,)


def colour_or_grey(colour: NDArray[Any]) -> tuple[NDArray[Any], tuple[Remark, ...]]:
    """(height, width, 3) in 8 or 16 bits; (height, width) where all three are the same."""
    kept, said = (colour, ()) if colour.dtype in (np.uint8, np.uint16) else as_kept(colour)
    same = (kept[..., 0] == kept[..., 1]) & (kept[..., 1] == kept[..., 2])
    return (kept[..., 0].copy() if same.all() else np.ascontiguousarray(kept)), said
