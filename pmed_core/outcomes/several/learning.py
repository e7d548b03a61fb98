"""How several events are learnt: a logit each, binary cross-entropy where the label is known.

Two cells for each event: no event, event. A label that is not known agrees with both.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from keras import ops
from numpy.typing import NDArray
from sklearn.ensemble import ExtraTreesRegressor

from pmed_core.baselines import SVM
from pmed_core.errors import UserError
from pmed_core.outcomes import categorical
from pmed_core.outcomes.categorical import Doubles
from pmed_core.outcomes.fitted import Grown, Size
from pmed_core.outcomes.several import Several
from pmed_core.outcomes.spread import of_members
from pmed_core.outcomes.target import Target
from pmed_core.training.calibration import normalised

LEAF = 3
"""Patients in a leaf of a tree."""
TREES_AT_LEAST = 5
"""Of an event in a forest that is kept."""
AT_LEAST = 4
"""Patients with an event, and without: fewer cannot be learnt and evaluated."""


started, of_networks = categorical.started, categorical.of_networks
given, having_lived = categorical.given, categorical.having_lived
blended, final = categorical.blended, categorical.final
BOOSTED = False


def settled(outcome: Several, target: Target) -> Several:
    return outcome


def groups(outcome: Several) -> int:
    return len(outcome.each)


def outputs(outcome: Several) -> int:
    return len(outcome.each)


def loss(outcome: Several, target: Any, logits: Any) -> Any:
    """The sum over the events that are known: each is learnt at the pace at which it is learnt
    alone, and a mean would count a patient of whom one is known as much as one of whom all are."""
    k = len(outcome.each)
    label, weight = target[..., :k], target[..., k:]
    entropy = ops.maximum(logits, 0) - logits * label + ops.log1p(ops.exp(-ops.abs(logits)))
    return ops.sum(ops.mean(ops.sum(entropy * weight, axis=-1), axis=-1), axis=-1)


def packed(outcome: Several, target: Target, weights: Doubles) -> NDArray[np.float32]:
    """(r, 2 k) labels, then weights: 0 where a label is not known."""
    known = np.isfinite(target.actual)
    label = np.where(known, target.actual, 0)
    of_cells = weights.reshape(-1, 2)
    weight = np.where(label == 1, of_cells[:, 1], of_cells[:, 0]) * known
    return np.concatenate([label, weight], axis=-1).astype(np.float32)


def compatible(outcome: Several, target: Target) -> Doubles:
    known = np.isfinite(target.actual)
    label = np.where(known, target.actual, 0)
    pairs = np.stack([np.where(known, 1 - label, 1), np.where(known, label, 1)], axis=-1)
    return np.asarray(pairs.reshape(*pairs.shape[:-2], -1))


def shares(outcome: Several, target: Target) -> Doubles:
    """A label that is not known is what it is among those of whom it is."""
    label = np.where(np.isfinite(target.actual), target.actual, _rates(target))
    return np.asarray(np.stack([1 - label, label], axis=-1).reshape(len(label), -1))


def _rates(target: Target) -> Doubles:
    """(k,) share with each event of those of whom it is known; a half where it is of nobody."""
    known = np.isfinite(target.actual)
    having = np.nansum(target.actual, axis=0)
    return np.asarray(np.where(known.any(axis=0), having / np.maximum(known.sum(axis=0), 1), 0.5))


def centre(outcome: Several, target: Target) -> Doubles:
    rates = np.clip(_rates(target), 1e-3, 1 - 1e-3)
    return np.asarray(np.log(np.stack([1 - rates, rates], axis=-1)).reshape(-1))


def unblended(outcome: Several, mixed: Doubles) -> Doubles:
    """Sums of log probabilities are so themselves, but for a constant of each event."""
    return normalised(mixed, groups(outcome))


def weights(outcome: Several, target: Target, balanced: bool) -> Doubles:
    if not balanced:
        return np.ones(2 * len(outcome.each))
    rates = np.clip(_rates(target), 1e-3, 1 - 1e-3)
    return np.asarray(np.stack([0.5 / (1 - rates), 0.5 / rates], axis=-1).reshape(-1))


def log_cells(outcome: Several, logits: Doubles) -> Doubles:
    pairs = np.stack([-np.logaddexp(0, logits), -np.logaddexp(0, -logits)], axis=-1)
    return np.asarray(pairs.reshape(*logits.shape[:-1], -1))


def traced_log_cells(outcome: Several, logits: Any) -> Any:
    pairs = ops.stack([-ops.softplus(logits), -ops.softplus(-logits)], axis=-1)
    return ops.reshape(pairs, (*ops.shape(logits)[:-1], 2 * len(outcome.each)))


def scores(outcome: Several, log_cells: Doubles) -> Doubles:
    pairs = log_cells.reshape(*log_cells.shape[:-1], -1, 2)
    return np.asarray(pairs[..., 1] - pairs[..., 0])


def ends(outcome: Several, log_cells: Doubles, members: Doubles, stretch: float) -> Doubles:
    return of_members(outcome.quantities, scores(outcome, members))


def stretch(outcome: Several, log_cells: Doubles, target: Target) -> float:
    return 1.0


def course(outcome: Several, log_cells: Doubles) -> tuple[tuple[float, ...], Doubles]:
    return (), np.empty((len(log_cells), 0))


def signals(outcome: Several, target: Target) -> Doubles:
    return shares(outcome, target)[:, 1::2]


def strata(
    outcome: Several, target: Target, patients: NDArray[np.str_], where: str
) -> NDArray[np.int64]:
    """Whether a patient has the rarest event; raises ``UserError`` where one is too rare."""
    counts = []
    for k, one in enumerate(outcome.each):
        sizes = [len(np.unique(patients[target.actual[:, k] == code])) for code in (0, 1)]
        if min(sizes) < AT_LEAST:
            raise UserError(
                f"Only {min(sizes)} patients with a known '{one.column}' "
                f"{'have' if sizes[1] <= sizes[0] else 'do not have'} the event", where,
                f"Training and evaluating need at least {AT_LEAST} with and without: leave "
                f"'{one.column}' out, or add more patients.",
            )  # fmt: skip
        counts.append(min(sizes))
    rarest = int(np.argmin(counts))
    common = int(np.nanmean(target.actual[:, rarest]) > 0.5)
    return np.asarray(target.actual[:, rarest] == 1 - common, dtype=np.int64)


def forest(  # noqa: PLR0913 - as the contract has it
    outcome: Several,
    columns: NDArray[np.float32],
    shares: Doubles,
    trees: int,
    *,
    seed: int,
    rows: int,
) -> list[tuple[Any, Doubles]]:
    """Extremely randomised trees of all events at once."""
    found = ExtraTreesRegressor(
        trees, max_features=0.7, bootstrap=True, max_samples=min(len(shares), rows),
        min_samples_leaf=LEAF, random_state=seed,
    ).fit(columns, shares[:, 1::2])  # fmt: skip
    return [(each.tree_, _cells(each.tree_.value[:, :, 0])) for each in found.estimators_]


def _cells(events: Doubles) -> Doubles:
    """(n, k) probabilities of the events -> (n, 2 k)."""
    return np.asarray(np.stack([1 - events, events], axis=-1).reshape(len(events), -1))


@dataclass
class Each:
    """A classifier for each event, taught by those of whom it is known."""

    models: list[Any]

    def fit(self, columns: NDArray[np.float32], target: Target) -> Each:
        """Learn from (n, p) columns and their targets."""
        for k in range(len(self.models)):
            known = np.isfinite(target.actual[:, k])
            self.models[k].taught(columns[known], target.actual[known, k].astype(np.int64))
        return self

    def cells(self, columns: NDArray[np.float32]) -> Doubles:
        """(n, 2 k) probabilities."""
        return _cells(np.stack([_event(one.model, columns) for one in self.models], axis=1))


@dataclass
class EachOfTrees(Each):
    """The same of trees, which can be taken apart."""

    def grown(self, cells: int, outputs: int) -> Grown:
        """The trees of all events: each says something of its own event alone."""
        every = [one.grown(2, 1) for one in self.models]
        trees = [
            replace(tree, value=_of_one(tree.value, k, len(every), one.base is None))
            for k, one in enumerate(every)
            for tree in one.trees
        ]
        bases = [one.base for one in every if one.base is not None]
        return Grown(trees, np.concatenate(bases) if bases else None)


def _of_one(value: Doubles, event: int, events: int, mean: bool) -> Doubles:
    """(nodes, w) of an event -> (nodes, w * events); in a ``mean`` over the trees of all events it
    must count as much as if they were its own alone."""
    found = np.zeros((len(value), events, value.shape[1]))
    found[:, event] = value * (events if mean else 1)
    return found.reshape(len(value), -1)


def _event(model: Any, columns: NDArray[np.float32]) -> Doubles:
    found = np.asarray(model.predict_proba(columns), dtype=np.float64)
    return found[:, list(model.classes_).index(1)] if 1 in model.classes_ else 0 * found[:, 0]


def baselines(outcome: Several, seed: int, rows: int, threads: int | None) -> dict[str, Any]:
    found = [categorical.baselines(seed, rows, threads) for _ in outcome.each]
    names = [name for name in found[0] if name != SVM]
    return {name: Each([one[name] for one in found]) for name in names}


def tree_models(outcome: Several, seed: int, size: Size) -> dict[str, Any]:
    """Forests share the number of trees among the events, so that a model of many stays small."""
    size = replace(size, trees=max(TREES_AT_LEAST, size.trees // len(outcome.each)))
    found = [categorical.tree_models(seed, size) for _ in outcome.each]
    return {name: EachOfTrees([one[name] for one in found]) for name in found[0]}


def sums(outcome: Several) -> int:
    return outputs(outcome)


def summed_cells(outcome: Several, said: Doubles) -> Doubles:
    return log_cells(outcome, said)


def progress(
    outcome: Several, log_cells: Doubles, target: Target, real: NDArray[np.bool_]
) -> dict[str, Doubles]:
    said = np.maximum(log_cells, np.log(1e-7)).reshape(*log_cells.shape[:-1], -1, 2)
    known = np.isfinite(target.actual) & real[..., None]
    label = np.where(known, target.actual, 0)
    entropy = -(np.where(label == 1, said[..., 1], said[..., 0]) * known).sum(axis=(0, 2))
    return {"loss": entropy / np.maximum(known.sum(axis=(0, 2)), 1),
            "auroc": _auroc(said[..., 1], label == 1, known)}  # fmt: skip


def _auroc(said: Doubles, event: NDArray[np.bool_], known: NDArray[np.bool_]) -> Doubles:
    """(r, n, k) -> (n,) mean over the events that some have and some have not; NaN where there is
    none."""
    each = np.stack(
        [
            categorical.auroc(said[..., k], event[..., k], known[..., k])
            for k in range(said.shape[-1])
        ]
    )
    defined = np.isfinite(each).sum(axis=0)
    return np.where(defined > 0, np.nansum(each, axis=0) / np.maximum(defined, 1), np.nan)
