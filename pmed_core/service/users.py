"""What an administrator may do: who may use a hosted installation, in which project, as what."""

from __future__ import annotations

from pmed_core.accounts import Member, Project, Right, Role, User
from pmed_core.service import access
from pmed_core.service.access import may
from pmed_core.settings import settings
from pmed_core.store import shredding


@may(Right.ADMINISTER, recorded=False)
def users() -> tuple[User, ...]:
    """Everybody who has signed in at least once."""
    return access.accounts().users()


@may(Right.ADMINISTER, recorded=False)
def projects() -> tuple[Project, ...]:
    """All of this installation."""
    return access.accounts().projects()


@may(Right.ADMINISTER, recorded=False)
def members() -> tuple[Member, ...]:
    """Who has which role in which project."""
    return access.accounts().members()


@may(Right.ADMINISTER)
def add_project(name: str) -> str:
    """Make a project, in which nobody has a role yet -> its id; raises ``UserError``."""
    return access.accounts().add_project(name)


@may(Right.ADMINISTER)
def delete_project(project: str, name: str) -> None:
    """Delete a project with all that it holds for good, which needs its ``name`` as a person has
    typed it; raises ``UserError`` where that is another."""
    shredding.delete_project(settings(), access.accounts(), project, name)
    access.changed()


@may(Right.ADMINISTER)
def give(user: str, project: str, role: Role | None) -> None:
    """Give a user a role in a project; None takes it. Raises ``UserError``."""
    access.accounts().give(user, project, role)
    access.changed()


@may(Right.ADMINISTER)
def make_administrator(user: str, administrator: bool) -> None:
    """Or no longer; raises ``UserError`` for the last one."""
    access.accounts().make_administrator(user, administrator)
    access.changed()


@may(Right.ADMINISTER)
def give_hours(user: str, hours: float | None) -> None:
    """Let a user use so many hours of machine time a day; None: as many as the installation says.
    Raises ``UserError``."""
    access.accounts().give_hours(user, hours)
    access.changed()
