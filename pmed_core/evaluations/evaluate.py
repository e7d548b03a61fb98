"""Predictions and what happened -> Evaluation."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from pmed_core.evaluation import Baseline, Evaluation, Measure
from pmed_core.evaluations import training_share, words
from pmed_core.evaluations.resampling import Draws, draw, percentiles
from pmed_core.outcomes import Outcome, Target
from pmed_core.outcomes.kinds import evaluating
from pmed_core.predictions import Predictions

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class _Contender:
    """What a model or a baseline says of rows whose outcome is known.

    Attributes:
        values: name -> (1 + r,) its measures.
        ranked: how the models of its folds rank the same rows; see ``training_share``.
    """

    seen: Predictions
    values: dict[str, Floats]
    ranked: Floats


@dataclass(frozen=True)
class _Question:
    """What all contenders are asked, of the rows whose outcome is known; how to resample them."""

    outcome: Outcome
    threshold: float
    usable: NDArray[np.bool_]
    draws: Draws

    def answered(self, predictions: Predictions) -> _Contender:
        """By one contender."""
        seen = predictions.select(self.usable)
        values = evaluating(self.outcome).measured(self.outcome, seen, self.threshold, self.draws)
        return _Contender(seen, values, training_share.ranks(predictions.panel))

    def intervals(self, one: _Contender) -> dict[str, Measure]:
        kind = evaluating(self.outcome)
        wide = {
            name: training_share.widened(
                one.values[name], training_share.share(one.ranked, quantities)
            )
            for name, quantities in kind.ranking(self.outcome).items()
        }
        return kind.intervals(one.seen, self.threshold, self.draws, one.values | wide)

    def difference(self, one: _Contender, other: _Contender) -> Measure:
        """In discrimination, paired."""
        name = self.outcome.discrimination
        quantities = evaluating(self.outcome).ranking(self.outcome).get(name, ())
        of_training = 0.0
        if one.ranked.shape == other.ranked.shape:
            of_training = training_share.share(one.ranked - other.ranked, quantities)
        values = one.values[name] - other.values[name]
        return percentiles(training_share.widened_difference(values, of_training))


def evaluate(
    predictions: Predictions,
    outcome: Outcome,
    threshold: float,
    on: str,
    baselines: Mapping[str, tuple[Predictions, float]] | None = None,
) -> Evaluation:
    """Evaluate predictions on patients whose outcome is known; the same input, the same numbers.

    Args:
        threshold: where alerts begin, where there are any; chosen without these patients.
        on: whose predictions these are, in words.
        baselines: name -> predictions of the same rows in the same order, and seconds of training.
    """
    usable, left_out = _usable(predictions)
    if not usable.any():
        return _nothing(outcome, threshold, (on, _of(predictions, repeated=False)), left_out)
    kind, seen = evaluating(outcome), predictions.select(usable)
    patients = np.asarray(seen.patients)
    draws = draw(seen.patients, seen.observed, folds=seen.folds)
    evaluated = words.Evaluated(
        seen.observed, patients, _of(predictions, draws.repeated), seen.actual, seen.time
    )
    question = _Question(outcome, threshold, usable, draws)
    model = question.answered(predictions)
    found = question.intervals(model)
    beaten = _baselines(question, model, baselines or {})
    return Evaluation(
        on=on, outcome=outcome, n=len(seen), events=kind.events(outcome, seen.target),
        measures=found, threshold=threshold,
        thresholds=kind.thresholds(seen, threshold, draws),
        curves=kind.curves(outcome, seen), confusion=kind.confusion(outcome, seen),
        baselines=beaten, verdict=words.verdict(outcome, found, beaten),
        notes=left_out + kind.notes(outcome, evaluated, found)
        + words.drawn(int(seen.outside.sum()), evaluated, draws.repeated)
        + words.ranked(bool(kind.ranking(outcome)), len(draws.parts()), evaluated.of),
        of=evaluated.of, patients=len(np.unique(patients)), course=kind.course(seen),
    )  # fmt: skip


def _of(predictions: Predictions, repeated: bool) -> str:
    """What one row is: a scan, a molecule, a row of a patient who has several, or a patient."""
    if predictions.rows:
        return "scan"
    if predictions.of:
        return predictions.of
    return "row" if repeated else "patient"


def _usable(predictions: Predictions) -> tuple[NDArray[np.bool_], tuple[str, ...]]:
    """Which rows can be evaluated, and what is said of the others."""
    known = predictions.observed >= 0
    usable = known & np.isfinite(predictions.value).all(axis=1)
    lost = int((~known).sum()), int((known & ~usable).sum())
    return usable, words.dropped(*lost, _of(predictions, repeated=True))


def _nothing(
    outcome: Outcome, threshold: float, told: tuple[str, str], left_out: tuple[str, ...]
) -> Evaluation:
    """``told``: on what it was evaluated, and what each of them is."""
    on, of = told
    unknown, kind = Measure(float("nan"), float("nan"), float("nan")), evaluating(outcome)
    return Evaluation(
        on=on, outcome=outcome, n=0, events=kind.events(outcome, Target(np.zeros(0, np.int64))),
        measures={name: unknown for name in kind.names(outcome)}, threshold=threshold,
        thresholds=(), curves={}, notes=(*left_out, words.nobody(of)),
    )  # fmt: skip


def _baselines(
    question: _Question,
    model: _Contender,
    baselines: Mapping[str, tuple[Predictions, float]],
) -> tuple[Baseline, ...]:
    """Best discrimination first; an undefined one last."""
    ranks, error = question.outcome.discrimination, question.outcome.error
    found = []
    for name, (other, seconds) in baselines.items():
        contender = question.answered(other)
        baseline = Baseline(
            name=name,
            measures=question.intervals(contender),
            difference=question.difference(model, contender),
            brier_difference=percentiles(model.values[error] - contender.values[error]),
            seconds=seconds,
        )
        found.append(baseline)
    return tuple(
        sorted(found, key=lambda baseline: -np.nan_to_num(baseline.measures[ranks].value, nan=-1.0))
    )
