"""The live curves of a training run."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any, Literal

import plotly.graph_objects as go

from pmed_core.figures import theme

Epochs = Sequence[dict[str, Any]]
Measure = Literal["loss", "auroc", "accuracy"]
TITLES = {"loss": "Log loss", "auroc": "AUROC", "accuracy": "Accuracy"}
POINTS = 150
PARTS = (("training", theme.GREY, "dash"), ("validation", theme.MODEL, "solid"))


def training_curves(epochs: Epochs, measure: Measure) -> go.Figure:
    """Training against validation by epoch; each fold thin, their mean bold."""
    if not series(epochs, f"validation_{measure}"):
        return theme.nothing("The first epoch is still running.")
    shown = theme.figure("Epoch", TITLES[measure], height=280)
    for part, colour, dash in PARTS:
        for fold in folds(epochs, f"{part}_{measure}"):
            style = {"colour": theme.faint(colour, 0.35), "dash": dash, "width": 1}
            x, y = zip(*thinned(fold), strict=True)
            theme.line(shown, x, y, showlegend=False, hoverinfo="skip", **style)
    for part, colour, dash in PARTS:
        x, y = zip(*thinned(series(epochs, f"{part}_{measure}")), strict=True)
        hover = f"Epoch %{{x}}<br>{part.capitalize()} %{{y:.3f}}<extra></extra>"
        style = {"colour": colour, "dash": dash, "width": 3}
        theme.line(shown, x, y, name=part.capitalize(), hovertemplate=hover, **style)
    shown.update_xaxes(rangemode="tozero", tickformat="d")
    return shown


def training_curves_caption(epochs: Epochs, measure: Measure) -> str:
    """Where validation stands and where it was best."""
    found = series(epochs, f"validation_{measure}")
    if not found:
        return "No epoch has finished yet."
    best = (min if measure == "loss" else max)(found, key=lambda point: point[1])
    return (
        f"{TITLES[measure]} on the validation patients is {found[-1][1]:.3f} after epoch "
        f"{found[-1][0]:.0f}; its best so far is {best[1]:.3f} in epoch {best[0]:.0f}."
        f"{_who_learns(epochs, f'validation_{measure}')}"
    )


def _who_learns(epochs: Epochs, key: str) -> str:
    """Folds of a table learn together; networks of scans, one after the other."""
    at_once = [[value is not None for value in point.get(key, ())] for point in epochs]
    if any(sum(known) > 1 for known in at_once):
        return " Bold: mean over the folds still training; thin: each fold."
    if any(len(known) > 1 for known in at_once):
        return " The networks learn one after the other, each from the start."
    return ""


def series(epochs: Epochs, key: str) -> list[tuple[float, float]]:
    """(epoch, mean over folds), while at least half of the folds still train.

    After that the mean would jump with each fold that stops.
    """
    found = []
    for point in epochs:
        values = [value for value in point.get(key, ()) if value is not None]
        known = [value for value in values if math.isfinite(value)]
        if known and 2 * len(known) >= len(values):
            found.append((float(point["epoch"]), math.fsum(known) / len(known)))
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
