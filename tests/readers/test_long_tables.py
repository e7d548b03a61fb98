"""Exports of one row a visit, a form or a measurement, laid out as one row a patient."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pmed_core.cohort import Cohort
from pmed_core.errors import UserError
from pmed_core.readers.tables import read_cohort
from pmed_core.reading import Decision
from pmed_core.variable import Kind, Role


def told(cohort: Cohort, rule: str) -> Decision:
    return next(d for d in cohort.reading if d.rule == rule)


def frame(**columns: list[Any]) -> pd.DataFrame:
    return pd.DataFrame(columns, dtype="str")


def measured(people: int = 8, **more: Any) -> pd.DataFrame:
    rows = [
        (f"P{n}", test, f"{value + n:.2f}")
        for n in range(people)
        for test, value in (("crp", 1.25), ("hb", 9.5))
    ]
    return pd.DataFrame(rows, columns=["patient_id", "test", "value"], dtype="str").assign(**more)


# Measurements


@pytest.mark.parametrize(
    ("person", "what", "value"),
    [
        ("subject_id", "itemid", "valuenum"), ("person_id", "measurement_concept_id",
         "value_as_number"), ("USUBJID", "LBTESTCD", "LBSTRESN"), ("USUBJID", "PARAMCD", "AVAL"),
        ("patientunitstayid", "labname", "labresult"), ("PAT_ID", "Test Name", "Result Value"),
        ("Patient No", "LOINC", "Result"), ("patient_id", "Analyte", "Wert"),
        ("paciente_id", "prueba", "resultado"), ("id_paziente", "esame", "risultato"),
    ],
)  # fmt: skip
def test_long_tables_of_public_databases_and_hospitals_are_known(
    person: str, what: str, value: str
) -> None:
    table = measured().set_axis([person, what, value], axis=1)
    wide = read_cohort(table, choices={"pivot": "first"})
    assert wide.table[person].tolist() == [f"P{n}" for n in range(8)]
    assert wide.table["crp"].astype(float).tolist() == [1.25 + n for n in range(8)]
    assert wide.table["hb"].astype(float).tolist() == [9.5 + n for n in range(8)]
    left = read_cohort(table)
    assert not told(left, "pivot").proved
    assert len(left) == 16


@pytest.mark.parametrize("gap", ["", None, "  "])
def test_measurements_of_nobody_are_left_out_and_counted(gap: str | None) -> None:
    """They were once put together as those of one patient without a name."""
    table = measured()
    table.loc[[2, 3, 6], "patient_id"] = gap
    cohort = read_cohort(table, choices={"pivot": "mean"})
    assert cohort.table["patient_id"].tolist() == ["P0", "P2", "P3", "P4", "P5", "P6", "P7"]
    assert "3 rows have no 'patient_id' and were left out" in told(cohort, "pivot").sentence
    assert not told(cohort, "pivot").proved
    assert "16 rows of 7 patients" in told(cohort, "pivot").sentence


@pytest.mark.parametrize("how", ["first", "mean"])
def test_the_number_by_which_rows_were_put_together_stays_the_patients(how: str) -> None:
    """In one row a patient a record number says who it is; these rows it says whose they are."""
    table = pd.DataFrame(
        {"mrn": [f"47110{n:02}" for n in range(30) for _ in "ab"],
         "test": ["crp", "wbc"] * 30, "value": [str(n) for n in range(60)]}
    )  # fmt: skip
    cohort = read_cohort(table, choices={"pivot": how})
    assert cohort.table["mrn"].tolist() == [f"47110{n:02}" for n in range(30)]
    assert cohort.variable("mrn").role is Role.PATIENT
    assert cohort.table["wbc"].tolist() == list(range(1, 60, 2))


def test_values_of_nothing_are_left_out_and_counted() -> None:
    table = measured()
    table.loc[4, "test"] = ""
    cohort = read_cohort(table, choices={"pivot": "first"})
    assert list(cohort.table) == ["patient_id", "crp", "hb"]
    assert "1 row has no 'test' and was left out" in told(cohort, "pivot").sentence
    assert cohort.table["crp"].isna().tolist() == [n == 2 for n in range(8)]


def test_a_table_without_any_patient_cannot_be_laid_out() -> None:
    with pytest.raises(UserError, match="No row has a 'patient_id'"):
        read_cohort(measured().assign(patient_id=""), choices={"pivot": "first"})


def test_first_and_last_are_in_the_order_of_the_file_and_that_is_said() -> None:
    table = frame(
        patient_id=["1", "1", "2", "2"], test=["crp", "crp", "crp", "hb"],
        value=["1.5", "2.5", "3.5", "4.5"], day=["2021-03-02", "2021-03-01", "2021-01-01",
                                                "2021-01-01"],
    )  # fmt: skip
    first = read_cohort(table, choices={"pivot": "first"})
    assert first.table["crp"].astype(float).tolist() == [1.5, 3.5]
    assert "in the order of the file" in told(first, "pivot").sentence
    assert "'day'" in told(first, "pivot").sentence
    mean = read_cohort(table, choices={"pivot": "mean"})
    assert mean.table["crp"].astype(float).tolist() == [2, 3.5]
    assert "order of the file" not in told(mean, "pivot").sentence


def test_one_measurement_in_two_units_becomes_two_columns() -> None:
    table = measured(unit=["mg/L", "g/dL"] * 4 + ["mg/dL", "g/dL"] * 4)
    cohort = read_cohort(table, choices={"pivot": "first"})
    assert {"crp (mg/L)", "crp (mg/dL)", "hb"} < set(cohort.table)
    assert cohort.table["crp (mg/L)"].notna().tolist() == [True] * 4 + [False] * 4
    assert cohort.table["crp (mg/dL)"].notna().tolist() == [False] * 4 + [True] * 4
    assert cohort.variable("hb").unit == "g/dL"


@pytest.mark.parametrize("how", ["mean", "median", "min", "max"])
def test_words_have_no_mean_and_are_named(how: str) -> None:
    table = measured()
    table.loc[5, "value"] = "<0.5"
    with pytest.raises(UserError, match=f"'<0.5' is no number, so the values have no {how}"):
        read_cohort(table, choices={"pivot": how})
    kept = read_cohort(table, choices={"pivot": "last"})
    assert "limits" in {d.rule for d in kept.reading if d.column == "hb"}


def test_a_test_that_is_called_as_another_column_keeps_both() -> None:
    table = measured(age=[str(40 + n // 2) for n in range(16)])
    table["test"] = table["test"].replace({"hb": "age"})
    cohort = read_cohort(table, choices={"pivot": "first"})
    assert cohort.table["age"].tolist() == [40 + n for n in range(8)]
    assert cohort.table["age (value)"].astype(float).tolist() == [9.5 + n for n in range(8)]


@pytest.mark.parametrize(
    ("names", "why"),
    [
        (["patient_id", "test", "score"], "no column holds values"),
        (["patient_id", "ward", "value"], "no column names what was measured"),
        (["room", "test", "value"], "nobody is named"),
    ],
)
def test_other_tables_are_not_taken_for_measurements(names: list[str], why: str) -> None:
    cohort = read_cohort(measured().set_axis(names, axis=1))
    assert "pivot" not in {d.rule for d in cohort.reading}, why


CELL = st.integers(-10_000, 10_000).map(lambda value: f"{value / 100:.2f}")
LONG = st.lists(
    st.tuples(st.integers(0, 5), st.sampled_from(["crp", "hb", "Na+", "x y"]), CELL),
    min_size=12, max_size=40,
)  # fmt: skip


@settings(max_examples=40, deadline=None)
@given(rows=LONG, how=st.sampled_from(["first", "last", "mean", "min", "max", "median"]))
def test_every_measurement_is_where_pandas_puts_it(
    rows: list[tuple[int, str, str]], how: Any
) -> None:
    """Compared with ``pivot_table``, which is another way to the same table."""
    given_rows = [("P6", "crp", "1.00"), ("P6", "hb", "2.00")]
    table = pd.DataFrame(
        [(f"P{who}", what, value) for who, what, value in rows] + given_rows,
        columns=["patient_id", "test", "value"], dtype="str",
    )  # fmt: skip
    cohort = read_cohort(table, choices={"pivot": how})
    numbers = table.assign(value=table["value"].astype(float))
    expected = numbers.pivot_table(index="patient_id", columns="test", values="value", aggfunc=how)
    found = cohort.table.set_index(cohort.table.columns[0])
    assert set(found) == set(expected)
    for name in expected:
        cells = pd.to_numeric(found[name].astype("str"), errors="coerce").reindex(expected.index)
        assert np.allclose(cells, expected[name], equal_nan=True), name


# REDCap


def redcap(records: int = 12) -> pd.DataFrame:
    rows = []
    for n in range(records):
        rows += [
            (str(n), "baseline_arm_1", str(30 + n), str(n % 2), "2", ""),
            (str(n), "follow_up_arm_1", "", "", "2", ("yes", "no")[n % 2]),
        ]
    names = ["record_id", "redcap_event_name", "age", "drugs___1", "base_complete", "died"]
    return pd.DataFrame(rows, columns=names, dtype="str")


def test_a_label_export_is_the_same_table() -> None:
    labels = redcap().rename(columns={"redcap_event_name": "Event Name"})
    raw = read_cohort(redcap(), outcome="died", choices={"join": "patients"})
    again = read_cohort(labels, outcome="died", choices={"join": "patients"})
    assert again.table.equals(raw.table)


def test_rows_without_a_record_are_left_out_of_the_join_and_counted() -> None:
    table = redcap()
    table.loc[[4, 5, 9], "record_id"] = ""
    cohort = read_cohort(table, outcome="died", choices={"join": "patients"})
    assert cohort.table["record_id"].tolist() == ["0", "1", "3", *(str(n) for n in range(4, 12))]
    assert "24 rows of 11 records" in told(cohort, "join").sentence
    assert "3 rows have no 'record_id' and were left out" in told(cohort, "join").sentence
    assert not told(cohort, "join").proved


def test_a_row_of_an_event_that_says_nothing_new_adds_nothing() -> None:
    table = redcap()
    again = table.iloc[[0]].assign(age="", drugs___1="", base_complete="")
    joined = read_cohort(
        pd.concat([table, again]).reset_index(drop=True), outcome="died",
        choices={"join": "patients"},
    )  # fmt: skip
    assert len(joined) == 12
    assert joined.table["age"].tolist() == [30 + n for n in range(12)]


def test_repeated_forms_have_a_column_for_each_time() -> None:
    rows = [
        (str(n), "" if k == 0 else "labs", "" if k == 0 else str(k),
         str(50 + n) if k == 0 else "", "" if k == 0 else f"{n + k / 4:.2f}")
        for n in range(8) for k in range(3)
    ]  # fmt: skip
    names = ["record_id", "redcap_repeat_instrument", "redcap_repeat_instance", "age", "crp"]
    table = pd.DataFrame(rows, columns=names, dtype="str")
    cohort = read_cohort(table, choices={"join": "patients"})
    assert list(cohort.table) == ["record_id", "age", "crp (labs 1)", "crp (labs 2)"]
    assert cohort.table["crp (labs 2)"].astype(float).tolist() == [n + 0.5 for n in range(8)]
    assert "has a column for each: 'crp'" in told(cohort, "join").sentence


@pytest.mark.parametrize(
    ("cells", "role"),
    [(["0", "1", "2"], Role.IGNORE), (["Incomplete", "Unverified", "Complete"], Role.IGNORE),
     (["0", "1", "7"], Role.INPUT), (["early", "late", "never"], Role.INPUT)],
)  # fmt: skip
def test_whether_a_form_was_filled_in_is_no_input_but_other_columns_are(
    cells: list[str], role: Role
) -> None:
    table = redcap().assign(base_complete=[cells[n % 3] for n in range(24)])
    assert read_cohort(table).variable("base_complete").role is role


def test_a_checkbox_is_yes_or_no_and_an_input() -> None:
    cohort = read_cohort(redcap(), outcome="died", choices={"join": "patients"})
    assert cohort.variable("drugs___1").kind is Kind.YES_NO
    assert cohort.variable("drugs___1").role is Role.INPUT
    assert cohort.table["drugs___1"].tolist() == [str(n % 2) for n in range(12)]


def test_the_join_is_of_the_files_record_in_any_order_of_rows(tmp_path: Path) -> None:
    table = redcap()
    shuffled = table.sample(frac=1, random_state=3)
    shuffled.to_csv(tmp_path / "r.csv", index=False)
    cohort = read_cohort(tmp_path / "r.csv", outcome="died", choices={"join": "patients"})
    found = cohort.table.set_index("record_id")
    order = [str(n) for n in range(12)]
    assert found["age"].reindex(order).tolist() == [30 + n for n in range(12)]
    assert found["died"].reindex(order).tolist() == ["yes", "no"] * 6
