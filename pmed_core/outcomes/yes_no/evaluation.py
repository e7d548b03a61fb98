"""How yes/no predictions are evaluated; see ``contracts.Evaluating``."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from pmed_core.evaluation import Curve, Curves, Measure, Threshold
from pmed_core.evaluations import curves as drawn
from pmed_core.evaluations import measures, words
from pmed_core.evaluations.measures import YesNoCase
from pmed_core.evaluations.proportions import shares_at_threshold, shares_of_patients
from pmed_core.evaluations.resampling import Draws, interval
from pmed_core.outcomes.events import ADVISED
from pmed_core.outcomes.target import Target
from pmed_core.outcomes.yes_no import YesNo
from pmed_core.predictions import Predictions

Doubles = NDArray[np.float64]
NAMES = ("auroc", "average_precision", "brier", "log_loss", "calibration_slope",
         "calibration_intercept", "sensitivity", "specificity", "ppv", "npv", "accuracy",
         "balanced_accuracy")  # fmt: skip


def names(outcome: YesNo) -> tuple[str, ...]:
    return NAMES


def ranking(outcome: YesNo) -> dict[str, tuple[int, ...]]:
    return {"auroc": (0,), "average_precision": (0,)}


def events(outcome: YesNo, target: Target) -> tuple[int, ...]:
    return (int((target.observed == 1).sum()),)


def _case(predictions: Predictions, threshold: float = 0.5) -> YesNoCase:
    event = (predictions.observed == 1).astype(np.float64)
    return YesNoCase(predictions.value[:, 0], event, threshold)


def measured(
    outcome: YesNo, predictions: Predictions, threshold: float, draws: Draws
) -> dict[str, Doubles]:
    return measures.measured(_case(predictions, threshold), draws)


def intervals(
    predictions: Predictions, threshold: float, draws: Draws, values: dict[str, Doubles]
) -> dict[str, Measure]:
    """Bootstrap intervals; Wilson's for proportions where every row is another patient, or where
    all resamples agree."""
    found = {name: interval(value) for name, value in values.items()}
    case = _case(predictions, threshold)
    if draws.repeated:
        alerted = case.risk >= case.threshold
        return shares_of_patients(found, case.event == 1, alerted, draws.patient)
    return found | shares_at_threshold(case.cells.sum(axis=0))


def thresholds(predictions: Predictions, threshold: float, draws: Draws) -> tuple[Threshold, ...]:
    return drawn.thresholds(_case(predictions, threshold), draws)


def curves(outcome: YesNo, predictions: Predictions) -> dict[str, Curves]:
    return {outcome.labels[0]: drawn.curves(_case(predictions))}


def course(predictions: Predictions) -> Curve:
    return Curve((), ())


def confusion(outcome: YesNo, predictions: Predictions) -> tuple[tuple[int, ...], ...]:
    return ()


def notes(
    outcome: YesNo, evaluated: words.Evaluated, measures: dict[str, Measure]
) -> tuple[str, ...]:
    with_event, without = evaluated.having(1), evaluated.without(1)
    if not with_event[1] or not without[1]:
        which = "No patient" if not with_event[1] else "Every patient"
        return (f"{which} has the event, so discrimination and calibration cannot be evaluated.",)
    found = []
    rarer, which = min((with_event, "with the event"), (without, "without the event"))
    if rarer[0] < ADVISED:
        found.append(words.few(rarer, which, evaluated.of))
    if measures["auroc"].value in (0.0, 1.0):
        found.append(
            "The risks separate the two outcomes perfectly here, so the AUROC has no interval and "
            "the calibration slope does not exist: check for a leak, and evaluate on more "
            f"{evaluated.of}s."
        )
    elif not np.isfinite(measures["calibration_slope"].value):
        found.append("The calibration slope cannot be found: the risks hardly differ.")
    elif not np.isfinite(measures["calibration_slope"].low):
        found.append(f"Too few {evaluated.of}s for an interval of the calibration slope.")
    return tuple(found)
