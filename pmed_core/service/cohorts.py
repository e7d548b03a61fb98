"""What a user may do with cohorts."""

from __future__ import annotations

from collections import Counter
from functools import lru_cache
from typing import BinaryIO

import pandas as pd

from pmed_core.cohort import Cohort
from pmed_core.outcome import Outcome, YesNo
from pmed_core.quality import Quality
from pmed_core.samples.catalogue import SAMPLES, Sample
from pmed_core.service.entries import CohortEntry
from pmed_core.service.hub import hub
from pmed_core.settings import settings
from pmed_core.store import cohorts as stored
from pmed_core.variable import Kind, Role, Variable
from pmed_core.work import Cell, Read

TABLES_KEPT = 4


def samples() -> tuple[Sample, ...]:
    """The sample cohorts that come with the package."""
    return SAMPLES


def bring_in_sample(name: str) -> str:
    """Bring in a sample with its outcome already chosen -> cohort id."""
    sample = next(sample for sample in SAMPLES if sample.name == name)
    identity = bring_in(sample.file, sample.path.read_bytes())
    found = cohort(identity)
    roles = {sample.outcome: Role.OUTCOME, sample.patient: Role.PATIENT}
    variables = tuple(
        Variable(**(vars(v) | {"role": roles.get(v.name, v.role)})) for v in found.variables
    )
    return revise(identity, variables, YesNo(sample.outcome, sample.positive))


def bring_in(file_name: str, data: bytes | BinaryIO) -> str:
    """Keep a file and read it as a cohort -> cohort id; raises ``UserError``."""
    held = data if isinstance(data, bytes) else data.read()
    source = hub().store.cohorts.add_source(file_name, held)
    return _read(Read(source, file_name))


def revise(cohort_id: str, variables: tuple[Variable, ...], outcome: Outcome | None) -> str:
    """Read the same file with the user's corrections -> id of the new cohort.

    The old one leaves the list. Raises ``UserError``; then nothing has changed.
    """
    entry = hub().store.cohorts.entry(cohort_id)
    fresh = _read(Read(entry.source, entry.name, variables, outcome))
    if fresh != cohort_id:
        hub().store.cohorts.unlist(cohort_id)
    return fresh


def _read(work: Read) -> str:
    return hub().engine.ask(work, settings().read_seconds)


def cohorts() -> tuple[CohortEntry, ...]:
    """Newest first."""
    trained = Counter(model.cohort for model in hub().store.models.list())
    return tuple(_entry(entry, trained[entry.id]) for entry in hub().store.cohorts.list())


def cohort(identity: str) -> CohortEntry:
    """One cohort; raises ``UserError`` where there is none."""
    trained = Counter(model.cohort for model in hub().store.models.list())
    return _entry(hub().store.cohorts.entry(identity), trained[identity])


def _entry(entry: stored.CohortEntry, models: int) -> CohortEntry:
    return CohortEntry(
        entry.id, entry.name, entry.rows, entry.variables, entry.outcome, entry.notes,
        entry.created, models,
    )  # fmt: skip


def quality(identity: str) -> Quality:
    """The quality panel, as it was found when the cohort was read."""
    return hub().store.cohorts.quality(identity)


def preview(identity: str, rows: int = 50) -> pd.DataFrame:
    """The first rows; columns that were not kept are left out."""
    found = _table(identity)
    return found.table.head(rows).dropna(axis=1, how="all")


def remove(identity: str) -> None:
    """Forget a cohort and its file."""
    hub().store.cohorts.remove(identity)


def find_patients(cohort_id: str, text: str, limit: int = 50) -> tuple[str, ...]:
    """Patient ids that contain the text, in the order of the file."""
    ids = _ids(cohort_id)
    found = ids[ids.str.contains(text.strip(), case=False, regex=False)] if text.strip() else ids
    return tuple(found.head(limit))


def cells(cohort_id: str, patient: str) -> dict[str, Cell]:
    """The input cells of the patient's first row; missing ones are None."""
    found = _table(cohort_id)
    ids = _ids(cohort_id)
    # The ids are unique, so the label of the first match is its position in the file.
    row = found.table.loc[ids.index[ids == patient][0]]
    return {v.name: _cell(row[v.name], v) for v in found.inputs}


def _cell(cell: object, variable: Variable) -> Cell:
    if pd.isna(cell):  # type: ignore[call-overload]
        return None
    if variable.kind is Kind.NUMBER:
        return float(cell)  # type: ignore[arg-type]
    return str(cell)


def _table(identity: str) -> Cohort:
    return _loaded(str(settings().home), identity)


@lru_cache(maxsize=TABLES_KEPT)
def _loaded(home: str, identity: str) -> Cohort:
    return hub().store.cohorts.get(identity)


@lru_cache(maxsize=TABLES_KEPT)
def _ids_of(home: str, identity: str) -> pd.Series:
    return pd.Series(_loaded(home, identity).patients(), dtype="str").drop_duplicates()


def _ids(identity: str) -> pd.Series:
    """Ids without repetition; the index is the position of each one's first row."""
    return _ids_of(str(settings().home), identity)
