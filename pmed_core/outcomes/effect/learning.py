"""What is the effect's own of learning; see ``contracts.Learning``."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from pmed_core.errors import UserError
from pmed_core.outcomes.categorical import having_lived
from pmed_core.outcomes.effect import Effect
from pmed_core.outcomes.effect.arms import LEAST
from pmed_core.outcomes.target import Target

__all__ = ["having_lived", "strata"]

GROUPS = 4


def strata(
    outcome: Effect, target: Target, patients: NDArray[np.str_], where: str
) -> NDArray[np.int64]:
    """(r,) codes of option and outcome; raises ``UserError`` where an arm is too small."""
    for code, option in enumerate(outcome.options):
        many = len(np.unique(patients[target.observed == code]))
        if many < LEAST:
            raise UserError(
                f"Only {many} patients were given '{option}'", where,
                f"An effect needs at least {LEAST} of each option, and many more to tell patients "
                "apart: add patients, or leave this option out of the file.",
            )  # fmt: skip
    happened, codes = outcome.raw(target), target.observed * GROUPS
    for given in range(len(outcome.options)):
        mine = target.observed == given
        height = _height(outcome, happened[mine])
        sizes = [len(np.unique(patients[mine][height == code])) for code in np.unique(height)]
        # A stratum of few would limit the number of folds.
        if min(sizes) >= LEAST // 2:
            codes[mine] += height
    return codes


def _height(outcome: Effect, happened: NDArray[np.float64]) -> NDArray[np.int64]:
    """(r,) codes of what happened to the patients of one option."""
    if outcome.of.each:
        return happened.astype(np.int64)
    edges = np.quantile(happened, np.linspace(0, 1, GROUPS + 1)[1:-1])
    return np.searchsorted(edges, happened)
