"""One patient's risk as a hundred dots, and where it lies among all patients."""

from __future__ import annotations

import math

import plotly.graph_objects as go

from pmed_core.evaluation import Evaluation
from pmed_core.figures import theme, wording
from pmed_core.quantity import RISK, Quantity

ACROSS = 20
RADIUS = 0.36
Path = list[tuple[str, tuple[tuple[float, float], ...]]]


def dot(x: float, y: float) -> Path:
    """Outline of a circle round that place."""
    k = 0.5523 * RADIUS
    right, up, left, down = x + RADIUS, y + RADIUS, x - RADIUS, y - RADIUS
    return [
        ("M", ((x, up),)),
        ("C", ((x + k, up), (right, y + k), (right, y))),
        ("C", ((right, y - k), (x + k, down), (x, down))),
        ("C", ((x - k, down), (left, y - k), (left, y))),
        ("C", ((left, y + k), (x - k, up), (x, up))),
        ("Z", ()),
    ]


def dots(count: int, first: int = 0, across: int = ACROSS) -> Path:
    """Outlines of ``count`` dots in rows from the upper left, after ``first`` others."""
    found: Path = []
    for i in range(first, first + count):
        row, column = divmod(i, across)
        found += dot(column + 0.5, 100 / across - row - 0.5)
    return found


def ill_of_hundred(probability: float) -> int:
    """How many of the hundred are filled."""
    return round(100 * min(max(probability, 0.0), 1.0))


def icon_array(probability: float) -> go.Figure:
    """A hundred dots, one a patient: filled ones have the event, outlined ones do not; they have
    the event's colour on either side of a threshold, as blue lowers a risk."""
    ill = ill_of_hundred(probability)
    rows = 100 // ACROSS
    shown = theme.figure(height=190)
    colour = theme.EVENT
    for path, style in (
        (dots(ill), {"fillcolor": colour, "line": {"width": 1, "color": colour}}),
        (dots(100 - ill, ill), {"fillcolor": theme.faint(theme.QUIET, 0.12),
                                  "line": {"width": 1.2, "color": theme.QUIET}}),
    ):  # fmt: skip
        if path:
            shown.add_shape(type="path", path=_svg(path), **style)
    # A shape takes no part in legends: two invisible points do.
    for name, symbol, mark in (
        (f"With the event: {ill} of 100", "circle", colour),
        (f"Without: {100 - ill}", "circle-open", theme.QUIET),
    ):
        shown.add_scatter(x=[None], y=[None], mode="markers", name=name, hoverinfo="skip",
                          marker={"symbol": symbol, "size": 10, "color": mark})  # fmt: skip
    shown.update_xaxes(visible=False, range=[0, ACROSS], constrain="domain")
    shown.update_yaxes(visible=False, range=[0, rows], scaleanchor="x")
    shown.update_layout(showlegend=True, legend={"itemclick": False, "itemdoubleclick": False})
    return shown


def _svg(path: Path) -> str:
    return " ".join(
        " ".join([command, *(f"{x:.3f},{y:.3f}" for x, y in points)]) for command, points in path
    )


def icon_array_caption(
    probability: float,
    interval: tuple[float, float],
    threshold: float | None = None,
    asked: str = "",
    of: str = "patient",
) -> str:
    """The risk, its interval and its side of the threshold in words.

    Args:
        probability: of the event.
        interval: its lower and upper end.
        threshold: at and above which an alert is raised.
        asked: the event in words: "died is yes".
        of: whose risk it is.
    """
    text = f"Of 100 {of}s like this one, {_some(probability)} would have the event"
    text += f" '{asked}'" if asked else ""
    text += f" (risk {wording.percent(probability)}, interval {wording.percents(*interval)})"
    if threshold is None:
        return text + "."
    side = "at or above" if probability >= threshold else "below"
    return f"{text}: {side} the threshold of {wording.percent(threshold)}."


def _some(probability: float) -> str:
    return wording.out_of_hundred(probability).split(" of 100")[0]


def position(
    evaluation: Evaluation,
    value: float,
    label: str = "",
    interval: tuple[float, float] | None = None,
) -> go.Figure:
    """The predictions of all that the model was evaluated on, and this one's."""
    curves = evaluation.curves.get(label or next(iter(evaluation.curves), ""))
    if curves is None or not math.isfinite(value):
        return theme.nothing(f"There are no other {evaluation.one}s to compare with.")
    said = quantity(evaluation, label)
    shown = theme.figure(f"Predicted {said.name}", f"{evaluation.one.capitalize()}s", height=230)
    width = curves.edges[1] - curves.edges[0]
    middle = [edge + width / 2 for edge in curves.edges[:-1]]
    counts = curves.counts
    shown.add_bar(
        x=middle, y=counts, width=width, showlegend=False,
        marker=theme.solid(theme.QUIET),
        customdata=[said.said(at) for at in middle],
        hovertemplate=f"Around %{{customdata}}<br>%{{y}} {evaluation.one}s<extra></extra>",
    )  # fmt: skip
    ends = interval or (value, min(said.bounds[1], value * 1.1))
    start, end = min(curves.edges[0], ends[0]), max(curves.edges[-1], ends[1])
    if interval:
        theme.line(shown, interval, [1.15 * max(counts)] * 2, colour=theme.EVENT, width=5,
                   hoverinfo="skip", showlegend=False)  # fmt: skip
    _marked(shown, value, (start, end, max(counts)), f"This {evaluation.one}: {said.said(value)}")
    shown.update_yaxes(range=[0, (1.25 if interval else 1.15) * max(counts)])
    if said.of_hundred:
        theme.percent_axis(shown, "x", range=[0, end])
    else:
        shown.update_xaxes(range=[start, end])
    shown.update_layout(margin_t=8)
    return shown


def quantity(evaluation: Evaluation, label: str) -> Quantity:
    """What is predicted under this label."""
    outcome = evaluation.outcome
    return outcome.quantities[outcome.labels.index(label) if label in outcome.labels else 0]


def _marked(shown: go.Figure, value: float, corner: tuple[float, float, float], text: str) -> None:
    """The line of one of them, and its value on the side that has room."""
    start, end, top = corner
    theme.line(shown, [value] * 2, [0, top], colour=theme.EVENT, width=2, hoverinfo="skip",
               showlegend=False)  # fmt: skip
    shown.add_scatter(
        x=[value], y=[top], mode="markers+text", showlegend=False, hoverinfo="skip",
        cliponaxis=False,
        marker={"symbol": "diamond", "size": 13, "color": theme.EVENT},
        text=[f"  {text}  "],
        textposition="middle left" if value > start + 0.6 * (end - start) else "middle right",
    )  # fmt: skip


def position_caption(
    share: float, n: int, asked: str = "", said: Quantity = RISK, of: str = "patient"
) -> str:
    """share: of those with a lower value; asked: the event in words; of: whose value it is."""
    many = wording.percent(share)
    return (
        f"{many[:1].upper()}{many[1:]} of the {n:,} {of}s the model was evaluated on have a lower "
        f"{said.predicted} than this {of}{said.of_event(asked)}."
    )
