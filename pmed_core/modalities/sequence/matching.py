"""Whether a motif is a known one, by the method of Tomtom (Gupta et al., Genome Biology 2007).

Columns are compared by Euclidean distance. How often a sum of such distances is so small by chance
is told exactly: by the distances of each column from those of all known motifs, their letters
exchanged in every way (so that a single known motif tells chance as well), summed over columns as
independent numbers. The best of all overlaps, on both strands where there are two, is corrected for
how many there are, and for how many motifs are known.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import permutations

import numpy as np
from numpy.typing import NDArray

from pmed_core.arrays import Floats
from pmed_core.modalities.sequence.meme import Known

STEPS = 100
"""Into which a distance is rounded."""
FARTHEST = float(np.sqrt(2))
OVERLAP = 4
"""Columns that are compared at the least, or all of a shorter motif."""
COLUMNS_AT_MOST = 2000
E_LEVEL = 0.05
"""Expected number of known motifs that fit as well by chance, up to which one is named."""
Scores = NDArray[np.int64]
_ORDERS = np.array(list(permutations(range(4))))


@dataclass(frozen=True)
class Match:
    """The known motif that fits best.

    Attributes:
        p: of so good a fit with one motif by chance; e: motifs expected to fit so well by chance.
        overlap: columns that were compared; turned: on the other strand.
    """

    known: Known
    p: float
    e: float
    overlap: int
    turned: bool

    @property
    def clear(self) -> bool:
        """More than chance."""
        return self.e <= E_LEVEL


def best_match(shares: Floats, known: Sequence[Known]) -> Match:
    """Of a motif (w, 4) among some that are known."""
    chance = _chance(shares, known)
    widest = max(len(one.shares) for one in known)
    wide = np.array([len(one.shares) for one in known])
    padded = np.stack([np.pad(one.shares, ((0, widest - len(one.shares)), (0, 0)))
                       for one in known])  # fmt: skip
    best = np.full((len(known), 3), 1.0)
    paired = np.array([one.paired for one in known])
    for turned in (False, True)[: 1 + paired.any()]:
        mine = shares[::-1, ::-1] if turned else shares
        scores = _scores(mine, padded)
        flipped = chance[::-1] if turned else chance
        spans: dict[tuple[int, int], Floats] = {}
        for by in range(1 - widest, len(mine)):
            for width in np.unique(wide):
                first, last = max(0, by), min(len(mine), by + int(width))
                if last - first < min(OVERLAP, len(mine), int(width)):
                    continue
                rows = np.flatnonzero((wide == width) & (paired | (not turned)))
                told = sum(scores[j, rows, j - by] for j in range(first, last))
                if (first, last) not in spans:
                    spans[first, last] = _tail(flipped[first:last])
                p = spans[first, last][told]
                better = p < best[rows, 0]
                best[rows[better]] = np.column_stack(
                    [p[better], np.full(better.sum(), last - first), np.full(better.sum(), turned)]
                )
    least = np.minimum(OVERLAP, np.minimum(len(shares), wide))
    tried = (1 + paired) * (len(shares) + wide + 1 - 2 * least)
    p = -np.expm1(tried * np.log1p(-np.minimum(best[:, 0], 1 - 1e-12)))
    k = int(p.argmin())
    return Match(known[k], float(p[k]), float(p[k] * len(known)), int(best[k, 1]), bool(best[k, 2]))


def _scores(mine: Floats, theirs: Floats) -> Scores:
    """(w, 4) and (..., 4) -> (w, ...) 0 for the farthest there can be, ``STEPS`` for the same."""
    # One column after the other, or a large library takes gigabytes.
    near = (1 - np.sqrt(((one - theirs) ** 2).sum(-1)) / FARTHEST for one in mine)
    return np.stack([np.clip(np.rint(one * STEPS), 0, STEPS).astype(np.int64) for one in near])


def _chance(shares: Floats, known: Sequence[Known]) -> Floats:
    """(w, STEPS + 1) how often each column of a motif scores so with a column by chance."""
    columns = np.concatenate([one.shares for one in known])
    every = columns[:: -(-len(columns) // COLUMNS_AT_MOST)]
    scores = _scores(shares, every[:, _ORDERS].reshape(-1, 4))
    counts = np.stack([np.bincount(one, minlength=STEPS + 1) for one in scores])
    return np.asarray(counts / counts.sum(axis=1, keepdims=True))


def _tail(chance: Floats) -> Floats:
    """(c, STEPS + 1) -> how often the sum of c scores is at least each number, by chance."""
    told = np.ones(1)
    for one in chance:
        told = np.convolve(told, one)
    return np.asarray(np.minimum(np.cumsum(told[::-1])[::-1], 1.0))
