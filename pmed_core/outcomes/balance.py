"""How often an outcome occurs, as a finding on the quality of a cohort."""

from __future__ import annotations

from pmed_core.cohort import Cohort
from pmed_core.evaluation import Curve
from pmed_core.modalities import modality_of
from pmed_core.quality import Finding, Severity

FEW = 50


def incidences(cohort: Cohort) -> dict[str, Curve]:
    """None: nothing competes."""
    return {}


def who(cohort: Cohort) -> str:
    """What a row is, of several."""
    return f"{modality_of(cohort.variables).one}s"


def found(cohort: Cohort, sentence: str, fewest: int, lacking: str = "outcome") -> Finding:
    """The sentence, with those whose outcome is not known, or what else they are ``lacking``, and
    a warning where ``fewest`` of something are few."""
    if unknown := int((cohort.observed() < 0).sum()):
        have, are = ("has", "is") if unknown == 1 else ("have", "are")
        sentence += f" {unknown:,} more {have} no {lacking} and {are} not used."
    if fewest < FEW:
        return Finding(
            "outcome balance", Severity.WARNING, sentence,
            f"With so few, intervals will be wide: add more {who(cohort)} if you can.",
        )  # fmt: skip
    return Finding("outcome balance", Severity.CLEAN, sentence)


def values(cohort: Cohort) -> tuple[tuple[str, int], ...]:
    """Each value of the outcome's column with its rows, the most frequent first."""
    counts = cohort.table[cohort.chosen_outcome().column].value_counts()
    return tuple((str(value), int(count)) for value, count in counts.items())
