"""What is trained once for all processes of a run of tests, and copied by each test."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest
from filelock import FileLock


def made_once(factory: pytest.TempPathFactory, name: str, make: Callable[[Path], None]) -> Path:
    """The folder of that name, filled by ``make`` in whichever process asks first."""
    base = factory.getbasetemp()
    # Each worker of pytest-xdist has a folder of its own, inside of one that all of them share.
    folder = (base.parent if "PYTEST_XDIST_WORKER" in os.environ else base) / "once" / name
    folder.parent.mkdir(exist_ok=True)
    with FileLock(f"{folder}.lock"):
        if not folder.exists():
            unfinished = factory.mktemp(name) / "home"
            make(unfinished)
            unfinished.rename(folder)
    return folder
