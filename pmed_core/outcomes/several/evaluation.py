"""How several events are evaluated: each on the patients of whom it is known, and their mean."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from pmed_core.evaluation import Curve, Curves, Measure, Threshold
from pmed_core.evaluations import curves as drawn
from pmed_core.evaluations import measures as of_events
from pmed_core.evaluations import words
from pmed_core.evaluations.measures import YesNoCase
from pmed_core.evaluations.resampling import Draws, interval
from pmed_core.outcomes.events import ADVISED
from pmed_core.outcomes.several import Several
from pmed_core.outcomes.target import Target
from pmed_core.predictions import Predictions

Doubles = NDArray[np.float64]
MEANS = ("auroc", "average_precision", "brier", "log_loss")
RANKED = ("auroc", "average_precision")
SHOWN = 12
OF_EACH = (
    "auroc", "average_precision", "brier", "calibration_slope", "calibration_intercept", "observed",
)  # fmt: skip


def names(outcome: Several) -> tuple[str, ...]:
    return MEANS + tuple(f"{name}_{label}" for label in outcome.labels for name in OF_EACH)


def ranking(outcome: Several) -> dict[str, tuple[int, ...]]:
    everything = tuple(range(len(outcome.labels)))
    each = {f"{name}_{label}": (k,) for name in RANKED for k, label in enumerate(outcome.labels)}
    return dict.fromkeys(RANKED, everything) | each


def events(outcome: Several, target: Target) -> tuple[int, ...]:
    if not target.actual.size:
        return (0,) * len(outcome.each)
    return tuple(int(n) for n in (target.actual == 1).sum(axis=0))


def _cases(
    outcome: Several, predictions: Predictions
) -> Iterator[tuple[str, YesNoCase, NDArray[np.bool_]]]:
    """Of each event its label, the case of those of whom it is known, and who they are."""
    for k, label in enumerate(outcome.labels):
        known = np.isfinite(predictions.actual[:, k])
        risk, event = predictions.value[known, k], predictions.actual[known, k]
        yield label, YesNoCase(risk, event), known


def measured(
    outcome: Several, predictions: Predictions, threshold: float, draws: Draws
) -> dict[str, Doubles]:
    found: dict[str, Doubles] = {}
    each: dict[str, list[Doubles]] = {name: [] for name in MEANS}
    for label, case, known in _cases(outcome, predictions):
        values = _of_one(case, draws.of(known))
        found |= {f"{name}_{label}": values[name] for name in OF_EACH}
        for name in MEANS:
            each[name].append(values[name])
    means = {name: _mean(np.stack(values)) for name, values in each.items()}
    return {name: (means | found)[name] for name in names(outcome)}


def _of_one(case: YesNoCase, draws: Draws) -> dict[str, Doubles]:
    if not len(case.event) or case.event.all() or not case.event.any():
        return {name: np.full(len(draws.counts), np.nan) for name in (*MEANS, *OF_EACH)}
    order = np.arange(len(case.event))
    with np.errstate(divide="ignore", invalid="ignore"):
        # A resample may hold nobody of whom it is known.
        observed = [(d @ case.event) / d.sum(axis=1) for d in draws.blocks(order)]
        return of_events.measured(case, draws) | {"observed": np.concatenate(observed)}


def _mean(values: Doubles) -> Doubles:
    """Over the events that can be evaluated at all; NaN in a resample that lacks one."""
    there = np.isfinite(values[:, 0])
    return np.asarray(values[there].mean(axis=0) if there.any() else values[0])


def intervals(
    predictions: Predictions, threshold: float, draws: Draws, values: dict[str, Doubles]
) -> dict[str, Measure]:
    return {name: interval(value) for name, value in values.items()}


def thresholds(predictions: Predictions, threshold: float, draws: Draws) -> tuple[Threshold, ...]:
    return ()


def course(predictions: Predictions) -> Curve:
    return Curve((), ())


def confusion(outcome: Several, predictions: Predictions) -> tuple[tuple[int, ...], ...]:
    return ()


def curves(outcome: Several, predictions: Predictions) -> dict[str, Curves]:
    return {
        label: drawn.curves(case)
        for label, case, _ in _cases(outcome, predictions)
        if case.event.any() and not case.event.all()
    }


def notes(
    outcome: Several, evaluated: words.Evaluated, measures: dict[str, Measure]
) -> tuple[str, ...]:
    found, few = [], []
    for k, label in enumerate(outcome.labels):
        actual = evaluated.actual[:, k]
        events, others = int((actual == 1).sum()), int((actual == 0).sum())
        if not events or not others:
            which = f"{'Every' if events else 'No'} {evaluated.of}"
            found.append(f"{which} for which it is known has '{label}', so it is not evaluated.")
        elif min(events, others) < ADVISED:
            few.append(f"{label} ({min(events, others):,})")
    if few:
        found.append(
            f"Fewer than {ADVISED} with, or without, {', '.join(few)}: intervals are wide "
            "(Collins et al., Stat Med 2016)."
        )
    known = np.isfinite(evaluated.actual).sum(axis=0)
    having = (evaluated.actual == 1).sum(axis=0)
    each = [
        f"{label} {events:,} of {of:,}"
        for label, events, of in zip(outcome.labels, having.tolist(), known.tolist(), strict=True)
    ]
    more = f" and {len(each) - SHOWN} more" if len(each) > SHOWN else ""
    found.append(
        f"With the event, of those for which it is known: {', '.join(each[:SHOWN])}{more}. Each is "
        f"evaluated on these {evaluated.of}s."
    )
    return tuple(found)
