"""From a sequence to logits: motifs by convolution, their neighbourhood by dilated convolutions,
their order by a recurrent layer, and what matters of it by attention.

After DanQ (Quang & Xie, Nucleic Acids Research 2016) and Basenji's dilated blocks (Kelley et al.,
Genome Research 2018), much smaller. What was measured of its parts is in docs/results.md.
"""

from __future__ import annotations

from dataclasses import dataclass

import keras
import numpy as np
from keras import layers, ops
from numpy.typing import NDArray

from pmed_core.modalities.sequence.letters import FRACTIONS, Codes

MOTIF, STEPS = 15, 40
"""Letters of a filter, and steps of the recurrent layer at the most."""
FIRST_POOL = 4
DILATIONS = (1, 2, 4, 8)
AT_ONCE = (16, 256)
"""Sequences of a batch that is predicted."""


@dataclass(frozen=True)
class Architecture:
    """Of one network.

    Attributes:
        name: "dilated", or "cnn" for two convolutions and nothing else.
        length: letters that are read.
        outputs: logits.
    """

    name: str
    length: int
    outputs: int
    width: int = 64
    dropout: float = 0.3

    @property
    def pools(self) -> tuple[int, int]:
        """After the first convolution, and before the recurrent layer: with both at most ``STEPS``
        steps are left, and short sequences lose nothing."""
        whole = max(1, -(-self.length // STEPS))
        first = min(FIRST_POOL, whole)
        return first, max(1, -(-self.length // (first * STEPS)))


def build(plan: Architecture) -> keras.Model:
    """(b, length, 4) shares of the bases -> (b, outputs)."""
    letters = keras.Input((plan.length, 4), name="letters")
    found = _dilated(letters, plan) if plan.name == "dilated" else _plain(letters, plan)
    found = layers.Dropout(plan.dropout)(found)
    return keras.Model(letters, layers.Dense(plan.outputs, name="logits")(found))


def _dilated(letters: keras.KerasTensor, plan: Architecture) -> keras.KerasTensor:
    first, second = plan.pools
    found = layers.Conv1D(plan.width, MOTIF, padding="same", use_bias=False, name="motifs")(letters)
    found = layers.Activation("silu")(layers.BatchNormalization(name="motifs_scale")(found))
    # From few sequences the strongest motifs are learnt before anything of their order is.
    strongest = ops.max(found, axis=1)
    found = layers.MaxPooling1D(first, padding="same")(found) if first > 1 else found
    found = layers.Dropout(plan.dropout / 2)(found)
    for dilation in DILATIONS:
        beside = layers.LayerNormalization(name=f"scale_{dilation}")(found)
        beside = layers.Conv1D(
            plan.width, 3, padding="same", dilation_rate=dilation, activation="silu",
            name=f"dilated_{dilation}",
        )(beside)  # fmt: skip
        found = layers.Add()([found, layers.Dropout(plan.dropout / 2)(beside)])
    found = layers.MaxPooling1D(second, padding="same")(found) if second > 1 else found
    gru = layers.GRU(plan.width // 2, return_sequences=True, name="gru")
    found = layers.Bidirectional(gru, name="both_ways")(found)
    weights = layers.Dense(1, name="attention")(found)
    attended = ops.sum(ops.softmax(weights, axis=1) * found, axis=1)
    together = layers.Concatenate()([attended, ops.max(found, axis=1), strongest])
    return layers.Dense(plan.width, activation="silu", name="together")(together)


def _plain(letters: keras.KerasTensor, plan: Architecture) -> keras.KerasTensor:
    """What is usually tried first."""
    found = letters
    for number, kernel in enumerate((MOTIF, 7)):
        found = layers.Conv1D(
            plan.width, kernel, padding="same", activation="relu", name=f"conv_{number}"
        )(found)
        pool = min(FIRST_POOL, max(1, found.shape[1] // 4))
        found = layers.MaxPooling1D(pool, padding="same")(found)
    pooled = layers.GlobalMaxPooling1D()(found)
    return layers.Dense(plan.width, activation="relu", name="together")(pooled)


def logits(network: keras.Model, codes: Codes) -> NDArray[np.float64]:
    """(n, length) -> (n, outputs), in parts of few sizes so that few graphs are traced."""
    found = [np.empty((0, network.output_shape[1]))]
    for start in range(0, len(codes), AT_ONCE[-1]):
        part = codes[start : start + AT_ONCE[-1]]
        size = next(size for size in AT_ONCE if size >= len(part))
        padded = np.pad(part, ((0, size - len(part)), (0, 0)))
        said = ops.convert_to_numpy(network.predict_on_batch(FRACTIONS[padded]))
        found.append(said[: len(part)].astype(np.float64))
    return np.concatenate(found)
