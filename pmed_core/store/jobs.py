"""Jobs: queued -> running -> done, failed or cancelled, with the events of each.

A worker holds a job by its token. Every write of a worker names the token, so that one whose job
was given to another (its lease ran out) changes nothing.
"""

from __future__ import annotations

import json
import platform
import time
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any, Literal

from sqlalchemy import (
    Connection,
    Engine,
    ScalarSelect,
    case,
    delete,
    func,
    insert,
    select,
    update,
)
from sqlalchemy.exc import IntegrityError

from pmed_core.arrays import from_plain, to_json
from pmed_core.errors import UserError
from pmed_core.job import UNKNOWN, Job, Request, device_of
from pmed_core.progress import Stop
from pmed_core.store.damaged import Damaged, reading, sorted_out
from pmed_core.store.database import EVENTS, JOBS, USAGE, writing
from pmed_core.store.dialects import now
from pmed_core.store.shares import KEPT, Moment, given, order, possible, ran
from pmed_core.work import Work

MACHINE = platform.node()[:64]
"""How many jobs run at once is for each machine to say."""
LEASE = 30.0
"""Seconds without a heartbeat after which a running job is lost."""
LOOK_AGAIN = 2.0
"""Whoever looks after jobs looks at them so often, in seconds; what passes between two looks beyond
that, nobody has watched."""

ATTEMPTS = 3
"""So many workers may die of a job in turn without getting further than any before them."""
AGAIN = "Starting again"
DIED = "died"
"""The kind of event that says where a worker was when it died."""
QUEUED_AT_MOST = 1000
Ended = Literal["done", "failed", "cancelled"]


@dataclass(frozen=True)
class Jobs:
    """Add, get, list, remove, and what workers and the supervisor do."""

    engine: Engine

    def add(
        self, identity: str, work: Work, request: Request = UNKNOWN, *, again: bool = False
    ) -> str:
        """Queue a work; the same work that waits, runs or is done is not done twice.

        ``again``: do it once more although it was done (what it made is no longer there).
        """
        fresh = {
            "work": to_json(Work, work), "state": "queued", "submitted": now(self.engine),
            "started": 0.0, "finished": 0.0, "beat": 0.0, "token": 0, "stop": "", "stage": "",
            "fraction": 0.0, "result": "", "error": "", "user": request.user,
            "expected": request.seconds, "device": device_of(work),
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

    def claim(self, at_once: int = 1, gpu: str | None = None) -> tuple[str, int] | None:
        """Take the waiting job whose turn it is (``shares``) where fewer than ``at_once`` run on
        this machine -> (id, token).

        ``gpu``: one of this machine that is free, for a job that needs it, or would like to; "":
        none is, and jobs that need one are left to wait. None: nobody counts them.
        """
        moment = now(self.engine)
        # One that was interrupted goes on: it has been at it since it began.
        began = case((JOBS.c.started == 0.0, moment), else_=JOBS.c.started)
        values = {"state": "running", "started": began, "beat": moment, "machine": MACHINE}
        with writing(self.engine) as connection:
            free = at_once - connection.execute(select(_running_here())).scalar_one()
            if free < 1:
                return None
            turns = order(moment, *possible(gpu))
            row = connection.execute(
                update(JOBS)
                .where(JOBS.c.id == select(turns.c.id).where(turns.c.place == 1).scalar_subquery())
                .values(token=JOBS.c.token + 1, gpu=given(gpu or "", alone=free == 1), **values)
                .returning(JOBS.c.id, JOBS.c.token, JOBS.c.user, JOBS.c.beat)
            ).first()
            if row is None:
                return None
            old = (USAGE.c.ended > 0) & (USAGE.c.ended < row.beat - KEPT)
            connection.execute(delete(USAGE).where(old))
            span = {"began": row.beat, "ended": 0.0, "user": row.user}
            connection.execute(insert(USAGE).values(job=row.id, token=row.token, **span))
        return row.id, row.token

    def waits(self, at_once: int, gpu: str | None = None) -> float | None:
        """Since when there is a job that ``claim`` would take; None where there is none."""
        first = select(func.min(JOBS.c.submitted)).where(JOBS.c.state == "queued", *possible(gpu))
        with self.engine.connect() as connection:
            if connection.execute(select(_running_here())).scalar_one() >= at_once:
                return None
            since: float | None = connection.execute(first).scalar_one()
        return since

    def gpus(self) -> dict[str, str]:
        """Which GPU each job has that runs on this machine, of those that have one."""
        here = (JOBS.c.state == "running") & (JOBS.c.machine == MACHINE) & (JOBS.c.gpu != "")
        with self.engine.connect() as connection:
            rows = connection.execute(select(JOBS.c.id, JOBS.c.gpu).where(here))
            return {row.id: row.gpu for row in rows}

    def beat(self, identity: str, token: int) -> Stop:
        """Say that the worker lives; learn whether it should stop. A lost job is cancelled."""
        held = (JOBS.c.id == identity) & (JOBS.c.token == token) & (JOBS.c.state == "running")
        with writing(self.engine) as connection:
            row = connection.execute(
                update(JOBS).where(held).values(beat=now(self.engine)).returning(JOBS.c.stop)
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

    def finish(self, identity: str, token: int, state: Ended, text: str) -> bool:
        """End a job with its result, or with the sentence that says why not -> whether it was
        still the worker's."""
        held = (JOBS.c.id == identity) & (JOBS.c.token == token) & (JOBS.c.state == "running")
        said = {"result": text, "error": ""} if state == "done" else {"error": text}
        with writing(self.engine) as connection:
            row = connection.execute(select(JOBS.c.error).where(held)).first()
            if row is None:
                return False
            if state == "cancelled":
                state, said = _ended(row.error)
            ended = update(JOBS).where(held).values(state=state, finished=now(self.engine), **said)
            connection.execute(ended)
            _let_go(connection, identity, token, now(self.engine))
        return True

    def ask_to_stop(self, identity: str, stop: Stop, why: str = "") -> None:
        """A waiting job is cancelled at once; a running one is told.

        ``why``: the sentence with which it fails, where nobody has cancelled it.
        """
        mine, (state, said) = JOBS.c.id == identity, _ended(why)
        with writing(self.engine) as connection:
            connection.execute(
                update(JOBS).where(mine, JOBS.c.state == "queued")
                .values(state=state, finished=now(self.engine), **said)
            )  # fmt: skip
            # Who has asked to drop everything is not overruled by who asks to keep it.
            told = mine & (JOBS.c.state == "running") & (JOBS.c.stop != "cancel")
            connection.execute(update(JOBS).where(told).values(stop=stop, error=why))

    def lose(self, identity: str, token: int, why: str, *, died: bool = True) -> None:
        """The worker ended without an answer: the job waits for another.

        It is given up where it ``died`` too often without getting further; ``why`` then says
        so of so many ``times``, and of the ``stage`` beyond which none got.
        """
        held = (JOBS.c.id == identity) & (JOBS.c.token == token) & (JOBS.c.state == "running")
        columns = (JOBS.c.stop, JOBS.c.stage, JOBS.c.fraction, JOBS.c.beat, JOBS.c.error)
        with writing(self.engine) as connection:
            row = connection.execute(select(*columns).where(held)).first()
            if row is None:
                return
            values: dict[str, Any] = {"state": "queued", "stage": AGAIN}
            if row.stop == "cancel":
                state, ended = _ended(row.error)
                values = {"state": state, "finished": now(self.engine), **ended}
            elif died:
                times, stage = self._deaths(connection, identity, row)
                if times >= ATTEMPTS:
                    said = why.format(times=times, stage=stage or "the start")
                    values = {"state": "failed", "finished": now(self.engine), "error": said}
            connection.execute(update(JOBS).where(held).values(**values))
            _let_go(connection, identity, token, row.beat)

    def _deaths(self, connection: Connection, identity: str, row: Any) -> tuple[int, str]:
        """Note that a worker died -> how many have, since one got further than those before, and
        the stage that this one had come to."""
        mine = select(EVENTS.c.body).where(EVENTS.c.job == identity, EVENTS.c.kind == DIED)
        before = [
            json.loads(body)
            for body in connection.execute(mine.order_by(EVENTS.c.number)).scalars()
            if body is not None
        ]
        body: dict[str, Any] = {"stage": row.stage, "fraction": row.fraction, "times": 1}
        furthest = max(before, key=lambda one: one["fraction"], default=None)
        if furthest is not None and row.fraction <= furthest["fraction"]:
            body["times"] = before[-1]["times"] + 1
        else:
            furthest = body
        connection.execute(insert(EVENTS).values(job=identity, kind=DIED, body=json.dumps(body)))
        return body["times"], furthest["stage"]

    def running(self) -> list[tuple[str, int, float]]:
        """Running jobs, whose they are, and the last heartbeat of each."""
        held = select(JOBS.c.id, JOBS.c.token, JOBS.c.beat).where(JOBS.c.state == "running")
        with self.engine.connect() as connection:
            return [(row.id, row.token, row.beat) for row in connection.execute(held)]

    def alive(self) -> list[str]:
        """Ids of jobs that are not over."""
        query = select(JOBS.c.id).where(JOBS.c.state.in_(("queued", "running")))
        with self.engine.connect() as connection:
            return list(connection.execute(query).scalars())

    def overdue(self, seconds: float) -> list[str]:
        """Running jobs which workers have held for longer, and that nobody has told to stop."""
        held = ran().subquery()
        late = (held.c.seconds > seconds) & (JOBS.c.state == "running") & (JOBS.c.stop != "cancel")
        query = select(JOBS.c.id).join(held, held.c.id == JOBS.c.id).where(late)
        with self.engine.connect() as connection:
            return list(connection.execute(query).scalars())

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
            turns = order(now(self.engine))
            mine = select(turns.c.place).where(turns.c.id == identity)
            place = connection.execute(mine).scalar() if row.state == "queued" else 0
        return _job(row, events, place or 0)

    def list(self) -> tuple[Job, ...]:
        """Newest first, without epochs and without those that are damaged."""
        return self._sorted_out()[0]

    def damaged(self) -> tuple[Damaged, ...]:
        """Those that cannot be read, such as one of an earlier version of the program."""
        return self._sorted_out()[1]

    def _sorted_out(self) -> tuple[tuple[Job, ...], tuple[Damaged, ...]]:
        turns = order(now(self.engine))
        with self.engine.connect() as connection:
            rows = connection.execute(select(JOBS).order_by(JOBS.c.submitted)).all()
            place = {one.id: one.place for one in connection.execute(select(turns))}
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
            beat = select(JOBS.c.beat).where(JOBS.c.id == identity).scalar_subquery()
            held = USAGE.c.job.in_(mine) & (USAGE.c.ended == 0.0)
            connection.execute(update(USAGE).where(held).values(ended=beat))
            connection.execute(delete(EVENTS).where(EVENTS.c.job.in_(mine)))
            connection.execute(delete(JOBS).where(JOBS.c.id == identity, ended))


def _not_too_many(connection: Connection) -> None:
    queued = select(func.count()).where(JOBS.c.state == "queued")
    if connection.execute(queued).scalar_one() >= QUEUED_AT_MOST:
        raise UserError(
            f"{QUEUED_AT_MOST:,} jobs are waiting already", "",
            "Wait until some are done, or cancel those that are not needed.",
        )  # fmt: skip


def _running_here() -> ScalarSelect[int]:
    here = (JOBS.c.state == "running") & (JOBS.c.machine == MACHINE)
    return select(func.count()).where(here).scalar_subquery()


def _ended(why: str) -> tuple[Ended, dict[str, str]]:
    """How a job has ended that was to be dropped, and what it says."""
    return ("failed", {"error": why}) if why else ("cancelled", {"error": ""})


def _let_go(connection: Connection, job: str, token: int, moment: Moment) -> None:
    """Whoever held a job has held it until then."""
    mine = (USAGE.c.job == job) & (USAGE.c.token == token) & (USAGE.c.ended == 0.0)
    connection.execute(update(USAGE).where(mine).values(ended=moment))


def _job(row: Any, events: Sequence[Any], place: int) -> Job:
    with reading("job", "what is kept of it"):
        told = [(event.kind, json.loads(event.body)) for event in events]
        kept = row._asdict() | {
            "work": json.loads(row.work), "place": place,
            "interrupted": sum(kind == DIED for kind, _ in told),
            "epochs": _as_it_went_on([body for kind, body in told if kind == "epoch"]),
            # What each attempt says again is said once.
            "notes": list(dict.fromkeys(body for kind, body in told if kind == "note")),
        }  # fmt: skip
        return from_plain(Job, kept)  # type: ignore[no-any-return]


def _as_it_went_on(epochs: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Without those that an attempt which died went through, and the next went through again."""
    kept: list[dict[str, Any]] = []
    for one in epochs:
        while kept and kept[-1]["epoch"] >= one["epoch"]:
            kept.pop()
        kept.append(one)
    return kept


@dataclass
class Leases:
    """Whose heartbeat has not moved for so long, by the clock of this process: neither a clock that
    is set, nor another machine's takes a job from its worker.

    Only time that was watched counts. While a machine slept, or the database did not answer, no
    worker could be heard.

    Attributes:
        seen: the heartbeat of each running job, and for how many seconds it has been the same.
        looked: ``time.monotonic`` of the last look.
    """

    jobs: Jobs
    seen: dict[tuple[str, int], tuple[float, float]] = field(default_factory=dict)
    looked: float = field(default_factory=time.monotonic)

    def lapsed(self) -> list[tuple[str, int]]:
        """Jobs whose worker is gone, or unheard of; ask this again and again."""
        running, moment = self.jobs.running(), time.monotonic()
        watched, self.looked = min(moment - self.looked, LOOK_AGAIN), moment
        before, self.seen = self.seen, {}
        for identity, token, beat in running:
            held = (identity, token)
            last, silent = before.get(held, (None, 0.0))
            self.seen[held] = (beat, silent + watched if beat == last else 0.0)
        return [held for held, (_, silent) in self.seen.items() if silent > LEASE]
