"""Fixed words, and numbers and names as a person reads them."""

from __future__ import annotations

import math
import re
import time
from typing import Literal

from pmed_core.judgement import Measure
from pmed_core.options import NETWORK_TITLES
from pmed_core.outcome import Classes, Outcome, YesNo
from pmed_core.quality import Severity
from pmed_core.work import Evaluate, Fit, Importance, Job, Read, Work

DASH = "–"
NAME_LENGTH = 60

Colour = Literal["red", "orange", "yellow", "blue", "green", "violet", "gray", "primary"]

MEASURES = {
    "auroc": ("AUROC", "Chance that a patient with the event has the higher risk. 0.5 is a coin."),
    "average_precision": ("Average precision", "Mean precision over all recalls; compare it with "
                          "the outcome rate."),
    "brier": ("Brier score", "Mean squared distance of risk and outcome; lower is better."),
    "log_loss": ("Log loss", "Penalty for confident mistakes; lower is better."),
    "calibration_slope": ("Calibration slope", "1 is right; below 1 the risks are too extreme."),
    "calibration_intercept": ("Calibration intercept", "0 is right; below 0 risks are too high."),
    "sensitivity": ("Sensitivity", "Share of the patients with the event who are alerted."),
    "specificity": ("Specificity", "Share of the patients without the event who are left alone."),
    "ppv": ("PPV", "Share of the alerts that are right."),
    "npv": ("NPV", "Share of the patients without alert who indeed have no event."),
    "accuracy": ("Accuracy", "Share of right answers."),
    "balanced_accuracy": ("Balanced accuracy", "Mean of the share of right answers per class."),
}  # fmt: skip
"""Name -> title and what it means."""

SEVERITIES: dict[Severity, tuple[str, str]] = {
    Severity.SERIOUS: ("Serious: scores would not be true", ":material/dangerous:"),
    Severity.WARNING: ("Warnings", ":material/warning:"),
    Severity.NOTE: ("Notes", ":material/info:"),
    Severity.CLEAN: ("Nothing found", ":material/check_circle:"),
}

STATES: dict[str, tuple[str, str, Colour]] = {
    "queued": ("Waiting", ":material/hourglass_empty:", "gray"),
    "running": ("Running", ":material/autorenew:", "blue"),
    "done": ("Done", ":material/check_circle:", "green"),
    "failed": ("Failed", ":material/error:", "red"),
    "cancelled": ("Cancelled", ":material/cancel:", "gray"),
}


def plain(text: object) -> str:
    """Text of a file for a place that reads Markdown: every sign stands for itself.

    A word joiner goes between colons that would otherwise become an icon or an emoji.
    """
    line = " ".join(str(text).split())
    line = re.sub(r":(?=[\w+/-]+:)", ":\u2060", line)
    return re.sub(r"([\\`*_{}\[\]()<>#+\-.!|$:~^=&])", r"\\\1", line)


def short(text: object, length: int = NAME_LENGTH) -> str:
    """The beginning of a long name."""
    line = " ".join(str(text).split())
    return line if len(line) <= length else f"{line[: length - 1]}…"


def name(text: object) -> str:
    """A name of a file or of a person in a heading or label: short, and only itself."""
    return plain(short(text))


def number(value: float, digits: int = 3) -> str:
    """A number of a screen: 0.864, −1.20, or a dash where there is none."""
    if not math.isfinite(value):
        return DASH
    return f"{value:.{digits}f}".replace("-", "−")


def general(value: float) -> str:
    """A measurement with four digits: 0.05, 37.2, 12,000."""
    if not math.isfinite(value):
        return DASH
    text = f"{value:,.4g}" if abs(value) < 10_000 else f"{value:,.0f}"
    return text.replace("-", "−")


def percent(share: float, digits: int | None = None) -> str:
    """0.123 -> "12 %"; small shares keep a digit."""
    if not math.isfinite(share):
        return DASH
    if digits is None:
        digits = 1 if 0 < share < 0.1 or 0.9 < share < 1 else 0
    return f"{100 * share:.{digits}f} %"


def interval(measure: Measure, digits: int = 3) -> str:
    """"0.85 to 0.88", or that there is none."""
    if not (math.isfinite(measure.low) and math.isfinite(measure.high)):
        return "no interval"
    return f"{number(measure.low, digits)} to {number(measure.high, digits)}"


def measured(measure: Measure, digits: int = 3) -> str:
    """"0.864 (0.850 to 0.879)"."""
    return f"{number(measure.value, digits)} ({interval(measure, digits)})"


def count(n: int, one: str, many: str = "") -> str:
    """"1 patient", "2,000 patients"."""
    return f"{n:,} {one if n == 1 else many or one + 's'}"


def duration(seconds: float) -> str:
    """"8 s", "1 min 20 s", "2 h 5 min"."""
    whole = max(0, round(seconds))
    if whole < 60:
        return f"{whole} s"
    if whole < 3600:
        return f"{whole // 60} min {whole % 60} s"
    return f"{whole // 3600} h {whole % 3600 // 60} min"


def memory(megabytes: float) -> str:
    """"350 MB", "1.2 GB"."""
    return f"{megabytes:.0f} MB" if megabytes < 1000 else f"{megabytes / 1000:.1f} GB"


def moment(seconds: float) -> str:
    """"20 Nov 2026, 23:36" in the server's time zone."""
    return time.strftime("%-d %b %Y, %H:%M", time.localtime(seconds)) if seconds else DASH


def question(outcome: Outcome | None) -> str:
    """What is predicted, as plain text of a file: escape it before Markdown."""
    match outcome:
        case None:
            return "no outcome chosen"
        case YesNo(column=column, positive=positive):
            return f"{short(column)} is {short(' or '.join(positive))}"
        case Classes(column=column, labels=labels):
            return f"{short(column)} ({len(labels)} classes)"


def title(work: Work) -> str:
    """What a job does, as plain text: escape it before Markdown."""
    match work:
        case Read():
            return f"Read {short(work.name)}"
        case Fit():
            return f"Train {short(work.name)} ({NETWORK_TITLES[work.options.network.name]})"
        case Evaluate():
            return "Judge on a held-out file"
        case Importance():
            return "Explain the model on its cohort"
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
