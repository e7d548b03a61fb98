"""Networks that read a scan (height, width, channels) and give logits.

``evidence`` ends in a map of evidence whose mean is the logits, so that what speaks for and against
each class can be read off place by place: class activation mapping made exact (Zhou et al., CVPR
2016; Saporta et al., Nature Machine Intelligence 2022, on how far other maps can be trusted). Where
another network finds lesions, its places are weighed by them. The others are the networks of the
textbooks, by their published layers, and ``svm``, a baseline that is learnt at once (``machine``).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Any, Literal

import keras
import numpy as np
from annotated_types import Interval
from keras import layers, ops
from numpy.typing import NDArray

from pmed_core.modalities.scan.layers import Base, LesionEvidence, LocalContrast

ScanNetwork = Literal["evidence", "cnn32", "cnn64", "cnn28", "svm"]

EVIDENCE = "evidence"
"""Name of the layer that gives the map of evidence."""
SIDE, COMPONENTS, WAVES = 28, 60, 512
"""Of an "svm": pixels a side of a small scan at the least, and widths of its layers."""
SMALL = 32
"""Scans of more pixels a side are halved once before the first stage."""
NEIGHBOURHOOD = 4
"""What share of the side is near enough to compare with: one in so many."""
SEEN = 2.0
"""Where networks that read lesions start: so much is said in every place, beside ``SUSPICION``; a
likelihood of 1 in 3,000 is then no lesion."""


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
        lesions: the last channel is the probability of a lesion, which weighs the evidence.
        one_against_rest: as of a table's ``Architecture``.
    """

    network: ScanNetwork
    size: Annotated[int, Interval(ge=1, le=2_048)]
    channels: Annotated[int, Interval(ge=1, le=16)]
    outputs: Annotated[int, Interval(ge=1, le=10_000)]
    width: Annotated[int, Interval(ge=1, le=1_024)] = 24
    dropout: Annotated[float, Interval(ge=0, lt=1)] = 0.2
    halvings: Annotated[int, Interval(ge=0, le=2)] = 2
    relative: bool = False
    lesions: bool = False
    one_against_rest: bool = False


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
        case "svm":
            logits = _machine(scan, architecture)
    return keras.Model(scan, logits, name=architecture.network)


def small_grey(network: keras.Model) -> keras.Model:
    """scan -> (b, pixels) what the principal components of an "svm" are of."""
    return keras.Model(network.input, network.get_layer("pixels").output)


def evidence_model(network: keras.Model) -> keras.Model | None:
    """scan -> (b, h, w, outputs) evidence whose mean over places is the logits, but for ``base``.

    None where the network has no such map.
    """
    if EVIDENCE not in {layer.name for layer in network.layers}:
        return None
    return keras.Model(network.input, network.get_layer(EVIDENCE).output)


def base(network: keras.Model) -> NDArray[np.float32]:
    """(outputs,) what is added to the mean of a network's map of evidence, for every scan."""
    last = network.layers[-1]
    if isinstance(last, Base):
        return np.asarray(ops.convert_to_numpy(last.base))
    return np.zeros(network.output_shape[-1], np.float32)


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
    if not plan.lesions:
        x = layers.Conv2D(plan.outputs, 1, name=EVIDENCE)(x)
        return layers.GlobalAveragePooling2D(name="logits")(x)
    start = keras.initializers.Constant(SEEN)
    x = layers.Conv2D(plan.outputs, 1, bias_initializer=start, name="seen")(x)
    x = LesionEvidence(dtype="float32", name=EVIDENCE)(x, scan[..., -1:])
    x = layers.GlobalAveragePooling2D(dtype="float32", name="mean")(x)
    return Base(dtype="float32", name="logits")(x)


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


def _machine(scan: Any, plan: ScanArchitecture) -> Any:
    """Principal components of a small grey scan, waves of them, weighed."""
    x = ops.mean(scan, axis=-1, keepdims=True)
    x = layers.AveragePooling2D(max(1, plan.size // SIDE), name="small")(x)
    x = layers.Flatten(name="pixels")(x)
    x = layers.Dense(COMPONENTS, name="components")(x)
    x = ops.cos(layers.Dense(WAVES, name="waves")(x))
    logits = layers.Dense(plan.outputs, name="head")(x)
    return ops.log_sigmoid(logits) if plan.one_against_rest else logits
