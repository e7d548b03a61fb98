"""Outcome -> size of the last layer, loss, and link from logits to probabilities."""

from __future__ import annotations

from typing import Any, assert_never

import numpy as np
from keras import ops
from numpy.typing import NDArray
from scipy.special import expit, softmax

from pmed_core.outcome import Classes, Outcome, YesNo


def outputs(outcome: Outcome) -> int:
    """Logits of each member: one for yes/no, one a class else."""
    match outcome:
        case YesNo():
            return 1
        case Classes(labels=labels):
            return len(labels)
        case _:
            assert_never(outcome)


def probabilities(logits: NDArray[np.floating[Any]], outcome: Outcome) -> NDArray[np.float64]:
    """(..., k) logits -> (..., k) probabilities."""
    wide = logits.astype(np.float64)
    return np.asarray(expit(wide) if isinstance(outcome, YesNo) else softmax(wide, axis=-1))


def bag_loss(target: Any, logits: Any) -> Any:
    """Mean over members of each member's own cross-entropy, summed over the bag.

    Never the cross-entropy of the mean: members must stay different (TabM, ICLR 2025). The sum
    over the bag keeps every network's gradient free of how many others there are.

    Shape: target (b, n, 1, 2) class index and weight; logits (b, n, m, k) -> (b,).
    """
    label, weight = target[..., 0], target[..., 0, 1]
    if logits.shape[-1] == 1:
        entropy = _binary(label, logits[..., 0])
    else:
        chosen = ops.one_hot(ops.cast(label, "int32"), logits.shape[-1])
        entropy = -ops.sum(chosen * ops.log_softmax(logits, axis=-1), axis=-1)
    return ops.sum(ops.mean(entropy, axis=-1) * weight, axis=-1)


def _binary(label: Any, logit: Any) -> Any:
    return ops.maximum(logit, 0) - logit * label + ops.log1p(ops.exp(-ops.abs(logit)))
