"""What a user may do with labels of scans that are wrong."""

from __future__ import annotations

from datetime import UTC, datetime

from pmed_core.accounts import Right
from pmed_core.cohort import Correction
from pmed_core.errors import UserError
from pmed_core.service import cohorts
from pmed_core.service.access import known_as, may
from pmed_core.service.hub import hub
from pmed_core.work import Read


@may(Right.CORRECT)
def correct_label(cohort_id: str, scan: str, label: str, who: str) -> str:
    """Give a scan another label; who did it is kept -> id of the new cohort.

    ``who`` is typed on a laptop; whoever has signed in is known.

    Raises ``UserError``; then nothing has changed.
    """
    entry, table_ = cohorts.unchanged(cohort_id), cohorts.table(cohort_id)
    who = known_as() or who
    if not who.strip():
        raise UserError("It is not known who corrects the label", scan, "Type your name.")
    found = table_.table.loc[table_.table[table_.scan] == scan, table_.chosen_outcome().column]
    before = str(found.iloc[0]) if len(found) else ""
    when = datetime.now(UTC).isoformat(timespec="seconds")
    correction = Correction(scan, before, label, who.strip(), when)
    work = Read(
        "", entry.name, None, None, cohort=cohort_id, correction=correction, previous=cohort_id
    )
    return cohorts.reread(work)


@may(Right.LOOK)
def corrected(cohort_id: str) -> str:
    """The newest revision of a cohort, in which labels may be corrected -> id."""
    return hub().store.cohorts.newest(cohort_id).id


@may(Right.LOOK)
def corrections(cohort_id: str) -> tuple[Correction, ...]:
    """Of a cohort's labels, oldest first."""
    return hub().store.cohorts.entry(cohort_id).corrections
