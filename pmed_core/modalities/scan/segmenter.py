"""A trained U-Net with all between a scan's pixels and the outline of its lesions."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import keras
import numpy as np
from numpy.typing import NDArray
from scipy.special import expit

from pmed_core.cohort import Cohort
from pmed_core.modalities.scan.preparation import Preparation
from pmed_core.modalities.scan.unet import UNetArchitecture
from pmed_core.networks.calls import batched
from pmed_core.scans import Scans, unsquared


@dataclass(frozen=True)
class Segmenter:
    """Where lesions are.

    Attributes:
        architecture, network: scan -> logits of lesion.
        preparation: a scan's own pixels -> what the network reads, finer than what classifies.
    """

    architecture: UNetArchitecture
    network: keras.Model
    preparation: Preparation

    def probability(self, scans: Scans, names: Sequence[str]) -> NDArray[np.float32]:
        """n names -> (n, s, s) probability of lesion, on the square that the network reads."""
        logits = batched(self.network, self.preparation.prepare(scans, names))
        return np.asarray(expit(logits[..., 0]), dtype=np.float32)

    def channel(self, scans: Scans, names: Sequence[str], size: int) -> NDArray[np.float32]:
        """n names -> (n, size, size, 1): the highest probability in each place, for a network
        that classifies and must not overlook what is small."""
        found = self.probability(scans, names)
        starts = np.arange(size) * found.shape[1] // size
        rows = np.maximum.reduceat(found, starts, axis=1)
        return np.maximum.reduceat(rows, starts, axis=2)[..., None]

    def outlines(self, scans: Scans, names: Sequence[str]) -> list[NDArray[np.bool_]]:
        """n names -> (height, width) of each scan's own pixels: where a lesion is likelier than
        not."""
        found = self.probability(scans, names)
        pairs = zip(found, names, strict=True)
        return [unsquared(one, scans.frames[name].shape) >= 0.5 for one, name in pairs]


def known_outlines(cohort: Cohort) -> list[str]:
    """The scans of which it is known where lesions are.

    One without an outline counts as free of lesions where its label is not the event; else nobody
    says where its lesions are, and it is left out.
    """
    if cohort.scans is None or cohort.scan is None or not cohort.scans.masks:
        return []
    free = (cohort.observed() == 0) & cohort.chosen_outcome().of_one_event
    pairs = zip(cohort.table[cohort.scan], free, strict=True)
    return [name for name, healthy in pairs if healthy or name in cohort.scans.masks]
