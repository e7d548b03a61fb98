"""One patient under each option: figures and sentences, every one of them conditional."""

from __future__ import annotations

import math

import pandas as pd
import plotly.graph_objects as go

from pmed_core.figures import theme, wording
from pmed_core.outcomes.effect import Effect
from pmed_core.settings import NOT_STATED
from pmed_core.work import Consultation

ACROSS, DOWN, GAP = 25, 4, 2.3
"""Squares in a row, rows of an option, and the room above it for its name, in squares."""
SIDE = 0.82
IF = "If the assumptions hold"
WELL = 0.25
"""Share of patients like one who were given the rarer option, from which on they are many."""


def difference(outcome: Effect, found: Consultation, k: int) -> str:
    """What option k + 1 would change, as a sentence with its interval: "If the assumptions hold, of
    100 patients like this one about 6 fewer would have the event with surgery than with
    medication; from 12 fewer to 1 more."."""
    option, reference = outcome.options[k + 1], outcome.options[0]
    value, low, high = found.value[k], found.low[k], found.high[k]
    if not math.isfinite(value):
        return f"Nothing can be said of {option} against {reference} for this patient."
    if outcome.of.quantities[0].of_hundred:
        return (
            f"{IF}, of 100 patients like this one {_about(_fewer(value))} would have the event"
            f"{outcome.until} with {option} than with {reference}; from {_fewer(low)} to "
            f"{_fewer(high)}."
        )
    said = outcome.of.quantities[0]
    about, first, last = (_lower(outcome, one) for one in (value, low, high))
    return (
        f"{IF}, {said.name} would be about {about} with {option} than with {reference} in patients "
        f"like this one; from {first} to {last}."
    )


def _lower(outcome: Effect, change: float) -> str:
    """ "9 mmHg lower", or "3.2 months shorter"."""
    less, more = ("shorter", "longer") if outcome.until else ("lower", "higher")
    return f"{outcome.of.quantities[0].said(abs(change))} {less if change < 0 else more}"


def _fewer(share: float) -> str:
    count = round(100 * abs(share))
    if not count:
        return "as many"
    return f"{count} {'fewer' if share < 0 else 'more'}"


def _about(said: str) -> str:
    return f"about {said}"


def under(outcome: Effect, found: Consultation, option: int) -> str:
    """The outcome under one option: "surgery: 18 of 100 (12 % to 25 %)"."""
    k = outcome.effects + option
    said, value = outcome.quantities[k], found.value[k]
    name = outcome.options[option]
    if not math.isfinite(value):
        return f"{name}: not told, too few patients like this one were given it"
    span = said.span(found.low[k], found.high[k])
    if said.of_hundred:
        return f"{name}: {round(100 * value)} of 100 with the event{outcome.until} ({span})"
    return f"{name}: {said.said(value)} ({span})"


def under_each(outcome: Effect, found: Consultation) -> go.Figure:
    """Rows of a hundred squares for each option; lines where the outcome is a number."""
    if outcome.of.quantities[0].of_hundred:
        return _squares(outcome, found)
    return _lines(outcome, found)


def _squares(outcome: Effect, found: Consultation) -> go.Figure:
    shown, step = theme.figure(), DOWN + GAP
    for option in range(len(outcome.options)):
        k, top = outcome.effects + option, -option * step
        shown.add_annotation(
            x=0, y=top + 0.25, text=wording.label(under(outcome, found, option), 60, 1),
            showarrow=False, xanchor="left", yanchor="bottom", font_size=14,
        )  # fmt: skip
        if math.isfinite(found.value[k]):
            _hundred(shown, (found.value[k], found.high[k]), top)
    for name, colour, opacity in (
        ("With the event", theme.EVENT, 1.0), ("Up to the upper end", theme.EVENT, 0.3),
        ("Without", theme.QUIET, 0.15),
    ):  # fmt: skip
        shown.add_scatter(
            x=[None], y=[None], mode="markers", name=name, hoverinfo="skip",
            marker={"symbol": "square", "size": 11, "color": theme.faint(colour, opacity),
                    "line": {"width": 1, "color": colour}},
        )  # fmt: skip
    bottom = -(len(outcome.options) - 1) * step - DOWN
    shown.update_xaxes(visible=False, range=[-0.1, ACROSS], constrain="domain")
    shown.update_yaxes(visible=False, range=[bottom, GAP], scaleanchor="x", constrain="domain")
    shown.update_layout(
        height=150 * len(outcome.options) + 40, showlegend=True,
        legend={"itemclick": False, "itemdoubleclick": False},
    )  # fmt: skip
    return shown


def _hundred(shown: go.Figure, ends: tuple[float, float], top: float) -> None:
    """A hundred squares below ``top``: filled, pale up to the end of the interval, outlined."""
    filled, pale = (round(100 * min(max(end, 0.0), 1.0)) for end in ends)
    parts = (
        (0, filled, theme.EVENT, 1.0), (filled, max(pale, filled), theme.EVENT, 0.3),
        (max(pale, filled), 100, theme.QUIET, 0.15),
    )  # fmt: skip
    for first, last, colour, opacity in parts:
        if first < last:
            path = " ".join(_square(i, top) for i in range(first, last))
            shown.add_shape(type="path", path=path, fillcolor=theme.faint(colour, opacity),
                            line={"width": 1, "color": colour})  # fmt: skip


def _square(i: int, top: float) -> str:
    row, column = divmod(i, ACROSS)
    x, y = column, top - row
    return f"M{x},{y} L{x + SIDE:.2f},{y} L{x + SIDE:.2f},{y - SIDE:.2f} L{x},{y - SIDE:.2f} Z"


def _lines(outcome: Effect, found: Consultation) -> go.Figure:
    said = outcome.of.quantities[0]
    shown, names = theme.figure(said.axis), []
    for option, name in enumerate(outcome.options):
        k = outcome.effects + option
        names.append(wording.label(name, 18, 2))
        if not math.isfinite(found.value[k]):
            continue
        colour = theme.SERIES[option % len(theme.SERIES)]
        theme.line(shown, [found.low[k], found.high[k]], [option] * 2, colour=colour, width=3,
                   hoverinfo="skip", showlegend=False)  # fmt: skip
        shown.add_scatter(
            x=[found.value[k]], y=[option], mode="markers", showlegend=False, hoverinfo="skip",
            marker={"symbol": theme.SYMBOLS[option], "size": 12, "color": colour},
        )  # fmt: skip
        shown.add_annotation(
            x=1, xref="paper", y=option, xanchor="right", showarrow=False, yshift=16, font_size=12,
            text=f"{said.said(found.value[k])} ({said.span(found.low[k], found.high[k])})",
        )  # fmt: skip
    theme.rows(shown, names, top=8)
    shown.update_layout(height=56 * len(names) + 70)
    return shown


def under_each_caption(outcome: Effect, found: Consultation) -> str:
    """What the figure shows, on which condition."""
    each = "; ".join(under(outcome, found, option) for option in range(len(outcome.options)))
    return f"{IF}, for patients like this one: {each}. Intervals: {outcome.interval}."


def under_each_table(outcome: Effect, found: Consultation) -> pd.DataFrame:
    """One row an option, then one a difference."""
    k = range(outcome.effects, len(outcome.labels))
    order = [*k, *range(outcome.effects)]
    return pd.DataFrame([
        {
            "Option": outcome.labels[j], "Expected": outcome.quantities[j].said(found.value[j]),
            "Interval": outcome.quantities[j].span(found.low[j], found.high[j])
            if math.isfinite(found.value[j]) else wording.UNKNOWN,
        }
        for j in order
    ])  # fmt: skip


def share_of(found: Consultation, k: int) -> float:
    """Of patients like this one who were given option k + 1 or the reference, who were given the
    option; NaN where that is not known."""
    if not found.given:
        return math.nan
    both = found.given[0] + found.given[k + 1]
    return found.given[k + 1] / both if both > 0 else math.nan


def overlap(outcome: Effect, found: Consultation, k: int) -> tuple[bool, str]:
    """Whether many patients like this one were given either, and that in words."""
    option, share = outcome.options[k + 1], share_of(found, k)
    if outcome.arms.randomised:
        of = "of these two, " * (outcome.effects > 1)
        return True, f"Randomised: {of}{wording.percent(share)} given {option}"
    if not math.isfinite(share):
        return False, "Overlap is not known"
    many = WELL <= share <= 1 - WELL
    said = f"{wording.percent(share)} given {option}"
    return many, f"{'Comparable' if many else 'Few to compare'}: {said}"


def assumptions(outcome: Effect) -> tuple[str, ...]:
    """On what every sentence depends."""
    found = [outcome.design()]
    if not outcome.arms.randomised:
        found.append(
            "No unmeasured confounding: among patients alike in all inputs, which option was given "
            "does not depend on how they would have fared."
        )
    if outcome.until:
        found.append(
            "Independent censoring: among patients given the same option, who was lost before the "
            "horizon does not depend on how they would have fared."
        )
    return (
        *found,
        "Overlap: patients like this one were given each option.",
        "All inputs were measured before the treatment began, and none was changed by it.",
        "An option means the same for everybody, and nobody's outcome depends on what others got.",
        "Patients who are asked about are like those of training.",
    )


def card(outcome: Effect) -> tuple[tuple[str, str], ...]:
    """The target trial, a heading and a text each."""
    arms, trial = outcome.arms, outcome.arms.trial
    against = f"{wording.listed(outcome.options[1:])} against {outcome.options[0]}"
    how = "randomised" if arms.randomised else "chosen in practice, adjusted for the inputs"
    what = outcome.of.quantities[0].name
    if outcome.until and outcome.of.additive:
        what += outcome.until
    return (
        ("Eligibility", trial.eligibility or NOT_STATED),
        ("Time zero", trial.time_zero or NOT_STATED),
        ("Arms", f"{against}; {how}"),
        ("Follow-up", trial.follow_up or NOT_STATED),
        ("Outcome", outcome.of.question()),
        ("Estimand", f"Difference in {what} between options, for patients with these values and on "
         "average, among those of whom like ones were given both."),
    )  # fmt: skip
