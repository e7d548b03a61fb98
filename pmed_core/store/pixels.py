"""The pixels of a cohort of scans: scans.bin, mapped when it is read, and scans.json, its index."""

from __future__ import annotations

import hashlib
import os
import shutil
from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path

from pmed_core.arrays import from_json, to_json
from pmed_core.cohort import Cohort
from pmed_core.scans import PART, Frame, Scans
from pmed_core.sealing import files
from pmed_core.store.damaged import as_written, sha256
from pmed_core.store.sums import sums_of

PIXELS, INDEX = "scans.bin", "scans.json"
Index = dict[str, dict[str, Frame]]


FILE = PIXELS


def write(cohort: Cohort, folder: Path, own: Path) -> dict[str, str]:
    """Keep a cohort's scans in a folder -> sha256 of the pixels, by the name of their file.

    Pixels that are mapped from another cohort's file are shared with it where the disk can.
    ``own``: where the pixels will be once the folder has taken its place.
    """
    scans = cohort.scans
    return {PIXELS: _write(scans, folder, own)} if scans else {}


def _write(scans: Scans, folder: Path, own: Path) -> str:
    index = {"frames": dict(scans.frames), "masks": dict(scans.masks)}
    files.write_text(folder / INDEX, to_json(Index, index))
    mapped = getattr(scans.data, "filename", None)
    if mapped and Path(mapped) != own:
        try:
            os.link(mapped, folder / PIXELS)
        except OSError:
            shutil.copyfile(mapped, folder / PIXELS)
        return _known(Path(mapped)) or sha256(folder / PIXELS)
    digest = hashlib.sha256()
    with files.writing(folder / PIXELS) as file:
        for start in range(0, len(scans.data), PART):
            part = scans.data[start : start + PART].data
            digest.update(part)
            file.write(part)
    return digest.hexdigest()


def _known(mapped: Path) -> str:
    """As it was written: a sum of what the disk holds now would hide damage from then on."""
    return sums_of(mapped.parent).get(mapped.name, "")


@lru_cache(maxsize=4)
def mapped(folder: Path, written: int) -> Scans | None:
    """None for a table; raises ``ValueError`` where they cannot be what was written."""
    if not (folder / INDEX).exists():
        return None
    sums: Mapping[str, str] = sums_of(folder)
    index = from_json(Index, as_written(folder / INDEX, sums))
    data = files.mapped(folder / PIXELS)
    for frame in (*index["frames"].values(), *index["masks"].values()):
        if not 0 <= frame.offset <= frame.offset + frame.size <= len(data):
            raise ValueError("A scan beyond the end of the pixels")
    return Scans(data, index["frames"], index["masks"])
