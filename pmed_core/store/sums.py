"""What a folder of ours was when it was written: file name -> sha256."""

from __future__ import annotations

import json
from pathlib import Path

from pmed_core.sealing import files

SUMS = "sums.json"


def sums_of(folder: Path) -> dict[str, str]:
    """Empty for a folder of an earlier version."""
    path = folder / SUMS
    return dict(json.loads(files.read(path))) if path.exists() else {}
