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


def chembl(relations: list[str], units: list[str]) -> pd.DataFrame:
    each = {"Standard Relation": relations, "Standard Value": ["5", "10000", "250", "31"],
            "Standard Units": units}  # fmt: skip
    cells = {name: [given[n % len(given)] for n in range(ROWS)] for name, given in each.items()}
    return pd.DataFrame({"Smiles": [f"{'C' * (n + 1)}O" for n in range(ROWS)], **cells})


def test_a_sign_beside_a_value_makes_it_a_limit_as_one_in_its_cell_does() -> None:
    frame = chembl(["'='", "'>'", "", "'<'"], ["nM"])
    cohort = read_cohort(frame)
    assert cohort.variable("Standard Value").unit == "nM"
    assert "Standard Relation" not in cohort.table.columns
    assert "a limit ('<' or '>')" in said(cohort)
    assert "such as '> 10000" in said(cohort)
    known = read_cohort(frame, choices={"limits:Standard Value": "missing"})
    assert known.table["Standard Value"].isna().tolist()[:4] == [False, True, False, True]
    apart = read_cohort(frame, choices={"unit-column:Standard Relation": "apart"})
    assert apart.table["Standard Value"].tolist()[:4] == [5, 10000, 250, 31]


def test_what_cannot_be_converted_is_missing_and_said() -> None:
    cohort = read_cohort(chembl(["="], ["nM", "nM", "%", "nM"]))
    assert cohort.table["Standard Value"].isna().tolist()[:4] == [False, False, True, False]
    assert "7 cells in another unit that cannot be converted (%) were read as missing" in said(
        cohort
    )


@settings(max_examples=30, deadline=None)
@given(st.lists(st.sampled_from(["nM", "uM", "µM", "pM", "mM"]), min_size=3, max_size=8))
def test_concentrations_of_one_column_are_in_one_unit(units: list[str]) -> None:
    powers = {"pM": -3, "nM": 0, "uM": 3, "µM": 3, "mM": 6}
    cohort = read_cohort(chembl(["=", ">"], ["nM", *units]))
    given = [["5", "10000", "250", "31"][n % 4] for n in range(ROWS)]
    each = ["nM", *units]
    in_nm = [float(x) * 10.0 ** powers[each[n % len(each)]] for n, x in enumerate(given)]
    to = powers[cohort.variable("Standard Value").unit]
    assert cohort.table["Standard Value"].tolist() == pytest.approx([x / 10.0**to for x in in_nm])
    assert ("were converted to" in said(cohort)) == (len({powers[one] for one in each}) > 1)


def test_what_has_no_unit_among_several_is_said() -> None:
    cohort = read_cohort(chembl(["="], ["nM", "uM", "", "nM"]))
    assert "converted to nM; 7 cells without a unit taken as such" in said(cohort)


def test_a_relation_of_people_is_no_sign() -> None:
    frame = table(["1", "2", "3"], ["father", "mother", "self"], "hb relation")
    assert "hb relation" in read_cohort(frame).table.columns
