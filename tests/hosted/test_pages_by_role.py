"""What each role is shown, and what it is not."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from pages.parts import visit
from pages.parts.ways import NEEDED
from pmed_core.accounts import ALLOWED, Role
from pmed_core.errors import UserError
from pmed_core.service import access
from pmed_core.settings import settings
from tests.hosted.acting import acting, claims, project
from tests.pages.conftest import Open

BUILDING = {"Import a model", "Delete", "Save name and notes", "Train a model", "Add a cohort",
            "Open this sample", "How many more patients would help?", "Explain the model",
            "Remove"}  # fmt: skip


@pytest.fixture
def here(online: None, trained_home: Path) -> str:
    """A project with a cohort and a model, and one person of each role."""
    where = project("Cardiology", vic=Role.VIEWER, carl=Role.CLINICIAN, dora=Role.DATA_SCIENTIST)
    shutil.copytree(trained_home, settings().of_project(where).home, dirs_exist_ok=True)
    return where


PEOPLE = {"vic": Role.VIEWER, "carl": Role.CLINICIAN, "dora": Role.DATA_SCIENTIST}


def as_(name: str | None, patch: pytest.MonkeyPatch) -> None:
    signed = claims(name) if name else None
    patch.setattr(visit, "_signed", lambda: signed)


def labels(app: AppTest) -> set[str]:
    return {one.label for one in app.button}


@pytest.mark.parametrize("name", PEOPLE)
@pytest.mark.parametrize("page", NEEDED)
def test_a_page_is_shown_to_those_who_may_use_it(
    page: str, name: str, here: str, opened: Open, monkeypatch: pytest.MonkeyPatch
) -> None:
    as_(name, monkeypatch)
    app = opened(page, project=here)
    assert not app.error, "nothing is offered that is refused"
    titles = {"home": "Precision medicine"}
    may = NEEDED[page] in ALLOWED[PEOPLE[name]]
    assert (app.title[0].value == titles.get(page, page.capitalize())) == may
    if PEOPLE[name] is not Role.DATA_SCIENTIST:
        assert not labels(app) & BUILDING
        assert not app.file_uploader


@pytest.mark.parametrize("name", PEOPLE)
def test_views_of_a_model_are_those_of_the_role(
    name: str, here: str, opened: Open, monkeypatch: pytest.MonkeyPatch
) -> None:
    as_(name, monkeypatch)
    app = opened("models", project=here)
    views = app.segmented_control[0].options
    assert ("New patients" in views) == (name != "vic")
    assert ("Manage" in views) == ("Held-out file" in views) == (name == "dora")
    for view in views:
        app.segmented_control[0].set_value(view).run()
        assert not app.error
        assert not app.exception


def test_nobody_sees_anything_before_signing_in(
    here: str, opened: Open, monkeypatch: pytest.MonkeyPatch
) -> None:
    as_(None, monkeypatch)
    for page in NEEDED:
        app = opened(page, project=here)
        assert labels(app) == {"Sign in"}
        assert not app.selectbox
        assert not app.dataframe


def test_another_project_is_closed_also_by_its_address(
    here: str, opened: Open, monkeypatch: pytest.MonkeyPatch
) -> None:
    theirs = project("Oncology", bob=Role.DATA_SCIENTIST)
    with acting("dora", here):
        from pmed_core.service import models

        guessed = models.models()[0].id
    as_("bob", monkeypatch)
    app = opened("models", project=here, model=guessed)
    assert "no role in the project of this address" in app.warning[0].value
    assert labels(app) == {"Sign out"}
    app = opened("models", project=theirs, model=guessed)
    assert "no model yet" in app.markdown[0].value
    app = opened("jobs", project=theirs, run=guessed)
    assert "No job has run yet" in app.markdown[0].value


def test_whoever_goes_to_another_project_leaves_everything_behind(
    here: str, opened: Open, monkeypatch: pytest.MonkeyPatch
) -> None:
    other = project("Oncology", dora=Role.VIEWER)
    as_("dora", monkeypatch)
    app = opened("models", project=here)
    assert app.query_params["model"]
    app.sidebar.selectbox[0].set_value(other).run()
    assert app.query_params["project"] == other
    assert "model" not in app.query_params
    assert "no model yet" in app.markdown[0].value


def test_whoever_did_nothing_is_told_why_they_are_signed_out(
    here: str, opened: Open, monkeypatch: pytest.MonkeyPatch
) -> None:
    as_("vic", monkeypatch)
    app = opened("models", project=here)
    access.accounts().leave(claims("vic").session)
    access.changed()
    app.run()
    assert "You have signed out" in app.info[0].value
    assert labels(app) == {"Sign in"}


def test_a_fault_of_the_store_is_a_sentence_and_no_page(
    here: str, opened: Open, monkeypatch: pytest.MonkeyPatch
) -> None:
    def busy() -> None:
        raise UserError("The store is busy", "", "Try again in a minute.")

    as_("vic", monkeypatch)
    monkeypatch.setattr(access, "arrive", busy)
    app = opened("models", project=here)
    assert "The store is busy" in app.error[0].value
    assert not labels(app)


def test_an_administrator_gives_roles(
    here: str, opened: Open, monkeypatch: pytest.MonkeyPatch
) -> None:
    with acting("boss"):
        pass
    as_("boss", monkeypatch)
    app = opened("users")
    assert app.title[0].value == "Users"
    shown = app.dataframe[0].value if app.dataframe else None
    assert shown is None or "Vic" in set(shown["Name"])
    app.text_input(key="project-name").set_value("Oncology")
    next(one for one in app.button if one.label == "Make the project").click().run()
    assert not app.error
    assert {one.name for one in access.accounts().projects()} == {"Cardiology", "Oncology"}
    next(one for one in app.button if one.label == "Make the project").click().run()
    assert "needs a name" in app.error[0].value
