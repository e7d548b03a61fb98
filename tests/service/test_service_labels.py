"""Codes of a cohort get names, by hand and from a dictionary, and keep them."""

from __future__ import annotations

import pandas as pd
import pytest

from pmed_core.errors import UserError
from pmed_core.outcomes import YesNo
from pmed_core.service import cohorts, labels
from pmed_core.variable import Kind
from tests.service.made import as_bytes

CODED = pd.DataFrame(
    {"id": [f"P{i}" for i in range(60)], "sex": [0, 1] * 30, "cp": [1, 2, 3] * 20,
     "num": [0, 1, 2] * 20}
)  # fmt: skip


@pytest.fixture
def cohort() -> str:
    identity = cohorts.bring_in("heart.csv", as_bytes(CODED))
    variables = cohorts.cohort(identity).variables
    return cohorts.revise(identity, variables, YesNo("num", ("1", "2")))


def test_names_given_by_hand_stay_through_further_revisions(cohort: str) -> None:
    named = labels.name_values(cohort, "sex", {"0": "female", "1": "male"})
    named = labels.name_values(named, "num", {"1": "heart disease", "2": "heart disease"})
    entry = cohorts.cohort(named)
    again = cohorts.cohort(cohorts.revise(named, entry.variables, entry.outcome))
    sex = next(v for v in again.variables if v.name == "sex")
    assert sex.shown("0") == "female"
    assert again.outcome is not None
    assert again.outcome.event(again.outcome.labels[0]) == ("Heart disease (num = 1, 2)")
    said = {decision.key: decision.value for decision in again.reading}
    assert said["labels:sex"] == "0=female;1=male"


def test_a_number_that_is_named_throughout_becomes_a_category(cohort: str) -> None:
    before = next(v for v in cohorts.cohort(cohort).variables if v.name == "cp")
    assert before.kind is Kind.NUMBER
    names = {"1": "typical", "2": "atypical", "3": "none"}
    entry = cohorts.cohort(labels.name_values(cohort, "cp", names))
    after = next(v for v in entry.variables if v.name == "cp")
    assert (after.kind, after.categories) == (Kind.CATEGORY, ("1", "2", "3"))


def test_a_dictionary_names_what_it_can_and_says_the_rest(cohort: str) -> None:
    book = b"variable,values,unit\nsex,0=female;1=male,\nbmi,,kg/m2\n"
    identity, said = labels.use_dictionary(cohort, "book.csv", book)
    sex = next(v for v in cohorts.cohort(identity).variables if v.name == "sex")
    assert sex.shown("1") == "male"
    assert said[0].startswith("1 variable has")
    assert "1 variable that this table does not have: 'bmi'" in said[1]
    with pytest.raises(UserError, match="not known already"):
        labels.use_dictionary(identity, "book.csv", book)


def test_a_file_that_is_no_dictionary_changes_nothing(cohort: str) -> None:
    with pytest.raises(UserError, match="names no values"):
        labels.use_dictionary(cohort, "heart.csv", as_bytes(CODED))
    entry = cohorts.cohort(cohort)
    assert cohorts.revise(cohort, entry.variables, None), "its file is still there"
