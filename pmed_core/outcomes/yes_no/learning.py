"""How yes/no is learnt: one logit, binary cross-entropy. Two cells: no event, event."""

from __future__ import annotations

from typing import Any

import numpy as np
from keras import ops
from numpy.typing import NDArray

from pmed_core.outcomes import categorical
from pmed_core.outcomes.categorical import Doubles, mean_over_members
from pmed_core.outcomes.fitted import Size
from pmed_core.outcomes.spread import of_members
from pmed_core.outcomes.target import Target
from pmed_core.outcomes.yes_no import YesNo

started, of_networks = categorical.started, categorical.of_networks
given, having_lived = categorical.given, categorical.having_lived
blended, unblended, final = categorical.blended, categorical.unblended, categorical.final
forest = categorical.forest
BOOSTED = True


def settled(outcome: YesNo, target: Target) -> YesNo:
    return outcome


def groups(outcome: YesNo) -> int:
    return 1


def outputs(outcome: YesNo) -> int:
    return 1


def loss(outcome: YesNo, target: Any, logits: Any) -> Any:
    label, logit = target[..., 0], logits[..., 0]
    entropy = ops.maximum(logit, 0) - logit * label + ops.log1p(ops.exp(-ops.abs(logit)))
    return mean_over_members(entropy, target)


def packed(outcome: YesNo, target: Target, weights: Doubles) -> NDArray[np.float32]:
    return categorical.packed(target, weights)


def compatible(outcome: YesNo, target: Target) -> Doubles:
    return categorical.compatible(target, 2)


def shares(outcome: YesNo, target: Target) -> Doubles:
    return compatible(outcome, target)


def centre(outcome: YesNo, target: Target) -> Doubles:
    return categorical.centre(target, 2)


def weights(outcome: YesNo, target: Target, balanced: bool) -> Doubles:
    return categorical.weights(target, 2, balanced)


def log_cells(outcome: YesNo, logits: Doubles) -> Doubles:
    return categorical.log_probabilities(np.concatenate([np.zeros_like(logits), logits], axis=-1))


def traced_log_cells(outcome: YesNo, logits: Any) -> Any:
    return ops.log_softmax(ops.concatenate([ops.zeros_like(logits), logits], axis=-1), axis=-1)


def scores(outcome: YesNo, log_cells: Doubles) -> Doubles:
    return categorical.odds(log_cells)[..., 1:]


def tree_models(outcome: YesNo, seed: int, size: Size) -> dict[str, Any]:
    return categorical.tree_models(seed, size)


def sums(outcome: YesNo) -> int:
    return outputs(outcome)


def summed_cells(outcome: YesNo, said: Doubles) -> Doubles:
    return log_cells(outcome, said)


def baselines(outcome: YesNo, seed: int, rows: int, threads: int | None) -> dict[str, Any]:
    return {**categorical.baselines(seed, rows, threads)}


def progress(
    outcome: YesNo, log_cells: Doubles, target: Target, real: NDArray[np.bool_]
) -> dict[str, Doubles]:
    return categorical.progress(log_cells, target, real)


def ends(outcome: YesNo, log_cells: Doubles, members: Doubles, stretch: float) -> Doubles:
    return of_members(outcome.quantities, scores(outcome, members))


def stretch(outcome: YesNo, log_cells: Doubles, target: Target) -> float:
    return 1.0


def course(outcome: YesNo, log_cells: Doubles) -> tuple[tuple[float, ...], Doubles]:
    return (), np.empty((len(log_cells), 0))


def signals(outcome: YesNo, target: Target) -> Doubles:
    return compatible(outcome, target)


def strata(
    outcome: YesNo, target: Target, patients: NDArray[np.str_], where: str
) -> NDArray[np.int64]:
    return categorical.strata(target, patients, where)
