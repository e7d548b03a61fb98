"""How long cohorts are kept."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from pmed_core.accounts import Right
from pmed_core.errors import UserError
from pmed_core.service.access import may
from pmed_core.service.hub import hub
from pmed_core.store import retention as kept


@dataclass(frozen=True)
class Term:
    """That a cohort is deleted after its last day.

    Attributes:
        models: how many models learnt from it, which are deleted with it.
        left: days from today to its last one.
    """

    last: date
    models: int
    left: int

    @property
    def soon(self) -> bool:
        """Whether it is time to say so."""
        return self.left <= kept.NOTICE_DAYS


@may(Right.LOOK)
def term(address: str) -> Term | None:
    """Until when a cohort is kept; None where it has no last day. Raises ``UserError``."""
    store = hub().store
    last = kept.until(store, address) if address.isalnum() else None
    if last is None:
        return None
    return Term(last, len(kept.made_of(store, address)), (last - date.today()).days)


@may(Right.PREPARE)
def keep_until(address: str, last: date | None) -> None:
    """Delete a cohort, and the models that learnt from it, after that day; None keeps them.

    Raises ``UserError`` for a day that is over.
    """
    if last is not None and last < date.today():
        raise UserError("This day is over", last.isoformat(), "Choose today or a later day.")
    kept.keep_until(hub().store, address, last)
