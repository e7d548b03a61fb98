"""Installing, starting, waiting, size, and what leaves the machine."""

from __future__ import annotations

import re
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
from packaging.requirements import Requirement

from pmed_core.engine.supervisor import Supervisor
from pmed_core.errors import UserError
from pmed_core.judging.judge import judge
from pmed_core.options import FitOptions
from pmed_core.outcome import YesNo
from pmed_core.predictions import Predictions
from pmed_core.service import cohorts, training
from pmed_core.settings import settings
from pmed_core.store import jobs as stored
from pmed_core.store.store import open_store
from pmed_core.work import Fit
from tests.engine import odd_worker
from tests.service.made import Installation

ROOT = Path(__file__).parents[2]


def test_2_a_dead_job_looks_alive(monkeypatch: pytest.MonkeyPatch) -> None:
    """open-cravat#409, playdoh#12: the process is gone and the page shows its last percentage."""
    jobs = open_store(settings()).jobs
    job = jobs.add("1" * 32, Fit("cohort", "dies"))
    assert jobs.claim() is not None
    # The machine that ran it was switched off; its lease runs out, and so does a second life.
    monkeypatch.setattr(stored, "LEASE", -1.0)
    supervisor = Supervisor(jobs, at_once=1, module=odd_worker.__name__)
    ends = time.monotonic() + 60
    while jobs.get(job).alive and time.monotonic() < ends:
        supervisor.look()
        time.sleep(0.05)
    found = jobs.get(job)
    assert found.state == "failed"
    assert found.error


def test_8_it_breaks_at_the_size_of_a_hospital() -> None:
    """responsible-ai-toolbox#1270, what-if-tool#133: beyond 20,000 rows the page fails."""
    rows = 100_000
    generator = np.random.default_rng(0)
    risk = generator.random((rows, 1))
    happened = (generator.random(rows) < risk[:, 0]).astype(np.int64)
    nobody = np.zeros(rows, dtype=bool)
    ids = tuple(map(str, range(rows)))
    predictions = Predictions(ids, ("yes",), risk, risk, risk, happened, nobody)
    judged = judge(predictions, YesNo("died", ("yes",)), 0.5, "out-of-fold")
    drawn = judged.curves["yes"]
    assert max(len(c.x) for c in (drawn.roc, drawn.precision_recall, drawn.calibration)) <= 1000
    assert len(judged.thresholds) <= 1000


def test_8_only_what_is_drawn_goes_to_the_browser() -> None:
    """evidently#15: a report of every row takes minutes to open, then crashes the tab."""
    lines = "\n".join(f"p{n},{n % 90},{'yes' if n % 7 else 'no'}" for n in range(20_000))
    cohort = cohorts.bring_in("large.csv", f"patient_id,age,died\n{lines}\n".encode())
    assert len(cohorts.preview(cohort)) == 50
    assert len(cohorts.find_patients(cohort, "p1")) == 50


def test_10_it_cannot_be_installed_any_more() -> None:
    """pycaret#4054, deepchem#3980: what was tested is not what is installed today."""
    ranges = [
        Requirement(line)
        for line in (ROOT / "requirements.txt").read_text().splitlines()
        if line and not line.startswith("#")
    ]
    lock = (ROOT / "requirements.lock").read_text().splitlines()
    tested = dict(line.split("==", 1) for line in lock if "==" in line)
    tested = {name.lower().replace("_", "-"): version for name, version in tested.items()}
    for requirement in ranges:
        version = tested[requirement.name.lower().replace("_", "-")]
        assert requirement.specifier.contains(version), requirement


def test_12_it_calls_home(tmp_path: Path) -> None:
    """MONAILabel#77, responsible-ai-toolbox#1235: it needs the internet, or serves it."""
    script = f"""
import socket
def refused(self, address, *more):
    raise SystemExit(f"it called {{address}}")
socket.socket.connect = socket.socket.connect_ex = refused
from pmed_core import fit, load, read_cohort
from tests.service.made import QUICK, patients
cohort = read_cohort(patients(), outcome="died", patient="patient_id")
fit(cohort, QUICK).save({str(tmp_path / "model")!r})
load({str(tmp_path / "model")!r}).explain(cohort.select([0]))
"""
    done = subprocess.run(
        [sys.executable, "-c", script], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    configuration = (ROOT / ".streamlit" / "config.toml").read_text()
    assert "gatherUsageStats = false" in configuration
    assert 'address = "127.0.0.1"' in configuration


def test_15_it_takes_all_memory_and_dies(
    trained: Installation, monkeypatch: pytest.MonkeyPatch
) -> None:
    """catboost#2275, MONAILabel#616: nobody is told before it starts, and one bad row ends it."""
    monkeypatch.setattr(training, "_free_mb", lambda: 300.0)
    said = training.estimate(trained.cohort, FitOptions()).sentence
    assert re.search(r"about \d+ seconds and [\d.]+ GB of memory", said)
    assert "Only 0.3 GB are free: choose fewer inputs or folds." in said
    before = cohorts.cohorts()
    with pytest.raises(UserError, match="line 3"):
        cohorts.bring_in("bad.csv", b"age,died\n50,yes\n60,no,7\n")
    assert cohorts.cohorts() == before
