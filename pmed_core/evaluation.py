"""How good predictions are on patients the model did not see."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from itertools import pairwise, takewhile
from typing import Annotated, Any

from pydantic import BeforeValidator

from pmed_core.arrays import formerly
from pmed_core.baselines import Advice
from pmed_core.bounds import Count, Share
from pmed_core.outcomes import Outcome

FORMERLY = {
    "lesions_found": "lesion_sensitivity", "outlined_in_vain": "false_positive_scans",
}  # fmt: skip
"""Measures that earlier versions kept under another name."""
MEAN_LITTLE = "the intervals mean little"
"""In the note on very few events, which a screen shows louder than other notes."""

PRECISION, RARE = "average_precision", 0.1
"""The measure that comes first where fewer than such a share have the event."""
FORMULAS = ("Logistic regression", "Ridge regression", "Cox", "k-mer logistic regression")
"""What the names of baselines begin with that are formulas a person can read."""
SAME = 0.005
"""A difference in AUROC that nobody would notice at a bedside."""


@dataclass(frozen=True)
class Measure:
    """A number with its 95 % interval; NaN bounds where there is none."""

    value: float
    low: float
    high: float

    @property
    def bounded(self) -> bool:
        """Whether there is an interval; one without width would promise certainty."""
        return math.isfinite(self.low) and math.isfinite(self.high) and self.low < self.high


@dataclass(frozen=True)
class Curve:
    """A line to draw: x and y of equal length, with a band where there is one."""

    x: tuple[float, ...]
    y: tuple[float, ...]
    low: tuple[float, ...] = ()
    high: tuple[float, ...] = ()

    def __post_init__(self) -> None:
        if len(self.x) != len(self.y) or len(self.low) != len(self.high):
            raise ValueError("Expected x and y, low and high of equal length")
        if len(self.low) not in (0, len(self.x)):
            raise ValueError("Expected a band as long as its line")


def _bars(kept: Any) -> Any:
    """A histogram by the middles of its bins; earlier versions kept their edges."""
    try:
        if len(kept["x"]) == len(kept["y"]) + 1:
            return {**kept, "x": tuple((a + b) / 2 for a, b in pairwise(kept["x"]))}
    except (TypeError, KeyError, AttributeError):
        pass
    return kept


def _by_middles(named: Any) -> Any:
    return {k: _bars(v) for k, v in named.items()} if isinstance(named, dict) else named


@dataclass(frozen=True)
class Threshold:
    """What happens when everyone at or above ``value`` is alerted, counted as the evaluation is.

    Attributes:
        shares: sensitivity, specificity, ppv and npv with bootstrap intervals where patients have
            several rows; empty where Wilson's hold.
    """

    value: Share
    true_positive: Count
    false_positive: Count
    false_negative: Count
    true_negative: Count
    net_benefit: float
    net_benefit_all: float
    shares: dict[str, Measure] = field(default_factory=dict)


@dataclass(frozen=True)
class Curves:
    """Everything drawn for one label.

    Attributes:
        roc: false positive rate, sensitivity.
        precision_recall: recall, precision.
        calibration: mean predicted risk, observed frequency with 95 % interval, by decile.
        smooth_calibration: predicted risk, smoothed observed frequency.
        histogram: ``edges`` (b+1) and the counts (b) with and without the event.
        named: others, which only some kinds of outcome have.
        net_benefit: threshold, net benefit of alerting at it; empty where ``Evaluation.thresholds``
            say it.
        alert_everyone: the same of alerting everybody.
    """

    roc: Curve
    precision_recall: Curve
    calibration: Curve
    smooth_calibration: Curve
    edges: tuple[float, ...]
    with_event: tuple[int, ...]
    without_event: tuple[int, ...]
    net_benefit: Curve = Curve((), ())
    alert_everyone: Curve = Curve((), ())
    named: Annotated[dict[str, Curve], BeforeValidator(_by_middles)] = field(default_factory=dict)

    def __post_init__(self) -> None:
        bins = len(self.with_event)
        if len(self.without_event) != bins or len(self.edges) not in (0, bins + 1):
            raise ValueError("Expected counts of each bin, and the edges round them")

    @property
    def counts(self) -> tuple[int, ...]:
        """Everybody in each bin."""
        return tuple(map(sum, zip(self.with_event, self.without_event, strict=True)))


@dataclass(frozen=True)
class Baseline:
    """A baseline evaluated on the same folds.

    Attributes:
        difference: AUROC of the model minus that of the baseline, paired.
        brier_difference: Brier score of the model minus that of the baseline, paired.
        advice: what to do where it is better, or as good and simpler.
    """

    name: str
    measures: dict[str, Measure]
    difference: Measure
    brier_difference: Measure
    seconds: float
    advice: Advice = Advice()

    @property
    def better(self) -> bool:
        """Clearly discriminates better than the model."""
        return self.difference.high < 0

    @property
    def simple(self) -> bool:
        """A formula that a person can read, where the model is none of that kind."""
        return self.name.startswith(FORMULAS) and not self.advice.own

    @property
    def preferable(self) -> bool:
        """Better than the model, or a formula that is as good."""
        return self.better or (self.simple and self.as_good)

    @property
    def as_good(self) -> bool:
        """The model is not ahead, or so little that it does not matter, and not clearly ahead."""
        ahead = self.difference.value > SAME and self.difference.high > 2 * SAME
        return self.difference.low <= 0 and not ahead and self.brier_difference.high >= 0


def _named_as_today(measures: dict[str, Any]) -> dict[str, Any]:
    return {FORMERLY.get(name, name): measure for name, measure in measures.items()}


def _without_dead_ends(verdict: Any) -> Any:
    """Earlier versions said "use that" of models that could not be chosen."""
    if not isinstance(verdict, str):
        return verdict
    said = verdict.replace(": use that, it is simpler.", ". The latter is simpler.")
    return said.replace(": use that.", ".")


@dataclass(frozen=True)
class Yardstick:
    """The measure by which models are compared where it is not that of their outcome.

    Attributes:
        measure: its name; nothing is gained by chance at the outcome's ``chance``.
        grades: as an outcome's.
    """

    measure: str
    grades: tuple[float, float, float]


@dataclass(frozen=True)
class Evaluation:
    """The verdict on n predictions.

    Attributes:
        on: whose predictions these are, in words ("out-of-fold, 8 folds"; "new.csv").
        n, events: how many and how many events (yes/no), or how many per label (classes).
        measures: yes/no: auroc, average_precision, brier, log_loss, calibration_slope,
            calibration_intercept, and at ``threshold``: sensitivity, specificity, ppv, npv,
            accuracy, balanced_accuracy. Classes: auroc (macro, one against the rest), log_loss,
            brier, accuracy, balanced_accuracy, and auroc_<label>.
        threshold: the one stored with the model (its training outcome rate).
        thresholds: a table over the range of risks, rising; empty for classes.
        curves: label -> what to draw.
        confusion: classes only: rows observed, columns predicted.
        baselines: the baselines of the same folds, best AUROC first.
        verdict: network against baselines in words; says so where a baseline wins.
        notes: what a reader must know ("only 9 events: intervals are wide").
        of: what is counted: a patient, a scan, a molecule, or a row where patients have several.
        patients: how many there are; 0 in an evaluation stored before this was counted.
        course: observed share without the event by time; empty for outcomes without time.
        yardstick: where models are not compared by what their outcome is compared by.
    """

    on: str
    outcome: Outcome
    n: Count
    events: tuple[Count, ...]
    measures: Annotated[dict[str, Measure], BeforeValidator(_named_as_today)]
    threshold: Share
    thresholds: tuple[Threshold, ...]
    curves: dict[str, Curves]
    confusion: tuple[tuple[int, ...], ...] = ()
    baselines: Annotated[tuple[Baseline, ...], formerly("baselines", "rivals")] = ()
    verdict: Annotated[str, BeforeValidator(_without_dead_ends)] = ""
    notes: tuple[str, ...] = field(default=())
    of: str = "patient"
    patients: Count = 0
    course: Curve = Curve((), ())
    yardstick: Yardstick | None = None

    @property
    def discrimination(self) -> str:
        """The measure by which models are compared."""
        return self.yardstick.measure if self.yardstick else self.outcome.discrimination

    @property
    def grades(self) -> tuple[float, float, float]:
        """From where on it is very good, good and fair."""
        return self.yardstick.grades if self.yardstick else self.outcome.grades

    @property
    def compared(self) -> tuple[str, ...]:
        """Measures that stand beside those of other models, that of the comparison first."""
        return tuple(dict.fromkeys((self.discrimination, *self.outcome.compared)))

    @property
    def one(self) -> str:
        """Whose each of the numbers is: of several rows, still the patient's."""
        return "patient" if self.of == "row" else self.of

    @property
    def headline(self) -> tuple[str, ...]:
        """Measures that what the model reads puts before all of its outcome."""
        first = self.outcome.first_measures
        return tuple(takewhile(lambda name: name not in first, self.measures))

    @property
    def first(self) -> tuple[str, ...]:
        """Measures that are looked at first: those of the headline, then of the outcome; where the
        event is rare, precision before ranks, which are good for any model that tells the many
        without it apart (Saito & Rehmsmeier, PLoS One 2015)."""
        found = self.outcome.first_measures
        mean = sum(self.events) / max(self.n * len(self.events), 1)
        if PRECISION in found and 0 < mean < RARE:
            found = (PRECISION, *(name for name in found if name != PRECISION))
        return tuple(name for name in (*self.headline, *found) if name in self.measures)

    @property
    def of_each(self) -> dict[str, dict[str, Measure]]:
        """Of each label the measures that every label has, by their name without it, those that are
        looked at first before the others; empty where ranks are not measured of each."""
        labels, found = self.outcome.labels, self.measures
        if not any(f"{self.discrimination}_{label}" in found for label in labels):
            return {}
        own = [key.removesuffix(f"_{labels[0]}") for key in found if key.endswith(f"_{labels[0]}")]
        names = [name for name in dict.fromkeys((*self.first, *own))
                 if all(f"{name}_{label}" in found for label in labels)]  # fmt: skip
        return {label: {name: found[f"{name}_{label}"] for name in names} for label in labels}
