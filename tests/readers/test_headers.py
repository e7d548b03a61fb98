"""Where the names of a table stand, and what is above and below them."""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pmed_core.errors import UserError
from pmed_core.readers.framing import framed
from pmed_core.readers.header import Header, find_header

NAMES = ["id", "age", "crp", "died"]
BODY = [[f"P{n}", str(30 + n), f"{n}.5", "yes" if n % 2 else "no"] for n in range(8)]


def found(rows: Sequence[Sequence[str]], **choices: str) -> Header:
    numbers = range(1, len(rows) + 1)
    given = {key.replace("_", "-"): value for key, value in choices.items()}
    return find_header(rows, list(numbers), given, "t.csv")


@pytest.mark.parametrize(
    ("above", "at"),
    [
        ([], 0),
        ([["Registry of ward 7", "", "", ""]], 1),
        ([["Registry", "", "", ""], ["Exported", "2024-01-05", "", ""]], 2),
        ([["", "Laboratory", "", ""]], 1),
    ],
)
def test_names_stand_below_titles(above: list[list[str]], at: int) -> None:
    header = found([*above, NAMES, *BODY])
    assert (header.row, header.body) == (at, at + 1)
    assert list(header.names) == NAMES


def test_units_below_the_names_are_units() -> None:
    header = found([NAMES, ["", "years", "mg/L", ""], *BODY])
    assert header.body == 2
    assert header.units == {"age": "years", "crp": "mg/L"}
    assert {d.rule for d in header.reading} >= {"units-row"}


def test_groups_above_names_are_joined() -> None:
    rows = [["", "before", "", "after", ""], ["id", "crp", "dose", "crp", "dose"]]
    body = [[f"P{n}", f"{n}.5", "1", f"{n}.7", "2"] for n in range(8)]
    header = found([*rows, *body])
    assert list(header.names) == ["id", "before crp", "before dose", "after crp", "after dose"]


@pytest.mark.parametrize(
    "first", [["P1", "34", "1.5", "yes"], ["1", "2", "3.5", "4"], ["1", "2024-01-05", "3", "0"]]
)
def test_a_table_without_names_is_refused(first: list[str]) -> None:
    with pytest.raises(UserError, match="looks like a patient"):
        found([first, *[first] * 6])
    header = found([first, *[first] * 6], header="none")
    assert list(header.names) == ["column 1", "column 2", "column 3", "column 4"]
    assert header.body == 0


def test_the_chosen_row_holds_the_names() -> None:
    header = found([["A title", "", "", ""], ["x", "y", "z", "w"], NAMES, *BODY], header="3")
    assert list(header.names) == NAMES
    with pytest.raises(UserError, match="no row '99'"):
        found([NAMES, *BODY], header="99")


@given(st.permutations(NAMES), st.integers(0, 3))
def test_names_are_found_in_any_order_of_columns(names: list[str], titles: int) -> None:
    place = [NAMES.index(name) for name in names]
    body = [[row[k] for k in place] for row in BODY]
    header = found([*[["Registry of ward 7", "", "", ""]] * titles, names, *body])
    assert list(header.names) == names
    assert header.body == titles + 1


def frame(rows: Sequence[Sequence[str]], names: Sequence[str] = NAMES, **choices: str):  # type: ignore[no-untyped-def]
    header = Header(0, 1, tuple(names))
    cells = pd.DataFrame(list(rows), dtype="str")
    return framed(cells, header, choices, "t.csv")


EMPTY = ["", "", "", ""]


@pytest.mark.parametrize(
    ("below", "rule", "kept"),
    [
        ([], "", 8),
        ([EMPTY], "empty-rows", 8),
        ([NAMES, *BODY[:2]], "names-again", 10),
        ([["Total", "8", "", ""]], "footer", 8),
        ([EMPTY, ["Source: registry", "", "", ""]], "footer", 8),
        ([["* after transfer", "", "", ""]], "footer", 8),
        ([["合计", "8", "", ""]], "footer", 8),
        (
            [["Mean", "8", "", ""], ["SD", "2", "", ""], ["* after transfer", "", "", ""]],
            "footer",
            8,
        ),
        ([["Min", "1", "", ""], ["Max", "9", "", ""]], "footer", 8),
    ],
)
def test_what_is_no_patient_is_left_out_and_said(
    below: list[list[str]], rule: str, kept: int
) -> None:
    cells, told = frame([*BODY, *below])
    assert len(cells) == kept
    assert list(cells.columns) == NAMES
    assert rule in {decision.rule for decision in told} | {""}


def test_a_footer_can_be_kept() -> None:
    cells, _ = frame([*BODY, ["Total", "8", "", ""]], footer="kept")
    assert cells["id"].iloc[-1] == "Total"


def test_patients_whose_names_begin_like_a_footer_stay() -> None:
    rows = [[f"N{n}", *row[1:]] for n, row in enumerate(BODY)]
    assert len(frame(rows)[0]) == len(BODY)


def test_an_empty_column_without_a_name_goes_and_one_with_cells_gets_a_name() -> None:
    rows = [[*row, "", f"x{n}"] for n, row in enumerate(BODY)]
    cells, told = frame(rows, [*NAMES, "", ""])
    assert list(cells.columns)[:4] == NAMES
    assert cells.shape[1] == 5
    assert "empty-columns" in {decision.rule for decision in told}


def test_names_that_stand_twice_are_refused_or_numbered() -> None:
    with pytest.raises(UserError, match="more than once"):
        frame(BODY, ["id", "crp", "crp", "died"])
    cells, _ = frame(BODY, ["id", "crp", "crp", "died"], columns="number-repeats")
    assert len(set(cells.columns)) == 4


def test_a_header_alone_is_no_table() -> None:
    with pytest.raises(UserError, match="no row below"):
        frame([EMPTY, EMPTY])
