"""The trees say what scikit-learn says, honestly, and refuse arrays that are not trees."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from sklearn.ensemble import ExtraTreesClassifier
from sklearn.metrics import roc_auc_score

from pmed_core.errors import Cancelled
from pmed_core.training.trees import DOUBT, TREES, Trees, grown, rebuilt
from pmed_core.work import Stop, Unwatched

ROWS = 120
GENERATOR = np.random.default_rng(1)
COLUMNS = GENERATOR.normal(size=(ROWS, 4)).astype(np.float32).round(1)
LABEL = GENERATOR.integers(0, 3, ROWS)
TRAINING = [np.arange(80), np.arange(40, ROWS)]


@pytest.fixture(scope="module")
def forests() -> tuple[Trees, list[NDArray[np.float64]]]:
    return grown([COLUMNS, COLUMNS], LABEL, TRAINING, 0, Unwatched())


def test_they_say_what_scikit_learn_says(
    forests: tuple[Trees, list[NDArray[np.float64]]],
) -> None:
    for fold, rows in enumerate(TRAINING):
        theirs = ExtraTreesClassifier(
            TREES, min_samples_leaf=2, max_features=0.5, bootstrap=True, random_state=0
        ).fit(COLUMNS[rows], LABEL[rows])
        shares = np.bincount(LABEL[rows]) / len(rows)
        expected = (1 - DOUBT) * theirs.predict_proba(COLUMNS) + DOUBT * shares
        said = np.exp(forests[0].log_probabilities(COLUMNS, fold))
        assert said == pytest.approx(expected, abs=1e-6)


def test_nobody_is_certain(forests: tuple[Trees, list[NDArray[np.float64]]]) -> None:
    said = np.exp(forests[0].log_probabilities(COLUMNS, 0))
    assert said.min() > 0
    assert said.sum(axis=1) == pytest.approx(1, abs=1e-6)


def test_out_of_bag_rows_were_not_learnt() -> None:
    noise = np.random.default_rng(2).normal(size=(400, 5)).astype(np.float32)
    label = np.random.default_rng(3).integers(0, 2, 400)
    trees, out_of_bag = grown([noise], label, [np.arange(300)], 0, Unwatched())
    assert roc_auc_score(label[:300], trees.log_probabilities(noise[:300], 0)[:, 1]) > 0.9
    assert 0.4 < roc_auc_score(label[:300], out_of_bag[0][:300, 1]) < 0.6
    assert np.isnan(out_of_bag[0][300:]).all()


def test_a_cancelled_run_grows_no_further() -> None:
    class Cancelling(Unwatched):
        def stop(self) -> Stop:
            return "cancel"

    with pytest.raises(Cancelled):
        grown([COLUMNS], LABEL, TRAINING[:1], 0, Cancelling())


def test_kept_arrays_are_the_same_trees(
    forests: tuple[Trees, list[NDArray[np.float64]]],
) -> None:
    again = rebuilt(forests[0].arrays(), (2, 4, 3))
    assert np.array_equal(
        again.log_probabilities(COLUMNS, 1), forests[0].log_probabilities(COLUMNS, 1)
    )


@pytest.mark.parametrize(
    ("name", "change"),
    [
        ("left", lambda nodes: np.zeros_like(nodes)),
        ("right", lambda nodes: nodes + len(nodes)),
        ("feature", lambda nodes: nodes + 4),
        ("roots", lambda roots: roots + 10**6),
        ("roots", lambda roots: roots[:1]),
        ("value", lambda values: values * 0),
        ("value", lambda values: values[:, :2]),
        ("threshold", lambda thresholds: thresholds.astype(np.float64)),
        ("threshold", lambda thresholds: thresholds[:-1]),
    ],
)
def test_what_are_not_trees_is_refused(
    forests: tuple[Trees, list[NDArray[np.float64]]], name: str, change: Any
) -> None:
    arrays = forests[0].arrays()
    with pytest.raises(ValueError, match="Not trees"):
        rebuilt(arrays | {name: change(arrays[name])}, (2, 4, 3))
