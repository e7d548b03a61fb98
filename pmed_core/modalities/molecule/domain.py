"""Which molecules a model has seen, and how near a new one is to them.

Nearness is Tanimoto's: environments in common by all environments of both. What is kept of a
training molecule is which environments it has, folded to 2,048 bits: no structure and no name.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from pmed_core.arrays import Floats

Bits = NDArray[np.uint8]
AT_ONCE = 16
SAMPLE = 1500
FAR, NEVER_FAR = 0.01, 0.3
"""A molecule is outside where it is further from training than 99 % of training molecules are from
each other; one that is so similar never is."""


@dataclass(frozen=True)
class Domain:
    """Of n training molecules.

    Attributes:
        environments: (n, bits / 8) packed.
        limit: least similarity to the nearest of them.
    """

    environments: Bits
    limit: float

    def similarities(self, environments: Bits) -> Floats:
        """(r, bits / 8) -> (r, n) Tanimoto similarity, 0 to 1."""
        parts = [
            _tanimoto(environments[start : start + AT_ONCE], self.environments)
            for start in range(0, len(environments), AT_ONCE)
        ]
        return np.concatenate(parts or [np.empty((0, len(self.environments)))])

    def nearest(self, environments: Bits) -> Floats:
        """(r, bits / 8) -> (r,) similarity to the most similar training molecule."""
        parts = [
            _tanimoto(environments[start : start + AT_ONCE], self.environments).max(axis=1)
            for start in range(0, len(environments), AT_ONCE)
        ]
        return np.concatenate(parts or [np.empty(0)])


def _tanimoto(some: Bits, others: Bits) -> Floats:
    common = np.bitwise_count(some[:, None] & others).sum(axis=-1, dtype=np.int64)
    sizes = np.bitwise_count(some).sum(axis=-1, dtype=np.int64)[:, None] + np.bitwise_count(
        others
    ).sum(axis=-1, dtype=np.int64)
    return np.asarray(common / np.maximum(sizes - common, 1))


def learn_domain(environments: Bits, seed: int) -> Domain:
    """The domain of training molecules; how far apart they are is taken from a sample of them."""
    domain = Domain(environments, 0.0)
    chosen = np.random.default_rng(seed).permutation(len(environments))[:SAMPLE]
    nearest = np.empty(len(chosen))
    for start in range(0, len(chosen), AT_ONCE):
        rows = chosen[start : start + AT_ONCE]
        found = domain.similarities(environments[rows])
        found[np.arange(len(rows)), rows] = -1
        nearest[start : start + AT_ONCE] = found.max(axis=1)
    return Domain(environments, min(float(np.quantile(nearest, FAR)), NEVER_FAR))
