"""The folders of an installation that hold what concerns patients."""

from __future__ import annotations

import logging
import os
from pathlib import Path

LASTING = ("cohorts", "histories", "models", "sources")
"""What is in them is kept until it is deleted."""
ROOMS = (*LASTING, "passing", "checkpoints", "logs")
OTHERS = 0o077


def private(home: Path) -> None:
    """Make the folders, for nobody but the owner; it is said in the log where that cannot be.

    Whoever runs the server may have made ``home`` open to others; that is theirs to decide, but
    patients' files in it are not.
    """
    home.mkdir(parents=True, exist_ok=True, mode=0o700)
    for room in (home / name for name in ROOMS):
        room.mkdir(exist_ok=True, mode=0o700)
        if os.name == "posix" and room.stat().st_mode & OTHERS:
            _close(room)


def keep_private() -> None:
    """From now on, what this process and its children write is for nobody but the owner."""
    os.umask(OTHERS)


def _close(room: Path) -> None:
    try:
        room.chmod(0o700)
    except PermissionError:
        logging.getLogger("pmed").warning(
            "Others on this machine can read the folder '%s', which holds patients' data, and "
            "pmed may not change that.", room.name,
        )  # fmt: skip
