"""Networks for numbers and categories. One packed model holds all of them.

Shape of every network: (b, n, f + c) encoded rows, one copy or fold-specific encoding for each of
the n networks -> (b, n, m, k) logits of m members and k outputs.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Literal, assert_never

import keras
from annotated_types import Interval
from keras import ops

from pmed_core.arrays import formerly
from pmed_core.modalities.tabular.layers import (
    EnsembleView,
    NumberEmbedding,
    PiecewiseLinear,
    packed_dense,
)


@dataclass(frozen=True)
class Architecture:
    """Everything that a table network is built from.

    Attributes:
        network: "tabm", "mlp", "linear", "svm" (waves of ``machine``), or "none": a line that stays
            at nothing beside trees that are the model.
        packed: n networks that are trained at once.
        numbers, others: columns of scores, and of categories and missing indicators.
        outputs: k logits.
        members: m of each network's ensemble (1 but for tabm).
        width, blocks, dropout: of the shared trunk; of "svm" as many waves.
        dimensions, bins: of the embedding of a number.
        one_against_rest: each output of "svm" says a class against all others, and classes share as
            these sigmoids do; models of before shared as their exponentials.
    """

    network: Literal["tabm", "mlp", "linear", "svm", "none"]
    packed: Annotated[int, Interval(ge=1, le=1_000), formerly("packed", "bag")]
    numbers: Annotated[int, Interval(ge=0, le=200_000)]
    others: Annotated[int, Interval(ge=0, le=1_000_000)]
    outputs: Annotated[int, Interval(ge=1, le=10_000)]
    members: Annotated[int, Interval(ge=1, le=256)] = 8
    width: Annotated[int, Interval(ge=1, le=4_096)] = 128
    blocks: Annotated[int, Interval(ge=0, le=32)] = 2
    dropout: Annotated[float, Interval(ge=0, lt=1)] = 0.1
    dimensions: Annotated[int, Interval(ge=1, le=256)] = 4
    bins: Annotated[int, Interval(ge=1, le=1_024)] = 16
    one_against_rest: bool = False

    @property
    def silent(self) -> bool:
        """Whether trees alone answer."""
        return self.network == "none"

    @property
    def line(self) -> bool:
        """Whether it is one layer from the columns to the logits."""
        return self.network in ("linear", "none")

    @property
    def least_weights(self) -> int:
        """How many numbers such a network holds at the least: known before it is built."""
        if self.line:
            return self.packed * self.outputs * (self.numbers + self.others)
        if self.network == "mlp":
            return self.packed * 32 * (self.numbers + self.others)
        if self.network == "svm":
            return self.packed * self.width * (self.numbers + self.others)
        first = self.numbers * self.dimensions + self.others
        between = self.width * (first + (self.blocks - 1) * self.width) if self.blocks else 0
        return self.packed * (self.members * first + between)


def build(architecture: Architecture) -> keras.Model:
    """The untrained network."""
    match architecture.network:
        case "tabm":
            return _tabm(architecture)
        case "mlp":
            return _three_layers(architecture)
        case "svm":
            return _waves(architecture)
        case "linear" | "none":
            return _line(architecture)
        case _:
            assert_never(architecture.network)


def _tabm(a: Architecture) -> keras.Model:
    """TabM-mini with piecewise-linear embeddings (Gorishniy et al., ICLR 2025), and a line."""
    columns = keras.Input((a.packed, a.numbers + a.others))
    scores, others = columns[..., : a.numbers], columns[..., a.numbers :]
    bins = PiecewiseLinear(a.bins, name="bins")(scores)
    embedded = NumberEmbedding(a.dimensions, name="embedding")(scores, bins)
    hidden = EnsembleView(a.members, name="view")(embedded, others)
    fan_in = a.numbers * a.dimensions + a.others
    for block in range(a.blocks):
        shape = (a.packed, a.members, a.width)
        hidden = packed_dense(f"dense_{block}", "bnmi,nio->bnmo", shape, fan_in)(hidden)
        hidden = keras.layers.Dropout(a.dropout)(ops.relu(hidden))
        fan_in = a.width
    shape = (a.packed, a.members, a.outputs)
    logits = packed_dense("head", "bnmi,nmio->bnmo", shape, fan_in)(hidden)
    # What is linear need not be learnt by the trunk; the path starts at nothing.
    linear = keras.layers.EinsumDense(
        "bni,nio->bno", (a.packed, a.outputs), kernel_initializer="zeros", name="linear"
    )
    return keras.Model(columns, logits + linear(columns)[:, :, None])


def _three_layers(a: Architecture) -> keras.Model:
    """32 and 16 ReLU units and the output, as in the textbook example."""
    columns = keras.Input((a.packed, a.numbers + a.others))
    hidden, fan_in = columns, a.numbers + a.others
    for units in (32, 16):
        dense = packed_dense(f"dense_{units}", "bni,nio->bno", (a.packed, units), fan_in)
        hidden, fan_in = ops.relu(dense(hidden)), units
    logits = packed_dense("head", "bni,nio->bno", (a.packed, a.outputs), fan_in)(hidden)
    return keras.Model(columns, logits[:, :, None])


def _waves(a: Architecture) -> keras.Model:
    """Waves of the columns, weighed."""
    columns = keras.Input((a.packed, a.numbers + a.others))
    fan_in = a.numbers + a.others
    hidden = packed_dense("waves", "bni,nio->bno", (a.packed, a.width), fan_in)(columns)
    head = packed_dense("head", "bni,nio->bno", (a.packed, a.outputs), a.width)
    logits = head(ops.cos(hidden))[:, :, None]
    return keras.Model(columns, ops.log_sigmoid(logits) if a.one_against_rest else logits)


def _line(a: Architecture) -> keras.Model:
    """A weight for each column: logistic regression, or its kin of other outcomes."""
    columns = keras.Input((a.packed, a.numbers + a.others))
    # From no effect at all, so that early stopping shrinks as a penalty does.
    head = keras.layers.EinsumDense(
        "bni,nio->bno", (a.packed, a.outputs), kernel_initializer="zeros", bias_axes="no",
        name="head",
    )  # fmt: skip
    return keras.Model(columns, head(columns)[:, :, None])
