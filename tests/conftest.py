"""What every test shares: an installation of its own, and the real tables where they are."""

from __future__ import annotations

import gc
import os
import tempfile
from collections.abc import Iterator
from functools import cache
from importlib import import_module
from pathlib import Path
from types import SimpleNamespace

# Before numpy, scikit-learn and TensorFlow are loaded: several processes test at once, and threads
# that wait for one another spin, which on a busy machine took twenty times as long as the work.
for threads in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "TF_NUM_INTRAOP_THREADS"):
    os.environ.setdefault(threads, "1")

import pytest
from hypothesis import HealthCheck
from hypothesis import settings as properties
from streamlit.components.v2 import manifest_scanner
from streamlit.runtime.scriptrunner import script_runner

from pmed_core.settings import settings

# Nothing is asked or changed that whoever runs the tests keeps elsewhere.
os.environ.update(PMED_DATABASE="", PMED_ARTEFACTS="", MLFLOW_TRACKING_URI="")

ROOT = Path(__file__).parents[1]
# The same cases for everybody, and no case fails because the machine is busy.
properties.register_profile(
    "pmed", derandomize=True, deadline=None, suppress_health_check=[HealthCheck.too_slow]
)
properties.load_profile("pmed")
REAL_TABLES = ROOT.parent / "shared" / "data"


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """The longest first, so that at the end no process waits for another's."""
    items.sort(key=lambda item: "journeys" not in item.path.parts)


def pytest_collection_finish() -> None:
    """Nothing that was imported is garbage: it need not be looked through again and again."""
    gc.freeze()


@pytest.fixture(scope="session", autouse=True)
def _components_are_looked_for_once() -> Iterator[None]:
    """Streamlit reads the metadata of every installed package whenever an app is opened."""
    with pytest.MonkeyPatch.context() as patch:
        found = cache(manifest_scanner.scan_component_manifests)
        patch.setattr(manifest_scanner, "scan_component_manifests", found)
        yield


@pytest.fixture(scope="session", autouse=True)
def _patterns_are_taken_apart_once() -> Iterator[None]:
    """pandas parses a regular expression whenever it is used, a fifth of reading a small table."""
    strings = import_module("pandas.core.arrays._arrow_string_mixins").ArrowStringArrayMixin
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(strings, "_regex_nodes", staticmethod(cache(strings._regex_nodes)))
        yield


@pytest.fixture(scope="session", autouse=True)
def _garbage_is_collected_when_there_is_some() -> Iterator[None]:
    """Streamlit looks for it after every run, and has Keras forget its names: half a second with
    all that tests have loaded. No app loads Keras (``tests/architecture``)."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(script_runner, "_clean_problem_modules", lambda: None)
        patch.setattr(script_runner, "gc", SimpleNamespace(collect=lambda generation: 0))
        yield


@pytest.fixture(autouse=True)
def _own_installation(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """No test reads or writes the data of the person who runs it."""
    monkeypatch.setenv("PMED_HOME", str(tmp_path / "home"))
    # Where a key is set, temporary files move into memory for as long as the process lives.
    monkeypatch.setenv("TMPDIR", tempfile.gettempdir())
    monkeypatch.setattr(tempfile, "tempdir", tempfile.gettempdir())
    monkeypatch.setenv("PYTHONWARNINGS", os.environ.get("PYTHONWARNINGS", ""))
    monkeypatch.setenv("PMED_ENGINE", "inline")
    settings.cache_clear()


@pytest.fixture
def real_tables() -> Path:
    """The folder of real tables; the test is skipped where it is missing."""
    if not REAL_TABLES.is_dir():
        pytest.skip("the real tables are not on this machine")
    return REAL_TABLES
