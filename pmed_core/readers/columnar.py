"""Tables whose columns have types: Parquet, Feather, data frames."""

from __future__ import annotations

import io
from collections import Counter
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.feather
import pyarrow.parquet as pq

from pmed_core.errors import UserError
from pmed_core.readers.foreign import foreign, unreadable
from pmed_core.readers.table import Table, must_fit
from pmed_core.reading import Decision

DIGITS = 15
"""A number of more digits is an id, and text."""
EXACT = 2.0**53
"""Above it a floating-point number does not hold each whole number."""


def parquet(data: bytes, name: str) -> Table:
    """The columns as they are typed; raises ``UserError`` where the file is damaged or empty."""
    return _typed_table(data, name, (pd.read_parquet, "a Parquet file"))


def feather(data: bytes, name: str) -> Table:
    """The same of Feather (Arrow)."""
    return _typed_table(data, name, (pd.read_feather, "a Feather file"))


def _typed_table(data: bytes, name: str, reader: tuple[Any, str]) -> Table:
    read, kind = reader
    with foreign(unreadable(name, kind)):
        must_fit(_cells_of_parquet(data) if read is pd.read_parquet else 0, name)
        frame = _exact(read(io.BytesIO(data)), data, read is pd.read_parquet)
        _whole(frame)
    if not len(frame):
        raise UserError("The table has no rows", name, "Add the patients' rows.")
    told = [Decision("format", kind, f"The file is {kind}.", options=(kind,))]
    frame, index = _with_index(frame)
    frame.columns = _names(frame, name)
    said, units = _converted(frame)
    return Table(name, stored(frame), (*told, *index, *said), units=units)


def _exact(frame: pd.DataFrame, data: bytes, is_parquet: bool) -> pd.DataFrame:
    """With the digits of long whole numbers that a gap made pandas round, as it does to ids."""
    rounded = [
        str(name) for name, cells in frame.items()
        if cells.dtype == np.float64 and cells.isna().any() and (cells.abs() > EXACT).any()
    ]  # fmt: skip
    if not rounded:
        return frame
    read = pq.read_table if is_parquet else pyarrow.feather.read_table
    table = read(io.BytesIO(data), columns=rounded)
    for name in rounded:
        if name in table.column_names and pa.types.is_integer(table.schema.field(name).type):
            kind = "UInt64" if pa.types.is_unsigned_integer(table.schema.field(name).type) else (
                "Int64"
            )  # fmt: skip
            frame[name] = pd.array(table.column(name).to_pylist(), dtype=kind)
    return frame


def _whole(frame: pd.DataFrame) -> None:
    """Look at all text now: what is no UTF-8 in it would be noticed at any later moment."""
    for _, cells in frame.items():
        text = getattr(cells.array, "__arrow_array__", None)
        if text is not None:
            text().validate(full=True)


def _converted(frame: pd.DataFrame) -> tuple[list[Decision], dict[str, str]]:
    """Durations and times of a zone, which become days and times without one."""
    said, units = [], {}
    for name in frame.columns:
        cells = frame[name]
        if cells.dtype.kind == "m":
            sentence = f"'{name}' holds durations, which were read in days."
            said.append(Decision("unit", "d", sentence, name, len(cells.dropna())))
            units[name] = "d"
        elif isinstance(cells.dtype, pd.DatetimeTZDtype):
            sentence = f"The times of '{name}' are those of the zone {cells.dt.tz}."
            said.append(Decision("zones", "said", sentence, name, len(cells.dropna())))
    return said, units


def _cells_of_parquet(data: bytes) -> int:
    """As its metadata says: equal rows take no room in the file, but in memory."""
    about = pq.read_metadata(io.BytesIO(data))
    return int(about.num_rows * about.num_columns)


def _with_index(frame: pd.DataFrame) -> tuple[pd.DataFrame, list[Decision]]:
    """The rows' names become columns, where they are more than numbers from 0 on."""
    if isinstance(frame.index, pd.RangeIndex):
        return frame.reset_index(drop=True), []
    names = [str(name or f"row name {n + 1}") for n, name in enumerate(frame.index.names)]
    whole = frame.reset_index(names=names)
    told = Decision(
        "row-names", "kept", f"The rows have names, which became columns: {', '.join(names)}.",
        cells=len(names), options=("kept",),
    )  # fmt: skip
    return whole, [told]


def _names(frame: pd.DataFrame, where: str) -> list[str]:
    names = [str(column).strip() for column in frame.columns]
    if twice := [name for name, count in Counter(names).items() if count > 1]:
        raise UserError(
            f"A column name stands more than once: '{twice[0]}'", where,
            "Give each column a name of its own.",
        )  # fmt: skip
    return names


def of_frame(frame: pd.DataFrame, name: str) -> Table:
    """A data frame as a table; names of rows that do more than count become columns.

    Raises ``UserError`` where a name stands more than once.
    """
    told: list[Decision] = []
    if any(frame.index.names) or frame.index.inferred_type != "integer":
        frame, told = _with_index(frame)
    frame = frame.set_axis(_names(frame, name), axis=1)
    said, units = _converted(frame)
    return Table(name, stored(frame), (*told, *said), units=units)


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
    if isinstance(cell, bytes):
        # Older programs mark text in Parquet files as bytes.
        return cell.decode("utf-8", "backslashreplace")
    if isinstance(cell, float | np.floating):
        number = float(cell)
        return "" if np.isnan(number) else str(int(number)) if number.is_integer() else repr(number)
    return str(cell)


def numbers_or_text(cells: list[str], number: type[str]) -> pd.Series[Any]:
    """Cells that were marked as numbers, as numbers where all are and none has too many digits."""
    known = [cell for cell in cells if cell]
    digits = max((sum(map(str.isdigit, cell)) for cell in known), default=0)
    if not known or digits > DIGITS or not all(isinstance(cell, number) for cell in known):
        return pd.Series([str(cell) for cell in cells], dtype="str")
    if all(cell.removeprefix("-").isdigit() for cell in known):
        return pd.Series([int(cell) if cell else None for cell in cells], dtype="Int64").astype(
            "int64" if len(known) == len(cells) else "Int64"
        )
    return pd.Series([float(cell) if cell else np.nan for cell in cells], dtype="float64")
