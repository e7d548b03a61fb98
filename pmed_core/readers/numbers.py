"""Pixels of any kind of number -> one of the kinds that are kept, and what that cost."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from pmed_core.readers.slices import Remark

ROUNDED: Remark = ("levels", "Values of more than 24 bits were kept as single precision: rounded.")
GAPS: Remark = ("gaps", "Pixels that are no number were set to the picture's lowest value.")


def as_kept(values: NDArray[Any]) -> tuple[NDArray[Any], tuple[Remark, ...]]:
    """Whole numbers as 16 bits where they fit, else single precision."""
    if values.dtype in (np.int16, np.uint16):
        return values, ()
    whole, said = without_gaps(values)
    if whole.dtype.kind == "f" and not np.array_equal(np.rint(whole), whole):
        return whole.astype(np.float32), said
    low, high = whole.min(), whole.max()
    if low >= -32768 and high <= 32767:
        return whole.astype(np.int16), said
    if low >= 0 and high <= 65535:
        return whole.astype(np.uint16), said
    single = whole.astype(np.float32)
    lost = whole.dtype.kind in "iu" and not np.array_equal(single.astype(np.float64), whole)
    return single, (*said, ROUNDED) if lost else said


def without_gaps(values: NDArray[Any]) -> tuple[NDArray[Any], tuple[Remark, ...]]:
    """NaN and infinities become the lowest and highest of the others."""
    if values.dtype.kind != "f" or np.isfinite(values).all():
        return values, ()
    good = values[np.isfinite(values)]
    low, high = (good.min(), good.max()) if good.size else (0.0, 0.0)
    return np.nan_to_num(values, nan=low, neginf=low, posinf=high), (GAPS,)
