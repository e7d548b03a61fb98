"""What people use today, on the same folds and the same encoded rows as the network."""

from __future__ import annotations

import time
import warnings
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.exceptions import ConvergenceWarning
from threadpoolctl import threadpool_limits

from pmed_core.cohort import Cohort
from pmed_core.outcomes import Target
from pmed_core.outcomes.kinds import learning
from pmed_core.predictions import Baselines
from pmed_core.progress import Progress
from pmed_core.training.baselines import as_predictions
from pmed_core.training.cores import cores, over_cores
from pmed_core.training.folds import Rows

ROWS_WORTH_THREADS = 10_000
"""Below it a model has one core, and several folds are fitted at once."""


@dataclass(frozen=True)
class Encoded:
    """As one outer fold encodes them.

    Attributes:
        cohort: (r, columns).
        panel: (m, columns) the rows of ``Predictions.panel``.
    """

    cohort: NDArray[np.float32]
    panel: NDArray[np.float32]


def baselines(
    cohort: Cohort,
    outer: list[tuple[Rows, Rows]],
    encoded: Sequence[Encoded],
    seed: int,
    progress: Progress,
) -> Baselines:
    """Name -> (predictions of each patient out of fold, seconds by the clock).

    ``encoded``: by each outer fold. Raises ``Cancelled``.
    """
    target, outcome = cohort.target(), cohort.chosen_outcome()
    threads = cores() if len(cohort) >= ROWS_WORTH_THREADS else None
    at_once = min(cores(), len(outer)) if len(cohort) < ROWS_WORTH_THREADS else 1

    def fold(number: int) -> dict[str, tuple[NDArray[np.float64], float]]:
        training, held_out = outer[number]
        columns = encoded[number].cohort
        asked = np.concatenate([columns[held_out], encoded[number].panel])
        with threadpool_limits(1 if at_once > 1 else None, user_api="openmp"):
            return {
                name: _cells(model, columns[training], target.select(training), asked)
                for name, model in learning(outcome)
                .baselines(outcome, seed, len(cohort), threads)
                .items()
            }

    found = []
    with warnings.catch_warnings():
        # A baseline that has not fully converged is still the baseline people use.
        warnings.simplefilter("ignore", ConvergenceWarning)
        for each in over_cores(fold, len(outer), progress, at_once):
            found.append(each)
            progress.stage("Baselines on the same folds", len(found) / len(outer))
    cells = {
        name: np.empty((len(cohort), of_one.shape[1])) for name, (of_one, _) in found[0].items()
    }
    panels: dict[str, list[NDArray[np.float64]]] = {name: [] for name in cells}
    for (_, held_out), each in zip(outer, found, strict=True):
        for name, (of_fold, _) in each.items():
            cells[name][held_out] = of_fold[: len(held_out)]
            panels[name].append(of_fold[len(held_out) :])
    seconds = {name: sum(each[name][1] for each in found) / at_once for name in cells}
    return {
        name: (as_predictions(cohort, cells[name], np.stack(panels[name])), seconds[name])
        for name in cells
    }


def _cells(
    model: Any, columns: NDArray[np.float32], target: Target, asked: NDArray[np.float32]
) -> tuple[NDArray[np.float64], float]:
    """(asked rows, c), and the seconds of fitting and predicting."""
    started = time.perf_counter()
    found = model.fit(columns, target).cells(asked)
    return found, time.perf_counter() - started
