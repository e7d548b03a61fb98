"""Whether a sequence is like those of training, by what it is made of.

What is compared is how often each pair of letters occurs on either strand, and how much of the
length is empty or ambiguous: the Mahalanobis distance, with the limit taken from sequences that the
middle and the spread were not learnt from.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from pmed_core.arrays import Floats
from pmed_core.modalities.sequence.kmers import features
from pmed_core.modalities.sequence.letters import FRACTIONS, Codes

FAR, WIDER = 0.995, 1.3
LEAST_SPREAD = 0.03
"""Of a share, so that training sequences that are all alike do not make every other strange."""
SHARED = 0.2
"""Share of the covariance that is taken from its diagonal."""


@dataclass(frozen=True)
class Novelty:
    """What was seen.

    Attributes:
        centre: (d,) of what sequences are made of.
        whitening: (d, d).
        limit: distance from which on a sequence is unlike those of training.
    """

    centre: Floats
    whitening: Floats
    limit: float

    def distances(self, codes: Codes) -> NDArray[np.float64]:
        """(n, length) -> (n,)."""
        moved = (made_of(codes) - self.centre) @ self.whitening
        return np.asarray(np.sqrt((moved**2).sum(axis=1)))

    def unlike(self, codes: Codes) -> NDArray[np.bool_]:
        """(n, length) -> (n,) further than any that is familiar."""
        return np.asarray(self.distances(codes) > self.limit)


def made_of(codes: Codes) -> NDArray[np.float64]:
    """(n, length) -> (n, d) shares of pairs of letters, of nothing, and of ambiguous letters."""
    pairs = np.asarray(features(codes, (2,), both=True).todense()) / max(1, codes.shape[1] - 1)
    sure = FRACTIONS.max(axis=1)[codes]
    empty, ambiguous = (sure == 0).mean(axis=1), ((sure > 0) & (sure < 1)).mean(axis=1)
    return np.column_stack([pairs, empty, ambiguous])


def learn_novelty(codes: Codes, seed: int) -> Novelty:
    """From the training sequences."""
    order = np.random.default_rng(seed).permutation(len(codes))
    learnt, others = made_of(codes[order[::2]]), order[1::2]
    covariance = np.cov(learnt.T)
    diagonal = np.diag(np.maximum(np.diag(covariance), LEAST_SPREAD**2))
    shrunk = (1 - SHARED) * covariance + SHARED * diagonal + LEAST_SPREAD**2 * np.eye(len(diagonal))
    values, vectors = np.linalg.eigh(shrunk)
    whitening = vectors / np.sqrt(np.maximum(values, LEAST_SPREAD**2 / 10))
    known = Novelty(learnt.mean(axis=0), whitening, 0.0)
    limit = float(np.quantile(known.distances(codes[others]), FAR)) * WIDER
    return Novelty(known.centre, known.whitening, limit)
