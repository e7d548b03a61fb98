"""The profiles of a cohort: profiles.bin, mapped when it is read, and profiles.json, its index."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import numpy as np

from pmed_core.arrays import from_json, to_json
from pmed_core.cohort import Cohort
from pmed_core.profiles import Profiles
from pmed_core.sealing import files
from pmed_core.store.damaged import as_written, sha256
from pmed_core.store.sums import sums_of

FILE, INDEX = "profiles.bin", "profiles.json"
KEPT = np.dtype("<f4")


@dataclass(frozen=True)
class Index:
    """Which rows and columns the values have."""

    ids: tuple[str, ...]
    names: tuple[str, ...]
    kinds: tuple[tuple[str, int], ...] = ()


def write(cohort: Cohort, folder: Path, own: Path) -> dict[str, str]:
    """Keep a cohort's profiles in a folder -> sha256 of the values, by the name of their file."""
    found = cohort.profiles
    if found is None:
        return {}
    files.write_text(folder / INDEX, to_json(Index, Index(found.ids, found.names, found.kinds)))
    files.write(folder / FILE, np.ascontiguousarray(found.values, dtype=KEPT).data)
    return {FILE: sha256(folder / FILE)}


@lru_cache(maxsize=4)
def mapped(folder: Path, written: int) -> Profiles | None:
    """None where the cohort has none; raises ``ValueError`` where they cannot be what was
    written."""
    if not (folder / INDEX).exists():
        return None
    index = from_json(Index, as_written(folder / INDEX, sums_of(folder)))
    shape = (len(index.ids), len(index.names))
    held = files.mapped(folder / FILE)
    if len(held) != shape[0] * shape[1] * KEPT.itemsize:
        raise ValueError("Profiles of another size")
    values = held[:].view(KEPT).reshape(shape)
    return Profiles(index.ids, index.names, values, index.kinds)
