"""A job that is more than a user may use is refused before it waits, and what was used counts."""

from __future__ import annotations

import shutil
import time

import pandas as pd
import pytest
from sqlalchemy import insert

from pages.parts import people, visit
from pmed_core.accounts import Role
from pmed_core.engine.local import LocalEngine, Starter
from pmed_core.errors import Refused, UserError
from pmed_core.options import FitOptions
from pmed_core.service import access, models, training, users
from pmed_core.settings import settings
from pmed_core.store.database import USAGE, writing
from pmed_core.store.store import open_store
from tests.hosted.acting import acting, claims, project
from tests.pages.conftest import Open
from tests.service.made import QUICK, Installation

LARGE = QUICK.model_copy(update={"folds": 20, "baselines": True})


@pytest.fixture
def ward(online: None, installation: Installation, monkeypatch: pytest.MonkeyPatch) -> str:
    """A project in which jobs wait, as nobody works on them; two hours a day."""
    monkeypatch.setenv("PMED_ENGINE", "local")
    monkeypatch.setenv("PMED_QUOTA_HOURS", "2")
    settings.cache_clear()
    monkeypatch.setattr(Starter, "see", lambda self: None)
    monkeypatch.setattr(LocalEngine, "warm", lambda self, work=None: None)
    where = project("Cardiology", ann=Role.DATA_SCIENTIST, bob=Role.DATA_SCIENTIST)
    shutil.copytree(installation.home, settings().of_project(where).home, dirs_exist_ok=True)
    return where


def used(where: str, name: str, hours: float, ago: float = 0.0) -> None:
    """A user's jobs took so long there, and ended so long ago."""
    ended = time.time() - 3600 * ago
    span = {"began": ended - 3600 * hours, "ended": ended, "user": claims(name).user}
    with writing(open_store(settings().of_project(where)).jobs.engine) as connection:
        connection.execute(insert(USAGE).values(job="j", token=1, **span))


def train(made: Installation, name: str = "Mine", options: FitOptions = QUICK) -> str:
    return training.train(made.cohort, name, options)


def test_what_is_too_much_is_refused_before_it_waits(ward: str, installation: Installation) -> None:
    with acting("ann", ward):
        job = train(installation)
        assert training.job(job).state == "queued"
        used(ward, "ann", 2, ago=1)
        before = [one.id for one in training.jobs()]
        with pytest.raises(
            UserError, match=r"0 seconds left of your 2 hours of machine time a day.*Enough"
        ):
            train(installation, "Another")
        with pytest.raises(UserError, match="needs machine time"):
            models.explain_cohort(installation.model)
        assert [one.id for one in open_store(settings().of_project(ward)).jobs.list()] == before
        assert train(installation) == job, "it waits already"
        estimate = training.estimate(installation.cohort, QUICK)
        assert estimate.left == "You have 0 seconds left of your 2 hours of machine time a day."
        assert "Enough is left from" in estimate.refusal
    with acting("bob", ward):
        assert training.estimate(installation.cohort, QUICK).refusal == ""
        train(installation, "Bob's")


def test_what_waits_counts_too(ward: str, installation: Installation) -> None:
    with acting("ann", ward):
        cost = training.estimate(installation.cohort, LARGE).seconds
        used(ward, "ann", 2 - 1.5 * cost / 3600)
        job = train(installation, options=LARGE)
        with pytest.raises(UserError, match="stop one of them|Enough is left"):
            train(installation, "Another", LARGE)
        training.cancel(job)
        train(installation, "Another", LARGE)


def test_what_was_used_in_other_projects_counts(ward: str, installation: Installation) -> None:
    other = project("Oncology", ann=Role.DATA_SCIENTIST)
    used(other, "ann", 1.999)
    with acting("ann", ward):
        assert training.estimate(installation.cohort, QUICK).left.startswith(
            "You have 3 seconds left"
        )
        with pytest.raises(UserError, match="seconds left"):
            train(installation, options=LARGE)


def test_an_administrator_gives_a_user_more_or_less_and_that_is_on_record(
    ward: str, installation: Installation
) -> None:
    used(ward, "ann", 2)
    ann, bob = claims("ann").user, claims("bob").user
    with acting("ann", ward), pytest.raises(Refused, match="administer|keep users"):
        users.give_hours(ann, 100)
    with acting("boss"):
        users.give_hours(ann, 8)
        users.give_hours(bob, 0)
        for wrong in (-1.0, 10_001.0, float("nan")):
            with pytest.raises(UserError, match="no number of hours"):
                users.give_hours(ann, wrong)
    with acting("ann", ward):
        train(installation)
        assert (
            "of your 8 hours of machine time a day"
            in training.estimate(installation.cohort, QUICK).left
        )
    with acting("bob", ward), pytest.raises(UserError, match="your 0 seconds of machine time"):
        train(installation, "Bob's")
    with acting("boss"):
        users.give_hours(bob, None)
    with acting("bob", ward):
        train(installation, "Bob's")
    told = [
        one.deed.detail
        for one in access.journal().kept.entries()
        if one.deed.action == "users.give_hours" and not one.deed.refused
    ]
    assert f"user: {ann}; hours: 8" in told
    assert f"user: {bob}; hours: None" in told


def test_what_is_typed_on_the_users_page_is_what_a_user_has(ward: str) -> None:
    ann, bob = claims("ann").user, claims("bob").user
    typed = {"Role": "data scientist", "Administrator": False}
    with acting("boss"):
        for hours in (3.5, 0.0, float("nan")):
            known = tuple(one for one in users.users() if one.id in (ann, bob))
            before = pd.DataFrame([people._row(one, "data scientist") for one in known])
            after = pd.DataFrame(
                [typed | {people.HOURS: hours if one.id == ann else float("nan")} for one in known]
            )
            people._save(ward, known, before, after)
            told = {one.id: one.hours for one in users.users()}
            assert (told[ann], told[bob]) == (None if hours != hours else hours, None)


def test_without_a_quota_nobody_is_counted(
    ward: str, installation: Installation, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PMED_QUOTA_HOURS", "0")
    settings.cache_clear()
    used(ward, "ann", 23)
    with acting("ann", ward):
        estimate = training.estimate(installation.cohort, QUICK)
        assert (estimate.left, estimate.refusal) == ("", "")
        job = training.job(train(installation))
    row = open_store(settings().of_project(ward)).jobs.get(job.id)
    assert row.place == 1


def test_the_train_page_says_what_is_left(
    ward: str, installation: Installation, opened: Open, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(visit, "_signed", lambda: claims("ann"))
    app = opened("train", project=ward, cohort=installation.cohort)
    assert any("2 hours left of your" in one.value for one in app.markdown)
    used(ward, "ann", 2)
    app = app.run()
    assert any("Enough is left from" in one.value for one in app.warning)
    next(one for one in app.button if one.label == "Start training").click().run()
    assert any("0 seconds left of your" in one.value for one in app.error)
    assert not app.exception


def test_the_jobs_page_says_whose_turn_it_is_and_who_waits_for_a_gpu(
    ward: str, installation: Installation, opened: Open, monkeypatch: pytest.MonkeyPatch
) -> None:
    gpu = QUICK.model_copy(update={"device": "gpu"})
    with acting("ann", ward):
        train(installation)
        train(installation, "On a card", gpu)
    with acting("bob", ward):
        train(installation, "Bob's")
    monkeypatch.setattr(visit, "_signed", lambda: claims("ann"))
    app = opened("jobs", project=ward)
    said = [one.value for one in app.caption]
    assert any("fewest jobs running" in one for one in said)
    assert any("It needs a GPU, and starts by itself when one is free." in one for one in said)
    places = [one.value for one in app.markdown if "place" in one.value]
    assert ["place 1" in places[0], "place 2" in places[1], "place 3" in places[2]] == [True] * 3
    titles = [one.value for one in app.markdown if one.value.startswith("**Train")]
    order = ("Mine", "Bob", "card")
    assert all(name in one for name, one in zip(order, titles, strict=False))
