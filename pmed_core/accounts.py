"""Who may do what where several people use one installation: users, projects, roles and rights."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any


class Right(StrEnum):
    """What a verb of the service asks of whoever calls it."""

    LOOK = "see models, their performance, and jobs"
    ASK = "see patients and scans, and ask models about them"
    CORRECT = "correct labels of scans"
    PREPARE = "bring in, correct and delete cohorts"
    FOLDERS = "bring in folders of the server"
    BUILD = "train, change, import and delete models"
    ADMINISTER = "keep users, projects and the audit"


class Role(StrEnum):
    """Of a user within one project."""

    VIEWER = "viewer"
    CLINICIAN = "clinician"
    DATA_SCIENTIST = "data scientist"


ALLOWED: Mapping[Role, frozenset[Right]] = {
    Role.VIEWER: frozenset({Right.LOOK}),
    Role.CLINICIAN: frozenset({Right.LOOK, Right.ASK, Right.CORRECT}),
    Role.DATA_SCIENTIST: frozenset(set(Right) - {Right.FOLDERS, Right.ADMINISTER}),
}
"""What is not named here is refused. Administrators are users of the whole installation; without a
role in a project they see none of its patients."""


@dataclass(frozen=True)
class Claims:
    """Who somebody is, as the identity provider has signed it.

    Attributes:
        issuer, subject: together they name one person for ever (OpenID Connect Core, 5.7).
        email: empty where the provider does not vouch for it (``email_verified``).
        issued: when, in seconds since 1970.
        session: tells this sign-in from all others; from what was signed, and not to be guessed.
    """

    issuer: str
    subject: str
    name: str
    email: str
    issued: float
    session: str

    @property
    def user(self) -> str:
        """The id of that person here."""
        return hashlib.sha256(f"{self.issuer}\0{self.subject}".encode()).hexdigest()[:32]


def claims_of(signed: Mapping[str, Any]) -> Claims | None:
    """What a token said that was verified already; None where it does not say who it is of, when
    it was signed, or which sign-in it answers."""
    issuer, subject, nonce = (signed.get(key) for key in ("iss", "sub", "nonce"))
    issued = signed.get("iat")
    texts = [one for one in (issuer, subject, nonce) if isinstance(one, str) and one]
    if len(texts) < 3 or isinstance(issued, bool) or not isinstance(issued, int | float):
        return None
    email = str(signed.get("email") or "") if signed.get("email_verified") is True else ""
    name = str(signed.get("name") or email or subject)
    session = hashlib.sha256(json.dumps([*texts, issued]).encode()).hexdigest()
    return Claims(str(issuer), str(subject), name[:200], email[:200], float(issued), session)


@dataclass(frozen=True)
class User:
    """Somebody who has signed in at least once.

    ``hours``: of machine time that they may use in a day; None: as the installation says.
    """

    id: str
    name: str
    email: str
    subject: str
    administrator: bool
    created: float
    hours: float | None = None


@dataclass(frozen=True)
class Project:
    """What belongs together and is kept apart from everything else: a department, a study."""

    id: str
    name: str


@dataclass(frozen=True)
class ApiKey:
    """A key with which another system asks the models of one project; the key itself is not kept.

    Attributes:
        id: the part of it that is no secret.
        name: of the system that holds it.
        made, revoked: when, in seconds since 1970; ``revoked`` is 0 where it holds.
    """

    id: str
    project: str
    name: str
    made: float
    revoked: float


@dataclass(frozen=True)
class Member:
    """A user's role in a project."""

    user: str
    project: str
    role: Role


@dataclass(frozen=True)
class Access:
    """A user whose sign-in holds, in a project or in none.

    Attributes:
        session: of this sign-in.
        expires: seconds until it ends unless something is done; 0 where it never does.
    """

    user: User
    session: str
    project: Project | None
    rights: frozenset[Right]
    expires: float = 0.0


SYSTEMS = frozenset({Right.LOOK, Right.ASK})
"""What other systems may do with a key."""


def rights_of(user: User, role: Role | None) -> frozenset[Right]:
    """What a user may do with that role in a project, or with none.

    The server's folders are those of all projects: of them administrators alone bring in.
    """
    rights = set(ALLOWED[role]) if role else set[Right]()
    if user.administrator:
        rights |= {Right.ADMINISTER} | ({Right.FOLDERS} if Right.PREPARE in rights else set())
    return frozenset(rights)
