"""The keys with which other systems ask: of each a digest is kept, in the database of users."""

from __future__ import annotations

import hmac
import secrets
import time
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Any

from sqlalchemy import Column, Engine, Float, Row, String, Table, Text, insert, select, update

from pmed_core.accounts import SYSTEMS, Access, ApiKey, Project, User
from pmed_core.bounds import NAME_LENGTH
from pmed_core.errors import Refused, UserError
from pmed_core.store.accounts import METADATA, PROJECTS, opened
from pmed_core.store.database import writing

BEGIN = "pmed"
API_KEYS = Table(
    "api_keys", METADATA,
    Column("id", String(32), primary_key=True),
    Column("project", String(32), nullable=False),
    Column("name", Text, nullable=False),
    Column("digest", String(64), nullable=False),
    Column("made", Float, nullable=False),
    Column("revoked", Float, nullable=False),
)  # fmt: skip
NO_KEY = ("This key is not known, or was revoked", "", "Ask an administrator for another.")


@dataclass(frozen=True)
class ApiKeys:
    """Make, list, revoke, recognise."""

    engine: Engine

    @classmethod
    def open(cls, home: Path) -> ApiKeys:
        """Those of an installation."""
        return cls(opened(home))

    def make(self, project: str, name: str) -> str:
        """A new key of a project, "" on a laptop, for the system of that name -> the key, which is
        told once. Raises ``UserError``."""
        name = " ".join(name.split())
        if not name or len(name) > NAME_LENGTH:
            what = (
                f"A key needs the name of the system that holds it, at most {NAME_LENGTH} letters"
            )
            raise UserError(what, "", "Type another.")
        if project and self._project(project) is None:
            raise UserError("There is no such project", "", "Choose one from the list.")
        identity, secret = secrets.token_hex(8), secrets.token_urlsafe(32)
        with writing(self.engine) as connection:
            connection.execute(
                insert(API_KEYS).values(
                    id=identity, project=project, name=name, digest=_digest(secret),
                    made=time.time(), revoked=0.0,
                )
            )  # fmt: skip
        return f"{BEGIN}_{identity}_{secret}"

    def revoke(self, identity: str) -> None:
        """From now on a key opens nothing; raises ``UserError`` for an unknown one."""
        with writing(self.engine) as connection:
            mine = (API_KEYS.c.id == identity) & (API_KEYS.c.revoked == 0.0)
            ended = connection.execute(update(API_KEYS).where(mine).values(revoked=time.time()))
            if not ended.rowcount:
                raise UserError("There is no such key that holds", "", "Choose one from the list.")

    def of(self, project: str) -> tuple[ApiKey, ...]:
        """All of a project, newest first."""
        query = select(API_KEYS).where(API_KEYS.c.project == project)
        with self.engine.connect() as connection:
            rows = connection.execute(query.order_by(API_KEYS.c.made.desc(), API_KEYS.c.id))
            return tuple(_key(row) for row in rows)

    def recognise(self, shown: str) -> str:
        """The id of a key that holds, as a system has shown it; raises ``Refused``."""
        begin, _, rest = shown.partition("_")
        identity, _, secret = rest.partition("_")
        row = self._row(identity)
        kept = row.digest if row is not None else _digest("")
        right = hmac.compare_digest(kept, _digest(secret))
        if begin != BEGIN or row is None or row.revoked or not right:
            raise Refused(*NO_KEY)
        return str(row.id)

    def access(self, identity: str) -> Access:
        """What whoever holds a key may do now; raises ``Refused`` where it was revoked, or its
        project was deleted."""
        row = self._row(identity)
        if row is None or row.revoked:
            raise Refused(*NO_KEY)
        project = self._project(row.project)
        if row.project and project is None:
            raise Refused(*NO_KEY)
        who = User(row.id, row.name, "", f"key:{row.id}", False, row.made)
        return Access(who, f"key:{row.id}", project, SYSTEMS)

    def _row(self, identity: str) -> Row[Any] | None:
        with self.engine.connect() as connection:
            return connection.execute(select(API_KEYS).where(API_KEYS.c.id == identity)).first()

    def _project(self, identity: str) -> Project | None:
        with self.engine.connect() as connection:
            query = select(PROJECTS).where(PROJECTS.c.id == identity)
            row = connection.execute(query).first()
        return Project(row.id, row.name) if row else None


def _digest(secret: str) -> str:
    """Of 256 random bits, which nobody can try out: nothing slower is needed."""
    return sha256(secret.encode()).hexdigest()


def _key(row: Row[Any]) -> ApiKey:
    return ApiKey(row.id, row.project, row.name, row.made, row.revoked)
