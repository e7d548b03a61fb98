"""Files on their way in: looked at first, then kept as a cohort, and read again when revised."""

from __future__ import annotations

import time
from dataclasses import replace
from pathlib import Path

from pmed_core.arrays import to_json
from pmed_core.cohort import Cohort
from pmed_core.dictionary import Dictionary
from pmed_core.errors import UserError
from pmed_core.history import Revision, changes, choice_changes, outcome_change
from pmed_core.inspection import Inspection
from pmed_core.modalities import modality_of, modality_of_file
from pmed_core.modalities.kinds import reading
from pmed_core.outcomes import Outcome
from pmed_core.quality import Quality
from pmed_core.readers import chosen, quality
from pmed_core.readers.value_labels import read_dictionary
from pmed_core.reading import Choices
from pmed_core.sealing.files import opened
from pmed_core.settings import server_folder
from pmed_core.store.cohorts import WITHIN, CohortEntry
from pmed_core.store.store import Store
from pmed_core.work import Describe, Inspect, Read, identify


def inspect(work: Inspect | Describe, store: Store) -> str:
    """An ``Inspection`` as JSON, or the ``Dictionary`` that the file is. Raises ``UserError``."""
    if isinstance(work, Describe):
        with opened(store.cohorts.source(work.source)) as path:
            return to_json(Dictionary, read_dictionary(path, work.name))
    with opened(_path(work, store)) as path:
        found = reading(modality_of_file(path)).inspected(path, work, store.home)
    return to_json(Inspection, found)


def _path(work: Read | Inspect, store: Store) -> Path:
    return server_folder(work.folder) if work.folder else store.cohorts.source(work.source)


def cohort(work: Read, store: Store) -> Cohort:
    """What was uploaded, or a kept cohort as it is corrected; raises ``UserError``."""
    if work.cohort:
        stored = store.cohorts.get(work.cohort)
        changed = replace(stored, variables=work.variables or stored.variables)
        before = modality_of(stored.variables)
        if modality_of(changed.variables) != before:
            raise UserError(
                f"The column of {before.many} is not an input any more", stored.name,
                "Keep it as it is, and choose the column with the labels as the outcome.",
            )  # fmt: skip
        if work.correction is None:
            return changed
        return reading(modality_of(changed.variables)).corrected(changed, work.correction)
    path = _path(work, store)
    try:
        return _read_from(path, work, store)
    except UserError:
        if path.exists():
            raise
    # The same file of another user was deleted meanwhile; the upload itself is still here.
    return _read_from(_path(work, store), work, store)


def _read_from(kept: Path, work: Read, store: Store) -> Cohort:
    with opened(kept) as path:
        return reading(modality_of_file(path)).cohort(path, work, store.home)


def read(work: Read, store: Store) -> str:
    """Read a file, or revise a cohort, and keep what comes of it -> its id.

    Raises ``UserError``.
    """
    found = cohort(work, store)
    if work.outcome is not None:
        found = with_outcome(found, work.outcome, work)
    source = work.source if _reread(found) else WITHIN
    return keep(work, found, quality.check(found), source, store)


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


def _reread(cohort: Cohort) -> bool:
    """Whether the uploaded file stays, from which it is read once more when it is revised."""
    return reading(modality_of(cohort.variables)).KEEPS_FILES


def keep(work: Read, cohort: Cohort, checked: Quality, source: str, store: Store) -> str:
    """Keep what was read, and say in the history what was changed -> its id.

    Raises ``UserError`` where somebody revised the same cohort meanwhile.
    """
    identity, kept = identify(work), store.cohorts
    if not work.previous:
        kept.add(identity, cohort, checked, source)
        if not kept.history(identity):
            begun = work if _reread(cohort) else _as_read(work, cohort)
            kept.record(identity, _begin(identity, begun))
        return identity
    before = kept.entry(work.previous)
    if kept.newest(before.address).id != before.id:
        raise UserError(
            "The cohort was changed meanwhile, in another window or by another user", before.name,
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
