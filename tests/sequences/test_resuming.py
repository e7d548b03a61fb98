"""A training of sequences that is killed goes on, whichever of its networks have learnt enough."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest

from pmed_core.modalities.sequence import training
from pmed_core.modalities.sequence.network import Architecture
from pmed_core.modalities.sequence.training import Limits, Material, Recipe, Weights
from pmed_core.outcomes import Target, YesNo
from pmed_core.store import checkpoints
from pmed_core.training.callbacks import Scores
from pmed_core.training.folds import Entry
from tests.training.test_resuming import Attempt, Killed

ROWS, EPOCHS = 16, 4


def train(attempt: Attempt) -> list[Weights]:
    """Two networks on a few made-up sequences, as ``fit`` begins."""
    keras.utils.set_random_seed(0)
    draw, rows = np.random.default_rng(0), np.arange(ROWS)
    codes = draw.integers(1, 5, (ROWS, 24)).astype(np.uint8)
    parts = tuple(Entry(fold, rows[fold::2], rows[1 - fold :: 2]) for fold in (0, 1))
    material = Material(
        YesNo("label", ("yes",)), codes, Target(rows // 2 % 2), parts, (False, False)
    )
    recipe = Recipe(1, 8, EPOCHS, 1, 8, 0.3)
    limits = Limits(time.monotonic() + 1e6, 0.0, 1.0, 0)
    return training.train(Architecture("cnn", 24, 1, 8), material, recipe, limits, attempt)


class Told(Attempt):
    """Also remembers the curves."""

    def __init__(self, home: Path, dies: int | str = "never") -> None:
        super().__init__(home, dies)
        self.curves: list[dict[str, Any]] = []

    def epoch(self, values: dict[str, Any]) -> None:
        self.curves.append(values)
        super().epoch(values)


def test_a_network_that_had_stopped_before_is_still_told_of(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The first of two is never better than in its first epoch, the other in each."""
    monkeypatch.setattr(checkpoints, "SHARE", 1e9)
    real = training._scores

    def scores(network: Any, material: Material, rows: Any, j: int) -> Scores:
        loss = 1 / (1 + float(network.optimizer.iterations)) if j else 1.0
        return {**real(network, material, rows, j), "loss": np.array([loss])}

    monkeypatch.setattr(training, "_scores", scores)
    (tmp_path / "undisturbed").mkdir()
    undisturbed = Told(tmp_path / "undisturbed")
    model = train(undisturbed)
    assert [one["validation_loss"][0] for one in undisturbed.curves[:2]] == [1.0, 1.0]
    assert np.isnan([one["validation_loss"][0] for one in undisturbed.curves[2:]]).all()
    with pytest.raises(Killed):
        train(Told(tmp_path, EPOCHS))
    second = Told(tmp_path)
    again = train(second)
    np.testing.assert_equal(second.curves, undisturbed.curves[EPOCHS - 1 :])
    assert second.notes == ["It was interrupted, and went on after epoch 3."]
    for one, other in zip(again, model, strict=True):
        assert all(np.array_equal(one[name], other[name]) for name in one)
    third = Told(tmp_path)
    train(third)
    assert (third.epochs, third.notes) == ([], [])
