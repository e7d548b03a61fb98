"""What a user may do with entries that cannot be read: see them, and remove them."""

from __future__ import annotations

from typing import Literal, assert_never

from pmed_core.accounts import Right
from pmed_core.service import cohorts
from pmed_core.service.access import may
from pmed_core.service.hub import hub
from pmed_core.store.damaged import Damaged

What = Literal["cohort", "model", "job"]


@may(Right.LOOK)
def damaged(what: What) -> tuple[Damaged, ...]:
    """Those that the list of cohorts, models or jobs leaves out."""
    store = hub().store
    match what:
        case "cohort":
            return store.cohorts.damaged()
        case "model":
            return store.models.damaged()
        case "job":
            return hub().snapshot.get("damaged jobs", store.jobs.damaged)
        case _:
            assert_never(what)


@may(Right.BUILD)
def remove(what: What, identity: str) -> None:
    """Remove one with its files, without reading it; the others stay as they are."""
    store = hub().store
    match what:
        case "cohort":
            store.cohorts.remove(identity)
            cohorts.tidy()
        case "model":
            store.models.remove(identity)
            cohorts.tidy()
        case "job":
            store.jobs.remove(identity, damaged=True)
            hub().snapshot.forget()
        case _:
            assert_never(what)
