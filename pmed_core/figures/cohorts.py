"""The variables of a cohort, and one patient's values among them."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import plotly.graph_objects as go

from pmed_core.figures import theme, wording
from pmed_core.quality import Summary
from pmed_core.variable import Kind, Variable
from pmed_core.work import Cell

BAR = theme.solid(theme.MODEL)


PLACES_SHOWN = 12


@dataclass(frozen=True)
class Place:
    """A patient's number among the cohort's, for one variable.

    Attributes:
        at: where 0 is the 5 % quantile and 1 the 95 % quantile.
        median: likewise.
        outside: in words, where the number is beyond everyone's or beyond 90 % of them; or "".
    """

    variable: Variable
    value: float
    at: float
    median: float
    low: float
    high: float
    outside: str


def places(
    variables: Sequence[Variable], summaries: Sequence[Summary], cells: Mapping[str, Cell]
) -> list[Place]:
    """Those variables that are known numbers in the patient and in the cohort, in this order."""
    by_name = {summary.name: summary for summary in summaries}
    found = []
    for variable in variables:
        value, summary = cells.get(variable.name), by_name.get(variable.name)
        if (
            variable.kind is Kind.NUMBER
            and summary is not None
            and isinstance(value, int | float)
            and math.isfinite(value)
            and len(summary.quantiles) == 7
        ):
            found.append(_place(variable, float(value), summary.quantiles))
    return found


def _place(variable: Variable, value: float, quantiles: tuple[float, ...]) -> Place:
    lowest, low, _, median, _, high, highest = quantiles
    width = high - low or 1.0
    outside = ""
    if value < lowest or value > highest:
        outside = f"{'lower' if value < lowest else 'higher'} than anyone's"
    elif value < low or value > high:
        outside = f"among the {'lowest' if value < low else 'highest'} 5 %"
    at, middle = (value - low) / width, (median - low) / width
    return Place(variable, value, at, middle if high > low else 0.5, low, high, outside)


def against_range(found: Sequence[Place]) -> go.Figure:
    """A line a variable: the cohort's 5-95 % range as a bar, its median, and the patient."""
    if not found:
        return theme.nothing("None of these numbers is known for this patient.")
    shown = theme.figure()
    lines = list(range(len(found)))
    shown.add_bar(
        y=lines, x=[1] * len(found), orientation="h", width=0.34, hoverinfo="skip",
        name="5 to 95 % of the cohort", marker=BAR | {"color": theme.faint(theme.MODEL, 0.3)},
    )  # fmt: skip
    shown.add_scatter(
        y=lines, x=[place.median for place in found], mode="markers", name="Median",
        marker={"symbol": "line-ns", "size": 13, "line": {"width": 3, "color": theme.MODEL}},
        hoverinfo="skip",
    )  # fmt: skip
    for out, name, symbol in ((False, "Patient", "diamond"), (True, "Patient, out of range", "x")):
        _patients(shown, [i for i in lines if bool(found[i].outside) == out], found, (name, symbol))
    names = [_with_value(place) for place in found]
    theme.rows(shown, names, top=30)
    shown.update_xaxes(visible=False, range=[-0.34, 1.34])
    shown.update_yaxes(showline=False)
    row = 40 if max(name.count("<br>") for name in names) < 2 else 54
    shown.update_layout(showlegend=True, height=row * len(found) + 90, margin_t=60)
    return shown


def _patients(
    shown: go.Figure, kept: list[int], found: Sequence[Place], style: tuple[str, str]
) -> None:
    if not kept:
        return
    shown.add_scatter(
        # Far outliers stay at the border of the figure; their number says how far.
        y=kept, x=[min(max(found[i].at, -0.26), 1.26) for i in kept], mode="markers",
        name=style[0], marker={"symbol": style[1], "size": 12, "color": theme.EVENT},
        customdata=[[wording.number(found[i].low), wording.number(found[i].high)] for i in kept],
        hovertemplate="5 to 95 % of the cohort: %{customdata[0]} to %{customdata[1]}"
        "<extra></extra>",
    )  # fmt: skip


def _with_value(place: Place) -> str:
    value = wording.label(wording.cell(place.value, place.variable), 24, 1)
    return f"{wording.label(place.variable.name, 24)}<br><b>{value}</b>"


def against_range_caption(found: Sequence[Place]) -> str:
    """Which values are unusual."""
    odd = [f"{place.variable.name} is {place.outside}" for place in found if place.outside]
    if not odd:
        return f"All {len(found)} numbers lie within the range of 90 % of the cohort."
    many = f", and {len(odd) - 3} more are unusual" if len(odd) > 3 else ""
    return f"Of {len(found)} numbers, {wording.listed(odd[:3])}{many}."


def distribution(summary: Summary, variable: Variable, of: str = "patient") -> go.Figure:
    """A histogram of a number or date, bars of a category; ``of`` is what each row is."""
    if summary.edges:
        return _histogram(summary, variable, of)
    if not summary.values:
        return theme.nothing("Every cell is empty.")
    shown = theme.figure(f"{of.capitalize()}s")
    shown.add_bar(
        y=list(range(len(summary.values))), x=summary.counts, orientation="h", width=0.62,
        marker=BAR, text=[f"{count:,}" for count in summary.counts], textposition="outside",
        cliponaxis=False, hoverinfo="skip",
    )  # fmt: skip
    names = [wording.label(variable.shown(value), 19) for value in summary.values]
    theme.rows(shown, names, top=8)
    shown.update_layout(margin_t=8, margin_r=48)
    return shown


def _histogram(summary: Summary, variable: Variable, of: str) -> go.Figure:
    shown = theme.figure(wording.titled(variable, 40), f"{of.capitalize()}s", height=240)
    edges = summary.edges
    middle = [(a + b) / 2 for a, b in zip(edges, edges[1:], strict=False)]
    width = [b - a for a, b in zip(edges, edges[1:], strict=False)]
    spans = [
        f"{wording.cell(a, variable)} to {wording.cell(b, variable)}"
        for a, b in zip(edges, edges[1:], strict=False)
    ]
    shown.add_bar(
        x=middle, y=summary.counts, width=width, marker=BAR, customdata=spans,
        hovertemplate=f"%{{customdata}}<br>%{{y}} {of}s<extra></extra>",
    )  # fmt: skip
    if variable.kind is Kind.DATE:
        ticks = [edges[round(i * (len(edges) - 1) / 3)] for i in range(4)]
        shown.update_xaxes(tickvals=ticks, ticktext=[wording.day(tick) for tick in ticks])
    shown.update_layout(margin_t=8)
    return shown


def distribution_caption(summary: Summary, variable: Variable, of: str = "patient") -> str:
    """The middle and the ends, or the most frequent value."""
    missing = f"{summary.missing:,} cells are empty." if summary.missing else "No cell is empty."
    if len(summary.quantiles) == 7 and variable.kind in (Kind.NUMBER, Kind.DATE):
        low, middle, high = (wording.cell(float(summary.quantiles[i]), variable) for i in (1, 3, 5))
        return f"Half are above {middle}; 90 % lie between {low} and {high}. {missing}"
    if not summary.values:
        return missing
    return (
        f"'{variable.shown(summary.values[0])}' is the most frequent of {summary.distinct:,} "
        f"values, in {summary.counts[0]:,} {of if summary.counts[0] == 1 else of + 's'}. {missing}"
    )
