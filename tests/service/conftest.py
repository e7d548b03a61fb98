"""An installation with one cohort and one model, made once and copied for each test."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from pmed_core.service import cohorts, training
from pmed_core.settings import settings
from tests.epochs import at_most
from tests.once import made_once
from tests.service.made import QUICK, Installation, as_bytes, chosen, patients


def _made(home: Path) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PMED_HOME", str(home))
        patch.setenv("PMED_ENGINE", "inline")
        settings.cache_clear()
        cohort = chosen(cohorts.bring_in("icu.csv", as_bytes(patients())))
        with at_most(12):
            job = training.job(training.train(cohort, "First", QUICK))
    settings.cache_clear()
    assert job.state == "done", job.error
    (home / "made.json").write_text(json.dumps([cohort, job.result]))


@pytest.fixture(scope="session")
def installation(tmp_path_factory: pytest.TempPathFactory) -> Installation:
    home = made_once(tmp_path_factory, "installation", _made)
    return Installation(home, *json.loads((home / "made.json").read_text()))


@pytest.fixture
def trained(installation: Installation) -> Installation:
    """A copy of it, which is this test's own."""
    shutil.copytree(installation.home, settings().home)
    return Installation(settings().home, installation.cohort, installation.model)
