"""Who is related to whom, by genotypes alone.

KING-robust kinship between families (Manichaikul et al., Bioinformatics 2010, equation 11), which
no allele frequency enters, so that populations may be mixed. Duplicates and twins lie at 0.5,
first-degree relatives at 0.25; the limits between degrees are those of the paper.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from pmed_core.genotypes import MISSING

SAME, FIRST = 2**-1.5, 2**-2.5
"""Kinship above which two samples are one person, or first-degree relatives."""
COMMON, SITES_AT_MOST, SITES_AT_LEAST = 0.05, 20_000, 200
"""Sites are autosomal, of a minor allele of that frequency; so many are enough, and needed."""
APART, NEVER, PARENT = 0.35, 0.05, 2**-2.75
"""Of the sites at which unrelated people of that sample are homozygous for different alleles,
relatives of first degree have this share at most: siblings a quarter, parent and child none. Where
there is none, few sites may tell parent and child by a kinship that is a little too low."""
ROWS_AT_ONCE = 1024


@dataclass(frozen=True)
class Pair:
    """Two related samples, by position.

    Attributes:
        kinship: of KING-robust.
        opposite: share of the sites that both have at which they are homozygous for different
            alleles.
    """

    first: int
    second: int
    kinship: float
    opposite: float

    @property
    def same(self) -> bool:
        """Whether it is one person twice, or identical twins."""
        return self.kinship > SAME


def informative(copies: NDArray[np.int8], autosomal: NDArray[np.bool_]) -> NDArray[np.int64]:
    """Rows of (v, n) copies by which relatives are told, evenly spaced where there are many."""
    known = copies != MISSING
    many = np.maximum(known.sum(axis=1), 1)
    frequency = np.where(known, copies, 0).sum(axis=1) / (2 * many)
    minor = np.minimum(frequency, 1 - frequency)
    found = np.flatnonzero(autosomal & (minor >= COMMON) & (known.mean(axis=1) > 0.9))
    if len(found) > SITES_AT_MOST:
        found = found[np.linspace(0, len(found) - 1, SITES_AT_MOST).astype(int)]
    return found


def related(copies: NDArray[np.int8]) -> tuple[Pair, ...]:
    """Pairs of the same person and of first-degree relatives among (v, n) copies at informative
    sites; none where there are too few sites to tell, or of two in whom too few of them were both
    called."""
    if len(copies) < SITES_AT_LEAST:
        return ()
    states = {one: (copies == one).astype(np.float32) for one in (0, 1, 2)}
    known = (copies != MISSING).astype(np.float32)
    columns, found = copies.shape[1], list[tuple[NDArray[np.int64], ...]]()
    kept = list[tuple[NDArray[np.float64], NDArray[np.float64]]]()
    typical = _unrelated_opposite(states, known)
    for start in range(0, columns, ROWS_AT_ONCE):
        part = slice(start, min(start + ROWS_AT_ONCE, columns))
        kinship, opposite, both = _against_all(states, known, part)
        close = (kinship > FIRST) & (opposite < APART * typical)
        close |= (kinship > PARENT) & (opposite < NEVER * typical)
        rows, others = np.nonzero(close & (both >= SITES_AT_LEAST))
        later = others > rows + start
        found.append((rows[later] + start, others[later]))
        kept.append((kinship[rows, others][later], opposite[rows, others][later]))
    first, second = (np.concatenate(one) for one in zip(*found, strict=True))
    values = [np.concatenate(one) for one in zip(*kept, strict=True)]
    return tuple(
        Pair(int(a), int(b), float(k), float(o))
        for a, b, k, o in zip(first, second, *values, strict=True)
    )


def _against_all(
    states: dict[int, NDArray[np.float32]], known: NDArray[np.float32], part: slice
) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float32]]:
    """(r, n) kinship of some samples with all, the share of opposite homozygotes, and the sites
    that both have."""
    both = known[:, part].T @ known
    apart = states[0][:, part].T @ states[2] + states[2][:, part].T @ states[0]
    mixed = states[1][:, part].T @ states[1]
    mine, theirs = states[1][:, part].T @ known, known[:, part].T @ states[1]
    fewer = np.maximum(np.minimum(mine, theirs), 1)
    # Squared differences of copies: 4 of opposite homozygotes, 1 where one alone is heterozygous.
    squares = 4 * apart + mine + theirs - 2 * mixed
    kinship = 0.5 - squares / (4 * fewer)
    return kinship.astype(np.float64), (apart / np.maximum(both, 1)).astype(np.float64), both


def _unrelated_opposite(
    states: dict[int, NDArray[np.float32]], known: NDArray[np.float32]
) -> float:
    """The share of opposite homozygotes of most pairs."""
    some = slice(0, min(200, known.shape[1]))
    return float(np.median(_against_all(states, known, some)[1]))


def families(pairs: tuple[Pair, ...], samples: int) -> NDArray[np.int64]:
    """(n,) a number for each sample, the same for all who are related to one another."""
    first = np.array([pair.first for pair in pairs], dtype=np.int64)
    second = np.array([pair.second for pair in pairs], dtype=np.int64)
    graph = coo_array((np.ones(len(pairs)), (first, second)), shape=(samples, samples))
    return np.asarray(connected_components(graph, directed=False)[1], dtype=np.int64)
