"""What baselines say, as everybody else's predictions."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.special import expit

from pmed_core.cohort import Cohort
from pmed_core.outcomes.kinds import learning
from pmed_core.predictions import Predictions

NOTHING = 1e-12


def as_predictions(cohort: Cohort, cells: NDArray[np.float64]) -> Predictions:
    """A baseline's (n, c) distributions as everybody else's predictions."""
    outcome, target = cohort.chosen_outcome(), cohort.target()
    kind, logs = learning(outcome), np.log(np.maximum(cells, NOTHING))
    shown = expit(kind.scores(outcome, logs))
    times, survival = kind.course(outcome, logs)
    nobody = np.zeros(len(cohort), dtype=bool)
    return Predictions(
        tuple(cohort.patients()), outcome.labels, shown, shown, shown, target.observed, nobody,
        "not stated", time=target.time, times=times, survival=survival,
    )  # fmt: skip
