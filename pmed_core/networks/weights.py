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
    """Names and shapes must agree before anything is assigned; raises ``ValueError``."""
    weights = {weight.path: weight for weight in network.weights if _is_kept(weight)}
    expected = {path: tuple(weight.shape) for path, weight in weights.items()}
    received = {path: tensor.shape for path, tensor in tensors.items()}
    if expected != received:
        raise ValueError(
            f"The weights do not fit the network. Expected {expected}. Received: {received}"
        )
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
