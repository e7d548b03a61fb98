"""Files on their way in: looked at first, then kept as a cohort, and read again when revised."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import replace

import pandas as pd

from pmed_core.arrays import to_json
from pmed_core.cohort import Cohort
from pmed_core.dictionary import Dictionary
from pmed_core.errors import UserError
from pmed_core.history import Revision, changes, choice_changes, outcome_change
from pmed_core.inspection import COLUMNS, ROWS, SCANS, Inspection
from pmed_core.outcomes import Outcome
from pmed_core.quality import Quality
from pmed_core.readers import chosen, quality, tables
from pmed_core.readers.sketches import holds, sketches, some_of_each_label
from pmed_core.readers.sniffing import is_scans
from pmed_core.readers.value_labels import read_dictionary
from pmed_core.reading import Choices
from pmed_core.settings import server_folder
from pmed_core.store.cohorts import WITHIN, CohortEntry
from pmed_core.store.keys import pseudonym_key
from pmed_core.store.store import Store
from pmed_core.variable import Role, Variable
from pmed_core.work import Describe, Inspect, Read, identify


def inspect(work: Inspect | Describe, store: Store) -> str:
    """An ``Inspection`` as JSON, or the ``Dictionary`` that the file is. Raises ``UserError``."""
    if isinstance(work, Describe):
        path = store.cohorts.source(work.source)
        return to_json(Dictionary, read_dictionary(path, work.name))
    choices = dict(work.choices)
    if work.folder or is_scans(store.cohorts.source(work.source)):
        asked = Read(
            work.source, work.name, choices=work.choices, folder=work.folder,
            looked_at=work.looked_at,
        )  # fmt: skip
        return to_json(Inspection, inspection(cohort(asked, store)))
    path = store.cohorts.source(work.source)
    found = tables.as_cohort(tables.read_table(path, choices), work.name, choices=choices)
    return to_json(Inspection, inspection(_discreet(found)))


def inspection(cohort: Cohort) -> Inspection:
    """The first rows as text, without the cells of columns that will not be kept; of scans some of
    each label, made small."""
    shown, scans = cohort.variables[:COLUMNS], cohort.scans
    rows = list(range(min(ROWS, len(cohort))))
    if scans is not None:
        rows = some_of_each_label(cohort, SCANS)
    first = cohort.table.iloc[rows]
    columns = [[_text(cell) for cell in first[v.name]] for v in shown]
    masked = {v.name for v in cohort.variables if is_masked(v)}
    return Inspection(
        cohort.name, len(cohort), len(cohort.variables), tuple(v.name for v in shown),
        tuple("identifies" if v.name in masked else v.kind.value for v in shown),
        tuple(zip(*columns, strict=True)), tuple(sorted(masked)), cohort.reading, cohort.notes,
        () if scans is None else sketches(cohort, scans, rows),
        () if scans is None else holds(cohort, scans),
    )  # fmt: skip


def _discreet(cohort: Cohort) -> Cohort:
    """Where columns identify somebody, without examples that hold whole rows or such cells."""
    masked = {v.column for v in cohort.variables if is_masked(v)}
    reading = tuple(
        d.without_cells() if d.column in masked or not d.column else d for d in cohort.reading
    )
    return replace(cohort, reading=reading) if masked else cohort


def is_masked(variable: Variable) -> bool:
    """Whether it says directly who somebody is, so that its cells are not kept."""
    return variable.role is Role.IGNORE and "direct identifier" in variable.reason


def _text(cell: object) -> str:
    if pd.isna(cell):  # type: ignore[call-overload]
        return ""
    if isinstance(cell, float):
        return f"{cell:.10g}"
    return str(cell).removesuffix(" 00:00:00")


def read(work: Read, store: Store) -> str:
    """Read a file, or revise a cohort, and keep what comes of it -> its id.

    Raises ``UserError``.
    """
    found = cohort(work, store)
    if work.outcome is not None:
        found = with_outcome(found, work.outcome, work)
    source = work.source if found.scans is None else WITHIN
    return keep(work, found, quality.check(found), source, store)


def cohort(work: Read, store: Store) -> Cohort:
    """What was uploaded, or a cohort of scans as it is corrected; raises ``UserError``."""
    if work.cohort:
        stored = store.cohorts.get(work.cohort)
        changed = replace(stored, variables=work.variables or stored.variables)
        return changed if work.correction is None else changed.corrected(work.correction)
    path = server_folder(work.folder) if work.folder else store.cohorts.source(work.source)
    if not work.folder and not is_scans(path):
        return _table_cohort(work, store)
    from pmed_core.readers.scans import read_scans

    read = read_scans(
        path, key=pseudonym_key(store.home), looked_at=work.looked_at, choices=dict(work.choices)
    )
    return replace(_as_before(work, read), name=work.name)


def _as_before(work: Read, read: Cohort) -> Cohort:
    """Scans read once more with what was corrected about their variables."""
    if work.variables is None:
        return read
    return replace(read, variables=_merged(work.variables, read.variables, work.overruled))


def _table_cohort(work: Read, store: Store) -> Cohort:
    """The table of a stored file with what a person corrected; raises ``UserError``."""
    path, choices = store.cohorts.source(work.source), dict(work.choices)
    table = tables.of_several(tables.read_table(path, choices))
    variables: Sequence[Variable] | None = work.variables
    if variables is not None and work.overruled:
        inferred = tables.as_cohort(table, work.name, choices=choices)
        variables = _merged(variables, inferred.variables, work.overruled)
    return _discreet(tables.as_cohort(table, work.name, variables, choices=choices))


def _merged(
    given: Sequence[Variable], inferred: Sequence[Variable], changed: Sequence[str]
) -> tuple[Variable, ...]:
    """What is inferred after a decision was overruled, with the corrections that still hold.

    A decision about one column leaves the others as they were given.
    """
    columns = {key.partition(":")[2] for key in changed if ":" in key}
    whole = any(":" not in key for key in changed)
    earlier = {v.column: v for v in given}
    merged = []
    for fresh in inferred:
        before = earlier.get(fresh.column)
        if before is None or is_masked(fresh):
            merged.append(fresh)
        elif whole or fresh.column in columns or before.name in columns:
            merged.append(
                replace(
                    fresh, name=before.name, role=before.role, changeable=before.changeable,
                    reason=before.reason, source=before.source,
                    labels=before.labels or fresh.labels, unit=fresh.unit or before.unit,
                )
            )  # fmt: skip
        else:
            merged.append(before)
    return tuple(merged)


def with_outcome(cohort: Cohort, outcome: Outcome, work: Read) -> Cohort:
    """The cohort with its outcome; raises ``UserError`` where it cannot be.

    Where it was read before and has lost the column, it is said. An overruled event is taken
    instead of the outcome's.
    """
    absent = [column for column in outcome.columns if column not in cohort.table.columns]
    if work.previous and absent:
        lost = (
            f"The outcome '{absent[0]}' is not in the table as it is read now. "
            "Choose the outcome again."
        )
        return replace(cohort, notes=(*cohort.notes, lost))
    return chosen.with_asked(cohort, outcome, dict(work.choices), work.overruled)


def keep(work: Read, cohort: Cohort, checked: Quality, source: str, store: Store) -> str:
    """Keep what was read, and say in the history what was changed -> its id.

    Raises ``UserError`` where somebody revised the same cohort meanwhile.
    """
    identity, kept = identify(work), store.cohorts
    if not work.previous:
        kept.add(identity, cohort, checked, source)
        if not kept.history(identity):
            begun = work if cohort.scans is None else _as_read(work, cohort)
            kept.record(identity, _begin(identity, begun))
        return identity
    before = kept.entry(work.previous)
    if kept.newest(before.address).id != before.id:
        raise UserError(
            "The cohort was changed meanwhile, in another window or by somebody else", before.name,
            "Look at it as it is now, and save again.",
        )  # fmt: skip
    recorded = kept.history(before.address)
    if not recorded:
        begun = Read(before.source, before.name, before.variables, before.outcome)
        kept.record(before.address, _begin(before.id, begun))
    kept.add(identity, cohort, checked, source, first=before.address)
    told = _told(work, before, cohort, recorded[-1].choices if recorded else {})
    kept.record(before.address, Revision(identity, time.time(), told, _as_read(work, cohort)))
    return identity


def _as_read(work: Read, cohort: Cohort) -> Read:
    """The work that reads this very cohort once more."""
    return replace(work, variables=cohort.variables, outcome=cohort.outcome, overruled=(), said="")


def _begin(identity: str, work: Read) -> Revision:
    told = [f"read from {work.name}", *choice_changes({}, dict(work.choices))]
    if work.outcome is not None:
        told += outcome_change(None, work.outcome)
    return Revision(identity, time.time(), tuple(told), work)


def _told(work: Read, before: CohortEntry, cohort: Cohort, choices: Choices) -> tuple[str, ...]:
    told = [work.said] if work.said else []
    if work.correction is not None:
        one = work.correction
        told.append(f"label of {one.row}: {one.before} → {one.after}, by {one.who}")
    told += choice_changes(choices, dict(work.choices))
    told += outcome_change(before.outcome, cohort.outcome)
    told += changes(before.variables, cohort.variables)
    return tuple(told) or ("read again, nothing differs",)
