"""What is worth knowing about an event before training; see ``contracts.Checking``."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from pmed_core.cohort import Cohort
from pmed_core.outcomes import balance as shared
from pmed_core.outcomes.sizes import people, uncounted
from pmed_core.outcomes.yes_no import YesNo
from pmed_core.quality import Finding, Severity
from pmed_core.readers.leakage import leaks

incidences = shared.incidences


def totals(cohort: Cohort) -> tuple[tuple[str, int], ...]:
    """The event and no event, by their values where there are two."""
    outcome, values = cohort.chosen_outcome(), shared.values(cohort)
    if len(values) <= 2:
        return values
    events, others = outcome.spellings
    observed = cohort.observed()
    names = ((" or ".join(events), 1), (" or ".join(others) or "no event", 0))
    return tuple((name, int((observed == code).sum())) for name, code in names)


def balance(cohort: Cohort) -> Finding:
    observed = cohort.observed()
    counts = np.bincount(observed[observed >= 0], minlength=2)
    verb = "happens to" if cohort.scans is None else "is the label of"
    sentence = (
        f"The event {verb} {counts[1]} of {counts.sum()} {shared.who(cohort)} "
        f"({100 * (counts[1] / max(counts.sum(), 1)):.1f} %)."
    )
    return shared.found(cohort, sentence, int(counts.min()))


def completed(cohort: Cohort, outcome: YesNo, chosen: Sequence[Any]) -> Cohort:
    return cohort


def findings(cohort: Cohort) -> list[Finding]:
    return [*leaks(cohort), sample_size(cohort), *order(cohort)]


def riley(parameters: int, rate: float) -> int:
    """Patients that a model of a yes/no outcome needs (Riley et al., BMJ 2020;368:m441).

    The largest of three: shrinkage of at least 0.9, optimism in Nagelkerke's R² of at most 0.05,
    overall risk to within 0.05; anticipating a Nagelkerke R² of 0.15.
    """
    log_likelihood = rate * math.log(rate) + (1 - rate) * math.log(1 - rate)
    largest = 1 - math.exp(2 * log_likelihood)
    explained = 0.15 * largest
    shrinkage = explained / (explained + 0.05 * largest)
    needed = [parameters / ((s - 1) * math.log(1 - explained / s)) for s in (0.9, shrinkage)]
    return math.ceil(max(*needed, (1.96 / 0.05) ** 2 * rate * (1 - rate)))


def sample_size(cohort: Cohort) -> Finding:
    """Patients against those that are recommended."""
    known = cohort.labelled()
    rate = float(known.observed().mean())
    parameters = sum(max(1, len(v.categories) - 1) for v in known.inputs)
    if not 0 < rate < 1:
        return Finding("sample size", Severity.WARNING, "Every patient has the same outcome.")
    if of_many := uncounted(known):
        return of_many
    needed, there = riley(parameters, rate), people(known)
    inputs = f"{len(known.inputs)} input{'s' * (len(known.inputs) != 1)}"
    if parameters != len(known.inputs):
        inputs += f" ({parameters} parameters, as categories have one for each value but one)"
    sentence = (
        f"For {inputs} and {100 * rate:.0f} % events, {needed:,} patients are recommended "
        f"(Riley et al.); you have {there:,}."
    )
    if needed > there:
        return Finding(
            "sample size", Severity.WARNING, sentence,
            "Choose fewer inputs or add more patients; expect wide intervals.",
        )  # fmt: skip
    return Finding("sample size", Severity.CLEAN, sentence)


def order(cohort: Cohort) -> list[Finding]:
    """Whether the rows are sorted by outcome."""
    observed = cohort.labelled().observed()
    changes = int((np.diff(observed) != 0).sum())
    rate = float(observed.mean())
    expected = 2 * rate * (1 - rate) * max(len(observed) - 1, 1)
    if len(observed) > 50 and changes < 0.2 * expected:
        return [
            Finding(
                "row order", Severity.NOTE,
                "The rows are sorted by outcome; a running number would tell it.",
                "Nothing: rows are mixed before training. Do not use the row number as an input.",
            )
        ]  # fmt: skip
    return []
