"""The genotypes of a cohort: genotypes.bin (calls, then blocks), mapped when it is read;
genotypes.json, its index; sites.parquet and blocks.parquet."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import numpy as np
import pandas as pd

from pmed_core.arrays import from_json, to_json
from pmed_core.cohort import Cohort
from pmed_core.genotypes import Genotypes
from pmed_core.store.damaged import as_written, sha256
from pmed_core.store.sums import sums_of

FILE, INDEX = "genotypes.bin", "genotypes.json"
SITES, BLOCKS = "sites.parquet", "blocks.parquet"


@dataclass(frozen=True)
class Index:
    """What the rows and columns are."""

    samples: tuple[str, ...]
    sites: int
    blocks: int
    build: str


def write(cohort: Cohort, folder: Path, own: Path) -> dict[str, str]:
    """Keep a cohort's genotypes in a folder -> sha256 of the calls, by the name of their file."""
    found = cohort.genotypes
    if found is None:
        return {}
    index = Index(found.samples, len(found.sites), len(found.blocks), found.build)
    (folder / INDEX).write_text(to_json(Index, index), encoding="utf-8")
    found.sites.to_parquet(folder / SITES, index=False)
    found.blocks.to_parquet(folder / BLOCKS, index=False)
    with (folder / FILE).open("wb") as file:
        np.ascontiguousarray(found.calls).tofile(file)
        np.ascontiguousarray(found.covered).tofile(file)
    return {FILE: sha256(folder / FILE)}


@lru_cache(maxsize=4)
def mapped(folder: Path, written: int) -> Genotypes | None:
    """None where the cohort has none; raises ``ValueError`` where they cannot be what was
    written."""
    if not (folder / INDEX).exists():
        return None
    index = from_json(Index, as_written(folder / INDEX, sums_of(folder)))
    many, called = len(index.samples), index.sites * len(index.samples)
    size = called + index.blocks * many
    if (folder / FILE).stat().st_size != size:
        raise ValueError("Genotypes of another size")
    both = np.memmap(folder / FILE, dtype=np.uint8, mode="r") if size else np.empty(0, np.uint8)
    return Genotypes(
        index.samples, pd.read_parquet(folder / SITES), both[:called].reshape(-1, many),
        pd.read_parquet(folder / BLOCKS), both[called:].view(np.bool_).reshape(-1, many),
        index.build,
    )  # fmt: skip
