"""A support vector machine that is kept says what scikit-learn's says, and holds no patient."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from scipy.special import expit, softmax
from sklearn.calibration import CalibratedClassifierCV
from sklearn.metrics import roc_auc_score
from sklearn.svm import SVC, LinearSVC

from pmed_core.modalities.tabular import machine
from pmed_core.modalities.tabular.material import Material
from pmed_core.modalities.tabular.network import Architecture, build
from pmed_core.networks.weights import kept
from pmed_core.options import FitOptions
from pmed_core.outcomes import Classes, Outcome, Target, YesNo
from pmed_core.predictor import Predictor
from pmed_core.progress import Silent
from pmed_core.training.callbacks import predict_logits
from pmed_core.training.fit import fit
from pmed_core.training.folds import Entry
from tests.training.test_fit import simulated

DRAW = np.random.default_rng(0)
ROWS, TRAINING = 240, 160
COLUMNS = DRAW.normal(size=(ROWS, 3)).astype(np.float32)
RING = (np.hypot(COLUMNS[:, 0], COLUMNS[:, 1]) < 1.1).astype(np.int64)
"""What no line can tell."""


def said(outcome: Outcome, labels: np.ndarray, outputs: int, columns: np.ndarray) -> np.ndarray:
    """(rows, outputs) logits of one machine."""
    every = np.arange(len(columns))
    members = (Entry(0, every[:TRAINING], every[TRAINING:]),)
    material = Material(outcome, members, (columns,), 3, Target(labels), np.ones(max(outputs, 2)))
    width = columns.shape[1]
    network = build(
        Architecture(
            "svm", 1, width, 0, outputs, members=1, width=machine.WAVES,
            one_against_rest=outputs > 1,
        )
    )  # fmt: skip
    machine.taught(network, material, 0, Silent())
    return predict_logits(network, columns[:, None]).astype(np.float64)[:, 0, 0]


def test_waves_stand_for_the_radial_kernel() -> None:
    frequencies, phases = machine.waves(COLUMNS, np.random.default_rng(1))
    asked = np.cos(COLUMNS @ frequencies + phases) * np.sqrt(2 / machine.WAVES)
    apart = ((COLUMNS[:, None] - COLUMNS[None]) ** 2).sum(axis=2)
    exact = np.exp(-apart / (3 * COLUMNS.var()))
    assert np.abs(asked @ asked.T - exact).mean() < 0.03


def test_it_ranks_as_the_exact_machine_does() -> None:
    logits = said(YesNo("x", ("1",)), RING, 1, COLUMNS)[TRAINING:, 0]
    exact = (
        SVC(C=1.0).fit(COLUMNS[:TRAINING], RING[:TRAINING]).decision_function(COLUMNS[TRAINING:])
    )
    line = (
        LinearSVC().fit(COLUMNS[:TRAINING], RING[:TRAINING]).decision_function(COLUMNS[TRAINING:])
    )
    held = RING[TRAINING:]
    assert roc_auc_score(held, logits) > roc_auc_score(held, exact) - 0.02
    assert roc_auc_score(held, line) < 0.7 < roc_auc_score(held, logits)
    assert np.corrcoef(logits, exact)[0, 1] > 0.9
    assert abs(expit(logits).mean() - held.mean()) < 0.1


def test_rows_that_a_machine_does_not_learn_from_are_said(monkeypatch: pytest.MonkeyPatch) -> None:
    notes: list[str] = []
    monkeypatch.setattr(Silent, "note", lambda self, sentence: notes.append(sentence))
    said(YesNo("x", ("1",)), RING, 1, COLUMNS)
    assert notes == []
    monkeypatch.setattr(machine, "ROWS_OF_A_MACHINE", 100)
    said(YesNo("x", ("1",)), RING, 1, COLUMNS)
    assert notes == ["Each support vector machine learns from 100 of its rows, drawn at random."]


def test_of_classes_each_has_a_logit_and_an_absent_one_is_improbable() -> None:
    labels = RING + (COLUMNS[:, 2] > 0.5)
    found = softmax(said(Classes("x", ("a", "b", "c")), labels, 3, COLUMNS), axis=1)
    assert (found[TRAINING:].argmax(axis=1) == labels[TRAINING:]).mean() > 0.75
    without = softmax(said(Classes("x", ("a", "b", "c")), RING * 2, 3, COLUMNS), axis=1)
    assert without[:, 1].max() < 0.01
    assert roc_auc_score(RING[TRAINING:], without[TRAINING:, 2]) > 0.9


def test_classes_share_as_scikit_learns_do() -> None:
    """Each against the rest by Platt's scaling, over their sum; not a softmax."""
    labels = (RING + (COLUMNS[:, 2] > 0.5))[:TRAINING]
    logits = said(Classes("x", ("a", "b", "c")), RING + (COLUMNS[:, 2] > 0.5), 3, COLUMNS)
    frequencies, phases = machine.waves(COLUMNS[:TRAINING], np.random.default_rng(0))
    asked = np.cos(COLUMNS @ frequencies + phases) * np.sqrt(2 / machine.WAVES)
    theirs = CalibratedClassifierCV(
        LinearSVC(loss="hinge", dual=True, max_iter=20_000, random_state=0), cv=3, ensemble=False
    ).fit(asked[:TRAINING], labels)
    assert softmax(logits, axis=1) == pytest.approx(theirs.predict_proba(asked), abs=1e-4)


def test_of_two_classes_that_there_are_each_is_what_the_other_is_not() -> None:
    labels = RING * 2
    both = softmax(said(Classes("x", ("a", "b", "c")), labels, 3, COLUMNS), axis=1)
    alone = expit(said(YesNo("x", ("1",)), RING, 1, COLUMNS)[:, 0])
    assert both[:, 2] / (both[:, 0] + both[:, 2]) == pytest.approx(alone, abs=1e-4)


@pytest.mark.parametrize("event", [0, 1, 2])
def test_hardly_any_events_are_borne(event: int) -> None:
    labels = np.zeros(ROWS, dtype=np.int64)
    labels[:event] = 1
    risk = expit(said(YesNo("x", ("1",)), labels, 1, COLUMNS)[:, 0])
    assert np.isfinite(risk).all()
    if not event:
        assert risk.max() < 0.01


def test_columns_that_are_alike_or_filled_up_are_borne() -> None:
    filled = np.concatenate([COLUMNS, np.zeros_like(COLUMNS)], axis=1)
    one, other = (said(YesNo("x", ("1",)), RING, 1, each) for each in (COLUMNS, filled))
    assert other == pytest.approx(one, abs=1e-3), "columns that fill up say nothing"
    assert np.isfinite(said(YesNo("x", ("1",)), RING, 1, np.zeros_like(COLUMNS))).all()


def test_it_is_a_model_and_its_package_holds_no_row(tmp_path: Path) -> None:
    cohort = simulated()
    options = FitOptions.model_validate(
        {"network": {"name": "svm"}, "folds": 2, "baselines": False}
    )
    found = fit(cohort, options)
    assert found.evaluation.measures["auroc"].value > 0.75
    assert found.card["model"] == "SVM"
    assert (found.held_out().low < found.held_out().high).mean() > 0.9
    why = found.explain(cohort.select(np.arange(3)))
    assert np.abs(why.base + why.shap.sum(axis=1) - why.prediction).max() < 1e-5
    found.save(tmp_path / "model")
    again = Predictor.load(tmp_path / "model")
    assert again.predict(cohort).value == pytest.approx(found.predict(cohort).value, abs=1e-6)
    weights = kept(found.ensemble.networks.network)
    sizes = {name: array.shape[1:] for name, array in weights.items()}
    columns = found.ensemble.networks.columns
    assert sorted(sizes.values()) == sorted(
        [(columns, machine.WAVES), (machine.WAVES,), (machine.WAVES, 1), (1,)]
    ), "a weight for each wave, however many patients there are"
    fold = found.ensemble.of_fold(1).predict(cohort)
    mine = np.array(found.held_out().folds) == 1
    assert fold.value[mine] == pytest.approx(found.held_out().value[mine], abs=1e-6)


def test_the_same_seed_makes_the_same_machine() -> None:
    first, second = (said(YesNo("x", ("1",)), RING, 1, COLUMNS) for _ in range(2))
    assert np.array_equal(first, second)
