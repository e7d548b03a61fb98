"""A compact U-Net (Ronneberger et al., MICCAI 2015): where in a scan a lesion is.

Batch normalisation instead of group normalisation, for training crops come in batches.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Any

import keras
from annotated_types import Interval
from keras import layers, ops

RARE = -3.0
"""Most pixels are no lesion: where the logits start."""


@dataclass(frozen=True)
class UNetArchitecture:
    """How a network is built.

    Attributes:
        channels: 1 for grey, 3 for colour.
        width: channels of the first stage; each next one has twice as many.
        stages: of different resolution; sides must be multiples of 2 ** (stages - 1).
    """

    channels: Annotated[int, Interval(ge=1, le=16)]
    width: Annotated[int, Interval(ge=1, le=512)] = 16
    stages: Annotated[int, Interval(ge=1, le=8)] = 4


def build_unet(plan: UNetArchitecture) -> keras.Model:
    """(b, h, w, channels) in 0..1 -> (b, h, w, 1) logits of lesion, for any h and w that fit."""
    scan = layers.Input((None, None, plan.channels), name="scan")
    widths = [plan.width * 2**stage for stage in range(plan.stages)]
    x, skipped = scan, []
    for stage, width in enumerate(widths):
        if stage:
            skipped.append(x)
            x = layers.MaxPooling2D(2, name=f"half{stage}")(x)
        x = _pair(x, width, f"down{stage}")
    for stage in reversed(range(plan.stages - 1)):
        x = layers.Conv2DTranspose(widths[stage], 2, strides=2, name=f"double{stage}")(x)
        x = layers.Concatenate(name=f"beside{stage}")([x, skipped[stage]])
        x = _pair(x, widths[stage], f"up{stage}")
    start = keras.initializers.Constant(RARE)
    logits = layers.Conv2D(1, 1, bias_initializer=start, name="lesion")(x)
    return keras.Model(scan, logits, name="unet")


def _pair(x: Any, width: int, name: str) -> Any:
    for step in range(2):
        x = layers.Conv2D(width, 3, padding="same", use_bias=False, name=f"{name}_conv{step}")(x)
        x = layers.BatchNormalization(momentum=0.9, name=f"{name}_norm{step}")(x)
        x = layers.Activation("relu", name=f"{name}_relu{step}")(x)
    return x


def dice_and_cross_entropy(drawn: Any, logits: Any) -> Any:
    """(b, h, w, 1) of 0 and 1, and logits -> a number: 1 - Dice of the whole batch, plus the mean
    cross-entropy (Isensee et al., Nature Methods 2021)."""
    drawn = ops.cast(drawn, logits.dtype)
    found = ops.sigmoid(logits)
    overlap = 2 * ops.sum(found * drawn) + 1
    dice = overlap / (ops.sum(found) + ops.sum(drawn) + 1)
    entropy = ops.relu(logits) - logits * drawn + ops.log1p(ops.exp(-ops.abs(logits)))
    return 1 - dice + ops.mean(entropy)
