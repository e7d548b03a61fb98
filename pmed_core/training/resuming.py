"""A training that is killed goes on at the epoch that it was in, to the very same weights.

What an epoch hangs on is kept when it begins: weights, random states of layers, the optimizer with
its averages, what the keeper of the best epoch knows, and the state of the generator that orders
and varies the data. (Keras' ``BackupAndRestore`` keeps weights and a number alone.)
"""

from __future__ import annotations

import json
import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

import keras
import numpy as np
from keras import ops
from numpy.typing import NDArray

from pmed_core.checkpoint import NOWHERE, Arrays, Checkpoint
from pmed_core.progress import Progress

GENERATOR = "generator"
WENT_ON = "It was interrupted, and went on after epoch {}."


class Keeper(Protocol):
    """A callback that knows the best epoch so far."""

    deadline: float
    progress: Progress

    def state(self) -> Arrays:
        """All that it has learnt from the epochs that are over."""

    def resume(self, state: Arrays) -> None:
        """It has learnt that."""


class Drawn(Protocol):
    """Batches that a generator orders, and may vary."""

    generator: np.random.Generator


@dataclass
class Resuming:
    """One training by ``learn``.

    Attributes:
        before: seconds that attempts before this one took.
    """

    keeper: Keeper
    checkpoint: Checkpoint = NOWHERE
    before: float = 0.0
    began: float = field(default_factory=time.monotonic)

    def begin(self, model: keras.Model, batches: Drawn) -> int | None:
        """The epoch to begin with, everything being as it was then; None where all are over."""
        kept = self.checkpoint.kept()
        if kept is None:
            return 0
        put("model", model.variables, kept)
        put("optimizer", model.optimizer.variables, kept)
        self.keeper.resume(within("keeper", kept))
        restore(batches.generator, kept[GENERATOR])
        self.before = float(kept["seconds"])
        self.keeper.deadline -= self.before
        epoch = int(kept["epoch"])
        if kept["over"]:
            return None
        self.keeper.progress.note(WENT_ON.format(epoch))
        return epoch

    def keep(self, model: keras.Model, batches: Drawn, epoch: int, *, over: bool = False) -> None:
        """So many epochs are over; with ``over`` it is the end."""

        def state() -> Arrays:
            held = {} if over else taken("optimizer", model.optimizer.variables)
            return {
                **held, **taken("model", model.variables), **under("keeper", self.keeper.state()),
                GENERATOR: remembered(batches.generator), "epoch": np.array(epoch),
                "over": np.array(over),
                "seconds": np.array(self.before + time.monotonic() - self.began),
            }  # fmt: skip

        self.checkpoint.keep(state, now=over)


def taken(name: str, variables: Iterable[Any]) -> Arrays:
    """Their values, as "name/number"."""
    return {f"{name}/{i}": ops.convert_to_numpy(one) for i, one in enumerate(variables)}


def put(name: str, variables: Sequence[Any], kept: Arrays) -> None:
    """The values that ``taken`` took, where there are any."""
    for variable, value in zip(variables, listed(name, kept), strict=False):
        variable.assign(value)


def listed(name: str, kept: Arrays) -> list[NDArray[Any]]:
    """Those under a name, by their numbers."""
    found = within(name, kept)
    return [found[str(i)] for i in range(len(found))]


def under(name: str, arrays: Arrays) -> Arrays:
    """The same, each under a name."""
    return {f"{name}/{key}": array for key, array in arrays.items()}


def within(name: str, arrays: Arrays) -> Arrays:
    """What stands under a name, without it."""
    start = f"{name}/"
    return {key[len(start) :]: one for key, one in arrays.items() if key.startswith(start)}


def remembered(generator: np.random.Generator) -> NDArray[np.uint8]:
    """Its state, as text in bytes: it holds integers of 128 bits."""
    return np.frombuffer(json.dumps(generator.bit_generator.state).encode(), dtype=np.uint8)


def restore(generator: np.random.Generator, state: NDArray[np.uint8]) -> None:
    """It draws what it would have drawn then."""
    generator.bit_generator.state = json.loads(state.tobytes())
