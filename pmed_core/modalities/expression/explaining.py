"""Which genes speak for a patient's prediction and which against.

The way from profiles that are nobody's to the patient's is walked straight (expected gradients:
Erion et al., Nature Machine Intelligence 2021). Ridge regressions are linear, so that of yes/no
their shares are exact Shapley values; the network reads sums of genes, so that what a component
adds is shared out by what each gene adds to it.
"""

from __future__ import annotations

from dataclasses import replace
from functools import lru_cache
from typing import Any

import numpy as np
from keras import ops
from numpy.typing import NDArray

from pmed_core.cohort import Cohort
from pmed_core.errors import UserError
from pmed_core.explanation import Explanation
from pmed_core.explanations.gradients import Function, expected_gradients
from pmed_core.modalities.expression.ensemble import ExpressionEnsemble
from pmed_core.modalities.expression.scale import transformed
from pmed_core.modalities.tabular.reasons import evenly
from pmed_core.outcomes.kinds import learning
from pmed_core.variable import readable

Doubles = NDArray[np.float64]
STARTS, LINEAR = 8, 2
"""Typical profiles; ridge regressions of a member."""
SHOWN = 60
"""Genes of one patient that a page shows."""
NEVER = -1e9


def explain(ensemble: ExpressionEnsemble, cohort: Cohort, label: str) -> Explanation:
    """Explain the first row of a cohort, all genes that any fold reads; raises ``UserError`` where
    it has no profile."""
    raw = ensemble.raw(cohort.select(np.array([0])))
    if np.isnan(raw).all():
        raise UserError("This row has no profile of genes", cohort.name, "Add it to the matrix.")
    values, k = transformed(raw, ensemble.scale), ensemble.outcome.labels.index(label)
    typical = _typical(ensemble, k)
    shares, errors, base = _shares(ensemble, values, typical, k)
    read = np.unique(np.concatenate([ensemble.folds[f].encoder.genes for f in ensemble.which]))
    told = tuple(readable(float(one)) if np.isfinite(one) else "not measured" for one in
                 raw[0, read])  # fmt: skip
    score = ensemble.scores(values)[:, k]
    # What points along the way leave over is shared out as the shares are.
    missing = float(score[0] - base - shares.sum())
    shares = shares + missing * np.abs(shares) / max(float(np.abs(shares).sum()), 1e-30)
    return Explanation(
        tuple(cohort.patients()[:1]), label, tuple(ensemble.genes[g] for g in read), (told,),
        raw[:, read], shares[None, read], errors[None, read], np.array([base]), score,
        "expected gradients", quantity=ensemble.outcome.quantities[k],
    )  # fmt: skip


def _typical(ensemble: ExpressionEnsemble, k: int) -> Doubles:
    """Synthetic profiles whose scores lie evenly."""
    order = np.argsort(ensemble.scores(ensemble.background)[:, k], kind="stable")
    return ensemble.background[order[evenly(min(STARTS, len(order)), len(order))]]


def _shares(
    ensemble: ExpressionEnsemble, values: Doubles, typical: Doubles, k: int
) -> tuple[Doubles, Doubles, float]:
    """(p,) shares and their errors, and the mean score of typical profiles."""
    function = _score(ensemble, k)
    row, starts = _flat(ensemble, values), _flat(ensemble, typical)
    genes = {f: ensemble.folds[f].encoder.standardised(values)[0] for f in ensemble.which}
    begun = {f: ensemble.folds[f].encoder.standardised(typical) for f in ensemble.which}
    shares, errors = np.zeros(len(ensemble.genes)), np.zeros(len(ensemble.genes))
    for b, start in enumerate(starts):
        found = expected_gradients(function, row[0], start[None])
        moved = row[0].astype(np.float64) - start
        still = np.abs(moved) < 1e-12
        slopes = np.where(still, 0.0, found.values / np.where(still, 1.0, moved))
        doubt = np.where(still, 0.0, found.error / np.where(still, 1.0, moved))
        for fold in ensemble.which:
            change = genes[fold] - begun[fold][b]
            at = ensemble.folds[fold].encoder.genes
            shares[at] += change * (_weights(ensemble, fold) @ slopes[_own(ensemble, fold)])
            errors[at] += np.abs(change * (_weights(ensemble, fold) @ doubt[_own(ensemble, fold)]))
    base = float(ensemble.scores(typical)[:, k].mean())
    return shares / len(starts), errors / len(starts), base


def _flat(ensemble: ExpressionEnsemble, values: Doubles) -> NDArray[np.float32]:
    """(n, p) -> (n, 2 * m * outputs + members * components): what the score is a function of."""
    ridge, columns = ensemble.read(values)
    logits = np.moveaxis(ridge, 2, 0).reshape(len(values), -1)
    return np.concatenate([logits, columns.reshape(len(values), -1)], axis=1).astype(np.float32)


def _own(ensemble: ExpressionEnsemble, fold: int) -> NDArray[np.int64]:
    """Positions in ``_flat`` of what the members of a fold read."""
    outputs = ensemble.members[0].ridge.weights.shape[1]
    width = ensemble.architecture.numbers if ensemble.architecture else 0
    speaking, mine = np.array(ensemble.speaking), [one.fold for one in ensemble.members]
    of_fold = np.flatnonzero(np.array(mine) == fold)
    linear = np.arange(LINEAR * len(speaking) * outputs).reshape(LINEAR, len(speaking), outputs)
    network = linear.size + np.arange(len(mine) * width).reshape(len(mine), width)
    return np.concatenate([linear[:, np.isin(speaking, of_fold)].ravel(), network[of_fold].ravel()])


def _weights(ensemble: ExpressionEnsemble, fold: int) -> Doubles:
    """(q, ...) how much a standardised gene adds to each of these."""
    width = ensemble.architecture.numbers if ensemble.architecture else 0
    mine = [one for one in ensemble.members if one.fold == fold]
    axes = ensemble.folds[fold].encoder.axes[:, :width]
    padded = np.pad(axes, ((0, 0), (0, width - axes.shape[1])))
    linear = [one.linear[source].weights for source in range(LINEAR) for one in mine]
    return np.concatenate(linear + [padded] * len(mine), axis=1)


@lru_cache(maxsize=8)
def _score(ensemble: ExpressionEnsemble, k: int) -> Function:
    """(s, ...) of ``_flat`` -> (s,) the score of a quantity, in ``keras.ops``."""
    kind, outcome, speaking = learning(ensemble.outcome), ensemble.outcome, ensemble.speaking
    outputs = ensemble.members[0].ridge.weights.shape[1]
    calibrations = [ensemble.folds[ensemble.members[j].fold].calibration for j in speaking]
    weights = np.array([one.weights for one in calibrations], dtype=np.float32)
    added = np.array([one.intercepts for one in calibrations], dtype=np.float32)
    cell = k + added.shape[1] - len(outcome.labels)
    others = np.where(np.arange(added.shape[1]) == cell, NEVER, 0.0).astype(np.float32)
    width = ensemble.architecture.numbers if ensemble.architecture else 0

    def score(flat: Any) -> Any:
        first = LINEAR * len(speaking) * outputs
        ridge = ops.reshape(flat[:, :first], (-1, LINEAR, len(speaking), outputs))
        logs = kind.traced_log_cells(outcome, ridge)
        mixed = logs[:, 0] * weights[:, :1] + logs[:, 1] * weights[:, 1:2] + added
        if ensemble.network is not None:
            columns = ops.reshape(flat[:, first:], (-1, len(ensemble.members), width))
            logits = ops.take(ensemble.network(columns, training=False)[:, :, 0], speaking, axis=1)
            mixed = mixed + kind.traced_log_cells(outcome, logits) * weights[:, 2:3]
        pooled = ops.mean(ops.log_softmax(mixed, axis=-1), axis=1)
        return pooled[:, cell] - ops.logsumexp(pooled + others, axis=-1)

    return score


def foremost(found: Explanation) -> Explanation:
    """The same with the genes that hardly count as one player: a page shows no thousands."""
    order = np.argsort(-np.abs(found.shap[0]), kind="stable")
    first, rest = order[:SHOWN], order[SHOWN:]
    if len(rest) < 2:
        return found
    last = f"{len(rest):,} other genes"

    def folded(numbers: Doubles, ending: float) -> Doubles:
        return np.append(numbers[0, first], ending)[None]

    return replace(
        found, variables=(*(found.variables[j] for j in first), last),
        values=((*(found.values[0][j] for j in first), "as measured"),),
        numbers=folded(found.numbers, np.nan), shap=folded(found.shap, found.shap[0, rest].sum()),
        standard_error=folded(found.standard_error, found.standard_error[0, rest].sum()),
    )  # fmt: skip
