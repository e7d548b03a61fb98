"""How good predicted numbers are: against what was observed, their intervals, and their errors."""

from __future__ import annotations

import pandas as pd
import plotly.graph_objects as go

from pmed_core.evaluation import Curve, Curves, Evaluation
from pmed_core.figures import theme, wording
from pmed_core.quantity import Quantity

LEVEL = 0.9


def _of(evaluation: Evaluation) -> tuple[Curves | None, Quantity]:
    return next(iter(evaluation.curves.values()), None), evaluation.outcome.quantities[0]


def _errors(curve: Curve, colour: str) -> dict[str, object]:
    up = [b - a for a, b in zip(curve.y, curve.high, strict=True)]
    down = [a - b for a, b in zip(curve.y, curve.low, strict=True)]
    return {"array": up, "arrayminus": down, "color": colour, "thickness": 1.5, "width": 3}


def observed(evaluation: Evaluation) -> go.Figure:
    """Groups of similar predictions: mean observed, and where 90 % of the observed lie."""
    curves, said = _of(evaluation)
    if curves is None:
        return theme.nothing(wording.none_known(evaluation.one))
    shown = theme.figure(f"Predicted {said.axis}", f"Observed {said.axis}")
    groups, spread = curves.calibration, curves.named["spread"]
    theme.band(shown, spread.x, spread.low, spread.high)
    theme.line(shown, spread.x, spread.y, name="Median, band of 90 %", hoverinfo="skip")
    ends = [min(groups.x), max(groups.x)]
    theme.line(shown, ends, ends, colour=theme.QUIET, dash="dash", name="Ideal", hoverinfo="skip")
    shown.add_scatter(
        x=groups.x, y=groups.y, error_y=_errors(groups, theme.EVENT), mode="markers",
        name="Mean, 95 % interval",
        marker={"color": theme.EVENT, "size": 9, "symbol": "square"},
        customdata=[[said.said(x), said.said(y)] for x, y in zip(groups.x, groups.y, strict=True)],
        hovertemplate="Predicted %{customdata[0]}<br>Observed %{customdata[1]}<extra></extra>",
    )  # fmt: skip
    shown.update_layout(showlegend=True)
    return shown


def observed_caption(evaluation: Evaluation) -> str:
    """What a point is, and what the slope says."""
    slope = evaluation.measures["calibration_slope"]
    return (
        f"Each point is a group of {evaluation.of}s with similar predictions, at least twenty "
        "where there are as many; on the diagonal predictions are right on average. The band holds "
        f"nine of ten {evaluation.of}s. Slope {wording.measure(slope, 2)}, 95 % interval; 1 is "
        "ideal; below 1 the predictions are too far apart, above 1 too near to each other."
    )


def observed_table(evaluation: Evaluation) -> pd.DataFrame:
    """One row a group."""
    curves, said = _of(evaluation)
    if curves is None:
        return pd.DataFrame()
    groups, spread = curves.calibration, curves.named["spread"]
    return pd.DataFrame(
        {
            f"Predicted {said.axis}": groups.x, "Mean observed": groups.y, "Low": groups.low,
            "High": groups.high, "Median observed": spread.y, "5 %": spread.low,
            "95 %": spread.high,
        }
    )  # fmt: skip


def coverage(evaluation: Evaluation) -> go.Figure:
    """How many of the intervals hold what was observed, by what was predicted."""
    curves, said = _of(evaluation)
    if curves is None or not curves.named["coverage"].x:
        return theme.nothing(wording.none_known(evaluation.one))
    found = curves.named["coverage"]
    shown = theme.figure(f"Predicted {said.axis}", "Intervals that hold the observed value")
    ends = [min(found.x), max(found.x)]
    theme.line(shown, ends, [LEVEL, LEVEL], colour=theme.QUIET, dash="dash", name="Meant: 90 %",
               hoverinfo="skip")  # fmt: skip
    shown.add_scatter(
        x=found.x, y=found.y, error_y=_errors(found, theme.MODEL), mode="markers",
        name="Observed, 95 % interval",
        marker={"color": theme.MODEL, "size": 9, "symbol": "circle"},
        customdata=[said.said(x) for x in found.x],
        hovertemplate="Predicted %{customdata}<br>%{y:.0%} inside<extra></extra>",
    )  # fmt: skip
    theme.percent_axis(shown, "y", range=[min(0.5, *found.low), 1.02])
    shown.update_layout(showlegend=True)
    return shown


def coverage_caption(evaluation: Evaluation) -> str:
    """Coverage of all, and that it need not hold for each kind of patient."""
    _, said = _of(evaluation)
    held, width = (evaluation.measures[name] for name in ("coverage", "interval_width"))
    ends = f" ({wording.percents(held.low, held.high)})" if held.bounded else ""
    return (
        f"{wording.percent(held.value)}{ends} of the intervals hold the observed value; they are "
        f"meant to hold 90 % of all {evaluation.of}s, not of each kind of them. "
        f"Their mean width is {said.said(width.value)}."
    )


def coverage_table(evaluation: Evaluation) -> pd.DataFrame:
    """One row a group."""
    curves, said = _of(evaluation)
    found = curves.named["coverage"] if curves else Curve((), ())
    columns = {f"Predicted {said.axis}": found.x, "Share inside": found.y}
    return pd.DataFrame(columns | {"Low": found.low, "High": found.high})


def errors(evaluation: Evaluation) -> go.Figure:
    """How far predictions are off, and to which side."""
    curves, said = _of(evaluation)
    if curves is None:
        return theme.nothing(wording.none_known(evaluation.one))
    found = curves.named["errors"]
    width = _width(found)
    unit = f" ({said.unit})" if said.unit else ""
    shown = theme.figure(f"Observed minus predicted{unit}", f"{evaluation.of.capitalize()}s")
    shown.add_bar(
        x=found.x, y=found.y, width=width, showlegend=False, marker=theme.solid(theme.MODEL),
        customdata=[said.difference(0, at) for at in found.x],
        hovertemplate="Off by about %{customdata}<br>%{y}<extra></extra>",
    )  # fmt: skip
    shown.add_vline(x=0, line={"color": theme.AXIS, "width": 1})
    return shown


def errors_caption(evaluation: Evaluation) -> str:
    """The mean absolute error in the outcome's unit."""
    _, said = _of(evaluation)
    mae, rmse = (evaluation.measures[name].value for name in ("mae", "rmse"))
    return (
        f"To the right more was observed than predicted. Predictions are off by {said.said(mae)} "
        f"on average (root mean square {said.said(rmse)})."
    )


def errors_table(evaluation: Evaluation) -> pd.DataFrame:
    """One row a bin."""
    curves, _ = _of(evaluation)
    found = curves.named["errors"] if curves else Curve((), ())
    counted, half = f"{evaluation.of.capitalize()}s", _width(found) / 2
    ends = [(middle - half, middle + half) for middle in found.x]
    return pd.DataFrame(
        {"Error from": [a for a, _ in ends], "Error to": [b for _, b in ends], counted: found.y}
    )


def _width(bars: Curve) -> float:
    return bars.x[1] - bars.x[0] if len(bars.x) > 1 else 0.0
