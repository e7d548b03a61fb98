"""How classes are learnt: a logit each, cross-entropy. A cell is a class."""

from __future__ import annotations

from typing import Any

import numpy as np
from keras import ops
from numpy.typing import NDArray

from pmed_core.outcomes import categorical
from pmed_core.outcomes.categorical import (
    Doubles,
    log_probabilities,
    mean_over_members,
)
from pmed_core.outcomes.classes import Classes
from pmed_core.outcomes.fitted import Size
from pmed_core.outcomes.spread import of_members
from pmed_core.outcomes.target import Target

started, of_networks = categorical.started, categorical.of_networks
given, having_lived = categorical.given, categorical.having_lived
blended, unblended, final = categorical.blended, categorical.unblended, categorical.final
forest = categorical.forest
BOOSTED = False


def settled(outcome: Classes, target: Target) -> Classes:
    return outcome


def groups(outcome: Classes) -> int:
    return 1


def outputs(outcome: Classes) -> int:
    return len(outcome.labels)


def loss(outcome: Classes, target: Any, logits: Any) -> Any:
    chosen = ops.one_hot(ops.cast(target[..., 0], "int32"), logits.shape[-1])
    entropy = -ops.sum(chosen * ops.log_softmax(logits, axis=-1), axis=-1)
    return mean_over_members(entropy, target)


def packed(outcome: Classes, target: Target, weights: Doubles) -> NDArray[np.float32]:
    return categorical.packed(target, weights)


def compatible(outcome: Classes, target: Target) -> Doubles:
    return categorical.compatible(target, len(outcome.labels))


def shares(outcome: Classes, target: Target) -> Doubles:
    return compatible(outcome, target)


def centre(outcome: Classes, target: Target) -> Doubles:
    return categorical.centre(target, len(outcome.labels))


def weights(outcome: Classes, target: Target, balanced: bool) -> Doubles:
    return categorical.weights(target, len(outcome.labels), balanced)


def log_cells(outcome: Classes, logits: Doubles) -> Doubles:
    return log_probabilities(logits)


def traced_log_cells(outcome: Classes, logits: Any) -> Any:
    return ops.log_softmax(logits, axis=-1)


def scores(outcome: Classes, log_cells: Doubles) -> Doubles:
    return categorical.odds(log_cells)


def tree_models(outcome: Classes, seed: int, size: Size) -> dict[str, Any]:
    return categorical.tree_models(seed, size)


def sums(outcome: Classes) -> int:
    return outputs(outcome)


def summed_cells(outcome: Classes, said: Doubles) -> Doubles:
    return log_cells(outcome, said)


def baselines(outcome: Classes, seed: int, rows: int, threads: int | None) -> dict[str, Any]:
    return {**categorical.baselines(seed, rows, threads)}


def progress(
    outcome: Classes, log_cells: Doubles, target: Target, real: NDArray[np.bool_]
) -> dict[str, Doubles]:
    return categorical.progress(log_cells, target, real)


def ends(outcome: Classes, log_cells: Doubles, members: Doubles, stretch: float) -> Doubles:
    return of_members(outcome.quantities, scores(outcome, members))


def stretch(outcome: Classes, log_cells: Doubles, target: Target) -> float:
    return 1.0


def course(outcome: Classes, log_cells: Doubles) -> tuple[tuple[float, ...], Doubles]:
    return (), np.empty((len(log_cells), 0))


def signals(outcome: Classes, target: Target) -> Doubles:
    return compatible(outcome, target)


def strata(
    outcome: Classes, target: Target, patients: NDArray[np.str_], where: str
) -> NDArray[np.int64]:
    return categorical.strata(target, patients, where)
