"""What a second of computing gives: a support vector machine on principal components."""

from __future__ import annotations

import time

import numpy as np
from numpy.typing import NDArray
from sklearn.calibration import CalibratedClassifierCV
from sklearn.decomposition import PCA
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.svm import SVC

from pmed_core.cohort import Cohort
from pmed_core.modalities.scan.ensemble import Data, ScanEnsemble
from pmed_core.modalities.scan.network import COMPONENTS, SIDE
from pmed_core.modalities.scan.options import MACHINE
from pmed_core.modalities.scan.preparation import small_and_grey
from pmed_core.predictions import Baselines
from pmed_core.training.baselines import as_predictions

ROWS_AT_MOST = 5000


def scan_baseline(
    training: Data, looked_at: NDArray[np.float32], ensemble: ScanEnsemble, evaluated: Cohort
) -> Baselines:
    """Trained on the same scans, predicting the held-out ones (n, s, s, c).

    None where a label has a single scan: its probabilities could not be calibrated.
    """
    started = time.perf_counter()
    rows = np.random.default_rng(0).permutation(len(training.labels))[:ROWS_AT_MOST]
    fewest = int(np.unique(training.labels[rows], return_counts=True)[1].min())
    if fewest < 2:
        return {}
    columns = small_and_grey(ensemble.own(training.scans)[rows], SIDE)
    machine = make_pipeline(
        StandardScaler(), PCA(min(COMPONENTS, *columns.shape), random_state=0),
        CalibratedClassifierCV(SVC(), cv=min(3, fewest), ensemble=False),
    )  # fmt: skip
    asked = small_and_grey(ensemble.own(looked_at), SIDE)
    risk = machine.fit(columns, training.labels[rows]).predict_proba(asked)
    full = np.zeros((len(evaluated), len(ensemble.classes)))
    full[:, machine.classes_] = risk
    return {MACHINE: (as_predictions(evaluated, full), time.perf_counter() - started)}
