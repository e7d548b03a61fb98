"""Tables that are not one row a patient are joined or laid out when asked, else refused."""

from __future__ import annotations

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pmed_core.errors import UserError
from pmed_core.readers.tables import read_cohort, read_for
from pmed_core.variable import Role


def redcap(patients: int = 30) -> pd.DataFrame:
    rows = []
    for n in range(patients):
        rows.append((n + 1, "baseline_arm_1", str(40 + n % 40), "mf"[n % 2], "1", "2", ""))
        rows.append((n + 1, "day_28_arm_1", "", "", "", "", str(n % 3 == 0)))
    names = ["record_id", "redcap_event_name", "age", "sex", "sym___1", "labs_complete", "died"]
    return pd.DataFrame(rows, columns=names).astype("str")


def test_an_outcome_on_rows_without_inputs_is_refused_with_the_join() -> None:
    with pytest.raises(UserError, match="all inputs are empty") as refused:
        read_cohort(redcap(), outcome="died")
    assert "--read join=patients" in refused.value.remedy


def test_what_is_the_same_in_all_rows_of_an_outcome_is_no_input_either() -> None:
    """A visit's name, beside cells that are filled at another visit."""
    rows = [row for n in range(30) for row in (
        (f"P{n}", "baseline", str(40 + n), f"{n}.5", ""),
        (f"P{n}", "day 28", "", "", str(n % 3 == 0)),
    )]  # fmt: skip
    table = pd.DataFrame(rows, columns=["patient_id", "visit", "age", "crp", "died"]).astype("str")
    with pytest.raises(UserError, match="all inputs are empty or the same in every row"):
        read_cohort(table, outcome="died")
    table.loc[1, "age"], table.loc[3, "age"] = "50", "60"
    assert len(read_cohort(table, outcome="died")) == 60


def test_joined_rows_hold_inputs_and_outcome() -> None:
    cohort = read_cohort(redcap(), outcome="died", choices={"join": "patients"})
    assert len(cohort) == 30
    assert not cohort.table[["age", "sex", "died"]].isna().any().any()
    assert any(d.rule == "join" and d.value == "patients" for d in cohort.reading)


def test_what_redcap_writes_about_rows_is_no_input() -> None:
    cohort = read_cohort(redcap())
    inputs = {v.name for v in cohort.inputs}
    assert "redcap_event_name" not in inputs
    assert "labs_complete" not in inputs
    assert cohort.patient == "record_id"


def test_values_that_differ_from_event_to_event_have_a_column_each() -> None:
    frame = redcap()
    frame["crp"] = [str(n) for n in range(len(frame))]
    cohort = read_cohort(frame, choices={"join": "patients"})
    assert cohort.table["crp (baseline_arm_1)"].tolist() == list(range(0, 60, 2))
    assert cohort.table["crp (day_28_arm_1)"].tolist() == list(range(1, 60, 2))


def test_two_rows_of_one_event_that_disagree_are_refused() -> None:
    frame = redcap(3)
    frame = pd.concat([frame, frame.assign(age="99")])
    with pytest.raises(UserError, match="two rows of the same event"):
        read_cohort(frame.reset_index(drop=True), choices={"join": "patients"})


def test_an_unknown_choice_is_refused() -> None:
    with pytest.raises(UserError, match="cannot be chosen for join"):
        read_cohort(redcap(), choices={"join": "sideways"})


def long_of(wide: pd.DataFrame) -> pd.DataFrame:
    return wide.melt("patient_id", var_name="parameter", value_name="value").dropna()


VALUES = st.lists(
    st.tuples(*(st.integers(1, 900) for _ in range(3))), min_size=3, max_size=20
)  # fmt: skip


@settings(max_examples=40, deadline=None)
@given(VALUES, st.randoms(use_true_random=False))
def test_a_table_made_long_is_read_wide_again(rows, random) -> None:  # type: ignore[no-untyped-def]
    wide = pd.DataFrame([[c / 10 for c in row] for row in rows], columns=["crp", "hb", "alt"])
    wide.insert(0, "patient_id", [f"p{n}" for n in range(len(wide))])
    long = long_of(wide)
    order = list(range(len(long)))
    random.shuffle(order)
    read = read_cohort(long.iloc[order].astype("str"), choices={"pivot": "first"})
    found = read.table.assign(patient_id=read.table["patient_id"]).set_index("patient_id")
    for name in ("crp", "hb", "alt"):
        back = found[name].astype("str").astype(float).reindex(wide["patient_id"])
        assert back.tolist() == pytest.approx(wide[name].tolist())


def test_single_measurements_are_no_rows_of_patients() -> None:
    wide = pd.DataFrame({"patient_id": list("abcd"), "crp": [1.5, 2, 3, 4], "hb": [9.5, 8, 7, 6]})
    long = long_of(wide).assign(died=["yes", "no"] * 4).astype("str")
    with pytest.raises(UserError, match="Each row is one measurement"):
        read_cohort(long, outcome="died")
    left = read_cohort(long, outcome="died", choices={"pivot": "none"})
    assert len(left) == 8


def test_units_and_what_stays_the_same_are_kept() -> None:
    long = pd.DataFrame(
        {
            "subject_id": ["1", "1", "2", "2"], "sex": ["m", "m", "f", "f"],
            "test": ["crp", "hb", "crp", "hb"], "result": ["1.5", "9.25", "2.5", "8.75"],
            "unit": ["mg/L", "g/dL", "mg/L", "g/dL"], "day": ["1", "2", "1", "2"],
        }
    )  # fmt: skip
    cohort = read_cohort(long, choices={"pivot": "mean"})
    assert len(cohort) == 2
    assert cohort.table["sex"].tolist() == ["m", "f"]
    assert any("'day'" in d.sentence for d in cohort.reading if d.rule == "pivot")


def test_a_later_file_is_laid_out_as_in_training() -> None:
    cohort = read_cohort(redcap(), outcome="died", choices={"join": "patients"})
    later = read_for(redcap(5), cohort.inputs, cohort.outcome, "record_id", {"join": "patients"})
    assert len(later) == 5
    assert later.observed().tolist() == [1, 0, 0, 1, 0]


def test_an_ordinary_table_is_left_alone() -> None:
    frame = pd.DataFrame(
        {"patient_id": ["1", "2", "3"], "value": ["1", "2", "3"], "test": list("aab")}
    )
    cohort = read_cohort(frame)
    assert not [d for d in cohort.reading if d.rule in ("join", "pivot")]
    assert [v.role for v in cohort.variables][0] is Role.PATIENT
