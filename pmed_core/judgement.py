"""How good predictions are on patients the model did not see."""

from __future__ import annotations

from dataclasses import dataclass, field

from pmed_core.outcome import Outcome


@dataclass(frozen=True)
class Measure:
    """A number with its 95 % interval."""

    value: float
    low: float
    high: float


@dataclass(frozen=True)
class Curve:
    """A line to draw: x and y of equal length, with a band where there is one."""

    x: tuple[float, ...]
    y: tuple[float, ...]
    low: tuple[float, ...] = ()
    high: tuple[float, ...] = ()


@dataclass(frozen=True)
class Threshold:
    """What happens when everyone at or above ``value`` is alerted. Counts of patients."""

    value: float
    true_positive: int
    false_positive: int
    false_negative: int
    true_negative: int
    net_benefit: float
    net_benefit_all: float


@dataclass(frozen=True)
class Curves:
    """Everything drawn for one label.

    Attributes:
        roc: false positive rate, sensitivity.
        precision_recall: recall, precision.
        calibration: mean predicted risk, observed frequency with 95 % interval, by decile.
        smooth_calibration: predicted risk, smoothed observed frequency.
        histogram: ``edges`` (b+1) and the counts (b) with and without the event.
    """

    roc: Curve
    precision_recall: Curve
    calibration: Curve
    smooth_calibration: Curve
    edges: tuple[float, ...]
    with_event: tuple[int, ...]
    without_event: tuple[int, ...]


@dataclass(frozen=True)
class Rival:
    """A baseline judged on the same folds.

    Attributes:
        difference: AUROC of the model minus that of the baseline, paired bootstrap.
        brier_difference: Brier score of the model minus that of the baseline, paired.
    """

    name: str
    measures: dict[str, Measure]
    difference: Measure
    brier_difference: Measure
    seconds: float


@dataclass(frozen=True)
class Judgement:
    """The verdict on n predictions.

    Attributes:
        on: whose predictions these are, in words ("out-of-fold, 8 folds"; "new.csv").
        n, events: patients and events (yes/no), or n and patients per label (classes).
        measures: yes/no: auroc, average_precision, brier, log_loss, calibration_slope,
            calibration_intercept, and at ``threshold``: sensitivity, specificity, ppv, npv,
            accuracy, balanced_accuracy. Classes: auroc (macro, one against the rest), log_loss,
            brier, accuracy, balanced_accuracy, and auroc_<label>.
        threshold: the one stored with the model (its training outcome rate).
        thresholds: a table over the range of risks, rising; empty for classes.
        curves: label -> what to draw.
        confusion: classes only: rows observed, columns predicted.
        rivals: the baselines of the same folds, best AUROC first.
        verdict: network against baselines in words; says so where a baseline wins.
        notes: what a reader must know ("only 9 events: intervals are wide").
    """

    on: str
    outcome: Outcome
    n: int
    events: tuple[int, ...]
    measures: dict[str, Measure]
    threshold: float
    thresholds: tuple[Threshold, ...]
    curves: dict[str, Curves]
    confusion: tuple[tuple[int, ...], ...] = ()
    rivals: tuple[Rival, ...] = ()
    verdict: str = ""
    notes: tuple[str, ...] = field(default=())
