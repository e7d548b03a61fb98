"""The pixels of a cohort's scans."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray
from PIL import Image

PART = 2**24
"""Bytes that are looked at together."""
DType = Literal["uint8", "uint16", "int16", "float32"]
WINDOWS = {
    "lung": (-600.0, 1500.0), "mediastinum": (40.0, 400.0), "bone": (400.0, 1800.0),
    "soft tissue": (50.0, 400.0), "brain": (40.0, 80.0),
}  # fmt: skip
"""(centre, width) in Hounsfield units, as radiologists set them."""


@dataclass(frozen=True)
class Frame:
    """One two-dimensional scan: where its pixels lie, and what they mean.

    Attributes:
        offset: of its first byte.
        shape: (height, width), or (height, width, 3) for red, green, blue.
        dtype: of its pixels.
        unit: "HU" for Hounsfield units, else empty.
        window: (centre, width) that the file proposes for looking at it.
        spacing: millimetres from row to row and from column to column, where known.
        depth: millimetres from this slice to the next of its series, where known.
        toward: what the right and the lower edge lie towards: ("L", "P") is left and back of the
            patient; H is the head, F the feet, "LA" slanted (DICOM PS3.3 C.7.6.1.1.1). None where
            the file does not say.
        projected: ``spacing`` is that at the detector: what stood before it is smaller.
        series: what slices of one volume share; empty for a single scan.
    """

    offset: int
    shape: tuple[int, ...]
    dtype: DType
    unit: Literal["HU", ""] = ""
    window: tuple[float, float] | None = None
    spacing: tuple[float, float] | None = None
    series: str = ""
    depth: float | None = None
    toward: tuple[str, str] | None = None
    projected: bool = False

    @property
    def size(self) -> int:
        """Bytes."""
        return int(np.prod(self.shape)) * np.dtype(self.dtype).itemsize


def grey(pixels: NDArray[Any], window: tuple[float, float] | None = None) -> NDArray[np.uint8]:
    """(h, w) or (h, w, 3) in any unit -> the same in 0..255; ``window`` is (centre, width)."""
    if pixels.dtype == np.uint8:
        return pixels
    values = pixels.astype(np.float32)
    if window:
        low, high = window[0] - window[1] / 2, window[0] + window[1] / 2
    else:
        low, high = (float(end) for end in np.percentile(values, [0.5, 99.5]))
    scaled = np.clip((values - low) / max(high - low, 1e-6), 0, 1)
    return np.asarray(scaled * 255, dtype=np.uint8)


def square(shape: Sequence[int]) -> tuple[int, int, int]:
    """(height, width, ...) -> side of the square that a network reads, and the rows above and the
    columns before the scan in it."""
    height, width = shape[:2]
    longest = max(height, width)
    return longest, (longest - height) // 2, (longest - width) // 2


def unsquared(values: NDArray[Any], shape: Sequence[int]) -> NDArray[np.float32]:
    """(rows, columns) of the square that a network reads -> (height, width) of the scan itself."""
    longest, above, before = square(shape)
    image = Image.fromarray(values.astype(np.float32))
    flat = np.asarray(image.resize((longest, longest), Image.Resampling.BILINEAR))
    return flat[above : above + shape[0], before : before + shape[1]]


def typical_side(frames: Sequence[Frame]) -> int:
    """The median of the longer sides in pixels; 0 for no scan."""
    return int(np.median([square(frame.shape)[0] for frame in frames])) if frames else 0


@dataclass(frozen=True)
class Scans:
    """Scans by the names that a cohort's cells hold.

    Attributes:
        data: (bytes,) all pixels one after the other, in memory or mapped from a file.
        frames: name -> where.
        masks: name -> the outline that a person drew, (height, width) of 0 and 255.
    """

    data: NDArray[np.uint8]
    frames: Mapping[str, Frame]
    masks: Mapping[str, Frame] = field(default_factory=dict)

    def digested(self) -> Iterator[memoryview]:
        """Everything that matters to a model, in parts."""
        for start in range(0, len(self.data), PART):
            yield self.data[start : start + PART].data

    def pixels(self, name: str) -> NDArray[Any]:
        """(height, width) or (height, width, 3), as read; raises ``KeyError``."""
        return self._array(self.frames[name])

    def mask(self, name: str) -> NDArray[Any] | None:
        """(height, width) of 0 and 255; None where nobody drew one."""
        return self._array(self.masks[name]) if name in self.masks else None

    def _array(self, frame: Frame) -> NDArray[Any]:
        flat = self.data[frame.offset : frame.offset + frame.size]
        return flat.view(frame.dtype).reshape(frame.shape)

    def series(self, name: str) -> list[str]:
        """The names of all slices of the same volume, in order; itself where it is alone."""
        series = self.frames[name].series
        return [n for n, f in self.frames.items() if f.series == series] if series else [name]

    def alike(self, name: str) -> list[str]:
        """The slices of its series that have the same size, in order."""
        shape = self.frames[name].shape
        return [one for one in self.series(name) if self.frames[one].shape == shape]
