"""How much more patients would help."""

from __future__ import annotations

import pandas as pd
import plotly.graph_objects as go

from pmed_core.evaluation import SAME
from pmed_core.figures import theme, wording
from pmed_core.learning_curve import LearningCurve


def growth(found: LearningCurve) -> go.Figure:
    """Scores by the patients that were learnt from, and the law to twice as many."""
    title, line = wording.measure_title(found.measure), found.line
    shown = theme.figure("Patients", title)
    theme.band(shown, line.x, line.low, line.high)
    known = sum(x <= found.patients[-1] for x in line.x)
    hover = f"%{{x:,.0f}} patients<br>{title} %{{y:.3f}}<extra></extra>"
    theme.line(shown, line.x[:known], line.y[:known], name="Fitted", hovertemplate=hover)
    theme.line(
        shown, line.x[known - 1 :], line.y[known - 1 :], name="Expected", dash="dot",
        hovertemplate=hover,
    )  # fmt: skip
    scores = found.scores
    shown.add_scatter(
        x=found.patients, y=[one.value for one in scores], mode="markers", name="Measured",
        marker={"size": 9, "color": theme.MODEL}, hovertemplate=hover,
        error_y={
            "type": "data", "symmetric": False, "thickness": 1.5, "width": 4,
            "array": [one.high - one.value for one in scores],
            "arrayminus": [one.value - one.low for one in scores],
        },
    )  # fmt: skip
    shown.update_xaxes(rangemode="tozero", tickformat=",d")
    shown.update_layout(showlegend=True)
    return shown


def sentence(found: LearningCurve) -> str:
    """What twice as many patients are expected to do."""
    title, more = wording.measure_title(found.measure), wording.counted(found.more, "more patient")
    now, then = found.now.value, found.expected
    ends = f"{then.value:.2f} (95 % interval {then.low:.2f} to {then.high:.2f})"
    if then.value - now < SAME:
        return f"{more} would hardly help: {title} is expected to stay near {ends}."
    return f"With {more}, {title} is expected to rise from {now:.2f} to {ends}."


def growth_caption(found: LearningCurve) -> str:
    """How it was found."""
    return (
        f"{found.network}, trained on parts of the patients and each time evaluated on the same "
        "held-out ones. Bars and band: 95 % intervals, which allow for other training patients "
        "too. More patients like these are meant: those of another hospital may differ."
    )


def growth_table(found: LearningCurve) -> pd.DataFrame:
    """Measured scores, then the expected one."""
    title = wording.measure_title(found.measure)
    every = [*zip(found.patients, found.scores, strict=True), (2 * found.more, found.expected)]
    rows = [(n, one.value, one.low, one.high) for n, one in every]
    table = pd.DataFrame(rows, columns=["Patients", title, "95 % low", "95 % high"])
    return table.assign(**{"": ["measured"] * len(found.patients) + ["expected"]})
