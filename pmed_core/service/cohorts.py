"""What a user may do with cohorts."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from functools import lru_cache
from typing import BinaryIO

import pandas as pd

from pmed_core.accounts import Right
from pmed_core.cohort import Cohort
from pmed_core.errors import UserError
from pmed_core.outcomes import Outcome
from pmed_core.quality import Quality
from pmed_core.reading import OF_LABELS, Choices
from pmed_core.samples.catalogue import SAMPLES, Sample
from pmed_core.service import training
from pmed_core.service.access import may, need
from pmed_core.service.entries import CohortEntry
from pmed_core.service.hub import hub
from pmed_core.service.sources import from_folder, nothing_is_lost
from pmed_core.service.uploads import stream, together
from pmed_core.settings import server_folders, settings
from pmed_core.store import cohorts as stored
from pmed_core.variable import Kind, Variable
from pmed_core.work import Cell, Fit, Inspect, Read, identify

TABLES_KEPT = 4


def samples() -> tuple[Sample, ...]:
    """The sample cohorts that come with the package."""
    return SAMPLES


@may(Right.PREPARE)
def bring_in_sample(name: str) -> str:
    """Bring in a sample with its outcome already chosen -> cohort id."""
    sample = next(sample for sample in SAMPLES if sample.name == name)
    data = stream(sample.path.read_bytes())
    return _bring_in(sample.file, data, sample.outcome, choices=sample.choices)


@may(Right.PREPARE)
def bring_in(file_name: str, data: bytes | BinaryIO, looked_at: bool = False) -> str:
    """Keep a file and read it as a cohort -> cohort id; raises ``UserError``.

    ``looked_at``: a person made sure that no scan shows a name.
    """
    return _bring_in(file_name, stream(data), None, looked_at)


@may(Right.FOLDERS, recorded=False)
def folders() -> list[str]:
    """The server's folders of scans that may be brought in."""
    return server_folders()


@may(Right.FOLDERS)
def bring_in_folder(name: str, looked_at: bool = False) -> str:
    """Read one of the server's folders as a cohort -> cohort id; raises ``UserError``."""
    return _take(Read("", name, folder=name, looked_at=looked_at))


@may(Right.PREPARE)
def bring_in_together(files: Sequence[tuple[str, BinaryIO]], looked_at: bool = False) -> str:
    """Keep several files of scans as one collection -> cohort id; raises ``UserError``."""
    with together(files) as (name, packed):
        return _bring_in(name, packed, None, looked_at)


def _bring_in(
    file_name: str,
    data: BinaryIO,
    outcome: Outcome | None,
    looked_at: bool = False,
    choices: tuple[tuple[str, str], ...] = (),
) -> str:
    passing = hub().store.passing
    with passing.upload(file_name, data) as token:
        work = Read(passing.digest(token), file_name, outcome=outcome, choices=choices)
        return _take(replace(work, looked_at=looked_at))


@may(Right.PREPARE)
def take(work: Inspect) -> str:
    """Take a file, or a folder, that was looked at, as it was read -> cohort id.

    Raises ``UserError``; then the file is not kept.
    """
    if work.folder:
        need(Right.FOLDERS)
    passing = hub().store.passing
    source = passing.digest(work.source) if work.source else ""
    try:
        return _take(
            Read(
                source, work.name, choices=work.choices, folder=work.folder,
                looked_at=work.looked_at,
            )
        )  # fmt: skip
    finally:
        passing.drop(work.source)


def _take(work: Read) -> str:
    """Read a kept file as a cohort -> id of its newest revision; raises ``UserError``.

    The same file read in the same way is one cohort: where it is here already, it is that one.
    """
    identity = identify(work)
    # Asked once: another may delete it in the next moment.
    here = (entry.id for entry in hub().store.cohorts.list() if entry.address == identity)
    return next(here, None) or _read(work)


@may(Right.PREPARE)
def revise(
    cohort_id: str,
    variables: tuple[Variable, ...],
    outcome: Outcome | None,
    choices: Choices | None = None,
    said: str = "",
) -> str:
    """Read the same file with the user's corrections -> id of the new revision.

    The address stays. The revision before is kept only where a model was trained on it.

    Args:
        choices: decisions of the reader that are overruled as well; those of earlier revisions
            stay. An empty value leaves the decision to the reader again.
        said: why, where that is more than the changes themselves.

    Raises ``UserError``; then nothing has changed.
    """
    entry = unchanged(cohort_id)
    before, asked = overruled(entry.address), dict(choices or {})
    kept = {key: value for key, value in (before | asked).items() if value}
    work = Read(
        entry.source, entry.name, variables, outcome, choices=tuple(sorted(kept.items())),
        previous=entry.id, said=said, overruled=tuple(sorted(asked)),
    )  # fmt: skip
    if entry.source != stored.WITHIN:
        return reread(work)
    work = replace(work, source="")
    begun = from_folder(entry.address)
    if kept != before and begun is not None:
        nothing_is_lost(entry)
        labels_anew = any(key.partition(":")[0] in OF_LABELS for key in asked)
        outcome = None if labels_anew else outcome
        work = replace(work, folder=begun.folder, looked_at=begun.looked_at, outcome=outcome)
        return reread(work)
    _files_are_not_needed(entry, variables, kept == before)
    return reread(replace(work, cohort=entry.id))


@may(Right.PREPARE, recorded=False)
def unchanged(cohort_id: str) -> stored.CohortEntry:
    """The entry, which must be the newest: nobody overwrites what another did meanwhile."""
    entry = hub().store.cohorts.newest(cohort_id)
    if entry.id != cohort_id:
        raise UserError(
            "The cohort was changed meanwhile, in another window or by another user", entry.name,
            "Look at it as it is now, and save again.",
        )  # fmt: skip
    return entry


@may(Right.PREPARE, recorded=False)
def overruled(address: str) -> dict[str, str]:
    """Decisions of the reader that were overruled in the newest revision, by key."""
    recorded = hub().store.cohorts.history(address)
    return dict(recorded[-1].choices) if recorded else {}


def _files_are_not_needed(
    entry: stored.CohortEntry, variables: tuple[Variable, ...], same_choices: bool
) -> None:
    """Scans are kept without their files: there is nothing to read them or a column from again."""
    if not same_choices:
        raise UserError(
            "The files of these scans were not kept, so they cannot be read again", entry.name,
            "Bring in the scans again, with that decision.",
        )  # fmt: skip
    if [v.name for v in variables] != [v.name for v in entry.variables]:
        raise UserError(
            "Columns of scans keep their names", entry.name,
            "Change their roles only, or bring in the scans again with another table.",
        )  # fmt: skip


@may(Right.PREPARE)
def reread(work: Read) -> str:
    """Make a revision -> its id; the one before leaves the list, and goes unless a model needs it.

    Raises ``UserError``; then nothing has changed.
    """
    fresh = _read(work)
    hub().store.cohorts.unlist(work.previous)
    tidy()
    return fresh


def _needed() -> set[str]:
    """Cohorts that a model was trained on, or is to be."""
    store = hub().store
    works = [job.work for job in store.jobs.list() if job.alive]
    return set(store.models.trained_on()) | {w.cohort for w in works if isinstance(w, Fit)}


@may(Right.PREPARE, recorded=False)
def tidy() -> None:
    """Remove revised cohorts that nobody needs: patients are not kept idly."""
    needed = _needed()
    for entry in hub().store.cohorts.unlisted():
        if entry.id not in needed:
            hub().store.cohorts.remove(entry.id)


def _read(work: Read) -> str:
    return hub().engine.ask(work, settings().read_seconds)


@may(Right.LOOK)
def cohorts() -> tuple[CohortEntry, ...]:
    """Newest first; of each the newest revision."""
    trained = _trained()
    return tuple(_entry(entry, trained) for entry in hub().store.cohorts.list())


@may(Right.LOOK)
def cohort(address: str) -> CohortEntry:
    """The newest revision of the cohort at an address; raises ``UserError`` where there is none."""
    return _entry(hub().store.cohorts.newest(address), _trained())


@may(Right.LOOK)
def address(identity: str) -> str:
    """That of the cohort a revision belongs to; empty where nobody knows it."""
    try:
        return hub().store.cohorts.newest(identity).address
    except UserError:
        return ""


@may(Right.LOOK)
def revision(identity: str) -> CohortEntry:
    """The very revision of that id, which a model was trained on; raises ``UserError``."""
    return _entry(hub().store.cohorts.entry(identity), _trained())


@may(Right.LOOK)
def here(identity: str) -> bool:
    """Whether a revision is kept with its patients."""
    return bool(identity) and hub().store.cohorts.exists(identity)


def _trained() -> Counter[str]:
    """Address -> models that were trained on any of its revisions."""
    store, found = hub().store.cohorts, Counter[str]()
    address = {one.id: one.address for one in (*store.list(), *store.unlisted())}
    for identity, models in hub().store.models.trained_on().items():
        if identity in address:
            found[address[identity]] += models
    return found


def _entry(entry: stored.CohortEntry, trained: Counter[str]) -> CohortEntry:
    return CohortEntry(
        entry.id, entry.name, entry.rows, entry.variables, entry.outcome, entry.notes,
        entry.created, trained[entry.address], entry.reading, entry.address,
    )  # fmt: skip


@may(Right.ASK)
def quality(identity: str) -> Quality:
    """The quality panel, as it was found when the cohort was read."""
    return hub().store.cohorts.quality(identity)


@may(Right.ASK)
def preview(identity: str, rows: int = 50) -> pd.DataFrame:
    """The first rows; columns that were not kept (direct identifiers) are left out."""
    return table(identity).table.head(rows).dropna(axis=1, how="all")


@may(Right.ASK)
def rows(identity: str, start: int, count: int) -> pd.DataFrame:
    """Some of the rows, in the order of the file."""
    return table(identity).table.iloc[start : start + count]


@may(Right.ASK)
def rows_at(identity: str, positions: Sequence[int]) -> pd.DataFrame:
    """The rows at these positions, from 0, whose id comes first; where rows have none, their
    number, from 1, does."""
    found = table(identity)
    shown = found.table.iloc[list(positions)]
    if found.patient is None:
        shown = shown.assign(row=[position + 1 for position in positions])
    first = found.patient or "row"
    return shown[[first, *(name for name in shown.columns if name != first)]]


@may(Right.PREPARE, recorded=False)
def values(cohort_id: str, column: str) -> dict[str, int]:
    """Each value of a column with few of them, as text -> rows; missing cells are not counted."""
    counts = table(cohort_id).table[column].dropna().value_counts().sort_index()
    # As readers write an outcome: 1 for 1.0, and every digit of a code.
    return {
        f"{cell:.0f}" if isinstance(cell, float) and cell.is_integer() else str(cell): int(rows)
        for cell, rows in counts.items()
    }


@may(Right.PREPARE)
def remove(identity: str) -> None:
    """Forget a cohort with all its revisions and its file; models trained on it stay, without
    their patients.

    Raises ``UserError`` where a training of it waits or runs: it may be somebody else's.
    """
    store = hub().store.cohorts
    address = store.newest(identity).address
    training.not_trained_on(address)
    # What is mapped into memory stays on the disk, which may be full.
    _loaded.cache_clear()
    _ids_of.cache_clear()
    for entry in (*store.unlisted(), *store.list()):
        if entry.address == address:
            store.remove(entry.id)
    tidy()


@may(Right.ASK)
def find_patients(cohort_id: str, text: str, limit: int = 50) -> tuple[str, ...]:
    """Patient ids that contain the text, in the order of the file; the id itself first."""
    ids, wanted = _ids(cohort_id), text.strip()
    if not wanted:
        return tuple(ids.head(limit))
    found = ids[ids.str.contains(wanted, case=False, regex=False)]
    same = found.str.casefold() == wanted.casefold()
    return tuple(pd.concat([found[same], found[~same]]).head(limit))


@may(Right.ASK)
def patients(cohort_id: str) -> tuple[str, ...]:
    """All patient ids, each once, in the order of the file."""
    return tuple(_ids(cohort_id))


@may(Right.ASK)
def cells(cohort_id: str, patient: str) -> dict[str, Cell]:
    """The input cells of the patient's first row; missing ones are None.

    Raises ``UserError`` where there is no such patient.
    """
    found, ids = table(cohort_id), _ids(cohort_id)
    rows = ids.index[ids == patient]
    if not len(rows):
        raise UserError(f"There is no patient '{patient}'", found.name, "Pick one from the list.")
    # The ids are unique, so the label of the first match is its position in the file.
    row = found.table.loc[rows[0]]
    return {v.name: _cell(row[v.name], v) for v in found.inputs}


def _cell(cell: object, variable: Variable) -> Cell:
    if pd.isna(cell):  # type: ignore[call-overload]
        return None
    if variable.kind is Kind.NUMBER:
        return float(cell)  # type: ignore[arg-type]
    return str(cell)


@may(Right.ASK)
def table(identity: str) -> Cohort:
    """The cohort with its cells, read once."""
    if not hub().store.cohorts.exists(identity):
        _loaded.cache_clear()  # one that was removed elsewhere is not shown from memory
        _ids_of.cache_clear()
    return _loaded(str(hub().store.home), identity)


@lru_cache(maxsize=TABLES_KEPT)
def _loaded(home: str, identity: str) -> Cohort:
    return hub().store.cohorts.get(identity)


@lru_cache(maxsize=TABLES_KEPT)
def _ids_of(home: str, identity: str) -> pd.Series:
    return pd.Series(_loaded(home, identity).patients(), dtype="str").drop_duplicates()


def _ids(identity: str) -> pd.Series:
    """Ids without repetition; the index is the position of each one's first row."""
    return _ids_of(str(hub().store.home), identity)
