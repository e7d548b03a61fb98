"""The end of an epoch: each network keeps its own best, and the run stops when it should."""

from __future__ import annotations

import time
from dataclasses import replace
from typing import Any

import keras
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from pmed_core.errors import Cancelled
from pmed_core.outcomes import Classes, Target, YesNo
from pmed_core.progress import Silent, Stop
from pmed_core.readers.tables import read_cohort
from pmed_core.training.callbacks import (
    BATCH_SIZES,
    KeepBest,
    Part,
    Rules,
    Shuffled,
    learn,
    predict_logits,
)
from pmed_core.training.fit import fit
from tests.service.made import QUICK, patients

pytestmark = pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")

FOR_EVER = 1e18


class Constant:
    """Two networks that say the same of everybody: their only weight is their logit."""

    def __init__(self, outputs: int = 1) -> None:
        self.logit = keras.Variable(np.zeros((2, outputs)), dtype="float32")
        self.trainable_variables = [self.logit]
        self.output_shape = (None, 2, 1, outputs)
        self.stop_training = False
        self.asked: list[int] = []

    def predict_on_batch(self, columns: NDArray[np.float32]) -> NDArray[np.float32]:
        self.asked.append(len(columns))
        logit = np.asarray(keras.ops.convert_to_numpy(self.logit))
        return np.broadcast_to(logit[None, :, None], (len(columns), 2, 1, logit.shape[1]))


class Recorded(Silent):
    """Collects what is told, and answers ``how``."""

    def __init__(self, how: Stop = "") -> None:
        self.seen: list[dict[str, Any]] = []
        self.how = how

    def epoch(self, values: dict[str, Any]) -> None:
        self.seen.append(values)

    def stop(self) -> Stop:
        return self.how


def part(*labels: int) -> Part:
    label = np.repeat(np.array(labels)[:, None], 2, axis=1)
    everyone = np.ones(label.shape, dtype=bool)
    return Part(np.zeros((len(labels), 2, 3), np.float32), Target(label), everyone)


EVENTS = part(1, 1, 1)
RULES = Rules(patience=2, deadline=FOR_EVER, smoothing=0.0)


def keeper(rules: Rules = RULES, validation: Part = EVENTS, how: Stop = "") -> KeepBest:
    outcome, progress = YesNo("died", ("yes",)), Recorded(how)
    made = KeepBest((EVENTS, validation), outcome, rules, progress)
    made.set_model(Constant())
    return made


def told(made: KeepBest) -> list[dict[str, Any]]:
    assert isinstance(made.progress, Recorded)
    return made.progress.seen


def epoch(made: KeepBest, number: int, *logits: float) -> None:
    made.model.logit.assign(np.array(logits)[:, None])
    made.on_epoch_end(number - 1)


def said(made: KeepBest) -> list[float]:
    return [float(value) for value in keras.ops.convert_to_numpy(made.model.logit)[:, 0]]


def test_each_network_keeps_its_own_best_epoch() -> None:
    made = keeper()
    for number, logits in enumerate([(0, 3), (2, 2), (1, 1)], 1):
        epoch(made, number, *logits)
        # Training goes on from where it was, not from the best.
        assert said(made) == list(logits)
    assert not made.model.stop_training
    epoch(made, 4, 0, 0)
    assert made.model.stop_training
    made.on_train_end()
    assert said(made) == [2, 3]
    assert made.best.epoch.tolist() == [2, 1]
    assert made.best.loss == pytest.approx(np.log1p(np.exp([-2.0, -3.0])))


def test_a_network_that_has_stopped_leaves_the_curves() -> None:
    made = keeper()
    for number, logits in enumerate([(0, 3), (2, 2), (1, 1)], 1):
        epoch(made, number, *logits)
    first, last = told(made)[0], told(made)[-1]
    assert (first["epoch"], last["epoch"]) == (1, 3)
    assert first["validation_loss"] == pytest.approx(np.log1p(np.exp([0.0, -3.0])).tolist())
    for curve in ("training_loss", "validation_loss", "training_accuracy", "validation_accuracy"):
        assert np.isnan(last[curve]).tolist() == [False, True]


def test_what_is_kept_is_smoothed() -> None:
    made = keeper(replace(RULES, smoothing=0.75))
    epoch(made, 1, 1, 1)
    epoch(made, 2, 5, 1)
    made.on_train_end()
    assert said(made) == [0.75 * 1 + 0.25 * 5, 1]


def test_rows_that_only_fill_up_do_not_count() -> None:
    filled = part(1, 1, 0)
    filled.real[2] = False
    made = keeper(validation=filled)
    epoch(made, 1, 2, 3)
    assert made.best.loss == pytest.approx(np.log1p(np.exp([-2.0, -3.0])))


def test_the_deadline_ends_it_and_so_does_a_person() -> None:
    before, after = keeper(), keeper(replace(RULES, deadline=time.monotonic() - 1))
    kept = keeper(how="keep")
    for made in (before, after, kept):
        made.on_train_batch_end(0)
    assert not before.model.stop_training
    assert after.model.stop_training
    assert kept.model.stop_training
    with pytest.raises(Cancelled):
        keeper(how="cancel").on_train_batch_end(0)


def test_a_deadline_at_once_still_gives_a_model() -> None:
    cohort, progress = read_cohort(patients(80), outcome="died", patient="patient_id"), Recorded()
    predictor = fit(cohort, QUICK.model_copy(update={"time_limit_minutes": 1e-9}), progress)
    assert [values["epoch"] for values in progress.seen] == [1]
    assert predictor.evaluation.n == 80


def test_the_area_under_the_curve_is_that_of_the_ranks() -> None:
    outcome = Classes("stage", ("I", "II"))
    made = KeepBest((part(0, 1, 0, 1), part(1, 0)), outcome, RULES, Recorded())

    class Ranking(Constant):
        def predict_on_batch(self, columns: NDArray[np.float32]) -> NDArray[np.float32]:
            rising = np.arange(len(columns), dtype=np.float32)[:, None, None, None]
            return np.concatenate(
                [np.zeros((len(columns), 2, 1, 1)), rising + np.zeros((2, 1, 1))], 3
            )

    made.set_model(Ranking(2))
    made.on_epoch_end(0)
    assert told(made)[0]["training_auroc"] == [0.75, 0.75]
    assert told(made)[0]["validation_auroc"] == [0, 0]


def test_one_label_alone_has_no_area_under_the_curve() -> None:
    made = keeper()
    epoch(made, 1, 2, 3)
    assert np.isnan(told(made)[0]["validation_auroc"]).all()
    assert told(made)[0]["validation_accuracy"] == [1, 1]


@pytest.mark.parametrize("rows", [0, 1, 2, 33, 1024, 1500])
def test_predictions_come_in_batches_of_few_sizes(rows: int) -> None:
    model = Constant()
    model.logit.assign([[4.0], [5.0]])
    found = predict_logits(model, np.zeros((rows, 2, 3), np.float32))
    assert found.shape == (rows, 2, 1, 1)
    assert set(model.asked) <= set(BATCH_SIZES)
    assert (found[:, 0] == 4).all()
    assert (found[:, 1] == 5).all()


class Rows(keras.utils.PyDataset):  # type: ignore[misc]
    """Three batches of the same line."""

    def __init__(self) -> None:
        super().__init__()
        self.mixed = 0

    def __len__(self) -> int:
        return 3

    def __getitem__(self, number: int) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
        x = np.linspace(-1, 1, 8, dtype=np.float32)[:, None] + np.float32(number)
        return x, 2 * x

    def on_epoch_begin(self) -> None:
        self.mixed += 1


class Told(keras.callbacks.Callback):  # type: ignore[misc]
    """Writes down what it is told; ends training at a batch of the first epoch."""

    def __init__(self, ends_at: int = -1) -> None:
        super().__init__()
        self.heard: list[str] = []
        self.ends_at = ends_at

    def on_train_begin(self, logs: dict[str, Any] | None = None) -> None:
        self.heard.append("begin")

    def on_train_batch_end(self, batch: int, logs: dict[str, Any] | None = None) -> None:
        self.heard.append(f"batch {batch}")
        self.model.stop_training = batch == self.ends_at

    def on_epoch_end(self, epoch: int, logs: dict[str, Any] | None = None) -> None:
        self.heard.append(f"epoch {epoch}")

    def on_train_end(self, logs: dict[str, Any] | None = None) -> None:
        self.heard.append("end")


def line() -> keras.Model:
    model = keras.Sequential([keras.Input((1,)), keras.layers.Dense(1, "linear", True, "zeros")])
    averaged = keras.optimizers.AdamW(0.1, use_ema=True, ema_momentum=0.5)
    model.compile(averaged, "mse", jit_compile=False)
    return model


def test_batch_by_batch_gives_the_weights_that_fit_gives() -> None:
    ours, theirs, rows = line(), line(), Rows()
    learn(ours, rows, 4, [keras.callbacks.SwapEMAWeights(swap_on_epoch=True)])
    swapped = keras.callbacks.SwapEMAWeights(swap_on_epoch=True)
    theirs.fit(Rows(), epochs=4, verbose=0, shuffle=False, callbacks=[swapped])
    for one, other in zip(ours.get_weights(), theirs.get_weights(), strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-5)
    assert rows.mixed == 4


@given(st.integers(1, 200), st.integers(1, 70), st.integers(0, 9))
def test_every_row_comes_in_each_epoch_in_batches_of_one_size(
    rows: int, size: int, seed: int
) -> None:
    numbers = np.arange(rows, dtype=np.float32)[:, None]
    batches = Shuffled(numbers, -numbers, size, seed)
    for _ in range(2):
        drawn = [batches[k] for k in range(len(batches))]
        assert {len(columns) for columns, _ in drawn} == {-(-rows // len(batches))}
        assert all(len(columns) <= size for columns, _ in drawn)
        assert all((columns == -targets).all() for columns, targets in drawn)
        seen = np.concatenate([columns for columns, _ in drawn])[:, 0]
        assert sorted(seen[:rows]) == numbers[:, 0].tolist()
        batches.on_epoch_begin()


def test_each_epoch_has_an_order_of_its_own_which_the_seed_gives() -> None:
    numbers = np.arange(50, dtype=np.float32)[:, None]
    one, other = (Shuffled(numbers, numbers, 50, 3) for _ in range(2))
    first = one[0][0].ravel().tolist()
    assert first == other[0][0].ravel().tolist()
    one.on_epoch_begin()
    assert one[0][0].ravel().tolist() != first


def test_training_ends_where_a_callback_says_so_and_the_epoch_is_still_scored() -> None:
    told = Told(ends_at=1)
    model = line()
    learn(model, Rows(), 5, [told])
    assert told.heard == ["begin", "batch 0", "batch 1", "epoch 0", "end"]
    again = Told()
    learn(model, Rows(), 1, [again])
    assert again.heard == ["begin", "batch 0", "batch 1", "batch 2", "epoch 0", "end"]
