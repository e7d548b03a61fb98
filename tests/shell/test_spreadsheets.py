"""CSV that a spreadsheet cannot be tricked with, and numbers that stay numbers."""

from __future__ import annotations

import io

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pmed_core.spreadsheets import as_csv, safe


@pytest.mark.parametrize(
    "cell", ["=1+1", "@SUM(A1)", "+cmd|' /C calc'!A0", "-2+3", "\t=1", "-", "＝1"]
)
def test_text_that_a_spreadsheet_would_run_is_escaped(cell: str) -> None:
    assert safe(cell) == f"'{cell}"


@pytest.mark.parametrize("cell", ["-12", "+1.5", "-1e5", "-,5", "P-1", "", -3, np.nan, None])
def test_numbers_and_other_text_are_untouched(cell: object) -> None:
    assert safe(cell) is cell


def test_columns_of_one_name_are_both_escaped() -> None:
    table = pd.DataFrame([["=1", "+2x"]], columns=["a", "a"])
    assert as_csv(table) == "a,a\n'=1,'+2x\n"


@given(st.lists(st.text(alphabet=st.characters(codec="utf-8", exclude_characters="\r\n\0"))))
def test_no_cell_starts_a_formula(cells: list[str]) -> None:
    table = pd.DataFrame({"=name": pd.Series(cells, dtype="str"), "n": -1.5})
    found = pd.read_csv(io.StringIO(as_csv(table)), dtype=str, keep_default_na=False)
    assert list(found.columns) == ["'=name", "n"]
    for before, after in zip(cells, found["'=name"], strict=True):
        assert after in (before, f"'{before}")
        assert after[:1] not in ("=", "@")
    assert set(found["n"]) <= {"-1.5"}
