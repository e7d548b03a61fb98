"""Numbers in bands: each in the one that holds it, in every later file, and no cell elsewhere
without a word."""

from __future__ import annotations

import math
import re
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import TypeAdapter

from pmed_core.cohort import Cohort
from pmed_core.errors import UserError
from pmed_core.readers.tables import as_cohort, read_cohort, read_for, read_table
from pmed_core.variable import Kind, Variable

NUMBERS = st.floats(-1e6, 1e6).map(lambda x: float(f"{x:.6g}"))


def banded(cells: list[Any], limits: str, name: str = "dose", **choices: str) -> Cohort:
    frame = pd.DataFrame({name: cells}, dtype="str" if isinstance(cells[0], str) else None)
    given = {f"bands:{name}": limits} | {key.replace("__", ":"): v for key, v in choices.items()}
    return read_cohort(frame, choices=given)


def told(cohort: Cohort) -> str:
    return " ".join(one.sentence for one in cohort.reading)


def holds(band: str, value: float) -> bool:
    """Whether a number lies in a band, by its words."""
    numbers = [float(one) for one in re.findall(r"-?\d+(?:\.\d+)?(?:e[+-]?\d+)?", band)]
    if " to " in band and band.startswith("above"):
        return numbers[0] < value <= numbers[1]
    if band.startswith("above"):
        return value > numbers[0]
    return value <= numbers[0] if band.startswith("up to") else value == numbers[0]


@given(
    st.lists(NUMBERS, min_size=1, max_size=6, unique=True).map(sorted),
    st.lists(NUMBERS, min_size=2, max_size=30),
    st.lists(NUMBERS, min_size=1, max_size=10),
)
def test_each_number_lies_in_the_band_that_it_is_read_as(
    edges: list[float], values: list[float], later: list[float]
) -> None:
    limits = "; ".join(map(repr, edges))
    cohort = banded(values, limits)
    (variable,) = cohort.variables
    assert variable.kind is Kind.CATEGORY
    for band, value in zip(cohort.table["dose"], values, strict=True):
        assert holds(band, value), (band, value)
    assert list(variable.categories) == sorted(
        set(cohort.table["dose"]), key=lambda band: max(
            v for b, v in zip(cohort.table["dose"], values, strict=True) if b == band
        ),
    )  # fmt: skip
    again = read_for(pd.DataFrame({"dose": later}), cohort.variables)
    for band, value in zip(again.table["dose"], later, strict=True):
        if isinstance(band, str):
            assert holds(band, value), (band, value)
        else:
            assert value < edges[0]
            assert "in no band" in told(again)


@given(st.lists(NUMBERS, min_size=2, max_size=30))
def test_bands_that_were_exported_are_read_as_they_stand(values: list[float]) -> None:
    cohort = banded(values, "-10; 0.5; 2000")
    again = read_for(cohort.table, cohort.variables)
    assert list(again.table["dose"]) == list(cohort.table["dose"])
    as_text = read_for(cohort.table.astype("str"), cohort.variables)
    assert list(as_text.table["dose"]) == list(cohort.table["dose"])


def test_the_account_counts_them_and_the_lowest_is_the_dose_itself() -> None:
    cohort = banded(["0", "0", "5 mg", "12 mg", "", "80 mg", "50 mg"], "0; 10; 50")
    assert list(cohort.variables[0].categories) == [
        "0", "above 0 to 10 mg", "above 10 to 50 mg", "above 50 mg",
    ]  # fmt: skip
    assert (
        "'dose' is read in bands: '0' (2), 'above 0 to 10 mg' (1), 'above 10 to 50 mg' (2), "
        "'above 50 mg' (1)."
    ) in told(cohort)
    assert math.isnan(cohort.table["dose"].iloc[4])


def test_a_unit_is_converted_before_the_band_is_told() -> None:
    cohort = banded(["0 mg", "5 mg", "12 mg", "80 mg"], "0; 10; 50")
    later = pd.DataFrame({"dose": ["0.02 g", "0.1 g", "0 g"]}, dtype="str")
    again = read_for(later, cohort.variables)
    assert list(again.table["dose"]) == ["above 10 to 50 mg", "above 50 mg", "0"]


def test_bands_keep_their_names_where_later_cells_name_a_unit() -> None:
    """And where those of training did and later ones do not."""
    plain, named = ["0", "5", "20", "40"] * 10, ["0 mg", "5 mg", "20 mg", "40 mg"] * 10
    for first, later in ((plain, named), (named, plain)):
        trained = banded(first, "0; 10; 50")
        (variable,) = trained.variables
        again = read_for(pd.DataFrame({"dose": later}), [variable]).table["dose"]
        assert again.tolist() == trained.table["dose"].tolist()


def test_a_number_below_the_lowest_dose_is_missing_and_said() -> None:
    cohort = banded(["0", "5", "12"], "0; 10")
    again = read_for(pd.DataFrame({"dose": [-3.0, 4.0]}), cohort.variables)
    assert list(again.table["dose"].isna()) == [True, False]
    assert "1 number lies below 0, in no band, and it was read as missing." in told(again)


def test_nobody_knows_the_band_of_less_than() -> None:
    cohort = banded(["0", "5", "<10", ">10", "12"], "0; 10")
    assert list(cohort.table["dose"].isna()) == [False, False, True, True, False]
    assert "'<10'" in told(cohort)


def test_bands_of_a_file_are_those_of_its_rows_whatever_the_rows_are_called() -> None:
    cohort = banded([0.0, 5, 12, 80], "0; 10")
    later = pd.DataFrame({"dose": ["0", "above 0 to 10", "above 10"]}, index=[2, 0, 1])
    assert list(read_for(later, cohort.variables).table["dose"]) == list(later["dose"])


def test_what_less_than_was_read_as_in_training_holds_for_later_files() -> None:
    cohort = banded(["0", "5", "<8", "12"], "0; 10", limits__dose="half")
    assert list(cohort.table["dose"])[2] == "above 0 to 10"
    later = pd.DataFrame({"dose": ["0", "<8", "12"]}, dtype="str")
    assert list(read_for(later, cohort.variables).table["dose"])[1] == "above 0 to 10"


def test_a_band_that_training_never_saw_is_said() -> None:
    cohort = banded(["0", "5", "6"], "0; 10")
    again = read_for(pd.DataFrame({"dose": [80.0]}), cohort.variables)
    assert any("'above 10' was never seen in training" in note for note in again.notes)


@pytest.mark.parametrize(
    "limits", ["", "x", "5; 5", "10; 0", "0,5", "0,5 7", "0 5,7", "0;5,5", "0; nan", "0; inf",
               "; 5", "; ".join(map(str, range(20)))],
)  # fmt: skip
def test_what_is_no_list_of_limits_is_refused(limits: str) -> None:
    if not limits:
        assert banded([1.0, 2.0], limits).variables[0].kind is not Kind.CATEGORY
        return
    with pytest.raises(UserError, match="are not limits of bands") as refused:
        banded([1.0, 2.5, 3.5], limits)
    assert "0; 10; 50" in refused.value.remedy


@pytest.mark.parametrize("limits", ["0; 10; 50", "0, 10, 50", "0,10,50", "0 10 50"])
def test_limits_are_written_as_people_write_them(limits: str) -> None:
    assert banded([0, 3, 80], limits).variables[0].written.bands == (0, 10, 50)


def test_a_column_that_holds_no_numbers_is_refused() -> None:
    with pytest.raises(UserError, match="No cell is a number"):
        banded(["low", "high", "middle", "low"], "0; 10")


def test_bands_are_no_outcome() -> None:
    frame = pd.DataFrame({"dose": range(40), "x": np.arange(40) % 7})
    with pytest.raises(UserError, match="read in bands, which are inputs or treatments"):
        read_cohort(frame, outcome="dose", choices={"bands:dose": "10"})


def test_a_band_cannot_be_a_number_as_well() -> None:
    frame = pd.DataFrame({"dose": [0.0, 5, 12, 80] * 10})
    first = read_cohort(frame)
    with pytest.raises(UserError, match="cannot be a number as well"):
        read_for(frame, first.variables, choices={"bands:dose": "10"})
    other = read_cohort(frame, choices={"bands:dose": "20"})
    with pytest.raises(UserError, match="in other bands before"):
        read_for(frame, other.variables, choices={"bands:dose": "10"})


def test_bands_are_kept_with_the_variable_and_taken_back(tmp_path: Any) -> None:
    cohort = banded([0.0, 5, 12, 80], "0; 10")
    kept = TypeAdapter(Variable)
    variable = kept.validate_json(kept.dump_json(cohort.variables[0]))
    assert variable == cohort.variables[0]
    path = tmp_path / "t.csv"
    pd.DataFrame({"dose": [0.0, 5.5, 12, 80]}).to_csv(path, index=False)
    again = as_cohort(read_table(path), "t", [variable])
    assert list(again.table["dose"]) == list(cohort.table["dose"])
    assert read_cohort(path).variables[0].kind is Kind.NUMBER
