"""Keys with which other systems ask the models of a project."""

from __future__ import annotations

from pmed_core.accounts import ApiKey, Right
from pmed_core.service import access
from pmed_core.service.access import may


@may(Right.ADMINISTER, recorded=False)
def keys(project: str) -> tuple[ApiKey, ...]:
    """All of a project, newest first."""
    return access.api_keys().of(project)


@may(Right.ADMINISTER)
def make(project: str, name: str) -> str:
    """A new key of a project for the system of that name -> the key, which is told once.

    Raises ``UserError``.
    """
    return access.api_keys().make(project, name)


@may(Right.ADMINISTER)
def revoke(key: str) -> None:
    """From now on the key of that id opens nothing; raises ``UserError`` for an unknown one."""
    access.api_keys().revoke(key)
    access.changed()
