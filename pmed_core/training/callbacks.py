"""What happens at the end of an epoch: the curves grow, and each network keeps its best."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import keras
import numpy as np
from keras import ops
from numpy.typing import NDArray
from scipy.special import logsumexp

from pmed_core.checkpoint import Arrays
from pmed_core.errors import Cancelled
from pmed_core.outcomes import Outcome, Target
from pmed_core.outcomes.kinds import learning
from pmed_core.progress import Progress
from pmed_core.training.resuming import Resuming, listed, taken

ROWS_AT_ONCE = 1024
BATCH_SIZES = (1, 32, 64, 128, 256, 512, ROWS_AT_ONCE)


@dataclass(frozen=True)
class Part:
    """Rows to look at after each epoch, for n networks at once.

    Attributes:
        columns: (r, n, c) encoded rows, padded to the longest.
        target: (r, n) what happened to them.
        real: (r, n) False where padded.
    """

    columns: NDArray[np.float32]
    target: Target
    real: NDArray[np.bool_]


@dataclass
class Rules:
    """When to stop.

    Attributes:
        patience: epochs without a better loss before a network has stopped.
        deadline: ``time.monotonic`` after which the best epochs so far are kept.
        smoothing: share of the running mean of weights (exponential moving average by epoch).
    """

    patience: int
    deadline: float
    smoothing: float = 0.7


Scores = dict[str, NDArray[np.float64]]
"""``loss`` and other measures, one number a network."""


@dataclass
class Best:
    """The best epoch of each network."""

    loss: NDArray[np.float64]
    epoch: NDArray[np.int64]
    weights: list[NDArray[np.float32]] = field(default_factory=list)


class Listening(keras.callbacks.Callback):  # type: ignore[misc]
    """Stops training where ``progress`` says so, or time is up; raises ``Cancelled``.

    What it learns of the epochs is a ``Keeper``'s. ``deadline`` is in seconds of
    ``time.monotonic``.
    """

    def __init__(self, deadline: float, progress: Progress) -> None:
        super().__init__()
        self.deadline, self.progress = deadline, progress

    def on_train_batch_end(self, batch: int, logs: dict[str, Any] | None = None) -> None:
        stop = self.progress.stop()
        if stop == "cancel":
            raise Cancelled
        if stop == "keep" or time.monotonic() > self.deadline:
            self.model.stop_training = True

    def state(self) -> Arrays:
        raise NotImplementedError

    def resume(self, state: Arrays) -> None:
        raise NotImplementedError


class Shuffled(keras.utils.PyDataset):  # type: ignore[misc]
    """Rows in a new order each epoch, in batches of at most so many.

    All batches are of one size, so that the step is traced once; a few rows come twice in an epoch
    where they cannot be divided.

    Args:
        columns, targets: of as many rows each.
        size: of a batch at most.
    """

    def __init__(
        self, columns: NDArray[np.float32], targets: NDArray[np.float32], size: int, seed: int
    ) -> None:
        super().__init__()
        self.columns, self.targets = columns, targets
        self.steps = -(-len(columns) // size)
        self.size = -(-len(columns) // self.steps)
        self.generator = np.random.default_rng(seed)
        self.order = np.resize(np.arange(len(columns)), (self.steps, self.size))

    def on_epoch_begin(self) -> None:
        order = self.generator.permutation(len(self.columns))
        self.order = np.resize(order, (self.steps, self.size))

    def __len__(self) -> int:
        return self.steps

    def __getitem__(self, number: int) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
        rows = self.order[number]
        return self.columns[rows], self.targets[rows]


def learn(
    model: keras.Model,
    batches: keras.utils.PyDataset,
    epochs: int,
    callbacks: Sequence[keras.callbacks.Callback],
    resuming: Resuming | None = None,
) -> None:
    """``model.fit`` batch by batch: the pipeline that ``fit`` builds anew for each epoch can take
    longer than the epoch itself, of a small table as of a convolutional network; and the order of
    its batches cannot be taken up again.

    With ``resuming`` it goes on where an attempt that died has left it.
    """
    # An optimizer that makes its variables in the first step has that step traced twice.
    model.optimizer.build(model.trainable_variables)
    model.stop_training = False
    listeners = keras.callbacks.CallbackList(list(callbacks), model=model, epochs=epochs)
    first = resuming.begin(model, batches) if resuming else 0
    listeners.on_train_begin()
    for epoch in range(epochs if first is None else first, epochs):
        listeners.on_epoch_begin(epoch)
        if resuming and epoch > (first or 0):
            resuming.keep(model, batches, epoch)
        batches.on_epoch_begin()
        for number in range(len(batches)):
            listeners.on_train_batch_begin(number)
            logs = model.train_on_batch(*batches[number], return_dict=True)
            listeners.on_train_batch_end(number, logs)
            if model.stop_training:
                break
        listeners.on_epoch_end(epoch)
        if model.stop_training:
            break
    listeners.on_train_end()
    if resuming and first is not None:
        resuming.keep(model, batches, epochs, over=True)


class KeepBest(Listening):
    """Evaluate smoothed weights after each epoch; keep each network's best; stop when all have.

    Raises ``Cancelled`` where ``progress`` says so.
    """

    def __init__(
        self, parts: tuple[Part, Part], outcome: Outcome, rules: Rules, progress: Progress
    ) -> None:
        super().__init__(rules.deadline, progress)
        self.training, self.validation = parts
        self.outcome, self.rules = outcome, rules
        networks = self.training.columns.shape[1]
        self.best = Best(np.full(networks, np.inf), np.zeros(networks, dtype=np.int64))
        self.smooth: list[NDArray[np.float32]] = []

    def on_epoch_end(self, epoch: int, logs: dict[str, Any] | None = None) -> None:
        raw = [ops.convert_to_numpy(weight).copy() for weight in self.model.trainable_variables]
        self._smooth(raw)
        self._assign(self.smooth)
        training, validation = self._look()
        self._keep(validation["loss"], epoch + 1)
        self._assign(raw)
        self.progress.epoch(curves(epoch + 1, training, validation, self._stopped(epoch + 1)))
        if self._stopped(epoch + 1).all():
            self.model.stop_training = True

    def on_train_end(self, logs: dict[str, Any] | None = None) -> None:
        self._assign(self.best.weights)

    def state(self) -> Arrays:
        known = {"loss": self.best.loss, "epoch": self.best.epoch}
        return known | taken("best", self.best.weights) | taken("smooth", self.smooth)

    def resume(self, state: Arrays) -> None:
        self.best = Best(state["loss"], state["epoch"], listed("best", state))
        self.smooth = listed("smooth", state)
        # A graph that is traced for other shapes first rounds otherwise.
        self._look()

    def _look(self) -> tuple[Scores, Scores]:
        return self._scores(self.training), self._scores(self.validation)

    def _smooth(self, raw: list[NDArray[np.float32]]) -> None:
        share = self.rules.smoothing
        self.smooth = (
            [share * old + (1 - share) * new for old, new in zip(self.smooth, raw, strict=True)]
            if self.smooth
            else [weight.copy() for weight in raw]
        )

    def _keep(self, loss: NDArray[np.float64], epoch: int) -> None:
        better = loss < self.best.loss - 1e-5
        self.best.weights = self.best.weights or [weight.copy() for weight in self.smooth]
        for kept, weight in zip(self.best.weights, self.smooth, strict=True):
            kept[better] = weight[better]
        self.best.loss = np.where(better, loss, self.best.loss)
        self.best.epoch = np.where(better, epoch, self.best.epoch)

    def _stopped(self, epoch: int) -> NDArray[np.bool_]:
        return np.asarray(epoch - self.best.epoch >= self.rules.patience)

    def _assign(self, weights: list[NDArray[np.float32]]) -> None:
        for variable, weight in zip(self.model.trainable_variables, weights, strict=True):
            variable.assign(weight)

    def _scores(self, part: Part) -> Scores:
        kind, logits = learning(self.outcome), predict_logits(self.model, part.columns)
        each = kind.log_cells(self.outcome, logits.astype(np.float64))  # (r, n, m, c)
        cells = logsumexp(each, axis=2) - np.log(each.shape[2])
        return kind.progress(self.outcome, cells, part.target, part.real)


def predict_logits(model: keras.Model, columns: NDArray[np.float32]) -> NDArray[np.float32]:
    """(r, n, c) -> (r, n, m, k), in batches of few sizes so that few graphs are traced."""
    batches = []
    for start in range(0, len(columns), ROWS_AT_ONCE):
        batch = columns[start : start + ROWS_AT_ONCE]
        size = next(size for size in BATCH_SIZES if size >= len(batch))
        padded = np.pad(batch, ((0, size - len(batch)), (0, 0), (0, 0)))
        batches.append(np.asarray(model.predict_on_batch(padded))[: len(batch)])
    return np.concatenate(batches) if batches else np.empty((0, *model.output_shape[1:]))


def curves(
    epoch: int, training: Scores, validation: Scores, stopped: NDArray[np.bool_]
) -> dict[str, Any]:
    """One point of the live curves (``Progress.epoch``); NaN for networks that have stopped."""
    point: dict[str, Any] = {"epoch": epoch}
    for part, scores in (("training", training), ("validation", validation)):
        for name, values in scores.items():
            shown = np.where(stopped, np.nan, values)
            point[f"{part}_{name}"] = [float(value) for value in shown]
    return point
