"""Can an explanation be believed, drawn and in words."""

from __future__ import annotations

import pandas as pd
import plotly.graph_objects as go

from pmed_core.explanation import Explanation
from pmed_core.figures import theme, wording
from pmed_core.quantity import RISK, Quantity
from pmed_core.work import Trust

ALIKE = 0.7
"""Correlation with an untrained model above which an explanation says little of this one."""

REMOVED = {"variables": "Variables set to those of typical patients", "places": "Places blurred"}


def certainty(explanation: Explanation, row: int = 0) -> str:
    """How exact the values of one patient are."""
    error = float(explanation.standard_error[row].max())
    if error == 0:
        return "Exact: every combination of the variables was asked."
    distance = abs(float(explanation.prediction[row] - explanation.base[row]))
    share = f" ({wording.percent(error / distance)} of what all add)" if distance > error else ""
    gap = float(explanation.gap[row])
    return (
        f"By {explanation.method}: the standard error is at most {wording.number(error, 2)} "
        f"{explanation.quantity.scale}{share}; the contributions add up (rounding error "
        f"{adds_up(gap)})."
    )


def verdict(found: Trust) -> str:
    """What the checks say together."""
    if found.alike >= ALIKE:
        return (
            "Do not rely on this explanation: a model that learnt nothing would be explained "
            "nearly alike."
        )
    if found.beaten < found.orders:
        return (
            "Read it with care: removing what it names moves the prediction no sooner than "
            f"removing {found.of} at random does in {found.orders - found.beaten} of "
            f"{found.orders} random orders."
        )
    return (
        "It passes: it depends on what the model learnt, and removing what it names moves the "
        f"prediction sooner than removing {found.of} in each of {found.orders} random orders."
    )


def adds_up(gap: float) -> str:
    """How far a sum is off."""
    return "below 0.00001" if gap < 1e-5 else wording.number(gap, 1)


def deletion(found: Trust, said: Quantity = RISK) -> go.Figure:
    """The prediction as variables are set to those of typical patients."""
    shown = theme.figure(REMOVED[found.of], said.title)
    for name, curve, colour, dash in (
        ("Most telling first", found.strongest, theme.EVENT, "solid"),
        ("In random order", found.random, theme.QUIET, "dash"),
    ):
        theme.line(shown, found.removed, curve, colour=colour, dash=dash, name=name,
                   customdata=[said.said(value) for value in curve],
                   hovertemplate="%{customdata}<extra></extra>")  # fmt: skip
    theme.percent_axis(shown, "x", range=[0, 1])
    if said.of_hundred:
        theme.percent_axis(shown, "y", rangemode="tozero")
    shown.update_layout(showlegend=True)
    return shown


def deletion_caption(found: Trust, said: Quantity = RISK) -> str:
    """How to read it."""
    how = "replaced by those of typical patients" if found.of == "variables" else "blurred"
    start, end = said.said(found.strongest[0]), said.said(found.base)
    return (
        f"Deletion curve: {found.of} are {how}, one after the other. The {said.name} goes from "
        f"{start} to {end}; if the explanation is right, it moves sooner when what speaks most for "
        "the prediction, be it high or low, is taken first."
    )


def deletion_table(found: Trust, said: Quantity = RISK) -> pd.DataFrame:
    """Both curves."""
    return pd.DataFrame(
        {
            REMOVED[found.of]: found.removed,
            f"{said.title}, most telling first": found.strongest,
            f"{said.title}, random order": found.random,
        }
    )
