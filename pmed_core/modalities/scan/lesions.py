"""The lesions of a series, as a segmenter outlines them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from pmed_core.evidence import Lesion, SeriesOutline
from pmed_core.modalities.scan.segmenter import Segmenter
from pmed_core.scans import Frame, Scans

SLICES_AT_MOST = 64
"""Of longer series the slice alone is searched until a person asks for all: one is waiting."""
LESIONS_AT_MOST = 20


def outlined_series(
    segmenter: Segmenter, scans: Scans, name: str
) -> tuple[NDArray[np.bool_], tuple[Lesion, ...], int]:
    """The outline on the scan (height, width), the lesions of its series, and slices searched."""
    if len(scans.alike(name)) <= SLICES_AT_MOST:
        found = whole_series(segmenter, scans, name)
        return found.outline[found.scans.index(name)], found.lesions, len(found.scans)
    outline = segmenter.outlines(scans, [name])[0]
    # One slice of many has no volume.
    flat = replace(scans.frames[name], depth=None)
    return outline, lesions(outline[None], [name], flat), 1


def whole_series(segmenter: Segmenter, scans: Scans, name: str) -> SeriesOutline:
    """On every slice of the scan's series that has its size."""
    names = scans.alike(name)
    stack = np.stack(segmenter.outlines(scans, names))
    return SeriesOutline(tuple(names), stack, lesions(stack, names, scans.frames[names[0]]))


def lesions(stack: NDArray[np.bool_], names: Sequence[str], frame: Frame) -> tuple[Lesion, ...]:
    """(slices, height, width) of a series -> its connected parts, largest first."""
    parts, _ = ndimage.label(stack)
    places: Any = ndimage.find_objects(parts)
    found = [
        _lesion(parts[place] == number + 1, place, names, frame)
        for number, place in enumerate(places)
    ]
    return tuple(sorted(found, key=lambda one: -one.pixels)[:LESIONS_AT_MOST])


def _lesion(
    part: NDArray[np.bool_], place: tuple[slice, ...], names: Sequence[str], frame: Frame
) -> Lesion:
    sizes = part.sum(axis=(1, 2))
    largest, pixels = int(sizes.argmax()), int(sizes.sum())
    name = names[place[0].start + largest]
    if frame.spacing is None:
        return Lesion(name, len(sizes), pixels)
    rows, columns = (np.flatnonzero(part[largest].any(axis=axis)) for axis in (1, 0))
    sides = (rows.max() - rows.min() + 1, columns.max() - columns.min() + 1)
    diameter = max(float(side) * size for side, size in zip(sides, frame.spacing, strict=True))
    volume = pixels * frame.spacing[0] * frame.spacing[1] * frame.depth if frame.depth else None
    return Lesion(name, len(sizes), pixels, diameter, volume / 1000 if volume else None)
