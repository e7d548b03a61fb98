"""An installation with one cohort and one model, made once and copied for each test."""

from __future__ import annotations

import shutil

import pytest

from pmed_core.service import cohorts, training
from pmed_core.settings import settings
from tests.service.made import QUICK, Installation, as_bytes, chosen, patients


@pytest.fixture(scope="session")
def installation(tmp_path_factory: pytest.TempPathFactory) -> Installation:
    home = tmp_path_factory.mktemp("made") / "home"
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PMED_HOME", str(home))
        patch.setenv("PMED_ENGINE", "inline")
        settings.cache_clear()
        cohort = chosen(cohorts.bring_in("icu.csv", as_bytes(patients())))
        job = training.job(training.train(cohort, "First", QUICK))
    settings.cache_clear()
    assert job.state == "done", job.error
    return Installation(home, cohort, job.result)


@pytest.fixture
def trained(installation: Installation) -> Installation:
    """A copy of it, which is this test's own."""
    shutil.copytree(installation.home, settings().home)
    return Installation(settings().home, installation.cohort, installation.model)
