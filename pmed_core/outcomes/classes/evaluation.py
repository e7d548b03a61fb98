"""The measures of a prediction of one of several classes, over all resamples at once.

AUROC: the plain mean over the classes that occur, each against the rest. Brier score: mean over
patients of Σ_k (p_k − [k happened])², between 0 and 2 (Brier 1950). Log loss: mean −log p of what
happened. Balanced accuracy: the plain mean over classes of the share predicted right.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from pmed_core.evaluation import Curve, Curves, Measure, Threshold
from pmed_core.evaluations import curves as drawn
from pmed_core.evaluations import words
from pmed_core.evaluations.measures import YesNoCase, auroc
from pmed_core.evaluations.proportions import ratio
from pmed_core.evaluations.resampling import Draws, interval
from pmed_core.outcomes.classes import Classes
from pmed_core.outcomes.events import ADVISED
from pmed_core.outcomes.target import Target
from pmed_core.predictions import Predictions

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]


def names(outcome: Classes) -> tuple[str, ...]:
    """The measures, in order of display."""
    overall = ("auroc", "log_loss", "brier", "accuracy", "balanced_accuracy")
    return overall + tuple(f"auroc_{label}" for label in outcome.labels)


def ranking(outcome: Classes) -> dict[str, tuple[int, ...]]:
    each = {f"auroc_{label}": (k,) for k, label in enumerate(outcome.labels)}
    return {"auroc": tuple(range(len(outcome.labels)))} | each


def events(outcome: Classes, target: Target) -> tuple[int, ...]:
    return tuple(int(n) for n in np.bincount(target.observed, minlength=len(outcome.labels)))


def measured(
    outcome: Classes, predictions: Predictions, threshold: float, draws: Draws
) -> dict[str, Floats]:
    probability, observed = predictions.value, predictions.observed
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


def intervals(
    predictions: Predictions, threshold: float, draws: Draws, values: dict[str, Floats]
) -> dict[str, Measure]:
    return {name: interval(value) for name, value in values.items()}


def thresholds(predictions: Predictions, threshold: float, draws: Draws) -> tuple[Threshold, ...]:
    return ()


def curves(outcome: Classes, predictions: Predictions) -> dict[str, Curves]:
    return {
        label: drawn.curves(
            YesNoCase(predictions.value[:, k], (predictions.observed == k).astype(np.float64))
        )
        for k, label in enumerate(outcome.labels)
    }


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


def course(predictions: Predictions) -> Curve:
    return Curve((), ())


def confusion(outcome: Classes, predictions: Predictions) -> tuple[tuple[int, ...], ...]:
    """Patients by observed class (rows) and likeliest class (columns)."""
    k = len(outcome.labels)
    cells = predictions.observed * k + predictions.value.argmax(axis=1)
    table = np.bincount(cells, minlength=k * k)
    return tuple(tuple(int(count) for count in row) for row in table.reshape(k, k))


def notes(
    outcome: Classes, evaluated: words.Evaluated, measures: dict[str, Measure]
) -> tuple[str, ...]:
    counts = [evaluated.having(k) for k in range(len(outcome.labels))]
    found = [
        f"No {evaluated.of} has the outcome '{name}', so it is not evaluated."
        for name, (_, rows) in zip(outcome.labels, counts, strict=True)
        if not rows
    ]
    there = [(count, name) for count, name in zip(counts, outcome.labels, strict=True) if count[1]]
    rarest, name = min(there, key=lambda pair: pair[0])
    if rarest[0] < ADVISED:
        found.append(words.few(rarest, f"with the outcome '{name}'", evaluated.of))
    return (*found, *_unbounded(measures["auroc"], evaluated.of))


def _unbounded(found: Measure, of: str) -> tuple[str, ...]:
    """Why several classes have an AUROC without an interval."""
    if found.bounded or not np.isfinite(found.value):
        return ()
    if found.value == 1:
        return (
            "The probabilities separate the classes perfectly here, so the AUROC has no interval: "
            f"check for a leak, and evaluate on more {of}s.",
        )
    return (f"There are too few {of}s for an interval of the AUROC.",)
