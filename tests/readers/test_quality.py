"""The quality panel finds what makes a score untrue, and says when nothing does."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd

from pmed_core.outcomes.yes_no.checks import riley
from pmed_core.quality import Severity
from pmed_core.readers.quality import check
from pmed_core.readers.tables import read_cohort


def table(rows: int = 300) -> pd.DataFrame:
    generator = np.random.default_rng(5)
    frame = pd.DataFrame(generator.normal(size=(rows, 6)).round(4), columns=list("abcdef"))
    event = generator.random(rows) < 1 / (1 + np.exp(1 - frame["a"]))
    frame.insert(0, "patient_id", [f"p{n}" for n in range(rows)])
    return frame.assign(died=np.where(event, "yes", "no"))


def serious(frame: pd.DataFrame) -> set[str]:
    quality = check(read_cohort(frame.astype("str"), outcome="died"))
    return {f.check for f in quality.findings if f.severity is Severity.SERIOUS}


def test_a_clean_table_is_said_to_be_clean() -> None:
    quality = check(read_cohort(table().astype("str"), outcome="died"))
    assert not serious(table())
    assert any("0 of 300 patients appear twice" in f.sentence for f in quality.findings)


def test_a_copy_of_the_outcome_is_found() -> None:
    frame = table()
    assert "leakage" in serious(frame.assign(code=(frame.died == "yes") * 3.0 + 0.25))


def test_a_leak_that_is_not_monotone_is_found() -> None:
    frame = table()
    noise = np.random.default_rng(0).uniform(1, 2, len(frame))
    alive = np.where(np.arange(len(frame)) % 2, -1.0, 900.0)
    assert "leakage" in serious(frame.assign(x=np.where(frame.died == "yes", noise, alive)))


def test_missingness_that_tells_the_outcome_is_found() -> None:
    frame = table()
    assert "leakage" in serious(frame.assign(c=frame.c.where(frame.died == "yes")))


def test_the_same_row_under_two_patients_is_found() -> None:
    frame = table()
    again = frame.head(10).assign(patient_id=[f"q{n}" for n in range(10)])
    assert "same row twice" in serious(pd.concat([frame, again], ignore_index=True))


def test_a_date_that_only_one_outcome_has_is_found() -> None:
    frame = table()
    closed = pd.Series(pd.date_range("2024-01-01", periods=len(frame)).astype("str"))
    planted = frame.assign(closed=closed.where(frame.died == "yes", ""))
    quality = check(read_cohort(planted.astype("str"), outcome="died"))
    found = [f for f in quality.findings if f.check == "dates after the outcome"]
    assert [column for f in found for column in f.columns] == ["closed"]
    assert "missing for the other" in found[0].sentence


def test_rileys_size_grows_with_inputs() -> None:
    assert riley(40, 0.15) > riley(10, 0.15) > 0


def test_survival_time_of_a_real_table_is_found(real_tables: Path) -> None:
    path = real_tables / "icu_mortality_physionet2012_a.csv"
    quality = check(read_cohort(path, outcome="In-hospital_death", patient="recordid"))
    leaking = {c for f in quality.findings if f.check == "leakage" for c in f.columns}
    assert {"Survival", "Length_of_stay"} <= leaking
