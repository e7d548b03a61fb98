"""Text tables as programs and people write them: separators, titles, remarks, odd rows."""

from __future__ import annotations

import csv
import io
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pmed_core.errors import UserError
from pmed_core.readers.formats import open_table
from pmed_core.readers.tables import read_cohort
from tests.readers.tables import case, decided, opened, rules, texts

ROWS = ["1,30,2.2,yes", "2,76,2.0,no", "3,28,1.2,no", "4,55,3.1,yes"]
HEADER = ["patient_id", "age", "lactate", "died"]


def written(folder: Path, text: str, name: str = "table.csv") -> Path:
    path = folder / name
    path.write_text(text, encoding="utf-8", newline="")
    return path


def lines(separator: str = ",", *, header: bool = True) -> str:
    rows = [",".join(HEADER)] * header + ROWS
    return "".join(row.replace(",", separator) + "\n" for row in rows)


@pytest.mark.parametrize("separator", [",", ";", "\t", "|", "^", "~", "   ", " "])
def test_separators_are_found_and_said(tmp_path: Path, separator: str) -> None:
    table = opened(written(tmp_path, lines(separator)))
    assert list(table.cells.columns) == HEADER
    assert texts(table, "lactate") == ["2.2", "2.0", "1.2", "3.1"]
    assert decided(table, "separator").proved


@pytest.mark.parametrize("mark", ["sep=;", "SEP=;", '"sep=;"', "sep=;\r", "sep=;;;;"])
@pytest.mark.parametrize("separator", [";"])
def test_a_first_line_may_say_the_separator(tmp_path: Path, mark: str, separator: str) -> None:
    table = opened(written(tmp_path, f"{mark}\n{lines(separator)}"))
    assert list(table.cells.columns) == HEADER
    assert "as the first line of the file says" in decided(table, "separator").sentence
    assert decided(table, "header").value == "2"


@pytest.mark.parametrize("separator", [",", "\t", "|", "^"])
def test_the_said_separator_may_be_any(tmp_path: Path, separator: str) -> None:
    table = opened(written(tmp_path, f"sep={separator}\n{lines(separator)}"))
    assert list(table.cells.columns) == HEADER


def test_a_column_may_be_called_sep(tmp_path: Path) -> None:
    table = opened(written(tmp_path, "sep,died\n1,no\n0,yes\n"))
    assert list(table.cells.columns) == ["sep", "died"]


def test_one_column_that_may_be_several_is_a_guess_and_can_be_split(tmp_path: Path) -> None:
    path = written(tmp_path, lines(":"))
    assert len(opened(path).cells.columns) == 1
    assert not decided(opened(path), "separator").proved
    assert list(opened(path, separator=":").cells.columns) == HEADER


def test_one_column_is_one_column(tmp_path: Path) -> None:
    table = opened(written(tmp_path, "age\n30\n40\n50\n"))
    assert texts(table, "age") == ["30", "40", "50"]
    assert decided(table, "separator").proved


def test_names_that_are_repeated_between_exports_are_no_patients(tmp_path: Path) -> None:
    table = opened(written(tmp_path, lines() + lines()))
    assert texts(table, "patient_id") == ["1", "2", "3", "4"] * 2
    assert decided(table, "names-again").cells == 1


def test_a_separator_can_be_chosen(tmp_path: Path) -> None:
    path = written(tmp_path, "a;b,c\n1;2,3\n4;5,6\n")
    assert list(opened(path, separator="semicolon").cells.columns) == ["a", "b,c"]
    assert list(opened(path, separator=",").cells.columns) == ["a;b", "c"]
    with pytest.raises(UserError, match="no separator"):
        opened(path, separator="xy")


def test_decimal_commas_do_not_split_what_semicolons_separate(tmp_path: Path) -> None:
    table = opened(written(tmp_path, "id;crp;wbc\n1;1,5;2,5\n2;3,5;4,5\n3;5,5;6,5\n"))
    assert texts(table, "crp") == ["1,5", "3,5", "5,5"]


@pytest.mark.parametrize(
    "above",
    [
        "Ward 7 registry 2024\n",
        "Ward 7 registry\n\n",
        "# exported by REDCap, version 13\n# do not edit\n",
        "Study: sepsis, second phase\nExported 2024-01-05\n\n",
        "\n\n\n",
        "Ward 7,,,\n,,,\n",
        '"Title, with a comma"\n',
    ],
)
def test_titles_above_the_names_are_left_out_and_said(tmp_path: Path, above: str) -> None:
    table = opened(written(tmp_path, above + lines()))
    assert list(table.cells.columns) == HEADER
    assert texts(table, "patient_id") == ["1", "2", "3", "4"]
    assert decided(table, "header").value == str(above.count("\n") + 1)


@pytest.mark.parametrize(
    "below",
    ["n = 4\n", "Total,,8.5,\n", "\nExported on 2024-01-05\n", "Total\nSource: ward 7\n", "*,,,\n"],
)
def test_remarks_below_the_rows_are_no_patients(tmp_path: Path, below: str) -> None:
    table = opened(written(tmp_path, lines() + below))
    assert texts(table, "patient_id") == ["1", "2", "3", "4"]
    assert decided(table, "footer").value == "left out"
    assert decided(table, "footer").options == ("left out", "kept")


@pytest.mark.parametrize("last", ["5,,,\n", "Totaro,40,2.2,yes\n", "5,Total,1,yes\n"])
def test_a_last_patient_stays(tmp_path: Path, last: str) -> None:
    table = opened(written(tmp_path, lines() + last))
    assert len(table.cells) == 5
    assert "footer" not in rules(table)


def test_a_short_row_within_the_table_is_refused_with_its_line(tmp_path: Path) -> None:
    path = written(tmp_path, lines() + "Total\n5,40,2.2,yes\n")
    with pytest.raises(UserError, match=r"line 6.*1 cells"):
        opened(path)


def test_lines_are_counted_with_what_stands_above(tmp_path: Path) -> None:
    path = written(tmp_path, f"sep=,\nWard 7\n\n{lines()}5,40,2.2,yes,9\n")
    with pytest.raises(UserError, match=r"line 9.*5 cells"):
        opened(path)


def test_separators_at_the_ends_of_lines_make_no_column(tmp_path: Path) -> None:
    table = opened(written(tmp_path, ",".join(HEADER) + "\n" + "".join(f"{r},\n" for r in ROWS)))
    assert list(table.cells.columns) == HEADER
    table = opened(written(tmp_path, lines().replace("\n", ",,\n")))
    assert list(table.cells.columns) == HEADER
    assert decided(table, "empty-columns").cells == 2


def test_row_names_of_r_get_a_column(tmp_path: Path) -> None:
    rows = [f'"{n + 1}",{row}' for n, row in enumerate(ROWS)]
    table = opened(written(tmp_path, ",".join(HEADER) + "\n" + "\n".join(rows) + "\n"))
    assert list(table.cells.columns) == ["row name", *HEADER]
    assert texts(table, "age") == ["30", "76", "28", "55"]
    assert decided(table, "row-names").cells == 4


def test_an_index_of_pandas_gets_a_name(tmp_path: Path) -> None:
    rows = [f"{n},{row}" for n, row in enumerate(ROWS)]
    table = opened(written(tmp_path, "," + ",".join(HEADER) + "\n" + "\n".join(rows) + "\n"))
    assert list(table.cells.columns) == ["column 1", *HEADER]
    assert len(table.cells) == 4


def test_empty_rows_are_left_out_and_counted(tmp_path: Path) -> None:
    table = opened(written(tmp_path, lines() + ",,,\n,,,\n5,40,2.2,yes\n"))
    assert len(table.cells) == 5
    assert decided(table, "empty-rows").cells == 2


def test_quoted_cells_keep_separators_and_line_ends(tmp_path: Path) -> None:
    text = 'id,note\n1,"a, b"\n2,"two\nlines"\n3,"say ""hm"""\n'
    assert texts(opened(written(tmp_path, text)), "note") == ["a, b", "two\nlines", 'say "hm"']


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_ends_of_lines(tmp_path: Path, end: str) -> None:
    table = opened(written(tmp_path, lines().replace("\n", end)))
    assert texts(table, "died") == ["yes", "no", "no", "yes"]


def test_a_table_without_names_is_refused_and_can_be_numbered(tmp_path: Path) -> None:
    path = written(tmp_path, lines(header=False) * 2)
    with pytest.raises(UserError, match="looks like a patient.*header=none"):
        opened(path)
    table = opened(path, header="none")
    assert list(table.cells.columns) == ["column 1", "column 2", "column 3", "column 4"]
    assert len(table.cells) == 8


@pytest.mark.parametrize(
    "text",
    [
        "male,62,yes\nfemale,55,no\nmale,44,no\nmale,41,yes\n",
        "male,left\nfemale,right\nmale,left\nfemale,left\n",
        "2019-01-01,5.1,A\n2019-01-02,5.2,B\n2019-01-03,4.2,B\n2019-01-04,4.2,B\n",
        "5.1,3.5,1.4\n4.9,3.0,1.4\n4.7,3.2,1.3\n4.6,3.1,1.5\n",
    ],
)
def test_a_first_row_of_values_is_no_row_of_names(tmp_path: Path, text: str) -> None:
    with pytest.raises(UserError, match="looks like a patient"):
        opened(written(tmp_path, text))


@pytest.mark.parametrize(
    "first", ["id,2019,2020,2021", "id,0,1,2", "0,1,2,3", "gene,1007,1053,117", "a,b,c,d"]
)
def test_names_may_be_numbers(tmp_path: Path, first: str) -> None:
    rows = [f"p{n},{n / 3:.3f},{n / 7:.3f},{n / 9:.3f}" for n in range(9)]
    table = opened(written(tmp_path, first + "\n" + "\n".join(rows) + "\n"))
    assert list(table.cells.columns) == first.split(",")
    assert len(table.cells) == 9


@pytest.mark.parametrize(
    ("units", "found"),
    [
        (",years,mmol/L,", {"age": "years", "lactate": "mmol/L"}),
        ("-,[y],[mg/dL],-", {"age": "y", "lactate": "mg/dL"}),
        (",Jahre,10^9/L,", {"age": "Jahre", "lactate": "10^9/L"}),
    ],
)
def test_units_below_the_names_are_kept_with_their_columns(
    tmp_path: Path, units: str, found: dict[str, str]
) -> None:
    path = written(tmp_path, ",".join(HEADER) + f"\n{units}\n" + "\n".join(ROWS) + "\n")
    table = opened(path)
    assert table.units == found
    assert len(table.cells) == 4
    assert len(open_table(path, {"units-row": "patient"}).cells) == 5


def test_questions_below_the_names_are_left_out(tmp_path: Path) -> None:
    asked = "Record,How old are you?,What was the lactate (mmol/L)?,Did they die?"
    rows = [row.replace("yes", "1").replace("no", "0") for row in ROWS]
    table = opened(written(tmp_path, ",".join(HEADER) + f"\n{asked}\n" + "\n".join(rows) + "\n"))
    assert texts(table, "age") == ["30", "76", "28", "55"]
    assert decided(table, "units-row").value == "descriptions"


@pytest.mark.parametrize("above", ["", "Register of drugs\n"])
def test_tables_of_words_alone_begin_with_their_names(tmp_path: Path, above: str) -> None:
    text = "drug,,route,drug class\nX,a,oral,b\nY,c,iv,d\nZ,e,oral,f\n"
    table = opened(written(tmp_path, above + text))
    assert list(table.cells.columns) == ["drug", "column 2", "route", "drug class"]
    assert len(table.cells) == 3


def test_groups_that_are_written_above_each_column_are_joined(tmp_path: Path) -> None:
    text = "Labs,Labs,Gas,Gas\nmin,max,min,max\n" + "".join(f"{n},2,3,{n}\n" for n in range(9))
    table = opened(written(tmp_path, text))
    assert list(table.cells.columns) == ["Labs min", "Labs max", "Gas min", "Gas max"]


def test_a_first_patient_with_a_missing_word_is_a_patient(tmp_path: Path) -> None:
    rows = ["1,unknown,NA,yes", *ROWS[1:]]
    table = opened(written(tmp_path, ",".join(HEADER) + "\n" + "\n".join(rows) + "\n"))
    assert len(table.cells) == 4


def test_names_that_stand_twice_are_numbered_on_request(tmp_path: Path) -> None:
    path = written(tmp_path, "id,other,drug,other,other\n1,a,b,c,d\n2,e,f,g,h\n")
    with pytest.raises(UserError, match=r"'other'.*columns=number-repeats"):
        opened(path)
    table = opened(path, columns="number-repeats")
    assert list(table.cells.columns) == ["id", "other", "drug", "other (2)", "other (3)"]
    assert decided(table, "columns").examples == (("other", "other (2)"), ("other", "other (3)"))


def test_numbered_names_do_not_collide(tmp_path: Path) -> None:
    path = written(tmp_path, "x,x,x (2)\n1,2,3\n4,5,6\n")
    names = list(opened(path, columns="number-repeats").cells.columns)
    assert len(set(names)) == 3


def test_ids_keep_zeros_and_digits(tmp_path: Path) -> None:
    text = "id,csn,x\n007,300000000000000001,1\n008,300000000000000002,2\n"
    table = opened(written(tmp_path, text))
    assert texts(table, "id") == ["007", "008"]
    assert texts(table, "csn")[1] == "300000000000000002"


def test_case_i3_sep_line() -> None:
    assert len(read_cohort(case("T18a.csv"), outcome="died").table) == 60


def test_case_i4_names_twice() -> None:
    with pytest.raises(UserError, match="more than once"):
        opened(case("T20b.csv"))
    table = opened(case("T20b.csv"), columns="number-repeats")
    assert "Other (specify) (2)" in table.cells


CELL = st.text(
    st.characters(codec="utf-8", exclude_categories=["C"], exclude_characters="\x85\u2028\u2029"),
    max_size=8,
).map(str.strip)  # fmt: skip


@given(
    separator=st.sampled_from([",", ";", "\t", "|"]),
    rows=st.lists(st.tuples(CELL, CELL, st.integers(0, 10**6)), min_size=3, max_size=12),
    bom=st.booleans(),
)
def test_whatever_is_written_with_quotes_comes_back(
    tmp_path_factory: pytest.TempPathFactory,
    separator: str,
    rows: list[tuple[str, str, int]],
    bom: bool,
) -> None:
    stream = io.StringIO()
    writer = csv.writer(stream, delimiter=separator, quoting=csv.QUOTE_ALL, lineterminator="\n")
    writer.writerow(["patient", "first", "second", "number"])
    writer.writerows((f"p{n}", *row) for n, row in enumerate(rows))
    path = tmp_path_factory.mktemp("quoted") / "table.csv"
    path.write_bytes(stream.getvalue().encode("utf-8-sig" if bom else "utf-8"))
    table = opened(path)
    assert list(table.cells.columns) == ["patient", "first", "second", "number"]
    assert texts(table, "first") == [row[0] for row in rows]
    assert texts(table, "second") == [row[1] for row in rows]
    assert texts(table, "number") == [str(row[2]) for row in rows]


@given(cells=st.lists(st.sampled_from(["1.5", "2", "17", "-3", "", " ", '""']), max_size=20))
def test_an_empty_line_of_one_column_is_a_missing_cell(
    cells: list[str], tmp_path_factory: pytest.TempPathFactory
) -> None:
    """The last rows aside, which end many files."""
    cells = ["a", *cells, "40", "", ""]
    text = "\n".join(["crp", *cells]) + "\n"
    table = opened(written(tmp_path_factory.mktemp("one"), text))
    assert texts(table, "crp") == [cell.strip(' "') for cell in cells[:-2]]
    gaps = sum(not cell.strip(' "') for cell in cells[:-2])
    said = [one.cells for one in table.reading if one.value == "missing"]
    assert said == [gaps] * bool(gaps)
