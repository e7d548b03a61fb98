"""What cannot be read as it stands is said, and is read otherwise where a user asks for it."""

from __future__ import annotations

import json

import numpy as np
import pandas as pd
import pytest

from pmed_core.arrays import from_json, to_json
from pmed_core.cohort import Cohort
from pmed_core.errors import UserError
from pmed_core.readers.tables import read_cohort, read_for
from pmed_core.reading import Decision
from pmed_core.variable import Kind, Variable

ROWS = 24


def read(column: list[str], name: str = "x", choice: str = "") -> Cohort:
    cells = [column[row % len(column)] for row in range(ROWS)]
    table = pd.DataFrame({name: cells, "ward": ["north", "south", "west"] * (ROWS // 3)})
    key, _, value = choice.partition("=")
    return read_cohort(table, choices={f"{key}:{name}": value} if choice else {})


def decision(cohort: Cohort, rule: str) -> Decision:
    return next(d for d in cohort.reading if d.rule == rule)


@pytest.mark.parametrize(
    ("cells", "words"),
    [
        (["120/80", "130/85", "118/76"], "two numbers"),
        (["5-10", "10-15", "15-20"], "ranges"),
        (["1:40", "1:80", "1:160"], "ratios"),
        (["10:30", "00:00", "23:10"], "times of the day"),
        (["1.5", "2,5", "3.7", "4,2"], "figures"),
        (["1.5", "2.5", "see remark"], "words beside numbers"),
        (["1", "2", "3", "see remark"], "words beside numbers"),
    ],
)
def test_text_that_holds_figures_is_said(cells: list[str], words: str) -> None:
    cohort = read(cells)
    assert cohort.table.x.tolist()[: len(cells)] == cells
    told = decision(cohort, "kind")
    assert words in told.sentence
    assert told.cells
    assert not told.proved


@pytest.mark.parametrize("cells", [["mild", "severe"], ["grade 1", "grade 2"], ["1", "2", "3"]])
def test_levels_without_figures_are_not_talked_about(cells: list[str]) -> None:
    assert not [d for d in read(cells).reading if d.rule == "kind"]


def test_pairs_become_two_columns_on_request_and_in_later_files() -> None:
    cohort = read(["120/80", "130/85", "118 / 76", ""], "bp", "kind=two-numbers")
    first, second = "bp, 1st number", "bp, 2nd number"
    assert cohort.table[first].tolist()[:3] == [120, 130, 118]
    assert cohort.table[second].tolist()[:3] == [80, 85, 76]
    assert np.isnan(cohort.table[first][3])
    wanted = [v for v in cohort.variables if v.name in (first, second)]
    later = read_for(pd.DataFrame({"bp": ["150/95", "110/70"]}), wanted)
    assert later.table[first].tolist() == [150, 110]
    assert decision(later, "kind").cells == 2


def test_a_column_without_pairs_is_not_split() -> None:
    with pytest.raises(UserError, match="'ward'|not two numbers"):
        read(["a", "b"], "bp", "kind=two-numbers")


def test_numbers_are_read_where_a_user_says_so_and_the_rest_is_named() -> None:
    cohort = read(["1.5", "2.5", "see remark"], choice="kind=number")
    assert cohort.variable("x").kind is Kind.NUMBER
    assert np.isnan(cohort.table.x[2])
    assert "see remark" in decision(cohort, "spoiled").sentence


def test_codes_are_numbers_where_a_user_says_so() -> None:
    assert read(["007", "012", "100"]).table.x[0] == "007"
    assert read(["007", "012", "100"], choice="exact=number").table.x[0] == 7
    assert read(["7", "12", "100"], choice="exact=text").table.x[0] == "7"


def test_celsius_beside_fahrenheit_is_no_flag() -> None:
    with pytest.raises(UserError, match="different units"):
        read(["98.6 F", "37.2 C", "99.1 F"])
    cohort = read(["98.6 F", "37.2 C", "99.1 F"], choice="unit=C")
    assert cohort.table.x.tolist()[:2] == pytest.approx([37, 37.2])
    assert read(["98.6", "37.2 C", "36.9"], "temp").variable("temp").unit == "C"


def test_a_unit_that_nothing_converts_to_is_refused() -> None:
    with pytest.raises(UserError, match="cannot be converted to 'stone'"):
        read(["1 kg", "2 lb"], choice="unit=stone")


def test_fractions_among_percent_are_said() -> None:
    told = decision(read(["34%", "0.62", "29%", "0.31"]), "unit")
    assert "fractions" in told.sentence
    assert not told.proved


def test_none_of_a_count_may_be_zero() -> None:
    column = ["0", "1", "2", "none", "5"]
    told = decision(read(column), "missing")
    assert not told.proved
    assert "zero" in told.options
    assert np.isnan(read(column).table.x[3])
    assert read(column, choice="missing=zero").table.x[3] == 0


@pytest.mark.parametrize(
    ("cells", "levels"),
    [
        (["Yes", "no", "YES", "No", "1", "0"], 2),
        (["TRUE", "False", "yes", "no"], 2),
        (["yes", "no", "unknown"], 3),
        (["1", "0", "2"], 3),
    ],
)
def test_words_for_yes_and_no_are_one_level_each(cells: list[str], levels: int) -> None:
    assert read(cells).table.x.nunique() == levels


def test_full_width_letters_are_the_same_and_case_still_matters() -> None:
    assert read(["ＡＢ", "AB", "O"]).table.x.nunique() == 2
    assert read(["Aa", "AA", "aa"]).table.x.nunique() == 3


def test_days_of_a_spreadsheet_keep_their_time() -> None:
    cohort = read(["44927.5", "44930", "45011.25"], "admission_date")
    assert cohort.table.admission_date[0] == pd.Timestamp("2023-01-01 12:00")


@pytest.mark.parametrize(("cell", "number"), [("1.2·10³", 1200), ("1.2 x 10⁻²", 0.012)])
def test_raised_powers_of_ten(cell: str, number: float) -> None:
    assert read([cell, "5.5", "7.5"]).table.x[0] == pytest.approx(number)


def test_a_misspelt_decision_is_refused() -> None:
    with pytest.raises(UserError, match="Did you mean 'decimal'"):
        read(["1", "2", "3"], choice="decimals=comma")


def test_how_a_column_is_written_is_kept_with_its_variable() -> None:
    variables = read(["1.250,5", "12,25", "7"]).variables
    assert from_json(tuple[Variable, ...], to_json(tuple[Variable, ...], variables)) == variables


def test_variables_of_older_models_are_still_read() -> None:
    plain = Variable("x", Kind.NUMBER)
    kept = json.loads(to_json(tuple[Variable, ...], (plain,)))
    for name in ("written", "labels"):
        kept[0].pop(name, None)
    assert from_json(tuple[Variable, ...], json.dumps(kept).encode()) == (plain,)
