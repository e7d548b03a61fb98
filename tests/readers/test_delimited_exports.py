"""Text tables as databases, statistics programs and people write them, read back cell by cell."""

from __future__ import annotations

import csv
import io
import re
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import polars as pl
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pmed_core.errors import UserError
from pmed_core.readers.tables import read_cohort
from tests.readers.tables import decided, opened, rules, texts

HEADER = ["id", "age", "died"]
ROWS = [[f"P{n}", str(30 + n), ("no", "yes")[n % 2]] for n in range(12)]
QUIET = [HealthCheck.function_scoped_fixture, HealthCheck.too_slow]


def written(folder: Path, text: str | bytes, name: str = "t.csv") -> Path:
    (folder / name).write_bytes(text if isinstance(text, bytes) else text.encode())
    return folder / name


def lines(*before: str, sep: str = ",", after: tuple[str, ...] = ()) -> str:
    body = [sep.join(row) for row in ROWS]
    return "\n".join([*before, sep.join(HEADER), *body, *after]) + "\n"


def is_the_table(path: Path, **choices: str) -> set[str]:
    """Asserts that every cell is read as it is; the rules of the account."""
    table = opened(path, **choices)
    assert list(table.cells) == HEADER
    for k, name in enumerate(HEADER):
        assert texts(table, name) == [row[k] for row in ROWS], name
    return rules(table)


# Databases


def test_a_line_below_the_names_is_no_patient(tmp_path: Path) -> None:
    """``sqlcmd -s`` draws one, of the width of each column."""
    drawn = lines(sep="|").replace("\n", "\n--|---|----\n", 1)
    assert "lines" in is_the_table(written(tmp_path, drawn))
    assert decided(opened(tmp_path / "t.csv"), "lines").cells == 1


def test_a_table_of_markdown_is_a_table(tmp_path: Path) -> None:
    rows = ["|" + "|".join(row) + "|" for row in [HEADER, ["---", ":--:", "--:"], *ROWS]]
    assert {"lines", "empty-columns"} <= is_the_table(written(tmp_path, "\n".join(rows) + "\n"))


@pytest.mark.parametrize("count", ["(12 rows)", "(12 rows affected)", "(1,012 rows affected)"])
@pytest.mark.parametrize("blank", ["", "\n"])
def test_how_many_rows_a_database_wrote_is_no_patient(
    tmp_path: Path, count: str, blank: str
) -> None:
    path = written(tmp_path, lines(sep="|") + blank + count + "\n")
    assert "footer" in is_the_table(path)
    assert count in decided(opened(path), "footer").sentence


@pytest.mark.parametrize(
    "row",
    [["-", "31", "no"], ["P1", "--", "---"], ["--", "31", "--"], ["P9", "-", "-"], ["-", "", ""]],
)
def test_a_patient_with_dashes_for_what_is_missing_stays(tmp_path: Path, row: list[str]) -> None:
    text = lines(after=(",".join(row),))
    table = opened(written(tmp_path, text))
    assert texts(table, "age")[-1] == row[1]
    assert "lines" not in rules(table)


def test_a_single_column_of_dashes_is_of_missing_cells(tmp_path: Path) -> None:
    table = opened(written(tmp_path, "crp\n1.5\n--\n2.5\n---\n3.5\n"))
    assert texts(table, "crp") == ["1.5", "--", "2.5", "---", "3.5"]


# Statistics programs


def test_what_base_r_writes_with_row_names(tmp_path: Path) -> None:
    """``write.csv`` has an empty name above them, ``write.table`` none."""
    quoted = ['"' + '","'.join(["", *HEADER]) + '"'] + [
        f'"{n + 1}",' + ",".join(f'"{cell}"' for cell in row) for n, row in enumerate(ROWS)
    ]
    table = opened(written(tmp_path, "\n".join(quoted) + "\n"))
    assert list(table.cells) == ["column 1", *HEADER]
    assert texts(table, "column 1") == [str(n + 1) for n in range(12)]
    bare = [" ".join(f'"{name}"' for name in HEADER)] + [
        " ".join(f'"{cell}"' for cell in [str(n + 1), *row]) for n, row in enumerate(ROWS)
    ]
    table = opened(written(tmp_path, "\n".join(bare) + "\n", "t.txt"))
    assert list(table.cells) == ["row name", *HEADER]
    assert texts(table, "died") == [row[2] for row in ROWS]
    assert "row-names" in rules(table)


def test_a_data_frame_with_its_index_has_a_column_that_counts(tmp_path: Path) -> None:
    frame = pd.DataFrame(ROWS * 2, columns=HEADER).assign(id=[f"P{n}" for n in range(24)])
    frame.to_csv(tmp_path / "t.csv")
    cohort = read_cohort(tmp_path / "t.csv", outcome="died")
    assert {v.name for v in cohort.inputs} == {"age"}
    assert any("counts the rows" in d.sentence for d in cohort.reading)


@pytest.mark.parametrize("gap", ["", "NA", "NaN", "NULL", "\\N", ".", "#N/A"])
def test_what_programs_write_for_a_gap_is_one(tmp_path: Path, gap: str) -> None:
    rows = [[f"P{n}", gap if n % 4 == 0 else f"{n}.5", "no"] for n in range(24)]
    stream = io.StringIO()
    csv.writer(stream).writerows([["id", "crp", "died"], *rows])
    cohort = read_cohort(written(tmp_path, stream.getvalue()))
    expected = [np.nan if n % 4 == 0 else n + 0.5 for n in range(24)]
    assert np.array_equal(cohort.table["crp"], expected, equal_nan=True)


@pytest.mark.parametrize("style", ["QUOTE_MINIMAL", "QUOTE_ALL", "QUOTE_NONNUMERIC"])
@pytest.mark.parametrize("ends", ["\n", "\r\n", "\r"])
def test_any_quotes_and_line_ends_are_the_same_table(tmp_path: Path, style: str, ends: str) -> None:
    stream = io.StringIO()
    csv.writer(stream, quoting=getattr(csv, style), lineterminator=ends).writerows([HEADER, *ROWS])
    is_the_table(written(tmp_path, stream.getvalue()))


# Above and below


@pytest.mark.parametrize(
    "above",
    [
        ("# exported by ward 7", "# 2024-03-01"), ("Registry of ward 7",), ('"Registry, ward 7"',),
        ("", ""), ("Registry;ward 7",), ("# id,age",),
    ],
)  # fmt: skip
def test_titles_and_comments_above_are_left_out_and_said(
    tmp_path: Path, above: tuple[str, ...]
) -> None:
    told = is_the_table(written(tmp_path, lines(*above)))
    assert "header" in told
    if any(above):
        shown = decided(opened(tmp_path / "t.csv"), "header").sentence
        assert above[0].strip('"').split(",")[0] in shown


@pytest.mark.parametrize("mark", ["sep=;", '"sep=;"', "SEP=;", "sep=;\r"])
def test_a_line_for_excel_is_no_title(tmp_path: Path, mark: str) -> None:
    is_the_table(written(tmp_path, lines(mark, sep=";")))


def test_an_export_of_two_parts_repeats_its_names_once(tmp_path: Path) -> None:
    half = len(ROWS) // 2
    parts = [HEADER, *ROWS[:half], HEADER, *ROWS[half:]]
    path = written(tmp_path, "\n".join(",".join(row) for row in parts) + "\n")
    assert "names-again" in is_the_table(path)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (lines(after=("P9,1",)), "line 14"), (lines(after=("P9,1,no,2",)), "line 14"),
        ("id,note\nP1,'a,b'\nP2,'c'\n", "line 2|line 3"),
        (lines() + "\x1a\n", "line 14"), ("id,age\nP1,\"30\nP2,40\nP3,50\n", "quotation mark"),
    ],
)  # fmt: skip
def test_what_cannot_be_lined_up_is_refused_with_its_line(
    tmp_path: Path, text: str, words: str
) -> None:
    with pytest.raises(UserError, match=words) as refused:
        opened(written(tmp_path, text))
    assert "t.csv" in str(refused.value)
    assert refused.value.remedy


def test_columns_of_a_fixed_width_are_no_sure_single_column(tmp_path: Path) -> None:
    text = "id     age  died\nP1     30   no\nP2      4   yes\nP3          no\nP4     77   yes\n"
    told = decided(opened(written(tmp_path, text, "t.txt")), "separator")
    assert not told.proved
    assert "spaces" in told.options


def test_names_of_a_single_column_are_sure(tmp_path: Path) -> None:
    table = opened(written(tmp_path, "crp value\n1.5\n2.5\n3.5\n"))
    assert list(table.cells) == ["crp value"]


# Any table

WORD = st.text("abcdefgh é\"',;|\t.0", max_size=8).map(lambda text: " ".join(text.split()))
WRITERS = ["csv", "pandas", "polars"]


@settings(max_examples=60, deadline=None, suppress_health_check=QUIET)
@given(
    rows=st.lists(st.tuples(WORD, WORD), min_size=3, max_size=10),
    separator=st.sampled_from([",", ";", "\t", "|"]),
    writer=st.sampled_from(WRITERS),
)
def test_any_text_comes_back_from_any_writer(
    tmp_path: Path, rows: list[tuple[str, str]], separator: str, writer: str
) -> None:
    """Cells with quotes, separators and decimal marks, beside numbers that show the header."""
    frame = pd.DataFrame(rows, columns=["first text", "second text"])
    frame.insert(0, "row", [f"r{n}" for n in range(len(frame))])
    frame["value"] = [n + 0.25 for n in range(len(frame))]
    path = tmp_path / "t.csv"
    if writer == "csv":
        stream = io.StringIO()
        csv.writer(stream, delimiter=separator, lineterminator="\n").writerows(
            [list(frame), *frame.to_numpy().tolist()]
        )
        path.write_text(stream.getvalue(), encoding="utf-8")
    elif writer == "pandas":
        frame.to_csv(path, sep=separator, index=False)
    else:
        pl.DataFrame(frame.to_dict("list")).write_csv(path, separator=separator)
    given_back = {"separator": separator}
    table = opened(path, **given_back)
    assert list(table.cells) == list(frame)
    assert texts(table, "row") == frame["row"].tolist()
    for name in ("first text", "second text"):
        as_text = all_as_text(frame[name])
        assert texts(table, name) == as_text, rules(table)
    assert [float(cell) for cell in texts(table, "value")] == frame["value"].tolist()


def all_as_text(cells: Any) -> list[str]:
    """A column whose cells all begin with an apostrophe is read without it, as Excel shows it."""
    known = [cell for cell in cells if cell]
    if known and all(re.fullmatch("'[^']+", cell) for cell in known):
        return [cell[1:] for cell in cells]
    return list(cells)


# Quotation marks inside cells

SAID = ['he said "no"', 'he said "yes" twice', '"', "plain, with a comma", '5 "x" 7']


@pytest.mark.parametrize("sep", [",", ";", "\t"])
def test_marks_with_a_backslash_are_marks_and_said(tmp_path: Path, sep: str) -> None:
    """As ``write.table`` of R and MySQL's ``INTO OUTFILE`` write them."""
    rows = [
        sep.join([f"P{n}", '"' + text.replace('"', '\\"') + '"']) for n, text in enumerate(SAID)
    ]
    table = opened(written(tmp_path, "\n".join([f"id{sep}note", *rows]) + "\n"))
    assert texts(table, "note") == SAID
    assert decided(table, "quotes").cells == sum(text.count('"') for text in SAID)


@pytest.mark.parametrize("end", ["\\", "C:\\data\\"])
def test_a_backslash_before_the_end_of_a_cell_stays(tmp_path: Path, end: str) -> None:
    rows = [f'P{n},"{end}","a ""b"" c"' for n in range(4)]
    table = opened(written(tmp_path, "\n".join(["id,folder,note", *rows]) + "\n"))
    assert set(texts(table, "folder")) == {end}
    assert set(texts(table, "note")) == {'a "b" c'}
    assert "quotes" not in rules(table)
