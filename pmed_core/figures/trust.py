"""Can an explanation be believed, drawn and in words."""

from __future__ import annotations

import pandas as pd
import plotly.graph_objects as go

from pmed_core.explanation import Explanation
from pmed_core.figures import theme, wording
from pmed_core.work import Trust

ALIKE = 0.7
"""Rank correlation with an untrained model above which an explanation says little of this one."""


def certainty(explanation: Explanation, row: int = 0) -> str:
    """How exact the values of one patient are."""
    if explanation.method == "enumeration":
        return "Exact: every combination of the variables was asked."
    error = float(explanation.standard_error[row].max())
    if error == 0:
        return "Exact: every combination of the variables was asked."
    distance = abs(float(explanation.prediction[row] - explanation.base[row]))
    share = f" ({wording.percent(error / distance)} of what all add)" if distance > error else ""
    gap = float(explanation.gap[row])
    return (
        f"By {explanation.method}: the standard error is at most {wording.number(error, 2)} "
        f"log-odds{share}; the contributions add up to within {wording.number(gap, 1)}."
    )


def verdict(found: Trust) -> str:
    """What the checks say together."""
    if found.alike >= ALIKE:
        return (
            "Do not rely on this explanation: a model that learnt nothing would be explained "
            "nearly alike."
        )
    if _area(found.strongest, found) > _area(found.random, found):
        return (
            "Read it with care: removing what it names moves the prediction no sooner than "
            "removing variables at random."
        )
    return (
        "It passes: it depends on what the model learnt, and removing what it names moves the "
        "prediction sooner than removing variables at random."
    )


def _area(curve: tuple[float, ...], found: Trust) -> float:
    """Mean distance of a curve from where it ends: the sooner it gets there, the smaller."""
    return sum(abs(risk - found.base) for risk in curve) / len(curve)


def deletion(found: Trust) -> go.Figure:
    """The probability as variables are set to those of typical patients."""
    shown = theme.figure("Variables set to those of typical patients", "Risk")
    for name, curve, colour, dash in (
        ("Largest contributions first", found.strongest, theme.EVENT, "solid"),
        ("In random order", found.random, theme.QUIET, "dash"),
    ):
        theme.line(shown, found.removed, curve, colour=colour, dash=dash, name=name,
                   hovertemplate="%{y:.1%}<extra></extra>")  # fmt: skip
    theme.percent_axis(shown, "x", range=[0, 1])
    theme.percent_axis(shown, "y", rangemode="tozero")
    shown.update_layout(showlegend=True)
    return shown


def deletion_caption(found: Trust) -> str:
    """How to read it."""
    return (
        "Deletion curve: variables are replaced by those of typical patients, one after the "
        f"other. The risk goes from {wording.percent(found.strongest[0])} to "
        f"{wording.percent(found.base)}; if the explanation is right, it goes there sooner when "
        "the largest contributions are replaced first."
    )


def deletion_table(found: Trust) -> pd.DataFrame:
    """Both curves."""
    return pd.DataFrame(
        {
            "Variables replaced": found.removed,
            "Risk, largest first": found.strongest,
            "Risk, random order": found.random,
        }
    )
