"""From a scan's own pixels to what a network reads; the same steps in training and prediction."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray
from PIL import Image
from scipy import ndimage

from pmed_core.options import ScanOptions
from pmed_core.scans import WINDOWS, Frame, Scans, square, typical_side

OUTLINE_SIZES = (64, 128, 256)


@dataclass(frozen=True)
class Preparation:
    """How scans are read.

    Attributes:
        size: pixels a side.
        channels: 1 for grey, 3 for colour.
        window: (centre, width) of scans in Hounsfield units.
        contrast: "clahe" for contrast-limited adaptive histogram equalisation (Zuiderveld,
            Graphics Gems IV, 1994).
        denoise: "median" for the median of 3 x 3 pixels.
    """

    size: int
    channels: int
    window: tuple[float, float] | None
    contrast: Literal["none", "clahe"] = "none"
    denoise: Literal["none", "median"] = "none"

    def prepare(self, scans: Scans, names: Sequence[str]) -> NDArray[np.float32]:
        """n names -> (n, size, size, channels) in 0..1."""
        found = np.empty((len(names), self.size, self.size, self.channels), np.float32)
        for row, name in enumerate(names):
            found[row] = self.one(scans.pixels(name), scans.frames[name])
        return found

    def one(self, pixels: NDArray[Any], frame: Frame) -> NDArray[np.float32]:
        """(h, w) or (h, w, 3) -> (size, size, channels) in 0..1, the proportions kept."""
        scaled = self._cleared(self._scaled(pixels.astype(np.float32), frame))
        flat = scaled if scaled.ndim == 3 else scaled[:, :, None]
        if flat.shape[2] != self.channels:
            flat = flat.mean(axis=2, keepdims=True).repeat(self.channels, axis=2)
        return np.stack([self._resized(flat[:, :, c]) for c in range(self.channels)], axis=2)

    def outline(self, mask: NDArray[Any]) -> NDArray[np.uint8]:
        """(h, w) of 0 and 255 -> (size, size, 1) of 0 and 1."""
        inside = self._resized((mask > 0).astype(np.float32)) >= 0.5
        return inside[..., None].astype(np.uint8)

    def _scaled(self, pixels: NDArray[np.float32], frame: Frame) -> NDArray[np.float32]:
        if frame.unit == "HU" and self.window:
            centre, width = self.window
            return np.asarray(np.clip((pixels - centre) / width + 0.5, 0, 1))
        if frame.dtype == "uint8":
            return pixels / np.float32(255)
        low, high = np.percentile(pixels, [0.5, 99.5])
        return np.asarray(np.clip((pixels - low) / max(float(high - low), 1e-6), 0, 1))

    def _cleared(self, scaled: NDArray[np.float32]) -> NDArray[np.float32]:
        """Noise first, so that contrast does not raise it."""
        if self.denoise == "median":
            scaled = ndimage.median_filter(scaled, size=(3, 3, 1)[: scaled.ndim])
        if self.contrast == "clahe":
            # Loaded by those who want it: it takes a second.
            from skimage.exposure import equalize_adapthist

            scaled = equalize_adapthist(np.clip(scaled, 0, 1)).astype(np.float32)
        return np.asarray(scaled, dtype=np.float32)

    def _resized(self, plane: NDArray[np.float32]) -> NDArray[np.float32]:
        """Smoothed before it is made smaller; what is not square is padded with its edge."""
        height, width = plane.shape
        longest, above, before = square(plane.shape)
        if height != width:
            pads = ((above, longest - height - above), (before, longest - width - before))
            plane = np.pad(plane, pads, mode="edge")
        if longest == self.size:
            return plane
        image = Image.fromarray(np.ascontiguousarray(plane))
        resized = image.resize((self.size, self.size), Image.Resampling.BILINEAR)
        return np.asarray(resized, dtype=np.float32)


def choose_preparation(
    options: ScanOptions, scans: Scans, names: Sequence[str], outlined: bool = False
) -> Preparation:
    """What the options say, or what suits the training scans.

    ``outlined``: a finer network finds the lesions for this one.
    """
    frames = [scans.frames[name] for name in names]
    return _preparation(options, frames, options.pixels(typical_side(frames), outlined))


def outline_preparation(options: ScanOptions, scans: Scans, names: Sequence[str]) -> Preparation:
    """Of the network that outlines lesions: the scans' own size, from 64 to 256 pixels."""
    frames = [scans.frames[name] for name in names]
    fitting = [size for size in OUTLINE_SIZES if size <= typical_side(frames)]
    return _preparation(options, frames, max(fitting, default=OUTLINE_SIZES[0]))


def _preparation(options: ScanOptions, frames: Sequence[Frame], size: int) -> Preparation:
    channels = 3 if any(len(frame.shape) == 3 for frame in frames) else 1
    custom = (options.window_centre, options.window_width)
    windows = WINDOWS | {"auto": WINDOWS["lung"], "custom": custom}
    window = windows.get(options.window)
    in_units = any(frame.unit == "HU" for frame in frames)
    return Preparation(
        size, channels, window if in_units else None, options.contrast, options.denoise
    )


def small_and_grey(scans: NDArray[np.float32], side: int) -> NDArray[np.float32]:
    """(n, s, s, c) -> (n, columns) of grey scans of at most ``side`` pixels a side."""
    grey = scans.mean(axis=3)
    if grey.shape[1] > side:
        images = [Image.fromarray(one).resize((side, side), Image.Resampling.BOX) for one in grey]
        grey = np.stack([np.asarray(image) for image in images])
    return np.asarray(grey.reshape(len(grey), -1), dtype=np.float32)
