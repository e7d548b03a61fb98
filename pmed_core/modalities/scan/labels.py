"""Labels of scans beside those that a model was trained with."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace

from pmed_core.cohort import Cohort
from pmed_core.errors import UserError
from pmed_core.outcomes import Outcome


def labelled_alike(cohort: Cohort, outcome: Outcome, known: Collection[str]) -> Cohort:
    """The cohort with another's outcome; raises ``UserError`` where a label is not ``known``.

    Models of earlier versions do not say which labels they know; then nothing is refused.
    """
    if outcome.column not in cohort.table.columns:
        raise UserError(
            "Its scans have no label", cohort.name, "Use the folders of the training scans."
        )
    strange = sorted(set(cohort.table[outcome.column].dropna()) - set(known))
    if strange and known:
        raise UserError(
            f"The training scans have no label '{strange[0]}'", cohort.name,
            f"Their labels are: {', '.join(sorted(known))}.",
        )  # fmt: skip
    return replace(cohort, outcome=outcome)
