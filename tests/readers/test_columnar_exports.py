"""Parquet, Feather and data frames from other programs: types, digits, zones and names of rows."""

from __future__ import annotations

import datetime
import decimal
import io
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pyarrow.feather
import pyarrow.parquet as pq
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pmed_core.cohort import Cohort
from pmed_core.errors import UserError
from pmed_core.readers.tables import read_cohort, read_for
from pmed_core.variable import Kind, Role
from tests.readers.tables import decided, opened, rules, texts

WRITERS: dict[str, Callable[[pa.Table, Path], object]] = {
    "parquet": lambda table, path: pq.write_table(table, path),
    "old.parquet": lambda table, path: pq.write_table(
        table, path, version="1.0", use_dictionary=False, compression="gzip",
        use_deprecated_int96_timestamps=True,
    ),
    "polars.parquet": lambda table, path: pl.from_arrow(table).write_parquet(path),
    "pandas.parquet": lambda table, path: table.to_pandas().to_parquet(path),
    "feather": lambda table, path: pyarrow.feather.write_feather(table, path),
    "zstd.feather": lambda table, path: pyarrow.feather.write_feather(table, path, "zstd"),
}  # fmt: skip
QUIET = [HealthCheck.function_scoped_fixture, HealthCheck.too_slow]


def file(folder: Path, kind: str = "parquet", **columns: Any) -> Path:
    path = folder / f"t.{kind}"
    WRITERS[kind](pa.table(columns), path)
    return path


# Digits


@pytest.mark.parametrize("kind", ["parquet", "polars.parquet", "feather"])
def test_a_gap_takes_no_digit_of_the_other_ids(tmp_path: Path, kind: str) -> None:
    """pandas turns whole numbers with a gap into floating-point ones, which round long ids."""
    ids = [2**60 + 1, None, 2**60 + 3, -(2**62) - 1]
    path = file(tmp_path, kind, mrn=pa.array(ids, pa.int64()), x=[1.5, 2.5, 3.5, 4.5])
    assert texts(opened(path), "mrn") == ["" if one is None else str(one) for one in ids]


def test_the_largest_unsigned_numbers_keep_their_digits(tmp_path: Path) -> None:
    ids = pa.array([2**64 - 1, 2**64 - 2, None], pa.uint64())
    assert texts(opened(file(tmp_path, mrn=ids, x=[1, 2, 3])), "mrn") == [
        "18446744073709551615", "18446744073709551614", "",
    ]  # fmt: skip


def test_patients_whose_ids_differ_in_the_last_digit_are_two(tmp_path: Path) -> None:
    ids = [2**58 + n // 2 for n in range(40)]
    path = file(
        tmp_path, patient_id=pa.array([*ids, None], pa.int64()),
        age=[30.5 + n for n in range(41)], died=["yes", "no"] * 20 + ["no"],
    )  # fmt: skip
    cohort = read_cohort(path, outcome="died")
    assert cohort.patient == "patient_id"
    assert cohort.table["patient_id"].tolist()[:40] == [str(one) for one in ids]
    assert "digits" not in {d.rule for d in cohort.reading}


def test_floating_point_numbers_with_a_gap_stay_as_they_are(tmp_path: Path) -> None:
    cells = [1e18, None, 2.5]
    table = opened(file(tmp_path, x=pa.array(cells, pa.float64()), id=["a", "b", "c"]))
    assert table.cells["x"].dtype == np.float64
    assert table.cells["x"].tolist()[::2] == [1e18, 2.5]


# Types


def test_text_that_is_marked_as_bytes_is_text(tmp_path: Path) -> None:
    sex = pa.array(["männlich".encode(), b"weiblich", None], pa.binary())
    table = opened(file(tmp_path, sex=sex, id=["a", "b", "c"]))
    assert texts(table, "sex") == ["männlich", "weiblich", ""]


def test_bytes_that_are_no_text_are_shown_sign_by_sign(tmp_path: Path) -> None:
    table = opened(file(tmp_path, x=pa.array([b"\xff\x00a", b"ok"], pa.binary()), id=["a", "b"]))
    assert texts(table, "x")[0].startswith("\\xff")
    assert texts(table, "x")[1] == "ok"


MOMENT = datetime.datetime(2024, 3, 31, 1, 30, 15)


@pytest.mark.parametrize(
    ("cells", "meant"),
    [
        (pa.array([MOMENT, None], pa.timestamp("s")), "2024-03-31 01:30:15"),
        (pa.array([MOMENT, None], pa.timestamp("ns")), "2024-03-31 01:30:15"),
        (pa.array([datetime.date(1899, 12, 31), None], pa.date32()), "1899-12-31"),
        (pa.array([datetime.date(2024, 2, 29), None], pa.date64()), "2024-02-29"),
        (pa.array([datetime.time(8, 5), None], pa.time32("s")), "08:05:00"),
        (pa.array([decimal.Decimal("0.10"), None], pa.decimal128(5, 2)), "0.10"),
        (pa.array(["a", None], pa.large_string()), "a"),
        (pa.array(["a", None]).dictionary_encode(), "a"),
        (pa.array([1.5, None], pa.float16()), "1.5"),
        (pa.array([200, None], pa.uint8()), "200"),
        (pa.array([None, None], pa.null()), ""),
    ],
)
def test_cells_of_every_arrow_type_are_what_they_say(
    tmp_path: Path, cells: pa.Array, meant: str
) -> None:
    table = opened(file(tmp_path, x=cells, id=["p", "q"]))
    first, second = texts(table, "x")
    assert first.removesuffix(".0") == meant
    assert second == ""


@pytest.mark.parametrize("kind", ["parquet", "polars.parquet", "feather"])
@pytest.mark.parametrize("zone", ["UTC", "America/New_York", "+05:30"])
def test_the_zone_of_times_is_said_and_they_are_those_of_its_clocks(
    tmp_path: Path, kind: str, zone: str
) -> None:
    if (kind, zone) == ("polars.parquet", "+05:30"):
        pytest.skip("polars knows zones by name only")
    moments = pa.array([datetime.datetime(2024, 1, 5, 12)] * 3, pa.timestamp("us", zone))
    table = opened(file(tmp_path, kind, seen=moments, id=["a", "b", "c"]))
    told = decided(table, "zones:seen")
    there = pd.Timestamp("2024-01-05 12:00", tz="UTC").tz_convert(zone).tz_localize(None)
    assert table.cells["seen"].tolist() == [there] * 3
    assert told.cells == 3


@pytest.mark.parametrize("kind", sorted(WRITERS))
def test_every_version_of_the_formats_holds_the_same_table(tmp_path: Path, kind: str) -> None:
    cells = {
        "id": ["a", "b", "c"],
        "crp": pa.array([1.5, None, 2.25], pa.float64()),
        "visits": pa.array([3, 4, None], pa.int32()),
        "seen": pa.array([MOMENT, None, MOMENT], pa.timestamp("us")),
    }
    table = opened(file(tmp_path, kind, **cells))
    assert texts(table, "id") == ["a", "b", "c"]
    assert texts(table, "crp") == ["1.5", "", "2.25"]
    assert [one.removesuffix(".0") for one in texts(table, "visits")] == ["3", "4", ""]
    assert texts(table, "seen") == ["2024-03-31 01:30:15", "", "2024-03-31 01:30:15"]


# Data frames


def frame(rows: int = 24) -> pd.DataFrame:
    return pd.DataFrame(
        {
            "patient_id": [f"P{n // 2}" for n in range(rows)],
            "age": [40.5 + n for n in range(rows)],
            "died": ["yes", "no", "no"] * (rows // 3),
        }
    )


def keys(cohort: Cohort) -> set[str]:
    return {d.key for d in cohort.reading}


def test_patients_that_name_the_rows_of_a_frame_are_not_lost() -> None:
    cohort = read_cohort(frame().set_index("patient_id"), outcome="died")
    assert cohort.patient == "patient_id"
    assert len(set(cohort.patients())) == 12
    assert "row-names" in keys(cohort)


def test_names_of_rows_without_a_title_are_kept_where_they_are_words() -> None:
    named = frame().set_axis([f"s{n}" for n in range(24)])
    cohort = read_cohort(named)
    assert cohort.table["row name 1"].tolist() == [f"s{n}" for n in range(24)]


@pytest.mark.parametrize("rows", [[5, 3, 1, 0, 2, 4], list(range(6, 24))])
def test_a_frame_of_chosen_rows_has_no_names_of_rows(rows: list[int]) -> None:
    cohort = read_cohort(frame().loc[rows])
    assert list(cohort.table) == ["patient_id", "age", "died"]
    assert cohort.table["age"].tolist() == [40.5 + n for n in rows]
    assert "row-names" not in keys(cohort)


def test_zones_and_durations_of_a_frame_are_said_as_those_of_a_file_are(tmp_path: Path) -> None:
    table = frame().assign(
        stay=pd.to_timedelta(np.arange(24), unit="h"),
        seen=pd.date_range("2021-01-01", periods=24, tz="Europe/Berlin"),
    )
    table.to_parquet(tmp_path / "t.parquet")
    cohorts = [read_cohort(table), read_cohort(tmp_path / "t.parquet")]
    for cohort in cohorts:
        assert {"unit:stay", "zones:seen"} <= keys(cohort)
        assert cohort.variable("stay").unit == "d"
        assert cohort.table["stay"].tolist() == pytest.approx([n / 24 for n in range(24)])
        assert cohort.table["seen"].tolist() == list(pd.date_range("2021-01-01", periods=24))


def test_a_name_that_stands_twice_in_a_frame_is_refused() -> None:
    twice = pd.concat([frame(), frame()[["age"]]], axis=1)
    with pytest.raises(UserError, match="more than once: 'age'"):
        read_cohort(twice)


def test_a_later_frame_with_named_rows_is_read_by_a_model() -> None:
    cohort = read_cohort(frame(), outcome="died")
    later = frame(6).set_index("patient_id")
    again = read_for(later, cohort.inputs, patient="patient_id")
    assert again.table["patient_id"].tolist() == [f"P{n // 2}" for n in range(6)]


def test_categories_of_a_frame_are_their_words() -> None:
    levels = pd.Categorical(["II", "I", "III"] * 8, ["I", "II", "III", "IV"], ordered=True)
    numbers = pd.Categorical([3, 1, 2] * 8)
    cohort = read_cohort(frame().assign(stage=levels, grade=numbers))
    assert cohort.table["stage"].tolist() == ["II", "I", "III"] * 8
    assert cohort.variable("stage").kind is Kind.CATEGORY
    assert cohort.table["grade"].astype(float).tolist() == [3, 1, 2] * 8


@pytest.mark.parametrize("name", ["Int64", "Float64", "boolean", "string"])
def test_nullable_types_of_pandas_keep_their_gaps(name: Any) -> None:
    cells: dict[str, list[Any]] = {
        "Int64": [1, None, 3, 7], "Float64": [1.5, None, 2.5, 9.5],
        "boolean": [True, None, False, True], "string": ["a", None, "b", "c"],
    }  # fmt: skip
    cohort = read_cohort(frame().assign(x=pd.Series(cells[name] * 6).astype(name)))
    assert cohort.table["x"].isna().tolist() == [False, True, False, False] * 6
    known = [cell for cell in cells[name] if cell is not None]
    assert list(map(str, cohort.table["x"].dropna()[:3])) == [
        str(float(cell)) if name == "Int64" else str(cell) for cell in known
    ]


def test_unit_and_role_do_not_depend_on_the_way_of_storing(tmp_path: Path) -> None:
    text = io.StringIO()
    frame().to_csv(text, index=False)
    (tmp_path / "t.csv").write_text(text.getvalue())
    frame().to_parquet(tmp_path / "t.parquet")
    frame().to_feather(tmp_path / "t.feather")
    cohorts = [read_cohort(tmp_path / f"t.{end}", outcome="died") for end in
               ("csv", "parquet", "feather")]  # fmt: skip
    for cohort in cohorts[1:]:
        assert [(v.name, v.kind, v.role, v.range) for v in cohort.variables] == [
            (v.name, v.kind, v.role, v.range) for v in cohorts[0].variables
        ]
        assert (cohort.table == cohorts[0].table).all(axis=None)
    assert cohorts[0].variable("patient_id").role is Role.PATIENT


# Any table

WHOLE = st.integers(-(2**63), 2**63 - 1)
TEXT = st.text("ab 0.5,é'\"\n陽", max_size=6)
COLUMNS: dict[str, tuple[st.SearchStrategy[Any], pa.DataType]] = {
    "whole": (WHOLE, pa.int64()),
    "small": (st.integers(-128, 127), pa.int8()),
    "number": (st.floats(allow_nan=False, allow_infinity=False), pa.float64()),
    "text": (TEXT, pa.string()),
    "code": (st.sampled_from(["007", "7", "NA", "none"]), pa.dictionary(pa.int32(), pa.string())),
    "truth": (st.booleans(), pa.bool_()),
    "day": (st.dates(datetime.date(1700, 1, 1), datetime.date(2200, 1, 1)), pa.date32()),
}


def shown(kind: str, cell: Any) -> Any:
    """What a cell is as the table has it; None where it is missing."""
    if cell is None or (kind in ("text", "code") and not cell):
        return None
    return float(cell) if kind == "number" else str(cell)


@settings(max_examples=60, deadline=None, suppress_health_check=QUIET)
@given(data=st.data(), kind=st.sampled_from(["parquet", "polars.parquet", "feather"]))
def test_any_table_comes_back_cell_by_cell(tmp_path: Path, data: st.DataObject, kind: str) -> None:
    names = data.draw(st.lists(st.sampled_from(sorted(COLUMNS)), min_size=1, unique=True))
    size = data.draw(st.integers(2, 6))
    cells = {
        name: data.draw(
            st.lists(st.one_of(st.none(), COLUMNS[name][0]), min_size=size, max_size=size)
        )
        for name in names
    }
    arrays = {n: pa.array(c, COLUMNS[n][1]) for n, c in cells.items() if n != "code"}
    if "code" in cells:
        arrays["code"] = pa.array(cells["code"]).cast(pa.string()).dictionary_encode()
    table = opened(file(tmp_path, kind, row=[f"r{n}" for n in range(size)], **arrays))
    assert rules(table) <= {"format"}
    for name in names:
        found = [
            None if pd.isna(cell) or cell == "" else float(cell) if name == "number" else
            plain(cell) for cell in table.cells[name]
        ]  # fmt: skip
        assert found == [shown(name, cell) for cell in cells[name]], name


def plain(cell: Any) -> str:
    """Whole numbers without a point, days without a time, anything else as it is."""
    if isinstance(cell, float) and cell.is_integer():
        return str(int(cell))
    return str(cell).removesuffix(" 00:00:00")
