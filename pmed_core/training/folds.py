"""Who trains what: patients, not rows, are split, evenly by outcome."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.model_selection import GroupKFold, StratifiedGroupKFold, StratifiedKFold

from pmed_core.cohort import Cohort
from pmed_core.outcomes.kinds import learning

Rows = NDArray[np.int64]
PARTS = 8
"""Inner parts of a fold's training part."""
ATTEMPTS = 50
"""To split a few patients such that each part can be learnt from."""


@dataclass(frozen=True)
class Entry:
    """One network: it trains on some rows, and others of the same fold say when to stop."""

    fold: int
    training: Rows
    validation: Rows

    @property
    def rows(self) -> Rows:
        """All of the fold's training part: whatever the networks know of anybody is of these."""
        return np.concatenate([self.training, self.validation])


def outer_folds(
    cohort: Cohort, folds: int, seed: int, owners: NDArray[np.str_] | None = None
) -> list[tuple[Rows, Rows]]:
    """(training, held out) rows of each fold; the held-out rows are predicted once.

    ``owners``: (n,) whose rows stay together; the patients where it is not given. Raises
    ``UserError`` where a label has fewer patients than two folds need.
    """
    patients = cohort.patients() if owners is None else owners
    evenly = strata(cohort, patients)
    return split(evenly, patients, min(folds, min(_patients(evenly, patients)) // 2), seed)


def strata(cohort: Cohort, patients: NDArray[np.str_]) -> Rows:
    """(n,) codes by which patients are split evenly; raises ``UserError`` where there are too few
    of one."""
    outcome = cohort.chosen_outcome()
    return learning(outcome).strata(outcome, cohort.target(), patients, cohort.name)


def split(
    observed: Rows, patients: NDArray[np.str_], folds: int, seed: int
) -> list[tuple[Rows, Rows]]:
    """(training, held out) rows of each of ``folds`` parts, by patient and evenly by outcome."""
    if len(np.unique(patients)) == len(patients):
        plain = StratifiedKFold(folds, shuffle=True, random_state=seed)
        return list(plain.split(observed, observed))
    owner = np.unique(patients, return_inverse=True)[1]
    evenly = StratifiedGroupKFold(folds, shuffle=True, random_state=seed)
    anyhow = [GroupKFold(folds, shuffle=True, random_state=seed + n) for n in range(ATTEMPTS)]
    for way in (evenly, *anyhow):
        parts = list(way.split(observed, observed, owner))
        if all(_teaches(training, observed, owner) for training, _ in parts):
            return parts
    return list(evenly.split(observed, observed, owner))


def _teaches(training: Rows, observed: Rows, owner: Rows) -> bool:
    """Whether these rows have patients of every label, and two where there are four.

    A few patients who have several labels each can end up such that they have not.
    """
    there = observed[training]
    return all(
        len(np.unique(owner[training][there == label])) >= (2 if every >= 4 else 1)
        for label, every in zip(np.unique(observed), _patients(observed, owner), strict=True)
    )


def entries(
    cohort: Cohort, outer: list[tuple[Rows, Rows]], repeats: int, seed: int, parts: int = PARTS
) -> list[Entry]:
    """``repeats`` networks for each outer fold, each validated by another of so many inner
    parts."""
    patients = cohort.patients()
    observed = strata(cohort, patients)
    found: list[Entry] = []
    for fold, (training, _) in enumerate(outer):
        inner = split(
            observed[training], patients[training],
            inner_parts(observed[training], patients[training], parts), seed + 1000 * (fold + 1),
        )  # fmt: skip
        found += [Entry(fold, training[a], training[b]) for a, b in inner[:repeats]]
    return found


def inner_parts(observed: Rows, patients: NDArray[np.str_], parts: int = PARTS) -> int:
    """So many inner parts, or as many as leave at least one patient of each label in each."""
    return max(2, min(parts, *_patients(observed, patients)))


def _patients(observed: Rows, patients: NDArray[Any]) -> list[int]:
    """How many have each label that there is."""
    return [len(np.unique(patients[observed == label])) for label in np.unique(observed)]
