"""What is on the wrong side of a treatment, or decides it, is found before anything is trained."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from pmed_core.outcomes import Arms, Number
from pmed_core.outcomes.effect.checks import deciding
from pmed_core.outcomes.effect.timing import sounds_later
from pmed_core.outcomes.kinds import checking
from pmed_core.quality import Finding
from pmed_core.readers.tables import read_cohort
from tests.treatment.test_models import cohort_of, table

OBSERVED = Arms("arm", reference="a")


@pytest.mark.parametrize(
    ("name", "later"),
    [
        ("cd4_week20", True), ("hba1c at 12 weeks", True), ("CRP day 3", True), ("visit_2", True),
        ("postop_crp", True), ("adherence", True), ("bp after", True), ("adverse_event", True),
        ("follow-up weight", True), ("cd4_week0", False), ("weight loss last 3 months", False),
        ("10 year risk", False), ("age_months", False), ("prior adverse event", False),
        ("hba1c", False), ("fev1", False), ("vitamin_d", False), ("bmi", False),
        ("admissions 12 months before", False), ("postal code", False), ("day", False),
    ],
)  # fmt: skip
def test_names_tell_what_was_recorded_after_treatment(name: str, later: bool) -> None:
    assert sounds_later(name) is later


def before(frame: pd.DataFrame, outcome: str) -> list[Finding]:
    cohort = read_cohort(frame, outcome=Number(outcome), treatment=OBSERVED)
    found = checking(cohort.chosen_outcome()).findings(cohort)
    return [one for one in found if one.check == "before treatment"]


@pytest.mark.parametrize(
    ("name", "early"),
    [("cd4_baseline", True), ("cd4 week 0", True), ("pre-treatment CRP", True), ("cd4", False),
     ("change from baseline", False), ("pressure", False)],
)  # fmt: skip
def test_an_outcome_that_was_measured_before_treatment_is_serious(name: str, early: bool) -> None:
    found = before(table(60).rename(columns={"y": name}), name)
    assert [one.severity for one in found] == ["serious"] * early
    assert all(one.remedy and f"'{name}'" in one.sentence for one in found)


@pytest.mark.parametrize(
    ("zero", "end"),
    [("rx_date", "pressure_date"), ("arm date", "date of death"), ("date of surgery", "relapse")],
)
def test_an_outcome_dated_before_treatment_is_counted(zero: str, end: str) -> None:
    frame = table(60).rename(columns={"y": "pressure"})
    frame[zero] = pd.Timestamp("2024-03-01")
    frame["treatment end date"] = pd.Timestamp("2024-01-01")
    frame[end] = [pd.Timestamp("2024-01-15")] * 7 + [pd.Timestamp("2024-06-01")] * 53
    (found,) = before(frame, "pressure")
    assert "in 7 of 60 patients" in found.sentence
    assert set(found.columns) == {zero, end}


def test_a_treatment_that_a_threshold_decides_is_found_wherever_it_lies() -> None:
    frame = table(300)
    for share in (0.17, 0.5, 0.61):
        cut = frame["x"].quantile(share)
        decided = frame.assign(arm=np.where(frame["x"] > cut, "b", "a"))
        assert deciding(cohort_of(decided, OBSERVED)) == ["x"]
    assert deciding(cohort_of(frame, OBSERVED)) == []


def test_where_nearly_everybody_was_given_one_option_nothing_decides_it() -> None:
    frame = table(3000)
    frame["arm"] = np.where(np.random.default_rng(0).random(3000) < 0.009, "b", "a")
    frame["site"] = np.arange(3000) % 3 == 0
    assert deciding(cohort_of(frame, OBSERVED)) == []
