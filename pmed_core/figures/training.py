"""The live curves of a training run."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any, Literal

import plotly.graph_objects as go

from pmed_core.figures import theme

Epochs = Sequence[dict[str, Any]]
Measure = Literal["loss", "auroc", "c_index", "r2", "accuracy"]
TITLES = {
    "loss": "Loss", "auroc": "AUROC", "c_index": "C-index", "r2": "R²", "accuracy": "Accuracy",
}  # fmt: skip
POINTS = 150
PARTS = (("training", theme.GREY, "dash"), ("validation", theme.MODEL, "solid"))


def discrimination(epochs: Epochs) -> Measure:
    """The measure of discrimination that is known of these epochs, else accuracy."""
    known: tuple[Measure, ...] = ("auroc", "c_index", "r2")
    return next((name for name in known if series(epochs, f"validation_{name}")), "accuracy")


def training_curves(epochs: Epochs, measure: Measure) -> go.Figure:
    """Training against validation by epoch.

    Folds that learn together are thin and their mean bold; networks that learn one after the other
    each begin at epoch 1. A ring marks the lowest validation loss.
    """
    if not series(epochs, f"validation_{measure}"):
        return theme.nothing("The first epoch is still running.")
    shown = theme.figure("Epoch", TITLES[measure], height=280)
    in_turn = one_after_the_other(epochs)
    for part, colour, dash in PARTS:
        for fold in folds(epochs, f"{part}_{measure}"):
            style = {"colour": theme.faint(colour, 0.35), "dash": dash, "width": 1}
            if in_turn:
                style = {"colour": colour, "dash": dash, "width": 2}
                fold = from_one(fold)
            x, y = zip(*thinned(fold), strict=True)
            theme.line(shown, x, y, showlegend=False, hoverinfo="skip", **style)
    for part, colour, dash in PARTS:
        points = series(epochs, f"{part}_{measure}")
        # Of networks in turn there is no mean: an empty line only names the colour.
        x, y = ((None,), (None,)) if in_turn else zip(*thinned(points), strict=True)
        hover = f"Epoch %{{x}}<br>{part.capitalize()} %{{y:.3f}}<extra></extra>"
        style = {"colour": colour, "dash": dash, "width": 3}
        theme.line(shown, x, y, name=part.capitalize(), hovertemplate=hover, **style)
    _ring(shown, kept(epochs, measure))
    shown.update_xaxes(rangemode="tozero", tickformat="d")
    return shown


def _ring(shown: go.Figure, points: Sequence[tuple[float, float]]) -> None:
    """Where validation loss is lowest."""
    if points:
        x, y = zip(*points, strict=True)
        marker = {
            "symbol": "circle-open", "size": 11, "color": theme.MODEL, "line": {"width": 2.5},
        }  # fmt: skip
        shown.add_scatter(
            x=x, y=y, mode="markers", marker=marker, name="Lowest validation loss",
            hovertemplate="Lowest validation loss: epoch %{x}<br>%{y:.3f}<extra></extra>",
        )  # fmt: skip


def kept(epochs: Epochs, measure: Measure) -> list[tuple[float, float]]:
    """(epoch, value) of the lowest validation loss: of each network in turn, else of the mean."""
    lines = [series(epochs, "validation_loss")], [series(epochs, f"validation_{measure}")]
    if one_after_the_other(epochs):
        lines = (
            [from_one(line) for line in folds(epochs, "validation_loss")],
            [from_one(line) for line in folds(epochs, f"validation_{measure}")],
        )
    found = []
    for losses, values in zip(*lines, strict=False):
        if losses:
            best = min(losses, key=lambda point: point[1])[0]
            found += [point for point in values if point[0] == best]
    return found


def training_curves_caption(epochs: Epochs, measure: Measure, over: bool = False) -> str:
    """Where validation stands and where it was best; ``over``: no epoch will follow."""
    found = series(epochs, f"validation_{measure}")
    if not found:
        return "No epoch has finished yet."
    if one_after_the_other(epochs):
        return _in_turn(epochs, measure, over)
    best = (min if measure == "loss" else max)(found, key=lambda point: point[1])
    together = any(len(point.get(f"validation_{measure}", ())) > 1 for point in epochs)
    return (
        f"{TITLES[measure]} on the validation part is {found[-1][1]:.3f} after epoch "
        f"{found[-1][0]:.0f}; its best{'' if over else ' so far'} is {best[1]:.3f} in epoch "
        f"{best[0]:.0f}."
        + (
            " Bold: mean over the folds, a stopped one with its last value; thin: each fold."
            if together
            else ""
        )
    )


def _in_turn(epochs: Epochs, measure: Measure, over: bool) -> str:
    best = kept(epochs, measure)
    values = ", ".join(f"{value:.3f} in epoch {epoch:.0f}" for epoch, value in best)
    return (
        f"{TITLES[measure]} on the validation part {'where' if over else 'so far where'} the "
        f"loss is lowest: {values}. The networks learn one after the other, each from the start; "
        "a ring marks the epoch whose weights are kept."
    )


def one_after_the_other(epochs: Epochs) -> bool:
    """Whether networks learn in turn, as those of scans; the folds of a table learn together."""
    key = "validation_loss"
    several = any(len(point.get(key, ())) > 1 for point in epochs)
    return several and all(len(_known(point.get(key, ()))) <= 1 for point in epochs)


def _known(values: Sequence[float | None]) -> list[float]:
    return [value for value in values if value is not None and math.isfinite(value)]


def from_one(points: Sequence[tuple[float, float]]) -> list[tuple[float, float]]:
    """The same with epochs counted from 1."""
    return [(epoch - points[0][0] + 1, value) for epoch, value in points]


def series(epochs: Epochs, key: str) -> list[tuple[float, float]]:
    """(epoch, mean over folds), while at least half of the folds still train.

    A fold that has stopped counts with its last value, so that the mean does not jump; of networks
    that learn in turn it is the one that learns.
    """
    found, last = [], dict[int, float]()
    in_turn = one_after_the_other(epochs)
    for point in epochs:
        values = point.get(key, ())
        known = _known(values)
        last |= {n: v for n, v in enumerate(values) if v is not None and math.isfinite(v)}
        if known and (in_turn or 2 * len(known) >= len(values)):
            counted = known if in_turn else list(last.values())
            found.append((float(point["epoch"]), math.fsum(counted) / len(counted)))
    return found


def folds(epochs: Epochs, key: str) -> list[list[tuple[float, float]]]:
    """(epoch, value) of each fold until it stopped."""
    count = max((len(point.get(key, ())) for point in epochs), default=0)
    lines: list[list[tuple[float, float]]] = [[] for _ in range(count)]
    for point in epochs:
        for line, value in zip(lines, point.get(key, ()), strict=False):
            if value is not None and math.isfinite(value):
                line.append((float(point["epoch"]), float(value)))
    return [line for line in lines if line]


def thinned(points: list[tuple[float, float]]) -> list[tuple[float, float]]:
    """At most POINTS of them, the last always."""
    step = math.ceil(len(points) / POINTS)
    return points[:-1:step] + points[-1:]
