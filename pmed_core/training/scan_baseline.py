"""What a second of computing gives: a support vector machine on principal components."""

from __future__ import annotations

import time

import numpy as np
from numpy.typing import NDArray
from PIL import Image
from sklearn.calibration import CalibratedClassifierCV
from sklearn.decomposition import PCA
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.svm import SVC

from pmed_core.cohort import Cohort
from pmed_core.training.baselines import Rivals, as_predictions
from pmed_core.training.scan_bag import Data, ScanBag

SIDE, COMPONENTS, ROWS_AT_MOST = 28, 60, 5000


def scan_baseline(
    training: Data, looked_at: NDArray[np.float32], bag: ScanBag, judged: Cohort
) -> Rivals:
    """Trained on the same scans as the bag, predicting the judged ones (n, s, s, c)."""
    started = time.perf_counter()
    rows = np.random.default_rng(0).permutation(len(training.labels))[:ROWS_AT_MOST]
    own = bag.preparation.channels  # what a segmenter found is not for it
    columns = _small(training.scans[rows, ..., :own])
    machine = make_pipeline(
        StandardScaler(), PCA(min(COMPONENTS, *columns.shape), random_state=0),
        CalibratedClassifierCV(SVC(), cv=3, ensemble=False),
    )  # fmt: skip
    risk = machine.fit(columns, training.labels[rows]).predict_proba(_small(looked_at[..., :own]))
    full = np.zeros((len(judged), len(bag.classes)))
    full[:, machine.classes_] = risk
    return {"PCA and SVM": (as_predictions(judged, full), time.perf_counter() - started)}


def _small(scans: NDArray[np.float32]) -> NDArray[np.float32]:
    """(n, s, s, c) -> (n, columns) of grey scans of at most 28 pixels a side."""
    grey = scans.mean(axis=3)
    if grey.shape[1] > SIDE:
        images = [Image.fromarray(one).resize((SIDE, SIDE), Image.Resampling.BOX) for one in grey]
        grey = np.stack([np.asarray(image) for image in images])
    return np.asarray(grey.reshape(len(grey), -1), dtype=np.float32)
