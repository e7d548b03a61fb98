"""What is worth knowing about options and outcome before training; see ``contracts.Checking``."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd

from pmed_core.cohort import Cohort
from pmed_core.errors import UserError
from pmed_core.event_words import meanings
from pmed_core.outcomes import balance as shared
from pmed_core.outcomes.effect import (
    CONTROL,
    OPTIONS_AT_MOST,
    TRUE,
    Arms,
    Effect,
    design,
    timing,
)
from pmed_core.outcomes.effect.arms import LEAST
from pmed_core.outcomes.effect.censoring import refuse_unfollowed
from pmed_core.quality import Finding, Severity
from pmed_core.readers.columns.texts import as_text
from pmed_core.readers.inference import ordered
from pmed_core.variable import PAYLOADS, Kind, Role, Variable

SERIOUS = "Serious: "
"""How notes on a trained cohort begin that any effect must be shown with."""
ADVISED, PURE, MOSTLY = 100, 0.99, 0.5
BINS, TOGETHER = 20, 5
KNOWN_BY_NOBODY = re.compile(
    r"true.?(effect|cate|ite|tau)|counter.?factual|cfactual|potential.?outcome|^(mu|y)_?[01]$",
    re.IGNORECASE,
)
REFERENCES = re.compile(
    r"\b(placebo|control|standard|usual|none|no|untreated|sham)\b", re.IGNORECASE
)
"""Whole words: "idebenone" and "rituximab mono" are no reference."""

incidences = shared.incidences


def totals(cohort: Cohort) -> tuple[tuple[str, int], ...]:
    """How many were given each option."""
    outcome, observed = cohort.chosen_outcome(), cohort.observed()
    options = cohort.variable(outcome.columns[-1]).categories
    return tuple((option, int((observed == k).sum())) for k, option in enumerate(options))


def balance(cohort: Cohort) -> Finding:
    each = totals(cohort)
    told = ", ".join(f"{many:,} with '{option}'" for option, many in each)
    sentence = f"Outcome and treatment are known of {told} ({cohort.chosen_outcome().columns[-1]})."
    return shared.found(cohort, sentence, min(many for _, many in each))


def completed(cohort: Cohort, outcome: Effect, chosen: Sequence[Any]) -> Cohort:
    """With the treatment's options settled and taken from the inputs, of a cohort whose outcome is
    what is learnt; raises ``UserError`` where they cannot be compared."""
    arms, column = outcome.arms, cohort.variable(outcome.arms.column)
    of = cohort.chosen_outcome()
    if column.name in of.columns:
        raise UserError(
            "Outcome and treatment are the same column", column.name, "Choose another as treatment."
        )
    if column.kind in (Kind.DATE, *PAYLOADS):
        raise UserError(
            f"'{column.name}' names no options", cohort.name, "Choose the column that says which "
            "option each patient was given.",
        )  # fmt: skip
    given = as_text(cohort.table[column.name])
    there = set(given.dropna())
    values = tuple(c for c in column.categories if c in there) if column.written.bands else (
        ordered(given.dropna())
    )  # fmt: skip
    arms = _settled(arms, values, cohort.name)
    made = Effect.on(of, arms)
    refuse_unfollowed(made, made.target(cohort.table.assign(**{column.name: given})), cohort.name)
    controls = [_as_control(cohort, made, name, given) for name in arms.controls]
    variables = tuple(
        made.of_column(v) if v.name in made.columns else _read(v, arms.controls)
        for v in cohort.variables
    )
    left = [f"'{v.name}' {v.reason}, and is not read." for v in variables if v.reason == TRUE]
    return replace(
        cohort, table=cohort.table.assign(**{column.name: given}), variables=variables,
        outcome=made, notes=(*cohort.notes, *_told(made, given), *controls, *left),
    )  # fmt: skip


def _as_control(cohort: Cohort, made: Effect, name: str, given: pd.Series[Any]) -> str:
    """What is said of a negative control; raises ``UserError`` where it is none."""
    variable, cells = cohort.variable(name), cohort.table[name]
    many = [int(cells[(given == option).to_numpy()].notna().sum()) for option in made.options]
    values = cells.nunique()
    why = (
        "is outcome, treatment or patient" if name in made.columns or variable.role is Role.PATIENT
        else f"has {values} value{'s' * (values != 1)}" if values < 2
        else "is no number and has more than two values" if variable.kind is not Kind.NUMBER
        and (values > 2 or variable.kind in (Kind.DATE, *PAYLOADS))
        else f"is known of only {min(many)} patients of an option" if min(many) < LEAST else ""
    )  # fmt: skip
    if why:
        raise UserError(
            f"'{name}' {why}, and cannot be a negative control", cohort.name,
            "Choose outcomes that the treatment cannot cause: numbers, or columns of two values.",
        )  # fmt: skip
    return f"'{name}' {CONTROL}: an outcome that the treatment cannot cause, and no input."


def _read(variable: Variable, controls: Sequence[str]) -> Variable:
    """Without what no patient has: the other outcome, and the truth of a simulation; and without
    negative controls, which are read again once they are none."""
    if variable.name in controls:
        return replace(variable, role=Role.IGNORE, reason=CONTROL)
    if variable.role is Role.IGNORE and variable.reason == CONTROL:
        return replace(variable, role=Role.INPUT, reason="")
    if variable.role is Role.INPUT and variable.kind in PAYLOADS:
        return replace(variable, role=Role.IGNORE, reason="holds no number and no category")
    if variable.role is Role.INPUT and KNOWN_BY_NOBODY.search(variable.name):
        return replace(variable, role=Role.IGNORE, reason=TRUE)
    return variable


def _told(made: Effect, given: pd.Series[Any]) -> list[str]:
    listed = ", ".join(f"'{one}' ({int((given == one).sum()):,})" for one in made.options)
    found = [f"'{made.arms.column}' is the treatment: {listed}; '{made.options[0]}' is compared "
             "with the others."]  # fmt: skip
    if not made.arms.better:
        better, said = "higher" if made.sign > 0 else "lower", made.of.quantities[0]
        event = f" ({made.of.event(made.of.labels[0])})" if made.of.additive else ""
        what = f"{said.name}{event}"
        found.append(f"A {better} {what} counts as better, as nothing else was said.")
    if missing := int(given.isna().sum()):
        found.append(f"{missing:,} of {len(given):,} patients have no treatment and are not used.")
    return found


def _settled(arms: Arms, values: tuple[str, ...], where: str) -> Arms:
    """With the options in order and their probabilities; raises ``UserError``."""
    at, listed = f"{where}, column '{arms.column}'", ", ".join(f"'{v}'" for v in values[:8])
    if len(values) < 2:
        raise UserError(
            f"Every patient was given the same treatment, {listed}" if values
            else "The treatment is empty for every patient", at,
            "An effect is a comparison: add patients who were given something else.",
        )  # fmt: skip
    if len(values) > OPTIONS_AT_MOST:
        raise UserError(
            f"The treatment has {len(values):,} values: {listed} …", at,
            f"Up to {OPTIONS_AT_MOST} options are compared: read a dose in bands (the choice "
            f"'bands:{arms.column}=0; 10; 50' of the reader), or leave rare options out.",
        )  # fmt: skip
    reference = arms.reference or _reference(values, at)
    if reference not in values:
        raise UserError(f"The treatment has no value '{reference}'", at, f"It has: {listed}.")
    options = (reference, *(one for one in values if one != reference))
    return replace(arms, options=options, reference=reference,
                   probability=_probability(arms, options, at))  # fmt: skip


def _reference(values: tuple[str, ...], where: str) -> str:
    """The option whose words say that it is none, or the usual one; raises ``UserError``."""
    told = [
        value for value, meaning in zip(values, meanings(values), strict=True)
        if meaning == "none" or value in ("0", "0.0")
        or REFERENCES.search(value.replace("_", " "))
    ]  # fmt: skip
    if len(told) == 1:
        return told[0]
    raise UserError(
        f"The values {', '.join(repr(v) for v in values)} do not say with which the others are to "
        "be compared", where, f"Name the reference, such as --reference '{values[0]}'.",
    )  # fmt: skip


def _probability(arms: Arms, options: tuple[str, ...], where: str) -> tuple[float, ...]:
    """One for each option; raises ``UserError`` where they are no probabilities."""
    given = arms.probability
    if not arms.randomised:
        return ()
    if not given:
        return (1 / len(options),) * len(options)
    if len(given) == 1 and len(options) == 2:
        given = (1 - given[0], given[0])
    if len(given) != len(options) or min(given) <= 0 or abs(sum(given) - 1) > 1e-3:
        raise UserError(
            f"{', '.join(f'{p:g}' for p in given)} are not the probabilities of {len(options)} "
            "options", where, f"Give one for each of {', '.join(options)}, which add up to 1; of "
            "two options that of the second is enough.",
        )  # fmt: skip
    return tuple(p / sum(given) for p in given)


def findings(cohort: Cohort) -> list[Finding]:
    """Options and variables that make an effect untrue."""
    decided = deciding(cohort)
    return [
        *_arms(cohort), *_deciding(decided), *timing.findings(cohort),
        *design.findings(cohort, decided),
    ]  # fmt: skip


def _arms(cohort: Cohort) -> list[Finding]:
    found = []
    for option, many in totals(cohort):
        if many >= ADVISED:
            continue
        found.append(
            Finding(
                "treatment", Severity.SERIOUS if many < LEAST else Severity.WARNING,
                f"Only {many} patients were given '{option}'.",
                "Nothing is estimated with so few: add patients, or leave the option out."
                if many < LEAST else "Effects of single patients cannot be told apart with so few.",
                (cohort.chosen_outcome().columns[-1],),
            )
        )  # fmt: skip
    return found


def deciding(cohort: Cohort) -> list[str]:
    """Inputs of which each alone tells which option was given."""
    given, found = cohort.observed(), []
    for variable in cohort.inputs:
        cells = cohort.table[variable.name]
        known = (given >= 0) & cells.notna().to_numpy()
        enough = known.sum() >= 2 * LEAST and len(np.unique(given[known])) > 1
        if enough and _told_apart(cells[known], given[known]) > PURE:
            found.append(variable.name)
    return found


def _deciding(decided: Sequence[str]) -> list[Finding]:
    """Nobody is left to compare with."""
    return [
        Finding(
            "overlap", Severity.SERIOUS,
            f"'{name}' alone says which option was given: no patients who are alike in it were "
            "given both.",
            "Ignore it if it follows from the treatment; else these data cannot tell the effect.",
            (name,),
        )
        for name in decided
    ]  # fmt: skip


def _told_apart(cells: pd.Series[Any], given: np.ndarray[Any, Any]) -> float:
    """Share of patients whose option is that of most with a like value; values that few have do
    not count, and tell nothing where they are most. Nothing where an option is mostly mistaken for
    another: where nearly everybody was given one, it is right of most without telling anything."""
    cells, given = pd.Series(cells.to_numpy()), np.asarray(given)
    ways = [cells]
    if cells.dtype.kind in "fiM" and cells.nunique() > BINS:
        ways = [(cells.rank(pct=True) * BINS).astype(int), _sides(cells, given)]
    return max(_told_by(one, given) for one in ways)


def _told_by(cells: pd.Series[Any], given: np.ndarray[Any, Any]) -> float:
    table = pd.crosstab(cells, given)
    table = table[table.sum(axis=1) >= TOGETHER]
    counts = table.to_numpy()
    if counts.sum() < MOSTLY * len(given):
        return 0.0
    most = counts.argmax(axis=1)
    right = np.bincount(most, counts.max(axis=1), counts.shape[1])
    if (right < MOSTLY * counts.sum(axis=0)).any():
        return 0.0
    return float(right.sum()) / float(counts.sum())


def _sides(cells: pd.Series[Any], given: np.ndarray[Any, Any]) -> pd.Series[Any]:
    """On which side of the threshold each is that tells options apart best."""
    order = np.argsort(cells.to_numpy(), kind="stable")
    values, arms = cells.to_numpy()[order], given[order]
    upto = np.cumsum(arms[:, None] == np.unique(arms), axis=0)
    right = upto.max(axis=1) + (upto[-1] - upto).max(axis=1)
    right[:-1][values[1:] == values[:-1]] = 0
    return pd.Series(cells <= values[int(right.argmax())])
