"""Numbers as a person reads them; shared by figures, their captions and the reports."""

from __future__ import annotations

import html
import math
import re
import textwrap
import unicodedata
from collections.abc import Sequence
from fractions import Fraction

from pmed_core.evaluation import Measure
from pmed_core.outcomes import Outcome
from pmed_core.quantity import UNKNOWN as UNKNOWN
from pmed_core.quantity import counted as counted
from pmed_core.quantity import percent as percent
from pmed_core.quantity import percents as percents
from pmed_core.quantity import signed as signed
from pmed_core.variable import MINUS as MINUS
from pmed_core.variable import Variable, readable
from pmed_core.variable import day as day
from pmed_core.work import Cell

ADDRESS = re.compile(r":(?=//)|www(?=\.)|@(?=\S)", re.IGNORECASE)
JOINERS = "\u200c\u200d"
"""They part and join letters, as in Persian: part of a name though nobody sees them."""
LARGEST = 10
"""Of a natural frequency that is not rare: "2 of 7", not "29 of 100"."""
OUTSIDE = "Outside what the model has seen"
"""Said instead of a number."""

MEASURES = {
    "auroc": "AUROC",
    "average_precision": "Average precision",
    "c_index": "C-index",
    "integrated_brier": "Integrated Brier score",
    "d_calibration": "D-calibration (p)",
    "observed": "Observed risk",
    "observed_expected": "Observed over predicted risk",
    "r2": "R²",
    "per_drug_r": "Correlation within a drug (mean)",
    "beyond_means_r2": "R² beyond the means of drugs and lines",
    "ate": "Average effect",
    "autoc": "AUTOC",
    "qini": "Qini coefficient",
    "calibration_mean": "Calibration of the average effect",
    "calibration_differential": "Calibration of differences in effect",
    "policy_value": "Mean outcome if treated as predicted",
    "policy_gain": "Gain over the best option for everybody",
    "observed_value": "Mean outcome as treated",
    "overlap": "Overlap (1 is that of equal shares)",
    "effective_sample_size": "Effective sample size",
    "score_rmse": "Error against doubly robust scores",
    "rmse": "Root mean squared error",
    "mae": "Mean absolute error",
    "coverage": "Coverage of the 90 % interval",
    "interval_width": "Mean width of the interval",
    "mean_observed": "Mean observed",
    "brier": "Brier score",
    "log_loss": "Log loss",
    "calibration_slope": "Calibration slope",
    "calibration_intercept": "Calibration intercept",
    "sensitivity": "Sensitivity",
    "specificity": "Specificity",
    "ppv": "Positive predictive value",
    "npv": "Negative predictive value",
    "accuracy": "Accuracy",
    "balanced_accuracy": "Balanced accuracy",
    "dice": "Dice of outlines",
    "dice_pooled": "Dice of all pixels",
    "hausdorff_95": "HD95 (mm)",
    "hausdorff_95_pixels": "HD95 (pixels)",
    "lesion_sensitivity": "Lesion-wise sensitivity",
    "false_positive_scans": "False-positive scans",
}

OF_AN_OPTION = {"policy_value": "Mean outcome if everybody were given {}"}
"""Measures that are of another thing where they are of one option."""
TWO_DIGITS = ("calibration_slope", "calibration_intercept")


def capitalised(text: str) -> str:
    """A sentence's first letter as a capital; names in it stay as they are: "with SoC"."""
    return f"{text[:1].upper()}{text[1:]}"


def measure_title(name: str, outcome: Outcome | None = None) -> str:
    """A measure's key in words; that of one label too, by the outcome's names of values."""
    if name in MEASURES:
        return MEASURES[name]
    if outcome is not None:
        for label in outcome.labels:
            if name.removesuffix(f"_{label}") in MEASURES:
                return outcome.titled(MEASURES[name.removesuffix(f"_{label}")], label)
    for key in sorted(MEASURES, key=len, reverse=True):
        if name.startswith(f"{key}_"):
            return OF_AN_OPTION.get(key, f"{MEASURES[key]}, {{}}").format(name[len(key) + 1 :])
    return name.replace("_", " ").capitalize()


def number(value: float, digits: int = 3) -> str:
    """Significant digits, with no exponent where it can be read without: 0.0421, 12.5, 1,204."""
    if not math.isfinite(value):
        return UNKNOWN
    return readable(value, digits)


def measure(found: Measure, digits: int = 3) -> str:
    """ "0.863 (0.851 to 0.874)", or that there is no interval."""
    if not math.isfinite(found.value):
        return UNKNOWN
    value = fixed(found.value, digits)
    if not found.bounded:
        return f"{value} (no interval)"
    low, high = (fixed(end, digits) for end in (found.low, found.high))
    return f"{value} ({low} to {high})"


def digits(name: str, outcome: Outcome) -> int:
    """Decimals with which a measure is told; those in the outcome's unit as its numbers are."""
    if name in outcome.in_unit:
        return outcome.quantities[0].digits
    return 2 if name.startswith(TWO_DIGITS) else 3


def measured(name: str, found: Measure, outcome: Outcome) -> str:
    """A measure as ``measure`` says it, with its decimals and its unit."""
    said = measure(found, digits(name, outcome))
    told = name in outcome.in_unit and math.isfinite(found.value)
    return f"{said} {outcome.quantities[0].unit}".strip() if told else said


def fixed(value: float, digits: int = 3) -> str:
    """So many decimals, and no minus sign before a zero: 0.864, −1.20, 0.00."""
    return f"{round(value, digits) + 0.0:.{digits}f}".replace("-", MINUS)


def cell(value: Cell, variable: Variable) -> str:
    """A cell with its unit: "81 years", "2021-03-04", "yes", "not known"."""
    if value is None or (isinstance(value, float) and math.isnan(value)):
        return UNKNOWN
    return variable.shown(value)


def the_event(outcome: Outcome, asked: str = "") -> str:
    """A sentence that names what a figure is about, with a space before it: " The event: died is
    yes."; empty for a figure of several classes."""
    if not asked and not outcome.of_one_event:
        return ""
    return f" The event: {outcome.event(asked or outcome.labels[0])}."


def listed(words: Sequence[str]) -> str:
    """ "a", "a and b", "a, b and c"."""
    return ", ".join(words[:-1]) + " and " + words[-1] if len(words) > 1 else "".join(words)


def out_of_hundred(probability: float, of: str = "patient") -> str:
    """ "14 of 100 patients like this one"."""
    count = probability * 100
    if 0 < count <= 0.5:
        return f"fewer than 1 of 100 {of}s like this one"
    if 99.5 <= count < 100:
        return f"more than 99 of 100 {of}s like this one"
    return f"{round(count)} of 100 {of}s like this one"


def flagged(hits: int, alerts: int, of: str = "patient", at: str = "this threshold") -> str:
    """The positive predictive value as a natural frequency (Gigerenzer & Hoffrage 1995): "Of 3
    molecules flagged at this threshold, 1 truly has the event (12 of 37)."; ``hits`` of ``alerts``.
    """
    if not alerts:
        return f"No {of} is flagged at {at}."
    some, many = _simply(hits, alerts)
    has = "has" if some == "1" else "have"
    told = f"Of {counted(many, of)} flagged at {at}, {some} truly {has} the event"
    return f"{told} ({hits:,} of {alerts:,})." if many != alerts else f"{told}."


def _simply(hits: int, alerts: int) -> tuple[str, int]:
    """The share in numbers as small as they tell it: never a plain none or all that is not one."""
    share = Fraction(hits, alerts)
    if alerts <= LARGEST or hits in (0, alerts):
        return (str(hits) if hits else "none"), alerts
    if share < Fraction(1, LARGEST):
        return "1", round(1 / share)
    near = share.limit_denominator(LARGEST)
    if near == 1:
        return f"more than {LARGEST - 1}", LARGEST
    return str(near.numerator), near.denominator


def none_known(one: str) -> str:
    """In the place of a figure of nobody; ``one``: what is evaluated, one of them."""
    return f"No {one} has a known outcome."


def line(text: str) -> str:
    """Text of a file as one line, without control characters and overrides of direction, which
    would make it read as another."""
    return "".join(
        character
        for character in " ".join(text.split())
        if character in JOINERS or unicodedata.category(character) not in ("Cc", "Cf")
    )


def unlinked(text: str) -> str:
    """Text of a file in which no program finds an address to link to; it looks the same.

    A name such as ``http://example.com`` must not invite anybody to leave for it.
    """
    return ADDRESS.sub("\\g<0>\u2060", text)


def label(text: str, width: int = 20, lines: int = 2) -> str:
    """Text of a file for a plot: never read as markup, wrapped, cut with an ellipsis."""
    wrapped = textwrap.wrap(text, width, max_lines=lines, placeholder=" …") or [""]
    return "<br>".join(html.escape(line, quote=False) for line in wrapped)


def titled(variable: Variable, width: int) -> str:
    """Name and unit of a variable for an axis."""
    return label(variable.name, width, 1) + label(variable.title.removeprefix(variable.name))
