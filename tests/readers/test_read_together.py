"""Sheets of a workbook and files of an archive, one below the other: nothing of any is lost."""

from __future__ import annotations

import zipfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import openpyxl
import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pmed_core.errors import UserError
from pmed_core.modalities.scan.sniffing import is_scans
from pmed_core.readers.joining import joined
from pmed_core.readers.table import Table
from pmed_core.readers.tables import read_cohort
from pmed_core.reading import Decision
from tests.readers.tables import decided, opened, rules, texts

Rows = Sequence[Sequence[Any]]
NAMES = ["id", "glucose", "died"]
QUIET = [HealthCheck.function_scoped_fixture, HealthCheck.too_slow]


def ward(letter: str, first: float = 90, rows: int = 8) -> list[list[Any]]:
    return [[f"{letter}{n}", first + n, ("no", "yes")[n % 2]] for n in range(rows)]


def workbook(folder: Path, sheets: Mapping[str, Rows]) -> Path:
    book = openpyxl.Workbook()
    book.remove(book.active)
    for name, rows in sheets.items():
        sheet = book.create_sheet(name)
        for row in rows:
            sheet.append(list(row))
    book.save(folder / "wards.xlsx")
    return folder / "wards.xlsx"


def archive(folder: Path, files: Mapping[str, str]) -> Path:
    with zipfile.ZipFile(folder / "wards.zip", "w") as packed:
        for name, text in files.items():
            packed.writestr(name, text)
    return folder / "wards.zip"


def csv(rows: Rows) -> str:
    return "".join(",".join(map(str, row)) + "\n" for row in rows)


def with_units(*units: str) -> list[list[Any]]:
    return [NAMES, *([list(units)] if units else [])]


# Units


@pytest.mark.parametrize("as_files", [True, False])
def test_two_units_of_one_column_are_not_put_below_one_another(
    tmp_path: Path, as_files: bool
) -> None:
    german = [*with_units("", "mg/dL", ""), *ward("P")]
    british = [*with_units("", "mmol/L", ""), *ward("Q", 5)]
    if as_files:
        path = archive(tmp_path, {"a.csv": csv(german), "b.csv": csv(british)})
        choices = {"files": "together"}
    else:
        path = workbook(tmp_path, {"a": german, "b": british})
        choices = {"sheets": "together"}
    with pytest.raises(UserError, match="'glucose' is in") as refused:
        opened(path, **choices)
    said = str(refused.value)
    assert "mg/dL" in said
    assert "mmol/L" in said
    assert "read one of them" in refused.value.remedy


def test_one_unit_in_two_spellings_is_one_unit(tmp_path: Path) -> None:
    sheets = {
        "a": [*with_units("", "mg/dL", ""), *ward("P")],
        "b": [*with_units("", "mg/dl", ""), *ward("Q")],
    }
    table = opened(workbook(tmp_path, sheets), sheets="together")
    assert table.units == {"glucose": "mg/dL"}
    assert len(table.cells) == 16
    assert "unit" not in rules(table)


def test_a_sheet_that_states_no_unit_is_named(tmp_path: Path) -> None:
    sheets = {"2021": [*with_units(), *ward("P")], "2022": [*with_units("", "mg/dL", ""),
              *ward("Q", rows=5)]}  # fmt: skip
    table = opened(workbook(tmp_path, sheets), sheets="together")
    assert table.units == {"glucose": "mg/dL"}
    told = decided(table, "unit:glucose")
    assert (told.cells, told.proved) == (8, False)
    assert "'glucose' is in mg/dL in '2022'; '2021' states no unit" in told.sentence


def test_units_of_other_columns_come_from_any_sheet() -> None:
    one = Table("t", pd.DataFrame({"a": [1], "b": [2]}), units={"a": "kg"})
    other = Table("t", pd.DataFrame({"a": [3], "b": [4]}), units={"b": "cm", "a": "kg"})
    table = joined([one, other], ["x", "y"], "sheet")
    assert table.units == {"a": "kg", "b": "cm"}
    assert [d.column for d in table.reading] == ["b"]


# What was decided of each


def test_what_is_hidden_in_each_sheet_is_counted_of_all(tmp_path: Path) -> None:
    path = workbook(tmp_path, {"a": [NAMES, *ward("P")], "b": [NAMES, *ward("Q")]})
    book = openpyxl.load_workbook(path)
    book["a"].row_dimensions[3].hidden = True
    for row in (4, 5):
        book["b"].row_dimensions[row].hidden = True
    book.save(path)
    told = decided(opened(path, sheets="together"), "rows")
    assert told.cells == 3
    assert "In 'a': 1 row is hidden" in told.sentence
    assert "In 'b': 2 rows are hidden" in told.sentence
    left = opened(path, sheets="together", rows="visible")
    assert texts(left, "id") == [f"P{n}" for n in (0, 2, 3, 4, 5, 6, 7)] + [
        f"Q{n}" for n in (0, 1, 4, 5, 6, 7)
    ]


def test_a_percent_format_of_one_sheet_alone_is_a_guess(tmp_path: Path) -> None:
    names = ["id", "ef", "died"]
    path = workbook(tmp_path, {"a": [names, *ward("P", 0.5)], "b": [names, *ward("Q", 50)]})
    book = openpyxl.load_workbook(path)
    for row in range(2, 10):
        book["a"].cell(row, 2).number_format = "0%"
    book.save(path)
    told = decided(opened(path, sheets="together"), "percent:ef")
    assert told.sentence.startswith("In 'a': ")
    assert not told.proved, "a fraction and a percentage may stand in one column"
    alone = decided(opened(path, sheet="a"), "percent:ef")
    assert alone.proved


def test_a_total_below_each_file_is_left_out_of_each(tmp_path: Path) -> None:
    path = archive(
        tmp_path,
        {
            "a.csv": csv([NAMES, *ward("P"), ["Total", 748, ""]]),
            "b.csv": csv([NAMES, *ward("Q"), ["Total", 749, ""]]),
        },
    )
    table = opened(path, files="together")
    assert len(table.cells) == 16
    told = decided(table, "footer")
    assert told.cells == 2
    assert not told.proved
    kept = opened(path, files="together", footer="kept")
    assert texts(kept, "id").count("Total") == 2


def test_what_holds_of_each_alike_is_said_once(tmp_path: Path) -> None:
    path = archive(tmp_path, {"a.csv": csv([NAMES, *ward("P")]), "b.csv": csv([NAMES, *ward("Q")])})
    table = opened(path, files="together")
    assert decided(table, "separator").sentence == "The cells are separated by the comma."
    assert decided(table, "header").sentence == "The names of the columns stand in row 1."


def test_each_decision_of_each_table_is_in_the_account() -> None:
    """Whatever was decided of a part stands in the account of the whole, with all its cells."""

    def part(*told: Decision) -> Table:
        return Table("t", pd.DataFrame({"a": ["1"]}), told)

    here = Decision("footer", "left out", "The last row is no patient.", cells=1)
    there = Decision("mojibake", "kept", "Letters were spoiled.", cells=4, proved=False)
    table = joined([part(here), part(there), part(here)], ["x", "y", "z"], "file")
    account = {d.key: d for d in table.reading}
    assert account["footer"].cells == 2
    assert account["footer"].proved
    assert "In 'x'" in account["footer"].sentence
    assert "In 'z'" in account["footer"].sentence
    assert "In 'y'" not in account["footer"].sentence
    assert (account["mojibake"].cells, account["mojibake"].proved) == (4, False)


# Which file a row is from


def test_files_of_one_name_are_told_apart_by_their_folders(tmp_path: Path) -> None:
    files = {"2021/a.csv": csv([NAMES, *ward("P")]), "2022/a.csv": csv([NAMES, *ward("Q")])}
    table = opened(archive(tmp_path, files), files="together")
    origin = dict(zip(texts(table, "id"), texts(table, "file"), strict=True))
    assert {name for key, name in origin.items() if key.startswith("P")} == {"2021/a.csv"}
    assert {name for key, name in origin.items() if key.startswith("Q")} == {"2022/a.csv"}
    assert "'2021/a.csv'" in decided(table, "files").sentence
    assert "'2022/a.csv'" in decided(table, "files").sentence


def test_a_column_that_is_called_sheet_stays_the_files_own(tmp_path: Path) -> None:
    rows: Rows = [["id", "sheet", "died"], *([f"P{n}", n * 1.5, "no"] for n in range(4))]
    other: Rows = [["id", "sheet", "died"], *([f"Q{n}", n * 2.5, "no"] for n in range(4))]
    table = opened(workbook(tmp_path, {"a": rows, "b": other}), sheets="together")
    assert list(table.cells) == ["id", "sheet", "died", "name of the sheet"]
    assert table.cells["sheet"].tolist() == [0, 1.5, 3, 4.5, 0, 2.5, 5, 7.5]
    assert texts(table, "name of the sheet") == ["a"] * 4 + ["b"] * 4


def test_a_folder_of_tables_is_read_as_a_zip_of_them(tmp_path: Path) -> None:
    files = {"2021/a.csv": csv([NAMES, *ward("P")]), "2022/b.csv": csv([NAMES, *ward("Q")])}
    folder = tmp_path / "wards"
    for name, text in files.items():
        (folder / name).parent.mkdir(parents=True)
        (folder / name).write_text(text)
    (folder / "notes.pdf").write_bytes(b"%PDF")
    assert not is_scans(folder)
    one, both = opened(folder), opened(folder, files="together")
    assert (len(one.cells), len(both.cells)) == (8, 16)
    assert not decided(one, "files").proved
    assert "1 other file was not" in decided(one, "file").sentence
    assert both.cells.equals(opened(archive(tmp_path, files), files="together").cells)
    (folder / "c.csv").write_text("id,age\n1,30\n")
    with pytest.raises(UserError, match="3 tables in it"):
        opened(folder)
    (folder / "1.png").write_bytes(b"")
    assert is_scans(folder)


def test_files_whose_columns_stand_in_another_order_are_not_joined(tmp_path: Path) -> None:
    turned = [[row[0], row[2], row[1]] for row in [NAMES, *ward("Q")]]
    path = archive(tmp_path, {"a.csv": csv([NAMES, *ward("P")]), "b.csv": csv(turned)})
    with pytest.raises(UserError, match="2 tables in it"):
        opened(path, files="together")


def test_a_patient_in_two_sheets_is_one_patient(tmp_path: Path) -> None:
    first, second = ward("P", rows=20), ward("P", rows=12)
    names = ["patient_id", "glucose", "died"]
    path = workbook(tmp_path, {"a": [names, *first], "b": [names, *second]})
    cohort = read_cohort(path, outcome="died", choices={"sheets": "together"})
    assert len(cohort) == 32
    assert len(set(cohort.patients())) == 20


CELLS = st.one_of(
    st.integers(-999, 999), st.floats(-1e3, 1e3).map(lambda value: round(value, 3)),
    st.text("abc ", max_size=4),
)  # fmt: skip


@settings(max_examples=30, deadline=None, suppress_health_check=QUIET)
@given(st.lists(st.lists(st.tuples(CELLS, CELLS), min_size=1, max_size=5), min_size=2, max_size=4))
def test_every_cell_of_every_sheet_is_in_its_row(
    tmp_path: Path, sheets: list[list[tuple[Any, Any]]]
) -> None:
    """Compared with what openpyxl reads of the same workbook, sheet by sheet."""
    names = ["row", "x", "y"]
    path = workbook(
        tmp_path,
        {
            f"s{k}": [names, *([f"{k}-{n}", *cells] for n, cells in enumerate(rows))]
            for k, rows in enumerate(sheets)
        },
    )
    table = opened(path, sheets="together")
    expected = []
    for sheet in openpyxl.load_workbook(path).worksheets:
        for row in sheet.iter_rows(min_row=2, values_only=True):
            expected.append((row[0], *map(plain, row[1:]), sheet.title))
    found = [
        (key, plain(x), plain(y), sheet)
        for key, x, y, sheet in zip(
            texts(table, "row"), texts(table, "x"), texts(table, "y"), texts(table, "sheet"),
            strict=True,
        )
    ]  # fmt: skip
    assert found == expected


def plain(cell: Any) -> Any:
    """A number as one, whatever its form; anything else as stripped text."""
    text = "" if cell is None else str(cell).strip()
    try:
        return float(text) + 0.0
    except ValueError:
        return text
