"""Predictions of several classes."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray
from sklearn.metrics import (
    balanced_accuracy_score,
    brier_score_loss,
    confusion_matrix,
    log_loss,
    roc_auc_score,
)

from pmed_core.evaluations.evaluate import evaluate
from tests.evaluations.cases import STAGE, predictions


def three(n: int = 400) -> tuple[NDArray[np.float64], NDArray[np.int64]]:
    generator = np.random.default_rng(1)
    odds = generator.normal(0, 1.2, (n, 3))
    probability = np.exp(odds) / np.exp(odds).sum(axis=1, keepdims=True)
    return probability, np.array([generator.choice(3, p=row) for row in probability])


def test_measures_are_those_of_scikit_learn() -> None:
    probability, observed = three()
    found = evaluate(predictions(probability, observed), STAGE, 0.3, "test")
    measures = {name: measure.value for name, measure in found.measures.items()}
    right = probability.argmax(axis=1)
    assert measures["auroc"] == pytest.approx(
        roc_auc_score(observed, probability, multi_class="ovr", average="macro")
    )
    assert measures["log_loss"] == pytest.approx(log_loss(observed, probability))
    assert measures["brier"] == pytest.approx(brier_score_loss(observed, probability))
    assert measures["balanced_accuracy"] == pytest.approx(balanced_accuracy_score(observed, right))
    assert np.array_equal(found.confusion, confusion_matrix(observed, right))
    assert found.events == tuple(np.bincount(observed))
    assert set(found.curves) == set(STAGE.labels)
    assert found.thresholds == ()


def test_intervals_contain_the_estimates() -> None:
    found = evaluate(predictions(*three()), STAGE, 0.3, "test")
    assert all(m.low < m.value < m.high for m in found.measures.values())


def test_a_class_that_nobody_has_is_said() -> None:
    probability, observed = three()
    observed = np.where(observed == 2, 0, observed)
    found = evaluate(predictions(probability, observed), STAGE, 0.3, "test")
    assert np.isnan(found.measures["auroc_none"].value)
    pair = [found.measures[f"auroc_{name}"].value for name in ("early", "late")]
    assert found.measures["auroc"].value == pytest.approx(np.mean(pair))
    assert "No patient has the outcome 'none'" in found.notes[0]


def test_no_known_outcome_is_said() -> None:
    found = evaluate(predictions(three()[0], np.full(400, -1)), STAGE, 0.3, "test")
    assert found.n == 0
    assert found.events == (0, 0, 0)
    assert "auroc_late" in found.measures
    assert found.notes == (
        "400 rows without a known outcome were left out.",
        "No patient has a known outcome, so nothing can be evaluated.",
    )


def test_classes_that_are_told_perfectly_have_no_interval_and_the_reason_is_said() -> None:
    observed = np.array([0, 0, 1, 1, 2, 2, 2])
    found = evaluate(predictions(np.eye(3)[observed], observed), STAGE, 0.3, "test")
    assert found.measures["auroc"].value == 1
    assert not found.measures["auroc"].bounded
    assert "Only 2 patients with the outcome 'early': the intervals mean little" in found.notes[0]
    assert "perfectly here, so the AUROC has no interval" in found.notes[1]
