"""Whose turn it is, and the machine time that each user has used.

The user with the fewest running jobs comes first (max-min fair sharing, as in Zaharia et al.,
Delay Scheduling, EuroSys 2010, section 2), of those who run as many whoever has used the machines
least in the last day, then who came first. Where there is one user: first come, first served.
"""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import (
    ColumnElement,
    Engine,
    Select,
    Subquery,
    and_,
    case,
    delete,
    exists,
    func,
    insert,
    or_,
    select,
)

from pmed_core.quota import DAY
from pmed_core.store.database import JOBS, USAGE, writing
from pmed_core.store.dialects import now

Moment = ColumnElement[float] | float
KEPT = 31 * DAY
"""So long it is known who has used how much."""

ENDED = case((USAGE.c.ended > 0, USAGE.c.ended), else_=func.coalesce(JOBS.c.beat, 0.0))
"""Whoever holds a job still has held it until its last heartbeat."""


def order(moment: Moment, *only: ColumnElement[bool]) -> Subquery:
    """Waiting jobs, of ``only`` such, by ``id`` and ``place``, from 1: as they would be taken if no
    other came and none ended."""
    others = JOBS.alias()
    running = (
        select(others.c.user, func.count().label("jobs"))
        .where(others.c.state == "running").group_by(others.c.user).subquery()
    )  # fmt: skip
    spent = used(moment).subquery()
    of_user = func.row_number().over(
        partition_by=JOBS.c.user, order_by=(JOBS.c.submitted, JOBS.c.id)
    )
    turns = (
        select(
            JOBS.c.id, JOBS.c.submitted,
            (of_user + func.coalesce(running.c.jobs, 0)).label("turn"),
            func.coalesce(spent.c.seconds, 0.0).label("seconds"),
        )
        .outerjoin(running, running.c.user == JOBS.c.user)
        .outerjoin(spent, spent.c.user == JOBS.c.user)
        .where(JOBS.c.state == "queued", *only).subquery()
    )  # fmt: skip
    by = (turns.c.turn, turns.c.seconds, turns.c.submitted, turns.c.id)
    return select(turns.c.id, func.row_number().over(order_by=by).label("place")).subquery()


def used(moment: Moment) -> Select[tuple[str, float]]:
    """Seconds of machine time by ``user``, in the day before a moment."""
    spans = _spans(moment).subquery()
    seconds = func.sum(spans.c.ended - spans.c.began).label("seconds")
    return select(spans.c.user, seconds).group_by(spans.c.user)


def _spans(moment: Moment) -> Select[tuple[str, float, float]]:
    """When workers held jobs in the day before a moment, and whose."""
    since = moment - DAY
    began = case((USAGE.c.began > since, USAGE.c.began), else_=since)
    held = and_(JOBS.c.id == USAGE.c.job, JOBS.c.token == USAGE.c.token)
    recent = (USAGE.c.ended == 0) | (USAGE.c.ended > since)
    return (
        select(USAGE.c.user, began.label("began"), ENDED.label("ended"))
        .select_from(USAGE.outerjoin(JOBS, held)).where(recent, began < ENDED)
    )  # fmt: skip


def ran() -> Select[tuple[str, float]]:
    """Seconds for which workers have held each job that is not over, by ``id``."""
    mine = and_(USAGE.c.job == JOBS.c.id, USAGE.c.began >= JOBS.c.submitted)
    lasted = case((USAGE.c.began < ENDED, ENDED - USAGE.c.began), else_=0.0)
    return (
        select(JOBS.c.id, func.coalesce(func.sum(lasted), 0.0).label("seconds"))
        .select_from(JOBS.outerjoin(USAGE, mine))
        .where(JOBS.c.state.in_(("queued", "running"))).group_by(JOBS.c.id)
    )  # fmt: skip


def possible(gpu: str | None) -> tuple[ColumnElement[bool], ...]:
    """Which jobs can run where that GPU is free."""
    return (JOBS.c.device != "gpu",) if gpu == "" else ()


def given(gpu: str, *, alone: bool) -> ColumnElement[str]:
    """Whether the job that is taken gets the GPU. One that would like it leaves it to one that
    needs it, unless no other can run here beside it (``alone``)."""
    others = JOBS.alias()
    needed = exists().where(others.c.state == "queued", others.c.device == "gpu")
    likes = JOBS.c.device == "auto" if alone else (JOBS.c.device == "auto") & ~needed
    return case((or_(JOBS.c.device == "gpu", likes), gpu), else_="")


@dataclass(frozen=True)
class Usage:
    """What one home knows of the machine time of its users."""

    engine: Engine

    def spans(self, user: str) -> tuple[tuple[float, float], ...]:
        """When a user's jobs ran in the last day: (from, to), in seconds before now, oldest
        first."""
        moment = now(self.engine)
        spans = _spans(moment).where(USAGE.c.user == user).subquery()
        query = select(moment - spans.c.began, moment - spans.c.ended).order_by(spans.c.began)
        with self.engine.connect() as connection:
            return tuple((float(row[0]), float(row[1])) for row in connection.execute(query))

    def expected(self, user: str) -> float:
        """Seconds that a user's jobs which wait or run are still expected to take."""
        done = ran().subquery()
        query = (
            select(JOBS.c.expected, done.c.seconds)
            .join(done, done.c.id == JOBS.c.id).where(JOBS.c.user == user)
        )  # fmt: skip
        with self.engine.connect() as connection:
            return sum((max(0.0, whole - part) for whole, part in connection.execute(query)), 0.0)

    def rests(self, job: str, token: int) -> None:
        """Whoever holds the job only waits for room to run it: that is no machine time."""
        mine = (USAGE.c.job == job) & (USAGE.c.token == token) & (USAGE.c.ended == 0.0)
        with writing(self.engine) as connection:
            connection.execute(delete(USAGE).where(mine))

    def begins(self, job: str, token: int) -> None:
        """What rested runs from now on, where that token still holds it."""
        held = (JOBS.c.id == job) & (JOBS.c.token == token) & (JOBS.c.state == "running")
        with writing(self.engine) as connection:
            row = connection.execute(select(JOBS.c.user).where(held)).first()
            if row is not None:
                span = {"began": now(self.engine), "ended": 0.0, "user": row.user}
                connection.execute(insert(USAGE).values(job=job, token=token, **span))

    def total(self) -> float:
        """Seconds of all users in the last day."""
        spent = used(now(self.engine)).subquery()
        with self.engine.connect() as connection:
            query = select(func.coalesce(func.sum(spent.c.seconds), 0.0))
            return float(connection.execute(query).scalar_one())
