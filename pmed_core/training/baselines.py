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
from pmed_core.errors import Cancelled
from pmed_core.outcome import predicted_labels
from pmed_core.predictions import Predictions
from pmed_core.training.folds import Rows
from pmed_core.work import Watch

SVM_ROWS = 5000
"""A kernel SVM's time grows with the square of the rows; beyond this it is left out."""

ROWS_WORTH_THREADS = 10_000

Rivals = dict[str, tuple[Predictions, float]]


def _models(seed: int, rows: int) -> dict[str, Any]:
    models: dict[str, Any] = {
        "Logistic regression": LogisticRegression(C=0.1, max_iter=500),
        "Random forest": RandomForestClassifier(
            300, min_samples_leaf=2, n_jobs=2, random_state=seed
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
    """Name -> (predictions of each patient out of fold, seconds).

    ``encoded`` holds the cohort (r, columns) as each outer fold encodes it.
    """
    observed = cohort.observed()
    models = _models(seed, len(cohort))
    risks = {name: np.empty((len(cohort), len(np.unique(observed)))) for name in models}
    seconds = dict.fromkeys(models, 0.0)
    for fold, (training, held_out) in enumerate(outer):
        watch.stage("Baselines on the same folds", 0.8 + 0.15 * fold / len(outer))
        columns = encoded[fold]
        for name, model in models.items():
            if watch.stop() == "cancel":
                raise Cancelled
            started = time.perf_counter()
            _fit(model, columns[training], observed[training])
            risks[name][held_out] = model.predict_proba(columns[held_out])
            seconds[name] += time.perf_counter() - started
    return {name: (_as_predictions(cohort, risks[name]), seconds[name]) for name in models}


def _fit(model: Any, columns: NDArray[np.float32], observed: Rows) -> None:
    # OpenMP threads that wait for one another on a busy machine are slower than one alone.
    threads = 1 if len(columns) < ROWS_WORTH_THREADS else None
    with warnings.catch_warnings(), threadpool_limits(threads, user_api="openmp"):
        # A baseline that has not fully converged is still the baseline people use.
        warnings.simplefilter("ignore", ConvergenceWarning)
        model.fit(columns, observed)


def _as_predictions(cohort: Cohort, risk: NDArray[np.float64]) -> Predictions:
    shown = risk[:, 1:] if risk.shape[1] == 2 else risk
    nobody = np.zeros(len(cohort), dtype=bool)
    labels = predicted_labels(cohort.chosen_outcome())
    return Predictions(
        tuple(cohort.patients()), labels, shown, shown, shown, cohort.observed(), nobody,
        "not stated",
    )  # fmt: skip
