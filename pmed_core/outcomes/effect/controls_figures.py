"""Effects on negative controls, and what they say of the effect in question."""

from __future__ import annotations

import math

import pandas as pd
import plotly.graph_objects as go

from pmed_core.figures import theme, wording
from pmed_core.outcomes.effect.diagnostics import Calibration
from pmed_core.quantity import signed
from pmed_core.variable import MINUS

AXIS = "Effect in standard deviations"


def controls(found: Calibration) -> go.Figure:
    """A line for each control, none of which should leave out 0; systematic error in grey."""
    shown, rows = theme.figure(AXIS), range(len(found.controls))
    if math.isfinite(found.bias):
        low, high = _band(found)
        shown.add_vrect(x0=low, x1=high, fillcolor=theme.QUIET, opacity=0.2, line_width=0)
    for row, one in zip(rows, found.controls, strict=True):
        theme.line(shown, [one.effect.low, one.effect.high], [row, row], colour=theme.QUIET,
                   width=3, hoverinfo="skip", showlegend=False)  # fmt: skip
    for name, off, symbol, colour in (
        ("Interval holds 0", False, "circle-open", theme.MODEL),
        ("Leaves out 0", True, "square", theme.EVENT),
    ):
        mine = [row for row in rows if _off(found, row) is off]
        if mine:
            shown.add_scatter(
                x=[found.controls[row].effect.value for row in mine], y=mine, mode="markers",
                name=name, marker={"symbol": symbol, "size": 10, "color": colour, "line_width": 2},
                hovertemplate="%{x:.2f}<extra></extra>",
            )  # fmt: skip
    theme.rows(shown, [wording.label(one.name, 24, 2) for one in found.controls], top=36)
    shown.add_vline(x=0, line={"color": theme.AXIS, "width": 1.5, "dash": "dash"})
    shown.update_layout(showlegend=True)
    return shown


def _off(found: Calibration, row: int) -> bool:
    effect = found.controls[row].effect
    return effect.low > 0 or effect.high < 0


def _band(found: Calibration) -> tuple[float, float]:
    half = 1.96 * found.spread
    return found.bias - half, found.bias + half


def controls_caption(found: Calibration) -> str:
    """How many are off, and how large systematic error is."""
    many = len(found.controls)
    said = (
        "Outcomes that the treatment cannot cause, as whoever chose them says: the true effect on "
        f"each is none. {found.off} of {wording.counted(many, 'interval')} "
        f"{'leaves' if found.off == 1 else 'leave'} out 0; by chance about 1 of 20 would."
    )
    if not math.isfinite(found.bias):
        return f"{said} With fewer than five, systematic error is not estimated."
    return (
        f"{said} Systematic error is about {signed(found.bias, 2)} standard deviations, and "
        f"varies between outcomes by {found.spread:.2f} (grey: 95 % of it)."
    )


def controls_table(found: Calibration) -> pd.DataFrame:
    """One row a control."""
    return pd.DataFrame([
        {
            "Negative control": one.name, "Patients": one.n,
            AXIS: signed(one.effect.value, 3),
            "95 % interval": f"{one.effect.low:.3f} to {one.effect.high:.3f}".replace("-", MINUS),
            "Leaves out 0": _off(found, row),
        }
        for row, one in enumerate(found.controls)
    ])  # fmt: skip
