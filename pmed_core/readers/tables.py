"""Tables of patients -> Cohort: CSV and its kin, Excel, Parquet, data frames."""

from __future__ import annotations

import difflib
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd

from pmed_core.cohort import Cohort
from pmed_core.errors import UserError
from pmed_core.modalities.columns import OWN_TABLES
from pmed_core.outcomes import Arms, Effect, Outcome
from pmed_core.readers import (
    beside,
    events,
    identifiers,
    layouts,
    pairs,
    twins,
    unit_columns,
    value_labels,
)
from pmed_core.readers.chosen import asked, columns_of, known, with_asked
from pmed_core.readers.columnar import of_frame
from pmed_core.readers.columns.asked import NOTHING, Asked
from pmed_core.readers.columns.evidence import Evidence
from pmed_core.readers.columns.pipeline import Column, read_as, read_column
from pmed_core.readers.formats import open_table
from pmed_core.readers.table import Table
from pmed_core.reading import (
    CLOSED,
    OF_COLUMNS,
    OF_FILES,
    Choices,
    Decision,
    Reading,
    not_an_option,
    unknown_rule,
)
from pmed_core.variable import Kind, Role, Variable

MOSTLY = 0.5
"""Share of a column from which on it is asked whether it is in another unit."""


def read_cohort(  # noqa: PLR0913 - what a caller may say about a table, each by name
    source: Path | str | pd.DataFrame,
    *,
    outcome: str | Outcome | None = None,
    patient: str | None = None,
    ignore: Sequence[str] = (),
    positive: Sequence[str] = (),
    choices: Choices = NOTHING,
    dictionary: Path | None = None,
    treatment: Arms | None = None,
) -> Cohort:
    """Read a table of patients.

    Args:
        source: a CSV, TSV, Excel or Parquet file, or a data frame.
        outcome: what to predict, or the column of it: a number where it holds more different ones
            than there can be classes, else yes or no, or classes.
        patient: the column that says whose row it is.
        ignore: columns that the model must not read.
        positive: the values of the outcome's column that count as the event; ``("*",)`` keeps its
            values as classes.
        choices: decisions of the reader that are overruled, by key.
        dictionary: a file that says what the codes stand for; see ``value_labels``.
        treatment: the options whose effect on the outcome is to be predicted.

    Raises:
        UserError: what is wrong with the file, where, and what to do.
    """
    table = of_several(_table(source, choices))
    name = table.name
    cohort = as_cohort(table, name, choices=choices)
    variables, said = cohort.variables, tuple[str, ...]()
    if dictionary is not None:
        variables, said = value_labels.with_file(variables, table, dictionary, choices)
        cohort = as_cohort(table, name, variables, choices=choices)
    sheets = next((d.options for d in table.reading if d.rule == "sheet"), ())
    predicted = () if outcome is None else columns_of(outcome)
    predicted += () if treatment is None else treatment.columns
    for column in (*predicted, *filter(None, (patient,)), *ignore):
        known(column, [v.name for v in variables], name, sheets)
    roles = dict.fromkeys(ignore, Role.IGNORE)
    if patient:
        roles |= {v.name: Role.IGNORE for v in variables if v.role is Role.PATIENT}
        roles[patient] = Role.PATIENT
    given = [replace(v, role=roles[v.name], reason="") if v.name in roles else v for v in variables]
    cohort = replace(cohort, variables=tuple(given), notes=(*cohort.notes, *said))
    wanted = [*filter(None, (patient,)), *predicted]
    if lost := [name for name in wanted if _not_kept(cohort.variable(name), variables)]:
        # What was left out for being a direct identifier is wanted after all.
        cohort = _with_cells(cohort, table, lost, choices)
    if outcome is None:
        return twins.once(cohort, choices)
    wanted_outcome = asked(cohort, outcome, positive, choices)
    if treatment is not None:
        wanted_outcome = Effect.on(wanted_outcome, treatment)
    return twins.once(with_asked(cohort, wanted_outcome, choices), choices)


def _not_kept(variable: Variable, inferred: Sequence[Variable]) -> bool:
    return any(v.name == variable.name and "direct identifier" in v.reason for v in inferred)


def _with_cells(cohort: Cohort, table: Table, names: Sequence[str], choices: Choices) -> Cohort:
    chosen = [cohort.variable(name) for name in names]
    found = {c.variable.name: c.cells for c in read_columns(table, chosen, choices, cohort.name)}
    notes = tuple(n for n in cohort.notes if not any(n.startswith(f"'{name}' ") for name in names))
    return replace(cohort, table=cohort.table.assign(**found), notes=notes)


def _table(
    source: Path | str | pd.DataFrame,
    choices: Choices,
    variables: Sequence[Variable] | None = None,
) -> Table:
    if isinstance(source, pd.DataFrame):
        return layouts.laid_out(of_frame(source, "table"), choices)
    return read_table(Path(source), choices, variables)


def of_several(table: Table) -> Table:
    """The table itself; raises ``UserError`` where it holds one row, which is no cohort unless
    something can be said of it alone."""
    if len(table.cells) == 1 and not table.alone:
        raise UserError(
            "The table has only one row", table.name,
            "A cohort needs many patients; a single patient is for a model that exists.",
        )  # fmt: skip
    return table


def read_table(
    path: Path, choices: Choices = NOTHING, variables: Sequence[Variable] | None = None
) -> Table:
    """What stands in a file, one column a name; raises ``UserError``.

    ``variables``: what is looked for, where that is known: a column of theirs stays one.
    """
    choices = beside.settled(path, choices)
    table = layouts.laid_out(open_table(path, choices), choices)
    table, sheet = beside.with_joined(table, path, choices), beside.sheet(path, choices)
    kinds, whole = {variable.kind for variable in variables or ()}, table.name
    if sheet is not None:  # what is wrong with a file of two is said of that one
        table = replace(table, name=choices.get("file", whole))
    for own in OWN_TABLES:
        if variables is None or own.RULE in choices or kinds & set(own.KINDS):
            table = own.gathered(table, choices, sheet)
    return replace(table, name=whole)


def as_cohort(
    table: Table,
    name: str,
    variables: Sequence[Variable] | None = None,
    *,
    choices: Choices = NOTHING,
) -> Cohort:
    """A table with its variables (inferred where not given) as a typed cohort.

    Raises ``UserError`` where cells do not fit the kind a person chose.
    """
    _known_keys(choices, table)
    table = _made_up(table, choices, [v.column for v in variables or ()])
    read = read_columns(table, variables, choices, name)
    read = _with_names(read, table, choices, variables is None)
    notes = []
    kept = {}
    found = [one.variable for one in read]
    whose: Reading = ()
    if variables is None:
        # As arrays: to compare the indexes of thousands of columns takes longer than to read them.
        typed_cells = pd.DataFrame({one.variable.name: one.cells.array for one in read})
        chosen = {"patient": table.patient, **choices} if table.patient else choices
        settled, whose = identifiers.settled(found, typed_cells, chosen, name)
        found = list(layouts.roles(settled))
    for variable, one in zip(found, read, strict=True):
        cells = one.cells
        if variable.role is Role.IGNORE and "direct identifier" in variable.reason:
            cells = pd.Series([np.nan] * len(cells), dtype="str")
            notes.append(f"'{variable.name}' {variable.reason}, and was not kept.")
        kept[variable.name] = cells.array
    masked = {v.name for v in found if "direct identifier" in v.reason}
    told = [
        *(d for d in table.reading if d.column not in masked),
        *(d for one in read for d in one.reading if d.column not in masked),
        *whose,
    ]
    told += value_labels.account(found, table)
    told += _as_chosen(choices, told)
    return Cohort(
        name, pd.DataFrame(kept), tuple(found), None, tuple(notes), reading=tuple(told),
        profiles=table.profiles, genotypes=table.genotypes,
    )  # fmt: skip


def _made_up(table: Table, choices: Choices, names: Sequence[str]) -> Table:
    """With columns that are two made two, and two that are one made one."""
    return unit_columns.joined(pairs.split(table, choices, names), choices, names)


def _as_chosen(choices: Choices, told: Sequence[Decision]) -> list[Decision]:
    """What a user decided and no reader has said: it can be taken back."""
    known = {decision.key for decision in told}
    found = []
    for key, value in choices.items():
        if key not in known:
            rule, _, column = key.partition(":")
            of = f" of '{column}'" if column else ""
            sentence = f"{rule.replace('-', ' ').capitalize()}{of}: {value}, as you chose."
            found.append(Decision(rule, value, sentence, column, options=CLOSED.get(rule, ())))
    return found


def _with_names(read: list[Column], table: Table, choices: Choices, first: bool) -> list[Column]:
    """Columns whose codes have names: of the file where they are read ``first``, then by choice.

    Numbers that all have a name are categories, and read as such.
    """
    before = [one.variable for one in read]
    named = value_labels.with_codebook(before, table) if first else tuple(before)
    named = value_labels.by_choice(named, table, choices)
    kinds = {one.name: one.kind for one in before}
    changed = [one for one in named if one.kind is not kinds[one.name]]
    again = {c.variable.name: c for c in read_columns(table, changed, choices, table.name)}
    return [
        again.get(after.name) or replace(one, variable=after)
        for one, after in zip(read, named, strict=True)
    ]


def read_columns(
    table: Table, variables: Sequence[Variable] | None, choices: Choices, where: str
) -> list[Column]:
    """Each column, or each of the variables, typed."""
    evidence, choices = Evidence.of(table), {**table.kinds, **choices}
    if variables is None:
        return [
            read_column(table.cells[name], Asked(str(name), where, choices, None, evidence))
            for name in table.cells.columns
        ]
    return [
        read_as(
            table.cells[v.column],
            Asked(v.column, where, choices, v, evidence, table.units.get(v.column, "")),
        )
        for v in variables
    ]


def _known_keys(choices: Choices, table: Table) -> None:
    """Raise ``UserError`` for a choice about a column that is not there."""
    refuse_unknown(choices, table.name)
    for key in choices:
        rule, _, column = key.partition(":")
        # The outcome of a model need not be in a file that is predicted.
        if column and rule != events.EVENT and column not in table.cells.columns:
            alike = difflib.get_close_matches(column, list(map(str, table.cells.columns)), 3, 0.5)
            raise UserError(
                f"There is no column '{column}' for the choice '{key}'", table.name,
                f"Did you mean {' or '.join(map(repr, alike))}?" if alike else "Check it.",
            )  # fmt: skip


def refuse_unknown(choices: Choices, where: str) -> None:
    """Raise ``UserError`` for a choice about something that no reader decides."""
    if key := unknown_rule(choices):
        rule = key.partition(":")[0]
        near = difflib.get_close_matches(rule, sorted(OF_COLUMNS | OF_FILES), 1, 0.6)
        raise UserError(
            f"The reader decides nothing that is called '{key}'", where,
            (f"Did you mean '{near[0]}'? " if near else "")
            + f"Of a column (RULE:COLUMN): {', '.join(sorted(OF_COLUMNS))}; of a file: "
            + f"{', '.join(sorted(OF_FILES))}.",
        )  # fmt: skip
    if key := not_an_option(choices):
        raise UserError(
            f"'{choices[key][:40]}' cannot be chosen for {key}", where,
            f"It can be: {', '.join(CLOSED[key.partition(':')[0]])}.",
        )  # fmt: skip


def read_for(
    source: Path | str | pd.DataFrame,
    variables: Sequence[Variable],
    outcome: Outcome | None = None,
    patient: str | None = None,
    choices: Choices = NOTHING,
) -> Cohort:
    """New data for an existing model: its inputs by name, typed as in training.

    The outcome and the patient column are read where they are there. Raises ``UserError`` where
    an input is missing or holds something else than in training.
    """
    read = _table(source, choices, variables)
    _known_keys(choices, read)
    read = _made_up(read, choices, [v.column for v in variables])
    frame, name = read.cells, read.name
    for variable in variables:
        if variable.role is Role.INPUT:
            _present(variable, list(map(str, frame.columns)), name)
    wanted = [v for v in variables if v.column in frame.columns]
    wanted += [v for v in (outcome.read_as() if outcome else ()) if v.name in frame.columns]
    if patient and patient in frame.columns:
        wanted.append(Variable(patient, Kind.IDENTIFIER, Role.PATIENT))
    evidence = Evidence.of(read)
    columns = [
        read_as(
            frame[v.column],
            Asked(v.column, name, choices, v, evidence, read.units.get(v.column, "")),
            new=bool(v.categories),
        )
        for v in wanted
    ]
    cells = {one.variable.name: one.cells.reset_index(drop=True) for one in columns}
    told = (*read.reading, *(d for one in columns for d in one.reading))
    given = tuple(replace(one.variable, range=v.range, categories=v.categories, written=v.written)
                  for one, v in zip(columns, wanted, strict=True))  # fmt: skip
    cohort = Cohort(
        name, pd.DataFrame(cells), given, outcome, reading=told, profiles=read.profiles,
        genotypes=read.genotypes,
    )  # fmt: skip
    cohort = twins.once(replace(cohort, notes=_unseen(cohort)), choices)
    return events.in_the_models_words(cohort, outcome) if outcome else cohort


def _present(variable: Variable, names: list[str], where: str) -> None:
    if variable.column in names:
        return
    near = difflib.get_close_matches(variable.column, names, 1, 0.7)
    hint = f"Is it '{near[0]}'? " if near else ""
    raise UserError(
        f"The model reads a column '{variable.column}', which is missing", where,
        f"{hint}Add the column with that name; cells that were not measured may stay empty.",
    )  # fmt: skip


def _far(cells: pd.Series[float], variable: Variable) -> str:
    """What is said where most numbers are none that training saw, as those of another unit are."""
    known = cells.dropna()
    if variable.kind is not Kind.NUMBER or variable.range is None or not len(known):
        return ""
    low, high = variable.range
    beyond = (known < low - (high - low) / 2) | (known > high + (high - low) / 2)
    if beyond.sum() <= MOSTLY * len(known):
        return ""
    return (
        f"'{variable.name}': {int(beyond.sum()):,} of {len(known):,} values are far from all of "
        f"training ({low:g} to {high:g}): is the file in another unit?"
    )


def _unseen(cohort: Cohort) -> tuple[str, ...]:
    """A sentence for each input with values that training never saw."""
    notes = []
    for variable in cohort.inputs:
        if far := _far(cohort.table[variable.name], variable):
            notes.append(far)
        if variable.kind in (Kind.CATEGORY, Kind.YES_NO):
            cells = cohort.table[variable.name]
            strange = cells[cells.notna() & ~cells.isin(variable.categories)]
            if len(strange):
                shown = ", ".join(f"'{variable.shown(v)}'" for v in strange.unique()[:3])
                notes.append(
                    f"'{variable.name}': {shown} was never seen in training and counts as none of "
                    f"its values ({len(strange)} patients)."
                )
    return tuple(notes)
