"""An installation that is encrypted."""

from __future__ import annotations

from pathlib import Path

import pytest

from pmed_core.sealing import keys
from pmed_core.settings import settings


@pytest.fixture
def key_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The file of its key, which is set."""
    path = tmp_path / "master.key"
    keys.make(path)
    monkeypatch.setenv("PMED_KEY_FILE", str(path))
    settings.cache_clear()
    return path


@pytest.fixture
def home(key_file: Path) -> Path:
    """A new home with a key."""
    keys.prepare(settings().home)
    return settings().home
