"""Whatever is read otherwise than it is written is in the account: tables of all kinds of columns.

No table here is looked at by its author's meaning alone: a cell that is not read as the plain text
says is counted by an entry that names its column, or the table is refused.
"""

from __future__ import annotations

import datetime
import io
import json
import re
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pmed_core.cohort import Cohort
from pmed_core.errors import UserError
from pmed_core.readers.tables import read_cohort, read_for
from pmed_core.variable import Kind, Role
from tests.readers.columns.mixed import GAP, Sheet, table

QUIET = [HealthCheck.function_scoped_fixture, HealthCheck.too_slow]
FORMATS = ("csv", "csv", "csv", "tsv", "frame", "frame", "parquet", "json", "xlsx")


def source(sheet: Sheet, kind: str, folder: Path) -> Path | pd.DataFrame:
    frame = pd.DataFrame(sheet.cells, dtype="str")
    path = folder / f"table.{kind}"
    if kind == "frame":
        return frame
    if kind in ("csv", "tsv"):
        text = io.StringIO()
        frame.to_csv(text, sep="\t" if kind == "tsv" else ",", index=False)
        path.write_text(text.getvalue(), encoding="utf-8")
    elif kind == "json":
        path.write_text(json.dumps(frame.to_dict("records")), encoding="utf-8")
    elif kind == "parquet":
        frame.to_parquet(path)
    else:
        frame.to_excel(path, index=False)
    return path


def plainly(text: str, cell: Any) -> bool:
    """Whether a cell was read as its text says, but for spaces and the digits of a number."""
    text = text.strip()
    if pd.isna(cell):
        return not text
    if isinstance(cell, float):
        try:
            return float(text) == cell
        except ValueError:
            return False
    if isinstance(cell, pd.Timestamp):
        try:
            return datetime.datetime.fromisoformat(text) == cell
        except ValueError:
            return False
    return bool(text == cell)


def untold(cohort: Cohort, sheet: Sheet) -> list[str]:
    """Columns with more cells that are read otherwise than the account counts."""
    found = []
    for name, cells in sheet.cells.items():
        read = list(cohort.table[name])
        other = [pair for pair in zip(cells, read, strict=True) if not plainly(*pair)]
        told = sum(d.cells for d in cohort.reading if d.column == name)
        if len(other) > told and not any(name in note for note in cohort.notes):
            found.append(f"{name}: {other[0]} and {len(other) - 1} more, {told} told")
    return found


def unasked(cohort: Cohort, sheet: Sheet) -> list[str]:
    """Columns that are not what was meant although no entry says that they may be another thing."""
    guesses = {d.column for d in cohort.reading if not d.proved or "as other columns" in d.sentence}
    found = []
    for name, meant in sheet.meant.items():
        if name in guesses or "direct identifier" in cohort.variable(name).reason:
            continue
        for text, cell, one in zip(sheet.cells[name], cohort.table[name], meant, strict=True):
            if not same(cell, one):
                found.append(f"{name}: {text!r} as {cell!r}")
    return found


def same(cell: Any, meant: Any) -> bool:
    if meant is GAP or pd.isna(cell):
        return meant is GAP and bool(pd.isna(cell))
    if isinstance(meant, float):
        return isinstance(cell, float) and abs(cell - meant) <= 1e-9 * max(1, abs(meant))
    return bool(cell == meant)


def check(seed: int, kind: str, folder: Path) -> None:
    sheet = table(seed)
    given = source(sheet, kind, folder)
    try:
        cohort = read_cohort(given)
    except UserError:
        with pytest.raises(UserError, match="|".join(map(re.escape, sheet.cells))):
            read_cohort(given)
        return
    silent = [*untold(cohort, sheet), *unasked(cohort, sheet)]
    assert not silent, silent
    again = later(sheet, cohort)
    for variable in again.variables:
        name = variable.name
        if not plainly_same(cohort.table[name], again.table[name]):
            assert any(d.column == name for d in again.reading), name


def later(sheet: Sheet, cohort: Cohort) -> Cohort:
    """The same rows as a later file for a model of the cohort."""
    wanted = [
        v for v in cohort.variables
        if v.role is Role.INPUT and v.kind in (Kind.NUMBER, Kind.CATEGORY, Kind.YES_NO)
    ]  # fmt: skip
    return read_for(pd.DataFrame(sheet.cells, dtype="str"), wanted)


def plainly_same(one: pd.Series[Any], other: pd.Series[Any]) -> bool:
    return bool(np.all((one == other) | (one.isna() & other.isna())))


@settings(max_examples=60, deadline=None, suppress_health_check=QUIET)
@given(seed=st.integers(0, 2**32 - 1), kind=st.sampled_from(FORMATS[:-1]))
def test_what_is_read_otherwise_is_told(seed: int, kind: str, tmp_path: Path) -> None:
    check(seed, kind, tmp_path)


@settings(max_examples=20, deadline=None, suppress_health_check=QUIET)
@given(seed=st.integers(0, 2**32 - 1))
def test_the_same_of_workbooks(seed: int, tmp_path: Path) -> None:
    check(seed, "xlsx", tmp_path)


@pytest.mark.slow
@settings(max_examples=1_000, deadline=None, suppress_health_check=QUIET)
@given(seed=st.integers(0, 2**32 - 1), kind=st.sampled_from(FORMATS))
def test_a_thousand_tables_tell_what_was_done(seed: int, kind: str, tmp_path: Path) -> None:
    check(seed, kind, tmp_path)
