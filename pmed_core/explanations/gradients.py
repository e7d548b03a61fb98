"""Expected gradients: shares of an answer along straight ways from typical rows to the patient's.

Erion et al., Nature Machine Intelligence 2021, after integrated gradients (Sundararajan et al.,
ICML 2017). The ways are walked at fixed points (midpoint rule), so that nothing is left to chance;
how much half the points would change is shown as the error. These are Aumann-Shapley values: where
variables interact they share out by slopes along the way, not by who joins when.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import keras
import numpy as np
from keras import ops
from numpy.typing import NDArray

from pmed_core.training import devices

POINTS = 16
Function = Callable[..., Any]


@dataclass(frozen=True)
class Slopes:
    """Of one row (...).

    Attributes:
        values: (...) what each cell adds, from the mean answer of the background.
        error: (...) how much half of the points would change it, at most.
    """

    values: NDArray[np.float64]
    error: NDArray[np.float64]


def expected_gradients(
    function: Function, row: NDArray[np.float32], background: NDArray[np.float32]
) -> Slopes:
    """Of ``function``, (s, ...) -> (s,) in ``keras.ops``, at a row (...) from b others (b, ...)."""
    each = np.asarray(_compiled(function)(row[None], background), dtype=np.float64)
    halves = each[0::2].mean(axis=0), each[1::2].mean(axis=0)
    return Slopes(each.mean(axis=0), np.abs(halves[0] - halves[1]) / 2)


@lru_cache(maxsize=8)
def _compiled(function: Function) -> Function:
    """(1, ...) and (b, ...) -> (points, ...) what each point of the ways says, mean over them."""

    def along(row: Any, background: Any) -> Any:
        change = row - background
        share = (np.arange(POINTS, dtype=np.float32) + 0.5) / POINTS
        shape = (POINTS, *(1 for _ in change.shape))
        mixed = background[None] + ops.reshape(share, shape) * change[None]
        flat = ops.reshape(mixed, (-1, *change.shape[1:]))
        slopes = ops.reshape(devices.input_gradients(function, flat), mixed.shape)
        return ops.mean(slopes * change[None], axis=1)

    return devices.compiled(along)


@lru_cache(maxsize=4)
def networks_log_odds(network: keras.Model, slopes: tuple[float, ...]) -> Function:
    """(s, n, c) -> (s,) what the networks of a yes/no bag add to its log-odds, but for constants.

    ``slopes``: of the calibration of each network.
    """
    weights = np.array(slopes, dtype=np.float32) / len(slopes)

    def log_odds(columns: Any) -> Any:
        logits = network(columns, training=False)[..., 0]  # (s, n, m)
        yes = ops.logsumexp(ops.log_sigmoid(logits), axis=-1)
        no = ops.logsumexp(ops.log_sigmoid(-logits), axis=-1)
        return ops.sum((yes - no) * weights, axis=-1)

    return log_odds
