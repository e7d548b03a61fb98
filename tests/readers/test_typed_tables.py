"""Tables whose columns have types: cells stay what they are, and oddities are said."""

from __future__ import annotations

import datetime
import decimal
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.feather
import pyarrow.parquet as pq
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pmed_core.cohort import Cohort
from pmed_core.errors import UserError
from pmed_core.modalities.scan.sniffing import is_scans
from pmed_core.readers.columnar import cell_as_text, numbers_or_text
from pmed_core.readers.columns.texts import as_text, words
from pmed_core.readers.formats import open_table
from pmed_core.readers.inference import infer_variable
from pmed_core.readers.tables import read_cohort
from pmed_core.suffixes import is_table_name
from pmed_core.variable import Kind
from tests.readers.tables import decided, opened
from tests.scans.made import dicom, saved, zipped

ROWS = 24
WRITERS: dict[str, Callable[[pa.Table, Path], None]] = {
    "parquet": lambda table, path: pq.write_table(table, path),
    "feather": lambda table, path: pyarrow.feather.write_feather(table, path),
}


@pytest.fixture(params=WRITERS)
def write(request: pytest.FixtureRequest, tmp_path: Path) -> Callable[..., Path]:
    def written(**columns: Any) -> Path:
        path = tmp_path / f"t.{request.param}"
        WRITERS[request.param](pa.table(columns), path)
        return path

    return written


def read(cells: list[Any], name: str = "x", dtype: Any = None, **choices: str) -> Cohort:
    frame = pd.DataFrame(
        {name: pd.Series([cells[n % len(cells)] for n in range(ROWS)], dtype=dtype)}
    )
    frame["ward"] = ["north", "south", "west"] * (ROWS // 3)
    given = {f"{rule.replace('_', '-')}:{name}": value for rule, value in choices.items()}
    return read_cohort(frame, choices=given)


def entry(cohort: Cohort, rule: str, column: str = "x") -> str:
    return " ".join(d.sentence for d in cohort.reading if (d.rule, d.column) == (rule, column))


@pytest.mark.parametrize(
    ("cells", "meant"),
    [
        (pa.array([1, None, 3], pa.int8()), [1.0, None, 3.0]),
        (pa.array([2**40, 5, 7], pa.int64()), [2.0**40, 5.0, 7.0]),
        (pa.array([1.5, None, 2.5], pa.float32()), [1.5, None, 2.5]),
        (pa.array([True, False, None]), ["True", "False", ""]),
        (pa.array(["a", None, "b"]), ["a", None, "b"]),
        (pa.array(["a", "b", "a"]).dictionary_encode(), ["a", "b", "a"]),
        (pa.array([datetime.date(2020, 2, 29), None, datetime.date(1950, 1, 1)]),
         ["2020-02-29", "", "1950-01-01"]),
        (pa.array([decimal.Decimal("1.10"), None, decimal.Decimal("2.00")]), ["1.10", "", "2.00"]),
        (pa.array([[1, 2], [], None]), ["[1 2]", "[]", ""]),
    ],
)  # fmt: skip
def test_cells_of_every_type(write: Callable[..., Path], cells: pa.Array, meant: list[Any]) -> None:
    found = opened(write(x=cells, id=["p", "q", "r"])).cells["x"]
    shown = [None if isinstance(one, float) and np.isnan(one) else one for one in found]
    shown = [None if one is pd.NA else one for one in shown]
    assert shown == meant


def test_durations_are_days_and_zones_are_said(write: Callable[..., Path]) -> None:
    times = pa.array([datetime.timedelta(hours=36), None, datetime.timedelta(days=2)])
    moment = datetime.datetime(2024, 1, 5, 8, 30)
    zoned = pa.array([moment] * 3, pa.timestamp("us", "Europe/Berlin"))
    table = opened(write(stay=times, seen=zoned, id=["p", "q", "r"]))
    assert table.cells["stay"].dropna().tolist() == [1.5, 2.0]
    assert table.units == {"stay": "d"}
    assert "Europe/Berlin" in decided(table, "zones:seen").sentence
    assert table.cells["seen"].tolist() == [pd.Timestamp("2024-01-05 09:30")] * 3, "as shown there"


def test_names_of_rows_become_a_column(tmp_path: Path) -> None:
    frame = pd.DataFrame({"age": [50.0, 60.0]}, index=pd.Index(["a", "b"], name="patient_id"))
    frame.to_parquet(tmp_path / "t.parquet")
    table = opened(tmp_path / "t.parquet")
    assert list(table.cells) == ["patient_id", "age"]
    assert "patient_id" in decided(table, "row-names").sentence


@pytest.mark.parametrize(
    "data", [b"PAR1" + bytes(50), b"ARROW1\0\0" + bytes(80), b"FEA1" + bytes(9)]
)
def test_damaged_files_are_named(tmp_path: Path, data: bytes) -> None:
    path = tmp_path / "t.bin"
    path.write_bytes(data)
    with pytest.raises(UserError, match="or it is damaged"):
        open_table(path, {})


def test_text_that_is_no_utf8_is_damage_and_no_mistake_of_ours(tmp_path: Path) -> None:
    bad = pa.array([b"a\xff\xfe", b"b"], pa.binary()).cast(pa.string(), safe=False)
    pyarrow.feather.write_feather(pa.table({"x": bad, "id": ["p", "q"]}), tmp_path / "t.feather")
    with pytest.raises(UserError, match="or it is damaged"):
        opened(tmp_path / "t.feather")


@pytest.mark.parametrize(
    ("cell", "text"),
    [(None, ""), (pd.NaT, ""), (pd.NA, ""), (float("nan"), ""), (3.0, "3"), (0.1, "0.1"),
     (1e300, str(int(1e300))), (True, "True"), (7, "7"), ("x", "x"), (np.float32(2.0), "2")],
)  # fmt: skip
def test_a_typed_cell_as_a_csv_would_have_it(cell: object, text: str) -> None:
    assert cell_as_text(cell) == text


class Number(str):
    """Marked as one."""


@pytest.mark.parametrize(
    ("cells", "kind"),
    [
        (["1", "2"], "int64"), (["1", ""], "Int64"), (["1.5", "2"], "float64"), (["", ""], "str"),
        (["1234567890123456", "2"], "str"), (["-3", "4"], "int64"),
    ],
)  # fmt: skip
def test_marked_numbers(cells: list[str], kind: str) -> None:
    found = numbers_or_text([Number(cell) if cell else "" for cell in cells], Number)
    assert str(found.dtype) == kind
    assert [cell_as_text(cell) for cell in found][:1] == cells[:1]


@given(st.lists(st.one_of(st.none(), st.integers(-(2**53), 2**53)), min_size=1, max_size=20))
def test_whole_numbers_are_written_without_a_point(cells: list[int | None]) -> None:
    found = words(pd.Series(cells, dtype="float64"))
    assert [None if pd.isna(t) else int(t) for t in found] == cells


def test_equal_values_are_equal_text() -> None:
    assert as_text(pd.Series(["1.0", " 1 ", "1,00", "-2.0", "1.50", "NA"])).tolist()[:5] == [
        "1", "1", "1", "-2", "1.50",
    ]  # fmt: skip
    assert words(pd.Series(pd.to_datetime(["2020-01-05", "NaT"]))).tolist()[0] == "2020-01-05"
    assert words(pd.Series(pd.to_datetime(["2020-01-05 08:30"]))).tolist() == [
        "2020-01-05 08:30:00"
    ]
    assert words(pd.Series([True, False])).tolist() == ["True", "False"]


# Numbers that are codes or ids


def test_long_numbers_are_ids_and_what_a_float_lost_is_said() -> None:
    whole = [300_000_000_000_000_000 + n for n in range(ROWS)]
    exact = read(whole)
    assert exact.table["x"].tolist() == [str(n) for n in whole]
    assert not entry(exact, "digits")
    rounded = read(whole, dtype="float64")
    assert "last digits may be wrong" in entry(rounded, "digits")


def test_codes_that_are_stored_as_numbers_are_said() -> None:
    cohort = read([250.0, 414.01, 428.0], "icd9")
    assert "zeros in front and at the end are not in the file" in entry(cohort, "digits", "icd9")
    assert cohort.variable("icd9").kind is not Kind.NUMBER
    assert read([1.5, 2.25, 3.125], "crp").variable("crp").kind is Kind.NUMBER


# Dates that stand for "not known"


@pytest.mark.parametrize("day", ["1900-01-01", "9999-12-31", "1753-01-01", "2999-12-31"])
def test_days_that_no_patient_has_are_asked_about(day: str) -> None:
    cells = [f"20{10 + n}-03-0{1 + n % 9}" for n in range(11)] + [day]
    cohort = read(cells, "seen on")
    assert day in entry(cohort, "missing-code", "seen on")
    assert cohort.table["seen on"].notna().all()
    without = read(cells, "seen on", missing_code=day)
    assert without.table["seen on"].isna().sum() == ROWS // 12
    assert "were read as missing" in entry(without, "missing-code", "seen on")
    kept = read(cells, "seen on", missing_code="none")
    assert kept.table["seen on"].notna().all()


def test_a_choice_that_is_no_day_is_refused() -> None:
    with pytest.raises(UserError, match="is no date"):
        read(["2020-01-05", "2021-01-05", "1900-01-01"], "seen on", missing_code="soon")


def test_days_beside_others_are_patients() -> None:
    cells = ["1970-01-01", "1969-12-03", "1971-05-06", "1970-08-09"]
    assert not entry(read(cells, "date of visit"), "missing-code", "date of visit")


def test_a_birth_in_the_future_is_asked_about() -> None:
    ahead = str(datetime.date.today().year + 3)
    cells = ["1970-02-03", "1980-04-05", "1990-06-07", f"{ahead}-01-05"]
    assert ahead in entry(read(cells, "birth day"), "missing-code", "birth day")


# Table or scans


@pytest.mark.parametrize(
    ("name", "data", "scans"),
    [
        ("a.csv", b"id,age\n", False), ("a.dcm", b"", True), ("a", b"id,age\n" * 30, False),
        ("a", saved(dicom()), True), ("a.nii.gz", b"", True), ("a.csv.gz", b"", False),
        ("t.zip", zipped({"a.csv": b"id\n"}), False), ("t.zip", zipped({"a.png": b""}), True),
        ("t.zip", zipped({"a.csv": b"id\n", "b.png": b""}), True),
        ("t.zip", zipped({"a.csv": b"", "slice0001": b""}), True), ("t.zip", b"PK\x03\x04", True),
        ("t.zip", zipped({"a.csv": b"id\n", ".hidden": b""}), False),
    ],
)  # fmt: skip
def test_what_a_file_is_taken_for(tmp_path: Path, name: str, data: bytes, scans: bool) -> None:
    path = tmp_path / name
    path.write_bytes(data)
    assert is_scans(path) is scans
    assert is_scans(tmp_path) is not is_table_name(name), "a folder"


@settings(
    max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(
    st.lists(st.one_of(st.none(), st.floats(-1e6, 1e6)), min_size=12, max_size=30),
    st.sampled_from(sorted(WRITERS)),
)
def test_numbers_come_back_as_they_are(
    tmp_path: Path, cells: list[float | None], kind: str
) -> None:
    path = tmp_path / f"t.{kind}"
    ids = [f"p{n}" for n in range(len(cells))]
    WRITERS[kind](pa.table({"patient_id": ids, "x": pa.array(cells, pa.float64())}), path)
    found = read_cohort(path).table["x"]
    if found.dtype.kind == "f":
        expected = np.array([np.nan if cell is None else cell for cell in cells])
        assert np.array_equal(found.to_numpy(), expected, equal_nan=True)
    else:
        assert len({cell for cell in cells if cell is not None}) <= 2


@given(
    st.lists(st.integers(0, 4).map(float) | st.none(), min_size=6, max_size=20),
    st.sampled_from(["kind:x=number", "kind:x=category", "exact:x=text", "dates:x=serial"]),
)
def test_what_a_person_says_holds_for_typed_cells_as_for_text(
    cells: list[float | None], choice: str
) -> None:
    key, _, value = choice.partition("=")
    other = [f"n{k}" for k in range(len(cells))]
    typed = pd.DataFrame({"x": np.array(cells, dtype=float), "y": other})
    text = typed.assign(x=["" if c is None else f"{c:.0f}" for c in cells]).astype("str")
    try:
        expected = read_cohort(text, choices={key: value})
    except UserError as refused:
        with pytest.raises(UserError, match=re.escape(refused.what)):
            read_cohort(typed, choices={key: value})
        return
    found = read_cohort(typed, choices={key: value})
    assert found.variable("x") == expected.variable("x")
    pd.testing.assert_series_equal(found.table["x"], expected.table["x"])


def test_what_somebody_could_change_is_known_by_its_usual_names() -> None:
    cells = pd.Series(np.linspace(1.5, 99.25, 60))
    for name in ("Systolic BP (mmHg)", "sbp", "dbp_baseline", "LDL", "HbA1c (%)", "Haemoglobin"):
        assert infer_variable(name, cells).changeable, name
    for name in ("Age", "height", "subpopulation", "waldl", "enzyme activity"):
        assert not infer_variable(name, cells).changeable, name
