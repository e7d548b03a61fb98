"""Networks that read a scan (height, width, channels) and give logits.

``evidence`` ends in a linear map of evidence whose mean is the logits, so that what speaks for and
against each class can be read off place by place: class activation mapping made exact (Zhou et
al., CVPR 2016; Saporta et al., Nature Machine Intelligence 2022, on how far other maps can be
trusted). The others are the networks of the textbooks, by their published layers.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

import keras
from keras import layers, ops

ScanNetwork = Literal["evidence", "cnn32", "cnn64", "cnn28"]

EVIDENCE = "evidence"
"""Name of the layer that gives the map of evidence."""
SMALL = 32
"""Scans of more pixels a side are halved once before the first stage."""
NEIGHBOURHOOD, FLAT = 4, 0.03
"""What share of the side is near enough to compare with (one in so many), and the deviation (of the
range 0..1) below which there is nothing but noise."""


@dataclass(frozen=True)
class ScanArchitecture:
    """How a network is built.

    Attributes:
        network: which one.
        size: pixels a side.
        channels: 1 for grey, 3 for colour.
        outputs: logits; 1 for yes/no.
        width: channels of the first stage.
        dropout: share of features left out before the evidence.
        halvings: of the size between stages, at most two; the fewer, the finer the map.
        relative: the evidence network reads each place against its neighbourhood, because the
            scans' grey values have no unit.
    """

    network: ScanNetwork
    size: int
    channels: int
    outputs: int
    width: int = 24
    dropout: float = 0.2
    halvings: int = 2
    relative: bool = False


def build(architecture: ScanArchitecture) -> keras.Model:
    """(b, size, size, channels) in 0..1 -> (b, outputs) logits."""
    shape = (architecture.size, architecture.size, architecture.channels)
    scan = layers.Input(shape, name="scan")
    match architecture.network:
        case "evidence":
            logits = _evidence(scan, architecture)
        case "cnn32":
            logits = _textbook(scan, (32, 64), 64, architecture.outputs)
        case "cnn64":
            logits = _textbook(scan, (64, 128), 256, architecture.outputs)
        case "cnn28":
            logits = _textbook(scan, (32,), 100, architecture.outputs)
    return keras.Model(scan, logits, name=architecture.network)


def evidence_model(network: keras.Model) -> keras.Model | None:
    """scan -> (b, h, w, outputs) evidence whose mean over places is the logits.

    None where the network has no such map.
    """
    if EVIDENCE not in {layer.name for layer in network.layers}:
        return None
    return keras.Model(network.input, network.get_layer(EVIDENCE).output)


def _evidence(scan: Any, plan: ScanArchitecture) -> Any:
    widths = [plan.width * 2 ** min(stage, plan.halvings) for stage in range(3)]
    # Grey values as they are would not do: the next machine is brighter, or has less contrast.
    own = (
        LocalContrast(plan.size // NEIGHBOURHOOD | 1, dtype="float32", name="own") if plan.relative
        else layers.LayerNormalization(axis=(1, 2, 3), center=False, scale=False, name="own")
    )  # fmt: skip
    x = own(scan)
    x = layers.Conv2D(widths[0], 3, padding="same", use_bias=False, name="stem")(x)
    if plan.size > SMALL:
        x = _halved(_activated(x, "stem"), "stem")
    for stage, width in enumerate(widths):
        if 0 < stage <= plan.halvings:
            x = _halved(x, f"stage{stage}")
        for block in range(2):
            x = _residual(x, width, f"stage{stage}_block{block}")
    # Not normalised: over all places of one scan that would take away what their mean can tell.
    x = layers.Activation("silu", name="last")(x)
    x = layers.SpatialDropout2D(plan.dropout, name="dropout")(x)
    x = layers.Conv2D(plan.outputs, 1, name=EVIDENCE)(x)
    return layers.GlobalAveragePooling2D(name="logits")(x)


class LocalContrast(layers.Layer):  # type: ignore[misc]
    """(b, h, w, c) -> the same: each pixel less the mean of its neighbourhood, over its deviation
    (Jarrett et al., ICCV 2009). Lighting that changes slowly over a scan is gone.

    ``window``: pixels a side of the neighbourhood, an odd number.
    """

    def __init__(self, window: int, **options: Any) -> None:
        super().__init__(**options)
        self.window = window

    def call(self, scans: Any) -> Any:
        """At the edge the neighbourhood is what lies inside the scan."""
        away = scans - self._mean(scans)
        return away / ops.sqrt(self._mean(away * away) + FLAT**2)

    def compute_output_shape(self, shape: Any) -> Any:
        """As given."""
        return shape

    def _mean(self, scans: Any) -> Any:
        for size in ((self.window, 1), (1, self.window)):
            scans = ops.average_pool(
                scans, size, strides=1, padding="same", data_format="channels_last"
            )
        return scans


def _halved(x: Any, name: str) -> Any:
    """Half the size without aliasing: two box filters make the binomial one (Zhang, ICML 2019)."""
    x = layers.AveragePooling2D(2, strides=1, padding="same", name=f"{name}_blur")(x)
    return layers.AveragePooling2D(2, padding="same", name=f"{name}_half")(x)


def _residual(x: Any, width: int, name: str) -> Any:
    """Two convolutions beside a short cut (He et al., ECCV 2016)."""
    short = x
    if x.shape[-1] != width:
        short = layers.Conv2D(width, 1, use_bias=False, name=f"{name}_short")(x)
    for step in range(2):
        x = _activated(x, f"{name}_{step}")
        x = layers.Conv2D(width, 3, padding="same", use_bias=False, name=f"{name}_conv{step}")(x)
    x = _excited(x, width, name)
    return layers.Add(name=f"{name}_add")([short, x])


def _activated(x: Any, name: str) -> Any:
    """Group normalisation does not depend on who else is in the batch (Wu & He, ECCV 2018)."""
    x = layers.GroupNormalization(8, name=f"{name}_norm")(x)
    return layers.Activation("silu", name=f"{name}_silu")(x)


def _excited(x: Any, width: int, name: str) -> Any:
    """Squeeze and excitation (Hu et al., CVPR 2018)."""
    weight = layers.GlobalAveragePooling2D(keepdims=True, name=f"{name}_squeeze")(x)
    weight = layers.Conv2D(max(4, width // 8), 1, activation="silu", name=f"{name}_less")(weight)
    weight = layers.Conv2D(width, 1, activation="sigmoid", name=f"{name}_excite")(weight)
    return layers.Multiply(name=f"{name}_scale")([x, weight])


def _textbook(scan: Any, convolutions: tuple[int, ...], dense: int, outputs: int) -> Any:
    x = scan
    for step, width in enumerate(convolutions):
        x = layers.Conv2D(width, 3, activation="relu", name=f"conv{step}")(x)
        x = layers.MaxPooling2D(2, name=f"pool{step}")(x)
    x = layers.Flatten(name="flatten")(x)
    x = layers.Dense(dense, activation="relu", name="dense")(x)
    return layers.Dense(outputs, name="logits")(x)
