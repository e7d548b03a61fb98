"""Rows that are the same, or nearly, under two patients; and crowds that are so by chance."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd

from pmed_core.cohort import Cohort
from pmed_core.readers.tables import read_cohort
from pmed_core.readers.twins import same_rows

GENERATOR = np.random.default_rng(0)


def mixed(rows: int = 200) -> pd.DataFrame:
    return pd.DataFrame(
        {
            "patient_id": [f"p{n}" for n in range(rows)],
            "age": GENERATOR.integers(20, 90, rows),
            "pressure": GENERATOR.integers(90, 190, rows),
            "glucose": GENERATOR.normal(6, 1, rows).round(1),
            "sodium": GENERATOR.normal(140, 3, rows).round(0),
            "creatinine": GENERATOR.gamma(3, 0.4, rows).round(2),
            "ward": GENERATOR.choice(["a", "b", "c"], rows),
            "smoker": GENERATOR.choice(["yes", "no"], rows),
        }
    )


def cohort(frame: pd.DataFrame) -> Cohort:
    return read_cohort(frame.astype("str"), patient="patient_id")


def test_a_copied_row_with_two_changed_cells_is_found() -> None:
    frame = mixed()
    again = frame.iloc[[7]].assign(patient_id="other", sodium=150.0, ward="c")
    pairs = same_rows(cohort(pd.concat([frame, again], ignore_index=True)))
    assert pairs.tolist() == [[7, 200]]


def test_numbers_that_were_only_shaken_are_found() -> None:
    frame = mixed()
    again = frame.iloc[[3]].assign(patient_id="other")
    again[["glucose", "creatinine"]] += 0.004
    assert [3, 200] in same_rows(cohort(pd.concat([frame, again], ignore_index=True))).tolist()


def test_unrelated_patients_are_not_called_alike() -> None:
    """With three numbers and many patients, two come near one another by chance."""
    for seed, correlation in enumerate((0.0, 0.0, 0.0, 0.6, 0.6, 0.9)):
        made = np.random.default_rng(seed).normal(size=(600, 3))
        made[:, 1:] = correlation * made[:, :1] + (1 - correlation**2) ** 0.5 * made[:, 1:]
        frame = pd.DataFrame(made.round(4), columns=["sodium", "glucose", "creatinine"])
        frame.insert(0, "patient_id", [f"p{n}" for n in range(600)])
        assert not len(same_rows(cohort(frame))), (seed, correlation)


def test_rows_of_one_patient_are_no_finding() -> None:
    frame = mixed()
    assert not len(same_rows(cohort(pd.concat([frame, frame.iloc[[7]]], ignore_index=True))))


def test_short_rows_of_codes_repeat_by_chance() -> None:
    frame = mixed(400)[["patient_id", "ward", "smoker"]].assign(visits=np.arange(400) % 3)
    assert not len(same_rows(cohort(frame)))


def test_a_few_scores_in_whole_numbers_repeat_by_chance() -> None:
    """Severity, days of stay and days of survival of many patients, as in intensive care."""
    draw = np.random.default_rng(3)
    stay = draw.geometric(0.1, 3000)
    frame = pd.DataFrame(
        {
            "patient_id": [f"p{n}" for n in range(3000)],
            "severity": draw.binomial(40, 0.4, 3000), "failure": draw.poisson(9, 3000),
            "stay": stay, "survival": np.where(draw.random(3000) < 0.8, -1, stay),
        }
    )  # fmt: skip
    assert frame.drop(columns="patient_id").duplicated().any()
    assert not len(same_rows(cohort(frame)))


def test_a_cohort_without_inputs_has_none() -> None:
    assert not len(same_rows(cohort(mixed()[["patient_id"]])))


def test_the_patient_who_stands_twice_in_a_real_table_is_found(real_tables: Path) -> None:
    found = same_rows(read_cohort(real_tables / "heart_disease_cleveland.csv"))
    assert [302, 303] in found.tolist()


def with_copies(tmp_path: Path) -> Path:
    """200 patients, of whom two stand in the table twice and one a third time; one has two rows."""
    frame = mixed()
    copied = [
        frame.iloc[[7]].assign(patient_id="c7"), frame.iloc[[7]].assign(patient_id="d7"),
        frame.iloc[[30]].assign(patient_id="c30", sodium=150.0), frame.iloc[[50]],
    ]  # fmt: skip
    path = tmp_path / "t.csv"
    pd.concat([frame, *copied], ignore_index=True).to_csv(path, index=False)
    return path


def test_the_later_of_two_rows_is_left_out_and_said(tmp_path: Path) -> None:
    path = with_copies(tmp_path)
    whole = read_cohort(path, patient="patient_id")
    found = read_cohort(path, patient="patient_id", choices={"repeated-rows": "left out"})
    gone = set(range(len(whole))) - {200, 201, 202}
    pd.testing.assert_frame_equal(
        found.table, whole.table.iloc[sorted(gone)].reset_index(drop=True)
    )
    (told,) = [one for one in found.reading if one.rule == "repeated-rows"]
    assert "3 rows that repeat another patient's were left out" in told.sentence
    assert "In 1 of " in told.sentence
    assert told.options == ("kept", "left out")
    assert not len(same_rows(found))


def test_rows_are_kept_without_that_choice_and_with_its_contrary(tmp_path: Path) -> None:
    path = with_copies(tmp_path)
    assert len(read_cohort(path)) == len(read_cohort(path, choices={"repeated-rows": "kept"}))


def test_visits_of_a_patient_whose_column_a_person_names_are_no_copies(tmp_path: Path) -> None:
    frame = pd.concat([mixed(), mixed().iloc[:0]]).rename(columns={"patient_id": "who is it"})
    visits = pd.concat([frame, frame.iloc[:40]], ignore_index=True)
    path = tmp_path / "t.csv"
    visits.to_csv(path, index=False)
    choices = {"repeated-rows": "left out"}
    assert len(read_cohort(path, patient="who is it", choices=choices)) == 240
