"""What was recorded on the wrong side of the treatment: inputs after it, or an outcome before it.

Names and dates tell; where neither does, nobody but the user knows.
"""

from __future__ import annotations

import re

from pmed_core.cohort import Cohort
from pmed_core.quality import Finding, Severity
from pmed_core.readers.leakage import LATER
from pmed_core.variable import Kind

MOSTLY = 0.5
EDGE, END = r"(?:^|[ _.\-(])", r"(?:[ _.\-)]|$)"
LONG = r"(?:weeks?|wks?|months?|mths?|days?|visits?|years?|yrs?)"
AFTER = re.compile(
    rf"{EDGE}{LONG}[ _.-]?0*[1-9]\d*{END}|{EDGE}[1-9]\d*[ _.-]?{LONG}{END}"
    rf"|{EDGE}(?:after|post){END}"
    r"|post.?(?:op|treat|dose|rx|interven)|on.?(?:treatment|therapy|study.?drug)|adherence|complian"
    r"|adverse|side.?effect|discontinu|off.?(?:trt|treat|study)|cross.?over|drop.?out",
    re.IGNORECASE,
)
"""A later visit, or what a treatment is followed by; beside ``LATER``."""
EARLIER = re.compile(
    rf"baseline|{EDGE}(?:pre|before|prior|previous|past|last|history|since|ago|at.?entry|screening)"
    rf"{END}|pre.?(?:op|treat|dose|rx|interven)|{EDGE}{LONG}[ _.-]?0+{END}",
    re.IGNORECASE,
)
"""What was there before it; also "weight loss, last 3 months"."""
CHANGE = re.compile(r"change|difference|delta|from.?baseline|risk", re.IGNORECASE)
"""Of names that speak of both: "change from baseline", "10 year risk"."""
STARTED = re.compile(
    rf"treat|randomi|therap|intervention|enrol|inclusion|baseline|time.?zero"
    rf"|{EDGE}(?:rx|trt|index|start(?:ed)?|surgery|operation|procedure){END}",
    re.IGNORECASE,
)
"""Of a date that is time zero."""
STOPPED = re.compile(rf"{EDGE}(?:end|ended|stop|stopped|last|off|completed?){END}", re.IGNORECASE)
WORD = re.compile(r"[^\W\d_]{4,}")


def findings(cohort: Cohort) -> list[Finding]:
    """Inputs after the treatment; the outcome before it."""
    return [_later(cohort), *_named_before(cohort), *_dated_before(cohort)]


def _later(cohort: Cohort) -> Finding:
    """Inputs that were recorded after treatment, by their names."""
    dated = _dated_later(cohort)
    late = [
        v.name for v in cohort.inputs
        if sounds_later(v.name) or v.name in dated or _repeats(v.name, cohort)
    ]  # fmt: skip
    if not late:
        return Finding(
            "after treatment", Severity.CLEAN,
            "No input's name or date says that it was recorded after treatment.",
        )  # fmt: skip
    named = ", ".join(f"'{name}'" for name in late[:5]) + " …" * (len(late) > 5)
    return Finding(
        "after treatment", Severity.SERIOUS,
        f"{named} {'sounds' if len(late) == 1 else 'sound'} as if recorded after treatment, "
        "which hides part of its effect.",
        "Ignore what the treatment may have changed; keep only what was known before.",
        tuple(late),
    )  # fmt: skip


def sounds_later(name: str) -> bool:
    """Whether a name says that something was recorded after the treatment."""
    if LATER.search(name):
        return True
    return bool(AFTER.search(name)) and not (EARLIER.search(name) or CHANGE.search(name))


def _named_before(cohort: Cohort) -> list[Finding]:
    """An outcome whose name says that it was measured before."""
    column = cohort.chosen_outcome().column
    if not EARLIER.search(column) or CHANGE.search(column):
        return []
    return [
        Finding(
            "before treatment", Severity.SERIOUS,
            f"The outcome '{column}' sounds as if measured before treatment, which cannot have "
            "changed it.",
            "Choose an outcome that was measured later; mark this one as a negative control.",
            (column,),
        )
    ]  # fmt: skip


def _time_zero(cohort: Cohort) -> str:
    """The date of the treatment; empty where no name tells it."""
    column = re.escape(cohort.chosen_outcome().columns[-1])
    names = [v.name for v in cohort.variables if v.kind is Kind.DATE and not STOPPED.search(v.name)]
    own = [name for name in names if re.search(rf"{EDGE}{column}{END}", name, re.IGNORECASE)]
    return next(iter([*own, *filter(STARTED.search, names)]), "")


def _dated_later(cohort: Cohort) -> tuple[str, ...]:
    """Dates that mostly lie behind that of the treatment, where a column tells it."""
    zero = _time_zero(cohort)
    if not zero:
        return ()
    return tuple(
        v.name for v in cohort.variables if v.kind is Kind.DATE
        and v.name != zero and (cohort.table[v.name] > cohort.table[zero]).mean() > MOSTLY
    )  # fmt: skip


def _dated_before(cohort: Cohort) -> list[Finding]:
    """Patients whose outcome is dated before their treatment."""
    zero, outcome = _time_zero(cohort), cohort.chosen_outcome()
    if not zero:
        return []
    told = {word.casefold() for word in WORD.findall(outcome.column)}
    dates = [v.name for v in cohort.variables if v.kind is Kind.DATE and v.name != zero]
    ends = [
        name for name in dates
        if outcome.column in name or told & {word.casefold() for word in WORD.findall(name)}
    ]  # fmt: skip
    for name in ends or list(filter(LATER.search, dates)):
        if early := int((cohort.table[name] < cohort.table[zero]).sum()):
            return [
                Finding(
                    "before treatment", Severity.SERIOUS,
                    f"'{name}' lies before '{zero}' in {early:,} of {len(cohort):,} patients: what "
                    "happened before treatment is no effect of it.",
                    "Leave these patients out, or correct the dates.", (name, zero),
                )
            ]  # fmt: skip
    return []


def _repeats(name: str, cohort: Cohort) -> bool:
    """Whether it is the outcome's measurement at another, later time: "cd496" beside "cd420"."""
    outcome = cohort.chosen_outcome().column
    stem, number = outcome.rstrip("0123456789"), outcome[len(outcome.rstrip("0123456789")) :]
    own = name[len(stem) :]
    return bool(stem and number and name.startswith(stem) and own.isdecimal()
                and int(own) > int(number))  # fmt: skip
