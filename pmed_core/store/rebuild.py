"""The list of what lies in the folders, made again where the database has lost it.

``cohort.json`` and the package of a model say all that a list needs; jobs live in the database
alone, and are lost with it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sqlalchemy import Table, insert, select

from pmed_core.errors import DamagedEntry, UserError
from pmed_core.store.cohorts import CohortEntry
from pmed_core.store.database import COHORTS, MODELS, writing
from pmed_core.store.lock import changing
from pmed_core.store.store import Store


@dataclass(frozen=True)
class Unlisted:
    """Ids of what lies in the folders and not in the list."""

    cohorts: tuple[str, ...]
    models: tuple[str, ...]

    def __bool__(self) -> bool:
        return bool(self.cohorts or self.models)


def unlisted(store: Store) -> Unlisted:
    """What the list does not know; a model that is being saved at this moment is not missed."""
    saving = {job.id for job in store.jobs.list() if job.alive}
    cohorts = {one for one in _ids(store, "cohorts") if store.cohorts.exists(one)}
    models = {one for one in _ids(store, "models") if store.models.packed(one)}
    return Unlisted(
        tuple(sorted(cohorts - _known(store, COHORTS))),
        tuple(sorted(models - _known(store, MODELS) - saving)),
    )


def _known(store: Store, table: Table) -> set[str]:
    with store.cohorts.engine.connect() as connection:
        return {row.id for row in connection.execute(select(table.c.id))}


def list_again(store: Store) -> Unlisted:
    """Put into the list what it does not know -> that. Damaged ones are listed as such."""
    with changing(store.home, store.cohorts.engine):
        found = unlisted(store)
        cohorts = [_cohort_row(store, identity) for identity in found.cohorts]
        models = [_model_row(store, identity) for identity in found.models]
        with writing(store.cohorts.engine) as connection:
            if cohorts:
                connection.execute(insert(COHORTS), cohorts)
            if models:
                connection.execute(insert(MODELS), models)
        return found


def _cohort_row(store: Store, identity: str) -> dict[str, Any]:
    try:
        entry = store.cohorts.entry(identity)
    except DamagedEntry:
        made = _made(store.home / "cohorts" / identity)
        return {"id": identity, "name": identity, "rows": 0, "created": made, "listed": 1}
    newest = identity == _newest(store, entry)
    return {
        "id": identity, "name": entry.name, "rows": entry.rows, "created": entry.created,
        "listed": int(newest),
    }  # fmt: skip


def _newest(store: Store, entry: CohortEntry) -> str:
    """The revision that is shown of a cohort: the last of its history that is still here, or the
    last that was made."""
    recorded: list[str] = []
    with suppress(UserError):
        recorded = [one.id for one in store.cohorts.history(entry.address)]
    here = [one for one in recorded if store.cohorts.exists(one)]
    return here[-1] if here else max(_revisions(store, entry.address))[1]


def _revisions(store: Store, address: str) -> Iterator[tuple[float, str]]:
    """When each revision of a cohort that is still here was made."""
    for identity in _ids(store, "cohorts"):
        with suppress(UserError):
            one = store.cohorts.entry(identity)
            if one.address == address:
                yield one.created, one.id


def _model_row(store: Store, identity: str) -> dict[str, Any]:
    known = store.models.remembered(identity)
    if known is None:
        known = {
            "name": identity, "cohort": "",
            "created": _made(store.models.new_package(identity) / "manifest.json"),
        }  # fmt: skip
        with suppress(DamagedEntry):
            face, card = store.models.described(identity)
            known |= {"name": face.name, "cohort": _with_digest(store, card)}
    return {"id": identity, **known}


def _with_digest(store: Store, card: dict[str, Any]) -> str:
    """The cohort that a model of an earlier version was trained on, where it is still here."""
    wanted = card.get("cohort_digest")
    for identity in _ids(store, "cohorts") if wanted else ():
        with suppress(UserError):
            entry = store.cohorts.entry(identity)
            if entry.name == card.get("cohort") and _digest(store, identity) == wanted:
                return identity
    return ""


def _digest(store: Store, identity: str) -> str:
    """As training names it: of the rows with an outcome."""
    return store.cohorts.get(identity).labelled().digest()


def _ids(store: Store, room: str) -> Iterable[str]:
    return sorted(store.cohorts.artefacts.ids(room))


def _made(path: Path) -> float:
    return path.stat().st_mtime


def drop_without_folder(store: Store) -> int:
    """Take off the list what has no folder any more -> how many.

    Raises ``UserError`` where that would be all of several: then the list is another home's.
    """
    engine, lost = store.cohorts.engine, (*store.cohorts.lost(), *store.models.lost())
    if len(lost) > 1 and len(lost) == len(_known(store, COHORTS) | _known(store, MODELS)):
        raise UserError(
            "Nothing that is listed lies in this home, so nothing was dropped", str(store.home),
            "Check PMED_HOME and PMED_DATABASE; what is lost comes back from a backup, or is "
            "deleted with 'store remove ID'.",
        )  # fmt: skip
    with changing(store.home, engine), writing(engine) as connection:
        for table in (COHORTS, MODELS):
            connection.execute(table.delete().where(table.c.id.in_(lost)))
    return len(lost)
