"""Files of the reported kinds, made anew: the table is what its author sees; the rest is said."""

from __future__ import annotations

import datetime
import json
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import openpyxl
import pandas as pd
import pytest

from pmed_core.cohort import Cohort
from pmed_core.errors import UserError
from pmed_core.readers.tables import read_cohort, read_for
from pmed_core.variable import Kind, Role

ROWS = 24
NAMES = ("patient_id", "age", "crp", "died")
ROWS_OF = [(f"P{n:02d}", 30 + n, 1.5 + n, "no" if n % 3 else "yes") for n in range(ROWS)]
RECORDS = [dict(zip(NAMES, row, strict=True)) for row in ROWS_OF]


def text(
    names: Sequence[str] = NAMES, rows: Sequence[Sequence[Any]] = ROWS_OF, sep: str = ","
) -> str:
    return "\n".join(sep.join(map(str, row)) for row in (names, *rows)) + "\n"


def account(cohort: Cohort, rule: str = "") -> str:
    return " ".join(d.sentence for d in cohort.reading if not rule or d.rule == rule)


def is_the_table(cohort: Cohort, rows: int = ROWS) -> None:
    assert [v.name for v in cohort.variables if v.role is not Role.IGNORE][-3:] == list(NAMES[1:])
    assert len(cohort.table) == rows
    assert list(cohort.table.crp) == [row[2] for row in ROWS_OF]
    assert list(cohort.table.died) == [row[3] for row in ROWS_OF]


FRAME = pd.DataFrame(ROWS_OF, columns=list(NAMES))
TEXTS: dict[str, tuple[str, str, str]] = {
    "sep= and semicolons": ("t.csv", "sep=;\n" + text(sep=";"), "as the first line"),
    "carets": ("t.csv", text(sep="^"), "caret"),
    "columns of spaces": ("t.txt", text(sep="    "), "two or more spaces"),
    "titles above": ("t.csv", "Ward 7\nExported: 2021-03-04, by lab\n\n" + text(), "row 4"),
    "remarks of R above": ("t.csv", "# from R\n# 24 rows\n" + text(), "left out"),
    "groups above": ("t.csv", "Patient,,Labs,Outcome\n" + text(), "row 2"),
    "a total below": ("t.csv", text() + "Total,24,,\n", "no patient"),
    "means below": ("t.csv", text() + ",,,\nMean,41.5,13,\n", "no patient"),
    "units below the names": (
        "t.csv", text(rows=[("", "years", "mg/L", ""), *ROWS_OF]), "holds units"
    ),
    "commas at the ends": ("t.csv", text().replace("\n", ",\n"), "left out"),
    "old Mac": ("t.csv", text().replace("\n", "\r"), "UTF-8"),
    "an index of pandas": ("t.csv", FRAME.to_csv(), "counts the rows"),
    "names of R's rows": (
        "t.csv", text(rows=[(n + 1, *row) for n, row in enumerate(ROWS_OF)]), "counts the rows"
    ),
    "records": ("t.json", json.dumps(RECORDS), "JSON"),
    "records in an envelope": ("t.json", json.dumps({"meta": {}, "data": RECORDS}), "JSON"),
    "lines of records": ("t.jsonl", "\n".join(map(json.dumps, RECORDS)), "JSON"),
    "pandas split": ("t.json", FRAME.to_json(orient="split"), "JSON"),
    "pandas columns": ("t.json", FRAME.to_json(), "JSON"),
    "pandas index": ("t.json", FRAME.to_json(orient="index"), "a row id"),
    "pandas table": ("t.json", FRAME.to_json(orient="table"), "counts the rows"),
    "columns of lists": ("t.json", json.dumps(FRAME.to_dict("list")), "JSON"),
    "a page named xls": ("t.xls", FRAME.to_html(index=False), "table 1"),
    "tabs named xls": ("t.xls", text(sep="\t"), "tab"),
    "commas named xlsx": ("t.xlsx", text(), "comma"),
}  # fmt: skip


@pytest.mark.parametrize("kind", TEXTS)
def test_texts_of_every_kind_are_the_table(kind: str, tmp_path: Path) -> None:
    name, content, said = TEXTS[kind]
    (tmp_path / name).write_text(content, encoding="utf-8", newline="")
    cohort = read_cohort(tmp_path / name, outcome="died")
    is_the_table(cohort)
    assert said in account(cohort)


def test_letters_of_two_scripts_in_a_word_tell_encodings_apart(tmp_path: Path) -> None:
    (tmp_path / "t.csv").write_bytes(text(("patient_id", "âge", "crp", "died")).encode("cp1252"))
    cohort = read_cohort(tmp_path / "t.csv", outcome="died")
    assert "âge" in cohort.table
    assert "cp1252" in account(cohort, "encoding")


@pytest.mark.parametrize("form", ['="{:05d}"', "'{:05d}"])
def test_what_keeps_zeros_in_a_spreadsheet_is_no_part_of_a_cell(form: str, tmp_path: Path) -> None:
    rows = [(form.format(n), *row[1:]) for n, row in enumerate(ROWS_OF)]
    (tmp_path / "t.csv").write_text(text(rows=rows))
    cohort = read_cohort(tmp_path / "t.csv", outcome="died")
    assert list(cohort.table.patient_id)[:2] == ["00000", "00001"]
    assert "00001" not in account(cohort)
    assert account(cohort, "as-text")


def test_a_first_patient_for_names_is_a_guess(tmp_path: Path) -> None:
    (tmp_path / "t.csv").write_text(text(ROWS_OF[0], ROWS_OF[1:]))  # type: ignore[arg-type]
    told = next(d for d in read_cohort(tmp_path / "t.csv").reading if d.rule == "header")
    assert not told.proved
    assert "header=none" in told.sentence
    whole = read_cohort(tmp_path / "t.csv", choices={"header": "none"})
    assert len(whole.table) == ROWS


@pytest.mark.parametrize(
    ("content", "words"),
    [(text() + "P98,50\n", "The row has 2 cells"), (text() + "P98,50,2,no,more\n", "has 5 cells"),
     (text(("patient_id", "crp", "crp", "died")), "more than once: 'crp'")],
)  # fmt: skip
def test_what_is_no_table_is_one_sentence(content: str, words: str, tmp_path: Path) -> None:
    (tmp_path / "t.csv").write_text(content)
    with pytest.raises(UserError, match=words):
        read_cohort(tmp_path / "t.csv")


Fill = Callable[[openpyxl.Workbook], None]


def book(folder: Path, fill: Fill, top: int = 1, left: int = 1) -> Path:
    """The table in the first sheet, "Data", from a corner on, and then changed."""
    workbook = openpyxl.Workbook()
    sheet = workbook.active
    sheet.title = "Data"
    put(sheet, [NAMES, *ROWS_OF], top, left)
    fill(workbook)
    workbook.save(folder / "t.xlsx")
    return folder / "t.xlsx"


def put(sheet: Any, rows: Sequence[Sequence[Any]], top: int = 1, left: int = 1) -> None:
    for down, row in enumerate(rows):
        for right, cell in enumerate(row):
            sheet.cell(top + down, left + right, cell)


def column(workbook: openpyxl.Workbook, name: str, cells: Sequence[Any], pattern: str = "") -> None:
    """The third column gets another name and other cells."""
    workbook.active.cell(1, 3, name)
    for n in range(ROWS):
        cell = workbook.active.cell(2 + n, 3, cells[n % len(cells)])
        if pattern:
            cell.number_format = pattern


def nothing(workbook: openpyxl.Workbook) -> None:
    """Leave it."""


def legend(workbook: openpyxl.Workbook) -> None:
    put(workbook.create_sheet("Legend"), [("variable", "code", "meaning"), ("died", "yes", "dead"),
                                          ("died", "no", "alive")])  # fmt: skip


def pivot(workbook: openpyxl.Workbook) -> None:
    rows = [("Row Labels", "Count"), ("no", 16), ("yes", 8), ("Grand Total", 24)]
    put(workbook.create_sheet("Pivot", 0), rows)


def beside(workbook: openpyxl.Workbook) -> None:
    put(workbook.active, [("Summary", None), ("mean age", 41.5)], 2, 8)


def below(workbook: openpyxl.Workbook) -> None:
    put(workbook.active, [("Table 2", None), ("x", "y"), (1, 2), (3, 4)], ROWS + 5)


def hidden(workbook: openpyxl.Workbook) -> None:
    put(workbook.create_sheet("old"), [NAMES, *ROWS_OF])
    workbook["old"].sheet_state = "hidden"


@pytest.mark.parametrize(
    ("fill", "rule", "said"),
    [(nothing, "sheet", "'Data' was read"), (legend, "codebook", "names of codes of 'died'"),
     (pivot, "sheet", "'Pivot' (4 rows)"), (beside, "unnamed-columns", "without a name"),
     (below, "below", "another table"), (hidden, "sheet", "hidden")],
)  # fmt: skip
def test_workbooks_hold_the_table_and_the_rest_is_said(
    fill: Fill, rule: str, said: str, tmp_path: Path
) -> None:
    cohort = read_cohort(book(tmp_path, fill), outcome="died")
    is_the_table(cohort)
    assert said in account(cohort, rule)


def test_a_table_below_can_be_kept(tmp_path: Path) -> None:
    cohort = read_cohort(book(tmp_path, below), choices={"below": "kept"})
    assert len(cohort.table) == ROWS + 4


def test_a_table_in_a_corner_of_its_own(tmp_path: Path) -> None:
    is_the_table(read_cohort(book(tmp_path, nothing, 4, 3), outcome="died"))


DAYS = [datetime.datetime(2021, 1, 1 + n) for n in range(ROWS)]
SHEETS: dict[str, tuple[str, list[Any], str, list[Any], str]] = {
    "zeros of a format": ("ward no", [*range(1, 25)], "00000", ["00001", "00002"], "shown"),
    "percent": ("ef", [0.05, 0.25, 0.5], "0%", [0.05, 0.25], "percent"),
    "a unit of a format": ("crp", [5.2, 6.1, 7.3], '0.0" mg/L"', [5.2, 6.1], "unit"),
    "days and a word": ("visit", [*DAYS[:5], "unknown"], "", [DAYS[0], DAYS[1]], "missing"),
    "days among numbers": ("op date", [44197, DAYS[4], 44199], "", [DAYS[0], DAYS[4]], "dates"),
    "durations": ("stay", [datetime.timedelta(hours=12)], "", [0.5, 0.5], "unit"),
    "codes as numbers": ("icd9", [250.0, 414.01, 428.0], "0.00", ["250", "414.01"], "digits"),
    "numbers as text": ("crp", ["1,5", "2,5", "12,0"], "", [1.5, 2.5], "decimal"),
    "59 and 60": ("days", [*range(50, 74)], "yyyy-mm-dd", [50.0, 51.0], "dates"),
}  # fmt: skip


@pytest.mark.parametrize("kind", SHEETS)
def test_cells_of_workbooks_are_what_is_meant(kind: str, tmp_path: Path) -> None:
    name, cells, pattern, meant, rule = SHEETS[kind]
    path = book(tmp_path, lambda workbook: column(workbook, name, cells, pattern))
    cohort = read_cohort(path, outcome="died")
    assert list(cohort.table[name])[:2] == meant
    assert name in account(cohort, rule)


def test_days_that_excel_cannot_tell_apart_are_counted(tmp_path: Path) -> None:
    path = book(tmp_path, lambda one: column(one, "days", [*range(50, 74)], "yyyy-mm-dd"))
    cohort = read_cohort(path)
    assert cohort.table.days.isna().sum() == 2
    assert "2 of them can be 59 or 60" in account(cohort, "dates")


def test_an_outcome_of_another_sheet_is_looked_for_there(tmp_path: Path) -> None:
    labs = [("patient_id", "lab", "value"), *((f"P{n}", "crp", n) for n in range(60))]
    path = book(tmp_path, lambda workbook: put(workbook.create_sheet("labs", 0), labs))
    with pytest.raises(UserError, match=r"other sheets: 'labs', 'Data'"):
        read_cohort(path, outcome="died")
    is_the_table(read_cohort(path, outcome="died", choices={"sheet": "Data"}))


LONG = [1234567890123456789 + n for n in range(ROWS)]


@pytest.mark.parametrize("kind", ["frame", "parquet", "feather"])
def test_record_numbers_of_many_digits_keep_them_or_that_is_said(kind: str, tmp_path: Path) -> None:
    table = FRAME.assign(acct=LONG, mean=[2.0**60 + n * 4096 for n in range(ROWS)])
    given: Path | pd.DataFrame = table
    if kind != "frame":
        given = tmp_path / f"t.{kind}"
        getattr(table, f"to_{kind}")(given)
    cohort = read_cohort(given, outcome="died")
    assert list(cohort.table.acct) == [str(n) for n in LONG]
    assert cohort.variable("acct").role is Role.IGNORE
    assert "last digits may be wrong" in account(cohort, "digits")
    assert "'acct'" not in account(cohort, "digits")


def test_floating_point_ids_of_new_patients_say_what_they_lost() -> None:
    cohort = read_cohort(FRAME, outcome="died")
    new = FRAME.assign(patient_id=[1234567890123456789.0] * ROWS)
    again = read_for(new, list(cohort.inputs), patient="patient_id")
    assert "last digits may be wrong" in account(again, "digits")
    assert "e+" not in str(again.table.patient_id.iloc[0])


def test_durations_and_zones_of_typed_files_are_said(tmp_path: Path) -> None:
    table = FRAME.assign(
        stay=pd.to_timedelta(np.arange(ROWS), unit="h"),
        seen=pd.date_range("2021-01-01", periods=ROWS, tz="Europe/Berlin"),
    )
    table.to_parquet(tmp_path / "t.parquet")
    cohort = read_cohort(tmp_path / "t.parquet", outcome="died")
    assert cohort.variable("stay").unit == "d"
    assert "durations" in account(cohort, "unit")
    assert "Europe/Berlin" in account(cohort, "zones")


@pytest.mark.parametrize("name", ["icd9", "zip", "version"])
def test_codes_are_the_same_in_typed_and_in_text_files(name: str) -> None:
    codes = [250.5, 414.01, 428.25] * 8
    typed = read_cohort(FRAME.assign(**{name: codes}), outcome="died")
    written = read_cohort(FRAME.assign(**{name: list(map(str, codes))}), outcome="died")
    assert list(typed.table[name]) == list(written.table[name])
    assert typed.variable(name).kind is written.variable(name).kind is Kind.CATEGORY


@pytest.mark.parametrize(
    "choices", [{"sheets": "all"}, {"decimal:crp": "dot"}, {"rows": "some"}, {"kind:crp": "text"}]
)
def test_a_choice_that_does_not_exist_is_refused(choices: dict[str, str]) -> None:
    with pytest.raises(UserError, match="cannot be chosen"):
        read_cohort(FRAME, choices=choices)
