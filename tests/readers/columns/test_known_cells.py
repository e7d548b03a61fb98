"""How single ways of writing are read: known answers."""

from __future__ import annotations

import datetime
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from pmed_core.cohort import Cohort
from pmed_core.errors import UserError
from pmed_core.readers.tables import read_cohort, read_for
from pmed_core.variable import Kind

ROWS = 24


def read(column: list[str], name: str = "x", **choices: str) -> Cohort:
    """A column of a table that proves nothing else, its cells repeated to fill the rows."""
    cells = [column[row % len(column)] for row in range(ROWS)]
    table = pd.DataFrame({name: cells, "ward": ["north", "south", "west"] * (ROWS // 3)})
    given = {f"{rule.replace('_', '-')}:{name}": value for rule, value in choices.items()}
    return read_cohort(table, choices=given)


def said(cohort: Cohort, rule: str) -> str:
    return " ".join(d.sentence for d in cohort.reading if d.rule == rule)


def guessed(cohort: Cohort) -> set[str]:
    return {d.rule for d in cohort.reading if not d.proved}


@pytest.mark.parametrize(
    ("cells", "numbers"),
    [
        (["1,234.5", "12.25", "7"], [1234.5, 12.25, 7]),
        (["1.234,5", "12,25", "7"], [1234.5, 12.25, 7]),
        (["1 234,5", "12,25", "7"], [1234.5, 12.25, 7]),
        (["1\u202f234,5", "12,25", "0,5"], [1234.5, 12.25, 0.5]),
        (["1\u00a0234\u00a0567", "950", "12"], [1234567, 950, 12]),
        (["1'234.5", "12.25", "7"], [1234.5, 12.25, 7]),
        (["1’234’567", "12", "7"], [1234567, 12, 7]),
        (["1,250,000", "98,000", "950"], [1250000, 98000, 950]),
        (["1.250.000", "98.000", "950"], [1250000, 98000, 950]),
        (["12,34,567", "98,000", "950"], [1234567, 98000, 950]),
        (["0,125", "1,250", "2"], [0.125, 1.25, 2]),
        (["0.125", "1.250", "2"], [0.125, 1.25, 2]),
        (["\u22122.3", "1.5", "0.5"], [-2.3, 1.5, 0.5]),
        (["\u20132,3", "1,5", "0,25"], [-2.3, 1.5, 0.25]),
        (["2.3-", "1.5", "0.5"], [-2.3, 1.5, 0.5]),
        (["(2.3)", "1.5", "0.5"], [-2.3, 1.5, 0.5]),
        (["+2.3", "1.5", "0.5"], [2.3, 1.5, 0.5]),
        (["1.2e3", "1.5E-2", "0.5"], [1200, 0.015, 0.5]),
        (["1,2E+03", "1,5", "0,5"], [1200, 1.5, 0.5]),
        (["1.2×10^3", "1.5", "0.5"], [1200, 1.5, 0.5]),
        (["１２．５", "3.5", "0.5"], [12.5, 3.5, 0.5]),
        (["٣٫٥", "1,5", "0,25"], [3.5, 1.5, 0.25]),
        (["<0.01", ">1,000", "5.2"], [0.01, 1000, 5.2]),
        (["90+", "≥ 90", "45"], [90, 90, 45]),
        (["<= 5", "less than 5.5", "6.5"], [5, 5.5, 6.5]),
        (["5.2 H", "4.1", "6.3 L"], [5.2, 4.1, 6.3]),
        (["5.2*", "H 4.1", "6.3 (L)"], [5.2, 4.1, 6.3]),
        ([".5", "1.5", "5."], [0.5, 1.5, 5]),
    ],
)
def test_numbers(cells: list[str], numbers: list[float]) -> None:
    cohort = read(cells)
    assert cohort.variable("x").kind is Kind.NUMBER
    assert cohort.table.x.tolist()[: len(numbers)] == pytest.approx(numbers)
    # Whatever a spreadsheet would not read the same is told.
    told = {d.rule for d in cohort.reading if d.column == "x"}
    assert told or pd.to_numeric(pd.Series(cells), errors="coerce").notna().all()


@pytest.mark.parametrize(
    ("cells", "choice", "numbers"),
    [
        (["1,250", "2,375", "950"], "", [1250, 2375, 950]),
        (["1,250", "2,375", "950"], "comma", [1.25, 2.375, 950]),
        (["1.250", "2.375", "4.125"], "", [1.25, 2.375, 4.125]),
        (["1.250", "2.375", "4.125"], "comma", [1250, 2375, 4125]),
    ],
)
def test_marks_that_nothing_proves_are_a_guess(
    cells: list[str], choice: str, numbers: list[float]
) -> None:
    cohort = read(cells, **({"decimal": choice} if choice else {}))
    assert cohort.table.x.tolist()[: len(numbers)] == numbers
    assert ("decimal" in guessed(cohort)) == (not choice)


def test_another_column_of_the_table_proves_the_marks() -> None:
    table = pd.DataFrame({"a": ["1.250", "2.375", "4.125"] * 8, "b": ["0,5", "1,25", "7"] * 8})
    assert read_cohort(table).table.a.tolist()[:3] == [1250, 2375, 4125]
    table = pd.DataFrame({"a": ["1,250", "2,375", "950"] * 8, "b": ["0,5", "1,25", "7"] * 8})
    assert read_cohort(table).table.a.tolist()[:3] == [1.25, 2.375, 950]


def test_semicolons_between_cells_speak_for_decimal_commas(tmp_path: Path) -> None:
    rows = "".join(f"{1 + n % 8},{250 + n};{n % 7}\n" for n in range(30))
    path = tmp_path / "labor.csv"
    path.write_text(f"x;y\n{rows}")
    cohort = read_cohort(path)
    assert cohort.table.x.tolist()[:2] == [1.25, 2.251]
    assert "decimal" in guessed(cohort)


def test_cells_against_the_marks_of_their_column_are_named() -> None:
    cohort = read([*["1.5", "2.25", "3.75", "0.5"] * 5, "1,5"])
    assert cohort.table.x.isna().sum() == 1
    assert "'1,5' in row 22" in said(cohort, "spoiled")


@pytest.mark.parametrize(
    ("cells", "name", "unit", "numbers"),
    [
        (["5.4 mmol/L", "6 mmol/l"], "glucose", "mmol/L", [5.4, 6]),
        (["34%", "12 %"], "ef", "%", [34, 12]),
        (["7,5 mg/dl", "8,25 mg/dl"], "crp", "mg/dl", [7.5, 8.25]),
        (["250 x10^9/L", "98 x10^9/L"], "platelets", "x10^9/L", [250, 98]),
        (["250 10^9/L", "98 10^9/L"], "platelets", "x10^9/L", [250, 98]),
        (["5.2 10*3/uL", "6.1 10*3/uL"], "wbc", "x10^3/uL", [5.2, 6.1]),
        (["250 10E9/L", "98.5 10E9/L"], "platelets", "x10^9/L", [250, 98.5]),
        (["5 (mg/L)", "12 [mg/L]"], "crp", "mg/L", [5, 12]),
        (["$1,250.50", "-$950.00"], "cost", "$", [1250.5, -950]),
        (["1.250,50 €", "950,00 €"], "cost", "€", [1250.5, 950]),
        (["EUR 1250.5", "EUR 950"], "cost", "EUR", [1250.5, 950]),
        (["38.5°C", "36.5 °C"], "temp", "°C", [38.5, 36.5]),
        (["12 weeks", "13 weeks"], "duration", "weeks", [12, 13]),
        (["045Y", "006M"], "age", "years", [45, 0.5]),
    ],
)
def test_units_are_split_off(cells: list[str], name: str, unit: str, numbers: list[float]) -> None:
    cohort = read(cells, name)
    variable = cohort.variable(name)
    assert variable.kind is Kind.NUMBER
    assert variable.unit.casefold() == unit.casefold()
    assert cohort.table[name].tolist()[:2] == pytest.approx(numbers)
    assert said(cohort, "unit") or said(cohort, "ages")


def test_two_units_are_refused_and_converted_on_request() -> None:
    cells = ["5 mmol/L", "90 mg/dL"]
    with pytest.raises(UserError, match=r"mmol/L.*mg/dL|mg/dL.*mmol/L"):
        read(cells, "glucose")
    cohort = read(cells, "glucose", unit="mg/dL")
    assert cohort.table.glucose.tolist()[:2] == pytest.approx([90.08, 90])
    with pytest.raises(UserError, match="units"):
        read(["5 mmol/L", "90 mg/dL"], "ferritin", unit="mg/dL")


@pytest.mark.parametrize(
    ("cells", "column"),
    [
        (["NA", "ZA", "BW", "AO"], "country"),
        (["Na", "K", "Ca", "K"], "ion"),
        (["None", "Mild", "Severe"], "steatosis"),
        (["none", "some", "heavy"], "drinking"),
    ],
)
def test_words_that_are_values_stay(cells: list[str], column: str) -> None:
    cohort = read(cells, column)
    assert cohort.table[column].tolist()[: len(cells)] == cells


@pytest.mark.parametrize("word", ["NA", "n/a", "?", "NULL", "."])
def test_words_for_missing_are_counted(word: str) -> None:
    cohort = read(["low", word, "middle", "high"], "grade")
    assert cohort.table.grade.isna().sum() == ROWS / 4
    assert word in said(cohort, "missing")
    kept = read(["low", word, "middle", "high"], "grade", missing="keep")
    assert kept.table.grade.notna().all()


def test_spoiled_cells_leave_a_column_of_numbers() -> None:
    cohort = read([*[f"{n}.5" for n in range(22)], "see remark", "#DIV/0!"])
    assert cohort.variable("x").kind is Kind.NUMBER
    assert "'see remark' in row 24" in said(cohort, "spoiled")
    assert "#DIV/0!" in said(cohort, "cell-errors")
    assert cohort.table.x.isna().sum() == 2


@pytest.mark.parametrize(
    ("values", "code"),
    [
        ([*range(18, 90, 4), 999], "999"),
        ([*range(0, 40, 2), -9], "-9"),
        ([1, 2] * 10 + [9], "9"),
        ([round(20 + n / 3, 1) for n in range(30)] + [-99], "-99"),
    ],
)
def test_codes_for_missing_are_asked_about(values: list[float], code: str) -> None:
    table = pd.DataFrame({"x": [str(v) for v in values * 2], "y": ["a", "b"] * len(values)})
    cohort = read_cohort(table)
    assert "missing-code" in guessed(cohort)
    assert cohort.table.x.astype(float).isin([float(code)]).any()
    cleaned = read_cohort(table, choices={"missing-code:x": code})
    assert not cleaned.table.x.astype(float).isin([float(code)]).any()
    assert code in said(cleaned, "missing-code")
    again = read_for(table, [cleaned.variable("x")])
    assert again.table.x.isna().sum() == 2


@pytest.mark.parametrize("values", [[*range(0, 100)], [1, 2, 3, 9, 10], [-9, -8, -3, 0, 5] * 4])
def test_true_values_are_not_asked_about(values: list[int]) -> None:
    table = pd.DataFrame({"x": [str(v) for v in values] * 3, "y": ["a"] * 3 * len(values)})
    assert "missing-code" not in guessed(read_cohort(table))


DAY = datetime.date(2023, 1, 5)


@pytest.mark.parametrize(
    ("cells", "first"),
    [
        (["01/05/2023", "01/15/2023"], DAY),
        (["05/01/2023", "15/01/2023"], DAY),
        (["05.01.2023", "15.01.2023"], DAY),
        (["2023-01-05", "2023-01-15"], DAY),
        (["2023/1/5", "2023/1/15"], DAY),
        (["5 Jan 2023", "15 January 2023"], DAY),
        (["5. Januar 2023", "15. März 2023"], DAY),
        (["5 janvier 2023", "15 août 2023"], DAY),
        (["5 de enero de 2023", "15 de marzo de 2023"], DAY),
        (["Jan 5, 2023", "January 15, 2023"], DAY),
        (["05-JAN-2023", "15-OCT-2023"], DAY),
        (["05/01/23", "15/01/98"], DAY),
        (["20230105", "20230115"], DAY),
    ],
)
def test_dates(cells: list[str], first: datetime.date) -> None:
    cohort = read(cells, "admission date")
    assert cohort.variable("admission date").kind is Kind.DATE
    assert cohort.table["admission date"].iloc[0].date() == first
    assert "dates" not in guessed(cohort)


@pytest.mark.parametrize(
    "cells",
    [
        ["20230105", "20230115", "20221231"],
        ["20230105102000", "20230115000000", "20221231235959"],
    ],
)
def test_three_days_without_marks_are_days_whatever_they_are_called(cells: list[str]) -> None:
    cohort = read(cells, "adm")
    assert cohort.variable("adm").kind is Kind.DATE
    assert cohort.table["adm"].iloc[0].date() == datetime.date(2023, 1, 5)
    assert read(["20230105", "20230115", "20231305"], "adm").variable("adm").kind is not Kind.DATE


def test_numbers_with_a_share_in_brackets_stay_text() -> None:
    cohort = read(["5 (12%)", "12 (15%)", "17 (30%)"], "n")
    assert cohort.variable("n").kind is not Kind.NUMBER
    assert said(cohort, "kind")


def test_two_numbers_may_have_their_unit() -> None:
    cells = ["120/80 mmHg", "131/85 mmHg", "99/61"]
    assert "two numbers with a slash" in said(read(cells, "bp"), "kind")
    table = read(cells, "bp", kind="two-numbers").table
    assert table["bp, 1st number"].tolist()[:3] == [120, 131, 99]


def test_an_order_that_nothing_proves_is_a_guess() -> None:
    cohort = read(["05/01/2023", "06/02/2023"], "visit date")
    assert cohort.table["visit date"].iloc[0] == pd.Timestamp(2023, 1, 5)
    assert "dates" in guessed(cohort)
    other = read(["05/01/2023", "06/02/2023"], "visit date", dates="mdy")
    assert other.table["visit date"].iloc[0] == pd.Timestamp(2023, 5, 1)
    table = pd.DataFrame({"a": ["05/01/2023"] * 20, "b": ["01/25/2023"] * 20})
    assert read_cohort(table).table.a.iloc[0] == pd.Timestamp(2023, 5, 1)


def test_times_stay_and_births_lie_in_the_past() -> None:
    assert read(["2023-01-05 13:45", "2023-01-06T08:30:15"], "seen at").table["seen at"].iloc[
        0
    ] == pd.Timestamp(2023, 1, 5, 13, 45)
    born = read(["05/01/45", "15/01/72"], "birth year of the father")
    assert born.table["birth year of the father"].iloc[0] == pd.Timestamp(1945, 1, 5)


def test_days_of_a_spreadsheet_and_impossible_dates() -> None:
    cohort = read(["44931", "44932"], "admission date")
    assert cohort.table["admission date"].iloc[0] == pd.Timestamp(2023, 1, 5)
    assert "dates" in guessed(cohort)
    broken = read([*[f"{n:02d}.01.2023" for n in range(1, 24)], "31.02.2023"], "visit date")
    assert "'31.02.2023'" in said(broken, "spoiled")


@pytest.mark.parametrize(
    ("name", "cells"),
    [
        ("icd9", ["250.00", "250.0", "V58.1", "E880.9", "414.00"]),
        ("diagnosis", ["250.00", "250.0", "V58.1", "E880.9", "414.00"]),
        ("dx", ["A00.0", "E11.90", "I10", "Z99.2"]),
        ("loinc_code", ["2160-0", "718-7", "4548-4"]),
        ("plz", ["01067", "10115", "80331"]),
        ("zone", ["007", "010", "100"]),
        ("ndc", ["00002", "00093", "50090"]),
        ("visit_concept_id", ["9201", "9202", "9203"]),
        ("provider npi", ["1234567893", "1987654325", "1122334455"]),
    ],
)
def test_codes_stay_sign_for_sign(name: str, cells: list[str]) -> None:
    cohort = read(cells, name)
    assert cohort.table[name].tolist()[: len(cells)] == cells
    assert cohort.variable(name).kind is not Kind.NUMBER


def test_spellings_fold_onto_the_most_frequent() -> None:
    cohort = read(["Male", "male", "Male", "MALE ", "Female", "female"], "sex")
    assert set(cohort.table.sex) == {"Male", "Female"} or cohort.table.sex.nunique() == 2
    assert said(cohort, "spelling")
    kept = read(["Male", "male", "Male", "Female"], "sex", spelling="as-written")
    assert kept.table.sex.nunique() == 3


@pytest.mark.parametrize("cells", [["AA", "Aa", "aa"], ["Na", "NA", "K"]])
def test_genotypes_and_symbols_are_not_folded(cells: list[str]) -> None:
    cohort = read(cells, "genotype", missing="keep")
    assert cohort.table.genotype.nunique() == 3


@pytest.mark.parametrize(
    "spelt", [("TRUE", "FALSE"), ("true", "false"), ("1", "0"), ("yes", "no"), ("ja", "nein")]
)
def test_yes_is_yes_at_prediction(spelt: tuple[str, str]) -> None:
    trained = read(["True", "False"], "diabetes")
    table = pd.DataFrame({"diabetes": [*spelt, spelt[0]]})
    new = read_for(table, [trained.variable("diabetes")])
    assert new.table.diabetes.tolist() == ["True", "False", "True"]
    assert said(new, "spelling")
    booleans = read_for(pd.DataFrame({"diabetes": [True, False]}), [trained.variable("diabetes")])
    assert booleans.table.diabetes.tolist() == ["True", "False"]


def test_later_files_are_read_as_they_are_written() -> None:
    """A model trained on decimal commas reads points where points are proved, and says so."""
    trained = read(["0,5", "1,25", "1,250"])
    assert trained.table.x.tolist()[:3] == [0.5, 1.25, 1.25]
    same = read_for(pd.DataFrame({"x": ["1,250", "2,375"]}), [trained.variable("x")])
    assert same.table.x.tolist() == [1.25, 2.375]
    other = read_for(pd.DataFrame({"x": ["0.5", "12.25"]}), [trained.variable("x")])
    assert other.table.x.tolist() == [0.5, 12.25]


def test_unknown_choices_are_refused() -> None:
    with pytest.raises(UserError, match="cannot be chosen"):
        read(["1,250", "2"], decimal="semicolon")
    with pytest.raises(UserError, match="nothing that is called 'colour:x'"):
        read(["1,250", "2"], colour="red")
    with pytest.raises(UserError, match="nothing that is called 'decimal'"):
        read_cohort(pd.DataFrame({"x": ["1"] * 9}), choices={"decimal": "comma"})
    with pytest.raises(UserError, match="no column 'nothing'"):
        read_cohort(pd.DataFrame({"x": ["1"] * 9}), choices={"decimal:nothing": "comma"})


def test_typed_cells_are_read_as_they_are() -> None:
    table = pd.DataFrame(
        {
            "whole": pd.array([1, None, 30] * 8, dtype="Int64"),
            "flag": pd.array([True, None, False] * 8, dtype="boolean"),
            "level": pd.Categorical(["low", "high", None] * 8),
            "real": np.linspace(0, 1, 24),
        }
    )
    cohort = read_cohort(table)
    assert cohort.table.whole.isna().sum() == 8
    assert cohort.variable("flag").categories == ("False", "True")
    assert cohort.variable("level").kind in (Kind.YES_NO, Kind.CATEGORY)
    assert cohort.table.real.tolist() == np.linspace(0, 1, 24).tolist()


def test_what_can_be_chosen_is_accepted_and_the_rest_offers_nothing() -> None:
    cells = {
        "limit": ["<0.5", "1.25", "2.5"] * 8, "mark": ["1,250", "2,375", "950"] * 8,
        "day": ["05/01/2023", "06/02/2023", "07/03/2023"] * 8, "sex": ["Male", "male", "F"] * 8,
        "age": [*map(str, range(20, 43)), "999"],
    }  # fmt: skip
    table = pd.DataFrame(cells)
    offered = {d.key: d for d in read_cohort(table).reading}
    chosen = [(d.key, option) for d in offered.values() if d.overrulable for option in d.options]
    assert {key for key, _ in chosen} >= {
        "decimal:mark", "dates:day", "missing-code:age", "limits:limit",
    }  # fmt: skip
    for key, option in chosen:
        assert read_cohort(table, choices={key: option}).table.shape == table.shape


@pytest.mark.parametrize(
    ("name", "cells"),
    [
        ("age_at_diagnosis", ["56.84", "85.94", "48.91", "61.5"]),
        ("Years since diagnosis", ["156.5", "100.0", "112.3", "131.1"]),
        ("tumour size at diagnosis", ["120", "135", "150", "110"]),
        ("diagnosis", ["12.5", "8.25", "33.1", "50.75"]),
    ],
)
def test_what_is_measured_at_a_diagnosis_is_no_code(name: str, cells: list[str]) -> None:
    frame = pd.DataFrame({name: cells * 10, "died": ["yes", "no"] * 20})
    found = read_cohort(frame.astype("str"), outcome="died")
    assert found.variable(name).kind is Kind.NUMBER


@pytest.mark.parametrize(
    "name", ["version", "Version 4", "software_version", "firmware", "release no"]
)
def test_versions_are_no_numbers(name: str) -> None:
    cohort = read(["1.10", "1.1", "1.2"], name)
    assert cohort.table[name].tolist()[:3] == ["1.10", "1.1", "1.2"]
    assert "kept as text" in said(cohort, "exact")


@pytest.mark.parametrize(
    ("cells", "told"),
    [
        (["12", "34", "trace", "neg", "+"], "words beside numbers"),
        (["12", "34", "12", "trace", "neg", "+", "not seen", "lost"], "words beside numbers"),
        (["12", "34", "1+", "neg", "trace", "see text"], "figures that are not one number each"),
    ],
)
def test_numbers_among_words_stay_text_and_are_said(cells: list[str], told: str) -> None:
    cohort = read(cells)
    assert cohort.table.x.tolist()[: len(cells)] == cells
    assert told in said(cohort, "kind")
    assert guessed(cohort) == {"kind"}


@pytest.mark.parametrize("cells", [["ICU 1", "ICU 2", "home"], ["A", "B", "0"], ["I", "II", "III"]])
def test_levels_are_not_called_numbers(cells: list[str]) -> None:
    assert not said(read(cells), "kind")
