"""What an administrator may see of what was done."""

from __future__ import annotations

from pmed_core.accounts import Right
from pmed_core.audit import Entry, Wanted
from pmed_core.service import access, records
from pmed_core.service.access import may
from pmed_core.settings import settings
from pmed_core.store.keys import pseudonym_key


@may(Right.ADMINISTER, recorded=False)
def entries(wanted: Wanted, at_most: int = 1000) -> tuple[Entry, ...]:
    """The newest of those that are wanted, newest first."""
    return access.journal().kept.find(wanted, at_most)


@may(Right.ADMINISTER, recorded=False)
def actions() -> tuple[str, ...]:
    """All that stand in it."""
    return access.journal().kept.actions()


@may(Right.ADMINISTER)
def patient(project: str, patient: str) -> str:
    """The keyed name of a patient of a project, to look for; that it was asked goes on record."""
    if project not in {one.id for one in access.accounts().projects()}:
        return ""
    return records.named(pseudonym_key(settings().of_project(project).home), patient)


@may(Right.ADMINISTER)
def verify() -> tuple[str, ...]:
    """What was changed, removed or moved, in words; empty where the audit is whole."""
    return access.journal().kept.faults()
