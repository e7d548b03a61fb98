"""What alerts above a threshold would do."""

from __future__ import annotations

import plotly.graph_objects as go

from pmed_core.evaluation import Curves, Evaluation, Threshold
from pmed_core.figures import theme, wording

NO_EVENT_YET = "No patient had the event by then."
NOTHING = 1e-6
"""Net benefits that differ by less do so by rounding."""


def at(evaluation: Evaluation, value: float) -> Threshold:
    """The row of the threshold table nearest to this risk; raises ValueError without a table."""
    return min(evaluation.thresholds, key=lambda row: abs(row.value - value))


def decision_curve(evaluation: Evaluation, value: float) -> go.Figure:
    """Net benefit over thresholds against alerting everyone and no one."""
    if not evaluation.thresholds:
        return theme.nothing("A decision curve needs a yes/no outcome.")
    x = [row.value for row in evaluation.thresholds]
    ours = [row.net_benefit for row in evaluation.thresholds]
    everyone = [row.net_benefit_all for row in evaluation.thresholds]
    shown = theme.figure("Alert at this risk or above", f"Net benefit (per {evaluation.of})")
    hover = "Threshold %{x:.1%}<br>Net benefit %{y:.3f}<extra></extra>"
    theme.line(shown, x, everyone, name="Alert everyone", colour=theme.OCHRE, dash="dash",
               hoverinfo="skip")  # fmt: skip
    theme.line(shown, [0, x[-1]], [0, 0], name="Alert no one", colour=theme.QUIET, dash="dot",
               hoverinfo="skip")  # fmt: skip
    theme.line(shown, x, ours, name="Model", hovertemplate=hover)
    chosen = at(evaluation, value)
    shown.add_scatter(
        x=[chosen.value], y=[chosen.net_benefit], mode="markers", showlegend=False,
        marker={"symbol": "diamond", "size": 13, "color": theme.EVENT}, hovertemplate=hover,
    )  # fmt: skip
    _mark(shown, chosen.value, x[-1])
    top = max(*ours, everyone[0], 0.001)
    shown.update_yaxes(range=[-0.18 * top, 1.12 * top])
    theme.percent_axis(shown, "x", range=[0, x[-1]])
    return shown


def at_horizon(evaluation: Evaluation, label: str) -> go.Figure:
    """Net benefit by threshold of the risk by a horizon."""
    found = evaluation.curves.get(label)
    if found is None or not found.net_benefit.x:
        return theme.nothing(NO_EVENT_YET)
    ours, everyone = found.net_benefit, found.alert_everyone
    shown = theme.figure("Alert at this risk or above", f"Net benefit (per {evaluation.of})")
    theme.band(shown, ours.x, ours.low, ours.high)
    theme.line(shown, everyone.x, everyone.y, name="Alert everyone", colour=theme.OCHRE,
               dash="dash", hoverinfo="skip")  # fmt: skip
    theme.line(shown, [0, ours.x[-1]], [0, 0], name="Alert no one", colour=theme.QUIET, dash="dot",
               hoverinfo="skip")  # fmt: skip
    hover = "Threshold %{x:.1%}<br>Net benefit %{y:.3f}<extra></extra>"
    theme.line(shown, ours.x, ours.y, name="Model, 95 % band", hovertemplate=hover)
    top = max(*ours.high, everyone.y[0], 0.001)
    shown.update_yaxes(range=[-0.18 * top, 1.12 * top])
    theme.percent_axis(shown, "x", range=[0, ours.x[-1]])
    return shown


def at_horizon_caption(evaluation: Evaluation, label: str) -> str:
    """Over which thresholds the model is worth more than alerting everyone or no one."""
    found = evaluation.curves.get(label)
    if found is None or not found.net_benefit.x:
        return NO_EVENT_YET
    where, said = (
        _better(found),
        "At no threshold is the model better than alerting everyone or no one.",
    )
    if where:
        ends = wording.listed([wording.percents(low, high) for low, high in where])
        said = (
            f"The model is better than alerting everyone or no one at thresholds of {ends} alone."
        )
    return (
        f"Risk {evaluation.outcome.shown(label)}, patients weighted for follow-up. {said} A false "
        "alarm counts as the odds of the threshold (Vickers & Elkin 2006)."
    )


def _better(found: Curves) -> list[tuple[float, float]]:
    """The stretches of thresholds at which the model is better, as drawn: between two of them it
    may be worse."""
    ours, everyone = found.net_benefit, found.alert_everyone
    stretches: list[list[float]] = [[]]
    for x, y, other in zip(ours.x, ours.y, everyone.y, strict=True):
        if y > max(other, 0) + NOTHING:
            stretches[-1].append(x)
        elif stretches[-1]:
            stretches.append([])
    return [(each[0], each[-1]) for each in stretches if each]


def _mark(shown: go.Figure, value: float, end: float) -> None:
    left = value > 0.6 * end
    shown.add_vline(
        x=value, line={"color": theme.EVENT, "width": 1.5, "dash": "dash"},
        annotation_text=f" Chosen: {wording.percent(value)} ",
        annotation_position="top left" if left else "top right",
    )  # fmt: skip


def decision_curve_caption(evaluation: Evaluation, value: float) -> str:
    """The chosen threshold in the ward's language."""
    if not evaluation.thresholds:
        return "A decision curve needs a yes/no outcome."
    row = at(evaluation, value)
    gain = row.net_benefit - max(row.net_benefit_all, 0)
    worth = "more" if gain > 0 else "no more"
    return (
        f"At {wording.percent(row.value)}, {ward(row, evaluation.of)} The net benefit is "
        f"{wording.number(row.net_benefit)}, {worth} than that of alerting everyone or no one; it "
        f"counts a false alarm as {wording.number(row.value / (1 - row.value), 2)} of a found "
        f"event (Vickers & Elkin 2006).{wording.the_event(evaluation.outcome)}"
    )


def ward(row: Threshold, of: str = "patient") -> str:
    """Alerts per 100 of what is counted, alerts per event found, missed events."""
    n = row.true_positive + row.false_positive + row.false_negative + row.true_negative
    alerts = row.true_positive + row.false_positive
    missed = row.false_negative
    events = row.true_positive + row.false_negative
    each = f"{alerts / row.true_positive:.1f} alerts" if row.true_positive else "no event"
    found = f"{each} for each event found" if row.true_positive else "no event found"
    return (
        f"{wording.number(100 * alerts / max(n, 1), 2)} of 100 {of}s are alerted, {found}, and "
        f"{missed:,} of {events:,} events missed."
    )


def flagged(row: Threshold, of: str = "patient") -> str:
    """What an alert at this threshold is worth, in numbers of people."""
    alerts = row.true_positive + row.false_positive
    return wording.flagged(row.true_positive, alerts, of)


def flagged_at_rate(evaluation: Evaluation, label: str) -> tuple[float, str]:
    """Of a label without thresholds of its own: the risk nearest to its observed rate, and what an
    alert from there on would be worth; NaN and nothing without events, or by a horizon, where those
    last seen before it are not counted."""
    curves = evaluation.curves[label]
    events, everybody = sum(curves.with_event), sum(curves.counts)
    if not events or evaluation.outcome.in_time:
        return float("nan"), ""
    first = min(range(len(curves.counts)), key=lambda k: abs(curves.edges[k] - events / everybody))
    hits, alerts = sum(curves.with_event[first:]), sum(curves.counts[first:])
    at_risk = f"a risk of {wording.percent(curves.edges[first])}"
    return curves.edges[first], wording.flagged(hits, alerts, evaluation.of, at_risk)


def worth(evaluation: Evaluation, label: str, value: float, alert: float | None) -> str:
    """What it means that this prediction is flagged, by the held-out predictions: how many of those
    flagged have the event. Empty where it is not flagged, or where nothing is."""
    if evaluation.thresholds:
        if alert is None or value < alert:
            return ""
        return flagged(at(evaluation, alert), evaluation.of)
    if label not in evaluation.curves:
        return ""
    rate, said = flagged_at_rate(evaluation, label)
    return said if value >= rate else ""


def confusion(evaluation: Evaluation, value: float = 0.5) -> go.Figure:
    """How many by what happened (rows) and what was predicted (columns)."""
    table, names = confusion_counts(evaluation, value)
    if not table:
        return theme.nothing(wording.none_known(evaluation.one))
    observed, predicted = names
    shares = [[count / max(sum(row), 1) for count in row] for row in table]
    shown = theme.figure("Predicted", "Observed", height=90 + 62 * len(table))
    shown.add_heatmap(
        z=shares, x=list(range(len(predicted))), y=list(range(len(observed))), zmin=0, zmax=1,
        colorscale=[[0, theme.faint(theme.MODEL, 0.04)], [1, theme.faint(theme.MODEL, 0.5)]],
        showscale=False, xgap=3, ygap=3, hoverinfo="skip",
    )  # fmt: skip
    _counted(shown, table, shares)
    width = 14 if len(table) < 5 else 9
    shown.update_xaxes(tickvals=list(range(len(predicted))), showgrid=False,
                       ticktext=[wording.label(name, width) for name in predicted])  # fmt: skip
    shown.update_yaxes(tickvals=list(range(len(observed))), showgrid=False, autorange="reversed",
                       ticktext=[wording.label(name, width) for name in observed])  # fmt: skip
    shown.update_xaxes(tickangle=0 if len(table) < 5 else 90)
    shown.update_layout(margin_t=8)
    return shown


def _counted(
    shown: go.Figure, table: tuple[tuple[int, ...], ...], shares: list[list[float]]
) -> None:
    """Annotations, not the heatmap's own text, take the page's text colour."""
    for i, row in enumerate(table):
        for j, count in enumerate(row):
            share = wording.percent(shares[i][j])
            share = f"{share} of row" if len(table) == 2 else share
            text = f"<b>{count:,}</b><br>{share}" if len(table) < 5 else f"{count:,}"
            shown.add_annotation(x=j, y=i, text=text, showarrow=False)


Names = tuple[list[str], list[str]]


def confusion_counts(
    evaluation: Evaluation, value: float = 0.5
) -> tuple[tuple[tuple[int, ...], ...], Names]:
    """Counts, and the names of rows (observed) and columns (predicted)."""
    if evaluation.confusion:
        outcome = evaluation.outcome
        labels = [outcome.shown(label) for label in outcome.labels]
        return evaluation.confusion, (labels, labels)
    if not evaluation.thresholds:
        return (), ([], [])
    row = at(evaluation, value)
    counts = ((row.true_positive, row.false_negative), (row.false_positive, row.true_negative))
    return counts, (["Event", "No event"], ["Alert", "No alert"])


def confusion_caption(evaluation: Evaluation, value: float = 0.5) -> str:
    """How many are classified correctly."""
    table, _ = confusion_counts(evaluation, value)
    if not table:
        return wording.none_known(evaluation.one)
    right, n = sum(table[i][i] for i in range(len(table))), sum(map(sum, table))
    told = f"{right:,} of {n:,} {evaluation.of}s ({wording.percent(right / max(n, 1))})"
    if evaluation.confusion:
        return f"The likeliest class is the one that happened in {told}: the diagonal."
    row = at(evaluation, value)
    chosen, alerts = wording.percent(row.value), ward(row, evaluation.of)
    return (
        f"With alerts at {chosen} or above, {told} are classified correctly; {alerts}"
        f"{wording.the_event(evaluation.outcome)}"
    )
