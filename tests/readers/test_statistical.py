"""SPSS, Stata and SAS: codes with their names, declared codes for missing, dates, bad files."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyreadstat
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pmed_core.errors import UserError
from pmed_core.readers.formats import open_table
from pmed_core.readers.tables import read_cohort
from tests.readers import sas
from tests.readers.tables import decided, opened, rules, texts

WRITERS: dict[str, Callable[..., None]] = {
    "sav": pyreadstat.write_sav,
    "zsav": lambda frame, path, **given: pyreadstat.write_sav(frame, path, compress=True, **given),
    "dta": pyreadstat.write_dta,
    "por": pyreadstat.write_por,
    "xpt": pyreadstat.write_xport,
}


def frame(rows: int = 30) -> pd.DataFrame:
    return pd.DataFrame(
        {
            "ID": [f"P{n:04d}" for n in range(rows)],
            "SEX": [n % 2 for n in range(rows)],
            "AGE": [40.5 + n for n in range(rows)],
            "DIED": [int(n % 3 == 0) for n in range(rows)],
        }
    )


def written(folder: Path, ending: str, table: pd.DataFrame, **given: Any) -> Path:
    path = folder / f"study.{ending}"
    WRITERS[ending](table, str(path), **given)
    return path


@pytest.mark.parametrize("ending", WRITERS)
def test_the_cells_come_back(tmp_path: Path, ending: str) -> None:
    table = opened(written(tmp_path, ending, frame()))
    assert [name.upper() for name in table.cells.columns] == ["ID", "SEX", "AGE", "DIED"]
    assert texts(table, table.cells.columns[0])[:2] == ["P0000", "P0001"]
    assert np.allclose(table.cells.iloc[:, 2].to_numpy(dtype=float), frame()["AGE"])
    assert table.cells.iloc[:, 1].tolist() == frame()["SEX"].tolist()
    assert decided(table, "format").value.startswith("a")


@pytest.mark.parametrize("ending", ["sav", "zsav", "dta"])
def test_codes_keep_their_names(tmp_path: Path, ending: str) -> None:
    names = {"SEX": {0: "female", 1: "male"}, "DIED": {0: "no", 1: "yes"}}
    path = written(tmp_path, ending, frame(), variable_value_labels=names)
    table = opened(path)
    assert table.labels["SEX"] == {"0": "female", "1": "male"}
    cohort = read_cohort(path, outcome="DIED")
    assert dict(cohort.variable("SEX").labels) == {"0": "female", "1": "male"}


@pytest.mark.parametrize("ending", ["sav", "dta"])
def test_descriptions_of_columns_are_said(tmp_path: Path, ending: str) -> None:
    labels = ["Number", "Sex at birth", "Age in years", "Death within 30 days"]
    table = opened(written(tmp_path, ending, frame(), column_labels=labels))
    assert ("ID", "Number") in decided(table, "column-labels").examples


@pytest.mark.parametrize("name", ["study.dat", "study", "study.csv", "study.sav"])
def test_what_a_file_is_its_bytes_say(tmp_path: Path, name: str) -> None:
    path = written(tmp_path, "sav", frame())
    other = path.rename(tmp_path / name)
    assert decided(opened(other), "format").value == "an SPSS file"


def with_codes() -> pd.DataFrame:
    return frame().assign(Q1=[99 if n % 5 == 0 else n % 4 for n in range(30)])


def test_declared_codes_for_missing_are_missing_and_counted(tmp_path: Path) -> None:
    path = written(
        tmp_path, "sav", with_codes(), missing_ranges={"Q1": [99]},
        variable_value_labels={"Q1": {99: "refused"}},
    )  # fmt: skip
    table = opened(path)
    told = decided(table, "missing-code:Q1")
    assert told.cells == 6
    assert "99 ('refused')" in told.sentence
    assert table.cells["Q1"].isna().sum() == 6
    kept = open_table(path, {"missing-code:Q1": "kept"})
    assert kept.cells["Q1"].tolist() == with_codes()["Q1"].tolist()
    assert decided(kept, "missing-code:Q1").value == "kept"


@pytest.mark.parametrize(
    ("ranges", "count"), [([{"lo": 90, "hi": 99}], 6), ([1, 2], 14), ([{"lo": -9, "hi": 0}], 5)]
)
def test_ranges_of_codes_for_missing(tmp_path: Path, ranges: list[Any], count: int) -> None:
    codes = with_codes()
    path = written(tmp_path, "sav", codes, missing_ranges={"Q1": ranges})
    told = decided(opened(path), "missing-code:Q1")
    spans = [one if isinstance(one, dict) else {"lo": one, "hi": one} for one in ranges]
    expected = sum(
        any(span["lo"] <= value <= span["hi"] for span in spans) for value in codes["Q1"]
    )
    assert told.cells == expected


def test_codes_that_are_words_may_stand_for_missing(tmp_path: Path) -> None:
    codes = frame().assign(GRADE=["na" if n % 6 == 0 else "II" for n in range(30)])
    path = written(tmp_path, "sav", codes, missing_ranges={"GRADE": ["na"]})
    table = opened(path)
    assert decided(table, "missing-code:GRADE").cells == 5
    assert table.cells["GRADE"].isna().sum() == 5


def test_letters_for_missing_in_stata(tmp_path: Path) -> None:
    codes = frame().assign(Q1=[("a" if n % 5 == 0 else float(n % 4)) for n in range(30)])
    path = written(tmp_path, "dta", codes, missing_user_values={"Q1": ["a"]})
    table = opened(path)
    assert decided(table, "missing-code:Q1").cells == 6
    assert table.cells["Q1"].dtype.kind == "i"
    assert table.cells["Q1"].isna().sum() == 6


@pytest.mark.parametrize("ending", ["sav", "dta", "xpt"])
def test_dates_are_dates(tmp_path: Path, ending: str) -> None:
    dates = frame().assign(AT=pd.date_range("1950-02-27", periods=30, freq="400D"))
    table = opened(written(tmp_path, ending, dates))
    assert pd.to_datetime(table.cells["AT"]).tolist() == dates["AT"].tolist()


@pytest.mark.parametrize("ending", ["sav", "dta", "xpt"])
def test_gaps_are_missing(tmp_path: Path, ending: str) -> None:
    gaps = frame().assign(CRP=[np.nan if n % 4 == 0 else n / 8 for n in range(30)])
    table = opened(written(tmp_path, ending, gaps))
    assert table.cells["CRP"].isna().sum() == 8
    assert "missing-code" not in rules(table)


@pytest.mark.parametrize("ending", WRITERS)
@pytest.mark.parametrize("share", [0.21, 0.5, 0.83])
def test_a_file_that_is_cut_off_is_refused(tmp_path: Path, ending: str, share: float) -> None:
    path = written(tmp_path, ending, frame(300))
    data = path.read_bytes()
    path.write_bytes(data[: int(len(data) * share) // 80 * 80 + 7])
    with pytest.raises(UserError) as caught:
        opened(path)
    assert "study" in caught.value.where
    assert caught.value.remedy


@pytest.mark.parametrize("ending", ["sav", "dta", "sas7bdat", "xpt", "por"])
def test_other_bytes_are_one_sentence(tmp_path: Path, ending: str) -> None:
    path = tmp_path / f"study.{ending}"
    path.write_bytes(bytes(range(256)) * 20)
    with pytest.raises(UserError, match="study"):
        opened(path)


def test_no_rows_is_said(tmp_path: Path) -> None:
    path = written(tmp_path, "sav", frame().iloc[:0])
    with pytest.raises(UserError, match="no rows"):
        opened(path)


@given(
    numbers=st.lists(st.floats(-1e9, 1e9).map(lambda n: round(n, 3)), min_size=3, max_size=15),
    words=st.lists(st.text("abcdäöé漢字 -", max_size=12).map(str.strip), min_size=15, max_size=15),
    ending=st.sampled_from(["sav", "dta"]),
)  # fmt: skip
def test_whatever_is_written_comes_back(
    tmp_path_factory: pytest.TempPathFactory, numbers: list[float], words: list[str], ending: str
) -> None:
    table = pd.DataFrame({"X": numbers, "WORD": words[: len(numbers)]})
    read = opened(written(tmp_path_factory.mktemp("stat"), ending, table))
    assert np.allclose(read.cells["X"].to_numpy(dtype=float), numbers, rtol=1e-15)
    assert texts(read, "WORD") == list(table["WORD"])


def test_a_portable_file_says_that_its_codes_for_missing_are_not_known(tmp_path: Path) -> None:
    path = tmp_path / "table.por"
    pyreadstat.write_por(pd.DataFrame({"AGE": [50.0, 99.0, 61.0]}), str(path))
    table = open_table(path, {})
    (said,) = [one for one in table.reading if one.rule == "missing"]
    assert not said.proved
    assert ".sav" in said.sentence


ONE = np.datetime64("2020-03-26")
DAYS = float((ONE - np.datetime64("1960-01-01")).astype(int))
SECONDS = 86_400 * DAYS + 8 * 3600 + 30 * 60
SPSS_SECONDS = SECONDS + 86_400 * 137_775
"""SPSS counts from the first day of the Gregorian calendar, 1582-10-14."""


FORMS_OF_DAYS = ("%td", "%tdnn/dd/CCYY", "%d", "%-tdD_m_Y")


@pytest.mark.parametrize(
    ("ending", "form", "stored", "meant"),
    [
        *(
            ("xpt", form, DAYS, "2020-03-26")
            for form in ("DATE9", "DATE7", "MMDDYY10", "DDMMYYP10", "YYMMDDN8", "E8601DA10",
                         "WEEKDATE17", "MONYY7", "YEAR4", "WORDDATX12", "JULIAN5", "YYQ6")
        ),
        *(
            ("xpt", form, SECONDS, "2020-03-26T08:30:00")
            for form in ("DATETIME16", "DATETIME24.3", "E8601DT19", "DATEAMPM", "DTDATE9")
        ),
        *(("dta", form, DAYS, "2020-03-26") for form in FORMS_OF_DAYS),
        ("dta", "%tc", 1000 * SECONDS, "2020-03-26T08:30:00"),
        ("dta", "%tcCCYY-NN-DD_HH:MM", 1000 * SECONDS, "2020-03-26T08:30:00"),
        ("dta", "%tm", 722.0, "2020-03-01"), ("dta", "%tq", 241.0, "2020-04-01"),
        ("dta", "%th", 121.0, "2020-07-01"), ("dta", "%tw", 52 * 60 + 12.0, "2020-03-25"),
        *(
            ("sav", form, SPSS_SECONDS, "2020-03-26T08:30:00")
            for form in ("DATE11", "ADATE10", "EDATE8", "SDATE10", "DATETIME20", "MOYR8", "QYR6")
        ),
    ],
)  # fmt: skip
def test_what_has_the_format_of_a_date_is_one(
    tmp_path: Path, ending: str, form: str, stored: float, meant: str
) -> None:
    table = frame().assign(AT=[np.nan, *[stored] * 29])
    read = opened(written(tmp_path, ending, table, variable_format={"AT": form}))
    assert read.cells["AT"].iloc[1] == pd.Timestamp(meant)
    assert read.cells["AT"].isna().tolist() == [True, *[False] * 29]
    assert ("dates" in rules(read)) == (form in ("%tm", "%tq", "%th", "%tw"))


@pytest.mark.parametrize(
    ("ending", "form", "stored"),
    [("xpt", "TIME8", 30_600.0), ("xpt", "HHMM5", 30_600.0), ("dta", "%tcHH:MM:SS", 30_600_000.0),
     ("sav", "TIME8", 30_600.0)],
)  # fmt: skip
def test_times_of_the_day_are_as_a_clock_shows_them(
    tmp_path: Path, ending: str, form: str, stored: float
) -> None:
    table = frame().assign(AT=[np.nan, *[stored] * 29])
    read = opened(written(tmp_path, ending, table, variable_format={"AT": form}))
    assert texts(read, "AT")[:2] == ["", "08:30:00"]


@pytest.mark.parametrize(
    ("ending", "form"),
    [("xpt", "BEST12"), ("xpt", "DOLLAR8"), ("dta", "%9.0g"), ("sav", "F8.2"), ("xpt", "PERCENT8")],
)
def test_other_numbers_stay_numbers(tmp_path: Path, ending: str, form: str) -> None:
    table = frame().assign(AT=[22000.0 + n / 2 for n in range(30)])
    read = opened(written(tmp_path, ending, table, variable_format={"AT": form}))
    assert np.allclose(read.cells["AT"].to_numpy(dtype=float), table["AT"])


def test_numbers_that_are_no_dates_are_said(tmp_path: Path) -> None:
    table = frame().assign(AT=[1e18] * 30)
    read = opened(written(tmp_path, "xpt", table, variable_format={"AT": "DATE9"}))
    assert not decided(read, "dates:AT").proved
    assert read.cells["AT"].tolist()[:1] == [10**18]


@pytest.mark.parametrize("data", [sas.PLAIN, sas.COMPRESSED], ids=["DATE9", "MMDDYY10"])
def test_files_of_sas_themselves(tmp_path: Path, data: bytes) -> None:
    path = tmp_path / "study.sas7bdat"
    path.write_bytes(data)
    cohort = read_cohort(path, outcome="died")
    table = cohort.table
    assert cohort.patient == "patient_id"
    assert table["patient_id"].tolist() == [f"P{n // 2 + 1:04d}" for n in range(24)]
    assert table["admitted"].tolist()[:2] == [
        pd.Timestamp(ONE),
        pd.Timestamp(ONE) + pd.Timedelta("1D"),
    ]
    gone = [row for row in range(24) if row % 10 in (3, 7)]
    assert table.index[table["crp"].isna()].tolist() == gone
    assert table["crp"].dropna().tolist() == [n / 2 + 0.25 for n in range(24) if n not in gone]
    assert table["sex"].tolist()[:3] == ["männ", "female", "female"]
    assert table["died"].tolist() == ["1" if n % 4 == 0 else "0" for n in range(24)]
    told = next(d for d in cohort.reading if d.key == "missing-code:crp")
    assert told.cells == 3
    assert "the code A" in told.sentence
