"""What could change of one patient: in words, as a figure and as a table."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import pandas as pd
import plotly.graph_objects as go

from pmed_core.advice import Advice, Change, Option
from pmed_core.figures import theme, wording
from pmed_core.limits import Limit, Limits, Way
from pmed_core.quantity import Quantity, percent
from pmed_core.variable import Kind, Variable

NOT_CAUSED = (
    "This is what the model has learnt goes together, not what a treatment or a change of habits "
    "would bring about."
)
WAYS: dict[Way, str] = {"either": "either way", "lower": "only lower", "higher": "only higher"}
ROW, LINE = 52, 16
"""Pixels of a row, and of each further line of its name."""


@dataclass(frozen=True)
class Told:
    """What is needed to tell an advice.

    Attributes:
        variables: the model's inputs.
        said: what is predicted.
        one: of whom, one of them.
    """

    advice: Advice
    variables: Sequence[Variable]
    said: Quantity
    one: str = "patient"

    @property
    def by_name(self) -> Mapping[str, Variable]:
        """The inputs by their names."""
        return {variable.name: variable for variable in self.variables}

    @property
    def options(self) -> tuple[Option, ...]:
        """Single changes, then pairs, each as they are ranked."""
        return (*self.advice.singles, *self.advice.pairs)

    def cell(self, change: Change, after: bool = True) -> str:
        """One of its two values with its unit."""
        variable = self.by_name[change.variable]
        return wording.cell(change.after if after else change.before, variable)

    def changed(self, option: Option) -> str:
        """ "smoker: yes → no; weight: 96 kg → 87 kg"."""
        return "; ".join(
            f"{one.variable}: {self.cell(one, after=False)} → {self.cell(one)}"
            for one in option.changes
        )

    def similar(self, option: Option) -> str:
        """ "31 of 90", or that nobody is there to be compared with."""
        among = self.advice.among
        return f"{option.similar or 'none'} of {among:,}" if among else wording.UNKNOWN

    def without_like(self, option: Option) -> bool:
        """Whether no patient who is alike in everything else is in that state."""
        return self.advice.among > 0 and not option.similar

    def span(self, option: Option) -> str:
        """The interval of what would be predicted."""
        return self.said.span(option.low, option.high)

    def range(self, name: str) -> str:
        """Between which values an input was tried."""
        values = next(one.values for one in self.advice.tried if one.variable == name)
        if not values:
            return "no other value"
        shown = [wording.cell(value, self.by_name[name]) for value in values]
        if self.by_name[name].kind is not Kind.NUMBER:
            return ", ".join(shown)
        return shown[0] if len(shown) == 1 else f"{shown[0]} to {shown[-1]}"


def headline(told: Told) -> str:
    """What helps most, in words; that nothing does where nothing does."""
    advice, said = told.advice, told.said
    side = "higher" if advice.higher else "lower"
    if not told.options:
        return f"No change within the limits goes with a {side} {said.name} for this {told.one}."
    best = advice.singles[0] if advice.singles else advice.pairs[0]
    return (
        f"Now {said.said(advice.value)} ({said.span(advice.low, advice.high)}). The most by one "
        f"change: {said.said(best.value)} ({told.span(best)}) with {told.changed(best)}."
    )


def caption(told: Told) -> str:
    """What the lines are, and what was left out."""
    advice = told.advice
    side = "higher" if advice.higher else "lower"
    said = (
        f"Predicted {told.said.name} of {told.one}s who are like this one but for the change, with "
        f"intervals; the dotted line is this {told.one} now."
    )
    if advice.among:
        said += (
            f" 'Alike' counts, of the {advice.among:,} training {told.one}s most like this one in "
            "everything else, those who have these values."
            + " Open markers: nobody has them."
            * any(map(told.without_like, told.options))
        )
    if advice.unmoved:
        said += f" No allowed value goes with a {side} one: {wording.listed(advice.unmoved)}."
    if advice.unlike:
        left = wording.counted(advice.unlike, "combination")
        said += f" {left} left out: the model has seen no such {told.one}s."
    return f"{said} {NOT_CAUSED}"


def options(told: Told) -> go.Figure:
    """One line an option, with what is predicted now across all of them."""
    if not told.options:
        return theme.nothing("No change within the limits helps.")
    shown, said = theme.figure(f"{said_title(told)}"), told.said
    advice, count = told.advice, len(told.options)
    theme.line(shown, [advice.value] * 2, [-0.6, count - 0.4], colour=theme.EVENT, dash="dot",
               width=1.5, hoverinfo="skip", showlegend=False)  # fmt: skip
    for row, option in enumerate(told.options):
        _line(shown, row, option, told.without_like(option))
        shown.add_annotation(
            x=1, xref="paper", y=row, xanchor="right", showarrow=False, yshift=15, font_size=12,
            text=f"{said.said(option.value)} ({told.span(option)})",
        )  # fmt: skip
    names = [_name(told, option) for option in told.options]
    theme.rows(shown, names, top=8)
    ends = [advice.value, *(end for one in told.options for end in (one.low, one.high))]
    air = 0.06 * (max(ends) - min(ends))
    shown.update_xaxes(range=[min(ends) - air, max(ends) + air])
    deepest = max(name.count("<br>") for name in names)
    shown.update_layout(height=(ROW + LINE * max(deepest - 1, 0)) * count + 64, margin_t=12)
    if said.of_hundred:
        theme.percent_axis(shown)
    return shown


def said_title(told: Told) -> str:
    """The title of the axis."""
    return f"Predicted {told.said.name}" if told.said.of_hundred else told.said.axis


def _name(told: Told, option: Option) -> str:
    """What changes, and below it how many are like that."""
    alike = f"<br>{told.similar(option)} alike" if told.advice.among else ""
    return wording.label(told.changed(option), 26, 4) + alike


def _line(shown: go.Figure, row: int, option: Option, open_: bool) -> None:
    """Its interval and value; pairs are diamonds, and open where nobody is like that."""
    theme.line(shown, [option.low, option.high], [row, row], width=3, hoverinfo="skip",
               showlegend=False)  # fmt: skip
    symbol = ("square" if len(option.changes) == 1 else "diamond") + "-open" * open_
    shown.add_scatter(
        x=[option.value], y=[row], mode="markers", showlegend=False, hoverinfo="skip",
        marker={"symbol": symbol, "size": 11, "color": theme.MODEL, "line_width": 2},
        cliponaxis=False,
    )  # fmt: skip


def table(told: Told) -> pd.DataFrame:
    """One row an option."""
    now, said = told.advice.value, told.said
    return pd.DataFrame([
        {
            "Change": told.changed(option),
            f"Predicted {said.name}": said.said(option.value),
            "Interval": told.span(option),
            "Difference": said.difference(now, option.value),
            "Each alone": _alone(told, option),
            "Alike, with these values": told.similar(option),
            "Tried": "; ".join(told.range(one.variable) for one in option.changes),
        }
        for option in told.options
    ])  # fmt: skip


def _alone(told: Told, option: Option) -> str:
    if len(option.changes) == 1:
        return ""
    pairs = zip(option.changes, option.alone, strict=True)
    return "; ".join(f"{change.variable} {told.said.said(value)}" for change, value in pairs)


def limits_in_words(limits: Limits, variables: Sequence[Variable]) -> str:
    """What may change and how far: "weight (only lower, by at most 10 %)"."""
    named = {variable.name: variable for variable in variables}
    told = [_limited(one, named[one.variable]) for one in limits.each if one.variable in named]
    return "; ".join(told) if told else "nothing"


def _limited(limit: Limit, variable: Variable) -> str:
    found = [] if limit.way == "either" else [WAYS[limit.way]]
    if limit.percent is not None:
        found.append(f"by at most {percent(limit.percent / 100)}")
    for end, words in ((limit.low, "not below"), (limit.high, "not above")):
        if end is not None:
            found.append(f"{words} {wording.cell(end, variable)}")
    if limit.to:
        found.append("to " + ", ".join(wording.cell(value, variable) for value in limit.to))
    return f"{variable.name} ({', '.join(found)})" if found else variable.name
