"""What a user may do when the list has lost what lies in the folders."""

from __future__ import annotations

from pmed_core.accounts import Right
from pmed_core.service.access import may
from pmed_core.service.hub import hub
from pmed_core.store import rebuild
from pmed_core.store.rebuild import Unlisted


@may(Right.LOOK)
def unlisted() -> Unlisted:
    """Cohorts and models that are kept and not in the list, as of a second ago."""
    return hub().snapshot.get("unlisted", lambda: rebuild.unlisted(hub().store))


@may(Right.BUILD)
def list_again() -> Unlisted:
    """List them again -> those that were; raises ``UserError``."""
    found = rebuild.list_again(hub().store)
    hub().snapshot.forget()
    return found
