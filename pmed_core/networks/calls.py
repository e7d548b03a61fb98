"""Asking a network for many scans."""

from __future__ import annotations

from typing import Any

import keras
import numpy as np
from keras import ops
from numpy.typing import NDArray

PIXELS_AT_ONCE = 128 * 64 * 64
SCANS_AT_MOST = 128


def batched(network: keras.Model, scans: NDArray[np.float32]) -> NDArray[Any]:
    """(n, s, s, c) -> what the network gives, in parts of one size so that one graph is traced."""
    if not len(scans):
        return np.empty((0, *network.output_shape[1:]))
    fitting = PIXELS_AT_ONCE // (scans.shape[1] * scans.shape[2])
    at_once = min(max(1, fitting), SCANS_AT_MOST)
    found = []
    for start in range(0, len(scans), at_once):
        part = scans[start : start + at_once]
        size = 1 if len(part) == 1 else at_once
        padded = np.pad(part, ((0, size - len(part)), (0, 0), (0, 0), (0, 0)))
        found.append(ops.convert_to_numpy(network.predict_on_batch(padded))[: len(part)])
    return np.concatenate(found)
