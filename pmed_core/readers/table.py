"""A file of rows and columns as it was read, before anything is known about its columns."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import pandas as pd

from pmed_core.errors import UserError
from pmed_core.genotypes import Genotypes
from pmed_core.profiles import Profiles
from pmed_core.reading import Reading

CELLS_AT_MOST = 200_000_000
"""More than any table of patients, less than a memory."""


@dataclass(frozen=True)
class Table:
    """What stands in a file.

    Attributes:
        name: of the file, for people.
        cells: (n rows, one column a name); text as it is written, or typed where the format says
            the type (Parquet, numbers of Excel, SPSS, Stata).
        reading: what was decided to get there: encoding, separator, sheet, header row, rows and
            columns left out, joined rows.
        labels: column -> code -> name, where the file has a codebook.
        units: column -> unit, where the file has one.
        patient: the column by which rows were put together, empty where none were.
        profiles, genotypes: what a column of profiles, or of variants, names.
        kinds: ("kind:COLUMN" -> kind) of columns that were made, and not written in the file; and
            ("unit:COLUMN" -> unit) to which what the file says itself is converted.
        alone: whether something can be said of one row, without a model.
    """

    name: str
    cells: pd.DataFrame
    reading: Reading = ()
    labels: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    units: Mapping[str, str] = field(default_factory=dict)
    patient: str = ""
    profiles: Profiles | None = None
    genotypes: Genotypes | None = None
    kinds: Mapping[str, str] = field(default_factory=dict)
    alone: bool = False


def must_fit(cells: int, where: str) -> None:
    """Raise ``UserError`` where a table would have more cells than are read."""
    if cells > CELLS_AT_MOST:
        raise UserError(
            f"It has {cells:,} cells; at most {CELLS_AT_MOST:,} are read", where,
            "Keep fewer columns or rows.",
        )  # fmt: skip
