"""Classes: each value of a column is one; see ``outcomes.Choosing``."""

from __future__ import annotations

from collections.abc import Mapping

from pages.parts.outcomes import yes_no
from pages.parts.outcomes.curves import CURVES, reported
from pmed_core.outcomes import Classes, Outcome
from pmed_core.quality import Summary
from pmed_core.service.entries import CohortEntry
from pmed_core.variable import Variable

__all__ = ["CURVES", "WAY", "asked", "possible", "reported", "was_asked"]
WAY = "Each class separately"


def possible(entry: CohortEntry, variable: Variable, summary: Summary) -> bool:
    """Of more than two values, but few."""
    return yes_no.possible(entry, variable, summary) and summary.distinct > 2


def was_asked(outcome: Outcome) -> bool:
    return outcome.kind == Classes.kind


def asked(entry: CohortEntry, variable: Variable, sizes: Mapping[str, int]) -> Outcome:
    """All values, without a question."""
    return Classes(variable.name, tuple(sizes))
