"""The variants that a model reads, and the copies of each that patients of any file carry."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from pmed_core.genotypes import DOUBLED, MISSING, Change, Genotypes, trimmed
from pmed_core.modalities.variants.annotations import severity
from pmed_core.modalities.variants.builds import AUTOSOMES

Copies = NDArray[np.int8]
KEY = ["chromosome", "position", "reference", "alternative"]
HIGH, MODERATE, LOW = 1.0, 0.5, 0.1
"""Weights of consequences, by the classes of impact of VEP: loss of function, changes of a protein,
all others. Without an annotation all variants of a gene weigh the same."""
LAST_HIGH, LAST_MODERATE = severity("feature_truncation"), severity("protein_altering_variant")


def weight_of(consequence: str) -> float:
    """Of a variant in a gene."""
    if not consequence:
        return HIGH
    grave = severity(consequence)
    return HIGH if grave <= LAST_HIGH else MODERATE if grave <= LAST_MODERATE else LOW


@dataclass(frozen=True, eq=False)
class Catalogue:
    """V variants, in the order of the file of training.

    Attributes:
        table: (V rows) chromosome, position, reference, alternative.
        genes: g names.
        variant, gene, weight: (l,) which variant lies in which gene, and how much it weighs there.
        build: of the positions; empty where it was not known.
    """

    table: pd.DataFrame
    genes: tuple[str, ...]
    variant: NDArray[np.int64]
    gene: NDArray[np.int64]
    weight: NDArray[np.float64]
    build: str = ""

    def __len__(self) -> int:
        return len(self.table)

    @cached_property
    def autosomal(self) -> NDArray[np.bool_]:
        """(V,) on chromosomes 1 to 22."""
        return np.asarray(self.table["chromosome"].isin(AUTOSOMES), dtype=bool)

    def genes_of(self, variant: int) -> tuple[str, ...]:
        """Those that a variant lies in."""
        return tuple(self.genes[gene] for gene in self.gene[self.variant == variant])

    @cached_property
    def _places(self) -> pd.Series[int]:
        keys = pd.MultiIndex.from_frame(self.table[KEY])
        return pd.Series(np.arange(len(self)), index=keys)

    def copies(self, genotypes: Genotypes, samples: Sequence[str]) -> Copies:
        """(V, n) of these samples, two of a haploid call; missing where a variant is not in their
        file, unless a block says that they were called reference there. Raises ``KeyError``."""
        columns = [genotypes.places[one] for one in samples]
        mine = self._rows_of(genotypes.sites)
        rows = np.flatnonzero(mine >= 0)
        found = np.full((len(self), len(columns)), MISSING, dtype=np.int8)
        found[mine[rows]] = DOUBLED[genotypes.calls[rows][:, columns]]
        if len(genotypes.blocks):
            absent = np.setdiff1d(np.arange(len(self)), mine[rows])
            found[absent] = self._in_blocks(genotypes, absent)[:, columns]
        return found

    def _rows_of(self, sites: pd.DataFrame) -> NDArray[np.int64]:
        """(s,) the row that each site of a file is, -1 for none: as both are written, else, where
        that leaves one on either side, without what their alleles share."""
        theirs = pd.MultiIndex.from_frame(sites[KEY])
        mine = np.asarray(self._places.reindex(theirs).fillna(-1), dtype=np.int64)
        free, left = np.flatnonzero(mine < 0), np.setdiff1d(np.arange(len(self)), mine)
        if len(free) and len(left):
            known, found = _by_change(self.table, left), _by_change(sites, free)
            for change in known.keys() & found.keys():
                mine[found[change]] = known[change]
        return mine

    def _in_blocks(self, genotypes: Genotypes, rows: NDArray[np.int64]) -> Copies:
        """(r, m) 0 where a block, or several that follow each other, cover a variant's whole
        reference allele."""
        found = np.full((len(rows), len(genotypes.samples)), MISSING, dtype=np.int8)
        lengths = self.table["reference"].iloc[rows].str.len().to_numpy(dtype=np.int64)
        for chromosome, blocks in genotypes.blocks.groupby("chromosome", sort=False):
            here = np.flatnonzero(self.table["chromosome"].iloc[rows] == chromosome)
            first = self.table["position"].to_numpy()[rows[here]]
            blocks = blocks.sort_values("start", kind="stable")
            starts, ends = blocks["start"].to_numpy(), blocks["end"].to_numpy()
            at = np.searchsorted(starts, first, side="right") - 1
            covered = genotypes.covered[blocks.index.to_numpy()]
            told, reached = np.ones((len(here), covered.shape[1]), dtype=bool), first - 1
            while (left := np.flatnonzero(reached < first + lengths[here] - 1)).size:
                there = at[left].clip(0, len(starts) - 1)
                joins = (at[left] == there) & (starts[there] <= reached[left] + 1)
                joins &= ends[there] > reached[left]
                told[left] &= joins[:, None] & covered[there]
                reached[left] = np.where(joins, ends[there], first[left] + lengths[here][left])
                at[left] += 1
            found[here] = np.where(told, 0, MISSING)
        return found

    def known(self, genotypes: Genotypes) -> float:
        """The share of the variants that stand in a file, or lie in its blocks."""
        copies = self.copies(genotypes, genotypes.samples[:200])
        return float((copies != MISSING).any(axis=1).mean())


def _by_change(table: pd.DataFrame, rows: NDArray[np.int64]) -> dict[tuple[str, Change], int]:
    """Chromosome and what is changed there -> which of the rows says so; none that several do."""
    cells = table[KEY].iloc[rows].itertuples(index=False)
    changes = [(str(c), trimmed(int(p), str(r), str(a))) for c, p, r, a in cells]
    many = Counter(changes)
    return {one: int(row) for one, row in zip(changes, rows, strict=True) if many[one] == 1}


def catalogue(genotypes: Genotypes, read: NDArray[np.int64]) -> Catalogue:
    """Of some sites of a file."""
    sites = genotypes.sites.iloc[read]
    names: dict[str, int] = {}
    links = list[tuple[int, int, float]]()
    pairs = zip(sites["genes"].tolist(), sites["consequences"].tolist(), strict=True)
    for row, (genes, consequences) in enumerate(pairs):
        if genes:
            for gene, terms in zip(genes.split(";"), consequences.split(";"), strict=True):
                links.append((row, names.setdefault(gene, len(names)), weight_of(terms)))
    variant, gene, weight = zip(*links, strict=True) if links else ((), (), ())
    return Catalogue(
        sites[KEY].reset_index(drop=True), tuple(names), np.array(variant, dtype=np.int64),
        np.array(gene, dtype=np.int64), np.array(weight, dtype=np.float64), genotypes.build,
    )  # fmt: skip
