"""Expected gradients: shares of an answer along straight ways from typical rows to the patient's.

Erion et al., Nature Machine Intelligence 2021, after integrated gradients (Sundararajan et al.,
ICML 2017). The ways are walked at fixed points (midpoint rule), so that nothing is left to chance;
how much half the points would change is shown as the error, and what is missing to the sum is
shared out by it. These are Aumann-Shapley values: where variables interact they share out by slopes
along the way, not by who joins when.
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

Function = Callable[..., Any]


@dataclass(frozen=True)
class Slopes:
    """Of one row (...).

    Attributes:
        values: (...) what each cell adds; their sum is the row's answer less the background's mean.
        error: (...) how much half of the points would change it, at most.
    """

    values: NDArray[np.float64]
    error: NDArray[np.float64]


def expected_gradients(
    function: Function,
    row: NDArray[np.float32],
    background: NDArray[np.float32],
    points: int = 16,
) -> Slopes:
    """Of ``function``, (s, ...) -> (s,) in ``keras.ops``, at a row (...) from b others (b, ...)."""
    slopes, answers = _compiled(function, points)(row[None], background)
    each = np.asarray(slopes, dtype=np.float64)
    values, error = each.mean(axis=0), np.abs(each[0::2].mean(axis=0) - each[1::2].mean(axis=0)) / 2
    whole = np.asarray(answers, dtype=np.float64)
    missing = whole[0] - whole[1:].mean() - values.sum()
    return Slopes(values + missing * error / max(error.sum(), 1e-30), error)


@lru_cache(maxsize=8)
def _compiled(function: Function, points: int) -> Function:
    """(1, ...) and (b, ...) -> (points, ...) what each point of the ways says, mean over them, and
    the answers (1 + b,) at their ends."""

    def along(row: Any, background: Any) -> tuple[Any, Any]:
        change = row - background
        share = (np.arange(points, dtype=np.float32) + 0.5) / points
        shape = (points, *(1 for _ in change.shape))
        mixed = background[None] + ops.reshape(share, shape) * change[None]
        flat = ops.reshape(mixed, (-1, *change.shape[1:]))
        slopes = ops.reshape(devices.input_gradients(function, flat), mixed.shape)
        ends = function(ops.concatenate([row, background]))
        return ops.mean(slopes * change[None], axis=1), ends

    return devices.compiled(along)


@lru_cache(maxsize=4)
def networks_log_odds(network: keras.Model, slopes: tuple[float, ...]) -> Function:
    """(s, n, c) -> (s,) what yes/no networks add to the log-odds, but for constants.

    ``slopes``: of the calibration of each network.
    """
    weights = np.array(slopes, dtype=np.float32) / len(slopes)

    def log_odds(columns: Any) -> Any:
        logits = network(columns, training=False)[..., 0]  # (s, n, m)
        yes = ops.logsumexp(ops.log_sigmoid(logits), axis=-1)
        no = ops.logsumexp(ops.log_sigmoid(-logits), axis=-1)
        return ops.sum((yes - no) * weights, axis=-1)

    return log_odds
