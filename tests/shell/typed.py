"""Commands as a person types them."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from pmed_core.settings import RESEARCH_ONLY
from pmed_core.shell import main

ROOT = Path(__file__).parents[2]


def shell(*arguments: str | Path) -> int:
    """In this process; -> the exit code."""
    return main.main([str(argument) for argument in arguments], 0.0)


def fitted(*arguments: str | Path) -> subprocess.CompletedProcess[str]:
    """``fit`` in a process of its own, which must succeed and say what it is not for."""
    finished = subprocess.run(
        [sys.executable, "-m", "pmed_core", "fit", *map(str, arguments)],
        capture_output=True, text=True, cwd=ROOT, check=False,
    )  # fmt: skip
    assert finished.returncode == 0, finished.stderr
    assert RESEARCH_ONLY in finished.stderr
    return finished
