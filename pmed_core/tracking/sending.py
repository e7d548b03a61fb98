"""Telling the server within a moment, whatever it does; what it did not take is told later."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from pmed_core.arrays import from_json, to_json
from pmed_core.audit import Deed
from pmed_core.job import Job
from pmed_core.loaded import package_digest
from pmed_core.progress import Progress
from pmed_core.settings import PROJECTS, Settings, settings
from pmed_core.store.accounts import Accounts
from pmed_core.store.audit import Audit
from pmed_core.tracking.server import Failed, Server
from pmed_core.tracking.told import Source, Told, told
from pmed_core.work import Fit

if TYPE_CHECKING:
    from pathlib import Path

    from pmed_core.store.store import Store

MOMENT = 20.0
"""Seconds that a training waits for the server at most, all requests together."""
ACTION = "tracking.tell"
NOT_SENT = "The tracking server was not told of {}: {}. {}"


def tell(run: Told, chosen: Settings, seconds: float = MOMENT) -> str:
    """Keep a run on the server -> what was left out, in a sentence; raises ``Failed`` at the latest
    after so many seconds."""
    until, found = time.monotonic() + seconds, list[str | Failed]()

    def told_there() -> None:
        try:
            found.append(Server.of(chosen, lambda: time.monotonic() < until).tell(run))
        except Failed as error:
            found.append(error)
        except (LookupError, TypeError, ValueError):
            found.append(Failed("it does not answer as MLflow does"))

    # In a thread of its own: a server that sends a byte now and then outlasts every time limit.
    sending = threading.Thread(target=told_there, daemon=True)
    sending.start()
    sending.join(seconds)
    answer = found[0] if found else Failed("it took too long")
    if isinstance(answer, Failed):
        raise answer
    return answer


def tell_of_job(job: Job, store: Store, progress: Progress) -> None:
    """What was trained, and what could not be told before; the job's notes say what was not."""
    chosen = settings()
    if not chosen.tracking_uri or not isinstance(job.work, Fit):
        return
    until = time.monotonic() + MOMENT
    run = told(_source(job, job.work, store), time.time())
    store.models.keep_untold(job.result, to_json(Told, run))
    for identity, text in _first(job.result, store.models.untold()):
        left = until - time.monotonic()
        _on_record(store.home, identity)
        try:
            said = tell(from_json(Told, text), chosen, max(left, 0.0))
        except Failed as error:
            which = "this training" if identity == job.result else "an earlier training"
            progress.note(NOT_SENT.format(which, error, "It is told after the next training."))
            return
        if said:
            progress.note(said)
        store.models.keep_untold(identity, "")


def _first(identity: str, untold: Iterator[tuple[str, str]]) -> list[tuple[str, str]]:
    """That of this training before all others."""
    return sorted(untold, key=lambda one: one[0] != identity)


def _source(job: Job, work: Fit, store: Store) -> Source:
    entry = store.models.entry(job.result)
    return Source(
        package_digest(store.models.package(job.result)), entry.outcome, work.options, entry.card,
        entry.evaluation, entry.variables, job.epochs, _project(store.home),
    )  # fmt: skip


def _project(home: Path) -> tuple[str, str]:
    """Id and name of the project whose home that is; empty outside of a hosted installation."""
    if home.parent.name != PROJECTS:
        return "", ""
    known = {one.id: one.name for one in Accounts.open(home.parents[1]).projects()}
    return home.name, known.get(home.name, "")


def _on_record(home: Path, model: str) -> None:
    """What leaves the installation, in its audit, before it does."""
    if home.parent.name != PROJECTS:
        return
    where = urlsplit(settings().tracking_uri)
    detail = f"to {where.netloc.rpartition('@')[2]}{where.path}"
    deed = Deed(time.time(), "", "pmed", "", home.name, ACTION, model=model, detail=detail)
    Audit.open(home.parents[1]).add(deed)


def tell_of_model(source: Source) -> str:
    """The same for the shell -> a sentence, "" where there is nothing to say."""
    chosen = settings()
    if not chosen.tracking_uri:
        return ""
    try:
        return tell(told(source, time.time()), chosen)
    except Failed as error:
        return NOT_SENT.format("this training", error, "Nothing tells it later.")
