"""Tables whose columns have types: Parquet, Feather, data frames."""

from __future__ import annotations

import io
from typing import Any

import numpy as np
import pandas as pd

from pmed_core.errors import UserError
from pmed_core.readers.table import Table


def parquet(data: bytes, name: str) -> Table:
    """The columns as they are typed; raises ``UserError`` where the file is damaged or empty."""
    return _typed_table(data, name, (pd.read_parquet, "a Parquet file"))


def feather(data: bytes, name: str) -> Table:
    """The same of Feather (Arrow)."""
    return _typed_table(data, name, (pd.read_feather, "a Feather file"))


def _typed_table(data: bytes, name: str, reader: tuple[Any, str]) -> Table:
    read, kind = reader
    try:
        frame = read(io.BytesIO(data))
    except Exception as error:
        raise unreadable(name, kind) from error
    if not len(frame):
        raise UserError("The table has no rows", name, "Add the patients' rows.")
    frame.columns = [str(column).strip() for column in frame.columns]
    return Table(name, stored(frame.reset_index(drop=True)))


def unreadable(name: str, kind: str) -> UserError:
    """One sentence for a file that is not what it seems."""
    return UserError(
        f"This is not {kind}, or it is damaged", name, "Save the table again, or as CSV."
    )


def stored(frame: pd.DataFrame) -> pd.DataFrame:
    """Columns of a typed table: numbers, dates and text as they are, durations in days, the cells
    of anything else (Python's own dates, truth values, lists) as text."""
    return pd.DataFrame({name: _stored(frame[name]) for name in frame.columns})


def _stored(cells: pd.Series[Any]) -> pd.Series[Any]:
    if isinstance(cells.dtype, pd.DatetimeTZDtype):
        return pd.Series(cells.dt.tz_localize(None))
    if cells.dtype.kind == "m":
        return pd.Series(cells.dt.total_seconds() / 86_400)
    if cells.dtype.kind == "b" or (
        cells.dtype.kind == "O" and not isinstance(cells.dtype, pd.StringDtype)
    ):
        return cells.astype(object).map(cell_as_text).astype("str")
    return cells


def cell_as_text(cell: object) -> str:
    """A typed cell as a CSV would have it; whole numbers without a point, no cell as ""."""
    if cell is None or cell is pd.NaT or cell is pd.NA:
        return ""
    if isinstance(cell, float | np.floating):
        number = float(cell)
        return "" if np.isnan(number) else str(int(number)) if number.is_integer() else repr(number)
    return str(cell)
