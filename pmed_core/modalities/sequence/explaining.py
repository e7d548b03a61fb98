"""Which stretches of a sequence speak for its prediction and which against.

The players are stretches of neighbouring letters; a typical sequence, which is nobody's, stands
where they are not.
"""

from __future__ import annotations

from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from pmed_core.cohort import Cohort
from pmed_core.errors import UserError
from pmed_core.explanation import Explanation
from pmed_core.explanations.shapley import ENUMERATED, Masked, shapley_values
from pmed_core.modalities.sequence import Sequence
from pmed_core.modalities.sequence.ensemble import SequenceEnsemble, letters
from pmed_core.modalities.sequence.letters import Codes, decoded, offset
from pmed_core.modalities.tabular.reasons import evenly

STARTS, TOLERANCE, ROUNDS = 6, 0.05, 4
PLAYERS = 30
"""Stretches at the most."""


def explain(
    ensemble: SequenceEnsemble, cohort: Cohort, label: str, tolerance: float
) -> Explanation:
    """Explain the first row of a cohort; raises ``UserError`` where it holds no sequence."""
    text = letters(cohort.table[ensemble.column].iloc[0])
    if not text:
        raise UserError(
            "This row holds no sequence that can be read", cohort.name, "Correct its letters."
        )
    codes, k = ensemble.codes([text])[0], ensemble.outcome.labels.index(label)
    owner, names, values = _stretches(codes, offset(len(text), ensemble.length))
    starts = np.where(codes > 0, _typical(ensemble, k), 0).astype(np.uint8)
    game = Masked(
        lambda rows: ensemble.scores(rows.astype(np.uint8))[:, k], codes, starts, owner, len(names)
    )
    found = shapley_values(game, tolerance, ROUNDS)
    players = len(names)
    return Explanation(
        tuple(cohort.patients()[:1]), label, names, (values,), np.zeros((1, players)),
        found.shap[None], found.standard_error[None], np.array([found.base]),
        ensemble.scores(codes[None])[:, k],
        "enumeration" if players <= ENUMERATED else "permutations",
        quantity=ensemble.outcome.quantities[k], of=Sequence.one,
    )  # fmt: skip


def _stretches(
    codes: Codes, at: tuple[int, int]
) -> tuple[NDArray[np.int64], tuple[str, ...], tuple[str, ...]]:
    """(length,) the player of each place, -1 where there is nothing; their names, numbered as the
    whole sequence is, and their letters. ``at``: as from ``letters.offset``."""
    there = np.flatnonzero(codes)
    size = -(-len(there) // PLAYERS)
    owner = np.full(len(codes), -1, dtype=np.int64)
    owner[there] = np.arange(len(there)) // size
    names, values = [], []
    for player in range(int(owner.max()) + 1):
        places = np.flatnonzero(owner == player)
        first, last = (int(place) - at[1] + at[0] + 1 for place in places[[0, -1]])
        names.append(f"position {first}" if first == last else f"positions {first} to {last}")
        values.append(decoded(codes[places]))
    return owner, tuple(names), tuple(values)


@lru_cache(maxsize=8)
def _typical(ensemble: SequenceEnsemble, k: int) -> Codes:
    """Synthetic sequences whose scores lie evenly."""
    background = ensemble.background
    order = np.argsort(ensemble.scores(background)[:, k], kind="stable")
    return background[order[evenly(min(STARTS, len(order)), len(order))]]
