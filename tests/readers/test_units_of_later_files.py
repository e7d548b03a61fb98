"""The unit of a column in a later file: the same, converted, refused, or said to be a guess."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pmed_core.cohort import Cohort
from pmed_core.errors import UserError
from pmed_core.readers.tables import as_cohort, read_cohort, read_for, read_table
from pmed_core.variable import Role

ROWS = 24
SERUM = {"mmol/L": 1.0, "mg/dL": 18.016}
"""Glucose, of which the first is n times the second."""
WAYS = ("cells", "row", "nowhere")
QUIET = [HealthCheck.function_scoped_fixture, HealthCheck.too_slow]


def file(folder: Path, unit: str, way: str) -> Path:
    """5.0, 5.1, ... mmol/L of glucose in another unit, which stands there or there."""
    cells = [f"{(5 + n / 10) * SERUM[unit]:.6f}" for n in range(ROWS)]
    rows = [
        f"P{n},{30 + n},{cell}{f' {unit}' * (way == 'cells')},{('no', 'yes')[n % 2]}"
        for n, cell in enumerate(cells)
    ]
    above = ["id,age,glucose,died", *([f",years,{unit},"] if way == "row" else [])]
    (folder / "t.csv").write_text("\n".join([*above, *rows]) + "\n")
    return folder / "t.csv"


def later(model: Cohort, path: Path, **choices: str) -> Cohort:
    wanted = [v for v in model.variables if v.role is Role.INPUT]
    return read_for(path, wanted, choices={k.replace("__", ":"): v for k, v in choices.items()})


def said(cohort: Cohort) -> list[str]:
    return [d.sentence for d in cohort.reading if d.key == "unit:glucose"]


@settings(max_examples=40, deadline=None, suppress_health_check=QUIET)
@given(
    first=st.sampled_from(list(SERUM)), second=st.sampled_from(list(SERUM)),
    one=st.sampled_from(WAYS), other=st.sampled_from(WAYS),
)  # fmt: skip
def test_a_later_file_in_another_unit_is_never_read_in_silence(
    tmp_path: Path, first: str, second: str, one: str, other: str
) -> None:
    model = read_cohort(file(tmp_path, first, one), outcome="died")
    assert model.variable("glucose").unit == (first if one != "nowhere" else "")
    new = later(model, file(tmp_path, second, other))
    told = " ".join(said(new))
    # What neither file says, nobody knows.
    if one == "nowhere":
        assert bool(told) == (other == "cells")
    elif other == "nowhere":
        assert "No unit of 'glucose' is named" in told
        assert first in told
    else:
        assert new.table["glucose"].tolist() == pytest.approx(model.table["glucose"], rel=1e-4)
        assert ("converted" in told) == (first != second)
        assert second in told or (other == "row" and first == second)


@pytest.mark.parametrize("way", ["cells", "nowhere"])
def test_what_is_chosen_is_the_unit_of_cells_without_one(tmp_path: Path, way: str) -> None:
    """It is never what a model gets: that is the unit of its training."""
    model = read_cohort(file(tmp_path, "mmol/L", "cells"), outcome="died")
    new = later(model, file(tmp_path, "mg/dL", way), unit__glucose="mg/dL")
    assert new.table["glucose"].tolist() == pytest.approx(model.table["glucose"], rel=1e-4)
    assert new.variable("glucose").unit == "mmol/L"
    assert "converted to 'mmol/L'" in said(new)[0]


def test_numbers_without_a_unit_get_the_one_that_is_chosen(tmp_path: Path) -> None:
    path = file(tmp_path, "mg/dL", "nowhere")
    for source in (path, pd.read_csv(path)):
        cohort = read_cohort(source, choices={"unit:glucose": "mg/dL"})
        assert cohort.variable("glucose").unit == "mg/dL"
        assert cohort.table["glucose"][0] == pytest.approx(5 * SERUM["mg/dL"])


def test_typed_numbers_are_converted_too(tmp_path: Path) -> None:
    model = read_cohort(file(tmp_path, "mmol/L", "cells"), outcome="died")
    frame = pd.read_csv(file(tmp_path, "mg/dL", "nowhere"))
    wanted = [v for v in model.variables if v.role is Role.INPUT]
    assert "No unit" in said(read_for(frame, wanted))[0]
    new = read_for(frame, wanted, choices={"unit:glucose": "mg/dL"})
    assert new.table["glucose"].tolist() == pytest.approx(model.table["glucose"], rel=1e-4)


def test_a_unit_that_cannot_be_converted_is_refused(tmp_path: Path) -> None:
    model = read_cohort(file(tmp_path, "mmol/L", "row"), outcome="died")
    path = file(tmp_path, "mmol/L", "row")
    path.write_text(path.read_text().replace("mmol/L", "kg"))
    with pytest.raises(UserError, match="'kg' cannot be converted to 'mmol/L'"):
        later(model, path)
    kept = later(model, path, unit__glucose="mmol/L")
    assert kept.table["glucose"].tolist() == model.table["glucose"].tolist()


def test_shares_of_one_are_named_where_percent_were_read_before(tmp_path: Path) -> None:
    path = file(tmp_path, "mmol/L", "cells")
    path.write_text(path.read_text().replace(" mmol/L", "%"))
    model = read_cohort(path, outcome="died")
    frame = pd.read_csv(file(tmp_path, "mmol/L", "nowhere")).assign(
        glucose=[f"0.0{n + 10}" for n in range(ROWS)]
    )
    wanted = [v for v in model.variables if v.role is Role.INPUT]
    assert "between 0 and 1" in said(read_for(frame, wanted))[0]


def test_a_cohort_that_is_read_again_keeps_its_numbers_and_says_no_more(tmp_path: Path) -> None:
    for way in ("cells", "row"):
        table = read_table(file(tmp_path, "mg/dL", way))
        first = as_cohort(table, "t")
        again = as_cohort(table, "t", first.variables)
        assert again.table["glucose"].equals(first.table["glucose"])
        assert not any("No unit" in one or "converted" in one for one in said(again))


def numbers(cells: list[str], name: str = "x") -> pd.DataFrame:
    rows = [cells[n % len(cells)] for n in range(ROWS)]
    died = [("no", "yes")[n % 2] for n in range(ROWS)]
    return pd.DataFrame({"id": [f"P{n}" for n in range(ROWS)], name: rows, "died": died})


@pytest.mark.parametrize(("first", "second", "far"), [
    (["8.5", "14.5"], ["85", "145"], True), (["36.5", "39.1"], ["97.7", "102.3"], True),
    (["0.30", "0.69"], ["30%", "69%"], True), (["40.5", "79"], ["540 months", "600 months"], True),
    (["8.5", "14.5"], ["7.1", "15.9"], False), (["8.5", "14.5"], ["", "9.5"], False),
])  # fmt: skip
def test_values_that_are_far_from_training_are_asked_about(
    first: list[str], second: list[str], far: bool
) -> None:
    model = read_cohort(numbers(first))
    wanted = [v for v in model.variables if v.role is Role.INPUT and v.name == "x"]
    found = read_for(numbers(second), wanted)
    assert any("is the file in another unit?" in note for note in found.notes) == far


def test_a_unit_that_training_did_not_name_is_a_guess() -> None:
    model = read_cohort(numbers(["40.5", "79"], "age"))
    wanted = [v for v in model.variables if v.name == "age"]
    found = read_for(numbers(["45y", "50y"], "age"), wanted)
    told = next(d for d in found.reading if d.rule == "unit")
    assert not told.proved
    assert "where none was named" in told.sentence
