"""How predictions in time are evaluated; see ``contracts.Evaluating``.

At a horizon, patients whose state is known then are weighted by the inverse probability of still
being followed (Uno et al., JASA 2007), so that they stand for everybody.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from pmed_core.evaluation import Curve, Curves, Measure, Threshold
from pmed_core.evaluations import measures as of_events
from pmed_core.evaluations import words
from pmed_core.evaluations.measures import YesNoCase
from pmed_core.evaluations.proportions import Z
from pmed_core.evaluations.resampling import Draws, interval
from pmed_core.outcomes.events import ADVISED
from pmed_core.outcomes.target import Target
from pmed_core.outcomes.time_to_event import TimeToEvent, grid, measures
from pmed_core.outcomes.time_to_event.measures import Case
from pmed_core.predictions import Predictions
from pmed_core.quantity import counted
from pmed_core.variable import readable

Doubles = NDArray[np.float64]
AT_HORIZONS = (
    "observed", "auroc", "brier", "observed_expected", "calibration_slope", "calibration_intercept",
)  # fmt: skip
GROUPS, PATIENTS_IN_GROUP, BINS, POINTS, THRESHOLDS = 5, 20, 30, 100, 60


def names(outcome: TimeToEvent) -> tuple[str, ...]:
    overall = ("c_index", "integrated_brier", "d_calibration")
    return overall + tuple(f"{n}_{label}" for label in outcome.labels for n in AT_HORIZONS)


def ranking(outcome: TimeToEvent) -> dict[str, tuple[int, ...]]:
    each = {f"auroc_{label}": (k,) for k, label in enumerate(outcome.labels)}
    return {"c_index": tuple(range(len(outcome.labels)))} | each


def events(outcome: TimeToEvent, target: Target) -> tuple[int, ...]:
    return (int((target.observed == 1).sum()),)


@dataclass(frozen=True)
class _Weighted(Draws):
    """Resamples of weighted rows."""

    weight: Doubles = field(default_factory=lambda: np.empty(0))

    def blocks(self, order: NDArray[np.int64]):  # type: ignore[no-untyped-def]
        for drawn in super().blocks(order):
            yield drawn * self.weight[order]

    def of(self, rows: NDArray[Any]) -> Self:
        return replace(super().of(rows), weight=self.weight[rows])


def measured(
    outcome: TimeToEvent, predictions: Predictions, threshold: float, draws: Draws
) -> dict[str, Doubles]:
    case = Case(predictions)
    found = {
        "c_index": measures.c_index(case, draws),
        "integrated_brier": measures.integrated_brier(case, draws),
        "d_calibration": np.append(
            measures.d_calibration(case), np.full(len(draws.counts) - 1, np.nan)
        ),
    }
    for k, (label, horizon) in enumerate(zip(outcome.labels, outcome.horizons, strict=True)):
        risk = _risk(case, k, horizon)
        found |= {f"{n}_{label}": v for n, v in _at(case, risk, horizon, draws).items()}
    return {name: found[name] for name in names(outcome)}


def _risk(case: Case, k: int, horizon: float) -> Doubles:
    """(n,) by a horizon, given that each had come into view."""
    if case.late:
        return np.asarray(1 - case.at(np.array([horizon]))[:, 0])
    return case.predictions.value[:, k]


def _at(case: Case, risk: Doubles, horizon: float, draws: Draws) -> dict[str, Doubles]:
    """The measures of a risk at one horizon."""
    weight = case.weights(horizon)
    event = (case.event & (case.time <= horizon)).astype(np.float64)
    if not (event * weight).any() or not ((1 - event) * weight).any():
        return {name: np.full(len(draws.counts), np.nan) for name in AT_HORIZONS}
    weighted = _Weighted(draws.counts, draws.repeated, draws.patient, draws.fold, weight)
    found = of_events.measured(YesNoCase(risk, event), weighted)
    order = np.arange(len(risk))
    happened = np.concatenate([(d @ event) / d.sum(axis=1) for d in weighted.blocks(order)])
    since_zero = observed(case.time, case.event, horizon, case.predictions.entry)[0]
    if not case.late:
        # That of the course beside it (Kaplan-Meier), which weights only come near to.
        happened += since_zero - happened[0]
    in_view = replace(weighted, weight=(case.entry < horizon).astype(np.float64))
    expected = np.concatenate([(d @ risk) / d.sum(axis=1) for d in in_view.blocks(order)])
    found |= {"observed": happened, "observed_expected": happened / np.maximum(expected, 1e-12)}
    if case.late:
        # From time zero on, which those in view do not stand for.
        found["observed"] = np.append(since_zero, np.full(len(draws.counts) - 1, np.nan))
    return {name: found[name] for name in AT_HORIZONS}


def intervals(
    predictions: Predictions, threshold: float, draws: Draws, values: dict[str, Doubles]
) -> dict[str, Measure]:
    found = {name: interval(value) for name, value in values.items()}
    if predictions.entry.any():
        # Those in view stand for nobody before: Greenwood's interval of the course from time zero.
        happened = predictions.observed == 1
        for label in predictions.labels:
            if np.isfinite(found[f"observed_{label}"].value):
                since_zero = observed(predictions.time, happened, float(label), predictions.entry)
                found[f"observed_{label}"] = Measure(*since_zero)
    return found


def thresholds(predictions: Predictions, threshold: float, draws: Draws) -> tuple[Threshold, ...]:
    return ()


def course(predictions: Predictions) -> Curve:
    """Kaplan-Meier, where at least a twentieth of the patients are still followed."""
    time, event = predictions.time, predictions.observed == 1
    last = np.quantile(time, 0.95)
    seen = np.quantile(time[time <= last], np.linspace(0, 1, POINTS))
    at = np.unique(np.append(0.0, seen))
    found = np.array([observed(time, event, float(t), predictions.entry) for t in at])
    left = 1 - found[:, [0, 2, 1]]
    return Curve(_plain(at), *(_plain(left[:, k]) for k in range(3)))


def confusion(outcome: TimeToEvent, predictions: Predictions) -> tuple[tuple[int, ...], ...]:
    return ()


def curves(outcome: TimeToEvent, predictions: Predictions) -> dict[str, Curves]:
    case = Case(predictions)
    return {
        label: _curves(case, k, horizon)
        for k, (label, horizon) in enumerate(zip(outcome.labels, outcome.horizons, strict=True))
    }


def _curves(case: Case, k: int, horizon: float) -> Curves:
    risk, from_zero = _risk(case, k, horizon), case.predictions.value[:, k]
    weight = case.weights(horizon)
    event = case.event & (case.time <= horizon)
    edges = np.linspace(0, min(1.0, np.floor(risk.max() * 20 + 1) / 20), BINS + 1)
    known = weight > 0
    roc, precise = _falling(risk, event, weight)
    return Curves(
        roc, precise, _calibration(case, from_zero, horizon), Curve((), ()), _plain(edges),
        tuple(int(n) for n in np.histogram(risk[event & known], edges)[0]),
        tuple(int(n) for n in np.histogram(risk[~event & known], edges)[0]),
        *_net_benefit(risk, event, weight),
    )  # fmt: skip


def _net_benefit(risk: Doubles, event: NDArray[np.bool_], weight: Doubles) -> tuple[Curve, Curve]:
    """By threshold, of alerts at it and of alerting everybody, patients weighted for follow-up
    (Vickers et al., BMC Med Inform Decis Mak 2008); without censoring that of Vickers & Elkin.

    Per patient; the band is mean ± 1.96 standard errors of what each contributes.
    """
    if not (event * weight).any():
        return Curve((), ()), Curve((), ())
    highest = float(np.clip(np.quantile(risk, 0.99), 0.1, 0.95))
    at = np.linspace(0.01, highest, THRESHOLDS)
    gain = np.where(event, 1.0, -(at / (1 - at))[:, None]) * weight * (len(risk) / weight.sum())
    ours, everyone = gain * (risk >= at[:, None]), gain.mean(axis=1)
    mean, wide = ours.mean(axis=1), Z * ours.std(axis=1) / np.sqrt(len(risk))
    x = _plain(at)
    return Curve(x, _plain(mean), _plain(mean - wide), _plain(mean + wide)), Curve(
        x, _plain(everyone)
    )


def _falling(risk: Doubles, event: NDArray[np.bool_], weight: Doubles) -> tuple[Curve, Curve]:
    """ROC, and precision by recall, of weighted patients as the threshold falls."""
    order = np.argsort(-risk, kind="stable")
    hits, false = np.cumsum((event * weight)[order]), np.cumsum((~event * weight)[order])
    if not hits[-1] or not false[-1]:
        return Curve((), ()), Curve((), ())
    last = np.append(np.diff(risk[order]) != 0, True)
    hits, false = hits[last], false[last]
    keep = np.unique(np.linspace(0, len(hits) - 1, POINTS).astype(np.int64))
    x, y = np.append(0, (false / false[-1])[keep]), np.append(0, (hits / hits[-1])[keep])
    precision = (hits / np.maximum(hits + false, 1e-12))[keep]
    return (
        Curve(_plain(x), _plain(y)), Curve(_plain(y), _plain(np.append(precision[:1], precision)))
    )  # fmt: skip


def _calibration(case: Case, risk: Doubles, horizon: float) -> Curve:
    """Mean predicted against observed risk (Kaplan-Meier, with Greenwood's interval of log(-log))
    in groups of rising risk."""
    groups = int(np.clip(len(risk) // PATIENTS_IN_GROUP, 1, 2 * GROUPS))
    ends = np.unique(np.quantile(risk, np.linspace(0, 1, groups + 1)[1:-1]))
    group = np.searchsorted(ends, risk, side="right")
    points = []
    for g in np.unique(group):
        mine = case.predictions.select(group == g)
        happened = observed(mine.time, mine.observed == 1, horizon, mine.entry)
        points.append((float(risk[group == g].mean()), *happened))
    x, y, low, high = (_plain(np.array(each)) for each in zip(*points, strict=True))
    return Curve(x, y, low, high)


def observed(
    time: Doubles, event: NDArray[np.bool_], at: float, entry: Doubles = grid.NOBODY_LATE
) -> tuple[float, float, float]:
    """Kaplan-Meier risk at a time with its 95 % interval; no width where all or none had it."""
    times, survival = grid.kaplan_meier(time, event, entry)
    left = float(grid.steps(times, survival, np.array([at]))[0])
    had = times <= at
    count = np.array([(event & (time == t)).sum() for t in times[had]], dtype=np.float64)
    began = entry if entry.size else np.zeros(len(time))
    risk = np.array([((time >= t) & (began < t)).sum() for t in times[had]], dtype=np.float64)
    error = left * np.sqrt((count / np.maximum(risk * (risk - count), 1e-12)).sum())
    low, high = grid.bounds(np.array([left]), np.array([error]))
    return 1 - left, float(1 - high[0]), float(1 - low[0])


def _plain(values: Doubles) -> tuple[float, ...]:
    return tuple(round(float(value), 6) for value in values)


def notes(
    outcome: TimeToEvent, evaluated: words.Evaluated, measures: dict[str, Measure]
) -> tuple[str, ...]:
    having = evaluated.having(1)
    if not having[1]:
        return ("No patient has the event, so discrimination and calibration cannot be evaluated.",)
    found = []
    if having[0] < ADVISED:
        found.append(words.few(having, "with the event", evaluated.of))
    longer = int((evaluated.time > outcome.cuts[-1]).sum()) if outcome.cuts else 0
    if longer:
        who = f"{counted(longer, evaluated.of)} {'was' if longer == 1 else 'were'} followed"
        last = f"{readable(outcome.cuts[-1])} {outcome.unit}"
        found.append(
            f"{who} for longer than anybody in training ({last}): scores are of what happened "
            "until then."
        )
    if outcome.competing:
        others = " or ".join(outcome.competing)
        found.append(
            f"{others} is a competing event: a patient counts as last seen then, so the risks "
            "are those if it did not exist."
        )
    p = measures["d_calibration"].value
    if np.isfinite(p) and p < 0.05:
        found.append(f"Predicted survival is not spread evenly (D-calibration, p {p:.2g}).")
    return tuple(found)
