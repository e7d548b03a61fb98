"""A workbook is read as its author sees it, or the account says what was done."""

from __future__ import annotations

import datetime
import io
import struct
import zipfile
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import openpyxl
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pmed_core.errors import UserError
from pmed_core.readers.formats import open_table
from pmed_core.readers.tables import read_cohort
from tests.readers.binary_workbooks import binary_workbook
from tests.readers.tables import case, decided, opened, rules, texts

HEADER = ["patient_id", "age", "crp", "died"]


def patients(rows: int = 20, first: int = 1) -> list[list[Any]]:
    return [[first + n, 30 + n % 50, n / 3, "yes" if n % 3 else "no"] for n in range(rows)]


def book(path: Path, fill: Callable[[openpyxl.Workbook, Any], None]) -> Path:
    workbook = openpyxl.Workbook()
    sheet = workbook.active
    sheet.title = "Data"
    fill(workbook, sheet)
    workbook.save(path)
    return path


def append(sheet: Any, rows: Sequence[Any]) -> None:
    for row in rows:
        sheet.append(row)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "ward.xlsx"


# Which sheet


@pytest.mark.parametrize("place", [0, 1])
@pytest.mark.parametrize(
    "other",
    [
        pytest.param([["Study", "Ward 7 registry"], ["Exported", "2024-01-05"]], id="cover"),
        pytest.param(
            [["variable", "meaning"], ["patient_id", "id"], ["age", "years"], ["crp", "mg/L"]]
            + [[f"v{n}", "text"] for n in range(60)],
            id="codebook",
        ),
        pytest.param([["Contact", "Dr A"]], id="one row"),
        pytest.param([], id="empty"),
    ],
)
def test_the_sheet_of_patients_is_found(path: Path, other: list[list[Any]], place: int) -> None:
    def fill(workbook: openpyxl.Workbook, sheet: Any) -> None:
        append(sheet, [HEADER, *patients(12)])
        append(workbook.create_sheet("Other", place), other)

    table = opened(book(path, fill))
    assert list(table.cells.columns) == HEADER
    assert decided(table, "sheet").value == "Data"
    assert "'Other'" in decided(table, "sheet").sentence


def test_a_spacer_column_does_not_make_a_sheet_empty(path: Path) -> None:
    def fill(workbook: openpyxl.Workbook, sheet: Any) -> None:
        append(sheet, [[row[0], None, *row[1:]] for row in [HEADER, *patients()]])
        append(
            workbook.create_sheet("Codebook"), [["variable", "meaning", "died"], ["a", "b", "no"]]
        )

    table = opened(book(path, fill))
    assert list(table.cells.columns) == HEADER
    assert decided(table, "empty-columns").cells == 1


@pytest.mark.parametrize("state", ["hidden", "veryHidden"])
def test_a_hidden_sheet_is_passed_over_and_said(path: Path, state: str) -> None:
    def fill(workbook: openpyxl.Workbook, sheet: Any) -> None:
        append(sheet, [HEADER, *patients(10)])
        old = workbook.create_sheet("old", 0)
        append(old, [HEADER, *patients(100)])
        old.sheet_state = state

    table = opened(book(path, fill))
    assert len(table.cells) == 10
    assert "'old' (hidden, 101 rows)" in decided(table, "sheet").sentence


def test_a_hidden_sheet_can_be_chosen(path: Path) -> None:
    def fill(workbook: openpyxl.Workbook, sheet: Any) -> None:
        append(sheet, [HEADER, *patients(10)])
        old = workbook.create_sheet("old")
        append(old, [HEADER, *patients(7)])
        old.sheet_state = "hidden"

    assert len(opened(book(path, fill), sheet="old").cells) == 7


def test_a_workbook_with_nothing_to_see_says_what_is_hidden(path: Path) -> None:
    def fill(workbook: openpyxl.Workbook, sheet: Any) -> None:
        append(workbook.create_sheet("old"), [HEADER, *patients(7)])
        workbook["old"].sheet_state = "hidden"

    with pytest.raises(UserError, match="hidden sheet 'old'"):
        opened(book(path, fill))


def test_a_sheet_that_is_not_there_is_named_with_those_that_are(path: Path) -> None:
    book(path, lambda _, sheet: append(sheet, [HEADER, *patients()]))
    with pytest.raises(UserError, match="no sheet 'Dta'.*'Data'"):
        opened(path, sheet="Dta")


def years(workbook: openpyxl.Workbook, sheet: Any) -> None:
    append(sheet, [HEADER, *patients(10)])
    append(workbook.create_sheet("2022"), [HEADER, *patients(15, 100)])
    append(workbook.create_sheet("2021"), [HEADER, *patients(20, 200)])


def test_sheets_of_the_same_columns_are_offered_together(path: Path) -> None:
    book(path, years)
    first = opened(path)
    assert len(first.cells) == 10
    told = decided(first, "sheets")
    assert (told.value, told.proved, told.options) == ("first", False, ("first", "together"))
    assert "'2022' (15 rows), '2021' (20 rows)" in told.sentence
    together = opened(path, sheets="together")
    assert len(together.cells) == 45
    assert together.cells["sheet"].value_counts().to_dict() == {"Data": 10, "2022": 15, "2021": 20}
    assert together.cells["patient_id"].is_unique
    assert decided(together, "sheets").proved


def test_a_chosen_sheet_is_read_alone(path: Path) -> None:
    table = opened(book(path, years), sheet="2021")
    assert len(table.cells) == 20
    assert "sheets" not in rules(table)
    assert decided(table, "sheet").proved


def test_sheets_together_keep_ids_of_either_kind(path: Path) -> None:
    def fill(workbook: openpyxl.Workbook, sheet: Any) -> None:
        append(sheet, [["id", "x"], ["007", 1], ["008", 2]])
        append(workbook.create_sheet("B"), [["id", "x"], [7, 1.5], [8, 2]])

    table = opened(book(path, fill), sheets="together")
    assert texts(table, "id") == ["007", "008", "7", "8"]
    assert list(table.cells["x"]) == [1, 2, 1.5, 2]


# Codebooks


@pytest.mark.parametrize(
    "codebook",
    [
        pytest.param(
            [["variable", "codes", "unit"], ["sex", "0 = female, 1 = male", ""],
             ["age", "", "years"], ["nyha", "1=I;2=II;3=III", ""]], id="= and ,",
        ),
        pytest.param(
            [["Name", "Choices", "Unit"], ["sex", "0, female | 1, male", None],
             ["age", None, "years"], ["nyha", "1, I | 2, II | 3, III", None]], id="REDCap",
        ),
        pytest.param(
            [["column", "code", "label", "units"], ["sex", 0, "female", None],
             [None, 1, "male", None], ["age", None, None, "years"], ["nyha", 1, "I", None],
             ["nyha", 2, "II", None], ["nyha", 3, "III", None]], id="a row a code",
        ),
        pytest.param(
            [["Data dictionary of the ward", None, None], [None, None, None],
             ["variable", "unit", "values"], ["SEX", "", "0: female\n1: male"],
             ["Age", "years", ""], ["NYHA", "", "1: I\n2: II\n3: III"]], id="title and case",
        ),
    ],
)  # fmt: skip
def test_a_codebook_names_codes_and_units(path: Path, codebook: list[list[Any]]) -> None:
    def fill(workbook: openpyxl.Workbook, sheet: Any) -> None:
        append(workbook.create_sheet("Codebook", 0), codebook)
        append(sheet, [["id", "sex", "age", "nyha"], *([n, n % 2, n, n % 3 + 1] for n in range(9))])

    table = opened(book(path, fill))
    assert table.labels["sex"] == {"0": "female", "1": "male"}
    assert table.labels["nyha"] == {"1": "I", "2": "II", "3": "III"}
    assert table.units == {"age": "years"}
    assert decided(table, "codebook").examples == (("0", "female"), ("1", "male"))


def test_sentences_are_no_codes(path: Path) -> None:
    def fill(workbook: openpyxl.Workbook, sheet: Any) -> None:
        append(sheet, [HEADER, *patients()])
        described = [
            ["variable", "meaning"], ["age", "in years, at admission"], ["crp", "mg/L; first day"],
            ["died", "at rest; on effort"], ["patient_id", "pseudonym"],
        ]  # fmt: skip
        append(workbook.create_sheet("Codebook"), described)

    assert opened(book(path, fill)).labels == {}


# Where the names are


@pytest.mark.parametrize(
    "above",
    [
        pytest.param([["Ward 7 registry 2024"], []], id="title"),
        pytest.param([["Study", "Ward 7"], ["Exported", datetime.date(2024, 1, 5)]], id="pairs"),
        pytest.param([[], [], []], id="empty rows"),
        pytest.param([[None, None, "confidential"], ["", "", ""], ["n = 20"]], id="scattered"),
    ],
)
def test_titles_above_the_names_are_left_out_and_said(path: Path, above: list[list[Any]]) -> None:
    book(path, lambda _, sheet: append(sheet, [*above, HEADER, *patients()]))
    table = opened(path)
    assert list(table.cells.columns) == HEADER
    assert len(table.cells) == 20
    assert decided(table, "header").value == str(len(above) + 1)


def test_a_table_may_begin_anywhere(path: Path) -> None:
    rows = [[None, None, *row] for row in [HEADER, *patients()]]
    table = opened(book(path, lambda _, sheet: append(sheet, [[], [], [], *rows])))
    assert list(table.cells.columns) == HEADER
    assert decided(table, "header").value == "4"


def test_the_row_of_names_can_be_chosen(path: Path) -> None:
    book(path, lambda _, sheet: append(sheet, [["a", "b", "c", "d"], HEADER, *patients()]))
    assert list(opened(path, header="2").cells.columns) == HEADER
    assert list(opened(path, header="1").cells.columns) == ["a", "b", "c", "d"]
    with pytest.raises(UserError, match="no row '99'"):
        opened(path, header="99")


def test_groups_above_names_that_repeat_are_put_before_them(path: Path) -> None:
    def fill(_: openpyxl.Workbook, sheet: Any) -> None:
        append(
            sheet, [["", "Day 1", "", "Day 7", "", ""], ["id", "crp", "wbc", "crp", "wbc", "died"]]
        )
        sheet.merge_cells("B1:C1")
        sheet.merge_cells("D1:E1")
        append(sheet, [[n, n / 2, n, n / 4, n, "no"] for n in range(10)])

    table = opened(book(path, fill))
    expected = ["id", "Day 1 crp", "Day 1 wbc", "Day 7 crp", "Day 7 wbc", "died"]
    assert list(table.cells.columns) == expected
    assert decided(table, "groups").examples == (("crp", "Day 1 crp"),)


def test_groups_above_names_that_differ_are_a_title(path: Path) -> None:
    def fill(_: openpyxl.Workbook, sheet: Any) -> None:
        append(sheet, [["", "Labs", "", "Outcome"], ["id", "crp", "wbc", "died"]])
        sheet.merge_cells("B1:C1")
        append(sheet, [[n, n / 2, n, "no"] for n in range(10)])

    table = opened(book(path, fill))
    assert list(table.cells.columns) == ["id", "crp", "wbc", "died"]
    assert "Labs" in decided(table, "header").sentence


def test_a_row_of_units_below_the_names_is_no_patient(path: Path) -> None:
    units = ["", "years", "mg/L", ""]
    table = opened(book(path, lambda _, sheet: append(sheet, [HEADER, units, *patients()])))
    assert len(table.cells) == 20
    assert table.units == {"age": "years", "crp": "mg/L"}
    assert table.cells["age"].dtype.kind == "i"
    assert decided(table, "units-row").options == ("units", "patient")


def test_totals_and_remarks_below_are_no_patients(path: Path) -> None:
    below: list[list[Any]] = [[], ["Total", None, 12.5, None], ["Source: laboratory"]]
    rows = [["p" + str(row[0]), *row[1:]] for row in patients()]
    table = opened(book(path, lambda _, sheet: append(sheet, [HEADER, *rows, *below])))
    assert len(table.cells) == 20
    told = decided(table, "footer")
    assert "Total" in told.sentence
    assert not told.proved
    assert len(opened(path, footer="kept").cells) == 22


# Cells


def test_merged_cells_belong_to_all_their_rows(path: Path) -> None:
    def fill(_: openpyxl.Workbook, sheet: Any) -> None:
        append(sheet, [["patient_id", "visit", "died"]])
        append(sheet, [[f"P{n // 3}" if n % 3 == 0 else None, n % 3, "no"] for n in range(12)])
        for top in range(2, 14, 3):
            sheet.merge_cells(f"A{top}:A{top + 2}")

    table = opened(book(path, fill))
    assert texts(table, "patient_id") == [f"P{n // 3}" for n in range(12)]
    assert decided(table, "merged:patient_id").cells == 8


def test_cells_that_are_empty_and_not_merged_stay_empty(path: Path) -> None:
    rows = [["a", 1], [None, 2], ["b", 3]]
    table = opened(book(path, lambda _, sheet: append(sheet, [["id", "x"], *rows])))
    assert texts(table, "id") == ["a", "", "b"]
    assert "merged" not in rules(table)


def test_hidden_rows_are_said_and_can_be_left_out(path: Path) -> None:
    def fill(_: openpyxl.Workbook, sheet: Any) -> None:
        append(sheet, [HEADER, *patients(10)])
        for row in range(3, 12, 2):
            sheet.row_dimensions[row].hidden = True

    book(path, fill)
    table = opened(path)
    assert len(table.cells) == 10
    told = decided(table, "rows")
    assert (told.cells, told.value, told.proved) == (5, "all", False)
    assert list(opened(path, rows="visible").cells["patient_id"]) == [1, 3, 5, 7, 9]


def test_hidden_columns_are_said_and_can_be_left_out(path: Path) -> None:
    def fill(_: openpyxl.Workbook, sheet: Any) -> None:
        append(sheet, [HEADER, *patients(10)])
        sheet.column_dimensions["C"].hidden = True

    book(path, fill)
    assert list(opened(path).cells.columns) == HEADER
    assert "'crp'" in decided(opened(path), "hidden-columns").sentence
    out = open_table(path, {"hidden-columns": "left out"})
    assert list(out.cells.columns) == ["patient_id", "age", "died"]


def test_formulas_that_nobody_calculated_are_counted(path: Path) -> None:
    def fill(_: openpyxl.Workbook, sheet: Any) -> None:
        append(sheet, [["weight", "height", "bmi"]])
        append(sheet, [[60 + n, 1.7, f"=A{n + 2}/B{n + 2}^2"] for n in range(12)])

    told = decided(opened(book(path, fill)), "formulas:bmi")
    assert told.cells == 12
    assert "open the file in Excel and save it" in told.sentence


def raw_sheet(path: Path, body: str) -> Path:
    """A workbook whose first sheet has this XML in it."""
    book(path, lambda _, sheet: append(sheet, [["a"]]))
    with zipfile.ZipFile(path) as archive:
        parts = {name: archive.read(name) for name in archive.namelist()}
    sheet = (
        '<worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main">'
        f"<sheetData>{body}</sheetData></worksheet>"
    )
    parts["xl/worksheets/sheet1.xml"] = sheet.encode()
    with zipfile.ZipFile(path, "w") as archive:
        for name, data in parts.items():
            archive.writestr(name, data)
    return path


def raw_row(*cells: str) -> str:
    return f"<row>{''.join(cells)}</row>"


def word(text: str) -> str:
    return f'<c t="inlineStr"><is><t>{text}</t></is></c>'


def test_formulas_that_were_calculated_are_values(path: Path) -> None:
    rows = [raw_row(f"<c><v>{n}</v></c>", f"<c><f>A1*2</f><v>{n * 2}</v></c>") for n in range(5)]
    table = opened(raw_sheet(path, raw_row(word("x"), word("y")) + "".join(rows)))
    assert list(table.cells["y"]) == [0, 2, 4, 6, 8]
    assert "formulas" not in rules(table)


def test_zeros_that_a_script_writes_for_formulas_are_no_values(path: Path) -> None:
    rows = [raw_row(f"<c><v>{n}</v></c>", "<c><f>A1*2</f><v>0</v></c>") for n in range(5)]
    table = opened(raw_sheet(path, raw_row(word("x"), word("y")) + "".join(rows)))
    assert decided(table, "formulas:y").cells == 5
    assert texts(table, "y") == [""] * 5


def test_a_formula_that_gives_no_text_was_calculated(path: Path) -> None:
    rows = [
        raw_row(f"<c><v>{n}</v></c>", '<c t="str"><f>IF(A1,"","")</f><v></v></c>') for n in range(5)
    ]
    table = opened(raw_sheet(path, raw_row(word("x"), word("y")) + "".join(rows)))
    assert "formulas" not in rules(table)


@pytest.mark.parametrize("error", ["#DIV/0!", "#N/A", "#VALUE!", "#REF!", "#NAME?", "#NUM!"])
def test_errors_are_missing_and_said(path: Path, error: str) -> None:
    rows = [["x", "y"], [1, 2.5], [2, error], [3, 4.5], [4, error]]
    table = opened(book(path, lambda _, sheet: append(sheet, rows)))
    told = decided(table, "cell-errors:y")
    assert told.cells == 2
    assert error in told.sentence
    assert table.cells["y"].isna().tolist() == [False, True, False, True]


def test_ids_are_read_as_they_are_shown(path: Path) -> None:
    def fill(_: openpyxl.Workbook, sheet: Any) -> None:
        append(sheet, [HEADER, *patients(10)])
        for row in range(2, 12):
            sheet.cell(row, 1).number_format = "0000000"

    book(path, fill)
    assert texts(opened(path), "patient_id")[0] == "0000001"
    assert decided(opened(path), "shown:patient_id").examples[0] == ("1", "0000001")
    stored = open_table(path, {"shown:patient_id": "as stored"})
    assert list(stored.cells["patient_id"]) == list(range(1, 11))


@pytest.mark.parametrize(
    ("code", "shown"),
    [
        ("0000", "0123"), ("000-00-0000", "000-00-0123"),
        ('"P"000', "P123"), ('"P"00000', "P00123"),
        ("000\\-000", "000-123"), ("[Red]00000", "00123"), ("00000;-00000", "00123"),
        ("0", "123"), ("General", "123"), ("#,##0", "123"), ("0.00", "123"), ("@", "123"),
    ],
)  # fmt: skip
def test_what_number_formats_show(path: Path, code: str, shown: str) -> None:
    def fill(_: openpyxl.Workbook, sheet: Any) -> None:
        append(sheet, [["id", "x"], [123, 1], [124, 2]])
        sheet["A2"].number_format = sheet["A3"].number_format = code

    assert texts(opened(book(path, fill)), "id")[0] == shown


def test_units_of_number_formats_are_kept(path: Path) -> None:
    def fill(_: openpyxl.Workbook, sheet: Any) -> None:
        append(sheet, [["id", "crp", "mixed"], *([n, n / 2, n] for n in range(1, 6))])
        for row in range(2, 7):
            sheet.cell(row, 2).number_format = '0.0" mg/L"'
            sheet.cell(row, 3).number_format = '0" kg"' if row % 2 else '0" lb"'

    table = opened(book(path, fill))
    assert table.units == {"crp": "mg/L"}
    assert list(table.cells["crp"]) == [0.5, 1, 1.5, 2, 2.5]
    assert decided(table, "unit:crp").proved
    assert not decided(table, "unit:mixed").proved


def test_percent_is_said_and_can_be_read_as_shown(path: Path) -> None:
    def fill(_: openpyxl.Workbook, sheet: Any) -> None:
        append(sheet, [["id", "ef"], *([n, n / 100] for n in range(30, 40))])
        for row in range(2, 12):
            sheet.cell(row, 2).number_format = "0%"

    book(path, fill)
    assert opened(path).cells["ef"][4] == 0.34
    assert "30 %" in decided(opened(path), "percent:ef").sentence
    table = open_table(path, {"percent:ef": "as shown"})
    assert table.cells["ef"][4] == 34
    assert table.units == {"ef": "%"}


def test_percents_beside_percents_in_words_have_one_scale(path: Path) -> None:
    def fill(_: openpyxl.Workbook, sheet: Any) -> None:
        append(sheet, [["id", "ef"], [1, 0.34], [2, "35%"], [3, 0.36]])
        sheet["B2"].number_format = sheet["B4"].number_format = "0%"

    assert texts(opened(book(path, fill)), "ef") == ["34", "35%", "36"]


def test_long_numbers_have_lost_digits_and_that_is_said(path: Path) -> None:
    rows = [["csn", "x"], *([300000000000000000 + n, n] for n in range(5))]
    table = opened(book(path, lambda _, sheet: append(sheet, rows)))
    told = decided(table, "digits:csn")
    assert told.cells == 5
    assert not told.proved
    assert texts(table, "csn")[0] == "300000000000000000"


def test_long_ids_kept_as_text_keep_every_digit(path: Path) -> None:
    ids = [f"30000000000000000{n}" for n in range(5)]
    rows = [["csn", "x"], *([one, n] for n, one in enumerate(ids))]
    table = opened(book(path, lambda _, sheet: append(sheet, rows)))
    assert texts(table, "csn") == ids
    assert "digits" not in rules(table)


def test_words_that_pandas_takes_for_missing_stay(path: Path) -> None:
    words = ["None", "NULL", "n/a", "NA", "nan", "-", "Mild", "null"]
    rows = [["id", "grade"], *([n, text] for n, text in enumerate(words))]
    assert texts(opened(book(path, lambda _, sheet: append(sheet, rows))), "grade") == words


def test_dates_keep_their_day_and_time(path: Path) -> None:
    moments = [datetime.datetime(2023, 3, 1), datetime.datetime(2023, 3, 2, 14, 30, 15)]
    rows = [["id", "at", "t"], *([n, one, datetime.time(7, 30)] for n, one in enumerate(moments))]
    table = opened(book(path, lambda _, sheet: append(sheet, rows)))
    assert texts(table, "at") == ["2023-03-01", "2023-03-02 14:30:15"]
    assert texts(table, "t") == ["07:30:00"] * 2


def test_dates_of_1904_are_the_same_days(path: Path) -> None:
    def fill(workbook: openpyxl.Workbook, sheet: Any) -> None:
        workbook.epoch = openpyxl.utils.datetime.CALENDAR_MAC_1904
        append(
            sheet, [["id", "at"], [1, datetime.date(2023, 3, 1)], [2, datetime.date(2020, 2, 29)]]
        )

    assert texts(opened(book(path, fill)), "at") == ["2023-03-01", "2020-02-29"]


def test_small_numbers_formatted_as_dates_are_numbers(path: Path) -> None:
    def fill(_: openpyxl.Workbook, sheet: Any) -> None:
        append(sheet, [["id", "age"], *([n, 30 + n] for n in range(40))])
        for row in range(2, 42):
            sheet.cell(row, 2).number_format = "yyyy-mm-dd"

    book(path, fill)
    ages = opened(path).cells["age"]
    assert ages.drop(index=[29, 30]).tolist() == [30 + n for n in range(40) if n not in (29, 30)]
    assert ages[[29, 30]].isna().all()
    assert not decided(opened(path), "dates:age").proved
    assert texts(open_table(path, {"dates:age": "dates"}), "age")[0] == "1900-01-30"


def test_dates_among_numbers_are_said(path: Path) -> None:
    rows = [["id", "score"], [1, 3.5], [2, datetime.date(2024, 5, 3)], [3, 4.5]]
    table = opened(book(path, lambda _, sheet: append(sheet, rows)))
    assert decided(table, "dates:score").cells == 1
    assert texts(table, "score") == ["3.5", "2024-05-03", "4.5"]


def test_durations_are_days(path: Path) -> None:
    rows = [["id", "stay"], [1, datetime.timedelta(hours=36)], [2, datetime.timedelta(hours=12)]]
    table = opened(book(path, lambda _, sheet: append(sheet, rows)))
    assert list(table.cells["stay"]) == [1.5, 0.5]
    assert table.units == {"stay": "d"}


@pytest.mark.parametrize("others", [["yes", "TRUE"], ["true", "false"]])
def test_truth_values_are_words_as_pandas_writes_them(path: Path, others: list[str]) -> None:
    rows = [["id", "flag"], [1, True], [2, False], [3, others[0]], [4, others[1]]]
    table = opened(book(path, lambda _, sheet: append(sheet, rows)))
    assert texts(table, "flag") == ["True", "False", *others]


def test_numbers_of_three_decimals_beside_words_are_no_thousands(path: Path) -> None:
    rows = [["id", "x"], [1, 1.125], [2, "<0,5"], [3, 2.375]]
    table = opened(book(path, lambda _, sheet: append(sheet, rows)))
    assert texts(table, "x") == ["1,1250", "<0,5", "2,3750"]


def test_empty_rows_are_left_out_and_counted(path: Path) -> None:
    rows = patients(10)
    book(path, lambda _, sheet: append(sheet, [HEADER, *rows[:4], [], [], *rows[4:]]))
    table = opened(path)
    assert len(table.cells) == 10
    assert decided(table, "empty-rows").cells == 2


# The same table in other files

CELLS = st.one_of(
    st.just(""),
    st.integers(-(10**9), 10**9),
    st.floats(-1e6, 1e6, allow_nan=False).map(lambda number: round(number, 6)),
    st.sampled_from(["None", "NA", "Mild", "007", "1,5", "<0.5", "é", "a b", "TRUE", "250.00"]),
    st.booleans(),
)


@given(columns=st.lists(st.lists(CELLS, min_size=6, max_size=6), min_size=1, max_size=4))
def test_a_workbook_and_a_csv_of_the_same_cells_read_the_same(
    tmp_path_factory: pytest.TempPathFactory, columns: list[list[Any]]
) -> None:
    folder = tmp_path_factory.mktemp("same")
    names = ["id", *(f"name{n}" for n in range(len(columns)))]
    rows = [[f"p{n}", *row] for n, row in enumerate(zip(*columns, strict=True))]
    book(folder / "a.xlsx", lambda _, sheet: append(sheet, [names, *rows]))
    with pd.option_context("display.float_format", None):
        pd.DataFrame(rows, columns=names).to_csv(folder / "a.csv", index=False)
    left, right = opened(folder / "a.xlsx"), opened(folder / "a.csv")
    assert list(left.cells.columns) == list(right.cells.columns)
    for name in names:
        for one, other in zip(texts(left, name), texts(right, name), strict=True):
            # Beside "1,5" a number is written with a comma too.
            assert one == other or float(one.replace(",", ".")) == float(other)


@given(numbers=st.lists(st.floats(-1e300, 1e300), min_size=3, max_size=20))
def test_numbers_keep_every_digit(
    tmp_path_factory: pytest.TempPathFactory, numbers: list[float]
) -> None:
    path = tmp_path_factory.mktemp("digits") / "a.xlsx"
    rows = [["id", "x"], *([f"p{n}", number] for n, number in enumerate(numbers))]
    book(path, lambda _, sheet: append(sheet, rows))
    read = pd.to_numeric(opened(path).cells["x"]).to_numpy(dtype=float)
    assert np.allclose(read, np.array(numbers), rtol=1e-14, atol=0)


# Damaged files


@pytest.mark.parametrize(
    "data",
    [
        pytest.param(b"PK\x03\x04" + bytes(100), id="noise"),
        pytest.param(b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(600), id="old and empty"),
        pytest.param(b"\x00\x01\x02" * 500, id="bytes"),
    ],
)
def test_a_damaged_workbook_is_one_sentence(path: Path, data: bytes) -> None:
    path.write_bytes(data)
    with pytest.raises(UserError, match=r"ward\.xlsx") as caught:
        opened(path)
    assert caught.value.remedy


@pytest.mark.parametrize("part", ["xl/worksheets/sheet1.xml", "xl/workbook.xml"])
@pytest.mark.parametrize("content", [b"", b"<worksheet><sheetData><row><c", b"\x00\x01"])
def test_a_damaged_part_is_one_sentence(path: Path, part: str, content: bytes) -> None:
    book(path, lambda _, sheet: append(sheet, [HEADER, *patients()]))
    with zipfile.ZipFile(path) as archive:
        parts = {name: archive.read(name) for name in archive.namelist()}
    parts[part] = content
    with zipfile.ZipFile(path, "w") as archive:
        for name, data in parts.items():
            archive.writestr(name, data)
    with pytest.raises(UserError) as caught:
        opened(path)
    assert caught.value.remedy


@pytest.mark.parametrize("cut", [0.3, 0.6, 0.95])
def test_a_workbook_that_is_cut_off_is_one_sentence(path: Path, cut: float) -> None:
    book(path, lambda _, sheet: append(sheet, [HEADER, *patients()]))
    data = path.read_bytes()
    path.write_bytes(data[: int(len(data) * cut)])
    with pytest.raises(UserError):
        opened(path)


def test_entities_are_not_followed(path: Path) -> None:
    body = raw_row(word("x"), word("y")) + raw_row("<c><v>1</v></c>", word("&bomb;"))
    raw_sheet(path, body)
    with zipfile.ZipFile(path) as archive:
        parts = {name: archive.read(name) for name in archive.namelist()}
    name = "xl/worksheets/sheet1.xml"
    parts[name] = b'<!DOCTYPE x [<!ENTITY bomb SYSTEM "file:///etc/passwd">]>' + parts[name]
    with zipfile.ZipFile(path, "w") as archive:
        for member, data in parts.items():
            archive.writestr(member, data)
    with pytest.raises(UserError, match="damaged"):
        opened(path)


def test_a_bomb_is_not_unpacked(path: Path) -> None:
    book(path, lambda _, sheet: append(sheet, [HEADER, *patients()]))
    with zipfile.ZipFile(path, "a", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("xl/media/zeros.bin", bytes(80 * 2**20))
    with pytest.raises(UserError, match="would unpack to 80 MB"):
        opened(path)


def test_a_word_document_is_no_workbook(tmp_path: Path) -> None:
    path = tmp_path / "letter.docx"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("[Content_Types].xml", "<Types/>")
        archive.writestr("word/document.xml", "<document/>")
    with pytest.raises(UserError, match="a document, not a workbook"):
        opened(path)


def test_a_protected_workbook_says_so(path: Path) -> None:
    name = "EncryptedPackage".encode("utf-16-le")
    path.write_bytes(b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(512) + name + bytes(100))
    with pytest.raises(UserError, match="password"):
        opened(path)


# The collected cases


def test_case_b2_none_mild_severe() -> None:
    left, right = opened(case("T08.xlsx")), opened(case("T08.csv"))
    assert texts(left, "steatosis") == texts(right, "steatosis")
    assert set(texts(left, "steatosis")) == {"None", "Mild", "Severe"}


def test_case_b4_c5_formulas_merged_cells_and_errors() -> None:
    table = opened(case("T16.xlsx"))
    assert decided(table, "formulas:bmi").cells == 60
    assert table.cells["patient_id"].value_counts().tolist() == [3] * 20
    assert "cell-errors:ratio" in {decision.key for decision in table.reading}


def test_case_c7_ids_as_shown() -> None:
    assert texts(opened(case("T13.xlsx")), "patient_id")[:2] == ["0000001", "0000002"]


@pytest.mark.parametrize(
    ("name", "sheet", "row"),
    [("T17a.xlsx", "Data", "1"), ("T17b.xlsx", "Data", "1"), ("T17d.xlsx", "Sheet", "3")],
)
def test_cases_d1_d4_sheet_and_names(name: str, sheet: str, row: str) -> None:
    table = opened(case(name))
    assert decided(table, "sheet").value == sheet
    assert decided(table, "header").value == row
    assert "died" in read_cohort(case(name), outcome="died").table


def test_case_d3_sheets_alike_and_hidden_rows() -> None:
    table = opened(case("T17e.xlsx"))
    assert "'2022' (60 rows)" in decided(table, "sheets").sentence
    assert decided(table, "rows").cells == 30


def test_case_g2_truth_values() -> None:
    assert set(texts(opened(case("new_bool.xlsx")), "diabetes")) == {"True", "False"}


def in_memory(rows: Sequence[Sequence[Any]]) -> bytes:
    workbook = openpyxl.Workbook()
    append(workbook.active, rows)
    stream = io.BytesIO()
    workbook.save(stream)
    return stream.getvalue()


@pytest.mark.parametrize("name", ["ward.csv", "ward", "ward.xls", "ward.XLSX", "ward.xlsm"])
def test_what_a_file_is_its_bytes_say(tmp_path: Path, name: str) -> None:
    path = tmp_path / name
    path.write_bytes(in_memory([HEADER, *patients()]))
    assert list(opened(path).cells.columns) == HEADER


# Binary workbooks


def test_a_binary_workbook_is_read_as_the_same_table(tmp_path: Path) -> None:
    rows: list[list[Any]] = [HEADER, *patients(30)]
    rows[5][1] = None
    codebook: list[list[Any]] = [["variable", "meaning"], ["age", "years"], ["crp", "mg/L"]]
    binary = tmp_path / "ward.xlsb"
    sheets = {"Read me": [["Ward 7 – régistry"]], "Data": rows, "Codebook": codebook}
    binary.write_bytes(binary_workbook(sheets, hidden=["Codebook"]))
    plain = book(tmp_path / "ward.xlsx", lambda _, sheet: append(sheet, rows))
    read, same = opened(binary), opened(plain)
    pd.testing.assert_frame_equal(read.cells, same.cells)
    assert "'Codebook' (hidden" in decided(read, "sheet").sentence
    assert not decided(read, "format").proved, "it does not tell which rows are hidden"


@pytest.mark.parametrize("share", [0.2, 0.5, 0.9])
def test_a_cut_binary_workbook_is_refused(tmp_path: Path, share: float) -> None:
    rows: list[list[Any]] = [HEADER, *patients(30)]
    data = binary_workbook({"Data": rows})
    path = tmp_path / "ward.xlsb"
    path.write_bytes(data[: int(share * len(data))])
    with pytest.raises(UserError, match=r"ward\.xlsb"):
        opened(path)


@pytest.mark.parametrize("share", [0.3, 0.6, 0.9])
def test_a_damaged_part_of_a_binary_workbook_is_no_table(tmp_path: Path, share: float) -> None:
    rows: list[list[Any]] = [HEADER, *patients(60)]
    data = bytearray(binary_workbook({"Data": rows}))
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        entry = archive.getinfo("xl/worksheets/sheet1.bin")
        start = entry.header_offset + 30 + len(entry.filename)
    data[start + int(share * entry.compress_size)] ^= 1
    path = tmp_path / "ward.xlsb"
    path.write_bytes(data)
    with pytest.raises(UserError, match="not an Excel workbook, or it is damaged"):
        opened(path)


def test_a_far_cell_of_a_binary_workbook_is_said_before_room_is_made(tmp_path: Path) -> None:
    rows: list[list[Any]] = [HEADER, *patients(3)]
    rows.append([*[None] * 2_000, 7.0])
    data = binary_workbook({"Data": rows})
    path = tmp_path / "ward.xlsb"
    path.write_bytes(data)
    assert opened(path).cells.shape[0] >= 3
    far = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(data)) as old, zipfile.ZipFile(far, "w") as new:
        for name in old.namelist():
            part = old.read(name)
            if name.endswith("sheet1.bin"):
                part = part.replace(
                    struct.pack("<IIH", 4, 0, 300), struct.pack("<IIH", 10**6, 0, 300)
                )
            new.writestr(name, part)
    path.write_bytes(far.getvalue())
    with pytest.raises(UserError, match=r"span 1,000,001 rows and 2,001 columns"):
        opened(path)


def test_rows_that_are_struck_through_are_said_and_can_be_left_out(tmp_path: Path) -> None:
    workbook = openpyxl.Workbook()
    sheet = workbook.active
    sheet.append(["id", "crp", "died"])
    for row in range(30):
        sheet.append([row, row * 1.5, "yes" if row % 3 else "no"])
    for place in ("A5", "B5", "C5", "B9"):
        sheet[place].font = openpyxl.styles.Font(strike=True)
    sheet["B11"].font = openpyxl.styles.Font(bold=True)
    workbook.save(tmp_path / "t.xlsx")
    cohort = read_cohort(tmp_path / "t.xlsx")
    told = [d.sentence for d in cohort.reading if d.rule == "struck-rows"]
    assert told == ["1 row is struck through in the sheet 'Sheet' and read like the others."]
    out = read_cohort(tmp_path / "t.xlsx", choices={"struck-rows": "left out"})
    assert (len(cohort), len(out)) == (30, 29)
    assert "3" not in set(out.table["id"])


@pytest.mark.parametrize(("texts", "wanted"), [
    (["8,5", "12,25"], [8.5, 12.25]), (["8.5", "12.25"], [8.5, 12.25]),
    (["1.250,5", "9,5"], [1250.5, 9.5]), (["8,5 mg", "9,75 mg"], [8.5, 9.75]),
])  # fmt: skip
def test_numbers_that_were_entered_as_text_stand_beside_numbers(
    texts: list[str], wanted: list[float], tmp_path: Path
) -> None:
    workbook = openpyxl.Workbook()
    sheet = workbook.active
    sheet.append(["id", "crp", "died"])
    stored = [texts[row % 8 // 4] if row % 4 == 0 else row + 0.125 for row in range(32)]
    for row, cell in enumerate(stored):
        sheet.append([row, cell, "yes" if row % 3 else "no"])
    workbook.save(tmp_path / "t.xlsx")
    cells = read_cohort(tmp_path / "t.xlsx").table["crp"]
    expected = [wanted[row % 8 // 4] if row % 4 == 0 else row + 0.125 for row in range(32)]
    assert cells.tolist() == expected
