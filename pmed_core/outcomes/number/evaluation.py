"""How predicted numbers are evaluated; see ``contracts.Evaluating``.

R²: 1 − Σ(y − ŷ)² / Σ(y − ȳ)², ȳ the mean of the patients who are evaluated. Coverage: share of the
observed numbers inside their intervals. Calibration slope: of the observed on the predicted.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from pmed_core.evaluation import Curve, Curves, Measure, Threshold
from pmed_core.evaluations import words
from pmed_core.evaluations.proportions import share
from pmed_core.evaluations.resampling import Draws, interval
from pmed_core.outcomes.events import ADVISED
from pmed_core.outcomes.number import Number
from pmed_core.outcomes.number.interval import LEVEL
from pmed_core.outcomes.target import Target
from pmed_core.predictions import Predictions
from pmed_core.quantity import counted

Doubles = NDArray[np.float64]
NAMES = ("r2", "rmse", "mae", "coverage", "interval_width", "calibration_slope", "mean_observed")
GROUPS, PATIENTS_IN_GROUP, BINS = 10, 20, 30


def names(outcome: Number) -> tuple[str, ...]:
    return NAMES


def ranking(outcome: Number) -> dict[str, tuple[int, ...]]:
    return {}


def events(outcome: Number, target: Target) -> tuple[int, ...]:
    return ()


def measured(
    outcome: Number, predictions: Predictions, threshold: float, draws: Draws
) -> dict[str, Doubles]:
    said, actual = predictions.value[:, 0], predictions.actual[:, 0]
    # Far from zero the sums of squares would lose their last digits.
    middle = actual.mean()
    x, y, error = said - middle, actual - middle, actual - said
    inside, width = _inside(predictions)
    columns = np.column_stack(
        [np.ones(len(y)), y, y**2, x, x**2, x * y, error**2, np.abs(error), inside, width]
    )
    total = np.concatenate([d @ columns for d in draws.blocks(np.arange(len(y)))]).T
    _, y_, yy, x_, xx, xy, squared, absolute, held, wide = total / total[0]
    with np.errstate(divide="ignore", invalid="ignore"):
        found = [
            1 - squared / (yy - y_**2), np.sqrt(squared), absolute, held, wide,
            (xy - x_ * y_) / (xx - x_**2), y_ + middle,
        ]  # fmt: skip
    return {
        name: np.where(np.isfinite(values), values, np.nan)
        for name, values in zip(NAMES, found, strict=True)
    }


def _inside(predictions: Predictions) -> tuple[Doubles, Doubles]:
    """Whether each interval holds the observed number, and its width; NaN where none is stated."""
    low, high = predictions.low[:, 0], predictions.high[:, 0]
    width = high - low
    if not width.any():
        return np.full(len(width), np.nan), np.full(len(width), np.nan)
    actual = predictions.actual[:, 0]
    return ((low <= actual) & (actual <= high)).astype(np.float64), width


def intervals(
    predictions: Predictions, threshold: float, draws: Draws, values: dict[str, Doubles]
) -> dict[str, Measure]:
    return {name: interval(value) for name, value in values.items()}


def thresholds(predictions: Predictions, threshold: float, draws: Draws) -> tuple[Threshold, ...]:
    return ()


def course(predictions: Predictions) -> Curve:
    return Curve((), ())


def confusion(outcome: Number, predictions: Predictions) -> tuple[tuple[int, ...], ...]:
    return ()


def curves(outcome: Number, predictions: Predictions) -> dict[str, Curves]:
    said, actual = predictions.value[:, 0], predictions.actual[:, 0]
    nothing = Curve((), ())
    counts, edges = np.histogram(said, BINS)
    errors, at = np.histogram(actual - said, BINS)
    return {
        outcome.labels[0]: Curves(
            nothing, nothing, _observed(said, actual), nothing, _plain(edges),
            (0,) * BINS, tuple(int(n) for n in counts),
            named={
                "spread": _spread(said, actual),
                "coverage": _coverage(predictions),
                "errors": Curve(_plain((at[1:] + at[:-1]) / 2), tuple(float(n) for n in errors)),
            },
        )
    }  # fmt: skip


def _groups(said: Doubles) -> list[NDArray[np.int64]]:
    """Rows of like predictions, no fewer than twenty together where there are as many."""
    count = int(np.clip(len(said) // PATIENTS_IN_GROUP, 1, GROUPS))
    return np.array_split(np.argsort(said, kind="stable"), count)


def _observed(said: Doubles, actual: Doubles) -> Curve:
    """Mean predicted against mean observed, with a 95 % interval of the mean."""
    points = []
    for rows in _groups(said):
        mean, half = actual[rows].mean(), 0.0
        if len(rows) > 1:
            half = 1.96 * actual[rows].std(ddof=1) / np.sqrt(len(rows))
        points.append((said[rows].mean(), mean, mean - half, mean + half))
    return Curve(*(_plain(np.array(each)) for each in zip(*points, strict=True)))


def _spread(said: Doubles, actual: Doubles) -> Curve:
    """Mean predicted against the median observed, with the 5th and 95th percentile."""
    points = [
        (said[rows].mean(), *np.quantile(actual[rows], [0.5, 0.05, 0.95]))
        for rows in _groups(said)
    ]  # fmt: skip
    return Curve(*(_plain(np.array(each)) for each in zip(*points, strict=True)))


def _coverage(predictions: Predictions) -> Curve:
    """Mean predicted against the share of intervals that hold what was observed (Wilson)."""
    inside, _ = _inside(predictions)
    if not np.isfinite(inside).all():
        return Curve((), ())
    said, points = predictions.value[:, 0], []
    for rows in _groups(said):
        held = int(inside[rows].sum())
        found = share(held, len(rows))
        points.append((said[rows].mean(), held / len(rows), found.low, found.high))
    return Curve(*(_plain(np.array(each)) for each in zip(*points, strict=True)))


def _plain(values: Doubles) -> tuple[float, ...]:
    return tuple(float(f"{value:.6g}") for value in values)


def notes(
    outcome: Number, evaluated: words.Evaluated, measures: dict[str, Measure]
) -> tuple[str, ...]:
    found = []
    many = len(np.unique(evaluated.patients))
    if many < ADVISED:
        found.append(words.few((many, len(evaluated.observed)), "are evaluated", evaluated.of))
    covered = measures["coverage"]
    if covered.bounded and not covered.low <= LEVEL <= covered.high:
        side = "fewer" if covered.high < LEVEL else "more"
        found.append(
            f"The intervals hold {100 * covered.value:.0f} % of the observed values, {side} than "
            "the 90 % they are meant to."
        )
    beyond = _beyond(outcome, evaluated)
    if beyond:
        low, high = (outcome.quantities[0].said(end) for end in outcome.quantities[0].bounds)
        verb = "lies" if beyond == 1 else "lie"
        found.append(
            f"{counted(beyond, 'observed value')} {verb} outside {low} to {high}, what training "
            "saw; the model predicts nothing beyond that."
        )
    return tuple(found)


def _beyond(outcome: Number, evaluated: words.Evaluated) -> int:
    low, high = outcome.quantities[0].bounds
    return int(((evaluated.actual < low) | (evaluated.actual > high)).sum())
