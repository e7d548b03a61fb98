"""The outcome of a cohort: which kind is asked for, and which of its values count as what."""

from __future__ import annotations

import difflib
from collections.abc import Sequence
from dataclasses import replace

from pmed_core.cohort import Cohort
from pmed_core.errors import UserError
from pmed_core.modalities import modality_of
from pmed_core.outcomes import Number, Outcome, YesNo
from pmed_core.outcomes.events import VALUES_AT_MOST
from pmed_core.outcomes.kinds import checking
from pmed_core.readers import events, layouts, value_labels
from pmed_core.readers.columns.asked import NOTHING
from pmed_core.readers.columns.texts import as_text
from pmed_core.readers.inference import ordered
from pmed_core.reading import Choices
from pmed_core.variable import OF_THE_OUTCOME, PAYLOADS, Kind, Role


def columns_of(outcome: str | Outcome) -> tuple[str, ...]:
    """The columns that say what happened."""
    return (outcome,) if isinstance(outcome, str) else outcome.columns


def asked(
    cohort: Cohort, outcome: str | Outcome, positive: Sequence[str], choices: Choices
) -> Outcome:
    """The outcome that is asked for, as far as it is known before its values are read; a column
    alone is a number where it can be nothing else, without values that are the event. Raises
    ``UserError``."""
    if not isinstance(outcome, str):
        if positive:
            raise UserError(
                "The values of the event are given twice", cohort.name,
                "Give them with the outcome, or name its column alone.",
            )  # fmt: skip
        return outcome
    if not positive and only_a_number(cohort, outcome, choices):
        return Number(outcome)
    return YesNo(outcome, tuple(positive))


def with_asked(
    cohort: Cohort, asked: Outcome, choices: Choices = NOTHING, overruled: Sequence[str] = ()
) -> Cohort:
    """The cohort with an outcome of that kind; raises ``UserError`` where it cannot be.

    ``overruled``: keys of choices that go before what the outcome says.
    """
    chosen: list[Outcome] = []
    notes, reading = dict.fromkeys(cohort.notes), dict.fromkeys(cohort.reading)
    for one in asked.each:
        positive = () if f"{events.EVENT}:{one.column}" in overruled else one.positive
        cohort = with_outcome(cohort, one.column, positive, choices, asked)
        chosen.append(cohort.chosen_outcome())
        notes |= dict.fromkeys(cohort.notes)
        reading |= dict.fromkeys(cohort.reading)
    if len(chosen) > 1:
        # Each of them took the place of the one before, and so did what was said of it.
        cohort = replace(cohort, notes=tuple(notes), reading=tuple(reading))
    learnt = asked.learnt
    cohort = checking(learnt).completed(cohort, learnt, chosen)
    return cohort if learnt is asked else checking(asked).completed(cohort, asked, chosen)


def only_a_number(cohort: Cohort, column: str, choices: Choices = NOTHING) -> bool:
    """Whether a column holds so many different numbers that they can be neither events nor
    classes."""
    variable = cohort.variable(column)
    many = cohort.table[column].nunique() > VALUES_AT_MOST
    return variable.kind is Kind.NUMBER and many and f"{events.EVENT}:{column}" not in choices


def with_outcome(
    cohort: Cohort,
    column: str,
    positive: Sequence[str] = (),
    choices: Choices = NOTHING,
    part_of: Outcome | None = None,
) -> Cohort:
    """The cohort with that column as its outcome.

    Two values need no choice where their words tell; others need the values that count as the
    event (``positive``, or the choice ``event:COLUMN``), or ``("*",)``. ``part_of``: the
    outcome to which this column belongs; a patient without one of several may be of use for the
    others, and where it is told when the event happened, everybody may have it.
    Raises ``UserError`` where the column cannot be an outcome.
    """
    _refuse_unpredictable(cohort, column)
    text = as_text(cohort.table[column])
    values = ordered(text.dropna())
    where, who = f"{cohort.name}, column '{column}'", modality_of(cohort.variables).one
    timed = part_of is not None and part_of.in_time
    everybody = timed and len(values) == 1
    if len(values) < 2 and not everybody:
        raise UserError(
            f"The outcome has the same value for every {who}"
            if values else f"The outcome is empty for every {who}", where,
            "Choose another column as the outcome.",
        )  # fmt: skip
    counts, names = text.value_counts(), value_labels.names_of(values, cohort.variable(column))
    sizes = {value: int(counts[value]) for value in values}
    found = events.Found(column, sizes, where, who, dict(names), timed)
    said = positive or events.asked(choices, column, values)
    if timed and not said:
        events.ask_whether_denied(found)
    outcome, decision = (events.everybody if everybody else events.chosen)(found, said)
    outcome = replace(outcome, names=names)
    notes = [decision.sentence]
    alone = part_of is None or len(part_of.each) == 1
    if alone and (missing := int(text.isna().sum())):
        notes.append(f"{missing} of {len(text)} {who}s have no outcome and are not used.")
    kind = Kind.YES_NO if len(values) <= 2 else Kind.CATEGORY
    variables = tuple(
        replace(v, role=Role.OUTCOME, kind=kind, categories=values, range=None)
        if v.name == column
        else (replace(v, role=Role.INPUT) if v.role in OF_THE_OUTCOME else v)
        for v in cohort.variables
    )
    table = cohort.table.assign(**{column: text})
    # Scans are revised from what was kept, which has the notes of the outcome before.
    former = {d.sentence for d in cohort.reading if d.rule == events.EVENT}
    told = tuple(dict.fromkeys((*(n for n in cohort.notes if n not in former), *notes)))
    reading = (*(d for d in cohort.reading if d.rule != events.EVENT), decision)
    return replace(
        cohort, table=table, variables=variables, outcome=outcome, notes=told, reading=reading
    )


def _refuse_unpredictable(cohort: Cohort, column: str) -> None:
    """Raise ``UserError`` for a column that no model predicts."""
    known(column, [v.name for v in cohort.variables], cohort.name)
    if cohort.variable(column).kind in PAYLOADS:
        raise UserError(
            "Scans are what a model reads, not what it predicts", cohort.name,
            "Choose the column with their labels as the outcome.",
        )  # fmt: skip
    if cohort.variable(column).written.bands:
        raise UserError(
            f"'{column}' is read in bands, which are inputs or treatments", cohort.name,
            f"Take the choice bands:{column} back to predict it.",
        )  # fmt: skip
    layouts.refuse_apart(cohort, column)


def known(column: str, names: Sequence[str], where: str, sheets: Sequence[str] = ()) -> None:
    """Raise ``UserError`` for a column that is not there, with those that are called alike."""
    if column in names:
        return
    near = difflib.get_close_matches(column, names, 3, 0.5) or names[:10]
    remedy = f"Did you mean {' or '.join(repr(name) for name in near)}?"
    if len(sheets) > 1:
        remedy += f" The workbook has other sheets: {', '.join(map(repr, sheets))} (sheet=NAME)."
    raise UserError(f"There is no column '{column}'", where, remedy)
