"""A provider and a hosted app, started once for the tests that need a server."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from pmed_core.service import access
from pmed_core.settings import settings
from tests.hosted.provider import Provider, provided
from tests.hosted.signing_in import hosted
from tests.pages.conftest import opened as opened
from tests.pages.conftest import trained_home as trained_home
from tests.servers.objects import objects as objects
from tests.servers.postgres import database as database
from tests.servers.postgres import postgres as postgres
from tests.service.conftest import installation as installation
from tests.service.conftest import trained as trained


@pytest.fixture(scope="session")
def provider() -> Iterator[Provider]:
    with provided() as provider:
        yield provider


@pytest.fixture(scope="session")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where that app keeps its home."""
    return tmp_path_factory.mktemp("hosted")


@pytest.fixture(scope="session")
def app(folder: Path, provider: Provider) -> Iterator[str]:
    with hosted(folder, provider) as address:
        yield address


@pytest.fixture
def online(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """This installation is hosted, and nobody is signed in."""
    monkeypatch.setenv("PMED_HOSTED", "1")
    monkeypatch.setenv("PMED_ADMINISTRATOR", "boss@example.org")
    settings.cache_clear()
    access.tell_by(lambda: None)
    yield
    access.tell_by(lambda: None)
    access.changed()
