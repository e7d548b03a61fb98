"""Arrays as the bytes of safetensors, and back."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray
from safetensors.numpy import load, save


def tensors_to(tensors: Mapping[str, NDArray[Any]]) -> bytes:
    """Each row by row: of an array that was turned, safetensors would write the memory as it lies,
    and what is read back would be other numbers in the same shape."""
    return bytes(save({name: np.asarray(one, order="C") for name, one in tensors.items()}))


def tensors_from(data: bytes) -> dict[str, NDArray[Any]]:
    """What ``tensors_to`` wrote; raises ``SafetensorError`` and ``ValueError``."""
    return dict(load(data))
