"""Tables of patients -> Cohort: CSV and its kin, Excel, Parquet, data frames."""

from __future__ import annotations

import difflib
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from types import MappingProxyType
from typing import Any

import numpy as np
import pandas as pd

from pmed_core.cohort import Cohort
from pmed_core.errors import UserError
from pmed_core.outcome import Outcome
from pmed_core.readers import events
from pmed_core.readers.cells import as_numbers, as_text, typed
from pmed_core.readers.decoding import contents, decoded
from pmed_core.readers.delimited import named, parsed
from pmed_core.readers.inference import infer_variables, ordered
from pmed_core.readers.table import Table
from pmed_core.reading import Choices, Decision
from pmed_core.variable import Kind, Role, Variable

NOTHING: Choices = MappingProxyType({})


def read_cohort(  # noqa: PLR0913 - what a caller may say about a table, each by name
    source: Path | str | pd.DataFrame,
    *,
    outcome: str | None = None,
    patient: str | None = None,
    ignore: Sequence[str] = (),
    positive: Sequence[str] = (),
    choices: Choices = NOTHING,
) -> Cohort:
    """Read a table of patients.

    Args:
        source: a CSV, TSV, Excel or Parquet file, or a data frame.
        outcome: the column to predict.
        patient: the column that says whose row it is.
        ignore: columns that the model must not read.
        positive: the values of the outcome that count as the event; ``("*",)`` keeps its values
            as classes.
        choices: decisions of the reader that are overruled, by key.

    Raises:
        UserError: what is wrong with the file, where, and what to do.
    """
    table = _table(source, choices)
    name = table.name
    variables = infer_variables(table.cells)
    for column in (outcome, patient, *ignore):
        if column is not None:
            _known(column, [v.name for v in variables], name)
    roles = dict.fromkeys(ignore, Role.IGNORE)
    if patient:
        roles |= {v.name: Role.IGNORE for v in variables if v.role is Role.PATIENT}
        roles[patient] = Role.PATIENT
    given = [replace(v, role=roles[v.name], reason="") if v.name in roles else v for v in variables]
    cohort = as_cohort(table, name, tuple(given), choices=choices)
    return with_outcome(cohort, outcome, positive, choices) if outcome else cohort


def _known(column: str, names: Sequence[str], where: str) -> None:
    if column in names:
        return
    near = difflib.get_close_matches(column, names, 3, 0.5) or names[:10]
    raise UserError(
        f"There is no column '{column}'", where,
        f"Did you mean {' or '.join(repr(name) for name in near)}?",
    )  # fmt: skip


def _table(source: Path | str | pd.DataFrame, choices: Choices) -> Table:
    if isinstance(source, pd.DataFrame):
        return Table("table", stored(source))
    return read_table(Path(source), choices)


def read_table(path: Path, choices: Choices = NOTHING) -> Table:
    """What stands in a file, one column a name; raises ``UserError``."""
    data = contents(path)
    if path.suffix.lower() in (".xlsx", ".xlsm"):
        return Table(path.name, _excel(path))
    if path.suffix.lower() in (".parquet", ".pq"):
        return Table(path.name, _parquet(path))
    text, _ = decoded(data, path.name)
    return Table(path.name, parsed(text, path.name))


def _excel(path: Path) -> pd.DataFrame:
    try:
        sheets = pd.read_excel(path, sheet_name=None, header=None, dtype=object)
    except (ValueError, KeyError, OSError, EOFError, SyntaxError, TypeError) as error:
        raise _unreadable(path, "an Excel workbook") from error
    except Exception as error:
        raise _unreadable(path, "an Excel workbook") from error
    full = [sheet.dropna(how="all") for sheet in sheets.values() if not sheet.dropna().empty]
    if not full:
        raise UserError("No sheet holds a table", path.name, "Put the table on the first sheet.")
    cells = full[0].map(_cell_as_text).astype("str")
    return named(cells.reset_index(drop=True), path.name)


def _cell_as_text(cell: object) -> str:
    if cell is None or cell is pd.NaT or (isinstance(cell, float) and np.isnan(cell)):
        return ""
    if isinstance(cell, bool):
        return "yes" if cell else "no"
    if isinstance(cell, float) and cell.is_integer():
        return str(int(cell))
    return str(cell)


def _parquet(path: Path) -> pd.DataFrame:
    try:
        frame = pd.read_parquet(path)
    except Exception as error:
        raise _unreadable(path, "a Parquet file") from error
    if not len(frame):
        raise UserError("The table has no rows", path.name, "Add the patients' rows.")
    frame.columns = [str(name).strip() for name in frame.columns]
    return stored(frame.reset_index(drop=True))


def stored(frame: pd.DataFrame) -> pd.DataFrame:
    """Columns of a typed table: numbers, dates and text as they are, durations in days, the cells
    of anything else (Python's own dates, gaps among booleans, lists) as text."""
    return pd.DataFrame({name: _stored(frame[name]) for name in frame.columns})


def _stored(cells: pd.Series[Any]) -> pd.Series[Any]:
    if isinstance(cells.dtype, pd.DatetimeTZDtype):
        return pd.Series(cells.dt.tz_localize(None))
    if cells.dtype.kind == "m":
        return pd.Series(cells.dt.total_seconds() / 86_400)
    if cells.dtype.kind == "O" and not isinstance(cells.dtype, pd.StringDtype):
        return cells.map(_cell_as_text).astype("str")
    return cells


def _unreadable(path: Path, kind: str) -> UserError:
    return UserError(
        f"This is not {kind}, or it is damaged", path.name, "Save the table again, or as CSV."
    )


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
    frame = table.cells
    chosen = tuple(variables) if variables is not None else infer_variables(frame)
    notes: list[str] = []
    decisions: list[Decision] = [*table.reading]
    columns = {}
    kept = []
    for variable in chosen:
        cells = frame[variable.column]
        if variable.role is Role.IGNORE and "direct identifier" in variable.reason:
            cells = pd.Series([np.nan] * len(frame), dtype="str")
            notes.append(f"'{variable.name}' {variable.reason}, and was not kept.")
        elif variables is None or variable.kind is Kind.NUMBER:
            cells = _without_noise(cells, variable, notes, strict=variable.source != "")
        columns[variable.name] = typed(cells, variable, name).reset_index(drop=True)
        kept.append(_with_values(variable, columns[variable.name]))
    return Cohort(
        name, pd.DataFrame(columns), tuple(kept), None, tuple(notes), reading=tuple(decisions)
    )


def _without_noise(
    cells: pd.Series[str], variable: Variable, notes: list[str], *, strict: bool
) -> pd.Series[str]:
    """Say which cells of a number were read as a limit, or as missing where a few are not one."""
    if variable.kind is not Kind.NUMBER:
        return cells
    numbers = as_numbers(cells)
    if numbers.limits:
        notes.append(
            f"'{variable.name}': {numbers.limits} cells such as '<0.5' were read as the limit."
        )
    finite = numbers.wrong & ~np.isinf(numbers.values)
    few = 0 < finite.sum() <= 0.1 * len(cells)
    if strict or not few:
        return cells
    rows = np.flatnonzero(finite)
    shown = ", ".join(f"'{cells.iloc[row]}' in row {row + 2}" for row in rows[:3])
    notes.append(f"'{variable.name}': {len(rows)} cells are no number ({shown}): read as missing.")
    return cells.mask(pd.Series(finite, index=cells.index))


def _with_values(variable: Variable, cells: pd.Series[float]) -> Variable:
    """Categories and range as the cells have them, where a person has not given them."""
    known = cells.dropna()
    if variable.kind in (Kind.CATEGORY, Kind.YES_NO) and not variable.categories:
        return replace(variable, categories=ordered(known.astype("str")))
    if variable.kind is Kind.NUMBER and len(known):
        return replace(variable, range=(float(known.min()), float(known.max())))
    return variable


def with_outcome(
    cohort: Cohort, column: str, positive: Sequence[str] = (), choices: Choices = NOTHING
) -> Cohort:
    """The cohort with that column as its outcome.

    Two values need no choice where their words tell; others need the values that count as the
    event (``positive``, or the choice ``event:COLUMN``), or ``("*",)``.
    Raises ``UserError`` where the column cannot be an outcome.
    """
    _known(column, [v.name for v in cohort.variables], cohort.name)
    if cohort.variable(column).kind is Kind.SCAN:
        raise UserError(
            "Scans are what a model reads, not what it predicts", cohort.name,
            "Choose the column with their labels as the outcome.",
        )  # fmt: skip
    text = as_text(cohort.table[column].astype("str"))
    values = ordered(text.dropna())
    where, who = f"{cohort.name}, column '{column}'", "patient" if cohort.scans is None else "scan"
    if len(values) < 2:
        raise UserError(
            f"The outcome has the same value for every {who}"
            if values else f"The outcome is empty for every {who}", where,
            "Choose another column as the outcome.",
        )  # fmt: skip
    counts = text.value_counts()
    found = events.Found(column, {value: int(counts[value]) for value in values}, where, who)
    outcome, decision = events.chosen(found, positive or events.asked(choices, column, values))
    notes = [decision.sentence]
    if missing := int(text.isna().sum()):
        notes.append(f"{missing} of {len(text)} {who}s have no outcome and are not used.")
    kind = Kind.YES_NO if len(values) == 2 else Kind.CATEGORY
    variables = tuple(
        replace(v, role=Role.OUTCOME, kind=kind, categories=values, range=None)
        if v.name == column
        else (replace(v, role=Role.INPUT) if v.role is Role.OUTCOME else v)
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
    read = _table(source, choices)
    frame, name = read.cells, read.name
    wanted = list(variables)
    for variable in wanted:
        _present(variable, list(map(str, frame.columns)), name)
    if outcome and outcome.column in frame.columns:
        wanted.append(Variable(outcome.column, Kind.CATEGORY, Role.OUTCOME))
    if patient and patient in frame.columns:
        wanted.append(Variable(patient, Kind.IDENTIFIER, Role.PATIENT))
    columns = {v.name: typed(frame[v.column], v, name).reset_index(drop=True) for v in wanted}
    cohort = Cohort(name, pd.DataFrame(columns), tuple(wanted), outcome, reading=read.reading)
    cohort = replace(cohort, notes=_unseen(cohort))
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


def _unseen(cohort: Cohort) -> tuple[str, ...]:
    """A sentence for each input with values that training never saw."""
    notes = []
    for variable in cohort.inputs:
        if variable.kind in (Kind.CATEGORY, Kind.YES_NO):
            cells = cohort.table[variable.name]
            strange = cells[cells.notna() & ~cells.isin(variable.categories)]
            if len(strange):
                shown = ", ".join(f"'{value}'" for value in strange.unique()[:3])
                notes.append(
                    f"'{variable.name}': {shown} was never seen in training and counts as none of "
                    f"its values ({len(strange)} patients)."
                )
    return tuple(notes)
