"""What people use today, on the same folds and the same encoded rows as the network."""

from __future__ import annotations

import time
import warnings
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.calibration import CalibratedClassifierCV
from sklearn.ensemble import HistGradientBoostingClassifier, RandomForestClassifier
from sklearn.exceptions import ConvergenceWarning
from sklearn.linear_model import LogisticRegression
from sklearn.svm import SVC
from threadpoolctl import threadpool_limits

from pmed_core.cohort import Cohort
from pmed_core.predictions import Predictions
from pmed_core.training.cores import cores, over_cores
from pmed_core.training.folds import Rows
from pmed_core.work import Watch

SVM_ROWS = 5000
"""A kernel SVM's time grows with the square of the rows; beyond this it is left out."""

ROWS_WORTH_THREADS = 10_000
"""Below it a model has one core, and several folds are fitted at once."""

Rivals = dict[str, tuple[Predictions, float]]


def _models(seed: int, rows: int) -> dict[str, Any]:
    threads = cores() if rows >= ROWS_WORTH_THREADS else None
    models: dict[str, Any] = {
        "Logistic regression": LogisticRegression(C=0.1, max_iter=500),
        "Random forest": RandomForestClassifier(
            300, min_samples_leaf=2, n_jobs=threads, random_state=seed
        ),
        "Gradient boosting": HistGradientBoostingClassifier(random_state=seed),
    }
    if rows <= SVM_ROWS:
        # Platt's scaling inside the training part turns distances into probabilities.
        models["SVM"] = CalibratedClassifierCV(SVC(C=1.0), cv=3, ensemble=False)
    return models


def baselines(
    cohort: Cohort,
    outer: list[tuple[Rows, Rows]],
    encoded: Sequence[NDArray[np.float32]],
    seed: int,
    watch: Watch,
) -> Rivals:
    """Name -> (predictions of each patient out of fold, seconds by the clock).

    ``encoded`` holds the cohort (r, columns) as each outer fold encodes it. Raises ``Cancelled``.
    """
    observed = cohort.observed()
    at_once = min(cores(), len(outer)) if len(cohort) < ROWS_WORTH_THREADS else 1

    def fold(number: int) -> dict[str, tuple[NDArray[np.float64], float]]:
        training, held_out = outer[number]
        columns = encoded[number]
        with threadpool_limits(1 if at_once > 1 else None, user_api="openmp"):
            return {
                name: _risks(model, columns[training], observed[training], columns[held_out])
                for name, model in _models(seed, len(cohort)).items()
            }

    found = []
    with warnings.catch_warnings():
        # A baseline that has not fully converged is still the baseline people use.
        warnings.simplefilter("ignore", ConvergenceWarning)
        for each in over_cores(fold, len(outer), watch, at_once):
            found.append(each)
            watch.stage("Baselines on the same folds", 0.8 + 0.15 * len(found) / len(outer))
    risks = {name: np.empty((len(cohort), each[name][0].shape[1])) for name in found[0]}
    for (_, held_out), each in zip(outer, found, strict=True):
        for name, (risk, _) in each.items():
            risks[name][held_out] = risk
    seconds = {name: sum(each[name][1] for each in found) / at_once for name in risks}
    return {name: (as_predictions(cohort, risks[name]), seconds[name]) for name in risks}


def _risks(
    model: Any, columns: NDArray[np.float32], observed: Rows, held_out: NDArray[np.float32]
) -> tuple[NDArray[np.float64], float]:
    """(held-out rows, labels), and the seconds of fitting and predicting."""
    started = time.perf_counter()
    risk = model.fit(columns, observed).predict_proba(held_out)
    return risk, time.perf_counter() - started


def as_predictions(cohort: Cohort, risk: NDArray[np.float64]) -> Predictions:
    """A baseline's (n, k) risks, yes/no k = 2, as everybody else's."""
    shown = risk[:, 1:] if risk.shape[1] == 2 else risk
    nobody = np.zeros(len(cohort), dtype=bool)
    labels = cohort.chosen_outcome().labels
    return Predictions(
        tuple(cohort.patients()), labels, shown, shown, shown, cohort.observed(), nobody,
        "not stated",
    )  # fmt: skip
