"""Units that stand in a column of their own belong to the numbers beside them."""

from __future__ import annotations

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pmed_core.cohort import Cohort
from pmed_core.errors import UserError
from pmed_core.readers.tables import read_cohort, read_for

ROWS = 30


def table(amounts: list[str], units: list[str], called: str = "hb_unit") -> pd.DataFrame:
    each = {"hb": amounts, called: units}
    cells = {name: [given[n % len(given)] for n in range(ROWS)] for name, given in each.items()}
    died = ["yes" if n % 3 else "no" for n in range(ROWS)]
    return pd.DataFrame({"patient_id": [f"P{n}" for n in range(ROWS)], **cells, "died": died})


def said(cohort: Cohort) -> str:
    return " ".join(d.sentence for d in cohort.reading)


@pytest.mark.parametrize(
    "called", ["hb_unit", "HB Units", "hb.uom", "hb (unit)", "unit", "Einheit"]
)
def test_one_unit_is_that_of_the_numbers(called: str) -> None:
    cohort = read_cohort(table(["8.1", "9.5", "12.25"], ["g/dL"], called))
    assert cohort.variable("hb").unit == "g/dL"
    assert called not in cohort.table.columns
    assert f"'{called}' names the unit of 'hb'" in said(cohort)
    told = next(d for d in cohort.reading if d.rule == "unit-column")
    assert told.proved == (called not in ("unit", "Einheit"))


def test_two_units_are_refused_or_converted() -> None:
    mixed = table(["81", "9.5"], ["g/L", "g/dL"])
    with pytest.raises(UserError, match="different units"):
        read_cohort(mixed)
    cohort = read_cohort(mixed, choices={"unit:hb": "g/dL"})
    assert cohort.table["hb"].tolist()[:2] == pytest.approx([8.1, 9.5])
    apart = read_cohort(mixed, choices={"unit-column:hb_unit": "apart"})
    assert apart.table["hb"].tolist()[:2] == [81, 9.5]
    assert "hb_unit" in apart.table.columns


@settings(max_examples=40, deadline=None)
@given(st.lists(st.tuples(st.floats(1, 30).map(lambda x: round(x, 2)), st.booleans()), min_size=4))
def test_every_number_is_in_the_unit_of_its_row(cells: list[tuple[float, bool]]) -> None:
    amounts = [f"{value * 10 if litres else value:.2f}" for value, litres in cells]
    frame = table(amounts, ["g/L" if litres else "g/dL" for _, litres in cells])
    cohort = read_cohort(frame, choices={"unit:hb": "g/dL"})
    wanted = [cells[n % len(cells)][0] for n in range(ROWS)]
    assert cohort.table["hb"].tolist() == pytest.approx(wanted, abs=0.01)


def test_a_later_file_is_read_in_the_unit_of_training() -> None:
    first = read_cohort(table(["8.1", "9.5", "12.25"], ["g/dL"]))
    later = read_for(table(["81", "95"], ["g/L"]), first.inputs)
    assert later.table["hb"].tolist()[:2] == pytest.approx([8.1, 9.5])
    bare = read_for(table(["8.1", "9.5"], [""]).drop(columns="hb_unit"), first.inputs)
    assert bare.table["hb"].tolist()[:2] == [8.1, 9.5]


@pytest.mark.parametrize("units", [["ICU", "HDU"], ["3 West", "4 East"], ["1", "2"]])
def test_wards_are_no_units(units: list[str]) -> None:
    cohort = read_cohort(table(["8.1", "9.5", "12.25"], units, "unit"))
    assert cohort.variable("hb").unit == ""
    assert "unit" in cohort.table.columns


def test_a_thousand_written_with_a_point_beside_less_than_a_thousand() -> None:
    cohort = read_cohort(table(["1.000", "2.500", "750", "1.250"], ["mg"]))
    assert cohort.table["hb"].tolist()[:4] == [1000, 2500, 750, 1250]
    assert not next(d for d in cohort.reading if d.rule == "decimal").proved
