"""The measures of a prediction of one of several classes, over all resamples at once.

AUROC: the plain mean over the classes that occur, each against the rest. Brier score: mean over
patients of Σ_k (p_k − [k happened])², between 0 and 2 (Brier 1950). Log loss: mean −log p of what
happened. Balanced accuracy: the plain mean over classes of the share predicted right.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from pmed_core.judging.measures import YesNoCase, auroc
from pmed_core.judging.proportions import ratio
from pmed_core.judging.resampling import Draws
from pmed_core.outcome import Classes

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]


def names(outcome: Classes) -> tuple[str, ...]:
    """The measures, in order of display."""
    overall = ("auroc", "log_loss", "brier", "accuracy", "balanced_accuracy")
    return overall + tuple(f"auroc_{label}" for label in outcome.labels)


def measured(
    probability: Floats, observed: Integers, outcome: Classes, draws: Draws
) -> dict[str, Floats]:
    """name -> (1 + r,): the estimate, then one value a resample; probability (n, k)."""
    happened = (observed[:, None] == np.arange(probability.shape[1])).astype(np.float64)
    each = np.stack([
        auroc(YesNoCase(probability[:, k], happened[:, k]), draws)
        for k in range(probability.shape[1])
    ])  # fmt: skip
    right = (probability.argmax(axis=1) == observed).astype(np.float64)
    sums = _sums(np.column_stack([_losses(probability, happened), right]), happened, draws)
    log_loss, brier, hits = sums["means"]
    values = [_mean(each), log_loss, brier, hits, _mean(sums["recalls"]), *each]
    return dict(zip(names(outcome), values, strict=True))


def _losses(probability: Floats, happened: Floats) -> Floats:
    """(n, 2) log loss and squared error."""
    smallest = np.finfo(np.float64).eps
    chosen = np.clip((probability * happened).sum(axis=1), smallest, 1 - smallest)
    return np.column_stack([-np.log(chosen), ((probability - happened) ** 2).sum(axis=1)])


def _sums(columns: Floats, happened: Floats, draws: Draws) -> dict[str, Floats]:
    """Means of the columns (3, 1 + r) and recalls (k, 1 + r); the last column says who is right."""
    right = columns[:, -1:] * happened
    wide = np.concatenate([columns, happened, right], axis=1)
    total = np.concatenate([drawn @ wide for drawn in draws.blocks(np.arange(len(wide)))]).T
    first, k = columns.shape[1], happened.shape[1]
    counts, hits = total[first : first + k], total[first + k :]
    return {"means": total[:first] / counts.sum(axis=0), "recalls": ratio(hits, counts)}


def _mean(values: Floats) -> Floats:
    """Over the classes that occur in the sample itself; NaN in a resample that lacks one."""
    there = np.isfinite(values[:, 0])
    return np.asarray(values[there].mean(axis=0) if there.any() else values[0])


def confusion(observed: Integers, probability: Floats) -> tuple[tuple[int, ...], ...]:
    """Patients by observed class (rows) and likeliest class (columns)."""
    k = probability.shape[1]
    table = np.bincount(observed * k + probability.argmax(axis=1), minlength=k * k)
    return tuple(tuple(int(count) for count in row) for row in table.reshape(k, k))
