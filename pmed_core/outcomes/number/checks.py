"""What is worth knowing about a number before training; see ``contracts.Checking``."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.stats import spearmanr

from pmed_core.cohort import Cohort
from pmed_core.errors import UserError
from pmed_core.outcomes import balance as shared
from pmed_core.outcomes.events import ADVISED
from pmed_core.outcomes.number import Number
from pmed_core.outcomes.sizes import people, uncounted
from pmed_core.quality import Finding, Severity
from pmed_core.readers.leakage import LATER
from pmed_core.variable import OF_THE_OUTCOME, Kind, Role, readable

ALONE = 0.97
FEW_VALUES = 10
FAR = 10
"""Widths of the middle half beyond which a number is called extreme."""
SPREAD_KNOWN = 234
"""Patients beyond the parameters for the residual spread to within 10 % (Riley et al., Stat Med
2019;38:1262)."""

Doubles = NDArray[np.float64]

incidences = shared.incidences


def totals(cohort: Cohort) -> tuple[tuple[str, int], ...]:
    """Nothing that could be counted: ``balance`` says it in a sentence."""
    return ()


def balance(cohort: Cohort) -> Finding:
    known, name = _known(cohort), cohort.chosen_outcome().column
    if not len(known):
        return Finding(
            "outcome balance", Severity.WARNING, f"'{name}' is unknown for every patient."
        )
    said = cohort.chosen_outcome().quantities[0]
    unit = f" {said.unit}" if said.unit else ""
    low, first, last, high = (
        readable(float(value)) for value in np.quantile(known, [0, 0.25, 0.75, 1])
    )
    sentence = (
        f"'{name}' of {len(known):,} {shared.who(cohort)} goes from {low} to {high}{unit}; the "
        f"middle half lies between {first} and {last}, the mean is {readable(float(known.mean()))}."
    )
    return shared.found(cohort, sentence, len(known) // 2)


def completed(cohort: Cohort, outcome: Number, chosen: Sequence[Any]) -> Cohort:
    """With the column as a number to predict; raises ``UserError`` where it is none."""
    column = cohort.variable(outcome.column)
    cells = cohort.table[column.name]
    numbers = pd.to_numeric(cells, errors="coerce").astype(np.float64)
    if numbers.notna().sum() < cells.notna().sum() or column.kind in (Kind.DATE, Kind.SCAN):
        raise UserError(
            f"'{column.name}' holds no numbers", cohort.name,
            "Choose a column of numbers, or correct its kind under Variables.",
        )  # fmt: skip
    made = replace(outcome, unit=outcome.unit or column.unit)
    variables = tuple(
        made.of_column(v) if v.name == column.name
        else (replace(v, role=Role.INPUT) if v.role in OF_THE_OUTCOME else v)
        for v in cohort.variables
    )  # fmt: skip
    notes = [f"'{column.name}' is predicted as a number."]
    if missing := int(numbers.isna().sum()):
        verbs = "has no outcome and is" if missing == 1 else "have no outcome and are"
        notes.append(f"{missing} of {len(cells)} patients {verbs} not used.")
    told = tuple(dict.fromkeys((*cohort.notes, *notes)))
    return replace(
        cohort, table=cohort.table.assign(**{column.name: numbers}), variables=variables,
        outcome=made, notes=told,
    )  # fmt: skip


def findings(cohort: Cohort) -> list[Finding]:
    known = _known(cohort)
    if not len(known):
        # ``balance`` says it.
        return []
    if len(np.unique(known)) < 2:
        return [
            Finding(
                "outcome", Severity.SERIOUS,
                f"Every patient has the same '{cohort.chosen_outcome().column}'.",
                "Choose another outcome: there is nothing to tell patients apart by.",
            )
        ]  # fmt: skip
    return [*_leaks(cohort), *_size(cohort), *_few_values(cohort, known), *_extreme(
        cohort, known
    )]  # fmt: skip


def _known(cohort: Cohort) -> Doubles:
    actual = cohort.target().actual[:, 0]
    return np.asarray(actual[np.isfinite(actual)])


def _leaks(cohort: Cohort) -> list[Finding]:
    """Inputs that nearly are the outcome, or that are known only after it."""
    actual, found = cohort.target().actual[:, 0], []
    for variable in cohort.inputs:
        strength = 0.0
        if variable.kind is Kind.NUMBER:
            cells = cohort.table[variable.name].to_numpy(dtype=np.float64)
            both = np.isfinite(cells) & np.isfinite(actual)
            if both.sum() > FEW_VALUES and np.ptp(cells[both]) and np.ptp(actual[both]):
                strength = abs(float(spearmanr(cells[both], actual[both]).statistic))
        if strength > ALONE:
            found.append(
                Finding(
                    "leakage", Severity.SERIOUS,
                    f"'{variable.name}' alone says nearly all of the outcome (rank correlation "
                    f"{strength:.3f}).",
                    "Ignore it, unless it is truly known before the outcome.", (variable.name,),
                )
            )  # fmt: skip
        elif LATER.search(variable.name):
            found.append(
                Finding(
                    "leakage", Severity.WARNING,
                    f"'{variable.name}' sounds as if it were known only after the outcome.",
                    "Ignore it, unless it is known when the prediction is made.", (variable.name,),
                )
            )  # fmt: skip
    return found or [
        Finding(
            "leakage", Severity.CLEAN,
            f"None of {len(cohort.inputs)} inputs alone says nearly all of the outcome (no sign "
            "of leakage).",
        )
    ]  # fmt: skip


def _size(cohort: Cohort) -> list[Finding]:
    if of_many := uncounted(cohort):
        return [of_many]
    parameters = sum(max(1, len(v.categories) - 1) for v in cohort.inputs)
    needed, there = SPREAD_KNOWN + parameters + 1, people(cohort)
    sentence = (
        f"For {len(cohort.inputs)} inputs, {needed:,} patients are recommended to know how far "
        f"predictions are off (Riley et al.); you have {there:,}."
    )
    if needed <= there:
        return [Finding("sample size", Severity.CLEAN, sentence)]
    remedy = "Choose fewer inputs or add more patients; expect wide intervals."
    return [Finding("sample size", Severity.WARNING, sentence, remedy)]


def _few_values(cohort: Cohort, known: Doubles) -> list[Finding]:
    """Codes that stand for something, taken for amounts."""
    outcome, values = cohort.chosen_outcome(), np.unique(known)
    if len(values) > FEW_VALUES or len(known) < ADVISED:
        return []
    shown = ", ".join(readable(float(value), 6) for value in values)
    return [
        Finding(
            "outcome", Severity.WARNING,
            f"'{outcome.column}' has only {len(values)} different values ({shown}).",
            "If they are codes and no amounts, predict them as classes, or as yes or no.",
            (outcome.column,),
        )
    ]  # fmt: skip


def _extreme(cohort: Cohort, known: Doubles) -> list[Finding]:
    """Numbers so far out that they may be mistakes; they rule a mean and an R²."""
    outcome = cohort.chosen_outcome()
    first, last = np.quantile(known, [0.25, 0.75])
    width = last - first
    far = known[(known < first - FAR * width) | (known > last + FAR * width)]
    if not width or not len(far):
        return []
    ends = " and ".join(dict.fromkeys(readable(float(v), 6) for v in (far.min(), far.max())))
    return [
        Finding(
            "outcome", Severity.WARNING,
            f"{len(far):,} value{'s' * (len(far) != 1)} of '{outcome.column}' "
            f"{'is' if len(far) == 1 else 'are'} far from all others ({ends}), while the middle"
            f" half lies between {readable(float(first))} and {readable(float(last))}.",
            "Look them up: a mistake there weighs more than all other patients.",
            (outcome.column,),
        )
    ]  # fmt: skip
