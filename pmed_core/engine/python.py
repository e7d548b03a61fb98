"""How this program starts another Python of its own."""

from __future__ import annotations

import os
import sys

from pmed_core.settings import PACKAGES


def command(module: str, *arguments: str) -> list[str]:
    """The command line that runs one of our modules."""
    return [sys.executable, "-m", module, *arguments]


def limited(threads: int) -> dict[str, str]:
    """The variables by which a process computes with so many threads; none for 0."""
    names = ("OMP_NUM_THREADS", "TF_NUM_INTRAOP_THREADS") if threads else ()
    return dict.fromkeys(names, str(threads))


def environment(**more: str) -> dict[str, str]:
    """This process's environment, in which our modules are found from any folder.

    TensorFlow's start-up notices are silenced; errors still reach us as exceptions.
    """
    known = os.environ.get("PYTHONPATH", "")
    path = os.pathsep.join([str(PACKAGES), *([known] if known else [])])
    return os.environ | {"PYTHONPATH": path, "TF_CPP_MIN_LOG_LEVEL": "3"} | more
