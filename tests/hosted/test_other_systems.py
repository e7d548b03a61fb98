"""Other systems in a hosted installation: one project each, two rights, all on record."""

from __future__ import annotations

import shutil
from collections.abc import Iterator

import pytest
from starlette.testclient import TestClient

from pages.parts import visit
from pmed_core.accounts import Role
from pmed_core.api.app import made
from pmed_core.errors import Refused
from pmed_core.service import access, apikeys, cohorts, models, users
from pmed_core.service.records import named
from pmed_core.settings import settings
from pmed_core.store.keys import pseudonym_key
from tests.api.conftest import System
from tests.hosted.acting import acting, claims, project
from tests.pages.conftest import Open
from tests.service.made import Installation


@pytest.fixture
def two(online: None, installation: Installation) -> tuple[str, str]:
    """Two projects, of which the first has the model."""
    found = project("Cardiology", ann=Role.DATA_SCIENTIST), project("Oncology", bob=Role.VIEWER)
    shutil.copytree(installation.home, settings().of_project(found[0]).home, dirs_exist_ok=True)
    return found


@pytest.fixture
def client(two: tuple[str, str]) -> Iterator[TestClient]:
    with TestClient(made(), raise_server_exceptions=False) as client:
        yield client


def system(client: TestClient, where: str) -> System:
    with acting("boss"):
        return System(client, apikeys.make(where, "ward system"))


def test_a_key_opens_its_own_project_alone(
    client: TestClient, two: tuple[str, str], installation: Installation
) -> None:
    ours, theirs = (system(client, one) for one in two)
    assert [one["id"] for one in ours.get("/v1/models")["models"]] == [installation.model]
    assert ours.predict(installation.model)["patients"]
    assert theirs.get("/v1/models")["models"] == []
    theirs.get(f"/v1/models/{installation.model}", 404)
    theirs.predict(installation.model, 404)


def test_what_it_asks_is_on_record(
    client: TestClient, two: tuple[str, str], installation: Installation
) -> None:
    ours = system(client, two[0])
    ours.predict(installation.model)
    deeds = [one.deed for one in access.journal().kept.entries()]
    (asked,) = [one for one in deeds if one.action == "answers.predict"]
    key = pseudonym_key(settings().of_project(two[0]).home)
    assert (asked.project, asked.model) == (two[0], installation.model)
    assert (asked.name, asked.patient) == ("ward system", named(key, "mrn-1"))
    assert asked.input
    assert not any("mrn-1" in str(one) for one in deeds)
    made_by = [one for one in deeds if one.action == "apikeys.make"][-1]
    assert ours.key not in made_by.detail
    assert "ward system" in made_by.detail


def test_it_may_ask_and_nothing_else(client: TestClient, two: tuple[str, str]) -> None:
    identity = access.api_keys().recognise(system(client, two[0]).key)
    with access.calling(identity):
        assert len(models.models()) == 1
        for refused in (cohorts.tidy, users.users, lambda: models.remove("x")):
            with pytest.raises(Refused):
                refused()


def test_a_key_that_was_revoked_or_whose_project_is_gone_opens_nothing(
    client: TestClient, two: tuple[str, str]
) -> None:
    one, other = system(client, two[0]), system(client, two[1])
    identity = access.api_keys().recognise(one.key)
    with acting("boss"):
        apikeys.revoke(identity)
        users.delete_project(two[1], "Oncology")
    one.get("/v1/models", 401)
    other.get("/v1/models", 403)
    with pytest.raises(Refused), access.calling(identity):
        models.models()


def test_administrators_alone_keep_keys(two: tuple[str, str]) -> None:
    with acting("boss"):
        apikeys.make(two[0], "ward system")
    with acting("ann", two[0]):
        for refused in (lambda: apikeys.make(two[0], "x"), lambda: apikeys.keys(two[0]),
                        lambda: apikeys.revoke("x")):  # fmt: skip
            with pytest.raises(Refused):
                refused()


def test_keys_are_made_and_revoked_on_the_page_of_users(
    two: tuple[str, str], opened: Open, monkeypatch: pytest.MonkeyPatch
) -> None:
    signed = claims("boss")
    monkeypatch.setattr(visit, "_signed", lambda: signed)
    app = opened("users")
    name = next(one for one in app.text_input if one.label.startswith("System"))
    name.set_value("ward system")
    next(one for one in app.button if one.label == "Make a key").click().run()
    shown = app.code[0].value
    identity = access.api_keys().recognise(shown)
    app.run()
    assert not app.code, "it is shown once"
    picked = app.selectbox("api-key-to-revoke")
    picked.set_value(identity).run()
    next(one for one in app.button if one.label == "Revoke").click().run()
    assert not app.exception
    with pytest.raises(Refused):
        access.api_keys().recognise(shown)
