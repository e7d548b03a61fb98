"""Layers of packed networks: every weight has a leading axis n, one slice for each network.

Shapes: b rows of a batch, n packed networks, m members of each network's ensemble, f numbers,
c other columns, d embedding dimensions, i inputs and o outputs of a dense layer.
"""

from __future__ import annotations

from typing import Any

import keras
import numpy as np
from keras import ops
from numpy.typing import NDArray

BEYOND = 5.0
"""How many bin widths the outermost bins extend beyond the training range."""


def uniform(fan_in: int) -> keras.initializers.Initializer:
    """U(-1/sqrt(fan_in), 1/sqrt(fan_in)); Keras' own fan is wrong for packed kernels."""
    bound = 1 / np.sqrt(max(fan_in, 1))
    return keras.initializers.RandomUniform(-bound, bound)


def packed_dense(
    name: str, equation: str, shape: tuple[int, ...], fan_in: int
) -> keras.layers.Layer:
    """A dense layer for each packed network ("bni,nio->bno") or each of its members."""
    return keras.layers.EinsumDense(
        equation,
        shape,
        name=name,
        bias_axes=equation.split("->b")[1],
        kernel_initializer=uniform(fan_in),
        bias_initializer=uniform(fan_in),
    )


class PiecewiseLinear(keras.layers.Layer):  # type: ignore[misc]
    """Piecewise-linear encoding (Gorishniy et al., NeurIPS 2022): how far x has come in each bin.

    Shape: (b, n, f) -> (b, n, f, bins); 1 in the bins below x, 0 in those above.
    """

    def __init__(self, bins: int, **options: Any) -> None:
        super().__init__(**options)
        self.bins = bins

    def build(self, shape: tuple[int | None, ...]) -> None:
        size = (*shape[1:], self.bins)
        self.left = self.add_weight(name="left", shape=size, initializer="zeros", trainable=False)
        self.slope = self.add_weight(name="slope", shape=size, initializer="zeros", trainable=False)
        # Only the outermost bins go on beyond the training range, and not for ever.
        self.lowest = np.zeros(self.bins, dtype=np.float32)
        self.highest = np.ones(self.bins, dtype=np.float32)
        self.lowest[0], self.highest[-1] = -BEYOND, BEYOND

    def adapt(self, edges: NDArray[np.float64]) -> None:
        """Take the bins' edges (n, f, bins + 1); empty bins stay at zero."""
        width = np.diff(edges, axis=-1)
        slope = np.where(width > 1e-9, 1 / np.where(width > 1e-9, width, 1), 0)
        self.left.assign(edges[..., :-1].astype(np.float32))
        self.slope.assign(slope.astype(np.float32))

    def call(self, scores: Any) -> Any:
        share = (scores[..., None] - self.left) * self.slope
        return ops.minimum(ops.maximum(share, self.lowest), self.highest)


class NumberEmbedding(keras.layers.Layer):  # type: ignore[misc]
    """A linear embedding of each number plus one of its bins that starts at zero.

    Version B of tabm (Gorishniy et al., ICLR 2025): what is not linear must be learnt.
    Shape: (b, n, f), (b, n, f, bins) -> (b, n, f, d).
    """

    def __init__(self, dimensions: int, **options: Any) -> None:
        super().__init__(**options)
        self.dimensions = dimensions

    def build(
        self, scores_shape: tuple[int | None, ...], bins_shape: tuple[int | None, ...]
    ) -> None:
        n, f, d = scores_shape[1], scores_shape[2], self.dimensions
        start = keras.initializers.RandomUniform(-1, 1)
        self.kernel = self.add_weight(name="kernel", shape=(n, f, d), initializer=start)
        self.bias = self.add_weight(name="bias", shape=(n, f, d), initializer=start)
        self.bins = self.add_weight(
            name="bins", shape=(n, f, bins_shape[-1], d), initializer="zeros"
        )

    def call(self, scores: Any, bins: Any) -> Any:
        straight = scores[..., None] * self.kernel + self.bias
        return straight + ops.einsum("bnft,nftd->bnfd", bins, self.bins)


class EnsembleView(keras.layers.Layer):  # type: ignore[misc]
    """Each member's own view: every variable scaled by one number of the member's.

    The scale is one random number for each member and variable, repeated over the variable's
    embedding, as in TabM-mini (Gorishniy et al., ICLR 2025).
    Shape: (b, n, f, d), (b, n, c) -> (b, n, m, f * d + c).
    """

    def __init__(self, members: int, **options: Any) -> None:
        super().__init__(**options)
        self.members = members

    def build(
        self, numbers_shape: tuple[int | None, ...], others_shape: tuple[int | None, ...]
    ) -> None:
        _, n, f, d = numbers_shape
        start = keras.initializers.RandomNormal(stddev=1.0)
        members = (n, self.members)
        self.numbers = self.add_weight(name="numbers", shape=(*members, f, 1), initializer=start)
        self.others = self.add_weight(
            name="others", shape=(*members, others_shape[-1]), initializer=start
        )
        self.width = (f or 0) * (d or 0)

    def call(self, numbers: Any, others: Any) -> Any:
        scaled = numbers[:, :, None] * self.numbers  # (b, n, m, f, d)
        # The number of rows is asked for, as -1 cannot be worked out where there are no numbers.
        flat = ops.reshape(scaled, (ops.shape(scaled)[0], *scaled.shape[1:3], self.width))
        return ops.concatenate([flat, others[:, :, None] * self.others], axis=-1)
