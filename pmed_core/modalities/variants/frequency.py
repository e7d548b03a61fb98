"""How often alternative alleles are carried."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from pmed_core.genotypes import MISSING
from pmed_core.modalities.variants.catalogue import Copies

Floats = NDArray[np.float64]


def frequencies(copies: Copies) -> Floats:
    """(v, n) -> (v,) of the alternative allele among those who were called; 0 where nobody was."""
    known = copies != MISSING
    return np.asarray(np.where(known, copies, 0).sum(axis=1) / np.maximum(2 * known.sum(axis=1), 1))


def minor(frequency: Floats) -> Floats:
    """(v,) of the rarer allele."""
    return np.minimum(frequency, 1 - frequency)


def minor_copies(copies: Copies, frequency: Floats) -> NDArray[np.float32]:
    """(v, n) copies of the rarer allele; where it was not called, what is expected of anybody."""
    rarer = minor(frequency)[:, None]
    told = np.where(frequency[:, None] > 0.5, 2 - copies, copies)
    return np.where(copies == MISSING, 2 * rarer, told).astype(np.float32)
