"""Fixed words, and numbers and names as a person reads them."""

from __future__ import annotations

import math
import re
import time
from typing import Literal

from pmed_core.evaluation import Measure
from pmed_core.figures import wording
from pmed_core.job import Job
from pmed_core.outcomes import Outcome
from pmed_core.quality import Severity
from pmed_core.variable import Variable
from pmed_core.work import AboutModel, Evaluate, Fit, Read, Work

DASH = "–"
LOWER, HIGHER = "Lower", "Higher"
NAME_LENGTH = 60

percent = wording.percent
percents = wording.percents
general = wording.number
measured = wording.measure
measure_title = wording.measure_title
count = wording.counted

Colour = Literal["red", "orange", "yellow", "blue", "green", "violet", "gray", "primary"]

OPEN = {
    "patient": ":material/personal_injury:", "scan": ":material/radiology:",
    "treatment": ":material/compare:",
}  # fmt: skip
"""What a model is used on -> the icon of the button that opens one."""
OPENING = {"patient": "Open a patient", "scan": "Open a scan", "treatment": "Open a patient"}

MEANINGS = {
    "auroc": "Probability that a {one} with the event has a higher risk than one without. "
    "0.5 is chance.",
    "average_precision": "Mean precision over all recalls; compare it with the outcome rate.",
    "c_index": "Probability that, of two patients, the one with the earlier event has the worse "
    "predicted course. 0.5 is chance.",
    "integrated_brier": "Mean squared difference between predicted survival and what "
    "happened, over follow-up; lower is better.",
    "d_calibration": "Whether predicted survival at the observed times is spread evenly, as it is "
    "where the courses are right. Below 0.05: they are not.",
    "observed": "Share of the patients with the event by then (Kaplan-Meier).",
    "observed_expected": "1 is right; above 1 the predicted risks are too low.",
    "r2": "Share of the differences between {one}s that the predictions explain; 0 is no better "
    "than the mean for all.",
    "ate": "Mean difference in the outcome that the option makes, doubly robust.",
    "autoc": "How much larger the effect is for patients ranked first than for all, averaged over "
    "how many are treated. 0: the ranking tells nothing.",
    "qini": "The same, weighted by how many are treated.",
    "calibration_mean": "1 where the average effect is predicted right.",
    "calibration_differential": "1 where differences in effect between patients are predicted "
    "right; 0 where they are noise.",
    "policy_value": "Mean outcome if each patient were given the option that is predicted best.",
    "policy_gain": "How much better that is than one option for everybody; 0 is no better.",
    "observed_value": "Mean outcome as patients were treated.",
    "overlap": "How far like patients were given each option: 1 where all options were as likely.",
    "effective_sample_size": "As many patients of equal weight would tell as much.",
    "score_rmse": "Error against doubly robust scores, most of which is noise; compare models.",
    "rmse": "Typical error in the outcome's unit; large errors count more.",
    "mae": "Mean absolute error in the outcome's unit.",
    "coverage": "Share of the {one}s whose observed value lies in their interval; 90 % is "
    "intended.",
    "interval_width": "Mean width of the interval, in the outcome's unit; narrower tells more.",
    "brier": "Mean squared difference between risk and outcome; lower is better.",
    "log_loss": "Penalises confident errors most; lower is better.",
    "calibration_slope": "1 is right; below 1 the risks are too extreme, above 1 too alike.",
    "calibration_intercept": "0 is right; below 0 the risks are too high.",
    "sensitivity": "Share of the {one}s with the event that raise an alert.",
    "specificity": "Share of the {one}s without the event that raise none.",
    "ppv": "Share of the alerts followed by the event.",
    "npv": "Share of the {one}s without an alert that have no event.",
    "accuracy": "Share of correct predictions.",
    "balanced_accuracy": "Share of correct predictions, averaged over the classes.",
    "dice": "Overlap with the reader's outline, 0 to 1: twice the shared area over both areas, "
    "all slices of a series together.",
    "dice_pooled": "The same over the pixels of all patients together: large lesions count more.",
    "hausdorff_95": "How far the two edges are apart in millimetres, at the 95th percentile, on "
    "slices where both outline something.",
    "hausdorff_95_pixels": "How far the two edges are apart in pixels, at the 95th percentile, on "
    "scans where both outline something.",
    "per_drug_r": "How well the order of patients is told for one drug: Pearson correlation of "
    "predicted and observed within each drug, the mean over drugs. 0 is no better than the drug's "
    "mean.",
    "beyond_means_r2": "Share of what the means of drugs and cell lines leave unexplained that the "
    "model explains; 0 or less is no better than these means.",
    "lesion_sensitivity": "Share of the outlined lesions that the network touches.",
    "false_positive_scans": "Share of the scans without a lesion on which it outlines something.",
}
"""What a measure means, in one line; ``{one}``: what is predicted, one of them."""


def meaning(name: str, outcome: Outcome, one: str) -> str | None:
    """What a measure means, also one of a single label; ``one``: a patient, a molecule."""
    stems = (name.removesuffix(f"_{label}") for label in outcome.labels)
    found = next((MEANINGS[stem] for stem in (name, *stems) if stem in MEANINGS), None)
    return found and found.format(one=one)


SEVERITIES: dict[Severity, tuple[str, str, Colour]] = {
    Severity.SERIOUS: ("Serious", ":material/dangerous:", "red"),
    Severity.WARNING: ("Warning", ":material/warning:", "orange"),
    Severity.NOTE: ("Note", ":material/info:", "blue"),
    Severity.CLEAN: ("Passed", ":material/check_circle:", "green"),
}
OUTER = re.compile(r"(?<!\w)_+|_+(?!\w)")
"""Underscores that could begin or end emphasis; those within a word cannot."""
FIRST = re.compile(r"^(\d*)([+\-=.)])(?=[\s\-=]|$)")
"""What makes a list, a heading or a rule at the beginning of a line alone."""
SERIOUS = "results on these data would mislead"

STATES: dict[str, tuple[str, str, Colour]] = {
    "queued": ("Waiting", ":material/hourglass_empty:", "gray"),
    "running": ("Running", ":material/autorenew:", "blue"),
    "done": ("Done", ":material/check_circle:", "green"),
    "failed": ("Failed", ":material/error:", "red"),
    "cancelled": ("Cancelled", ":material/cancel:", "gray"),
}


def plain(text: object) -> str:
    """Text of a file for a place that reads Markdown: every sign stands for itself.

    A word joiner goes between colons that would otherwise become an icon or an emoji, and into
    addresses, which would otherwise become links. Signs that mean nothing where they stand are left
    as they are: the label of a field is also its name for a screen reader, backslashes included.
    """
    line = wording.unlinked(" ".join(str(text).split()))
    line = re.sub(r":(?=[\w+/-]+:)", ":\u2060", line)
    line = re.sub(r"([\\`*\[\]<>#|$:~&])", r"\\\1", line)
    line = OUTER.sub(lambda found: r"\_" * len(found[0]), line)
    return FIRST.sub(r"\1\\\2", line)


def short(text: object, length: int = NAME_LENGTH) -> str:
    """The beginning of a long name."""
    line = " ".join(str(text).split())
    return line if len(line) <= length else f"{line[: length - 1]}…"


def titled(variable: Variable) -> str:
    """A variable's name and, where the name does not tell it, the unit; plain text."""
    unit = variable.title.removeprefix(variable.name)
    return short(variable.name, NAME_LENGTH - min(len(unit), 20)) + unit


def labelled(variable: Variable) -> str:
    """The same as the Markdown label of a control."""
    return plain(titled(variable))


def number(value: float, digits: int = 3) -> str:
    """A number of a screen: 0.864, −1.20, or a dash where there is none."""
    if not math.isfinite(value):
        return DASH
    return wording.fixed(value, digits)


def interval(measure: Measure, digits: int = 3) -> str:
    """ "0.85 to 0.88", or that there is none."""
    if not (math.isfinite(measure.low) and math.isfinite(measure.high)):
        return "no interval"
    return f"{number(measure.low, digits)} to {number(measure.high, digits)}"


def duration(seconds: float) -> str:
    """ "8 s", "1 min 20 s", "2 h 5 min"."""
    whole = max(0, round(seconds))
    if whole < 60:
        return f"{whole} s"
    if whole < 3600:
        return f"{whole // 60} min {whole % 60} s"
    return f"{whole // 3600} h {whole % 3600 // 60} min"


def memory(megabytes: float) -> str:
    """ "350 MB", "1.2 GB"."""
    return f"{megabytes:.0f} MB" if megabytes < 1000 else f"{megabytes / 1000:.1f} GB"


def moment(seconds: float) -> str:
    """ "20 Nov 2026, 23:36" in the server's time zone."""
    return time.strftime("%-d %b %Y, %H:%M", time.localtime(seconds)) if seconds else DASH


def question(outcome: Outcome | None) -> str:
    """What is predicted, as plain text of a file: escape it before Markdown."""
    return "not chosen yet" if outcome is None else short(outcome.question(), 2 * NAME_LENGTH)


def title(work: Work) -> str:
    """What a job does, as plain text: escape it before Markdown."""
    match work:
        case Read():
            return f"Read {short(work.name)}"
        case Fit():
            return f"Train {short(work.name)} ({work.options.network.title})"
        case Evaluate():
            return "Evaluate on a held-out file"
        case _ if isinstance(work, AboutModel):
            return work.title
        case _:
            return "Answer about one patient"


def elapsed(job: Job) -> float:
    """Seconds that the job has run, or ran."""
    if not job.started:
        return 0.0
    return (job.finished or time.time()) - job.started


def remaining(job: Job) -> str:
    """Time left, once enough is done to tell."""
    if job.fraction < 0.03 or not job.started:
        return "not known yet"
    return f"about {duration(elapsed(job) * (1 - job.fraction) / job.fraction)}"


def often(times: int) -> str:
    """ "once", "twice", "3 times"."""
    return {1: "once", 2: "twice"}.get(times, f"{times:,} times")
