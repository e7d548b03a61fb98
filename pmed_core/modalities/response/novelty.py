"""Which profiles a model has seen: by how far they lie along its components and from them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from pmed_core.modalities.response.factors import Encoder

Doubles = NDArray[np.float64]
BEYOND, RARE = 1.5, 0.99
"""A profile is outside beyond 1.5 times what 99 % of lines keep that were held out."""


@dataclass(frozen=True)
class Novelty:
    """Limits of how far a standardised profile may lie from the typical one, per gene."""

    limit: float

    def flags(self, values: Doubles, encoder: Encoder) -> NDArray[np.bool_]:
        """(m, p) -> (m,) unlike the profiles of training."""
        return np.asarray(_size(values, encoder) > self.limit)


def _size(values: Doubles, encoder: Encoder) -> Doubles:
    return np.asarray(np.sqrt((encoder.standardised(values) ** 2).mean(axis=1)))


def novelty(held_out: list[tuple[Doubles, Encoder]]) -> Novelty:
    """Learnt of profiles that an encoder was not fitted on."""
    sizes = np.concatenate([_size(values, one) for values, one in held_out])
    return Novelty(BEYOND * float(np.quantile(sizes, RARE)))
