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
from pmed_core.sealing import files
from pmed_core.store.damaged import as_written, sha256
from pmed_core.store.sums import sums_of

FILE, INDEX = "genotypes.bin", "genotypes.json"
SITES, BLOCKS = "sites.parquet", "blocks.parquet"
ROWS_AT_ONCE = 10_000


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
    files.write_text(folder / INDEX, to_json(Index, index))
    for table, name in ((found.sites, SITES), (found.blocks, BLOCKS)):
        files.write(folder / name, table.to_parquet(None, index=False))
    with files.writing(folder / FILE) as file:
        for start in range(0, len(found.calls), ROWS_AT_ONCE):
            file.write(np.ascontiguousarray(found.calls[start : start + ROWS_AT_ONCE]).data)
        file.write(np.ascontiguousarray(found.covered).data)
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
    both = files.mapped(folder / FILE) if size else np.empty(0, np.uint8)
    if len(both) != size:
        raise ValueError("Genotypes of another size")
    return Genotypes(
        index.samples, _table(folder / SITES), both[:called].reshape(-1, many),
        _table(folder / BLOCKS), both[called:size].view(np.bool_).reshape(-1, many), index.build,
    )  # fmt: skip


def _table(path: Path) -> pd.DataFrame:
    with files.reading(path) as file:
        return pd.read_parquet(file)
