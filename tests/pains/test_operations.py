"""Installing, starting, waiting, size, and what leaves the machine."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from streamlit.testing.v1 import AppTest

from pmed_core.engine.supervisor import Supervisor
from pmed_core.errors import UserError
from pmed_core.evaluations.evaluate import evaluate
from pmed_core.modalities.tabular.options import ForestOptions
from pmed_core.options import FitOptions
from pmed_core.outcomes import YesNo
from pmed_core.predictions import Predictions
from pmed_core.service import cohorts, training
from pmed_core.settings import settings
from pmed_core.store import jobs as stored
from pmed_core.store.store import open_store
from pmed_core.work import Fit, identify
from tests.engine import odd_worker
from tests.service.made import Installation

ROOT = Path(__file__).parents[2]
SOURCES = [ROOT / "app.py", *(ROOT / "pages").rglob("*.py"), *(ROOT / "pmed_core").rglob("*.py")]
DISTRIBUTIONS = {
    "sklearn": "scikit-learn", "skimage": "scikit-image", "fpdf": "fpdf2", "PIL": "pillow",
    "grpc": "grpcio",
}  # fmt: skip

OFFLINE = """
import os, sys
HERE = (None, "", "127.0.0.1", "::1", "localhost")
ASKING = ("socket.getaddrinfo", "socket.gethostbyname")
def refused(event, arguments):
    called = event in ASKING and arguments[0] not in HERE
    if event in ("socket.connect", "socket.sendto", "socket.sendmsg"):
        # Anything but a tuple is a path on this machine.
        called = isinstance(arguments[1], tuple) and arguments[1][0] not in HERE
    if called:
        os.write(2, f"it called {arguments}".encode())
        # Not an exception, which a thread or a library could swallow.
        os._exit(77)
sys.addaudithook(refused)
"""


def test_2_no_progress_and_no_stop(monkeypatch: pytest.MonkeyPatch) -> None:
    """AutoPrognosis#6, KerasUI#5: hours without a sign of life, and no way out but a kill."""
    jobs = open_store(settings()).jobs
    work = Fit("cohort", "A long one")
    jobs.add(identify(work), work)
    claimed = jobs.claim()
    assert claimed is not None
    job, token = claimed
    jobs.report(job, token, [("stage", ("Training, epoch 3", 0.4))])
    monkeypatch.chdir(ROOT)
    app = AppTest.from_file(str(ROOT / "app.py"), default_timeout=300).run()
    app.query_params["run"] = job
    app.switch_page("pages/train.py").run()
    assert not app.exception
    shown = app.get("progress")[0].proto
    assert (shown.text, shown.value) == ("Training, epoch 3", 40)
    assert {"Elapsed", "Time left"} <= {metric.label for metric in app.metric}
    next(b for b in app.button if b.label == "Drop everything").click().run()
    assert jobs.beat(job, token) == "cancel"


def test_2_what_is_fitted_at_once_has_no_best_epoch_to_keep(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """A button that does nothing would be worse than none."""
    jobs = open_store(settings()).jobs
    work = Fit("cohort", "A forest", FitOptions(network=ForestOptions()))
    jobs.add(identify(work), work)
    assert jobs.claim() is not None
    monkeypatch.chdir(ROOT)
    app = AppTest.from_file(str(ROOT / "app.py"), default_timeout=300).run()
    app.query_params["run"] = identify(work)
    app.switch_page("pages/train.py").run()
    assert not app.exception
    assert {one.label for one in app.button} & {
        "Drop everything",
        "Keep the best epoch so far",
    } == {"Drop everything"}


def test_2_a_dead_job_looks_alive(monkeypatch: pytest.MonkeyPatch) -> None:
    """open-cravat#409, playdoh#12: the process is gone and the page shows its last percentage."""
    store = open_store(settings())
    jobs = store.jobs
    job = jobs.add("1" * 32, Fit("cohort", "dies"))
    assert jobs.claim() is not None
    # The machine that ran it was switched off; its lease runs out, and so do those of others.
    monkeypatch.setattr(stored, "LEASE", -1.0)
    supervisor = Supervisor(jobs, store.checkpoints, at_once=1, module=odd_worker.__name__)
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
    evaluated = evaluate(predictions, YesNo("died", ("yes",)), 0.5, "out-of-fold")
    drawn = evaluated.curves["yes"]
    assert max(len(c.x) for c in (drawn.roc, drawn.precision_recall, drawn.calibration)) <= 1000
    assert len(evaluated.thresholds) <= 1000


def test_8_only_what_is_drawn_goes_to_the_browser() -> None:
    """evidently#15: a report of every row takes minutes to open, then crashes the tab."""
    lines = "\n".join(f"p{n},{n % 90},{'yes' if n % 7 else 'no'}" for n in range(20_000))
    cohort = cohorts.bring_in("large.csv", f"patient_id,age,died\n{lines}\n".encode())
    assert len(cohorts.preview(cohort)) == 50
    assert len(cohorts.find_patients(cohort, "p1")) == 50


def lines(file: str) -> list[str]:
    text = (ROOT / file).read_text(encoding="utf-8")
    return [line for line in text.splitlines() if line.strip() and not line.startswith("#")]


def third_parties(path: Path) -> set[str]:
    """Packages that a file imports and that neither Python nor this project brings."""
    found: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found |= {alias.name.split(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            found.add((node.module or "").split(".")[0])
    return found - sys.stdlib_module_names - {"pmed_core", "pages"}


def test_10_it_cannot_be_installed_any_more() -> None:
    """pycaret#4054, deepchem#3980: what was tested is not what is installed today."""
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    commands = [line for line in readme.splitlines() if line.startswith("python3 -m venv")]
    files = [re.findall(r"-r (\S+)", command) for command in commands]
    # .ci/run takes them from there and runs them on a clean copy.
    assert files == [["requirements.txt"], ["requirements.txt", "tests/requirements.txt"]]
    assert "streamlit run app.py" in commands[0]
    assert commands[1].endswith("-m pytest")
    lock = map(Requirement, lines("requirements.lock"))
    tested = {canonicalize_name(one.name): str(one.specifier)[2:] for one in lock}
    extras = ("hosted", "export", "ray")
    files_of = ("requirements.txt", *(f"requirements-{extra}.txt" for extra in extras))
    listed = [Requirement(line) for file in files_of for line in lines(file)]
    asked = {canonicalize_name(one.name): one for one in listed}
    for name, requirement in asked.items():
        assert requirement.specifier.contains(tested[name]), requirement
    imported = {root for path in SOURCES for root in third_parties(path)}
    assert {DISTRIBUTIONS.get(name, canonicalize_name(name)) for name in imported} <= set(asked)


def offline(script: str) -> subprocess.CompletedProcess[str]:
    """Run in a process that ends at the first word to another machine."""
    return subprocess.run(
        [sys.executable, "-c", OFFLINE + script],
        cwd=ROOT, capture_output=True, text=True, check=False,
    )  # fmt: skip


def test_12_it_calls_home(tmp_path: Path) -> None:
    """MONAILabel#77, responsible-ai-toolbox#1235: it needs the internet, or serves it."""
    script = f"""
from pmed_core import fit, load, read_cohort
from tests.epochs import Few
from tests.service.made import QUICK, patients
cohort = read_cohort(patients(), outcome="died", patient="patient_id")
fit(cohort, QUICK, Few(3)).save({str(tmp_path / "model")!r})
loaded = load({str(tmp_path / "model")!r})
loaded.predict(cohort)
loaded.explain(cohort.select([0]))
"""
    done = offline(script)
    assert done.returncode == 0, done.stderr
    for call in ("socket.create_connection(('192.0.2.1', 80), 1)", "socket.gethostbyname('a.b')"):
        assert offline(f"import socket; {call}").returncode == 77
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
