"""Arrays are kept as they are, however they lie in memory."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from pmed_core.tensors import tensors_from, tensors_to

Array = NDArray[Any]


@pytest.mark.parametrize(
    "turned",
    [
        lambda a: a,
        lambda a: a.T,
        lambda a: a[::-1],
        lambda a: a[:, ::2],
        lambda a: np.asfortranarray(a),
        lambda a: np.broadcast_to(a[:1], (5, 4)),
        lambda a: np.quantile(a, [0.1, 0.5, 0.9], axis=0).T,
    ],
)
@pytest.mark.parametrize("kind", [np.float64, np.float32, np.int64, np.uint8])
def test_what_is_read_back_is_what_was_kept(turned: Callable[[Array], Array], kind: type) -> None:
    array = turned(np.arange(24).reshape(6, 4).astype(kind))
    found = tensors_from(tensors_to({"one": array}))["one"]
    assert found.dtype == array.dtype
    assert np.array_equal(found, array)
