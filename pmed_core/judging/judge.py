"""Predictions and what happened -> Judgement."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from pmed_core.judgement import Judgement, Measure, Rival
from pmed_core.judging import measures
from pmed_core.judging.curves import curves, thresholds
from pmed_core.judging.resampling import Weights, interval, resamples
from pmed_core.judging.words import notes, verdict
from pmed_core.outcome import Outcome, YesNo, predicted_labels
from pmed_core.predictions import Predictions

RESAMPLES = 1000
Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Sample:
    """Resamples of n patients with a known outcome."""

    weights: Weights
    label: NDArray[np.int64]
    outcome: Outcome
    threshold: float


def judge(
    predictions: Predictions,
    outcome: Outcome,
    threshold: float,
    on: str,
    rivals: Mapping[str, tuple[Predictions, float]] | None = None,
) -> Judgement:
    """Judge predictions on the patients whose outcome is known.

    Args:
        threshold: where thresholded measures are taken; chosen without these patients.
        on: whose predictions these are, in words.
        rivals: name -> predictions of the same patients in the same order, and seconds.
    """
    known = predictions.observed >= 0
    patients = tuple(np.array(predictions.patients)[known])
    label, risk = predictions.observed[known], predictions.probability[known]
    sample = Sample(resamples(patients, label, RESAMPLES, 0), label, outcome, threshold)
    values = _values(sample, risk)
    found = tuple(
        sorted(
            (_rival(name, sample, other.probability[known], values, seconds)
             for name, (other, seconds) in (rivals or {}).items()),
            key=lambda rival: -rival.measures["auroc"].value,
        )
    )  # fmt: skip
    intervals = {name: interval(value) for name, value in values.items()}
    return Judgement(
        on, outcome, len(label), _events(label, outcome), intervals, threshold,
        thresholds(label == 1, risk[:, 0]) if isinstance(outcome, YesNo) and len(label) else (),
        _curves(label, risk, outcome), _confusion(label, risk, outcome), found,
        verdict(intervals, found), notes(label, outcome, len(known) - len(label)),
    )  # fmt: skip


def _events(label: NDArray[np.int64], outcome: Outcome) -> tuple[int, ...]:
    counts = np.bincount(label, minlength=max(2, len(predicted_labels(outcome))))
    return (int(counts[1]),) if isinstance(outcome, YesNo) else tuple(int(c) for c in counts)


def _values(sample: Sample, risk: Floats) -> dict[str, Floats]:
    """name -> (1 + resamples,)"""
    if not len(sample.label):
        return {name: np.full(2, np.nan) for name in ("auroc", "brier", "log_loss")}
    if isinstance(sample.outcome, YesNo):
        return _yes_no_values(sample, risk[:, 0])
    return _classes_values(sample, risk)


def _yes_no_values(sample: Sample, risk: Floats) -> dict[str, Floats]:
    event = (sample.label == 1).astype(np.float64)
    found = {
        measure.__name__: measure(sample.weights, event, risk)
        for measure in (
            measures.auroc, measures.average_precision, measures.brier, measures.log_loss,
            measures.calibration_slope, measures.calibration_intercept,
        )
    }  # fmt: skip
    alert = (risk >= sample.threshold).astype(np.float64)
    return found | measures.at_threshold(sample.weights, event, alert)


def _classes_values(sample: Sample, risk: Floats) -> dict[str, Floats]:
    weights, label = sample.weights, sample.label
    total = weights.sum(axis=1)
    one_hot = (label[:, None] == np.arange(risk.shape[1])).astype(np.float64)
    chosen = np.clip(risk[np.arange(len(label)), label], measures.SMALLEST, 1)
    right = (risk.argmax(axis=1) == label).astype(np.float64)
    each = [measures.auroc(weights, one_hot[:, k], risk[:, k]) for k in range(risk.shape[1])]
    recalls = [weights @ (right * one_hot[:, k]) / np.maximum(weights @ one_hot[:, k], 1e-12)
               for k in range(risk.shape[1]) if one_hot[:, k].any()]  # fmt: skip
    names = predicted_labels(sample.outcome)
    return {
        "auroc": np.nanmean(each, axis=0) if np.isfinite(each).any() else each[0],
        "log_loss": weights @ -np.log(chosen) / total,
        "brier": weights @ ((risk - one_hot) ** 2).sum(axis=1) / total,
        "accuracy": weights @ right / total,
        "balanced_accuracy": np.mean(recalls, axis=0),
    } | {f"auroc_{name}": value for name, value in zip(names, each, strict=True)}


def _rival(
    name: str, sample: Sample, risk: Floats, model: dict[str, Floats], seconds: float
) -> Rival:
    values = _values(sample, risk)
    return Rival(
        name,
        {measure: interval(value) for measure, value in values.items()},
        interval(model["auroc"] - values["auroc"]),
        interval(model["brier"] - values["brier"]),
        seconds,
    )


def _curves(label: NDArray[np.int64], risk: Floats, outcome: Outcome) -> dict[str, object]:
    names = predicted_labels(outcome)
    if not len(label):
        return {}
    wanted = [1] if isinstance(outcome, YesNo) else list(range(len(names)))
    return {
        name: curves((label == value).astype(np.float64), risk[:, column])
        for column, (name, value) in enumerate(zip(names, wanted, strict=True))
    }


def _confusion(
    label: NDArray[np.int64], risk: Floats, outcome: Outcome
) -> tuple[tuple[int, ...], ...]:
    if isinstance(outcome, YesNo):
        return ()
    table = np.zeros((risk.shape[1],) * 2, dtype=np.int64)
    np.add.at(table, (label, risk.argmax(axis=1)), 1)
    return tuple(tuple(int(cell) for cell in row) for row in table)


__all__ = ["Measure", "judge"]
