"""How predicted effects compare with what doubly robust scores say."""

from __future__ import annotations

import pandas as pd
import plotly.graph_objects as go

from pmed_core.evaluation import Evaluation, Measure
from pmed_core.figures import theme, wording
from pmed_core.outcomes.effect import effect_of
from pmed_core.quantity import Quantity

NOBODY = "No patient has a known outcome and treatment."


def _of(evaluation: Evaluation, label: str) -> Quantity:
    outcome = evaluation.outcome
    return outcome.quantities[outcome.labels.index(label)]


def by_group(evaluation: Evaluation, label: str) -> go.Figure:
    """Fifths of the patients by predicted effect, against the effect that their scores say."""
    curves = evaluation.curves.get(label)
    if curves is None:
        return theme.nothing(NOBODY)
    said, groups = _of(evaluation, label), curves.calibration
    shown = theme.figure(f"Predicted {said.axis}", wording.label(f"Estimated {said.axis}", 34, 3))
    ends = [min((*groups.x, *groups.y)), max((*groups.x, *groups.y))]
    theme.line(shown, ends, ends, colour=theme.QUIET, dash="dash", name="Ideal", hoverinfo="skip")
    up = [b - a for a, b in zip(groups.y, groups.high, strict=True)]
    down = [a - b for a, b in zip(groups.y, groups.low, strict=True)]
    shown.add_scatter(
        x=groups.x, y=groups.y, mode="markers", name="Mean, 95 % interval",
        error_y={"array": up, "arrayminus": down, "color": theme.EVENT, "thickness": 1.5},
        marker={"color": theme.EVENT, "size": 9, "symbol": "square"},
        customdata=[[said.said(x), said.said(y)] for x, y in zip(groups.x, groups.y, strict=True)],
        hovertemplate="Predicted %{customdata[0]}<br>Estimated %{customdata[1]}<extra></extra>",
    )  # fmt: skip
    shown.update_layout(showlegend=True)
    return shown


def by_group_caption(evaluation: Evaluation, label: str) -> str:
    """What a point is, and what it means that all lie at one height."""
    return (
        f"Each point is a fifth of the {evaluation.of}s, by predicted effect ({label}); its height "
        "is their mean effect, doubly robust, with its 95 % interval. Points on the diagonal are "
        "right on average; points of one height say that the effect does not differ. "
        f"{wording.measure_title('autoc')} {wording.measure(_ranked(evaluation, label), 3)}."
    )


def _ranked(evaluation: Evaluation, label: str) -> Measure:
    """AUTOC of that effect, and not the mean of all."""
    effect = effect_of(evaluation.outcome)
    own = dict(zip(effect.labels, effect.arms.ends, strict=False))
    return evaluation.measures[f"autoc{own[label]}"]


def by_group_table(evaluation: Evaluation, label: str) -> pd.DataFrame:
    """One row a group."""
    curves = evaluation.curves.get(label)
    if curves is None:
        return pd.DataFrame()
    said, groups = _of(evaluation, label), curves.calibration
    return pd.DataFrame(
        {
            f"Predicted {said.axis}": groups.x, "Estimated": groups.y, "Low": groups.low,
            "High": groups.high,
        }
    )  # fmt: skip
