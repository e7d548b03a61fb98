"""From the logarithms of a profile to what models read, fitted on a training part alone.

Genes are chosen by how much they vary, the outcome unseen, and standardised; a ridge regression of
all of them is one of the coordinates of the training patients (Hastie & Tibshirani, Efficient
quadratic regularization for expression arrays, Biostatistics 2004), and costs as much as there are
patients.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from pmed_core.modalities.sequence.kmers import Linear

Doubles = NDArray[np.float64]
COMPONENTS = 32
LEAST_SPREAD = 1e-6
FAR = 8.0
"""Standard deviations beyond which a value counts as no further away."""


@dataclass(frozen=True)
class Encoder:
    """Of one outer fold.

    Attributes:
        genes: (q,) positions of those that are read.
        centre, scale: (q,) of the training part.
        axes: (q, c) from standardised genes to components of variance 1 in training.
    """

    genes: NDArray[np.int64]
    centre: Doubles
    scale: Doubles
    axes: Doubles

    def standardised(self, values: Doubles) -> Doubles:
        """(n, p) logarithms -> (n, q); what was not measured is typical."""
        found = (values[:, self.genes] - self.centre) / self.scale
        return np.asarray(np.clip(np.nan_to_num(found, nan=0.0), -FAR, FAR))


@dataclass(frozen=True)
class Coordinates:
    """The training patients of a fold as ridge regressions see them.

    Attributes:
        rows: (n, r) in which distances are those of all genes, divided by the root of their number.
        back: (q, r) from weights of coordinates to weights of genes.
    """

    rows: Doubles
    back: Doubles

    def of_genes(self, found: Linear) -> Linear:
        """A model of coordinates as one of standardised genes."""
        return Linear(self.back @ found.weights, found.start)


def fit_encoder(values: Doubles, genes: int) -> tuple[Encoder, Coordinates]:
    """Of a training part (n, p); at most so many genes are read."""
    counts = np.isfinite(values).sum(axis=0)
    centre = np.where(counts, np.nansum(values, axis=0) / np.maximum(counts, 1), 0.0)
    square = np.nansum((values - centre) ** 2, axis=0) / np.maximum(counts, 1)
    varying = np.flatnonzero(square > LEAST_SPREAD**2)
    most = varying[np.argsort(-square[varying], kind="stable")[:genes]]
    kept = np.sort(most)
    plain = Encoder(kept, centre[kept], np.sqrt(square[kept]), np.empty((len(kept), 0)))
    found = plain.standardised(values) / np.sqrt(max(len(kept), 1))
    sizes, left = np.linalg.eigh(found @ found.T)
    order = np.argsort(-sizes)
    order = order[sizes[order] > 1e-10 * max(float(sizes.max(initial=0.0)), 1e-300)]
    sizes, left = sizes[order], left[:, order]
    right = found.T @ left / np.sqrt(sizes)
    root = np.sqrt(max(len(kept), 1))
    c = min(COMPONENTS, len(sizes), max(1, len(values) // 3))
    axes = right[:, :c] / root * np.sqrt(len(values) / sizes[:c])
    encoder = Encoder(kept, plain.centre, plain.scale, axes)
    return encoder, Coordinates(left * np.sqrt(sizes), right / root)
