"""Every single exchange of a letter, asked of the models at once (in-silico mutagenesis: Zhou &
Troyanskaya, Nature Methods 2015)."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from pmed_core.errors import UserError
from pmed_core.modalities.sequence.ensemble import SequenceEnsemble
from pmed_core.modalities.sequence.letters import Codes, decoded, offset
from pmed_core.modalities.sequence.mutagenesis import Mutagenesis
from pmed_core.quantity import shown

MANY = 5
"""Models from which on an interval holds 90 % of them."""


def mutagenesis(ensemble: SequenceEnsemble, letters: str, label: str, where: str) -> Mutagenesis:
    """All exchanges of a cleaned sequence's letters; raises ``UserError`` where there are none."""
    if not letters:
        raise UserError(
            "This row holds no sequence that can be read", where, "Correct its letters."
        )
    k = ensemble.outcome.labels.index(label)
    codes = ensemble.codes([letters])[0]
    there = np.flatnonzero(codes)
    every, exchanged = exchanges(codes)
    cells = ensemble.of_members(np.concatenate([codes[None], every[exchanged]]))
    pooled = ensemble.pooled(cells)
    each = np.stack([ensemble.pooled(one[None]) for one in cells])
    said = shown(ensemble.outcome.quantities, pooled)[:, k]
    differences = shown(ensemble.outcome.quantities, each)[..., k]
    differences = differences[:, 1:] - differences[:, :1]
    ends = (0.05, 0.95) if len(each) >= MANY else (0.0, 1.0)
    low, high = np.quantile(differences, ends, axis=0)
    grids = [np.zeros(len(every)) for _ in range(4)]
    grids[1] += said[0]
    for grid, values in zip(
        grids, (pooled[1:, k] - pooled[0, k], said[1:], low, high), strict=True
    ):
        grid[exchanged] = values
    change, changed, low, high = (grid.reshape(-1, 4) for grid in grids)
    value = said[1:] - said[0]
    low.ravel()[exchanged] = np.minimum(low.ravel()[exchanged], value)
    high.ravel()[exchanged] = np.maximum(high.ravel()[exchanged], value)
    start, _ = offset(len(letters), ensemble.length)
    return Mutagenesis(
        decoded(codes[there]), start + 1, len(letters), label, float(said[0]), change, changed, low,
        high, len(each), ensemble.outcome.quantities[k],
    )  # fmt: skip


def exchanges(codes: Codes) -> tuple[Codes, NDArray[np.bool_]]:
    """(length,) -> (4 l, length) with each base in turn at each of the l places where a letter is,
    and (4 l,) which of them differ from it."""
    there = np.flatnonzero(codes)
    every = np.repeat(codes[None], 4 * len(there), axis=0)
    every[np.arange(len(every)), np.repeat(there, 4)] = np.tile([1, 2, 4, 8], len(there))
    return every, (every != codes).any(axis=1)


def contributions(ensemble: SequenceEnsemble, codes: Codes) -> NDArray[np.float64]:
    """(n, length) -> (n, length, k) what each letter adds to each score, against the mean of the
    four at its place; 0 where there is none."""
    found = np.zeros((*codes.shape, len(ensemble.outcome.labels)))
    every = [exchanges(one) for one in codes]
    asked = [np.concatenate([one[None], rows[kept]])
             for one, (rows, kept) in zip(codes, every, strict=True)]  # fmt: skip
    bounds = np.cumsum([len(one) for one in asked])[:-1]
    scores = np.split(ensemble.scores(np.concatenate(asked)), bounds)
    for row, ((_, kept), told) in enumerate(zip(every, scores, strict=True)):
        change = np.zeros((len(kept), told.shape[1]))
        change[kept] = told[1:] - told[0]
        found[row, codes[row] > 0] = -change.reshape(-1, 4, told.shape[1]).mean(axis=1)
    return found
