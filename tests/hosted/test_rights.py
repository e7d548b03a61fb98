"""No verb without a right, no right without a role, no store without a verb."""

from __future__ import annotations

import importlib
import inspect
import pkgutil
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from pmed_core import service
from pmed_core.accounts import ALLOWED, Right, Role
from pmed_core.errors import Refused
from pmed_core.service import access, cohorts, models, training, users
from pmed_core.service.hub import hub
from pmed_core.settings import settings
from tests.hosted.acting import acting, project

THEMSELVES = {"access", "hub", "records", "snapshot"}
"""The modules that ask, and what they ask with."""
OPEN = {
    # They touch neither store nor engine: what they work on is handed to them.
    "cohorts.samples", "models.unpacked", "scans.outline", "sources.nothing_is_lost",
    "uploads.sketch", "uploads.stream", "uploads.together", "viewing.windows",
}  # fmt: skip
ROLES: tuple[Role | None, ...] = (None, *Role)


def verbs() -> Iterator[tuple[str, Callable[..., Any]]]:
    for found in pkgutil.iter_modules(service.__path__):
        if found.name in THEMSELVES:
            continue
        module = importlib.import_module(f"pmed_core.service.{found.name}")
        for name, verb in inspect.getmembers(module, inspect.isfunction):
            if verb.__module__ == module.__name__ and not name.startswith("_"):
                yield f"{found.name}.{name}", verb


ALL = dict(verbs())
RIGHTS = {name: getattr(verb, access.RIGHT, None) for name, verb in ALL.items()}


def called(name: str) -> None:
    """With anything: whether it may be asked is decided before what is asked is looked at."""
    verb = ALL[name]
    needed = [p for p in inspect.signature(verb).parameters.values() if p.default is p.empty]
    verb(*[None for _ in needed])


def test_every_verb_says_what_right_it_asks_for() -> None:
    assert {name for name, right in RIGHTS.items() if right is None} == OPEN
    assert {right for right in RIGHTS.values() if right} == set(Right)


@pytest.mark.usefixtures("online")
@pytest.mark.parametrize("name", sorted(set(ALL) - OPEN))
def test_nobody_may_do_anything_before_signing_in(name: str) -> None:
    with pytest.raises(Refused, match="signed in"):
        called(name)


@pytest.mark.usefixtures("online")
@pytest.mark.parametrize("role", ROLES)
def test_a_role_that_lacks_a_right_is_refused_every_verb_that_asks_for_it(
    role: Role | None,
) -> None:
    where = project("Cardiology", **({"ann": role} if role else {}))
    lacked = set(Right) - (ALLOWED[role] if role else set())
    with acting("ann", where):
        for name, right in RIGHTS.items():
            if right in lacked:
                with pytest.raises(Refused):
                    called(name)


@pytest.mark.usefixtures("online")
@pytest.mark.parametrize("role", list(Role))
def test_a_role_that_has_a_right_may_use_it(role: Role) -> None:
    with acting("ann", project("Cardiology", ann=role)):
        assert (models.models(), cohorts.cohorts(), training.jobs()) == ((), (), ())
        for right in Right:
            assert access.allowed(right) == (right in ALLOWED[role])


@pytest.mark.usefixtures("online")
def test_administrators_see_no_patients_without_a_role() -> None:
    where = project("Cardiology")
    with acting("boss"):
        assert [one.name for one in users.projects()] == ["Cardiology"]
    with acting("boss", where), pytest.raises(Refused):
        cohorts.cohorts()


@pytest.mark.usefixtures("online")
def test_there_is_no_hub_outside_of_a_verb() -> None:
    where = project("Cardiology", ann=Role.DATA_SCIENTIST)
    with acting("ann", where):
        with pytest.raises(Refused):
            hub()
        cohorts.cohorts()
        with pytest.raises(Refused):
            hub()


@pytest.mark.usefixtures("online")
def test_a_right_that_is_taken_is_gone_at_once() -> None:
    where = project("Cardiology", ann=Role.CLINICIAN, boss=Role.VIEWER)
    with acting("boss", where) as boss:
        users.give(users.users()[0].id, where, None)
        assert boss.user == users.users()[1].id
        with pytest.raises(Exception, match="last administrator"):
            users.make_administrator(boss.user, False)
    with acting("ann", where), pytest.raises(Refused, match="no role"):
        models.models()


@pytest.mark.usefixtures("online")
def test_only_the_first_administrator_is_made_by_the_setting(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    with acting("boss"):
        users.add_project("Cardiology")
    monkeypatch.setenv("PMED_ADMINISTRATOR", "ann@example.org")
    settings.cache_clear()
    with acting("ann"), pytest.raises(Refused):
        users.users()


def test_on_a_laptop_nobody_is_asked_and_nobody_administers() -> None:
    assert models.models() == ()
    assert access.arrive() is None
    assert access.allowed(Right.BUILD)
    assert not access.allowed(Right.ADMINISTER)
