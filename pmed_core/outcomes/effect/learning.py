"""What is the effect's own of learning; see ``contracts.Learning``."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from pmed_core.errors import UserError
from pmed_core.outcomes.categorical import having_lived
from pmed_core.outcomes.effect import Effect
from pmed_core.outcomes.target import Target

__all__ = ["having_lived", "strata"]

LEAST = 20
"""Patients of an option, without whom nothing is estimated."""
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
    happened = target.actual[:, -1]
    if outcome.of.additive:
        height = happened.astype(np.int64)
    else:
        edges = np.quantile(happened, np.linspace(0, 1, GROUPS + 1)[1:-1])
        height = np.searchsorted(edges, happened)
    codes = target.observed * GROUPS + height
    return _merged(codes, target.observed * GROUPS, patients)


def _merged(
    codes: NDArray[np.int64], alone: NDArray[np.int64], patients: NDArray[np.str_]
) -> NDArray[np.int64]:
    """Codes of which too few patients have one fall back on their option."""
    found = codes.copy()
    for code in np.unique(codes):
        mine = codes == code
        if len(np.unique(patients[mine])) < LEAST // 2:
            found[mine] = alone[mine]
    return found
