"""Pages are tested through app.py, as they are opened, on an installation of their own."""

from __future__ import annotations

import hashlib
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from pages.parts.outcome import with_outcome
from pages.parts.variables import corrected
from pmed_core.options import AnyOptions, FitOptions, MLPOptions
from pmed_core.outcomes import YesNo
from pmed_core.service import cohorts, models, training
from pmed_core.settings import settings
from tests.epochs import at_most
from tests.once import made_once

ROOT = Path(__file__).parents[2]
QUICK = FitOptions(network=MLPOptions(), folds=2, baselines=False)
Open = Callable[..., AppTest]


@pytest.fixture
def opened(monkeypatch: pytest.MonkeyPatch) -> Open:
    """Opens a page of the app; keyword arguments stand in its address."""
    monkeypatch.chdir(ROOT)

    def open_page(name: str = "home", **address: str) -> AppTest:
        app = AppTest.from_file(str(ROOT / "app.py"), default_timeout=300)
        for key, value in address.items():
            app.query_params[key] = value
        if name != "home":
            app.switch_page(f"pages/{name}.py")
        app.run()
        assert not app.exception
        return app

    return open_page


def on_panel(app: AppTest, panel: str) -> AppTest:
    """With that panel of the patient's page open."""
    (panels,) = (one for one in app.segmented_control if panel in one.options)
    return panels.set_value(panel).run()


@contextmanager
def installed(home: Path) -> Iterator[Path]:
    """An installation in that folder which several tests copy; work is done in this process."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PMED_HOME", str(home))
        patch.setenv("PMED_ENGINE", "inline")
        settings.cache_clear()
        yield home


def trained_on(cohort: str, name: str, options: AnyOptions, epochs: int = 12) -> None:
    """A model of the cohort after at most so many epochs, which must be kept."""
    with at_most(epochs):
        job = training.job(training.train(cohort, name, options))
    assert job.state == "done", job.error


def table(rows: int = 60, *, extra: str = "") -> bytes:
    """A small table in which a higher marker means more events; the same bytes every time."""
    lines = [f"patient_id,age (years),marker,stage,event{extra and ',' + extra}"]
    for i in range(rows):
        draw = int(hashlib.sha256(str(i).encode()).hexdigest()[:8], 16) / 2**32
        marker = (i % 20) / 10 + draw
        event = "yes" if marker > 1.6 else "no"
        stage = ("I", "II", "III")[i % 3]
        cells = f"p{i:03d},{40 + i % 37},{marker:.3f},{stage},{event}"
        lines.append(f"{cells}{extra and ',' + str(i % 5)}")
    return "\n".join(lines).encode()


def _trained(folder: Path) -> None:
    outcome = YesNo("event", ("yes",))
    with installed(folder):
        first = cohorts.bring_in("small.csv", table(120))
        variables, _ = corrected(cohorts.cohort(first), {"marker": {"Changeable": True}})
        variables = with_outcome(variables, outcome)
        trained_on(cohorts.revise(first, variables, outcome), "A *", QUICK)


@pytest.fixture(scope="session")
def trained_home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An installation with one cohort and one model, made once."""
    return made_once(tmp_path_factory, "trained", _trained)


@pytest.fixture
def trained(trained_home: Path, tmp_path: Path) -> str:
    """A copy of that installation for one test -> id of its model."""
    shutil.copytree(trained_home, tmp_path / "home", dirs_exist_ok=True)
    return models.models()[0].id


@pytest.fixture
def small() -> str:
    """A cohort without an outcome."""
    return cohorts.bring_in("small.csv", table())
