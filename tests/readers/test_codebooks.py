"""What explains codes beside a table: in another sheet, another file, or by the user."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import openpyxl
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pmed_core.cohort import Cohort
from pmed_core.errors import UserError
from pmed_core.readers.codebooks import explained
from pmed_core.readers.tables import read_cohort
from pmed_core.readers.value_labels import read_dictionary
from pmed_core.variable import Kind

HEADER = ["id", "sex", "nyha", "weight", "died"]
ROWS = [[f"P{n}", n % 2, n % 3 + 1, 60 + n, ("no", "yes")[n % 2]] for n in range(24)]
SEX, NYHA = {"0": "female", "1": "male"}, {"1": "I", "2": "II", "3": "III"}


def book(folder: Path, sheet: str, rows: list[list[Any]]) -> Path:
    workbook = openpyxl.Workbook()
    workbook.active.title = "Data"
    for row in [HEADER, *ROWS]:
        workbook.active.append(row)
    other = workbook.create_sheet(sheet)
    for row in rows:
        other.append(row)
    workbook.save(folder / "t.xlsx")
    return folder / "t.xlsx"


def keys(cohort: Cohort) -> set[str]:
    return {d.key for d in cohort.reading}


@pytest.mark.parametrize(
    ("names", "rows"),
    [
        (["Variable", "Code", "Label"], [["sex", 0, "female"], ["sex", 1, "male"],
         ["nyha", 1, "I"], ["nyha", 2, "II"], ["nyha", 3, "III"]]),
        (["Variable", "Wert", "Bedeutung"], [["sex", 0, "female"], ["", 1, "male"],
         ["nyha", 1, "I"], ["", 2, "II"], ["", 3, "III"]]),
        (["variable", "value label", "value"], [["sex", "female", 0], ["sex", "male", 1],
         ["nyha", "I", 1], ["nyha", "II", 2], ["nyha", "III", 3]]),
        (["column", "values"], [["sex", "0=female;1=male"], ["nyha", "1=I;2=II;3=III"],
         ["weight", ""]]),
        (["champ", "codes"], [["SEX", "0: female | 1: male"], ["NYHA", "1: I | 2: II | 3: III"]]),
        (["变量", "编码", "标签"], [["sex", 0, "female"], ["sex", 1, "male"],
         ["nyha", 1, "I"], ["nyha", 2, "II"], ["nyha", 3, "III"]]),
    ],
)  # fmt: skip
def test_a_sheet_that_explains_codes_is_understood_in_many_forms(
    tmp_path: Path, names: list[str], rows: list[list[Any]]
) -> None:
    cohort = read_cohort(book(tmp_path, "Codebook", [names, *rows]), outcome="died")
    assert dict(cohort.variable("sex").labels) == SEX
    assert dict(cohort.variable("nyha").labels) == NYHA
    assert cohort.variable("nyha").kind is Kind.CATEGORY
    assert cohort.variable("weight").kind is Kind.NUMBER
    assert {"codebook", "labels:sex", "labels:nyha"} <= keys(cohort)
    assert cohort.table["nyha"].tolist()[:3] == ["1", "2", "3"], "cells stay codes"


def test_units_of_a_codebook_are_those_of_the_columns_it_names(tmp_path: Path) -> None:
    rows = [["variable", "unit"], ["weight", "kg"], ["height", "cm"], ["sex", ""]]
    cohort = read_cohort(book(tmp_path, "Variables", rows))
    assert cohort.variable("weight").unit == "kg"
    assert cohort.variable("sex").unit == ""


def test_a_second_table_of_patients_is_no_codebook(tmp_path: Path) -> None:
    rows: list[list[Any]] = [["id", "visit", "crp"], *([f"P{n}", 1, n / 4] for n in range(10))]
    cohort = read_cohort(book(tmp_path, "Visits", rows))
    assert "codebook" not in keys(cohort)
    assert len(cohort) == 24


@pytest.mark.parametrize(
    ("names", "rows", "labels"),
    [
        (["a", "b"], [], {}),
        (["variable", "code", "label"], [["other", "0", "no"]], {}),
        (["variable", "code", "label"], [["x", "0", "no"], ["x", "0", "none"]], {"x": {"0": "no"}}),
        (["variable", "code", "label"], [["x", "1.0", "yes"]], {"x": {"1": "yes"}}),
        (["variable", "code", "label"], [["x", "see note", "yes"]], {}),
        (["variable", "meaning"], [["x", "0 = no; 1 = yes"]], {"x": {"0": "no", "1": "yes"}}),
        (["variable", "meaning"], [["x", "score from 0 to 10"]], {}),
    ],
)  # fmt: skip
def test_what_a_row_explains(
    names: list[str], rows: list[list[str]], labels: dict[str, dict[str, str]]
) -> None:
    assert explained(names, rows, ["x", "y"]) == (labels, {})


# A file of its own


def write(folder: Path, text: str, name: str = "dictionary.csv") -> Path:
    (folder / name).write_text(text, encoding="utf-8")
    return folder / name


def read(folder: Path, dictionary: Path, **choices: str) -> Cohort:
    pd.DataFrame(ROWS, columns=HEADER).to_csv(folder / "t.csv", index=False)
    given = {key.replace("__", ":"): value for key, value in choices.items()}
    return read_cohort(folder / "t.csv", outcome="died", dictionary=dictionary, choices=given)


def test_a_dictionary_that_is_a_workbook_or_json_is_read_as_the_csv_is(tmp_path: Path) -> None:
    rows = [{"variable": "sex", "code": code, "label": name} for code, name in SEX.items()]
    frame = pd.DataFrame(rows)
    frame.to_excel(tmp_path / "d.xlsx", index=False)
    frame.to_json(tmp_path / "d.json", orient="records")
    frame.to_csv(tmp_path / "d.csv", index=False)
    for end in ("xlsx", "json", "csv"):
        assert read_dictionary(tmp_path / f"d.{end}").labels == {"sex": SEX}, end


def test_what_a_dictionary_describes_and_the_table_lacks_is_said(tmp_path: Path) -> None:
    text = "variable,values,unit\nsex,0=female;1=male,\nweight,,kg\nheight,,cm\nrace,1=a;2=b,\n"
    cohort = read(tmp_path, write(tmp_path, text))
    note = next(one for one in cohort.notes if "does not have" in one)
    assert "2 variables" in note
    assert "'height'" in note
    assert "'race'" in note


def test_choices_that_were_not_understood_are_said(tmp_path: Path) -> None:
    text = (
        "Variable / Field Name,Field Type,Field Label,"
        '"Choices, Calculations, OR Slider Labels"\n'
        'sex,radio,Sex,"0, female | 1, male"\nnyha,dropdown,NYHA,as on the form\n'
    )
    cohort = read(tmp_path, write(tmp_path, text))
    assert dict(cohort.variable("sex").labels) == SEX
    assert any("choices of 'nyha' were not understood" in note for note in cohort.notes)


def test_the_users_names_count_before_the_dictionarys(tmp_path: Path) -> None:
    path = write(tmp_path, "variable,values\nsex,0=female;1=male\n")
    cohort = read(tmp_path, path, labels__sex="0=woman;1=man")
    assert dict(cohort.variable("sex").labels) == {"0": "woman", "1": "man"}
    told = next(d for d in cohort.reading if d.key == "labels:sex")
    assert told.sentence == "0 is woman, 1 is man, as you said."
    assert not any("dictionary" in note for note in cohort.notes)


@pytest.mark.parametrize("text", ["variable,unit\nx,\ny,\n", "note\nas discussed\n", "a,b\n1,2\n"])
def test_a_file_that_explains_nothing_is_refused(tmp_path: Path, text: str) -> None:
    with pytest.raises(UserError, match="names no values and no units") as refused:
        read_dictionary(write(tmp_path, text))
    assert "0=female;1=male" in refused.value.remedy


CODES = st.dictionaries(
    st.integers(0, 99).map(str),
    st.text("abcdef é-", min_size=1, max_size=8).map(str.strip).filter(bool),
    min_size=2, max_size=6,
)  # fmt: skip


@settings(max_examples=40, deadline=None)
@given(st.dictionaries(st.sampled_from(["sex", "nyha", "grade", "x y"]), CODES, min_size=1))
def test_a_row_for_each_code_comes_back(labels: dict[str, dict[str, str]]) -> None:
    rows = [[name, code, word] for name, codes in labels.items() for code, word in codes.items()]
    found, units = explained(["variable", "code", "label"], rows, [*labels, "other"])
    assert found == labels
    assert units == {}
