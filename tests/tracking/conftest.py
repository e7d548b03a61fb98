"""A tracking server for all tests of a process, and models to tell it of."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest

from pmed_core.settings import settings
from tests.servers.tracking import Tracking, served
from tests.service.conftest import installation as installation
from tests.service.conftest import trained as trained

Set = Callable[..., None]


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Tracking]:
    with served(tmp_path_factory.mktemp("mlflow")) as found:
        yield found


@pytest.fixture
def told_to(monkeypatch: pytest.MonkeyPatch) -> Set:
    """Sets the variables of a tracking server."""

    def set_to(address: str, **more: str) -> None:
        monkeypatch.setenv("MLFLOW_TRACKING_URI", address)
        for name, value in more.items():
            monkeypatch.setenv(f"MLFLOW_{name}", value)
        settings.cache_clear()

    return set_to
