"""Predictions and what happened -> Judgement."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import assert_never

import numpy as np
from numpy.typing import NDArray

from pmed_core.judgement import Curves, Judgement, Measure, Rival, Threshold
from pmed_core.judging import classes, words
from pmed_core.judging.curves import curves, thresholds
from pmed_core.judging.measures import YesNoCase, measured
from pmed_core.judging.proportions import shares_at_threshold, shares_of_patients
from pmed_core.judging.resampling import Draws, draw, interval, percentiles
from pmed_core.outcome import Classes, Outcome, YesNo, predicted_labels
from pmed_core.predictions import Predictions

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]
YES_NO = ("auroc", "average_precision", "brier", "log_loss", "calibration_slope",
          "calibration_intercept", "sensitivity", "specificity", "ppv", "npv", "accuracy",
          "balanced_accuracy")  # fmt: skip


@dataclass(frozen=True)
class _Question:
    """What all contenders are asked: n known outcomes, and how to resample them."""

    outcome: Outcome
    threshold: float
    observed: Integers
    draws: Draws

    def answer(self, probability: Floats) -> dict[str, Floats]:
        """name -> (1 + r,) for probabilities (n, k)."""
        match self.outcome:
            case YesNo():
                return measured(self.case(probability), self.draws)
            case Classes():
                return classes.measured(probability, self.observed, self.outcome, self.draws)
            case _:
                assert_never(self.outcome)

    def case(self, probability: Floats) -> YesNoCase:
        event = (self.observed == 1).astype(np.float64)
        return YesNoCase(probability[:, 0], event, self.threshold)

    def intervals(self, probability: Floats, values: dict[str, Floats]) -> dict[str, Measure]:
        """Bootstrap intervals; Wilson's for proportions where every row is another patient, or
        where all resamples agree."""
        found = {name: interval(value) for name, value in values.items()}
        if not isinstance(self.outcome, YesNo):
            return found
        case, patient = self.case(probability), self.draws.patient
        if self.draws.repeated:
            return shares_of_patients(found, case.event == 1, case.risk >= case.threshold, patient)
        return found | shares_at_threshold(case.cells.sum(axis=0))


def judge(
    predictions: Predictions,
    outcome: Outcome,
    threshold: float,
    on: str,
    rivals: Mapping[str, tuple[Predictions, float]] | None = None,
) -> Judgement:
    """Judge predictions on the patients whose outcome is known; the same input, the same numbers.

    Args:
        threshold: where alerts begin (yes/no); chosen without these patients.
        on: whose predictions these are, in words.
        rivals: name -> predictions of the same rows in the same order, and seconds of training.
    """
    usable, left_out = _usable(predictions)
    observed, probability = predictions.observed[usable], predictions.probability[usable]
    if not len(observed):
        return _nothing(outcome, threshold, on, left_out)
    patients = np.asarray(predictions.patients)[usable]
    draws = draw(patients.tolist(), observed)
    judged = words.Judged(observed, patients, _of(predictions, draws.repeated))
    question = _Question(outcome, threshold, observed, draws)
    values = question.answer(probability)
    found = question.intervals(probability, values)
    beaten = _rivals(question, values, usable, rivals or {})
    return Judgement(
        on=on, outcome=outcome, n=len(observed), events=_events(observed, outcome),
        measures=found, threshold=threshold,
        thresholds=_thresholds(question, probability),
        curves=_curves(question, probability),
        confusion=() if isinstance(outcome, YesNo) else classes.confusion(observed, probability),
        rivals=beaten, verdict=words.verdict(found, beaten),
        notes=left_out + words.notes(judged, outcome, found)
        + words.drawn(int(predictions.outside[usable].sum()), judged, draws.repeated),
        of=judged.of, patients=len(np.unique(patients)),
    )  # fmt: skip


def _of(predictions: Predictions, repeated: bool) -> str:
    """What one row is: a scan, a row of a patient who has several, or a patient."""
    if predictions.rows:
        return "scan"
    return "row" if repeated else "patient"


def _usable(predictions: Predictions) -> tuple[NDArray[np.bool_], tuple[str, ...]]:
    """Which rows can be judged, and what is said of the others."""
    known = predictions.observed >= 0
    usable = known & np.isfinite(predictions.probability).all(axis=1)
    one = "scan" if predictions.rows else "row"
    return usable, words.dropped(int((~known).sum()), int((known & ~usable).sum()), one)


def _nothing(outcome: Outcome, threshold: float, on: str, left_out: tuple[str, ...]) -> Judgement:
    unknown = Measure(float("nan"), float("nan"), float("nan"))
    names = YES_NO if isinstance(outcome, YesNo) else classes.names(outcome)
    return Judgement(
        on=on, outcome=outcome, n=0, events=_events(np.zeros(0, np.int64), outcome),
        measures={name: unknown for name in names}, threshold=threshold, thresholds=(), curves={},
        notes=(*left_out, words.NOBODY),
    )  # fmt: skip


def _events(observed: Integers, outcome: Outcome) -> tuple[int, ...]:
    if isinstance(outcome, YesNo):
        return (int((observed == 1).sum()),)
    return tuple(int(n) for n in np.bincount(observed, minlength=len(outcome.labels)))


def _rivals(
    question: _Question,
    model: dict[str, Floats],
    usable: NDArray[np.bool_],
    rivals: Mapping[str, tuple[Predictions, float]],
) -> tuple[Rival, ...]:
    """Best AUROC first; an undefined one last."""
    found = []
    for name, (other, seconds) in rivals.items():
        values = question.answer(other.probability[usable])
        rival = Rival(
            name=name,
            measures=question.intervals(other.probability[usable], values),
            difference=percentiles(model["auroc"] - values["auroc"]),
            brier_difference=percentiles(model["brier"] - values["brier"]),
            seconds=seconds,
        )
        found.append(rival)
    return tuple(
        sorted(found, key=lambda rival: -np.nan_to_num(rival.measures["auroc"].value, nan=-1.0))
    )


def _thresholds(question: _Question, probability: Floats) -> tuple[Threshold, ...]:
    if not isinstance(question.outcome, YesNo):
        return ()
    return thresholds(question.case(probability), question.draws)


def _curves(question: _Question, probability: Floats) -> dict[str, Curves]:
    labels = predicted_labels(question.outcome)
    if isinstance(question.outcome, YesNo):
        return {labels[0]: curves(question.case(probability))}
    return {
        label: curves(YesNoCase(probability[:, k], (question.observed == k).astype(np.float64)))
        for k, label in enumerate(labels)
    }
