"""SPSS, Stata and SAS files as studies keep them: names of codes, codes for missing, dates."""

from __future__ import annotations

import io
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyreadstat
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pmed_core.errors import UserError
from pmed_core.readers.tables import read_cohort, read_for
from pmed_core.variable import Kind, Role
from tests.readers.tables import decided, opened, rules, texts

ROWS = 24
QUIET = [HealthCheck.function_scoped_fixture, HealthCheck.too_slow]
WRITERS: dict[str, Callable[..., None]] = {
    "sav": pyreadstat.write_sav, "dta": pyreadstat.write_dta, "xpt": pyreadstat.write_xport,
    "por": pyreadstat.write_por,
}  # fmt: skip


def study(**more: list[Any]) -> pd.DataFrame:
    return pd.DataFrame(
        {
            "SUBJID": [f"S{n:03d}" for n in range(ROWS)],
            "AGE": [30.5 + n for n in range(ROWS)],
            "DIED": [n % 3 == 0 for n in range(ROWS)],
            **{name: [cells[n % len(cells)] for n in range(ROWS)] for name, cells in more.items()},
        }
    ).assign(DIED=lambda table: table["DIED"].astype(int))


def saved(folder: Path, table: pd.DataFrame, ending: str = "sav", **given: Any) -> Path:
    path = folder / f"study.{ending}"
    WRITERS[ending](table, str(path), **given)
    return path


# Names of codes


@pytest.mark.parametrize("ending", ["sav", "dta"])
def test_codes_with_names_are_categories_in_the_order_of_their_codes(
    tmp_path: Path, ending: str
) -> None:
    names = {"NYHA": {1: "I", 2: "II", 3: "III", 4: "IV"}}
    path = saved(tmp_path, study(NYHA=[3, 1, 2]), ending, variable_value_labels=names)
    cohort = read_cohort(path)
    nyha = cohort.variable("NYHA")
    assert (nyha.kind, nyha.categories) == (Kind.CATEGORY, ("1", "2", "3"))
    assert [nyha.shown(code) for code in nyha.categories] == ["I", "II", "III"]
    assert cohort.table["NYHA"].tolist()[:3] == ["3", "1", "2"]


@pytest.mark.parametrize("ending", ["sav", "dta"])
def test_a_number_with_one_named_code_stays_a_number(tmp_path: Path, ending: str) -> None:
    names = {"CIGS": {0: "never smoked"}}
    path = saved(tmp_path, study(CIGS=[0, 5, 20, 40, 13]), ending, variable_value_labels=names)
    cohort = read_cohort(path)
    assert cohort.variable("CIGS").kind is Kind.NUMBER
    assert cohort.table["CIGS"].tolist()[:5] == [0, 5, 20, 40, 13]
    told = next(d for d in cohort.reading if d.key == "labels:CIGS")
    assert "Without a name: 13, 20, 40" in told.sentence


def test_names_of_words_are_those_of_the_file(tmp_path: Path) -> None:
    names = {"SEX": {"f": "female", "m": "male"}}
    path = saved(tmp_path, study(SEX=["m", "f"]), variable_value_labels=names)
    cohort = read_cohort(path)
    assert dict(cohort.variable("SEX").labels) == names["SEX"]
    assert cohort.table["SEX"].tolist()[:2] == ["m", "f"]


def test_an_outcome_of_codes_is_told_by_the_names_of_its_codes(tmp_path: Path) -> None:
    names = {"STATUS": {1: "alive", 2: "dead"}}
    path = saved(tmp_path, study(STATUS=[2, 1, 1]), variable_value_labels=names)
    cohort = read_cohort(path, outcome="STATUS")
    assert cohort.observed().tolist()[:3] == [1, 0, 0]
    told = next(d for d in cohort.reading if d.rule == "event")
    assert "'2' = dead" in told.sentence


def test_a_later_csv_with_the_names_instead_of_codes_is_not_taken_for_them(tmp_path: Path) -> None:
    names = {"NYHA": {1: "I", 2: "II", 3: "III"}}
    path = saved(tmp_path, study(NYHA=[3, 1, 2]), variable_value_labels=names)
    cohort = read_cohort(path, outcome="DIED")
    later = pd.DataFrame({"AGE": ["40.5", "50.5"], "NYHA": ["3", "IV"]})
    again = read_for(later, cohort.inputs)
    assert again.table["NYHA"].tolist() == ["3", "IV"]
    assert "'IV' was never seen" in " ".join(again.notes)


# Codes for missing


@pytest.mark.parametrize("ending", ["sav", "dta"])
def test_declared_codes_are_missing_in_the_cohort_and_kept_on_request(
    tmp_path: Path, ending: str
) -> None:
    if ending == "sav":
        table = study(SCORE=[1, 2, 98, 99])
        path = saved(tmp_path, table, missing_ranges={"SCORE": [98, 99]})
        codes = "98, 99"
    else:
        table = study(SCORE=[1, 2, "a", "b"])
        path = saved(tmp_path, table, "dta", missing_user_values={"SCORE": ["a", "b"]})
        codes = "a, b"
    cohort = read_cohort(path)
    told = next(d for d in cohort.reading if d.key == "missing-code:SCORE")
    assert (told.value, told.cells) == (codes, 12)
    assert told.proved
    scores = pd.to_numeric(cohort.table["SCORE"])
    assert scores.isna().sum() == 12
    assert set(scores.dropna()) == {1, 2}
    kept = read_cohort(path, choices={"missing-code:SCORE": "kept"})
    assert kept.table["SCORE"].isna().sum() == 0
    assert "were kept as values" in next(
        d.sentence for d in kept.reading if d.key == "missing-code:SCORE"
    )


def test_numbers_beside_a_declared_range_are_values(tmp_path: Path) -> None:
    cells = [-1.0, 0.0, 96.9, 97.0, 98.5, 99.0, 99.1]
    path = saved(tmp_path, study(X=cells), missing_ranges={"X": [{"lo": 97, "hi": 99}]})
    found = opened(path).cells["X"].tolist()[:7]
    assert [None if np.isnan(cell) else cell for cell in found] == [
        -1.0, 0.0, 96.9, None, None, None, 99.1,
    ]  # fmt: skip


def test_a_code_of_one_column_is_a_value_of_another(tmp_path: Path) -> None:
    path = saved(tmp_path, study(A=[9, 1, 2], B=[9, 1, 2]), missing_ranges={"A": [9]})
    table = opened(path)
    assert table.cells["A"].isna().sum() == 8
    assert table.cells["B"].tolist()[:3] == [9, 1, 2]
    assert "missing-code:B" not in {d.key for d in table.reading}


# Dates: known answers


@pytest.mark.parametrize(
    ("ending", "form", "number", "meant"),
    [
        ("sav", "DATE11", 12_219_379_200 + 946_684_800, "2000-01-01"),
        ("sav", "ADATE10", 12_219_379_200, "1970-01-01"),
        ("sav", "DATETIME20", 12_219_379_200 + 3_661, "1970-01-01 01:01:01"),
        ("sav", "SDATE10", 0, "1582-10-14"),
        ("dta", "%td", 0, "1960-01-01"),
        ("dta", "%td", -3_653, "1949-12-31"),
        ("dta", "%tdD_m_Y", 14_610, "2000-01-01"),
        ("dta", "%tc", 86_400_000, "1960-01-02"),
        ("dta", "%tm", 732, "2021-01-01"),
        ("dta", "%tq", 245, "2021-04-01"),
        ("dta", "%th", 123, "2021-07-01"),
        ("dta", "%tw", 3_172, "2021-01-01"),
        ("dta", "%tw", -1, "1959-12-24"),
        ("xpt", "DATE9", 22_281, "2021-01-01"),
        ("xpt", "DATETIME20", 86_400 + 90, "1960-01-02 00:01:30"),
        ("xpt", "YYMMDD10", -1, "1959-12-31"),
    ],
)
def test_stored_numbers_are_the_days_of_their_program(
    tmp_path: Path, ending: str, form: str, number: int, meant: str
) -> None:
    """By hand: SPSS counts seconds since 14 October 1582 (12,219,379,200 to the start of Unix),
    Stata and SAS days since 1960 (14,610 to the year 2000)."""
    path = saved(tmp_path, study(SEEN=[float(number)]), ending, variable_format={"SEEN": form})
    found = opened(path).cells["SEEN"]
    assert found.tolist() == [pd.Timestamp(meant)] * ROWS


def test_a_part_of_a_year_is_said_to_be_its_first_day(tmp_path: Path) -> None:
    path = saved(tmp_path, study(VISIT=[732.0, 733.0]), "dta", variable_format={"VISIT": "%tm"})
    told = decided(opened(path), "dates:VISIT")
    assert "holds months" in told.sentence
    assert "each was read as its first day" in told.sentence
    assert told.cells == ROWS


def test_a_missing_date_is_missing_and_its_neighbours_stay(tmp_path: Path) -> None:
    days = [22_280.0, np.nan, 22_282.0]
    path = saved(tmp_path, study(SEEN=days), "dta", variable_format={"SEEN": "%td"})
    cells = opened(path).cells["SEEN"]
    assert cells.isna().tolist()[:3] == [False, True, False]
    assert (cells[2] - cells[0]).days == 2


# What else studies do


def test_text_that_is_filled_with_blanks_has_none(tmp_path: Path) -> None:
    path = saved(tmp_path, study(SITE=["Ulm   ", "Bonn", ""]), "xpt")
    cohort = read_cohort(path)
    assert cohort.table["SITE"].dropna().unique().tolist() == ["Ulm", "Bonn"]
    assert cohort.table["SITE"].isna().sum() == 8


@pytest.mark.parametrize("ending", ["sav", "dta"])
def test_letters_of_other_scripts_come_back(tmp_path: Path, ending: str) -> None:
    path = saved(tmp_path, study(SITE=["Zürich", "Łódź", "東京", "Αθήνα"]), ending)
    assert texts(opened(path), "SITE")[:4] == ["Zürich", "Łódź", "東京", "Αθήνα"]


def test_patients_of_a_study_are_told_by_their_column_in_every_format(tmp_path: Path) -> None:
    for ending in WRITERS:
        table = study().assign(SUBJID=[f"S{n // 2:03d}" for n in range(ROWS)])
        cohort = read_cohort(saved(tmp_path, table, ending))
        assert cohort.patient is not None
        assert cohort.variable(cohort.patient).role is Role.PATIENT
        assert len(set(cohort.patients())) == 12, ending


def test_long_record_numbers_say_what_a_floating_point_number_lost(tmp_path: Path) -> None:
    numbers = [float(2**53 + 2 * n) for n in range(ROWS)]
    path = saved(tmp_path, study().assign(HADM_ID=numbers))
    cohort = read_cohort(path)
    told = [d for d in cohort.reading if d.rule == "digits"]
    assert [d.column for d in told] == ["HADM_ID"]
    assert "last digits may be wrong" in told[0].sentence


def test_a_name_that_two_columns_share_is_impossible_and_case_is_kept(tmp_path: Path) -> None:
    table = study(Score=[1.5, 2.5]).assign(score=[3.5, 4.5] * (ROWS // 2))
    cells = opened(saved(tmp_path, table, "dta")).cells
    assert cells["Score"].tolist()[:2] == [1.5, 2.5]
    assert cells["score"].tolist()[:2] == [3.5, 4.5]


def test_an_archive_with_a_study_is_read_as_the_study(tmp_path: Path) -> None:
    import zipfile

    names = {"SEX": {0: "female", 1: "male"}}
    data = saved(tmp_path, study(SEX=[0, 1]), variable_value_labels=names).read_bytes()
    with zipfile.ZipFile(tmp_path / "study.zip", "w") as packed:
        packed.write(tmp_path / "study.sav", "data/study.sav")
    assert data.startswith(b"$FL2")
    table = opened(tmp_path / "study.zip")
    assert {"file", "format"} <= rules(table)
    assert table.labels["SEX"] == {"0": "female", "1": "male"}


def test_a_transport_file_that_lost_its_end_is_refused(tmp_path: Path) -> None:
    data = saved(tmp_path, study(), "xpt").read_bytes()
    (tmp_path / "cut.xpt").write_bytes(data[:-33])
    with pytest.raises(UserError, match="does not end with a whole record") as refused:
        opened(tmp_path / "cut.xpt")
    assert "cut.xpt" in str(refused.value)


# Any table

NUMBER = st.one_of(
    st.floats(-1e9, 1e9, allow_nan=False), st.integers(-(2**31), 2**31 - 1).map(float),
    st.just(np.nan),
)  # fmt: skip
TEXT = st.text("abcXYZ 0.5,é", max_size=7).map(str.strip)
UNITS_OF = st.dictionaries(st.integers(0, 9), st.text("abcd e", min_size=1).map(str.strip)
                           .filter(bool), min_size=1, max_size=5)  # fmt: skip


@settings(max_examples=60, deadline=None, suppress_health_check=QUIET)
@given(data=st.data(), ending=st.sampled_from(["sav", "dta", "xpt"]))
def test_any_study_comes_back_as_pyreadstat_reads_it(
    tmp_path: Path, data: st.DataObject, ending: str
) -> None:
    size = data.draw(st.integers(2, 8))

    def column(cells: st.SearchStrategy[Any]) -> list[Any]:
        return data.draw(st.lists(cells, min_size=size, max_size=size))

    table = pd.DataFrame(
        {"NUM": column(NUMBER), "TXT": column(TEXT), "CODE": column(st.integers(0, 9))}
    )
    names = {"CODE": data.draw(UNITS_OF)} if ending != "xpt" else {}
    path = saved(tmp_path, table, ending, **({"variable_value_labels": names} if names else {}))
    read = {"sav": pyreadstat.read_sav, "dta": pyreadstat.read_dta, "xpt": pyreadstat.read_xport}
    expected, about = read[ending](str(path))
    found = opened(path)
    assert list(found.cells) == list(expected)
    assert rules(found) <= {"format"}
    for name in ("NUM", "CODE"):
        assert np.array_equal(
            found.cells[name].to_numpy(dtype=float, na_value=np.nan),
            expected[name].to_numpy(dtype=float), equal_nan=True,
        )  # fmt: skip
    assert texts(found, "TXT") == ["" if pd.isna(c) else str(c) for c in expected["TXT"]]
    if names:
        assert found.labels["CODE"] == {str(code): name for code, name in names["CODE"].items()}
        assert about.variable_value_labels["CODE"] == names["CODE"]


@pytest.mark.parametrize("version", [114, 117, 118])
def test_every_version_of_stata_that_pandas_writes_is_read(tmp_path: Path, version: Any) -> None:
    table = study(SITE=["Ulm", "Bonn"]).assign(SEEN=pd.date_range("2021-01-01", periods=ROWS))
    stream = io.BytesIO()
    table.to_stata(
        stream, version=version, write_index=False, value_labels={"DIED": {0: "no", 1: "yes"}},
        convert_dates={"SEEN": "td"},
    )  # fmt: skip
    (tmp_path / "study.dta").write_bytes(stream.getvalue())
    found = opened(tmp_path / "study.dta")
    assert texts(found, "SITE")[:2] == ["Ulm", "Bonn"]
    assert found.cells["AGE"].tolist() == table["AGE"].tolist()
    assert found.cells["SEEN"].tolist() == table["SEEN"].tolist()
    assert found.labels["DIED"] == {"0": "no", "1": "yes"}
