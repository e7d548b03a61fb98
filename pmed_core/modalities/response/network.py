"""The networks: from a profile's components to factors of response, beside the ridge regressions.

All networks of all folds are one model whose weights have a leading axis of networks. Their loss is
the squared error of the pairs that were measured, in spreads of each drug, so that potent and weak
drugs count alike.
"""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import Any

import keras
import numpy as np
from keras import ops
from numpy.typing import NDArray

from pmed_core.checkpoint import Arrays, digest
from pmed_core.modalities.tabular.layers import packed_dense
from pmed_core.progress import Progress
from pmed_core.training.callbacks import Listening, Shuffled, learn
from pmed_core.training.resuming import Resuming, listed, taken

Singles = NDArray[np.float32]
WIDTH, DROPPED, BATCH = 128, (0.2, 0.4), 64
EPOCHS, PATIENCE = 150, 15
RATE, DECAY = 2e-3, 1e-2
SCALE = 12.0
"""By which components are multiplied, so that those that matter are about 1."""


@dataclass(frozen=True)
class Shape:
    """Of n networks: q components in, R factors out."""

    networks: int
    components: int
    factors: int
    width: int = WIDTH


def build(shape: Shape) -> keras.Model:
    """(b, n, q) -> (b, n, R)."""
    columns = keras.Input((shape.networks, shape.components), name="components")
    found = keras.layers.Dropout(DROPPED[0])(columns)
    found = _dense("first", shape, shape.components, shape.width)(found)
    found = keras.layers.Dropout(DROPPED[1])(keras.activations.silu(found))
    return keras.Model(columns, _dense("factors", shape, shape.width, shape.factors)(found))


def _dense(name: str, shape: Shape, inputs: int, outputs: int) -> keras.layers.Layer:
    return packed_dense(name, "bni,nio->bno", (shape.networks, outputs), inputs)


@dataclass(frozen=True)
class Material:
    """What n networks learn from.

    Attributes:
        components: (m, n, q).
        responses: (m, n, d) in spreads of each drug; NaN where the network must not know.
        validation: (m, n, d) those that say when to stop; NaN elsewhere.
        loadings: (n, R, d).
    """

    components: Singles
    responses: Singles
    validation: Singles
    loadings: Singles


def train(
    shape: Shape, material: Material, deadline: float, seed: int, progress: Progress
) -> keras.Model:
    """The networks, each at its best epoch; raises ``Cancelled`` where ``progress`` says so."""
    keras.utils.set_random_seed(seed)
    network, loadings = build(shape), ops.convert_to_tensor(material.loadings)

    def loss(told: Any, factors: Any) -> Any:
        """Squared error of what was measured, summed over networks."""
        known, there = told[..., : told.shape[-1] // 2], told[..., told.shape[-1] // 2 :]
        error = ops.square(ops.einsum("bnr,nrd->bnd", factors, loadings) - known) * there
        counted = ops.maximum(ops.sum(there, axis=(0, 2)), 1.0)
        return ops.sum(ops.sum(error, axis=(0, 2)) / counted)

    network.compile(
        keras.optimizers.AdamW(RATE, weight_decay=DECAY, global_clipnorm=5.0), loss=loss,
        jit_compile=False,
    )  # fmt: skip
    keeper = _KeepBest(material, deadline, progress)
    batches = Shuffled(material.components, _with_gaps(material.responses), BATCH, seed)
    hangs_on = digest(*vars(material).values(), seed, *network.get_weights())
    resuming = Resuming(keeper, progress.checkpoint("networks", hangs_on))
    learn(network, batches, EPOCHS, [keeper], resuming)
    return network


def _with_gaps(responses: Singles) -> Singles:
    there = np.isfinite(responses)
    return np.concatenate([np.nan_to_num(responses), there], axis=-1).astype(np.float32)


def told(network: keras.Model, components: Singles) -> Singles:
    """(m, n, q) -> (m, n, R)."""
    if not len(components):
        return np.empty((0, *network.output_shape[1:]), dtype=np.float32)
    size = 1 if len(components) == 1 else BATCH
    parts = []
    for start in range(0, len(components), size):
        part = components[start : start + size]
        padded = np.pad(part, ((0, size - len(part)), (0, 0), (0, 0)))
        parts.append(ops.convert_to_numpy(network.predict_on_batch(padded))[: len(part)])
    return np.concatenate(parts)


class _KeepBest(Listening):
    """Keeps the best epoch of each network, and stops when all have had theirs."""

    def __init__(self, material: Material, deadline: float, progress: Progress) -> None:
        super().__init__(deadline, progress)
        self.material = material
        count = material.components.shape[1]
        self.best, self.epoch = np.full(count, np.inf), np.zeros(count, dtype=int)
        self.weights: list[Singles] = []

    def on_epoch_end(self, epoch: int, logs: dict[str, Any] | None = None) -> None:
        weights = [ops.convert_to_numpy(w).copy() for w in self.model.trainable_variables]
        self.weights = self.weights or [one.copy() for one in weights]
        training, validation = self._look()
        better = validation < self.best - 1e-5
        for kept, weight in zip(self.weights, weights, strict=True):
            kept[better] = weight[better]
        self.best = np.where(better, validation, self.best)
        self.epoch = np.where(better, epoch, self.epoch)
        self.progress.epoch(
            {
                "epoch": epoch + 1, "training_loss": training.tolist(),
                "validation_loss": validation.tolist(),
                "training_r2": (1 - training).tolist(), "validation_r2": (1 - validation).tolist(),
            }
        )  # fmt: skip
        self.progress.stage(f"Training, epoch {epoch + 1}", 0.1 + 0.7 * (epoch + 1) / EPOCHS)
        if (epoch - self.epoch >= PATIENCE).all():
            self.model.stop_training = True

    def _look(self) -> list[NDArray[np.float64]]:
        factors = told(self.model, self.material.components)
        said = np.einsum("mnr,nrd->mnd", factors, self.material.loadings)
        return [_errors(said, of) for of in (self.material.responses, self.material.validation)]

    def state(self) -> Arrays:
        return {"best": self.best, "epoch": self.epoch} | taken("weights", self.weights)

    def resume(self, state: Arrays) -> None:
        self.best, self.epoch, self.weights = (
            state["best"],
            state["epoch"],
            listed("weights", state),
        )
        # A graph that is traced for other shapes first rounds otherwise.
        self._look()

    def on_train_end(self, logs: dict[str, Any] | None = None) -> None:
        for variable, weight in zip(self.model.trainable_variables, self.weights, strict=True):
            variable.assign(weight)


def _errors(said: Singles, known: Singles) -> NDArray[np.float64]:
    """(m, n, d) -> (n,) mean squared error of what is known."""
    return np.asarray(np.nanmean((said - known) ** 2, axis=(0, 2)), dtype=np.float64)


def until(minutes: float) -> float:
    """The deadline of a training that begins now."""
    return time.monotonic() + 60 * minutes
