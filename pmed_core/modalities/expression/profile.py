"""What a matrix of expression holds, as a table with a row a sample."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from pmed_core.errors import UserError
from pmed_core.modalities.expression.names import are_genes, repaired
from pmed_core.profiles import Profiles
from pmed_core.readers.columns.missing import WORDS
from pmed_core.readers.identifiers import owner
from pmed_core.readers.table import Table, must_fit
from pmed_core.reading import Decision
from pmed_core.variable import Kind

COLUMN = "expression"
SAMPLE = "sample"
COUNTERS = frozenset({
    "__no_feature", "__ambiguous", "__too_low_aQual", "__not_aligned", "__alignment_not_unique",
    "no_feature", "ambiguous", "too_low_aQual", "not_aligned", "alignment_not_unique",
    "N_unmapped", "N_multimapping", "N_noFeature", "N_ambiguous",
})  # fmt: skip
"""Rows of HTSeq, of earlier versions too, and of STAR: reads that were counted for no gene."""
THOUSANDS, FEWEST_PARTED, LOOKED_AT = re.compile(r"[1-9]\d{0,2}\.\d{3}"), 20, 5_000


@dataclass(frozen=True)
class Matrix:
    """n samples of p genes.

    Attributes:
        samples: n names, each once.
        genes: p names as written.
        values: (n, p); NaN where nothing was measured.
    """

    samples: tuple[str, ...]
    genes: tuple[str, ...]
    values: NDArray[np.float32]


def with_matrix(table: Table, ids: Sequence[str], matrix: Matrix) -> Table:
    """The table with a column that names the profile of each row, ``ids`` (n,), empty for none;
    raises ``UserError`` for a sample or an empty matrix that cannot be meant."""
    _must_differ(matrix.samples, table.name)
    matrix, counters = _without_counters(matrix)
    if not matrix.genes:
        raise UserError("No gene is left in the matrix", table.name, "Give values of genes.")
    again = table.profiles is not None  # and repaired already
    genes, told = (matrix.genes, []) if again else repaired(matrix.genes)
    there = set(matrix.samples)
    named = [one if one in there else None for one in ids]
    asked = set(ids)
    used = [k for k, one in enumerate(matrix.samples) if one in asked]
    kept = tuple(matrix.samples[k] for k in used)
    column = COLUMN if COLUMN not in table.cells.columns else f"{COLUMN} profile"
    cells = table.cells.assign(**{column: pd.array(named, dtype="str")})
    return replace(
        table, cells=cells, profiles=Profiles(kept, genes, matrix.values[used]),
        kinds={**table.kinds, f"kind:{column}": Kind.EXPRESSION.value},
        reading=(*table.reading, *counters, *told),
    )  # fmt: skip


def _without_counters(matrix: Matrix) -> tuple[Matrix, list[Decision]]:
    """The matrix without what programs that count reads write beside the genes: in sums it would
    be the largest of them."""
    found = [one for one in matrix.genes if one in COUNTERS]
    if not found:
        return matrix, []
    kept = [k for k, one in enumerate(matrix.genes) if one not in COUNTERS]
    genes = tuple(matrix.genes[k] for k in kept)
    shown = ", ".join(f"'{one}'" for one in found[:3]) + " …" * (len(found) > 3)
    are = "rows count reads of no gene, and are" if len(found) > 1 else (
        "row counts reads of no gene, and is"
    )  # fmt: skip
    told = Decision(
        "counters", "left out", f"{len(found)} {are} left out: {shown}.", cells=len(found)
    )
    return replace(matrix, genes=genes, values=matrix.values[:, kept]), [told]


def alone(name: str, matrix: Matrix, told: Sequence[Decision], annotations: pd.DataFrame) -> Table:
    """A table of the samples with what the file says of them (n rows), in its order; raises
    ``UserError`` where these are genes."""
    if are_genes(matrix.samples) and not are_genes(matrix.genes):
        raise UserError(
            f"The samples of this matrix look like genes ('{matrix.samples[0][:40]}')", name,
            "It lies the other way round: write it with samples where they belong.",
        )  # fmt: skip
    called = SAMPLE if SAMPLE not in annotations.columns else f"{SAMPLE} of the matrix"
    cells = annotations.reset_index(drop=True)
    cells.insert(0, called, pd.Series(matrix.samples, dtype="str"))
    table = Table(name, cells, tuple(told), patient=owner(cells, called))
    return with_matrix(table, matrix.samples, matrix)


def _must_differ(samples: Sequence[str], where: str) -> None:
    index = pd.Index(samples)
    if index.has_duplicates:
        twice = str(index[index.duplicated()][0])
        raise UserError(
            f"The sample '{twice[:60]}' stands in the matrix twice", where,
            "Give each sample a name of its own: which of them is meant cannot be told.",
        )  # fmt: skip
    if empty := next((k for k, one in enumerate(samples, 1) if not one), 0):
        raise UserError(
            f"Sample {empty} of the matrix has no name", where, "Give each sample a name."
        )


def as_numbers(block: pd.DataFrame, where: str) -> NDArray[np.float32]:
    """(rows, columns) of cells that are numbers or say that they are missing; raises
    ``UserError`` for any other."""
    must_fit(block.size, where)
    _no_thousands(block, where)
    values, understood = read_cells(block)
    large = ~(np.abs(np.nan_to_num(values, nan=0.0)) < np.finfo(np.float32).max)
    strange = large | ~understood
    if strange.any():
        row, column = (int(one) for one in np.argwhere(strange)[0])
        raise UserError(
            f"'{str(block.iat[row, column])[:40]}' is no number of expression",
            f"{where}, '{str(block.index[row])[:40]}' of '{str(block.columns[column])[:40]}'",
            "Write numbers with a decimal point; leave a cell empty where nothing was measured.",
        )  # fmt: skip
    return values.astype(np.float32)


def _no_thousands(block: pd.DataFrame, where: str) -> None:
    """Raise ``UserError`` where a point may part thousands, as some countries write them: beside
    whole numbers below 1000 all others have three digits behind it, and none begins with 0."""
    if all(kind.kind in "iufb" for kind in block.dtypes) or not block.size:
        return
    flat = block.to_numpy(dtype=object).ravel()
    some = flat[:: max(1, len(flat) // LOOKED_AT)]
    if not _may_be_thousands(some) or not _may_be_thousands(flat):
        return
    one, other = (next(x for x in flat if isinstance(x, str) and ("." in x) is dot) for dot in
                  (True, False))  # fmt: skip
    raise UserError(
        f"'{one}' beside '{other}' may be a number with three decimals, or one of thousands", where,
        "Write numbers without signs between thousands.",
    )  # fmt: skip


def _may_be_thousands(cells: NDArray[Any]) -> bool:
    texts = [x.strip() for x in cells if isinstance(x, str)]
    parted = [x for x in texts if "." in x]
    rest = [x for x in texts if "." not in x and x.casefold() not in WORDS]
    return (
        len(parted) >= FEWEST_PARTED and bool(rest)
        and all(THOUSANDS.fullmatch(x) for x in parted)
        and all(x.isdecimal() and len(x) <= 3 for x in rest)
    )  # fmt: skip


def read_cells(block: pd.DataFrame) -> tuple[NDArray[np.float64], NDArray[np.bool_]]:
    """(rows, columns) numbers, NaN where there is none, and whether each cell is a number or says
    that it is missing. All at once: a matrix has as many columns as a table has rows."""
    if all(kind.kind in "iuf" for kind in block.dtypes):
        values = block.to_numpy(dtype=np.float64)
        return values, np.ones(values.shape, dtype=bool)
    flat = np.empty(block.size, dtype=object)
    cells = flat.reshape(block.shape)
    for place, (_, column) in enumerate(block.items()):
        # Dates and truth values are no numbers, whatever number they are kept as.
        cells[:, place] = column.astype("str") if column.dtype.kind in "mMb" else column
    read = np.asarray(pd.to_numeric(flat, errors="coerce"), dtype=np.float64)
    unread = np.flatnonzero(np.isnan(read))
    words = [_is_missing(cell) for cell in flat[unread]]
    understood = np.ones(len(flat), dtype=bool)
    understood[unread] = words
    return read.reshape(block.shape), understood.reshape(block.shape)


def _is_missing(cell: object) -> bool:
    return not isinstance(cell, str) or cell.strip().casefold() in WORDS
