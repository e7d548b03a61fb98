"""What a cohort was read from, and whether it can be read from that again."""

from __future__ import annotations

from pmed_core.accounts import Right
from pmed_core.errors import UserError
from pmed_core.service.access import may
from pmed_core.service.hub import hub
from pmed_core.settings import server_folders
from pmed_core.store import cohorts as stored
from pmed_core.work import Read


@may(Right.PREPARE, recorded=False)
def can_be_read_again(cohort_id: str) -> bool:
    """Whether what it was read from is still there: scans are kept without their files."""
    entry = hub().store.cohorts.entry(cohort_id)
    return entry.source != stored.WITHIN or from_folder(entry.address) is not None


@may(Right.PREPARE, recorded=False)
def from_folder(address: str) -> Read | None:
    """How a cohort was read from a folder that is still on the server; None for any other."""
    recorded = hub().store.cohorts.history(address)
    works = [one.read for one in recorded if one.read.folder]
    return works[-1] if works and works[-1].folder in server_folders() else None


def nothing_is_lost(entry: stored.CohortEntry) -> None:
    """Raise ``UserError`` where reading scans again would lose labels that were corrected."""
    if entry.corrections:
        raise UserError(
            "Labels of these scans were corrected by hand, and reading them again would lose that",
            entry.name, "Bring in the folder once more, decide there, and correct the labels anew.",
        )  # fmt: skip
