"""One department never sees another's, however it asks."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import pytest

from pmed_core.accounts import Role
from pmed_core.errors import Refused, UserError
from pmed_core.service import cohorts, corrections, links, models, patients, training, uploads
from pmed_core.service.hub import for_asker
from pmed_core.settings import settings
from pmed_core.work import Cell, Inspect
from tests.hosted.acting import acting, project
from tests.service.made import Installation

TABLE = b"patient_id,age,event\np1,40,yes\np2,50,no\np3,60,yes\np4,70,no\n"


@dataclass(frozen=True)
class Two:
    """Two projects; the first has the cohort and the model."""

    first: str
    second: str
    made: Installation


@pytest.fixture
def two(online: None, installation: Installation) -> Two:
    first = project("Cardiology", ann=Role.DATA_SCIENTIST, carl=Role.CLINICIAN)
    second = project("Oncology", bob=Role.DATA_SCIENTIST)
    shutil.copytree(installation.home, settings().of_project(first).home, dirs_exist_ok=True)
    return Two(first, second, installation)


def test_what_is_in_a_project_is_shown_to_its_members_alone(two: Two) -> None:
    with acting("ann", two.first):
        assert [one.id for one in models.models()] == [two.made.model]
        assert len(cohorts.rows(two.made.cohort, 0, 5)) == 5
    with acting("bob", two.second):
        assert (models.models(), cohorts.cohorts(), training.jobs()) == ((), (), ())
        assert not models.exists(two.made.model)
        assert not cohorts.here(two.made.cohort)
        assert cohorts.address(two.made.cohort) == ""


GUESSES: dict[str, Callable[[Two, str], object]] = {
    "the cohort": lambda two, token: cohorts.cohort(two.made.cohort),
    "its revision": lambda two, token: cohorts.revision(two.made.cohort),
    "its rows": lambda two, token: cohorts.rows(two.made.cohort, 0, 5),
    "its patients": lambda two, token: cohorts.patients(two.made.cohort),
    "its quality": lambda two, token: cohorts.quality(two.made.cohort),
    "its corrections": lambda two, token: corrections.corrections(two.made.cohort),
    "the model": lambda two, token: models.model(two.made.model),
    "its export": lambda two, token: models.export(two.made.model),
    "its limits": lambda two, token: models.limits(two.made.model),
    "a prediction": lambda two, token: patients.consult(two.made.model, {"age": 60.0}),
    "a patient's": lambda two, token: patients.consult(two.made.model, {}, "P001"),
    "its run": lambda two, token: training.job(two.made.model),
    "a link": lambda two, token: links.linked(two.made.cohort, token),
    "a file": lambda two, token: uploads.inspect_again(Inspect(token, "x.csv")),
}


@pytest.mark.parametrize("what", GUESSES)
def test_an_id_that_is_guessed_leads_nowhere(what: str, two: Two) -> None:
    """Also where the first user has just loaded it into this very process."""
    with acting("ann", two.first):
        token = links.link(two.made.cohort, "P001")
        waiting = uploads.inspect("x.csv", TABLE)[0].source
        if what == "a file":
            token = waiting
        else:
            GUESSES[what](two, token)
    with acting("bob", two.second), pytest.raises(UserError):
        GUESSES[what](two, token)
    # Nor in the other project itself, where Bob has no role.
    with acting("bob", two.first), pytest.raises(Refused):
        GUESSES[what](two, token)


def test_the_same_file_is_two_cohorts_of_two_projects(two: Two) -> None:
    with acting("bob", two.second):
        theirs = cohorts.bring_in("x.csv", TABLE)
    with acting("ann", two.first):
        ours = cohorts.bring_in("x.csv", TABLE)
        names = links.link(ours, "p1")
        cohorts.remove(ours)
    with acting("bob", two.second):
        assert len(cohorts.rows(theirs, 0, 9)) == 4
        assert links.link(theirs, "p1") != names


def test_a_verb_in_another_thread_is_called_by_the_same_user(two: Two) -> None:
    with ThreadPoolExecutor(1) as other:
        with acting("ann", two.first):
            assert other.submit(for_asker(models.models)).result()
            cells: dict[str, Cell] = {"age": 60.0, "lactate": 2.0, "sex": "f"}
            label = models.model(two.made.model).outcome.labels[0]
            answer = patients.explaining(two.made.model, cells, label)
            assert answer().variables
        with pytest.raises(Refused):
            other.submit(models.models).result()


def test_the_servers_folders_are_for_administrators_with_a_role(
    two: Two, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "scans" / "all").mkdir(parents=True)
    monkeypatch.setenv("PMED_SCAN_FOLDERS", str(tmp_path / "scans"))
    settings.cache_clear()
    forged = Inspect("", "all", folder="all")
    with acting("ann", two.first):
        for asked in (cohorts.folders, lambda: cohorts.take(forged),
                      lambda: uploads.inspect_again(forged)):  # fmt: skip
            with pytest.raises(Refused, match="folders of the server"):
                asked()


def test_a_correction_is_signed_by_whoever_is_signed_in(two: Two) -> None:
    with acting("carl", two.first):
        entry = cohorts.cohort(two.made.cohort)
        with pytest.raises(Refused):
            cohorts.revise(entry.id, entry.variables, None)


def test_jobs_are_of_the_project_that_asked(two: Two) -> None:
    with acting("ann", two.first):
        identity = models.explain_cohort(two.made.model)
        assert training.job(identity).state == "done"
    with acting("bob", two.second), pytest.raises(UserError):
        training.job(identity)
