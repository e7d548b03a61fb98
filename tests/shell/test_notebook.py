"""The five lines of a notebook."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest

import pmed_core
from pmed_core import Cohort, Predictor, fit, load, read_cohort
from tests.service.made import QUICK, patients


@pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")
def test_read_fit_save_load_predict_explain(tmp_path: Path) -> None:
    cohort = read_cohort(patients(), outcome="died", patient="patient_id")
    predictor = fit(cohort, QUICK)
    predictor.save(tmp_path / "model")
    again = load(tmp_path / "model")
    assert isinstance(cohort, Cohort)
    assert isinstance(again, Predictor)
    one = cohort.select(cohort.patients() == "P003")
    assert again.predict(one).value == pytest.approx(predictor.predict(one).value)
    assert again.explain(one).variables == ("age", "lactate", "sex")


def test_a_name_that_is_not_there_is_an_attribute_error() -> None:
    with pytest.raises(AttributeError, match="no attribute 'nothing'"):
        _ = pmed_core.nothing


def test_names_are_the_classes_themselves() -> None:
    from pmed_core.cohort import Cohort as Noun

    assert Cohort is Noun
    assert isinstance(Noun("a", pd.DataFrame(), ()), Cohort)
