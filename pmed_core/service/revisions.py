"""What a user may do with the revisions of a cohort."""

from __future__ import annotations

from dataclasses import replace

from pmed_core.accounts import Right
from pmed_core.errors import UserError
from pmed_core.history import Revision
from pmed_core.service import cohorts
from pmed_core.service.access import may
from pmed_core.service.hub import hub
from pmed_core.store import cohorts as stored
from pmed_core.work import Read


@may(Right.LOOK)
def history(address: str) -> tuple[Revision, ...]:
    """The revisions of a cohort, oldest first; one of an earlier version has only itself."""
    store = hub().store.cohorts
    entry = store.newest(address)
    work = Read(entry.source, entry.name, entry.variables, entry.outcome)
    begun = Revision(entry.id, entry.created, (f"read from {entry.name}",), work)
    return store.history(entry.address) or (begun,)


@may(Right.LOOK)
def numbered(identity: str) -> tuple[int, int]:
    """Which revision of how many that is; (0, 0) where it is not known any more."""
    try:
        ids = [one.id for one in history(identity)]
    except UserError:
        return 0, 0
    return (ids.index(identity) + 1, len(ids)) if identity in ids else (0, 0)


@may(Right.PREPARE)
def go_back(cohort_id: str, number: int) -> str:
    """Make the revision of that number, from 1, the newest again -> id of the new revision.

    Raises ``UserError``; then nothing has changed.
    """
    entry = cohorts.unchanged(cohort_id)
    past = history(cohort_id)[number - 1]
    work = replace(past.read, previous=entry.id, said=f"went back to revision {number}")
    if entry.source == stored.WITHIN:
        corrected = sum(one.read.correction is not None for one in history(cohort_id)[:number])
        if corrected != len(entry.corrections):
            raise UserError(
                "Labels were corrected since, and are not taken back together", entry.name,
                "Correct them one by one, under Doubted labels of a model.",
            )  # fmt: skip
        work = replace(work, source="", folder="", cohort=entry.id, correction=None)
    return cohorts.reread(work)
