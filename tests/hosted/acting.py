"""People who act in a hosted installation, without a browser."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager

from pmed_core.accounts import Claims, Role
from pmed_core.service import access
from pmed_core.settings import settings

ISSUER = "https://provider.example"


def claims(name: str, sign_in: str = "1") -> Claims:
    return Claims(
        ISSUER, f"s-{name}", name.capitalize(), f"{name}@example.org", time.time(),
        f"{name}-{sign_in}",
    )  # fmt: skip


@contextmanager
def acting(name: str, project: str = "", sign_in: str = "1") -> Iterator[Claims]:
    """Inside, this thread is somebody who has signed in and is in that project."""
    who = claims(name, sign_in)
    access.tell_by(lambda: access.Asking(who, project))
    access.changed()
    try:
        access.arrive()
        yield who
    finally:
        access.tell_by(lambda: None)
        access.changed()


def project(name: str, **roles: Role) -> str:
    """A project in which these people have these roles -> its id."""
    kept = access.accounts()
    identity = kept.add_project(name)
    for person, role in roles.items():
        kept.arrive(claims(person), settings().administrator)
        kept.give(claims(person).user, identity, role)
    access.changed()
    return identity
