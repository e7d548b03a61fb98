"""JSON as programs write it: each of its forms is the same table, or what differs is said."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pmed_core.errors import UserError
from pmed_core.readers.tables import read_cohort
from pmed_core.variable import Role
from tests.readers.tables import decided, opened, rules, texts

FRAME = pd.DataFrame(
    {"age": [61.5, 72.25, 48.0], "sex": ["f", "m", "f"], "nyha": [1, 3, 2]},
    index=pd.Index(["P7", "P3", "P5"], name="patient"),
)
QUIET = [HealthCheck.function_scoped_fixture, HealthCheck.too_slow]


def written(folder: Path, content: Any, name: str = "t.json") -> Path:
    path = folder / name
    path.write_text(content if isinstance(content, str) else json.dumps(content), encoding="utf-8")
    return path


# Forms of pandas, with names of rows


@pytest.mark.parametrize("orient", ["split", "index", "columns", "table"])
def test_names_of_rows_are_a_column_in_every_form_of_pandas(tmp_path: Path, orient: Any) -> None:
    """The patients of ``frame.set_index("patient").to_json()`` were lost, or stood as columns."""
    big = pd.concat([FRAME, FRAME.set_axis(["P8", "P9", "P1"])]).rename_axis("patient")
    table = opened(written(tmp_path, big.to_json(orient=orient)))
    first, *others = table.cells.columns
    assert others == ["age", "sex", "nyha"]
    assert texts(table, first) == list(big.index)
    assert table.cells["age"].tolist() == big["age"].tolist()
    assert texts(table, "sex") == big["sex"].tolist()


@pytest.mark.parametrize("orient", ["split", "columns"])
def test_rows_that_are_only_counted_have_no_name(tmp_path: Path, orient: Any) -> None:
    table = opened(written(tmp_path, FRAME.reset_index(drop=True).to_json(orient=orient)))
    assert list(table.cells) == ["age", "sex", "nyha"]
    assert "row-names" not in rules(table)


@pytest.mark.parametrize("orient", ["split", "columns"])
def test_record_numbers_that_name_the_rows_are_kept(tmp_path: Path, orient: Any) -> None:
    numbered = FRAME.set_axis([4711, 4712, 815])
    table = opened(written(tmp_path, numbered.to_json(orient=orient)))
    assert texts(table, "record") == ["4711", "4712", "815"]


def test_the_guess_which_keys_are_rows_is_said(tmp_path: Path) -> None:
    table = opened(written(tmp_path, FRAME.drop(columns="nyha").to_json(orient="columns")))
    told = decided(table, "row-names")
    assert not told.proved
    assert "'P7'" in told.sentence
    assert "'age'" in told.sentence


def test_a_column_called_record_keeps_its_cells(tmp_path: Path) -> None:
    table = opened(written(tmp_path, {"P1": {"record": 5, "x": 1}, "P2": {"record": 6, "x": 2}}))
    assert list(table.cells) == ["row name", "record", "x"]
    assert table.cells["record"].tolist() == [5, 6]
    assert texts(table, "row name") == ["P1", "P2"]


# Two values under one name


@pytest.mark.parametrize(
    ("record", "name"),
    [
        ({"labs": {"crp": 1}, "labs.crp": 2}, "labs.crp"),
        ({" age": 1, "age": 2}, "age"),
        ({"a": {"b": {"c": 1}, "b.c": 2}}, "a.b.c"),
    ],
)
def test_two_values_that_would_have_one_name_are_refused(
    tmp_path: Path, record: dict[str, Any], name: str
) -> None:
    with pytest.raises(UserError, match="two values that would be called") as refused:
        opened(written(tmp_path, [record, record]))
    assert f"'{name}'" in str(refused.value)
    assert "t.json" in str(refused.value)


def test_a_key_that_stands_twice_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="not JSON, or it is damaged"):
        opened(written(tmp_path, '[{"age": 1, "age": 2}, {"age": 3}]'))


# Several lists


def test_another_list_of_patients_is_named(tmp_path: Path) -> None:
    content = {
        "patients": [{"id": 1, "x": 2}, {"id": 2, "x": 3}], "controls": [{"id": 3, "x": 1}],
        "version": 7, "authors": ["A", "B"],
    }  # fmt: skip
    table = opened(written(tmp_path, content))
    assert table.cells["id"].tolist() == [1, 2]
    told = decided(table, "records")
    assert (told.value, told.cells, told.proved) == ("patients", 1, False)
    assert "'controls'" in told.sentence
    assert "authors" not in told.sentence


def test_one_list_beside_plain_values_needs_no_word(tmp_path: Path) -> None:
    table = opened(written(tmp_path, {"exported": "2024", "items": [{"id": 1}, {"id": 2}]}))
    assert table.cells["id"].tolist() == [1, 2]
    assert "records" not in rules(table)


def test_lists_of_different_lengths_are_no_columns(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="list inside a record|no list of records"):
        opened(written(tmp_path, {"age": [1, 2, 3], "sex": ["f", "m"]}))


@pytest.mark.parametrize(
    "content",
    [
        {"columns": ["id", "x"], "data": [["a", 1], ["b", 2]]},
        {"columns": ["id", "x"], "index": [0, 1], "data": [["a", 1], ["b", 2]]},
        {"id": ["a", "b"], "x": [1, 2]},
        {"id": {"0": "a", "1": "b"}, "x": {"0": 1, "1": 2}},
        {"results": [{"id": "a", "x": 1}, {"id": "b", "x": 2}]},
        {"n": 2, "rows": [{"id": "a", "x": 1}, {"id": "b", "x": 2}]},
    ],
)
def test_every_form_is_the_same_table(tmp_path: Path, content: Any) -> None:
    table = opened(written(tmp_path, content))
    assert texts(table, "id") == ["a", "b"]
    assert table.cells["x"].tolist() == [1, 2]


# Cells


@pytest.mark.parametrize(
    ("cells", "found", "kind"),
    [
        (["001", "7", "012"], ["001", "7", "012"], "str"),
        ([1, None, 3], [1, None, 3], "Int64"),
        ([1.5, None, 3], [1.5, None, 3.0], "float64"),
        ([True, False, None], ["True", "False", ""], "str"),
        ([1, "n/k", 3], ["1", "n/k", "3"], "str"),
        ([None, None, None], ["", "", ""], "str"),
        ([2**60 + 1, 2**60 + 2, 5], [str(2**60 + 1), str(2**60 + 2), "5"], "str"),
        ([-4, 0, 4], [-4, 0, 4], "int64"),
        ([1e-7, 2.5e10, 3.0], [1e-7, 2.5e10, 3.0], "float64"),
        (["Müller", "naïve", "陽性"], ["Müller", "naïve", "陽性"], "str"),
    ],
)
def test_cells_are_what_json_says(
    tmp_path: Path, cells: list[Any], found: list[Any], kind: str
) -> None:
    table = opened(written(tmp_path, [{"id": n, "x": cell} for n, cell in enumerate(cells)]))
    assert str(table.cells["x"].dtype) == kind
    shown = [None if pd.isna(cell) else cell for cell in table.cells["x"]]
    assert shown == found


def test_nan_of_python_is_missing_and_infinity_is_refused(tmp_path: Path) -> None:
    rows = [{"id": f"P{n}", "x": n + 0.5} for n in range(24)]
    rows[0]["x"] = float("nan")
    table = opened(written(tmp_path, json.dumps(rows)))
    assert np.isnan(table.cells["x"][0])
    assert table.cells["x"].tolist()[1:] == [n + 0.5 for n in range(1, 24)]
    rows[0]["x"] = float("inf")
    with pytest.raises(UserError, match="infinite.*row 2"):
        read_cohort(written(tmp_path, json.dumps(rows)))


def test_an_absent_key_and_a_null_are_both_missing_and_only_the_first_is_said(
    tmp_path: Path,
) -> None:
    rows = [{"id": 1, "x": 1.5}, {"id": 2}, {"id": 3, "x": None}]
    table = opened(written(tmp_path, rows))
    assert table.cells["x"].isna().tolist() == [False, True, True]
    assert decided(table, "missing").cells == 1


@pytest.mark.parametrize("ends", ["\n", "\r\n", "\n\n"])
def test_a_line_for_each_record_in_any_line_ends(tmp_path: Path, ends: str) -> None:
    lines = ends.join(json.dumps({"id": f"P{n}", "crp": n + 0.5}) for n in range(5))
    table = opened(written(tmp_path, lines + ends, "t.ndjson"))
    assert texts(table, "id") == [f"P{n}" for n in range(5)]
    assert table.cells["crp"].tolist() == [n + 0.5 for n in range(5)]


def test_a_damaged_line_is_refused_with_its_place(tmp_path: Path) -> None:
    lines = '{"id": 1}\n{"id": 2\n{"id": 3}\n'
    with pytest.raises(UserError, match="not JSON, or it is damaged") as refused:
        opened(written(tmp_path, lines))
    assert "line" in str(refused.value)


def test_nested_objects_are_columns_that_a_model_can_read(tmp_path: Path) -> None:
    rows = [
        {"patient": {"id": f"P{n}", "sex": "fm"[n % 2]}, "labs": {"crp": {"value": n + 0.5}},
         "died": "yes" if n % 3 == 0 else "no"}
        for n in range(24)
    ]  # fmt: skip
    cohort = read_cohort(written(tmp_path, rows), outcome="died")
    assert [v.name for v in cohort.variables] == [
        "patient.id", "patient.sex", "labs.crp.value", "died",
    ]  # fmt: skip
    assert cohort.table["labs.crp.value"].tolist() == [n + 0.5 for n in range(24)]
    assert cohort.variable("patient.id").role is not Role.INPUT


def test_a_list_inside_a_record_is_named_and_refused(tmp_path: Path) -> None:
    rows = [{"id": n, "visits": [{"day": 1}]} for n in range(3)]
    with pytest.raises(UserError, match="'visits' holds a list inside a record"):
        opened(written(tmp_path, rows))


# Any table

NAME = st.text("abcdefgh_0äß", min_size=1, max_size=6)
CELL = st.one_of(
    st.none(), st.booleans(), st.integers(-(2**62), 2**62), st.text("ab 0.,é\"\\", max_size=6),
    st.floats(allow_nan=False, allow_infinity=False, width=32),
)  # fmt: skip
FORMS: dict[str, Callable[[list[dict[str, Any]]], str]] = {
    "list": json.dumps,
    "indented": lambda rows: json.dumps(rows, indent=2, ensure_ascii=False),
    "lines": lambda rows: "\n".join(map(json.dumps, rows)),
    "wrapped": lambda rows: json.dumps({"records": rows, "n": len(rows)}),
    "columns": lambda rows: json.dumps({k: [row[k] for row in rows] for k in rows[0]}),
    "split": lambda rows: json.dumps(
        {"columns": list(rows[0]), "data": [list(row.values()) for row in rows]}
    ),
}


def same(found: object, meant: object) -> bool:
    """Exactly: a whole number digit by digit, a fraction bit by bit, text sign by sign."""
    if meant is None or meant == "":
        return bool(pd.isna(found) or found == "")  # type: ignore[call-overload]
    if isinstance(meant, bool | str):
        return found == str(meant)
    if isinstance(meant, int):
        return str(found) in (str(meant), f"{meant}.0") or float(str(found)) == meant
    return float(str(found)) == meant


@settings(max_examples=60, deadline=None, suppress_health_check=QUIET)
@given(
    names=st.lists(NAME, min_size=2, max_size=4, unique=True),
    data=st.data(),
    form=st.sampled_from(sorted(FORMS)),
)
def test_any_table_comes_back_from_every_form(
    tmp_path: Path, names: list[str], data: st.DataObject, form: str
) -> None:
    wide = st.tuples(*[CELL] * len(names))
    rows = [
        dict(zip(names, cells, strict=True))
        for cells in data.draw(st.lists(wide, min_size=2, max_size=6))
    ]
    table = opened(written(tmp_path, FORMS[form](rows)))
    assert list(table.cells) == names
    assert len(table.cells) == len(rows)
    for name in names:
        cells = table.cells[name].tolist()
        assert all(same(cell, row[name]) for cell, row in zip(cells, rows, strict=True)), cells


def test_what_stands_beside_the_list_of_records_is_said(tmp_path: Path) -> None:
    rows = [{"id": n, "hb": n + 0.5} for n in range(12)]
    table = opened(written(tmp_path, {"patients": rows, "meta": {"unit": "g/dL"}}))
    assert "what stands beside it was not: 'meta'" in decided(table, "records").sentence
    assert "records" not in rules(opened(written(tmp_path, {"patients": rows})))
