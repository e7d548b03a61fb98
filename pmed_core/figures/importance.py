"""What moves a model over many patients: along a variable, and from group to group."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import pandas as pd
import plotly.graph_objects as go
from numpy.typing import NDArray

from pmed_core.explanation import Explanation
from pmed_core.figures import contributions, theme, wording
from pmed_core.variable import Kind, Variable

Floats = NDArray[np.float64]
GROUPS_AT_MOST, ROWS, FEW = 5, 8, 5
"""Groups and variables that are shown, and the fewest patients that make a group."""
JITTER = 0.28


@dataclass(frozen=True)
class Group:
    """Patients whose value of a variable is alike."""

    name: str
    rows: NDArray[np.int64]


def dependence(explanation: Explanation, variable: Variable) -> go.Figure:
    """Each point a patient: the value against what it did, coloured by the variable's partner."""
    at = explanation.variables.index(variable.name)
    x, y = explanation.numbers[:, at], explanation.shap[:, at]
    known = np.isfinite(x)
    if not known.any():
        return theme.nothing("No patient has a value of this variable.")
    shown = theme.figure(wording.titled(variable, 60), contributions.contribution(explanation))
    partner = explanation.partner(at)
    if variable.kind is not Kind.NUMBER:
        _categories(shown, variable)
        x = x + JITTER * contributions.swarm(y) / contributions.SPREAD
    shown.add_hline(y=0, line={"color": theme.AXIS, "width": 1})
    cells = [explanation.values[row][at] for row in np.flatnonzero(known)]
    if partner is None:
        _points(shown, (x[known], y[known]), np.full(int(known.sum()), 0.0), cells)
        return shown
    colour = contributions.rank(explanation.numbers[:, partner])
    for told in (True, False):
        rows = known & (np.isfinite(colour) == told)
        if rows.any():
            both = [_both(explanation, int(row), at, partner) for row in np.flatnonzero(rows)]
            _points(shown, (x[rows], y[rows]), colour[rows], both)
    contributions.legend(shown, wording.label(explanation.variables[partner], 26, 1))
    return shown


def _both(explanation: Explanation, row: int, at: int, partner: int) -> str:
    values = explanation.values[row]
    return f"{values[at]}; {explanation.variables[partner]} {values[partner]}"


def _categories(shown: go.Figure, variable: Variable) -> None:
    ticks = list(range(len(variable.categories)))
    names = [wording.label(variable.shown(code), 14) for code in variable.categories]
    shown.update_xaxes(tickvals=ticks, ticktext=names, showgrid=False)


def _points(
    shown: go.Figure, where: tuple[Floats, Floats], colour: Floats, told: list[str]
) -> None:
    """Coloured from low to high; grey crosses where the colour is not known."""
    known = bool(np.isfinite(colour).all())
    marker = {"size": 6, "opacity": 0.8} | (
        {"color": colour.round(2), "cmin": 0, "cmax": 1,
         "colorscale": [list(stop) for stop in theme.LOW_TO_HIGH]}
        if known else {"color": theme.QUIET, "symbol": "x-thin",
                       "line": {"width": 1.2, "color": theme.QUIET}}
    )  # fmt: skip
    shown.add_scatter(
        x=where[0].round(5), y=where[1].round(4), mode="markers", showlegend=False, marker=marker,
        customdata=[wording.label(text, 60, 2) for text in told],
        hovertemplate="%{customdata}<br>%{y:+.2f}<extra></extra>",
    )  # fmt: skip


def dependence_caption(explanation: Explanation, variable: Variable) -> str:
    """What the colour is, and what happens where the value is missing."""
    at = explanation.variables.index(variable.name)
    known, partner = np.isfinite(explanation.numbers[:, at]), explanation.partner(at)
    said = f"Each point is one of {int(known.sum()):,} patients with a value of {variable.name}."
    if partner is not None:
        name = explanation.variables[partner]
        said += f" Colour: {name}, the variable it interacts with most."
        if not np.isfinite(explanation.numbers[known, partner]).all():
            said += f" A grey cross: {name} was not measured."
    if (~known).any():
        mean = explanation.quantity.share(float(explanation.shap[~known, at].mean()))
        missing = int((~known).sum())
        said += f" Of {missing:,} it was not measured; there it added {mean} on average."
    return f"{said} {contributions.NOT_CAUSES}"


def dependence_table(explanation: Explanation, variable: Variable) -> pd.DataFrame:
    """One line a patient."""
    at = explanation.variables.index(variable.name)
    columns = {
        "Patient": explanation.patients,
        variable.name: [values[at] for values in explanation.values],
        contributions.contribution(explanation): explanation.shap[:, at],
        "Standard error": explanation.standard_error[:, at],
    }
    partner = explanation.partner(at)
    if partner is not None:
        columns[explanation.variables[partner]] = [row[partner] for row in explanation.values]
    return pd.DataFrame(columns)


def groups(explanation: Explanation, variable: Variable) -> tuple[Group, ...]:
    """The patients by thirds of a number, or by the commonest values of a category."""
    at = explanation.variables.index(variable.name)
    numbers = explanation.numbers[:, at]
    found = _thirds(numbers, variable) if variable.kind is Kind.NUMBER else _values(
        numbers, variable
    )  # fmt: skip
    missing = Group("not measured", np.flatnonzero(~np.isfinite(numbers)))
    return tuple(group for group in (*found, missing) if len(group.rows) >= FEW)


def _thirds(numbers: Floats, variable: Variable) -> list[Group]:
    known = numbers[np.isfinite(numbers)]
    if not len(known):
        return []
    low, high = np.quantile(known, [1 / 3, 2 / 3])
    lower, upper = wording.number(float(low), 3), wording.number(float(high), 3)
    if low == high:
        return [
            Group(f"up to {lower} {variable.suffix}".strip(), np.flatnonzero(numbers <= low)),
            Group(f"above {lower} {variable.suffix}".strip(), np.flatnonzero(numbers > low)),
        ]
    return [
        Group(f"up to {lower} {variable.suffix}".strip(), np.flatnonzero(numbers <= low)),
        Group(f"above {lower} to {upper}", np.flatnonzero((numbers > low) & (numbers <= high))),
        Group(f"above {upper}", np.flatnonzero(numbers > high)),
    ]


def _values(numbers: Floats, variable: Variable) -> list[Group]:
    rows = [np.flatnonzero(numbers == code) for code in range(len(variable.categories))]
    common = sorted(range(len(rows)), key=lambda code: -len(rows[code]))[:GROUPS_AT_MOST]
    return [Group(variable.shown(variable.categories[code]), rows[code]) for code in sorted(common)]


def _sizes(explanation: Explanation, variable: Variable) -> Iterator[tuple[str, int, Floats]]:
    """(group, patients, (variables shown, 3) mean size of the contribution and its 95 % interval,
    by the normal approximation)."""
    at = [explanation.variables.index(name) for name, _ in contributions.ranked(explanation)[:ROWS]]
    for group in groups(explanation, variable):
        size = np.abs(explanation.shap[group.rows][:, at])
        mean, half = size.mean(axis=0), 1.96 * size.std(axis=0, ddof=1) / np.sqrt(len(size))
        yield group.name, len(size), np.stack([mean, np.maximum(mean - half, 0), mean + half], 1)


def subgroups(explanation: Explanation, variable: Variable) -> go.Figure:
    """How much each variable moves the model, in each group."""
    names = [name for name, _ in contributions.ranked(explanation)[:ROWS]]
    found = list(_sizes(explanation, variable))
    if not found:
        return theme.nothing("There are too few patients in every group.")
    shown = theme.figure(f"Mean size of the contribution ({explanation.quantity.scale})")
    for number, (group, count, sizes) in enumerate(found):
        offset = 0.16 * (number - (len(found) - 1) / 2)
        colour = theme.QUIET if group == "not measured" else theme.SERIES[number % 5]
        shown.add_scatter(
            x=sizes[:, 0], y=np.arange(len(names)) + offset, mode="markers",
            name=f"{wording.label(group, 26, 1)} ({count:,})",
            marker={"size": 9, "color": colour, "symbol": theme.SYMBOLS[number % 6]},
            error_x={"array": sizes[:, 2] - sizes[:, 0], "arrayminus": sizes[:, 0] - sizes[:, 1],
                     "symmetric": False, "thickness": 1.4, "width": 0, "color": colour},
            hovertemplate="%{x:.3f}<extra></extra>",
        )  # fmt: skip
    theme.rows(shown, [wording.label(name, 19) for name in names])
    shown.update_layout(height=46 * len(names) + 110, showlegend=True)
    shown.update_xaxes(rangemode="tozero")
    return shown


def subgroups_caption(explanation: Explanation, variable: Variable) -> str:
    """How to read it."""
    return (
        f"The variables that move the model most, by groups of {variable.name}; behind each group "
        f"its number of patients, lines are 95 % intervals. {contributions.NOT_CAUSES}"
    )


def subgroups_table(explanation: Explanation, variable: Variable) -> pd.DataFrame:
    """One line a variable and group."""
    names = [name for name, _ in contributions.ranked(explanation)[:ROWS]]
    rows = [
        (name, group, count, *size)
        for group, count, sizes in _sizes(explanation, variable)
        for name, size in zip(names, sizes, strict=True)
    ]
    size = f"Mean size ({explanation.quantity.scale})"
    columns = ["Variable", variable.name, "Patients", size, "Low", "High"]
    return pd.DataFrame(rows, columns=columns)
