"""What baselines say, as everybody else's predictions."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from pmed_core.cohort import Cohort
from pmed_core.outcomes.kinds import learning
from pmed_core.predictions import Predictions
from pmed_core.quantity import shown

NOTHING = 1e-12


def as_predictions(
    cohort: Cohort, cells: NDArray[np.float64], panel: NDArray[np.float64] | None = None
) -> Predictions:
    """A baseline's (n, c) distributions as everybody else's predictions; ``panel`` (f, m, c): those
    of the rows of ``Predictions.panel``."""
    outcome, target = cohort.chosen_outcome(), cohort.target()
    kind, logs = learning(outcome), np.log(np.maximum(cells, NOTHING))
    said = shown(outcome.quantities, kind.scores(outcome, logs))
    times, survival = kind.course(outcome, logs)
    asked = np.empty((0, 0, 0))
    if panel is not None:
        asked = np.stack([kind.scores(outcome, np.log(np.maximum(p, NOTHING))) for p in panel])
    nobody = np.zeros(len(cohort), dtype=bool)
    return Predictions(
        tuple(cohort.patients()), outcome.labels, said, said, said, target.observed, nobody,
        "not stated", time=target.time, actual=target.actual, entry=target.entry, times=times,
        survival=survival, panel=asked,
    )  # fmt: skip
