"""How fast a network learns: faster during the first steps, then slower along half a cosine."""

from __future__ import annotations

import math
from typing import Any

import keras
from keras import ops


class WarmedCosine(keras.optimizers.schedules.CosineDecay):  # type: ignore[misc]
    """Says what Keras's own schedule says, bit by bit, without a branch of the graph.

    An optimizer with weight decay asks once for each variable; as branches these answers made up a
    quarter of the time until the first step of a network of scans.
    """

    def __call__(self, step: Any) -> Any:
        """The learning rate of that step, counted from 0."""
        first = ops.convert_to_tensor(self.initial_learning_rate)
        warm, highest, falling = (
            ops.cast(one, first.dtype)
            for one in (self.warmup_steps, self.warmup_target, self.decay_steps)
        )
        at = ops.minimum(ops.cast(step, first.dtype), falling + warm)
        rises = (highest - first) * (at / warm) + first
        turned = ops.cos(ops.cast(math.pi, first.dtype) * ((at - warm) / falling))
        falls = highest * ((1 - self.alpha) * (0.5 * (1.0 + turned)) + self.alpha)
        return ops.where(at < warm, rises, falls)
