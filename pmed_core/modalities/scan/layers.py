"""Layers of networks that read a scan.

Shapes: b scans of a batch, h rows and w columns of places, c channels, k classes.
"""

from __future__ import annotations

from typing import Any

import keras
from keras import layers, ops

FLAT = 0.03
"""The deviation (of the range 0..1) below which there is nothing but noise."""
SUSPICION, NOTHING = 0.25, -3.0
"""Before anything is learnt: what the log-odds of a lesion count for in its place, and the logit of
a scan without any."""
SURE = 1e-6
"""Probabilities of lesion nearer to 0 or 1 are taken as this far from them."""


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

    def _mean(self, scans: Any) -> Any:
        for size in ((self.window, 1), (1, self.window)):
            scans = ops.average_pool(
                scans, size, strides=1, padding="same", data_format="channels_last"
            )
        return scans


class LesionEvidence(layers.Layer):  # type: ignore[misc]
    """(b, h, w, k) what is seen, (b, s, s, 1) probability of lesion -> (b, h, w, k) evidence.

    Places are weighed by the highest probability in each, the weights adding up to one, as
    attention does (Ilse et al., ICML 2018). No place speaks against a class, so that where no
    lesion is found the map is flat, and its strongest place is the faintest suspicion.
    """

    def build(self, seen_shape: tuple[int, ...], lesions_shape: tuple[int, ...]) -> None:
        """A weight for each class."""
        start = keras.initializers.Constant(SUSPICION)
        self.suspicion = self.add_weight(
            shape=(seen_shape[-1],), initializer=start, name="suspicion"
        )

    def call(self, seen: Any, lesions: Any) -> Any:
        """The mean of the evidence over places is that of what the weighed places say."""
        side = seen.shape[1]
        pixels = lesions.shape[1] // side
        likely = ops.max_pool(lesions, pixels, pixels, data_format="channels_last")
        likely = ops.clip(likely, SURE, 1 - SURE)
        log_odds = ops.log(likely) - ops.log(1 - likely)
        weight = side * side * likely / ops.sum(likely, axis=(1, 2), keepdims=True)
        return weight * ops.softplus(self.suspicion * log_odds + seen)


class Base(layers.Layer):  # type: ignore[misc]
    """(b, k) -> the same, and for each class what is said where no place speaks."""

    def build(self, shape: tuple[int, ...]) -> None:
        """A number for each class."""
        start = keras.initializers.Constant(NOTHING)
        self.base = self.add_weight(shape=(shape[-1],), initializer=start, name="base")

    def call(self, evidence: Any) -> Any:
        """Of any number of scans."""
        return evidence + self.base
