"""Copies of variants -> burdens of genes and components of ancestry, learnt from a training part.

Burden: the sum of the copies of rare alleles in a gene, weighted by their consequence; none where
they were not called. Components: the principal axes of common variants, each scaled by its expected
spread (Patterson, Price & Reich, PLoS Genetics 2006); others are projected onto them.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.sparse import coo_array

from pmed_core.genotypes import MISSING
from pmed_core.modalities.variants.catalogue import Catalogue, Copies
from pmed_core.modalities.variants.frequency import Floats, frequencies, minor, minor_copies

COMMON, AXES_FROM = 0.05, 5000
"""Components are learnt from so many common variants at most, evenly spaced."""
VANISHING = 1e-9
"""Of the largest variance, below which there is no axis."""
CARRIERS, GENES_AT_MOST = 3, 1000
"""A gene with fewer carriers in training is not learnt from; of more genes, those with most."""
GENE, COMPONENT = "gene: {}", "component {}"


@dataclass(frozen=True, eq=False)
class Encoder:
    """What was learnt of V variants and g genes from a training part.

    Attributes:
        frequency: (V,) of the alternative allele.
        rare: (V,) counts in burdens.
        loadings: (V, k) of components; zeros where a variant is not read for them.
        read: (g,) genes that are learnt from.
    """

    frequency: Floats
    rare: NDArray[np.bool_]
    loadings: Floats
    read: NDArray[np.bool_]

    def features(self, catalogue: Catalogue, copies: Copies) -> pd.DataFrame:
        """(n, genes and components) of (V, n) copies."""
        columns = {
            GENE.format(catalogue.genes[gene]): burden
            for gene, burden in zip(
                np.flatnonzero(self.read), self._burdens(catalogue, copies), strict=True
            )
        }
        for number, scores in enumerate(self.components(copies).T, 1):
            columns[COMPONENT.format(number)] = scores
        return pd.DataFrame(columns)

    def _burdens(self, catalogue: Catalogue, copies: Copies) -> NDArray[np.float64]:
        """(genes that are read, n)."""
        rows = np.flatnonzero(self.rare)
        place = np.full(len(self.rare), -1)
        place[rows] = np.arange(len(rows))
        used = self.rare[catalogue.variant]
        sums = coo_array(
            (catalogue.weight[used], (catalogue.gene[used], place[catalogue.variant[used]])),
            shape=(len(catalogue.genes), len(rows)),
        ).tocsr()
        called = copies[rows]
        carried = minor_copies(called, self.frequency[rows])
        # The most likely number of a rare allele that was not called. What is expected, a few
        # hundredths, would rank a patient between those without and those with a rare allele.
        carried[called == MISSING] = 0
        burdens = sums @ carried.astype(np.float64)
        return np.round(np.asarray(burdens[self.read]), 6)

    def components(self, copies: Copies) -> NDArray[np.float64]:
        """(n, k) of (V, n) copies."""
        rows = np.flatnonzero(self.loadings.any(axis=1))
        return _scaled(copies[rows], self.frequency[rows]).T @ self.loadings[rows]


def _scaled(copies: Copies, frequency: Floats) -> Floats:
    """(v, n) copies in their expected standard deviations from their mean; 0 where not called."""
    p = frequency[:, None]
    spread = np.sqrt(np.maximum(2 * p * (1 - p), 1e-6))
    return np.asarray(np.where(copies == MISSING, 0.0, (copies - 2 * p) / spread))


def learn_encoder(
    catalogue: Catalogue, copies: Copies, rare: float, components: int, unrelated: NDArray[np.int64]
) -> Encoder:
    """From (V, n) copies of a training part.

    Args:
        rare: largest frequency of a rare allele.
        unrelated: positions of one person of each family, from whom components are learnt.
    """
    frequency = frequencies(copies)
    seldom = (minor(frequency) <= rare) & (minor(frequency) > 0)
    loadings = _axes(catalogue, copies[:, unrelated], frequency, components)
    return Encoder(frequency, seldom, loadings, _genes(catalogue, copies, seldom, frequency))


def _genes(
    catalogue: Catalogue, copies: Copies, seldom: NDArray[np.bool_], frequency: Floats
) -> NDArray[np.bool_]:
    """(g,) those that enough people carry a rare allele of."""
    used = seldom[catalogue.variant]
    carriers = np.zeros(len(catalogue.genes), dtype=np.int64)
    order = np.argsort(catalogue.gene[used], kind="stable")
    variants, genes = catalogue.variant[used][order], catalogue.gene[used][order]
    for gene in np.unique(genes):
        rows = variants[np.searchsorted(genes, gene) : np.searchsorted(genes, gene, side="right")]
        told = minor_copies(copies[rows], frequency[rows]) >= 1
        carriers[gene] = int(told.any(axis=0).sum())
    enough = carriers >= CARRIERS
    if enough.sum() > GENES_AT_MOST:
        enough &= carriers >= np.sort(carriers)[-GENES_AT_MOST]
    return enough


def _axes(
    catalogue: Catalogue, copies: Copies, frequency: Floats, components: int
) -> NDArray[np.float64]:
    """(V, k) loadings, scaled so that components have unit variance in training."""
    found = np.zeros((len(catalogue), components))
    common = np.flatnonzero(catalogue.autosomal & (minor(frequency) >= COMMON))
    if len(common) > AXES_FROM:
        common = common[np.linspace(0, len(common) - 1, AXES_FROM).astype(int)]
    if len(common) <= components or copies.shape[1] <= components:
        return found[:, :0]
    scaled = _scaled(copies[common], frequency[common])
    small = scaled.T @ scaled if scaled.shape[1] <= scaled.shape[0] else scaled @ scaled.T
    values, vectors = np.linalg.eigh(small)
    # Variants that always go together tell fewer axes than they are; the rest is rounding.
    many = min(components, int((values > VANISHING * values[-1]).sum()))
    values, vectors = values[::-1][:many], vectors[:, ::-1][:, :many]
    axes = scaled @ vectors / np.sqrt(values) if scaled.shape[1] <= scaled.shape[0] else vectors
    # The sign of an axis is arbitrary: its largest loading is made positive.
    axes = axes * np.sign(axes[np.abs(axes).argmax(axis=0), np.arange(many)])
    found[common, :many] = axes / np.sqrt(values / copies.shape[1])
    return found[:, :many]
