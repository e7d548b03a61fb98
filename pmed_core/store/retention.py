"""How long a cohort is kept: home/histories/<address>/until, and what happens on that day."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from filelock import FileLock, Timeout
from sqlalchemy.exc import SQLAlchemyError

from pmed_core.audit import Deed
from pmed_core.errors import UserError
from pmed_core.files import written_whole
from pmed_core.sealing import keys
from pmed_core.sealing.files import read, write_text
from pmed_core.settings import Settings
from pmed_core.store.audit import Audit
from pmed_core.store.histories import HISTORIES
from pmed_core.store.lock import changing
from pmed_core.store.store import Store, open_store
from pmed_core.work import Fit

UNTIL = "until"
NOTICE_DAYS = 30
"""So long before the end the pages say so."""
ACTION = "retention.ended"


@dataclass(frozen=True)
class Ended:
    """A cohort whose time is over, and what was made of it."""

    address: str
    revisions: tuple[str, ...]
    models: tuple[str, ...]


def keep_until(store: Store, address: str, last: date | None) -> None:
    """The last day on which a cohort is kept; None keeps it. Raises ``UserError``."""
    if not address.isalnum() or not store.cohorts.revisions(address):
        raise UserError("There is no such cohort here", "", "Choose one from the list.")
    kept = store.cohorts.artefacts
    with changing(store.home, store.cohorts.engine):
        path = kept.at_hand(HISTORIES, address) / UNTIL
        if last is None:
            path.unlink(missing_ok=True)
        else:
            with written_whole(path) as beside:
                write_text(beside, last.isoformat())
        kept.keep(HISTORIES, address)


def until(store: Store, address: str) -> date | None:
    """The last day on which a cohort is kept; None where it has none. Raises ``UserError``."""
    path = store.cohorts.artefacts.at_hand(HISTORIES, address) / UNTIL
    try:
        return date.fromisoformat(read(path).decode()) if path.exists() else None
    except ValueError as error:
        raise UserError(
            "How long this cohort is kept cannot be read", "", "Set its last day again."
        ) from error


def made_of(store: Store, address: str) -> tuple[str, ...]:
    """Ids of the models that learnt from a cohort: from any revision of it, or from such a model
    that they began with."""
    revisions = set(store.cohorts.revisions(address))
    found = set(store.models.trained_from(revisions))
    begun = {job.id: job.work.start for job in store.jobs.list() if isinstance(job.work, Fit)}
    while more := {one for one, start in begun.items() if start in found} - found:
        found |= more
    return tuple(sorted(found))


def due(store: Store, today: date) -> Iterator[Ended]:
    """Each cohort whose last day is over, with the models that learnt from it.

    One that a job works on, or of which the last day cannot be read, stays for the next time.
    """
    for address in sorted(store.cohorts.artefacts.ids(HISTORIES)):
        with suppress(UserError):
            last = until(store, address)
            if last is not None and last < today and not _worked_on(store, address):
                yield Ended(
                    address, store.cohorts.revisions(address), made_of(store, address)
                )  # fmt: skip


def _worked_on(store: Store, address: str) -> bool:
    names = {*store.cohorts.revisions(address), *made_of(store, address)}
    return any(names & _named(job.work) for job in store.jobs.list() if job.alive)


def _named(work: object) -> set[str]:
    """The cohorts and models that a work names."""
    told = (getattr(work, name, "") for name in ("cohort", "model", "start"))
    return {one for one in told if isinstance(one, str)}


def delete(store: Store, one: Ended) -> None:
    """Its history, in which the last day stands, goes with the last revision."""
    for job in store.jobs.list():
        if {job.id, *_named(job.work)} & {*one.models, *one.revisions}:
            store.jobs.remove(job.id)
    for model in one.models:
        store.models.remove(model)
    for revision in one.revisions:
        store.cohorts.remove(revision)


def sweep(chosen: Settings, today: date) -> tuple[Ended, ...]:
    """Delete them in all homes of an installation, once it is on record -> what was deleted.

    Where another process is at it, nothing is done. Raises what stood against it in one home once
    it is done in the others.
    """
    found: list[Ended] = []
    failed: list[Exception] = []
    with suppress(Timeout), FileLock(chosen.home / "retention.lock", blocking=False):
        keys.forget()
        for home in keys.homes(chosen):
            try:
                found.extend(_swept(chosen, home, today))
            except (UserError, SQLAlchemyError, OSError) as error:
                failed.append(error)
    if failed:
        raise failed[0]
    return tuple(found)


def _swept(chosen: Settings, home: Path, today: date) -> Iterator[Ended]:
    keys.prepare(home)  # a project that another machine has deleted is deleted here
    store = open_store(chosen.model_copy(update={"home": home}))
    store.cohorts.artefacts.drop_deleted()
    for one in due(store, today):
        if chosen.hosted:
            Audit.open(chosen.home).add(_deed(one, home.name))
        delete(store, one)
        yield one


def _deed(one: Ended, project: str) -> Deed:
    told = f"revisions: {len(one.revisions)}; models: {', '.join(one.models) or 'none'}"
    return Deed(
        time.time(), "", "pmed", "", project, ACTION, cohort=one.address, detail=told
    )  # fmt: skip
