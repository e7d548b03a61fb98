"""Users, projects, roles and sign-ins of a hosted installation.

They are kept beside the projects, in a database of their own: a project's holds patients.
"""

from __future__ import annotations

import secrets
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sqlalchemy import (
    Column,
    Connection,
    Engine,
    Float,
    Integer,
    MetaData,
    Row,
    Select,
    String,
    Table,
    Text,
    delete,
    func,
    insert,
    select,
    update,
)

from pmed_core.accounts import Access, Claims, Member, Project, Role, User, rights_of
from pmed_core.bounds import NAME_LENGTH
from pmed_core.errors import Refused, UserError
from pmed_core.quota import MOST_HOURS
from pmed_core.settings import settings
from pmed_core.store.database import connect, writing
from pmed_core.store.dialects import shared
from pmed_core.store.migrations import NAME

METADATA = MetaData(info={NAME: "accounts"})
USERS = Table(
    "users", METADATA,
    Column("id", String(32), primary_key=True),
    Column("name", Text, nullable=False),
    Column("email", Text, nullable=False),
    Column("subject", Text, nullable=False),
    Column("administrator", Integer, nullable=False),
    Column("created", Float, nullable=False),
    Column("hours", Float, nullable=True),
)  # fmt: skip
PROJECTS = Table(
    "projects", METADATA,
    Column("id", String(32), primary_key=True),
    Column("name", Text, nullable=False, unique=True),
)  # fmt: skip
MEMBERS = Table(
    "members", METADATA,
    Column("user", String(32), primary_key=True),
    Column("project", String(32), primary_key=True),
    Column("role", String(16), nullable=False),
)  # fmt: skip
SESSIONS = Table(
    "sessions", METADATA,
    Column("id", String(64), primary_key=True),
    Column("user", String(32), nullable=False),
    Column("started", Float, nullable=False),
    Column("seen", Float, nullable=False),
    Column("ended", Float, nullable=False),
)  # fmt: skip

FILE = "accounts.sqlite"
SIGN_IN = "Sign in again."
NOTED_SECONDS = 5.0
"""That somebody is still there is written down no more often."""


def opened(home: Path) -> Engine:
    """The database of an installation's users, made where there is none: that of the settings where
    all homes share it, else a file of its own. Raises ``UserError``."""
    chosen = settings().database
    return connect(chosen if shared(chosen) else f"sqlite:///{home / FILE}", home, METADATA)


def known(home: Path) -> bool:
    """Whether there may be users, projects and an audit, without making any."""
    return shared(settings().database) or (home / FILE).exists()


@dataclass(frozen=True)
class Limits:
    """How long a sign-in holds, in seconds: without anything being done, and at all."""

    idle: float
    absolute: float


USUAL = Limits(15 * 60.0, 10 * 3600.0)


@dataclass(frozen=True)
class Accounts:
    """Who is known, who may what, and who is signed in."""

    engine: Engine
    limits: Limits

    @classmethod
    def open(cls, home: Path, limits: Limits = USUAL) -> Accounts:
        """Those of an installation, made where there are none."""
        return cls(opened(home), limits)

    def arrive(self, claims: Claims, administrator: str = "") -> bool:
        """Somebody did something -> whether this is a new sign-in.

        A new one makes the user known, without any right. The first user whose subject, or e-mail
        that the provider vouches for, is ``administrator`` becomes one, as long as there is none.
        Raises ``Refused`` where the sign-in has ended.
        """
        now = time.time()
        with self.engine.connect() as reading:
            held = reading.execute(_session(claims)).first()
        if held is not None and now - held.seen < NOTED_SECONDS and not held.ended:
            return False
        with writing(self.engine) as connection:
            row = connection.execute(_session(claims)).first()
            if row is not None:
                self._holds(row.started, row.seen, row.ended)
                mine = SESSIONS.c.id == claims.session
                connection.execute(update(SESSIONS).where(mine).values(seen=now))
                return False
            # One that was signed long ago and is first seen now was kept by somebody meanwhile.
            started = min(now, claims.issued)
            self._holds(started, started, 0.0)
            connection.execute(
                insert(SESSIONS).values(
                    id=claims.session, user=claims.user, started=started, seen=now, ended=0.0
                )
            )
            _known(connection, claims, administrator)
        return True

    def access(self, claims: Claims, project: str) -> Access:
        """What whoever has signed in so may do in a project, now; raises ``Refused`` where the
        sign-in has ended or was never noted."""
        with self.engine.connect() as connection:
            row = connection.execute(_session(claims)).first()
            if row is None or row.user != claims.user:
                raise Refused("Nobody is signed in", "", "Sign in.")
            left = self._holds(row.started, row.seen, row.ended)
            user = connection.execute(select(USERS).where(USERS.c.id == claims.user)).first()
            if user is None:
                raise Refused("This account was removed", "", "Ask an administrator.")
            mine = (MEMBERS.c.user == claims.user) & (MEMBERS.c.project == project)
            found = connection.execute(
                select(MEMBERS.c.role, PROJECTS.c.id, PROJECTS.c.name)
                .join(PROJECTS, PROJECTS.c.id == MEMBERS.c.project).where(mine)
            ).first()  # fmt: skip
        who = _user(user)
        there = Project(found.id, found.name) if found else None
        rights = rights_of(who, Role(found.role) if found else None)
        return Access(who, claims.session, there, rights, left)

    def _holds(self, started: float, seen: float, ended: float) -> float:
        """Seconds that a sign-in still has; raises ``Refused`` where it is over."""
        now = time.time()
        if ended:
            raise Refused("You have signed out", "", SIGN_IN)
        if now - started > self.limits.absolute:
            hours = self.limits.absolute / 3600
            raise Refused(f"You were signed in for {hours:g} hours", "", SIGN_IN)
        if now - seen > self.limits.idle:
            minutes = self.limits.idle / 60
            raise Refused(f"Nothing was done for {minutes:g} minutes", "", SIGN_IN)
        return min(started + self.limits.absolute, seen + self.limits.idle) - now

    def leave(self, session: str) -> None:
        """End a sign-in: its cookie is worth nothing from now on."""
        with writing(self.engine) as connection:
            mine = SESSIONS.c.id == session
            connection.execute(update(SESSIONS).where(mine).values(ended=time.time()))

    def projects_of(self, user: str) -> tuple[Project, ...]:
        """Those in which a user has a role, by name."""
        return tuple(one for one in self.projects() if (user, one.id) in self._members())

    def users(self) -> tuple[User, ...]:
        """By name."""
        with self.engine.connect() as connection:
            rows = connection.execute(select(USERS).order_by(func.lower(USERS.c.name), USERS.c.id))
            return tuple(_user(row) for row in rows)

    def projects(self) -> tuple[Project, ...]:
        """By name."""
        with self.engine.connect() as connection:
            rows = connection.execute(select(PROJECTS).order_by(func.lower(PROJECTS.c.name)))
            return tuple(Project(row.id, row.name) for row in rows)

    def members(self) -> tuple[Member, ...]:
        """Who has which role where."""
        return tuple(Member(*key, role) for key, role in self._members().items())

    def _members(self) -> dict[tuple[str, str], Role]:
        with self.engine.connect() as connection:
            rows = connection.execute(select(MEMBERS).order_by(MEMBERS.c.user, MEMBERS.c.project))
            return {(row.user, row.project): Role(row.role) for row in rows}

    def add_project(self, name: str) -> str:
        """Make a project without members -> its id; raises ``UserError``."""
        name = " ".join(name.split())
        if not name or len(name) > NAME_LENGTH:
            what = f"A project needs a name of at most {NAME_LENGTH} letters"
            raise UserError(what, "", "Type another.")
        taken = {one.name.casefold() for one in self.projects()}
        if name.casefold() in taken:
            raise UserError("There is a project of that name", name, "Type another.")
        identity = secrets.token_hex(16)
        with writing(self.engine) as connection:
            connection.execute(insert(PROJECTS).values(id=identity, name=name))
        return identity

    def remove_project(self, project: str) -> None:
        """Forget a project and all roles in it."""
        with writing(self.engine) as connection:
            connection.execute(delete(MEMBERS).where(MEMBERS.c.project == project))
            connection.execute(delete(PROJECTS).where(PROJECTS.c.id == project))

    def give(self, user: str, project: str, role: Role | None) -> None:
        """Give a user a role in a project, or take it; raises ``UserError`` for an unknown one."""
        with writing(self.engine) as connection:
            _must_be(connection, USERS, user, "user")
            _must_be(connection, PROJECTS, project, "project")
            mine = (MEMBERS.c.user == user) & (MEMBERS.c.project == project)
            connection.execute(delete(MEMBERS).where(mine))
            if role is not None:
                connection.execute(insert(MEMBERS).values(user=user, project=project, role=role))

    def make_administrator(self, user: str, administrator: bool) -> None:
        """Or no longer; raises ``UserError`` for the last one."""
        with writing(self.engine) as connection:
            _must_be(connection, USERS, user, "user")
            others = (USERS.c.administrator == 1) & (USERS.c.id != user)
            left = connection.execute(select(func.count()).where(others)).scalar_one()
            if not administrator and not left:
                raise UserError(
                    "This is the last administrator", "", "Make another user one first."
                )
            mine = USERS.c.id == user
            connection.execute(update(USERS).where(mine).values(administrator=int(administrator)))

    def give_hours(self, user: str, hours: float | None) -> None:
        """Of machine time a day; None: as many as the installation says. Raises ``UserError``."""
        if hours is not None and not (0 <= hours <= MOST_HOURS):
            raise UserError(
                "This is no number of hours", f"{hours:g}", f"Type one from 0 to {MOST_HOURS:,}."
            )
        with writing(self.engine) as connection:
            _must_be(connection, USERS, user, "user")
            connection.execute(update(USERS).where(USERS.c.id == user).values(hours=hours))


def _session(claims: Claims) -> Select[Any]:
    return select(SESSIONS).where(SESSIONS.c.id == claims.session)


def _known(connection: Connection, claims: Claims, administrator: str) -> None:
    """Make whoever signs in known, by the name that the provider gives them now."""
    told = {"name": claims.name, "email": claims.email, "subject": claims.subject}
    mine = USERS.c.id == claims.user
    if connection.execute(select(USERS.c.id).where(mine)).first():
        connection.execute(update(USERS).where(mine).values(**told))
    else:
        connection.execute(
            insert(USERS).values(id=claims.user, administrator=0, created=time.time(), **told)
        )
    named = administrator.strip().casefold()
    ours = {claims.subject.casefold(), claims.email.casefold()} - {""}
    there = select(func.count()).where(USERS.c.administrator == 1)
    if named in ours and not connection.execute(there).scalar_one():
        connection.execute(update(USERS).where(mine).values(administrator=1))


def _must_be(connection: Connection, table: Table, identity: str, what: str) -> None:
    if not connection.execute(select(table.c.id).where(table.c.id == identity)).first():
        raise UserError(f"There is no such {what}", "", "Choose one from the list.")


def _user(row: Row[Any]) -> User:
    told = row._asdict()
    return User(**told | {"administrator": bool(told["administrator"])})
