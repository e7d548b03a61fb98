"""Jobs: queued -> running -> done, failed or cancelled, with the events of each.

A worker holds a job by its token. Every write of a worker names the token, so that one whose job
was given to another (its lease ran out) changes nothing.
"""

from __future__ import annotations

import json
import time
from dataclasses import dataclass
from typing import Any, Literal

from sqlalchemy import Engine, delete, insert, select, update

from pmed_core.arrays import from_json, to_json
from pmed_core.errors import UserError
from pmed_core.store.database import EVENTS, JOBS
from pmed_core.work import Job, Stop, Work

LEASE = 30.0
"""Seconds without a heartbeat after which a running job is lost."""

ATTEMPTS = 2
Ended = Literal["done", "failed", "cancelled"]


@dataclass(frozen=True)
class Jobs:
    """Add, get, list, remove, and what workers and the supervisor do."""

    engine: Engine

    def add(self, identity: str, work: Work) -> str:
        """Queue a work; the same work that waits, runs or is done is not done twice."""
        fresh = {
            "work": to_json(Work, work), "state": "queued", "submitted": time.time(), "started": 0.0,
            "finished": 0.0, "beat": 0.0, "token": 0, "stop": "", "stage": "", "fraction": 0.0,
            "result": "", "error": "",
        }  # fmt: skip
        with self.engine.begin() as connection:
            state = connection.execute(
                select(JOBS.c.state).where(JOBS.c.id == identity)
            ).scalar_one_or_none()
            if state in ("queued", "running", "done"):
                return identity
            connection.execute(delete(EVENTS).where(EVENTS.c.job == identity))
            connection.execute(delete(JOBS).where(JOBS.c.id == identity))
            connection.execute(insert(JOBS).values(id=identity, **fresh))
        return identity

    def claim(self) -> tuple[str, int] | None:
        """Take the oldest waiting job -> (id, token)."""
        with self.engine.begin() as connection:
            oldest = (
                select(JOBS.c.id).where(JOBS.c.state == "queued").order_by(JOBS.c.submitted).limit(1)
            ).scalar_subquery()
            row = connection.execute(
                update(JOBS)
                .where(JOBS.c.id == oldest, JOBS.c.state == "queued")
                .values(state="running", token=JOBS.c.token + 1, started=time.time(), beat=time.time())
                .returning(JOBS.c.id, JOBS.c.token)
            ).first()
        return (row.id, row.token) if row else None

    def beat(self, identity: str, token: int) -> Stop:
        """Say that the worker lives; learn whether it should stop. A lost job is cancelled."""
        held = (JOBS.c.id == identity) & (JOBS.c.token == token) & (JOBS.c.state == "running")
        with self.engine.begin() as connection:
            row = connection.execute(
                update(JOBS).where(held).values(beat=time.time()).returning(JOBS.c.stop)
            ).first()
        return row.stop if row else "cancel"

    def report(self, identity: str, token: int, events: list[tuple[str, Any]]) -> None:
        """Append epochs and notes, and move the stage."""
        held = (JOBS.c.id == identity) & (JOBS.c.token == token) & (JOBS.c.state == "running")
        with self.engine.begin() as connection:
            if not connection.execute(select(JOBS.c.id).where(held)).first():
                return
            for kind, body in events:
                if kind == "stage":
                    text, fraction = body
                    connection.execute(update(JOBS).where(held).values(stage=text, fraction=fraction))
                else:
                    values = {"job": identity, "kind": kind, "body": json.dumps(body)}
                    connection.execute(insert(EVENTS).values(values))

    def finish(self, identity: str, token: int, state: Ended, text: str) -> None:
        """End a job with its result, or with the sentence that says why not."""
        held = (JOBS.c.id == identity) & (JOBS.c.token == token) & (JOBS.c.state == "running")
        values = {"result": text} if state == "done" else {"error": text}
        with self.engine.begin() as connection:
            connection.execute(
                update(JOBS).where(held).values(state=state, finished=time.time(), **values)
            )

    def ask_to_stop(self, identity: str, stop: Stop) -> None:
        """A waiting job is cancelled at once; a running one is told."""
        mine = JOBS.c.id == identity
        with self.engine.begin() as connection:
            connection.execute(
                update(JOBS).where(mine, JOBS.c.state == "queued")
                .values(state="cancelled", finished=time.time())
            )  # fmt: skip
            connection.execute(update(JOBS).where(mine, JOBS.c.state == "running").values(stop=stop))

    def lose(self, identity: str, token: int, why: str) -> None:
        """The worker died: try once more, then give up with a sentence."""
        held = (JOBS.c.id == identity) & (JOBS.c.token == token) & (JOBS.c.state == "running")
        with self.engine.begin() as connection:
            stop = connection.execute(select(JOBS.c.stop).where(held)).scalar_one_or_none()
            if stop is None:
                return
            if stop == "cancel":
                values: dict[str, Any] = {"state": "cancelled", "finished": time.time()}
            elif token < ATTEMPTS:
                values = {"state": "queued", "stage": "Waiting to start again", "fraction": 0.0}
                connection.execute(delete(EVENTS).where(EVENTS.c.job == identity))
            else:
                values = {"state": "failed", "finished": time.time(), "error": why}
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
        """One job with its events; raises ``UserError`` where there is none."""
        with self.engine.connect() as connection:
            row = connection.execute(select(JOBS).where(JOBS.c.id == identity)).first()
            if row is None:
                raise UserError("There is no such run", "", "Choose one from the list of jobs.")
            events = connection.execute(
                select(EVENTS.c.kind, EVENTS.c.body)
                .where(EVENTS.c.job == identity)
                .order_by(EVENTS.c.number)
            ).all()
            return _job(row, events, self._place(connection, row))

    def list(self) -> tuple[Job, ...]:
        """Newest first, without epochs."""
        with self.engine.connect() as connection:
            rows = connection.execute(select(JOBS).order_by(JOBS.c.submitted.desc())).all()
            return tuple(_job(row, [], self._place(connection, row)) for row in rows)

    def remove(self, identity: str) -> None:
        """Forget a job that has ended."""
        ended = JOBS.c.state.in_(("done", "failed", "cancelled"))
        with self.engine.begin() as connection:
            connection.execute(delete(EVENTS).where(EVENTS.c.job == identity))
            connection.execute(delete(JOBS).where(JOBS.c.id == identity, ended))

    @staticmethod
    def _place(connection: Any, row: Any) -> int:
        if row.state != "queued":
            return 0
        before = (JOBS.c.state == "queued") & (JOBS.c.submitted <= row.submitted)
        return len(connection.execute(select(JOBS.c.id).where(before)).all())


def _job(row: Any, events: Any, place: int) -> Job:
    epochs = tuple(json.loads(event.body) for event in events if event.kind == "epoch")
    notes = tuple(json.loads(event.body) for event in events if event.kind == "note")
    return Job(
        row.id, from_json(Work, row.work), row.state, row.submitted, place, row.stage,
        row.fraction, epochs, notes, row.result, row.error, row.started, row.finished,
    )  # fmt: skip
