"""Which sequences are the same, or nearly: they stay on one side of every split.

Copies, and copies on the other strand, are found exactly. Near-identical ones share words of
``WORD`` letters, on either strand: candidates share one of the ``SKETCH`` smallest hashes of their
words (MinHash: Broder, 1997; bottom sketches as in Mash, Ondov et al., Genome Biology 2016), and
count as near where one holds at least ``NEAR`` of the words of the other. Of windows that overlap
by chance in a tiled genome that is true of neighbours, which would chain all of it together: see
``grouped``.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from pmed_core.modalities.sequence.letters import (
    Codes,
    either_strand,
    encoded,
    other_strand,
)

Ids = NDArray[np.int64]
WORD, SKETCH, NEAR = 14, 24, 0.4
"""Of two sequences with 6 % of their letters exchanged, 0.94 ** 14 = 42 % of the words agree."""
ALL_PAIRS = 20
"""So many that share a hash are compared with each other; of more, neighbours alone."""
CHAINED = 0.5
"""Share of all rows in one group, from which on near-identical ones no longer tell groups."""
WORDS_AT_MOST = 500
"""Of a sequence, the smallest hashes: what is kept of it while it is compared."""
_BASE = np.zeros(16, dtype=np.uint64)
_BASE[[2, 4, 8]] = (1, 2, 3)
PLACE = re.compile(
    r"(chr(?:\d{1,2}|[XYMZW]|MT|[IVX]{1,5})[A-Za-z0-9]*)[:_]\d[\d,]*[-_]\d[\d,]*"
    r"|\bchromosome:[^:\s]*:([^:\s]+):\d+:\d+|\b(NC_\d{6,}\.\d+):c?\d+-\d+"
)
"""As UCSC, Ensembl and NCBI write a place in the header of a sequence."""
NAMED = re.compile(r"chr(om(osome)?)?|contig", re.IGNORECASE)


def copies(letters: Sequence[str]) -> Ids:
    """(n,) the same number for sequences that are copies of each other, on either strand."""
    return np.asarray(pd.factorize(np.array([either_strand(one) for one in letters]))[0])


def groups(letters: Sequence[str]) -> Ids:
    """(n,) the same number for those that are nearly identical."""
    return _components(len(letters), [_stars(copies(letters)), _near(letters)])


def grouped(letters: Sequence[str]) -> tuple[Ids, bool]:
    """The same, and whether that holds: where near-identical ones chain most rows together, as
    overlapping windows do, only copies stay together."""
    alike = groups(letters)
    holds = bool(np.bincount(alike).max(initial=0) <= max(CHAINED * len(alike), 2))
    return (alike if holds else copies(letters)), holds


def together(alike: Ids, same: Sequence[NDArray[np.str_]]) -> Ids:
    """(n,) the same number for those that are alike, or of one value in one of ``same``."""
    edges = [_stars(alike), *(_stars(pd.factorize(one)[0]) for one in same)]
    return _components(len(alike), edges)


def _stars(codes: Ids) -> Ids:
    """(n,) -> (2, n) each row and the first that has its number."""
    first = np.unique(codes, return_index=True)[1]
    place = np.unique(codes, return_inverse=True)[1]
    return np.stack([np.arange(len(codes)), first[place]])


def _components(n: int, edges: Sequence[Ids]) -> Ids:
    rows, columns = np.concatenate(edges, axis=1)
    graph = coo_array((np.ones(len(rows), dtype=bool), (rows, columns)), shape=(n, n))
    return np.asarray(connected_components(graph, directed=False)[1], dtype=np.int64)


def _near(letters: Sequence[str]) -> Ids:
    """(2, e) pairs that are nearly identical."""
    words = [_words(one) for one in letters]
    sketch = [one[:SKETCH] for one in words]
    rows = np.repeat(np.arange(len(words)), [len(one) for one in sketch])
    hashes = np.concatenate([*sketch, np.empty(0, np.uint64)])
    order = np.lexsort((rows, hashes))
    pairs = set[tuple[int, int]]()
    for bucket in np.split(rows[order], np.flatnonzero(np.diff(hashes[order])) + 1):
        if 1 < len(bucket) <= ALL_PAIRS:
            a, b = np.triu_indices(len(bucket), 1)
            pairs |= set(zip(bucket[a].tolist(), bucket[b].tolist(), strict=True))
        elif len(bucket) > 1:
            pairs |= set(zip(bucket[:-1].tolist(), bucket[1:].tolist(), strict=True))
    near = [pair for pair in pairs if _held(words[pair[0]], words[pair[1]]) >= NEAR]
    return np.array(near, dtype=np.int64).reshape(-1, 2).T


def _held(some: NDArray[np.uint64], others: NDArray[np.uint64]) -> float:
    """Share of the words of the shorter that the longer has."""
    common = len(np.intersect1d(some, others, assume_unique=True))
    return common / max(1, min(len(some), len(others)))


def _words(letters: str) -> NDArray[np.uint64]:
    """Hashes of its words on either strand, the smallest first; of a long one the smallest."""
    codes = encoded([letters], len(letters))
    if len(letters) < WORD:
        return np.empty(0, dtype=np.uint64)
    there, back = _numbers(codes)[0], _numbers(other_strand(codes))[0][::-1]
    found = np.minimum(there, back)
    # SplitMix64's finaliser (Steele et al., OOPSLA 2014) spreads them evenly.
    found = (found ^ (found >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    found = (found ^ (found >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return np.unique(found ^ (found >> np.uint64(31)))[:WORDS_AT_MOST]


def _numbers(codes: Codes) -> NDArray[np.uint64]:
    """(n, length) -> (n, length - WORD + 1) each word as a number; ambiguous letters count as A."""
    bases = _BASE[codes]
    places = codes.shape[1] - WORD + 1
    found = np.zeros((len(codes), places), dtype=np.uint64)
    for shift in range(WORD):
        found = found * np.uint64(4) + bases[:, shift : shift + places]
    return found


def chromosomes(table: pd.DataFrame, columns: Sequence[str]) -> NDArray[np.str_] | None:
    """(n,) where each row lies, as one of these columns says for all of them: one that is called
    chromosome, or places such as chr1:100-200; None where none does."""
    for name in columns:
        cells = table[name]
        if cells.isna().any():
            continue
        if NAMED.fullmatch(name.strip()):
            return np.asarray(cells.astype("str"), dtype=np.str_)
        if cells.dtype.kind in "fM":
            continue
        found = cells.astype("str").str.extract(PLACE).bfill(axis=1)[0]
        if found.notna().all():
            return np.asarray(found, dtype=np.str_)
    return None
