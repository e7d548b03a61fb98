"""``--read KEY=VALUE``: every value of every decision does to the cells what it says."""

from __future__ import annotations

import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import openpyxl
import pandas as pd
import pytest

from pmed_core.cohort import Cohort
from pmed_core.errors import UserError
from pmed_core.outcomes import YesNo
from pmed_core.readers.tables import read_cohort
from pmed_core.variable import Kind, Role

ROWS = 24


def column(cells: str, name: str = "x") -> pd.DataFrame:
    """Cells with bars between, repeated, beside an id and an outcome."""
    written = cells.split("|")
    return pd.DataFrame(
        {
            "patient_id": [f"P{n}" for n in range(ROWS)],
            name: [written[n % len(written)] for n in range(ROWS)],
            "died": [("yes", "no", "no")[n % 3] for n in range(ROWS)],
        },
        dtype="str",
    )


def file(folder: Path, text: str, name: str = "t.csv", encoding: str = "utf-8") -> Path:
    (folder / name).write_bytes(text.encode(encoding))
    return folder / name


def read(source: Path | pd.DataFrame, *chosen: str) -> Cohort:
    """As the shell gives them: KEY=VALUE."""
    return read_cohort(source, choices=dict(one.split("=", 1) for one in chosen))


def plain(cells: Any) -> list[Any]:
    return [None if pd.isna(cell) else cell for cell in cells]


def said(cohort: Cohort, key: str) -> str:
    return " ".join(d.sentence for d in cohort.reading if d.key == key)


NAN = None
DAYS = "01/02/03|04/05/06|07/08/09"


# Decisions about a column


@pytest.mark.parametrize(
    ("cells", "choice", "meant"),
    [
        ("1,250|2,375|950", "decimal:x=point", [1250, 2375, 950]),
        ("1,250|2,375|950", "decimal:x=comma", [1.25, 2.375, 950]),
        ("1.250|2.375|950", "decimal:x=comma", [1250, 2375, 950]),
        ("1.250|2.375|950", "decimal:x=point", [1.25, 2.375, 950]),
        ("none|1.5|2.5|3.5", "missing:x=zero", [0, 1.5, 2.5, 3.5]),
        ("none|1.5|2.5|3.5", "missing:x=none", [NAN, 1.5, 2.5, 3.5]),
        ("stuck|1.5|2.5|3.5", "missing:x=stuck", [NAN, 1.5, 2.5, 3.5]),
        ("999|12|35|61", "missing-code:x=999", [NAN, 12, 35, 61]),
        ("999|12|35|-9", "missing-code:x=999,-9", [NAN, 12, 35, NAN]),
        ("999|12|35|61", "missing-code:x=none", [999, 12, 35, 61]),
        ("007|012|100", "exact:x=number", [7, 12, 100]),
        ("1E5|2E3|3E4", "exact:x=number", [1e5, 2e3, 3e4]),
        ("1.5|2.5|see note", "kind:x=number", [1.5, 2.5, NAN]),
        ("<0.5|1.5|>9|2.5", "limits:x=limit", [0.5, 1.5, 9, 2.5]),
        ("<0.5|1.5|>9|2.5", "limits:x=half", [0.25, 1.5, 9, 2.5]),
        ("<0.5|1.5|>9|2.5", "limits:x=missing", [NAN, 1.5, NAN, 2.5]),
        ("44197|44198|44300", "kind:x=number", [44197, 44198, 44300]),
    ],
)
def test_numbers_are_read_as_chosen(cells: str, choice: str, meant: list[Any]) -> None:
    cohort = read(column(cells), choice)
    assert cohort.variable("x").kind is Kind.NUMBER
    assert plain(cohort.table["x"][: len(meant)]) == meant


@pytest.mark.parametrize(
    ("cells", "choice", "meant"),
    [
        ("007|012|100", "exact:x=text", ["007", "012", "100"]),
        ("1E5|2E3|3E4", "exact:x=text", ["1E5", "2E3", "3E4"]),
        ("7|12|100", "kind:x=category", ["7", "12", "100"]),
        ("2021-03-04|2021-05-06|x", "kind:x=category", ["2021-03-04", "2021-05-06", "x"]),
        ("Male|male|F", "spelling:x=as-written", ["Male", "male", "F"]),
        ("Male|male|Male|F", "spelling:x=folded", ["Male", "Male", "Male", "F"]),
        ("a|NA|b|c", "missing:x=keep", ["a", "NA", "b", "c"]),
        ("a|NA|b|c", "missing:x=NA", ["a", None, "b", "c"]),
        ("a|unclear|b|NA", "missing:x=unclear", ["a", None, "b", None]),
        ("NA|ZA|BW|AO", "missing:x=NA", [None, "ZA", "BW", "AO"]),
    ],
)
def test_text_is_read_as_chosen(cells: str, choice: str, meant: list[Any]) -> None:
    cohort = read(column(cells), choice)
    assert cohort.variable("x").kind is not Kind.NUMBER
    assert plain(cohort.table["x"][: len(meant)]) == meant


@pytest.mark.parametrize(
    ("cells", "choice", "meant"),
    [
        (DAYS, "dates:x=dmy", ["2003-02-01", "2006-05-04", "2009-08-07"]),
        (DAYS, "dates:x=mdy", ["2003-01-02", "2006-04-05", "2009-07-08"]),
        (DAYS, "dates:x=ymd", ["2001-02-03", "2004-05-06", "2007-08-09"]),
        ("44197|44198|44300", "dates:x=serial", ["2021-01-01", "2021-01-02", "2021-04-14"]),
        ("59|61|366", "dates:x=serial", ["1900-02-28", "1900-03-01", "1900-12-31"]),
        ("20230115|20231224|20230301", "kind:x=date", ["2023-01-15", "2023-12-24", "2023-03-01"]),
    ],
)
def test_dates_are_read_as_chosen(cells: str, choice: str, meant: list[str]) -> None:
    cohort = read(column(cells), choice)
    assert cohort.variable("x").kind is Kind.DATE
    assert cohort.table["x"].tolist()[:3] == [pd.Timestamp(day) for day in meant]


def test_a_date_that_stands_for_missing_is_taken_away_as_chosen() -> None:
    table = column("9999-12-31|2021-03-04|2021-05-06")
    assert read(table).table["x"].isna().sum() == 0
    assert read(table, "missing-code:x=9999-12-31").table["x"].isna().sum() == ROWS // 3
    assert read(table, "missing-code:x=none").table["x"].isna().sum() == 0


@pytest.mark.parametrize(
    ("cells", "unit", "meant"),
    [
        ("5 mmol/L|90.08 mg/dL|10 mmol/L", "mg/dL", [90.08, 90.08, 180.16]),
        ("5 mmol/L|90.08 mg/dL|10 mmol/L", "mmol/L", [5, 5, 10]),
        ("3 days|2 weeks|12 hours", "days", [3, 14, 0.5]),
        ("3 days|2 weeks|12 hours", "hours", [72, 336, 12]),
        ("1 kg|500 g|2 kg", "g", [1000, 500, 2000]),
        ("98.6 F|37 C|99.5 F", "C", [37, 37, 37.5]),
    ],
)
def test_units_are_converted_to_the_one_that_is_chosen(
    cells: str, unit: str, meant: list[float]
) -> None:
    cohort = read(column(cells, "glucose"), f"unit:glucose={unit}")
    assert cohort.table["glucose"].tolist()[:3] == pytest.approx(meant)
    assert cohort.variable("glucose").unit == unit
    with pytest.raises(UserError, match="different units"):
        read(column(cells, "glucose"))


def test_a_pair_of_numbers_becomes_two_columns() -> None:
    cohort = read(column("120/80|135/95|110 / 70", "bp"), "kind:bp=two-numbers")
    assert cohort.table["bp, 1st number"].tolist()[:3] == [120, 135, 110]
    assert cohort.table["bp, 2nd number"].tolist()[:3] == [80, 95, 70]
    assert "bp" not in cohort.table


def test_the_event_is_the_one_that_is_chosen() -> None:
    table = column("1|2|3")
    for choice, event in {"yes": "yes", "no": "no"}.items():
        cohort = read_cohort(table, outcome="died", choices={"event:died": choice})
        assert isinstance(cohort.outcome, YesNo)
        assert cohort.outcome.positive == (event,)
        assert cohort.observed().tolist() == [int(cell == event) for cell in table["died"]]
    three = read_cohort(column("a|b|c"), outcome="x", choices={"event:x": "a or c"})
    assert three.observed().tolist()[:3] == [1, 0, 1]


def test_names_of_codes_are_those_that_are_given() -> None:
    cohort = read(column("0|1|1", "sex"), "labels:sex=0=female;1=male")
    assert [cohort.variable("sex").shown(code) for code in ("0", "1")] == ["female", "male"]
    assert read(column("0|1|1", "sex"), "labels:sex=none").variable("sex").labels == ()


@pytest.mark.parametrize("choice", ["none", "hadm_id", "patient_id"])
def test_the_patient_is_the_column_that_is_chosen(choice: str) -> None:
    table = column("1.5|2.5|3.5").assign(hadm_id=[f"A{n // 2}" for n in range(ROWS)])
    cohort = read(table, f"patient={choice}")
    assert cohort.patient == (None if choice == "none" else choice)
    assert len(set(cohort.patients())) == (12 if choice == "hadm_id" else ROWS)
    others = {"patient_id", "hadm_id"} - {choice}
    assert all(cohort.variable(name).role is Role.IGNORE for name in others)


# Decisions about a text file

PLAIN = "id,age,died\n" + "".join(f"P{n},{30 + n},{('no', 'yes')[n % 2]}\n" for n in range(ROWS))


@pytest.mark.parametrize("choice", ["semicolon", ";"])
def test_the_separator_is_the_one_that_is_chosen(tmp_path: Path, choice: str) -> None:
    text = "id;wards,beds;died\n" + "".join(f"P{n};{n},{n + 1};no\n" for n in range(ROWS))
    cohort = read(file(tmp_path, text), f"separator={choice}")
    assert list(cohort.table) == ["id", "wards,beds", "died"]


@pytest.mark.parametrize(("encoding", "town"), [("cp1252", "Köln"), ("cp1251", "Kцln")])
def test_letters_are_those_of_the_encoding_that_is_chosen(
    tmp_path: Path, encoding: str, town: str
) -> None:
    text = PLAIN.replace("no", "Köln")
    cohort = read(file(tmp_path, text, encoding="cp1252"), f"encoding={encoding}")
    assert set(cohort.table["died"]) == {town, "yes"}


@pytest.mark.parametrize(("choice", "town"), [("kept", "KÃ¶ln"), ("mended", "Köln")])
def test_spoiled_letters_are_kept_or_mended(tmp_path: Path, choice: str, town: str) -> None:
    cohort = read(file(tmp_path, PLAIN.replace("no", "KÃ¶ln")), f"mojibake={choice}")
    assert set(cohort.table["died"]) == {town, "yes"}


@pytest.mark.parametrize(
    ("choice", "names", "rows"),
    [("1", ["id", "age", "died"], ROWS), ("2", ["P0", "30", "no"], ROWS - 1),
     ("none", ["column 1", "column 2", "column 3"], ROWS + 1)],
)  # fmt: skip
def test_the_names_stand_in_the_row_that_is_chosen(
    tmp_path: Path, choice: str, names: list[str], rows: int
) -> None:
    cohort = read(file(tmp_path, PLAIN), f"header={choice}")
    assert list(cohort.table) == names
    assert len(cohort) == rows


@pytest.mark.parametrize(("choice", "rows"), [("left out", ROWS), ("kept", ROWS + 1)])
def test_a_total_is_left_out_or_kept(tmp_path: Path, choice: str, rows: int) -> None:
    cohort = read(file(tmp_path, f"{PLAIN}Total,999,\n"), f"footer={choice}")
    assert len(cohort) == rows


@pytest.mark.parametrize(("choice", "rows", "unit"), [("units", 24, "years"), ("patient", 25, "")])
def test_a_row_of_units_is_one_or_a_patient(
    tmp_path: Path, choice: str, rows: int, unit: str
) -> None:
    text = PLAIN.replace("P0,", ",years,\nP0,", 1)
    cohort = read(file(tmp_path, text), f"units-row={choice}")
    assert len(cohort) == rows
    assert cohort.variable("age").unit == unit


GROUPS = "Before,,After,,\nid,crp,dose,crp,died\n" + "".join(
    f"P{n},{n}.5,{n % 3},{n}.7,no\n" for n in range(ROWS)
)


def test_groups_are_joined_or_left_out_and_repeats_numbered(tmp_path: Path) -> None:
    path = file(tmp_path, GROUPS)
    assert list(read(path, "groups=joined").table) == [
        "id", "Before crp", "dose", "After crp", "died",
    ]  # fmt: skip
    with pytest.raises(UserError, match="more than once"):
        read(path, "groups=left out")
    numbered = read(path, "groups=left out", "columns=number-repeats")
    assert list(numbered.table) == ["id", "crp", "dose", "crp (2)", "died"]
    assert numbered.table["crp (2)"].tolist() == [n + 0.7 for n in range(ROWS)]


# Decisions about a workbook, an archive, a layout


def workbook(folder: Path, change: Callable[[openpyxl.Workbook, Any], None]) -> Path:
    book = openpyxl.Workbook()
    sheet = book.active
    sheet.title = "a"
    for line in PLAIN.splitlines():
        key, age, died = line.split(",")
        sheet.append([key, int(age) if age.isdigit() else age, died])
    change(book, sheet)
    book.save(folder / "t.xlsx")
    return folder / "t.xlsx"


def _hide(book: openpyxl.Workbook, sheet: Any) -> None:
    sheet.row_dimensions[4].hidden = sheet.column_dimensions["B"].hidden = True


def _pad(book: openpyxl.Workbook, sheet: Any) -> None:
    for at in range(2, ROWS + 2):
        sheet.cell(at, 2).number_format = "00000"


def _percent(book: openpyxl.Workbook, sheet: Any) -> None:
    for at in range(2, ROWS + 2):
        sheet.cell(at, 2).number_format = "0%"


def _twice(book: openpyxl.Workbook, sheet: Any) -> None:
    for row in sheet.iter_rows(values_only=True):
        other = book["b"] if "b" in book.sheetnames else book.create_sheet("b")
        other.append([str(row[0]).replace("P", "Q"), *row[1:]])


def _below(book: openpyxl.Workbook, sheet: Any) -> None:
    for at in range(2, ROWS + 2):
        sheet.cell(at, 4).value = at * 0.5
    sheet["D1"] = "crp"
    for place, cell in {"A28": "Table 2", "A29": "a", "B29": "b", "A30": 1, "B30": 2}.items():
        sheet[place] = cell


@pytest.mark.parametrize(
    ("change", "choice", "rows", "ages"),
    [
        (_hide, "rows=all", 24, [30, 31, 32]),
        (_hide, "rows=visible", 23, [30, 31, 33]),
        (_hide, "hidden-columns=left out", 24, None),
        (_hide, "hidden-columns=read", 24, [30, 31, 32]),
        (_pad, "shown:age=as shown", 24, ["00030", "00031", "00032"]),
        (_pad, "shown:age=as stored", 24, [30, 31, 32]),
        (_percent, "percent:age=as stored", 24, [30, 31, 32]),
        (_percent, "percent:age=as shown", 24, [3000, 3100, 3200]),
        (_twice, "sheet=b", 24, [30, 31, 32]),
        (_twice, "sheets=first", 24, [30, 31, 32]),
        (_twice, "sheets=together", 48, [30, 31, 32]),
        (_below, "below=left out", 24, [30, 31, 32]),
        (_below, "below=kept", 27, None),
    ],
)
def test_a_workbook_is_read_as_chosen(
    tmp_path: Path, change: Callable[..., None], choice: str, rows: int, ages: list[Any] | None
) -> None:
    cohort = read(workbook(tmp_path, change), choice)
    assert len(cohort) == rows
    if ages is not None:
        assert cohort.table["age"].tolist()[:3] == ages
    assert ("age" in cohort.table) == (choice != "hidden-columns=left out")
    if choice == "sheet=b":
        assert cohort.table["id"].tolist()[0] == "Q0"


@pytest.mark.parametrize(
    ("choice", "rows", "first"),
    [("file=a.csv", 24, "P0"), ("file=b.csv", 24, "Q0"), ("files=first", 24, None),
     ("files=together", 48, None)],
)  # fmt: skip
def test_an_archive_is_read_as_chosen(
    tmp_path: Path, choice: str, rows: int, first: str | None
) -> None:
    with zipfile.ZipFile(tmp_path / "t.zip", "w") as packed:
        packed.writestr("a.csv", PLAIN)
        packed.writestr("b.csv", PLAIN.replace("P", "Q"))
    cohort = read(tmp_path / "t.zip", choice)
    assert len(cohort) == rows
    assert first is None or cohort.table["id"].tolist()[0] == first


MEASURED = "patient_id,test,value\n" + "".join(
    f"P{n},crp,{cell}\n" for n in range(6) for cell in (4.5 + n, 9.5 + n, 1.5 + n, 8.5 + n)
)


@pytest.mark.parametrize(
    ("how", "first"), [("first", 4.5), ("last", 8.5), ("mean", 6), ("median", 6.5), ("min", 1.5),
                       ("max", 9.5)],
)  # fmt: skip
def test_measurements_of_a_patient_become_the_value_that_is_chosen(
    tmp_path: Path, how: str, first: float
) -> None:
    text = MEASURED + "".join(f"P{n},hb,{n + 9}.25\n" for n in range(6))
    cohort = read(file(tmp_path, text), f"pivot={how}")
    assert cohort.table["patient_id"].tolist() == [f"P{n}" for n in range(6)]
    assert cohort.table["crp"].astype(float).tolist() == [first + n for n in range(6)]
    assert cohort.table["hb"].astype(float).tolist() == [n + 9.25 for n in range(6)]
    assert f"the {how} value" in said(cohort, "pivot")


def test_rows_of_a_record_are_joined_or_left(tmp_path: Path) -> None:
    text = "record_id,redcap_event_name,age,died\n" + "".join(
        f"{n},base,{30 + n},\n{n},later,,{n % 2}\n" for n in range(12)
    )
    left = read(file(tmp_path, text), "join=none")
    joined = read(file(tmp_path, text), "join=patients")
    assert (len(left), len(joined)) == (24, 12)
    assert joined.table["age"].tolist() == [30 + n for n in range(12)]
    assert left.table["age"].isna().sum() == 12
