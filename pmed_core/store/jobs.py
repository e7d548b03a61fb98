"""Jobs: queued -> running -> done, failed or cancelled, with the events of each.

A worker holds a job by its token. Every write of a worker names the token, so that one whose job
was given to another (its lease ran out) changes nothing.
"""

from __future__ import annotations

import json
import time
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, Literal

from sqlalchemy import Connection, Engine, delete, func, insert, select, update
from sqlalchemy.exc import IntegrityError

from pmed_core.arrays import from_plain, to_json
from pmed_core.errors import UserError
from pmed_core.job import Job
from pmed_core.progress import Stop
from pmed_core.store.damaged import Damaged, reading, sorted_out
from pmed_core.store.database import EVENTS, JOBS, writing
from pmed_core.work import Work

LEASE = 30.0
"""Seconds without a heartbeat after which a running job is lost."""

ATTEMPTS = 2
QUEUED_AT_MOST = 1000
Ended = Literal["done", "failed", "cancelled"]


@dataclass(frozen=True)
class Jobs:
    """Add, get, list, remove, and what workers and the supervisor do."""

    engine: Engine

    def add(self, identity: str, work: Work, *, again: bool = False) -> str:
        """Queue a work; the same work that waits, runs or is done is not done twice.

        ``again``: do it once more although it was done (what it made is no longer there).
        """
        fresh = {
            "work": to_json(Work, work), "state": "queued", "submitted": time.time(),
            "started": 0.0, "finished": 0.0, "beat": 0.0, "token": 0, "stop": "", "stage": "",
            "fraction": 0.0, "result": "", "error": "",
        }  # fmt: skip
        # Where a server lets two add the same work at once, one of them has added it.
        with suppress(IntegrityError), writing(self.engine) as connection:
            state = connection.execute(
                select(JOBS.c.state).where(JOBS.c.id == identity)
            ).scalar_one_or_none()
            if state in ("queued", "running") or (state == "done" and not again):
                return identity
            _not_too_many(connection)
            connection.execute(delete(EVENTS).where(EVENTS.c.job == identity))
            connection.execute(delete(JOBS).where(JOBS.c.id == identity))
            connection.execute(insert(JOBS).values(id=identity, **fresh))
        return identity

    def claim(self, at_once: int = 1) -> tuple[str, int] | None:
        """Take the oldest waiting job where fewer than ``at_once`` run -> (id, token)."""
        running = select(func.count()).where(JOBS.c.state == "running").scalar_subquery()
        oldest = (
            select(JOBS.c.id).where(JOBS.c.state == "queued").order_by(JOBS.c.submitted).limit(1)
        ).scalar_subquery()
        now = time.time()
        values = {"state": "running", "started": now, "beat": now, "stop": ""}
        with writing(self.engine) as connection:
            if connection.execute(select(running)).scalar_one() >= at_once:
                return None
            row = connection.execute(
                update(JOBS)
                .where(JOBS.c.id == oldest, JOBS.c.state == "queued")
                .values(token=JOBS.c.token + 1, **values)
                .returning(JOBS.c.id, JOBS.c.token)
            ).first()
        return (row.id, row.token) if row else None

    def beat(self, identity: str, token: int) -> Stop:
        """Say that the worker lives; learn whether it should stop. A lost job is cancelled."""
        held = (JOBS.c.id == identity) & (JOBS.c.token == token) & (JOBS.c.state == "running")
        with writing(self.engine) as connection:
            row = connection.execute(
                update(JOBS).where(held).values(beat=time.time()).returning(JOBS.c.stop)
            ).first()
        return row.stop if row else "cancel"

    def report(self, identity: str, token: int, events: list[tuple[str, Any]]) -> None:
        """Append epochs and notes, and move the stage."""
        held = (JOBS.c.id == identity) & (JOBS.c.token == token) & (JOBS.c.state == "running")
        kept = [
            {"job": identity, "kind": kind, "body": json.dumps(body)}
            for kind, body in events
            if kind != "stage"
        ]
        stages = [body for kind, body in events if kind == "stage"]
        with writing(self.engine) as connection:
            if not connection.execute(select(JOBS.c.id).where(held)).first():
                return
            if stages:
                text, fraction = stages[-1]
                connection.execute(update(JOBS).where(held).values(stage=text, fraction=fraction))
            if kept:
                connection.execute(insert(EVENTS), kept)

    def finish(self, identity: str, token: int, state: Ended, text: str) -> None:
        """End a job with its result, or with the sentence that says why not."""
        held = (JOBS.c.id == identity) & (JOBS.c.token == token) & (JOBS.c.state == "running")
        values = {"result": text} if state == "done" else {"error": text}
        with writing(self.engine) as connection:
            connection.execute(
                update(JOBS).where(held).values(state=state, finished=time.time(), **values)
            )

    def ask_to_stop(self, identity: str, stop: Stop) -> None:
        """A waiting job is cancelled at once; a running one is told."""
        mine = JOBS.c.id == identity
        with writing(self.engine) as connection:
            connection.execute(
                update(JOBS).where(mine, JOBS.c.state == "queued")
                .values(state="cancelled", finished=time.time())
            )  # fmt: skip
            # Who has asked to drop everything is not overruled by who asks to keep it.
            told = mine & (JOBS.c.state == "running") & (JOBS.c.stop != "cancel")
            connection.execute(update(JOBS).where(told).values(stop=stop))

    def lose(self, identity: str, token: int, why: str) -> None:
        """The worker died: try once more, then give up with a sentence."""
        held = (JOBS.c.id == identity) & (JOBS.c.token == token) & (JOBS.c.state == "running")
        values: dict[str, Any] = {"state": "failed", "finished": time.time(), "error": why}
        with writing(self.engine) as connection:
            stop = connection.execute(select(JOBS.c.stop).where(held)).scalar_one_or_none()
            if stop is None:
                return
            if stop == "cancel":
                values |= {"state": "cancelled", "error": ""}
            elif stop == "" and token < ATTEMPTS:
                values = {"state": "queued", "stage": "Waiting to start again", "fraction": 0.0}
                connection.execute(delete(EVENTS).where(EVENTS.c.job == identity))
            connection.execute(update(JOBS).where(held).values(**values))

    def lost(self) -> list[tuple[str, int]]:
        """Running jobs whose lease has run out."""
        late = (JOBS.c.state == "running") & (JOBS.c.beat < time.time() - LEASE)
        with self.engine.connect() as connection:
            rows = connection.execute(select(JOBS.c.id, JOBS.c.token).where(late))
            return [(row.id, row.token) for row in rows]

    def stopping(self) -> list[tuple[str, int, Stop]]:
        """Running jobs that were told to stop."""
        told = (JOBS.c.state == "running") & (JOBS.c.stop != "")
        with self.engine.connect() as connection:
            rows = connection.execute(select(JOBS.c.id, JOBS.c.token, JOBS.c.stop).where(told))
            return [(row.id, row.token, row.stop) for row in rows]

    def waiting(self) -> bool:
        """Is there anything to do or being done?"""
        query = select(JOBS.c.id).where(JOBS.c.state.in_(("queued", "running"))).limit(1)
        with self.engine.connect() as connection:
            return connection.execute(query).first() is not None

    def get(self, identity: str) -> Job:
        """One job with its events; raises ``UserError`` where there is none, ``DamagedEntry`` where
        it cannot be read."""
        with self.engine.connect() as connection:
            row = connection.execute(select(JOBS).where(JOBS.c.id == identity)).first()
            if row is None:
                raise UserError("There is no such run", "", "Choose one from the list of jobs.")
            events = connection.execute(
                select(EVENTS.c.kind, EVENTS.c.body)
                .where(EVENTS.c.job == identity)
                .order_by(EVENTS.c.number)
            ).all()
            before = (JOBS.c.state == "queued") & (JOBS.c.submitted <= row.submitted)
            place = connection.execute(select(func.count()).where(before)).scalar_one()
        return _job(row, events, place if row.state == "queued" else 0)

    def list(self) -> tuple[Job, ...]:
        """Newest first, without epochs and without those that are damaged."""
        return self._sorted_out()[0]

    def damaged(self) -> tuple[Damaged, ...]:
        """Those that cannot be read, such as one of an earlier version of the program."""
        return self._sorted_out()[1]

    def _sorted_out(self) -> tuple[tuple[Job, ...], tuple[Damaged, ...]]:
        with self.engine.connect() as connection:
            rows = connection.execute(select(JOBS).order_by(JOBS.c.submitted)).all()
        queued = [row.id for row in rows if row.state == "queued"]
        place = {identity: position for position, identity in enumerate(queued, 1)}
        return sorted_out(
            reversed(rows), lambda row: _job(row, (), place.get(row.id, 0)),
            lambda row: (str(row.id), ""),
        )  # fmt: skip

    def remove(self, identity: str, *, damaged: bool = False) -> None:
        """Forget a job that has ended; a damaged one, whatever its state: a worker that still holds
        it learns that it is lost."""
        ended = JOBS.c.state.in_(("done", "failed", "cancelled")) | damaged
        with writing(self.engine) as connection:
            mine = select(JOBS.c.id).where(JOBS.c.id == identity, ended)
            connection.execute(delete(EVENTS).where(EVENTS.c.job.in_(mine)))
            connection.execute(delete(JOBS).where(JOBS.c.id == identity, ended))


def _not_too_many(connection: Connection) -> None:
    queued = select(func.count()).where(JOBS.c.state == "queued")
    if connection.execute(queued).scalar_one() >= QUEUED_AT_MOST:
        raise UserError(
            f"{QUEUED_AT_MOST:,} jobs are waiting already", "",
            "Wait until some are done, or cancel those that are not needed.",
        )  # fmt: skip


def _job(row: Any, events: Sequence[Any], place: int) -> Job:
    with reading("job", "what is kept of it"):
        told = [(event.kind, json.loads(event.body)) for event in events]
        kept = row._asdict() | {
            "work": json.loads(row.work), "place": place,
            "epochs": [body for kind, body in told if kind == "epoch"],
            "notes": [body for kind, body in told if kind == "note"],
        }  # fmt: skip
        return from_plain(Job, kept)  # type: ignore[no-any-return]
