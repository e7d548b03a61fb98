"""What stands before an effect (overlap, balance), and what would come of acting on it."""

from __future__ import annotations

import math

import pandas as pd
import plotly.graph_objects as go

from pmed_core.evaluation import Measure
from pmed_core.figures import theme, wording
from pmed_core.outcomes.effect import Effect
from pmed_core.outcomes.effect.diagnostics import (
    HARDLY,
    Comparison,
    Diagnostics,
    Difference,
    Policy,
)

UNBALANCED, SHOWN = 0.1, 20
"""Standardised difference that is small (Austin, Stat Med 2009), and inputs that are drawn."""


def overlap(effect: Effect, found: Diagnostics, k: int) -> go.Figure:
    """How likely the option was for those who were given it, above, and for those of the
    reference, below; what is outside the limits is left out."""
    one = found.comparisons[k]
    shown = theme.figure(f"Probability of {_short(one.option)}", "Patients")
    middle = [(a + b) / 2 for a, b in zip(one.edges, one.edges[1:], strict=False)]
    width = one.edges[1] - one.edges[0]
    reference = effect.options[0]
    for name, counts, sign, colour in (
        (f"Given {one.option}", one.of_option, 1, theme.MODEL),
        (f"Given {reference}", one.of_reference, -1, theme.EVENT),
    ):
        shown.add_bar(
            x=middle, y=[sign * n for n in counts], width=width, name=wording.label(name, 30, 1),
            marker=theme.solid(colour), customdata=list(counts),
            hovertemplate="Around %{x:.0%}<br>%{customdata} patients<extra></extra>",
        )  # fmt: skip
    low, high = found.limits
    for first, last in ((0.0, low), (high, 1.0)):
        if first < last:
            shown.add_vrect(x0=first, x1=last, fillcolor=theme.QUIET, opacity=0.2, line_width=0)
    most = max((*one.of_option, *one.of_reference, 1))
    shown.update_yaxes(
        range=[-1.1 * most, 1.1 * most], tickvals=[-most, 0, most], ticktext=[most, 0, most],
        zeroline=True, zerolinecolor=theme.AXIS,
    )  # fmt: skip
    theme.percent_axis(shown, range=[0, 1])
    shown.update_layout(barmode="overlay", showlegend=True)
    return shown


def overlap_caption(effect: Effect, found: Diagnostics, k: int) -> str:
    """Who can be compared, and who falls out."""
    one, (low, high) = found.comparisons[k], found.limits
    everybody = one.comparable + one.apart
    said = (
        f"How likely {one.option} was, for those who were given it (above) and those who were "
        f"given {effect.options[0]} (below). "
    )
    if effect.arms.randomised:
        return f"{said}Randomised: all {everybody:,} patients can be compared."
    share = wording.percent(one.apart / everybody) if everybody else wording.UNKNOWN
    return (
        f"{said}Outside {wording.percent(low)} to {wording.percent(high)} (grey) too few alike "
        f"were given both: {one.apart:,} of {everybody:,} patients ({share}) fall out, and no "
        "effect is told of such patients."
    )


def overlap_table(effect: Effect, found: Diagnostics, k: int) -> pd.DataFrame:
    """One row a bar."""
    one = found.comparisons[k]
    return pd.DataFrame({
        "From": one.edges[:-1], "To": one.edges[1:], f"Given {one.option}": one.of_option,
        f"Given {effect.options[0]}": one.of_reference,
    })  # fmt: skip


def open_choice(one: Comparison) -> str:
    """How many patients could as well have been given either; empty where it was randomised."""
    if not math.isfinite(one.equipoise):
        return ""
    return (
        f"Equipoise: of {wording.percent(one.equipoise)} of the patients the option was open "
        "(preference score of 0.3 to 0.7)."
    )


def lacking_caption(one: Comparison) -> str:
    """Where one of the options was hardly given; empty where nobody looked."""
    if one.lacking is None:
        return ""
    least = wording.percent(HARDLY)
    if not one.lacking:
        return (
            "In every category of every input, and in each tenth from either end, at least "
            f"{least} were given each of the two."
        )
    return (
        f"Subgroups in which fewer than {least} were given one of the two: what it would do there "
        "is taken over from other patients."
    )


def lacking_table(one: Comparison, reference: str) -> pd.DataFrame:
    """One row a subgroup, the largest first."""
    return pd.DataFrame([
        {
            "Subgroup": group.when, one.option: group.of_option, reference: group.of_reference
        }
        for group in one.lacking or ()
    ])  # fmt: skip


def unmeasured(one: Comparison) -> str:
    """How strong a confounder would have to be; empty where it was randomised."""
    if not math.isfinite(one.e_value):
        return ""
    told = (
        "An unmeasured cause of both would have to be tied to the option and to the outcome by a "
        f"risk ratio of {one.e_value:.2f} each to explain the average effect away"
    )
    if not math.isfinite(one.e_value_of_limit) or one.e_value_of_limit <= 1:
        return f"{told}; its interval holds no effect already."
    return f"{told}, and of {one.e_value_of_limit:.2f} to take its interval to no effect (E-value)."


def rule_table(found: Diagnostics) -> pd.DataFrame:
    """One row a group of patients."""
    return pd.DataFrame([
        {"Patients with": leaf.when, "Better mean outcome with": leaf.option, "Patients": leaf.n}
        for leaf in found.rule
    ])  # fmt: skip


def arms_table(found: Diagnostics) -> pd.DataFrame:
    """One row an arm."""
    return pd.DataFrame([
        {
            "Option": arm.option, "Patients": arm.n, "Effective sample size": round(arm.effective),
            "Best by the model": 100 * arm.chosen,
        }
        for arm in found.arms
    ])  # fmt: skip


def balance(found: Diagnostics) -> go.Figure:
    """A love plot: how far the arms differ in each input, before and after weighting."""
    shown_ = _unlike(found)
    if not shown_:
        return theme.nothing("No input differs between the arms.")
    shown = theme.figure("Absolute standardised difference")
    rows = list(range(len(shown_)))
    for one, row in zip(shown_, rows, strict=True):
        theme.line(shown, [one.before, one.after], [row, row], colour=theme.QUIET, width=1.5,
                   hoverinfo="skip", showlegend=False)  # fmt: skip
    for name, values, symbol, colour in (
        ("Before weighting", [one.before for one in shown_], "circle-open", theme.EVENT),
        ("After", [one.after for one in shown_], "square", theme.MODEL),
    ):
        shown.add_scatter(
            x=values, y=rows, mode="markers", name=name,
            marker={"symbol": symbol, "size": 10, "color": colour, "line_width": 2},
            hovertemplate="%{x:.2f}<extra>" + name + "</extra>",
        )  # fmt: skip
    theme.rows(shown, [wording.label(one.variable, 24, 2) for one in shown_], top=36)
    theme.line(shown, [UNBALANCED] * 2, [-0.6, len(rows) - 0.4], colour=theme.QUIET, dash="dash",
               width=1.5, hoverinfo="skip", showlegend=False)  # fmt: skip
    most = max(max(one.before, one.after) for one in shown_)
    shown.update_xaxes(range=[0, 1.08 * max(most, 2 * UNBALANCED)])
    shown.update_layout(showlegend=True)
    return shown


def _unlike(found: Diagnostics) -> tuple[Difference, ...]:
    return tuple(sorted(found.balance, key=lambda one: -one.before)[:SHOWN])


def balance_caption(found: Diagnostics) -> str:
    """How many inputs are unlike before and after."""
    each = [sum(value > UNBALANCED for value in values) for values in (
        [one.before for one in found.balance], [one.after for one in found.balance],
    )]  # fmt: skip
    many = len(found.balance)
    more = f" The {SHOWN} most unlike are drawn." if many > SHOWN else ""
    return (
        f"Before weighting {each[0]} of {wording.counted(many, 'input')} differ between arms by "
        f"more than {UNBALANCED:g} standard deviations (dashed); after weighting by the "
        f"probability of the option, {each[1]}.{more}"
    )


def balance_table(found: Diagnostics) -> pd.DataFrame:
    """One row an input."""
    return pd.DataFrame([
        {"Input": one.variable, "Before": one.before, "After": one.after} for one in found.balance
    ])  # fmt: skip


def policies(effect: Effect, found: Diagnostics) -> go.Figure:
    """The mean outcome if patients were treated in each way."""
    said = effect.of.quantities[0]
    title = f"Mean {said.name}" if said.of_hundred else f"Mean {said.axis}"
    shown = theme.figure(wording.label(title, 30, 3))
    for row, one in enumerate(found.policies):
        colour = theme.QUIET if row else theme.MODEL
        low, high = _ends(one.outcome)
        theme.line(shown, [low, high], [row, row], colour=colour, width=3, hoverinfo="skip",
                   showlegend=False)  # fmt: skip
        shown.add_scatter(
            x=[one.outcome.value], y=[row], mode="markers", showlegend=False, hoverinfo="skip",
            marker={"symbol": "circle" if row else "square", "size": 11, "color": colour},
        )  # fmt: skip
        shown.add_annotation(
            x=1, xref="paper", y=row, xanchor="right", showarrow=False, yshift=14, font_size=12,
            text=f"{said.said(one.outcome.value)} ({said.span(low, high)})",
        )  # fmt: skip
    theme.rows(shown, [wording.label(_named(one), 20, 2) for one in found.policies], top=8)
    shown.update_layout(height=48 * len(found.policies) + 64)
    if said.of_hundred:
        theme.percent_axis(shown)
    return shown


def _named(policy: Policy) -> str:
    if policy.name.startswith(("as ", "by ")):
        return f"Treated {policy.name}"
    return policy.name.replace("everybody", "Everybody given", 1)


def _ends(found: Measure) -> tuple[float, float]:
    return (found.low, found.high) if found.bounded else (found.value, found.value)


def policies_caption(effect: Effect, found: Diagnostics, gain: Measure | None) -> str:
    """What each would lead to, and whether the model gains anything."""
    better = "Higher" if effect.sign > 0 else "Lower"
    said = (
        "If the assumptions hold: the mean outcome if every patient were given the option with the "
        "best predicted outcome, one option for all, or what they were given. Doubly robust, with "
        f"95 % intervals. {better} is better."
    )
    if gain is None or not gain.bounded:
        return said
    if gain.low > 0:
        told = _between(effect, gain).replace("+", "")
        return f"{said} Treating by the model is better than the best single option by {told}."
    if gain.high < 0:
        told = _between(effect, Measure(-gain.value, -gain.high, -gain.low)).replace("+", "")
        return f"{said} Treating by the model is worse than the best single option by {told}."
    none = "No evidence that treating by the model is better than the best single option"
    return f"{said} {none}: a gain of {_between(effect, gain)}."


def _between(effect: Effect, found: Measure) -> str:
    """ "+2.1 (+0.4 to +3.9) percentage points"."""
    said = effect.of.quantities[0]
    value, low, high = (said.difference(0, one) for one in (found.value, found.low, found.high))
    (first, _, _), (last, _, _) = low.partition(" "), high.partition(" ")
    number, _, unit = value.partition(" ")
    return f"{number} ({first} to {last}) {unit}".strip()


def policies_table(effect: Effect, found: Diagnostics) -> pd.DataFrame:
    """One row a way of treating."""
    said = effect.of.quantities[0]
    return pd.DataFrame([
        {
            "Treated": _named(one), f"Mean {said.name}": said.said(one.outcome.value),
            "95 % interval": said.span(*_ends(one.outcome)),
        }
        for one in found.policies
    ])  # fmt: skip


def concentrated(effect: Effect, found: Diagnostics, k: int) -> go.Figure:
    """How much larger the benefit is among those who are ranked first."""
    one = found.comparisons[k]
    curve, said = one.concentrated, effect.of.quantities[0]
    unit = f" ({said.unit})" if said.unit else ""
    shown = theme.figure("Patients with the largest predicted benefit",
                         f"Benefit beyond the average{unit}")  # fmt: skip
    theme.band(shown, curve.x, curve.low, curve.high)
    theme.line(shown, curve.x, curve.y, name="TOC", hovertemplate="%{x:.0%}: %{y:.3g}")
    shown.add_hline(y=0, line={"color": theme.AXIS, "width": 1})
    theme.percent_axis(shown, range=[0, 1])
    if said.of_hundred:
        theme.percent_axis(shown, "y")
    shown.update_layout(showlegend=False, margin_t=8)
    return shown


def concentrated_caption(one: Comparison) -> str:
    """What the height is."""
    return (
        f"How much larger the benefit of {one.option} is, among the share of patients for whom the "
        "model predicts most, than among all; with its 95 % band. A line at 0 says that the model "
        "does not know whom it helps more."
    )


def concentrated_table(one: Comparison) -> pd.DataFrame:
    """One row a share."""
    curve = one.concentrated
    return pd.DataFrame({
        "Share of patients": curve.x, "Beyond the average": curve.y, "Low": curve.low,
        "High": curve.high,
    })  # fmt: skip


def modifiers_table(effect: Effect, one: Comparison) -> pd.DataFrame:
    """By how much the effect changes with one standard deviation of each input."""
    return pd.DataFrame([
        {
            "Input": name, "Change of the effect, 95 % interval": _between(effect, found),
            "Clear": not found.low <= 0 <= found.high,
        }
        for name, found in one.projection
    ])  # fmt: skip


def _short(option: str) -> str:
    return wording.label(option, 30, 1)
