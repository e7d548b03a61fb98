"""Labels of scans beside those that a model was trained with."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace

from pmed_core.cohort import Cohort, Correction
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


def corrected(cohort: Cohort, correction: Correction) -> Cohort:
    """With a scan's label changed, and that of all slices of its series where they share it.

    Raises ``UserError`` where there is no such scan.
    """
    column, named = cohort.chosen_outcome().column, cohort.table[cohort.scan] == correction.row
    if not named.any() or cohort.scans is None:
        raise UserError(f"There is no scan '{correction.row}'", cohort.name, "Pick another.")
    volume = cohort.table[cohort.scan].isin(cohort.scans.series(correction.row))
    if cohort.table.loc[volume, column].nunique(dropna=False) == 1:
        named = volume
    table = cohort.table.copy()
    table.loc[named, column] = correction.after
    return replace(cohort, table=table, corrections=(*cohort.corrections, correction))
