"""A project deleted for good: its jobs end, its key is destroyed, then its files go."""

from __future__ import annotations

import shutil
import time
from contextlib import suppress

from pmed_core.bucket import forget_home
from pmed_core.errors import UserError
from pmed_core.sealing import keys
from pmed_core.settings import Settings
from pmed_core.store.accounts import Accounts
from pmed_core.store.database import forget_tables
from pmed_core.store.jobs import LEASE, Leases
from pmed_core.store.store import Store, open_store


def delete_project(chosen: Settings, accounts: Accounts, project: str, name: str) -> None:
    """Forget a project of an installation, and make what it holds unreadable.

    ``name``: as a person has typed it. Raises ``UserError`` where that is another; then nothing
    has changed.
    """
    known = {one.id: one.name for one in accounts.projects()}
    if project not in known:
        raise UserError("There is no such project", "", "Choose one from the list.")
    if name.strip() != known[project]:
        raise UserError(
            "This is not the name of the project", name.strip(), "Type it as it is shown."
        )
    own = chosen.of_project(project)
    with suppress(UserError):  # one whose key is lost is deleted as well
        _end_jobs(open_store(own))
    keys.destroy(own.home)
    forget_home(own.home)
    forget_tables(own.database, own.home)
    accounts.remove_project(project)  # then: killed before, it can be deleted again
    shutil.rmtree(own.home, ignore_errors=True)
    if own.home.exists():
        raise UserError(
            "The project is deleted, but some of its files could not be removed", str(own.home),
            "Remove that folder by hand.",
        )  # fmt: skip


def _end_jobs(store: Store) -> None:
    """Nothing writes to a home that is about to go, at the latest once its lease has run out."""
    until, leases = time.monotonic() + LEASE + 5, Leases(store.jobs)
    while alive := [job.id for job in store.jobs.list() if job.alive]:
        for one in alive:
            store.jobs.ask_to_stop(one, "cancel")
        for one, token in leases.lapsed():
            store.jobs.lose(one, token, "")
        if time.monotonic() > until:
            return
        time.sleep(0.1)
