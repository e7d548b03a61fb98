"""What is worth knowing about several events before training; see ``contracts.Checking``."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from pmed_core.cohort import Cohort
from pmed_core.errors import UserError
from pmed_core.modalities import modality_of
from pmed_core.outcomes import balance as shared
from pmed_core.outcomes.several import Several
from pmed_core.outcomes.yes_no import YesNo
from pmed_core.quality import Finding
from pmed_core.readers.leakage import leaks
from pmed_core.variable import Role

SHOWN = 12

incidences = shared.incidences


def totals(cohort: Cohort) -> tuple[tuple[str, int], ...]:
    """Nothing that would add up: ``balance`` says it in a sentence."""
    return ()


def balance(cohort: Cohort) -> Finding:
    actual, outcome = cohort.target().actual, cohort.chosen_outcome()
    known, having = np.isfinite(actual).sum(axis=0), (actual == 1).sum(axis=0)
    each = [
        f"'{name}' to {events:,} of {of:,}"
        for name, events, of in zip(outcome.labels, having, known, strict=True)
    ]
    more = f" and {len(each) - SHOWN} more" if len(each) > SHOWN else ""
    sentence = f"Happened: {', '.join(each[:SHOWN])}{more}."
    return shared.found(cohort, sentence, int(np.minimum(having, known - having).min()))


def completed(cohort: Cohort, outcome: Several, chosen: Sequence[Any]) -> Cohort:
    """With all of the columns as outcomes; raises ``UserError`` where one has not two values."""
    for one in chosen:
        if not isinstance(one, YesNo):
            raise UserError(
                f"'{one.column}' has more than two values", cohort.name,
                "Each of several outcomes is yes or no: say which values are the event, or choose "
                "other columns.",
            )  # fmt: skip
    made = Several(tuple(chosen))
    if len(set(made.columns)) < max(2, len(made.columns)):
        raise UserError(
            "Several outcomes need different columns", cohort.name, "Choose two columns or more."
        )
    variables = tuple(
        replace(v, role=Role.OUTCOME) if v.name in made.columns else v for v in cohort.variables
    )
    found = replace(cohort, variables=variables, outcome=made)
    unknown = np.isnan(found.target().actual).sum(axis=0)
    one = modality_of(cohort.variables).one
    notes = [
        f"'{name}' is not known of {count:,} of {len(cohort):,} {one}s; these are used for the "
        "other outcomes."
        for name, count in zip(made.columns, unknown.tolist(), strict=True)
        if count
    ]
    told = tuple(dict.fromkeys((*cohort.notes, *notes)))
    return replace(found, notes=told)


def findings(cohort: Cohort) -> list[Finding]:
    """A leak of any of them; the others are no inputs."""
    outcome, found = cohort.chosen_outcome(), list[Finding]()
    for one in outcome.each:
        for finding in leaks(replace(cohort, outcome=one)):
            told = f"Of '{one.column}': {finding.sentence}"
            found.append(replace(finding, sentence=told))
    return found
