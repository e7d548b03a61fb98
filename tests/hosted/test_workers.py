"""Jobs of all projects are run by a service of its own, beside an app that runs none."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

from pmed_core.accounts import Role
from pmed_core.engine.local import Starter
from pmed_core.sealing import keys
from pmed_core.service import cohorts, training
from pmed_core.settings import settings
from pmed_core.shell.main import main
from tests.hosted.acting import acting, project
from tests.service.made import QUICK, as_bytes, chosen, patients

ROOT = Path(__file__).parents[2]


@pytest.fixture
def elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, online: None) -> Path:
    """A hosted installation whose app leaves jobs to others."""
    del online
    keys.make(tmp_path / "master.key")
    monkeypatch.setenv("PMED_KEY_FILE", str(tmp_path / "master.key"))
    monkeypatch.setenv("PMED_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("PMED_ENGINE", "local")
    monkeypatch.setenv("PMED_JOBS_AT_ONCE", "0")
    settings.cache_clear()
    return tmp_path


@pytest.mark.slow
def test_what_the_app_leaves_is_done_in_every_project(elsewhere: Path) -> None:
    wards = {
        "ann": project("Cardiology", ann=Role.DATA_SCIENTIST),
        "bob": project("Oncology", bob=Role.DATA_SCIENTIST),
    }
    jobs = {}
    for name, ward in wards.items():
        with acting(name, ward):
            cohort = chosen(cohorts.bring_in("a.csv", as_bytes(patients(60))))
            jobs[name] = training.train(cohort, "Model", QUICK)
    for name, ward in wards.items():
        with acting(name, ward):
            assert training.job(jobs[name]).state == "queued"
    looking = subprocess.Popen(
        [sys.executable, "-m", "pmed_core", "supervise"], cwd=ROOT,
        env=os.environ | {"PMED_JOBS_AT_ONCE": "1"},
    )  # fmt: skip
    try:
        for name, ward in wards.items():
            with acting(name, ward):
                while training.job(jobs[name]).alive:
                    assert looking.poll() is None
                    time.sleep(0.2)
                found = training.job(jobs[name])
                assert found.state == "done", found.error
    finally:
        looking.terminate()
    assert looking.wait(timeout=30) == 0


def test_the_app_starts_nobody_to_run_them(elsewhere: Path) -> None:
    starter = Starter(elsewhere / "home")
    starter.see()
    assert starter.started is None


def test_a_supervisor_that_may_run_none_says_so(
    elsewhere: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    del elsewhere
    assert main(["supervise"], 0) == 2
    assert "PMED_JOBS_AT_ONCE" in capsys.readouterr().err


def test_a_supervisor_says_that_nothing_waits_where_jobs_run_at_once(
    elsewhere: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    del elsewhere
    monkeypatch.setenv("PMED_JOBS_AT_ONCE", "1")
    monkeypatch.setenv("PMED_ENGINE", "inline")
    settings.cache_clear()
    assert main(["supervise"], 0) == 2
    assert "PMED_ENGINE" in capsys.readouterr().err
