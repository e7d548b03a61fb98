"""What is wrong with a store, in sentences, and what can be mended without loss."""

from __future__ import annotations

import json
import sqlite3
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

from pmed_core.errors import UserError
from pmed_core.sealing.files import read
from pmed_core.settings import Settings
from pmed_core.store import histories
from pmed_core.store.damaged import UNREADABLE, sha256
from pmed_core.store.lock import changing
from pmed_core.store.rebuild import drop_without_folder, list_again, unlisted
from pmed_core.store.store import Store

PART = 2**20
DATABASE = "pmed.sqlite"


def database_faults(settings: Settings) -> tuple[str, ...]:
    """What SQLite finds wrong with its file; nothing for a database elsewhere."""
    path = settings.home / DATABASE
    if settings.database or not path.exists():
        return ()
    try:
        with closing(sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro", uri=True)) as database:
            found = [row[0] for row in database.execute("PRAGMA integrity_check(3)")]
    except sqlite3.DatabaseError as error:
        return (f"{DATABASE} cannot be read: {error}.",)
    return tuple(
        f"{DATABASE} is damaged: {' '.join(said.split())}." for said in found if said != "ok"
    )


def set_aside(settings: Settings) -> Path:
    """Move a damaged database out of the way; the next one starts empty -> where it is now."""
    aside = settings.home / f"{DATABASE}.damaged-{time.strftime('%Y%m%d-%H%M%S')}"
    for end in ("", "-wal", "-shm"):
        path = settings.home / (DATABASE + end)
        if path.exists():
            path.rename(aside.with_name(aside.name + end))
    return aside


def check(store: Store) -> tuple[str, ...]:
    """Each fault of the lists and the files in a sentence; nothing is changed."""
    return (*_lists(store), *_damaged(store), *_files(store))


def _lists(store: Store) -> Iterator[str]:
    missing = unlisted(store)
    for what, ids in (("cohort", missing.cohorts), ("model", missing.models)):
        for identity in ids:
            yield f"The {what} {identity} lies in its folder and is not in the list."
    for what, ids in (("cohort", store.cohorts.lost()), ("model", store.models.lost())):
        for identity in ids:
            yield f"The {what} {identity} is in the list and has no folder."


def _damaged(store: Store) -> Iterator[str]:
    rooms = (("cohort", store.cohorts), ("model", store.models), ("job", store.jobs))
    for what, room in rooms:
        for one in room.damaged():
            yield f"The {what} '{one.name}' ({one.id}): {one.why}"
    for entry in (*store.cohorts.list(), *store.cohorts.unlisted()):
        try:
            rows = len(store.cohorts.get(entry.id).table)
            store.cohorts.quality(entry.id)
            changed = ", ".join(store.cohorts.changed(entry.id))
        except UserError as error:
            yield f"The cohort '{entry.name}' ({entry.id}): {error.what}."
            continue
        if changed:
            yield f"The cohort '{entry.name}' ({entry.id}): {changed} is not as it was written."
        if rows != entry.rows:
            yield f"The cohort '{entry.name}' ({entry.id}) has {rows:,} of its {entry.rows:,} rows."

    for address in store.cohorts.artefacts.ids(histories.HISTORIES):
        store.cohorts.artefacts.at_hand(histories.HISTORIES, address)
    for address in histories.damaged(store.home):
        yield f"The history of the cohort {address} is damaged."


def _files(store: Store) -> Iterator[str]:
    for name, fits in store.cohorts.sources():
        if not fits:
            yield f"The uploaded file {name} is not as it was uploaded."
    for entry in store.models.list():
        if wrong := _changed(store.models.package(entry.id)):
            files = ", ".join(wrong)
            yield f"The model '{entry.name}' ({entry.id}): {files} is not as it was saved."
    for name in store.cohorts.unneeded_sources():
        yield f"The uploaded file {name} belongs to no cohort."


def _changed(package: Path) -> list[str]:
    """The files of a package that do not have the sums of its manifest."""
    try:
        sums = json.loads(read(package / "manifest.json"))["sha256"]
        return [name for name, sum_ in sums.items() if sha256(package / name) != sum_]
    except UNREADABLE:
        return ["manifest.json"]


def mend(store: Store) -> tuple[str, ...]:
    """Do what loses nothing -> what was done, in sentences. Damaged entries stay for a decision."""
    listed, dropped = list_again(store), drop_without_folder(store)
    with changing(store.home, store.cohorts.engine):
        forgotten = store.cohorts.unneeded_sources()
        store.cohorts.forget_abandoned(0)
        unfinished = store.cohorts.artefacts.drop_unfinished()
    said = []
    if listed:
        said.append(
            f"{len(listed.cohorts):,} cohorts and {len(listed.models):,} models are listed again."
        )
    if dropped:
        said.append(f"{dropped:,} entries without a folder left the list.")
    if unfinished:
        said.append(f"Never whole, and gone from the object store: {unfinished:,}.")
    if forgotten:
        said.append(f"{len(forgotten):,} uploaded files that belong to no cohort are deleted.")
    return tuple(said)
