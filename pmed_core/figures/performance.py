"""How well risks separate patients and whether they are the right size."""

from __future__ import annotations

import math

import plotly.graph_objects as go

from pmed_core.evaluation import Curve, Evaluation, Measure
from pmed_core.figures import decisions, theme, wording

UNDRAWN = "Both outcomes must occur for this figure."


def _drawn(evaluation: Evaluation, what: str) -> list[tuple[str, Curve, str, str]]:
    """label, curve, colour, dash of each label that has the curve."""
    found = []
    for i, (label, curves) in enumerate(evaluation.curves.items()):
        curve = getattr(curves, what)
        if curve.x:
            colours, dashes = theme.SERIES, theme.DASHES
            shown = evaluation.outcome.shown(label)
            found.append((shown, curve, colours[i % len(colours)], dashes[i % len(dashes)]))
    return found


def _lines(shown: go.Figure, drawn: list[tuple[str, Curve, str, str]], hover: str) -> None:
    """One line a label; a legend only where there are several."""
    for label, curve, colour, dash in drawn:
        style = {"colour": colour, "dash": dash, "showlegend": len(drawn) > 1}
        name = wording.label(label, 30)
        theme.line(shown, curve.x, curve.y, name=name, hovertemplate=hover, **style)


def roc(evaluation: Evaluation) -> go.Figure:
    """Sensitivity against false alarms, over all thresholds."""
    drawn = _drawn(evaluation, "roc")
    if not drawn:
        return theme.nothing(UNDRAWN)
    shown = theme.figure("False positive rate (1 − specificity)", "Sensitivity")
    _lines(shown, drawn, "False alarms %{x:.0%}<br>Sensitivity %{y:.0%}<extra></extra>")
    _reference(shown, [0, 1], [0, 1], "Chance")
    _point(shown, evaluation)
    return _square(shown)


def _point(shown: go.Figure, evaluation: Evaluation) -> None:
    """Where the model's own threshold lies."""
    found = evaluation.measures
    if "specificity" not in found or not math.isfinite(found["specificity"].value):
        return
    share = wording.percent(evaluation.threshold)
    shown.add_scatter(
        x=[1 - found["specificity"].value], y=[found["sensitivity"].value], mode="markers",
        marker={"symbol": "diamond", "size": 12, "color": theme.EVENT},
        name=f"Threshold {share}", hovertemplate=f"At a risk of {share}<extra></extra>",
    )  # fmt: skip


def roc_caption(evaluation: Evaluation) -> str:
    """What the AUROC means."""
    found = evaluation.measures[evaluation.discrimination]
    if not math.isfinite(found.value):
        return UNDRAWN
    if not evaluation.outcome.of_one_event:
        return evaluation.outcome.of_curves(_measured(found))
    return (
        f"AUROC {_measured(found)}: of a {evaluation.one} with the event and one "
        f"without, the one with it has the higher risk in {wording.percent(found.value)} of pairs."
        f"{wording.the_event(evaluation.outcome)}"
    )


def precision_recall(evaluation: Evaluation) -> go.Figure:
    """How many alerts are right, against how many events are found."""
    drawn = _drawn(evaluation, "precision_recall")
    if not drawn:
        return theme.nothing(UNDRAWN)
    shown = theme.figure("Sensitivity (recall)", "Positive predictive value (precision)")
    _lines(shown, drawn, "Events found %{x:.0%}<br>Alerts right %{y:.0%}<extra></extra>")
    if evaluation.outcome.of_one_event:
        rate = evaluation.events[0] / evaluation.n
        _reference(shown, [0, 1], [rate, rate], f"Outcome rate {wording.percent(rate)}")
    return _square(shown)


def precision_recall_caption(evaluation: Evaluation) -> str:
    """What the average precision is to be held against."""
    if "average_precision" not in evaluation.measures:
        one = evaluation.outcome.choice.lower()
        return f"One line a {one}: how many of the alerts are right as more events are found."
    rate = evaluation.events[0] / max(evaluation.n, 1)
    found = _measured(evaluation.measures["average_precision"])
    return (
        f"Average precision {found}; alerts at random would be right in "
        f"{wording.percent(rate)}, the outcome rate.{wording.the_event(evaluation.outcome)}"
    )


def calibration(evaluation: Evaluation, label: str = "") -> go.Figure:
    """Predicted risk against what happened, in ten groups and smoothed."""
    curves = evaluation.curves.get(label or next(iter(evaluation.curves), ""))
    if curves is None or not curves.calibration.x:
        return theme.nothing(wording.none_known(evaluation.one))
    shown = theme.figure("Predicted risk", "Observed frequency")
    groups, smooth = curves.calibration, curves.smooth_calibration
    end = min(1.0, 1.12 * max(*groups.x, *groups.high, 0.02))
    _reference(shown, [0, end], [0, end], "Ideal")
    if smooth.x:
        theme.band(shown, smooth.x, smooth.low, smooth.high)
        theme.line(shown, smooth.x, smooth.y, name="Smoothed, 95 % band", hoverinfo="skip")
    errors = {"array": [b - a for a, b in zip(groups.y, groups.high, strict=True)],
              "arrayminus": [a - b for a, b in zip(groups.y, groups.low, strict=True)],
              "color": theme.EVENT, "thickness": 1.5, "width": 3}  # fmt: skip
    shown.add_scatter(
        x=groups.x, y=groups.y, error_y=errors, mode="markers", name="Groups of similar risk",
        marker={"color": theme.EVENT, "size": 9, "symbol": "square"},
        hovertemplate="Predicted %{x:.1%}<br>Observed %{y:.1%}<extra></extra>",
    )  # fmt: skip
    return _square(shown, end)


def calibration_caption(evaluation: Evaluation, label: str = "") -> str:
    """Slope and intercept in words."""
    found, outcome = evaluation.measures, evaluation.outcome
    of_label = f"_{label}" if f"calibration_slope_{label}" in found else ""
    if f"calibration_slope{of_label}" not in found:
        shown = outcome.shown(label) if label else "the class"
        return f"On the diagonal, as many {evaluation.of}s have {shown} as predicted."
    slope = found[f"calibration_slope{of_label}"]
    intercept = found[f"calibration_intercept{of_label}"]
    size = _size_in_words(intercept.low, intercept.high)
    return (
        "On the diagonal, predicted risk equals what happened. "
        f"Intercept {wording.measure(intercept, 2)}{size}; slope "
        f"{wording.measure(slope, 2)}, where 1 is ideal and below 1 the risks are too extreme; "
        f"95 % intervals.{wording.the_event(outcome, label if of_label else '')}"
    )


def _measured(found: Measure) -> str:
    """With its interval and how wide that is meant to be, where there is one."""
    return wording.measure(found) + ", 95 % interval" * found.bounded


def _size_in_words(low: float, high: float) -> str:
    if low > 0:
        return " (risks are too low on average)"
    if high < 0:
        return " (risks are too high on average)"
    return " (0 is ideal)"


def risk_histogram(evaluation: Evaluation, label: str = "") -> go.Figure:
    """Risks of patients with and without the event, each group on its own scale."""
    curves = evaluation.curves.get(label or next(iter(evaluation.curves), ""))
    if curves is None:
        return theme.nothing(wording.none_known(evaluation.one))
    shown = theme.figure("Predicted risk", "Share of the group")
    width = curves.edges[1] - curves.edges[0]
    middle = [edge + width / 2 for edge in curves.edges[:-1]]
    groups = (("Without the event", curves.without_event, theme.MODEL, ""),
              ("With the event", curves.with_event, theme.EVENT, "/"))  # fmt: skip
    for name, counts, colour, pattern in groups:
        share = [count / max(sum(counts), 1) for count in counts]
        shown.add_bar(
            x=middle, y=share, width=width, name=f"{name} ({sum(counts):,})", customdata=counts,
            marker={"color": theme.faint(colour, 0.55), "line": {"width": 1, "color": colour},
                    "pattern": {"shape": pattern, "fgcolor": colour, "size": 6, "solidity": 0.25}},
            hovertemplate=f"Risk around %{{x:.0%}}<br>%{{customdata}} {evaluation.of}s, %{{y:.1%}} "
            f"of their group<extra>{name}</extra>",
        )  # fmt: skip
    shown.update_layout(barmode="overlay", bargap=0)
    theme.percent_axis(shown, "x", range=[0, curves.edges[-1]])
    theme.percent_axis(shown, "y")
    return shown


def risk_histogram_caption(evaluation: Evaluation, label: str = "") -> str:
    """The typical risk of either group."""
    drawn = label or next(iter(evaluation.curves), "")
    if drawn not in evaluation.curves:
        return wording.none_known(evaluation.one)
    curves, worth = evaluation.curves[drawn], ""
    if not evaluation.thresholds:
        _, worth = decisions.flagged_at_rate(evaluation, drawn)
    middle = [
        wording.percent(_median(curves.edges, counts))
        for counts in (curves.with_event, curves.without_event)
    ]
    return (
        f"Half of those with the event have a risk above about {middle[0]}, half of those without "
        f"above about {middle[1]}; the less the two groups overlap, the better."
        f"{worth and f' {worth}'}{wording.the_event(evaluation.outcome, label)}"
    )


def _median(edges: tuple[float, ...], counts: tuple[int, ...]) -> float:
    """By linear interpolation within the bin; NaN for an empty group."""
    half, below = sum(counts) / 2, 0
    for i, count in enumerate(counts):
        if count and below + count >= half:
            return edges[i] + (edges[i + 1] - edges[i]) * (half - below) / count
        below += count
    return float("nan")


def _reference(shown: go.Figure, x: list[float], y: list[float], name: str) -> None:
    theme.line(shown, x, y, name=name, colour=theme.QUIET, dash="dot", width=1.5, hoverinfo="skip")


def _square(shown: go.Figure, end: float = 1.0) -> go.Figure:
    """The same percent scale on both axes, with a little air for marks on the border."""
    air = 0.02 * end
    for which in ("x", "y"):
        theme.percent_axis(shown, which, range=[-air, end + air])
    return shown
