"""How many patients a model needs, where inputs can be counted."""

from __future__ import annotations

from pmed_core.cohort import Cohort
from pmed_core.quality import Finding, Severity
from pmed_core.variable import PAYLOADS


def people(cohort: Cohort) -> int:
    """Patients with a known outcome: their rows may be more."""
    return len(set(cohort.labelled().patients()))


def uncounted(cohort: Cohort) -> Finding | None:
    """What is said where an input holds many: rules that count inputs know nothing of it. None
    where each input is one."""
    own = next((v.name for v in cohort.inputs if v.kind in PAYLOADS), "")
    if not own:
        return None
    return Finding(
        "sample size", Severity.NOTE,
        f"'{own}' is no single input, so no rule says how many patients are enough; you have "
        f"{people(cohort):,}.",
        "Look at the intervals of the evaluation: they show what is too few.", (own,),
    )  # fmt: skip
