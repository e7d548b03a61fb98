"""The learnt arrays of a network by name, as packages keep them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import keras
import numpy as np
from keras import ops
from numpy.typing import NDArray


def kept(network: keras.Model) -> dict[str, NDArray[Any]]:
    """Path -> array."""
    return {w.path: np.asarray(ops.convert_to_numpy(w)) for w in network.weights if _is_kept(w)}


def assign(network: keras.Model, tensors: Mapping[str, NDArray[Any]]) -> None:
    """Names, shapes and types must agree before anything is assigned, and each number must be
    one; raises ``ValueError``."""
    weights = {weight.path: weight for weight in network.weights if _is_kept(weight)}
    expected = {path: (tuple(w.shape), str(w.dtype)) for path, w in weights.items()}
    received = {path: (t.shape, str(t.dtype)) for path, t in tensors.items()}
    if expected != received:
        raise ValueError(
            f"The weights do not fit the network. Expected {expected}. Received: {received}"
        )
    if not all(np.isfinite(tensor).all() for tensor in tensors.values()):
        raise ValueError("The weights are not all numbers")
    for path, weight in weights.items():
        weight.assign(tensors[path])


def shuffled(network: keras.Model, draw: np.random.Generator) -> dict[str, NDArray[Any]]:
    """Path -> array, each with its numbers in another order."""
    return {
        path: np.asarray(draw.permutation(array.ravel()).reshape(array.shape))
        for path, array in kept(network).items()
    }


def _is_kept(weight: Any) -> bool:
    # A dropout layer's random seed is state, not something learnt.
    return "seed_generator" not in weight.path
