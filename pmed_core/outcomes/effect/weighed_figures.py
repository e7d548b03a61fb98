"""Two outcomes of one treatment side by side, and what they come to with a weight that is chosen:
net clinical benefit (Lynd & O'Brien, J Clin Epidemiol 2004).

A benefit is an effect in the direction of the better outcome.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import pandas as pd
import plotly.graph_objects as go

from pmed_core.evaluation import Measure
from pmed_core.figures import theme, wording
from pmed_core.outcomes.effect import Effect
from pmed_core.outcomes.effect.options_figures import IF
from pmed_core.quantity import Quantity
from pmed_core.work import Consultation

HOW = (
    "The interval adds up the ends of both intervals: it holds in at least as many cases as they "
    "do, however the errors of the two estimates hang together."
)


@dataclass(frozen=True)
class Side:
    """One outcome, and what is said of a patient."""

    effect: Effect
    found: Consultation

    @property
    def said(self) -> Quantity:
        return self.effect.of.quantities[0]

    @property
    def name(self) -> str:
        """What happened to whoever is counted."""
        return self.effect.event("")

    def benefit(self, k: int) -> Measure:
        """Of option k + 1; NaN where nothing is told."""
        sign, of = self.effect.sign, self.found
        low, high = sorted((sign * of.low[k], sign * of.high[k]))
        return Measure(sign * of.value[k], low, high)

    def told(self, benefit: float) -> str:
        """ "as good as 4 fewer of 100", "as bad as 2 mmHg higher"."""
        good = "as good as" if benefit >= 0 else "as bad as"
        up = benefit * self.effect.sign > 0
        if self.said.of_hundred:
            return f"{good} {100 * abs(benefit):.1f} {'more' if up else 'fewer'} of 100"
        return f"{good} {self.said.said(abs(benefit))} {'higher' if up else 'lower'}"


def at_first(first: Effect, second: Effect) -> float:
    """The weight until another is chosen: a unit of a number counts as one patient of a hundred, as
    it would outweigh everything were it worth a whole patient."""
    one, other = (0.01 if of.of.quantities[0].of_hundred else 1.0 for of in (first, second))
    return one / other


def weighed(first: Side, second: Side, k: int, weight: float) -> Measure:
    """Benefits of option k + 1 added up, in the unit of the first; one unit of the second counts
    as ``weight`` of it."""
    one, other = first.benefit(k), second.benefit(k)
    return Measure(
        one.value + weight * other.value, one.low + weight * other.low,
        one.high + weight * other.high,
    )  # fmt: skip


def sentence(first: Side, second: Side, k: int, weight: float) -> str:
    """Both together, on which conditions, and nothing that would be a recommendation."""
    found = weighed(first, second, k, weight)
    if not math.isfinite(found.value):
        return "Nothing can be said of both outcomes together for this patient."
    return (
        f"{IF}, and if {_counts(second)} counts as much as {_of(first, weight)}: for "
        f"patients like this one, {first.effect.labels[k]} is {first.told(found.value)} "
        f"({first.name}); from {first.told(found.low)} to {first.told(found.high)}."
    )


def _counts(side: Side) -> str:
    if side.said.of_hundred:
        return f"one patient more or fewer with “{side.name}”"
    return f"1 {side.said.unit or 'unit'} of “{side.name}”"


def _of(side: Side, weight: float) -> str:
    units = "unit" if weight == 1 else "units"
    unit = "" if side.said.of_hundred else f" {side.said.unit or units}"
    return f"{weight:g}{unit} {'with' if side.said.of_hundred else 'of'} “{side.name}”"


def figure(first: Side, second: Side, k: int, weight: float) -> go.Figure:
    """Either benefit in the unit of the first, and both together."""
    factor = 100.0 if first.said.of_hundred else 1.0
    unit = "of 100 patients" if factor > 1 else first.said.unit
    shown = theme.figure(f"Benefit ({unit})" if unit else "Benefit")
    other = second.benefit(k)
    scaled = Measure(weight * other.value, weight * other.low, weight * other.high)
    rows = (
        (first.name, first.benefit(k), theme.MODEL, "circle"),
        (f"{weight:g} × {second.name}", scaled, theme.MODEL, "circle"),
        ("Together", weighed(first, second, k, weight), theme.EVENT, "square"),
    )
    for row, (_, found, colour, symbol) in enumerate(rows):
        theme.line(shown, [factor * found.low, factor * found.high], [row, row], colour=colour,
                   width=3, hoverinfo="skip", showlegend=False)  # fmt: skip
        shown.add_scatter(
            x=[factor * found.value], y=[row], mode="markers", showlegend=False,
            marker={"symbol": symbol, "size": 12, "color": colour},
            hovertemplate="%{x:.2f}<extra></extra>",
        )  # fmt: skip
    theme.rows(shown, [wording.label(name, 24, 2) for name, *_ in rows], top=8)
    shown.add_vline(x=0, line={"color": theme.AXIS, "width": 1.5, "dash": "dash"})
    shown.update_layout(height=56 * len(rows) + 80)
    return shown


def caption(first: Side, second: Side, k: int, weight: float) -> str:
    """What the figure shows."""
    return (
        f"Right of 0: better with {first.effect.options[k + 1]} than with "
        f"{first.effect.options[0]}. {sentence(first, second, k, weight)} {HOW}"
    )


def table(first: Side, second: Side, k: int, weight: float) -> pd.DataFrame:
    """One row an outcome, each in its own unit, then both together."""
    found = []
    for side, share in ((first, 1.0), (second, weight)):
        effect, of = side.effect.quantities[k], side.found
        found.append({
            "Outcome": side.name, "Difference": side.said.difference(0, of.value[k]),
            "95 % interval": f"{side.said.difference(0, of.low[k])} to "
            f"{side.said.difference(0, of.high[k])}", "Weight": share, "Unit": effect.unit,
        })  # fmt: skip
    both = weighed(first, second, k, weight)
    found.append({
        "Outcome": "Together", "Difference": first.told(both.value),
        "95 % interval": f"{first.told(both.low)} to {first.told(both.high)}", "Weight": math.nan,
        "Unit": first.said.unit,
    })  # fmt: skip
    return pd.DataFrame(found).drop(columns="Unit")
