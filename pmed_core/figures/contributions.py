"""What moved the model: SHAP values, on the scale of what is explained."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import plotly.graph_objects as go
from numpy.typing import NDArray

from pmed_core.explanation import Explanation
from pmed_core.figures import theme, wording
from pmed_core.quantity import Quantity
from pmed_core.variable import Variable

Floats = NDArray[np.float64]
NOT_CAUSES = "This is what moved the model, not what causes the outcome."
SPREAD = 0.36
SHOWN_PATIENTS = 400


@dataclass(frozen=True)
class Step:
    """One bar of a waterfall: from ``start`` to ``start + change``, in scores."""

    name: str
    value: str
    start: float
    change: float


def contribution(explanation: Explanation) -> str:
    """The title of an axis of contributions."""
    return f"Contribution ({explanation.quantity.scale})"


def steps(explanation: Explanation, row: int = 0, top: int = 10) -> list[Step]:
    """The largest contributions first and the rest as one, from the base to the prediction."""
    shap = explanation.shap[row]
    order = np.argsort(-np.abs(shap), kind="stable")
    keep = order[:top] if len(order) > top + 1 else order
    rest = [i for i in order if i not in set(keep.tolist())]
    found = [(explanation.variables[i], explanation.values[row][i], float(shap[i])) for i in keep]
    if rest:
        found.append((f"{len(rest)} other variables", "", float(shap[rest].sum())))
    start, bars = float(explanation.base[row]), []
    for name, value, change in found:
        bars.append(Step(name, value, start, change))
        start += change
    return bars


def waterfall(explanation: Explanation, row: int = 0, top: int = 10) -> go.Figure:
    """From the answer for a typical one to this one's, one variable a step."""
    bars = steps(explanation, row, top)
    ends = float(explanation.base[row]), float(explanation.prediction[row])
    said = explanation.quantity
    shown = theme.figure(said.axis_of_shares)
    for raises, name, colour, stripes in (
        (True, f"Raises the {said.name}", theme.EVENT, ""),
        (False, f"Lowers the {said.name}", theme.MODEL, "/"),
    ):
        kept = [(i + 1, bar) for i, bar in enumerate(bars) if (bar.change >= 0) == raises]
        _bars(shown, kept, (name, colour, stripes), said)
    _ends(shown, ends, len(bars) + 1, said)
    of = explanation.of
    names = [f"Typical {of}", *map(_named, bars), f"<b>This {of}</b>"]
    theme.rows(shown, names, top=56)
    lines = max(name.count("<br>") for name in names) + 1
    shown.update_layout(height=(19 * max(lines, 2)) * len(names) + 90)
    _axis(shown, [*ends, *(bar.start for bar in bars)], said)
    return shown


def _bars(
    shown: go.Figure, kept: list[tuple[int, Step]], style: tuple[str, str, str], said: Quantity
) -> None:
    name, colour, stripes = style
    pattern = {"shape": stripes, "fillmode": "overlay", "fgcolor": "rgba(255,255,255,0.6)",
               "size": 6, "solidity": 0.2}  # fmt: skip
    ends = [[said.value(bar.start), said.value(bar.start + bar.change)] for _, bar in kept]
    shown.add_bar(
        y=[i for i, _ in kept], x=[bar.change for _, bar in kept], orientation="h", width=0.62,
        base=[bar.start for _, bar in kept], name=name, textposition="outside",
        text=[said.share(bar.change) for _, bar in kept], cliponaxis=False,
        marker={"color": colour, "line": {"width": 1, "color": colour}, "pattern": pattern},
        customdata=[[said.said(end) for end in pair] for pair in ends],
        hovertemplate="From %{customdata[0]} to %{customdata[1]}<extra></extra>",
    )  # fmt: skip


def _named(bar: Step) -> str:
    name = wording.label(bar.name, 24)
    return f"{name}<br>= {wording.label(bar.value, 24, 1)}" if bar.value else name


def _ends(shown: go.Figure, ends: tuple[float, float], last: int, said: Quantity) -> None:
    """Where the sum begins, in the first line, and where it ends, in the last."""
    for at, y, symbol, colour in (
        (ends[0], 0, "circle", theme.QUIET),
        (ends[1], last, "diamond", theme.EVENT),
    ):
        theme.line(shown, [at, at], [0, last], colour=theme.faint(colour, 0.7), width=1.2,
                   dash="dot", hoverinfo="skip", showlegend=False)  # fmt: skip
        shown.add_scatter(
            x=[at], y=[y], mode="markers+text", showlegend=False, hoverinfo="skip",
            text=[f"  {said.said(said.value(at))}  "], cliponaxis=False,
            textposition="middle right" if at <= sum(ends) / 2 else "middle left",
            marker={"symbol": symbol, "size": 11, "color": colour},
        )  # fmt: skip


def _axis(shown: go.Figure, points: list[float], said: Quantity) -> None:
    """Scores below, told as round values that stand apart."""
    low, high = min(points), max(points)
    air = said.air(low, high)
    low, high = low - air, high + air
    ticks = said.ticks(low, high)
    shown.update_xaxes(
        range=[low, high], tickvals=[at for at, _ in ticks], ticktext=[text for _, text in ticks],
        tickangle=0,
    )  # fmt: skip


def waterfall_caption(explanation: Explanation, event: str, row: int = 0) -> str:
    """Where the value is moved to, by what, and what speaks against that.

    ``event``: what is explained, in words ("died is yes"), here and below.
    """
    base, end = float(explanation.base[row]), float(explanation.prediction[row])
    said, sign = explanation.quantity, math.copysign(1, end - base)
    seen = said.smallest()
    bars = steps(explanation, row) if abs(end - base) >= seen else []
    moved = [bar for bar in bars if sign * bar.change >= seen][:2]
    against = [bar for bar in bars if sign * bar.change <= -seen][:1] if moved else []
    last = said.said(said.value(end))
    found = (
        f"From {said.said(said.value(base))}, {said.typical(event, explanation.of)}, the "
        f"contributions {'raise' if sign > 0 else 'lower'} it to {last}"
    )
    if not moved:
        found = f"{said.unmoved(event, explanation.of)}, {last}"
    else:
        found += f"; most comes from {_with_changes(moved, said)}"
    if against:
        found += f"; against that speaks {_with_changes(against, said)}"
    return f"{found}. {NOT_CAUSES}"


def _with_changes(bars: list[Step], said: Quantity) -> str:
    return wording.listed([f"{bar.name} ({said.share(bar.change)})" for bar in bars])


def by_reason(explanation: Explanation | None, variables: Sequence[Variable]) -> list[Variable]:
    """The variables that moved the model most for the first patient first; as they are where
    nothing is explained."""
    if explanation is None:
        return list(variables)
    names = [step.name for step in steps(explanation, 0, len(explanation.variables))]
    order = {name: position for position, name in enumerate(names)}
    return sorted(variables, key=lambda variable: order.get(variable.name, len(order)))


def ranked(explanation: Explanation) -> list[tuple[str, float]]:
    """Variables with their mean absolute contribution, largest first."""
    size = np.abs(explanation.shap).mean(axis=0)
    order = np.argsort(-size, kind="stable")
    return [(explanation.variables[i], float(size[i])) for i in order]


def beeswarm(explanation: Explanation, top: int = 12) -> go.Figure:
    """Each point a patient: how far the variable moved their risk, coloured by its value."""
    names = [name for name, _ in ranked(explanation)[:top]]
    rows = np.linspace(0, len(explanation.patients) - 1, SHOWN_PATIENTS).astype(int)
    rows = np.unique(rows)
    shown = theme.figure(contribution(explanation))
    for line, name in enumerate(names):
        column = explanation.variables.index(name)
        shap, height = explanation.shap[rows, column], explanation.numbers[rows, column]
        y = line + swarm(shap)
        known = np.isfinite(height)
        cells = [explanation.values[row][column] for row in rows]
        _points(shown, (shap, y, rank(height)), (known, cells))
        _missing(shown, (shap, y), ~known)
    shown.add_vline(x=0, line={"color": theme.AXIS, "width": 1})
    theme.rows(shown, [wording.label(name, 19) for name in names])
    legend(shown)
    return shown


def _points(
    shown: go.Figure,
    points: tuple[Floats, Floats, Floats],
    about: tuple[NDArray[np.bool_], list[str]],
) -> None:
    (x, y, rank), (known, cells) = points, about
    colours = [list(stop) for stop in theme.LOW_TO_HIGH]
    shown.add_scatter(
        x=x[known].round(4), y=y[known].round(3), mode="markers", showlegend=False,
        marker={"size": 5.5, "color": rank[known].round(2), "colorscale": colours, "cmin": 0,
                "cmax": 1, "opacity": 0.85},
        customdata=[wording.label(cells[i], 40, 1) for i in np.flatnonzero(known)],
        hovertemplate="%{customdata}<br>%{x:+.2f}<extra></extra>",
    )  # fmt: skip


def _missing(shown: go.Figure, points: tuple[Floats, Floats], missing: NDArray[np.bool_]) -> None:
    if not missing.any():
        return
    x, y = points
    again = any(trace.name == "Missing" for trace in shown.data)
    shown.add_scatter(
        x=x[missing].round(4), y=y[missing].round(3), mode="markers", name="Missing",
        legendgroup="missing", showlegend=not again,
        marker={"size": 6, "color": theme.QUIET, "symbol": "x-thin", "line": {
            "width": 1.2, "color": theme.QUIET}},
        hovertemplate="Missing<br>%{x:+.2f}<extra></extra>",
    )  # fmt: skip


def legend(shown: go.Figure, of: str = "") -> None:
    """What the colours are; a colour bar would lie over the plot on a narrow screen."""
    low, high = (f"{of} low", f"{of} high") if of else ("Low value", "High value")
    for name, colour in ((low, theme.BLUE), (high, theme.VERMILLION)):
        shown.add_scatter(x=[None], y=[None], mode="markers", name=name, legendrank=1,
                          marker={"size": 9, "color": colour})  # fmt: skip
    shown.update_layout(showlegend=True, legend={"itemclick": False, "itemdoubleclick": False})


def swarm(values: Floats) -> Floats:
    """Offsets (n,) that spread points of like value, wider where there are more."""
    if not len(values):
        return np.zeros(0)
    width = max(float(np.ptp(values)), 1e-12) / 60
    bins = np.round((values - values.min()) / width).astype(int)
    count = np.bincount(bins)
    order = np.argsort(bins, kind="stable")
    place = np.empty(len(values))
    starts = np.cumsum(count) - count
    place[order] = np.arange(len(values)) - starts[bins[order]]
    # 0, 1, 2, 3 ... becomes 0, +1, -1, +2 ...: the first of a bin stays on the line.
    signed = np.ceil(place / 2) * np.where(place % 2 == 1, 1.0, -1.0)
    return np.asarray(SPREAD * signed / max(count.max() / 2, 8.0))


def rank(values: Floats) -> Floats:
    """Share of known values that are lower, 0..1: an outlier does not take all the colour."""
    known = np.isfinite(values)
    found = np.full(len(values), np.nan)
    different, inverse = np.unique(values[known], return_inverse=True)
    counts = np.bincount(inverse, minlength=len(different))
    middle = np.cumsum(counts) - counts / 2
    if len(different) > 1:
        found[known] = ((middle - middle[0]) / (middle[-1] - middle[0]))[inverse]
    else:
        found[known] = 0.5
    return found


def beeswarm_caption(explanation: Explanation, event: str) -> str:
    """How to read it."""
    names = wording.listed([name for name, _ in ranked(explanation)[:3]])
    return (
        f"Each point is one of {min(len(explanation.patients), SHOWN_PATIENTS):,} patients; to "
        f"the right the value raised {explanation.quantity.of(event)}. Blue is a low "
        "value, orange a high one, a grey cross a missing one. "
        f"{names} move the model most. {NOT_CAUSES}"
    )
