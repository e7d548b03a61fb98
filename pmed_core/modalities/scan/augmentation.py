"""Scans as another machine, another position or another patient might have given them.

One layer in ``keras.ops``, so that it runs inside the training graph on every backend. There is no
left-right flip: a chest has a side for the heart.
"""

from __future__ import annotations

from typing import Any

import keras
import numpy as np
from keras import ops, random

MOVE, TURN, ZOOM = 0.08, np.deg2rad(10.0), 0.12
"""Largest shift (share of the side), rotation (radians) and change of size."""
LIGHT, CONTRAST, GAMMA, NOISE = 0.25, 0.4, 0.4, 0.06
"""Largest changes of grey values, in units of the whole range 0..1; gamma in powers of e."""
ERASED = 0.3
"""Largest side of the square that is hidden, as a share of the scan's."""


class Augment(keras.layers.Layer):  # type: ignore[misc]
    """(b, h, w, c) in 0..1 -> the same shape, changed at random while training.

    ``pixels``: the first so many channels are the scan; others are moved with it and not lit.
    """

    def __init__(self, seed: int = 0, pixels: int = 3, **options: Any) -> None:
        super().__init__(**options)
        self.pixels = pixels
        self.seeds = random.SeedGenerator(seed)

    def call(self, scans: Any, training: bool | None = None) -> Any:
        """Nothing happens outside training."""
        if not training:
            return scans
        moved = self.moved(scans)
        lit = self._lit(self._sharpened(moved[..., : self.pixels]))
        return self._erased(ops.concatenate([lit, moved[..., self.pixels :]], axis=-1))

    def compute_output_shape(self, shape: Any) -> Any:
        """As given."""
        return shape

    def _drawn(self, scans: Any, low: float, high: float) -> Any:
        """(b, 1, 1, 1) one number for each scan."""
        count = (ops.shape(scans)[0], 1, 1, 1)
        return random.uniform(count, low, high, seed=self.seeds)

    def moved(self, scans: Any) -> Any:
        """Shifted, turned and enlarged or made smaller, nothing else."""
        side = scans.shape[1]
        turn, zoom, across, down = (
            ops.reshape(self._drawn(scans, -size, size), (-1,))
            for size in (TURN, ZOOM, MOVE * side, MOVE * side)
        )
        size = ops.exp(zoom)
        cosine, sine = ops.cos(turn) * size, ops.sin(turn) * size
        middle = (side - 1) / 2
        left = middle + across - cosine * middle + sine * middle
        top = middle + down - sine * middle - cosine * middle
        nothing = ops.zeros_like(turn)
        transforms = ops.stack(
            [cosine, -sine, left, sine, cosine, top, nothing, nothing], axis=1
        )  # fmt: skip
        return ops.image.affine_transform(
            scans, transforms, interpolation="bilinear", fill_mode="nearest",
            data_format="channels_last",
        )  # fmt: skip

    def _sharpened(self, scans: Any) -> Any:
        """Towards a blurred scan, or away from it."""
        blurred = ops.average_pool(scans, 3, strides=1, padding="same", data_format="channels_last")
        share = self._drawn(scans, -0.6, 1.0)
        return scans + share * (blurred - scans)

    def _lit(self, scans: Any) -> Any:
        mean = ops.mean(scans, axis=(1, 2, 3), keepdims=True)
        scans = mean + (scans - mean) * ops.exp(self._drawn(scans, -CONTRAST, CONTRAST))
        scans = ops.clip(scans + self._drawn(scans, -LIGHT, LIGHT), 1e-3, 1.0)
        scans = ops.power(scans, ops.exp(self._drawn(scans, -GAMMA, GAMMA)))
        grain = random.normal(ops.shape(scans), seed=self.seeds)
        return scans + self._drawn(scans, 0.0, NOISE) * grain

    def _erased(self, scans: Any) -> Any:
        """A square of a random size and place becomes the scan's mean."""
        side = scans.shape[1]
        half = self._drawn(scans, 0.0, ERASED) / 2
        count = (ops.shape(scans)[0], 1, 1, 1)
        middles = [random.uniform(count, seed=self.seeds) for _ in range(2)]
        places = ops.arange(side, dtype="float32") / side
        rows = ops.abs(ops.reshape(places, (1, -1, 1, 1)) - middles[0]) < half
        columns = ops.abs(ops.reshape(places, (1, 1, -1, 1)) - middles[1]) < half
        hidden = ops.cast(ops.logical_and(rows, columns), scans.dtype)
        mean = ops.mean(scans, axis=(1, 2), keepdims=True)
        return scans + hidden * (mean - scans)
