"""How the networks of all folds are trained: one after the other within each epoch.

They are of one shape, so one model, traced once, takes the weights of each in turn, with the state
of its optimiser. Whenever training is stopped, each has had as many epochs as the others.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Any

import keras
import numpy as np
from keras import ops
from numpy.typing import NDArray

from pmed_core.checkpoint import Arrays, Checkpoint, digest
from pmed_core.errors import Cancelled
from pmed_core.modalities.sequence.letters import FRACTIONS, Codes, other_strand, turned
from pmed_core.modalities.sequence.network import Architecture, build, logits
from pmed_core.networks.weights import assign, kept
from pmed_core.outcomes import Outcome, Target
from pmed_core.outcomes.kinds import learning
from pmed_core.progress import Progress, Relayed
from pmed_core.training.callbacks import Scores, curves
from pmed_core.training.folds import Entry, Rows
from pmed_core.training.resuming import (
    GENERATOR,
    WENT_ON,
    listed,
    put,
    remembered,
    restore,
    taken,
    under,
    within,
)
from pmed_core.training.schedule import WarmedCosine

Weights = dict[str, NDArray[Any]]
RATE, DECAY, CLIPPED = 2e-3, 2e-2, 1.0
LOOKED_AT = 256
"""Training rows that are scored after each epoch."""
NEVER_BETTER = 1e-5


@dataclass(frozen=True)
class Recipe:
    """What depends on the number of sequences.

    Attributes:
        repeats: networks of a fold.
        patience: epochs without a better one before a network has stopped.
        shift: letters by which a sequence is moved at random.
    """

    repeats: int
    batch: int
    epochs: int
    patience: int
    width: int
    dropout: float
    shift: int = 2


def recipe(sequences: int) -> Recipe:
    """For a training part of so many."""
    if sequences < 500:
        return Recipe(2, 8, 40, 12, 64, 0.3)
    if sequences < 2_000:
        return Recipe(2, 16, 20, 6, 64, 0.3)
    if sequences < 8_000:
        return Recipe(2, 32, 15, 5, 64, 0.3)
    return Recipe(1, 64, 8, 3, 64, 0.2, 8)


@dataclass(frozen=True)
class Material:
    """What the networks learn from.

    Attributes:
        codes: (n, length).
        target: of n known rows.
        entries: each network's rows.
        both: for each network, whether strands mean the same.
    """

    outcome: Outcome
    codes: Codes
    target: Target
    entries: tuple[Entry, ...]
    both: tuple[bool, ...]


@dataclass(frozen=True)
class Limits:
    """When training ends (``time.monotonic``), and the share of the whole that it is, from where to
    where."""

    deadline: float
    begun: float
    done: float
    seed: int


@dataclass
class _State:
    """One network between its epochs."""

    weights: Weights
    optimizer: list[NDArray[Any]]
    best: Weights
    lowest: float = np.inf
    epoch: int = 0
    scores: list[Scores] = field(default_factory=list)


def train(
    plan: Architecture, material: Material, recipe: Recipe, limits: Limits, progress: Progress
) -> list[Weights]:
    """Each network's weights at its best epoch; raises ``Cancelled`` where ``progress`` says so."""
    network = compiled(plan, material.outcome, recipe, len(material.entries[0].training))
    states = _beginnings(network, plan, material, limits.seed)
    draw = np.random.default_rng(limits.seed)
    kind, outcome = learning(material.outcome), material.outcome
    weights = kind.weights(outcome, material.target, balanced=False)
    targets = kind.packed(outcome, material.target, weights)
    hangs_on = digest(
        material.codes, targets, recipe, limits.seed, material.both,
        *(rows for one in material.entries for rows in (one.training, one.validation)),
        *(array for state in states for array in state.weights.values()),
    )  # fmt: skip
    checkpoint = progress.checkpoint("networks", hangs_on)
    over, before = _resumed(network, states, draw, checkpoint.kept())
    if 0 < over < recipe.epochs:
        progress.note(WENT_ON.format(over))
    limits, began = replace(limits, deadline=limits.deadline - before), time.monotonic() - before

    def keep(epoch: int) -> None:
        at = epoch, time.monotonic() - began
        checkpoint.keep(lambda: _kept(network, states, draw, at), now=epoch == recipe.epochs)

    for epoch in range(over + 1, recipe.epochs + 1):
        if epoch > over + 1:
            keep(epoch - 1)
        if _epoch_of_all(network, states, (material, targets), (epoch, recipe),
                         (draw, limits, progress)):  # fmt: skip
            break
    if over < recipe.epochs:
        keep(recipe.epochs)
    return [state.best for state in states]


def _epoch_of_all(
    network: keras.Model,
    states: list[_State],
    of: tuple[Material, NDArray[np.float32]],
    at: tuple[int, Recipe],
    with_: tuple[np.random.Generator, Limits, Progress],
) -> bool:
    """One epoch of each network that still learns -> whether it was the last."""
    (material, targets), (epoch, recipe), (_, limits, progress) = of, at, with_
    for j, state in enumerate(states):
        if epoch - state.epoch > recipe.patience:
            continue
        _load(network, state)
        stopped = _epoch(network, (material, targets, j), recipe, with_)
        state.weights, state.optimizer = kept(network), _numbers(network.optimizer)
        _scored(network, material, j, (state, epoch))
        if stopped and epoch > 1:
            return True
    _tell(states, material, (epoch, recipe), progress)
    share = limits.begun + (limits.done - limits.begun) * epoch / recipe.epochs
    progress.stage(f"Training, epoch {epoch}", share)
    if progress.stop() == "keep" or time.monotonic() > limits.deadline:
        return True
    return all(epoch - state.epoch >= recipe.patience for state in states)


def _kept(
    network: keras.Model, states: list[_State], draw: np.random.Generator, at: tuple[int, float]
) -> Arrays:
    """Where all networks are after so many epochs and seconds; the one that takes their weights in
    turn has random states of its own."""
    found = {GENERATOR: remembered(draw), "epoch": np.array(at[0]), "seconds": np.array(at[1])}
    found |= taken("model", network.variables)
    for j, state in enumerate(states):
        known = {"lowest": np.array(state.lowest), "epoch": np.array(state.epoch)}
        each = under("weights", state.weights) | under("best", state.best) | known
        for part, scores in enumerate(state.scores):
            each |= under(f"scores/{part}", scores)
        numbers = {str(i): one for i, one in enumerate(state.optimizer)}
        found |= under(f"network/{j}", each | under("optimizer", numbers))
    return found


def _resumed(
    network: keras.Model,
    states: list[_State],
    draw: np.random.Generator,
    kept: Arrays | None,
) -> tuple[int, float]:
    """Go on where an attempt that died has left them -> epochs and seconds that are over."""
    if kept is None:
        return 0, 0.0
    for j, state in enumerate(states):
        of_network = within(f"network/{j}", kept)
        state.weights, state.best = within("weights", of_network), within("best", of_network)
        state.optimizer = listed("optimizer", of_network)
        state.lowest, state.epoch = float(of_network["lowest"]), int(of_network["epoch"])
        state.scores = [within(f"scores/{part}", of_network) for part in (0, 1)]
    restore(draw, kept[GENERATOR])
    put("model", network.variables, kept)
    return int(kept["epoch"]), float(kept["seconds"])


def compiled(plan: Architecture, outcome: Outcome, recipe: Recipe, rows: int) -> keras.Model:
    """A network that is ready to be trained on so many rows."""
    network, kind = build(plan), learning(outcome)

    def loss(target: Any, said: Any) -> Any:
        return kind.loss(outcome, target[:, None, None, :], said[:, None, None, :])

    steps = max(1, rows // recipe.batch)
    schedule = WarmedCosine(
        RATE / 10, steps * max(1, recipe.epochs - 1), warmup_target=RATE, warmup_steps=steps
    )
    optimizer = keras.optimizers.AdamW(schedule, weight_decay=DECAY, global_clipnorm=CLIPPED)
    network.compile(optimizer, loss=loss, jit_compile=False)
    # Or the first step is traced twice.
    optimizer.build(network.trainable_variables)
    return network


def _numbers(optimizer: keras.optimizers.Optimizer) -> list[NDArray[Any]]:
    return [np.array(ops.convert_to_numpy(one)) for one in optimizer.variables]


def _beginnings(
    network: keras.Model, plan: Architecture, material: Material, seed: int
) -> list[_State]:
    fresh, found = _numbers(network.optimizer), []
    for j in range(len(material.entries)):
        keras.utils.set_random_seed(seed + j)
        # Paths are those of the one network that takes all weights in turn.
        weights = dict(zip(kept(network), kept(build(plan)).values(), strict=True))
        found.append(_State(weights, fresh, weights))
    return found


def _load(network: keras.Model, state: _State) -> None:
    assign(network, state.weights)
    for variable, value in zip(network.optimizer.variables, state.optimizer, strict=True):
        variable.assign(value)


def _epoch(
    network: keras.Model,
    of: tuple[Material, NDArray[np.float32], int],
    recipe: Recipe,
    with_: tuple[np.random.Generator, Limits, Progress],
) -> bool:
    """One epoch -> whether training is to end; raises ``Cancelled``."""
    (material, targets, j), (draw, limits, progress) = of, with_
    order = draw.permutation(material.entries[j].training)
    size = min(recipe.batch, len(order))
    for number in range(len(order) // size):
        rows = order[number * size : (number + 1) * size]
        codes = varied(material.codes[rows], draw, recipe.shift, material.both[j])
        network.train_on_batch(FRACTIONS[codes], targets[rows])
        stop = progress.stop()
        if stop == "cancel":
            raise Cancelled
        if stop == "keep" or time.monotonic() > limits.deadline:
            return True
    return False


def varied(codes: Codes, draw: np.random.Generator, shift: int, both: bool) -> Codes:
    """(b, length) moved a little, and with ``both`` half of them on the other strand."""
    found = codes.copy()
    if both:
        some = draw.random(len(codes)) < 0.5
        found[some] = other_strand(found[some])
    by = int(draw.integers(-shift, shift + 1))
    found = np.roll(found, by, axis=1)
    if by:
        found[:, slice(0, by) if by > 0 else slice(by, None)] = 0
    return found


def said_by(
    network: keras.Model, codes: Codes, both: bool, turn: Callable[[Codes], Codes] = turned
) -> NDArray[np.float64]:
    """(n, length) -> (n, outputs), with ``both`` the mean over the strands."""
    said = logits(network, codes)
    return (said + logits(network, turn(codes))) / 2 if both else said


def _scored(network: keras.Model, material: Material, j: int, of: tuple[_State, int]) -> None:
    """Score what was just learnt, and keep it where it is the best."""
    state, epoch = of
    entry = material.entries[j]
    some = entry.training[:: max(1, len(entry.training) // LOOKED_AT)]
    state.scores = [_scores(network, material, rows, j) for rows in (some, entry.validation)]
    loss = float(state.scores[1]["loss"][0])
    if loss < state.lowest - NEVER_BETTER:
        state.lowest, state.epoch, state.best = loss, epoch, state.weights


def _scores(network: keras.Model, material: Material, rows: Rows, j: int) -> Scores:
    kind, outcome = learning(material.outcome), material.outcome
    cells = kind.log_cells(outcome, said_by(network, material.codes[rows], material.both[j]))
    seen = material.target.select(rows)
    each = Target(seen.observed[:, None], seen.time, seen.actual, seen.entry)
    return kind.progress(outcome, cells[:, None], each, np.ones((len(rows), 1), dtype=bool))


def _tell(
    states: list[_State], material: Material, at: tuple[int, Recipe], progress: Progress
) -> None:
    """The live curves, a number a fold: the mean over its networks."""
    epoch, recipe = at
    folds = np.array([entry.fold for entry in material.entries])
    each = [
        {
            name: np.array([
                np.mean([s.scores[part][name][0] for s, f in zip(states, folds, strict=True)
                         if f == fold])
                for fold in np.unique(folds)
            ])
            for name in states[0].scores[part]
        }
        for part in (0, 1)
    ]  # fmt: skip
    still = np.array([epoch - state.epoch <= recipe.patience for state in states])
    stopped = np.array([not still[folds == fold].any() for fold in np.unique(folds)])
    progress.epoch(curves(epoch, each[0], each[1], stopped))


class Unseen(Relayed):
    """Progress of a baseline: it is stopped, and shows how far it is, but draws no curves."""

    def stage(self, text: str, fraction: float) -> None:
        self.progress.stage("A plain convolutional network on the same folds", fraction)

    def epoch(self, values: dict[str, Any]) -> None: ...

    def note(self, sentence: str) -> None: ...

    def checkpoint(self, part: str, of: str) -> Checkpoint:
        return self.progress.checkpoint(f"baseline, {part}", of)
