"""Patients like this one below a threshold: near, few changes, within what was observed."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from pmed_core import fit, read_cohort
from pmed_core.cohort import Cohort
from pmed_core.errors import UserError
from pmed_core.figures.trust import certainty, verdict
from pmed_core.limits import Limit, Limits
from pmed_core.modalities.tabular.counterfactual import CHANGES_AT_MOST, Search, counterfactuals
from pmed_core.modalities.tabular.reasons import Care, explain
from pmed_core.modalities.tabular.trust import check
from pmed_core.options import FitOptions
from pmed_core.predictor import Predictor
from pmed_core.work import Cell

pytestmark = pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")
ILL: dict[str, Cell] = {"pressure": 2.0, "sugar": 1.5, "smoker": "yes", "age": 60.0}
ILL.update({f"noise{j}": 0.0 for j in range(8)})


@pytest.fixture(scope="module")
def predictor() -> Predictor:
    """Pressure and smoking raise the risk, sugar lowers it a little; the rest does nothing."""
    return fit(cohort(), FitOptions(folds=2, baselines=False))


def cohort() -> Cohort:
    draw = np.random.default_rng(0)
    rows = 800
    frame = pd.DataFrame(draw.normal(size=(rows, 10)), columns=list(ILL)[:2] + list(ILL)[4:])
    frame["smoker"] = draw.choice(["yes", "no"], rows)
    frame["age"] = draw.integers(20, 90, rows)
    score = 2 * frame["pressure"] - 0.4 * frame["sugar"] + 1.5 * (frame["smoker"] == "yes") - 1
    frame["died"] = np.where(draw.random(rows) < 1 / (1 + np.exp(-score)), "yes", "no")
    return read_cohort(frame, outcome="died")


def search(predictor: Predictor, *names: str, threshold: float = 0.3) -> Search:
    limits = Limits(tuple(Limit(name) for name in names))
    return Search.within(predictor.ensemble, ILL, limits, "yes", threshold)


def test_one_change_is_enough_and_no_larger_than_needed(predictor: Predictor) -> None:
    found = counterfactuals(search(predictor, "pressure", "smoker", "sugar"))
    assert found[0].reached
    assert all(len(one.changes) == 1 for one in found)
    [change] = next(one.changes for one in found if one.changes[0].variable == "pressure")
    assert change.before == 2.0
    assert isinstance(change.after, float)
    [low, high] = next(v.range for v in predictor.variables if v.name == "pressure") or (0, 0)
    assert low <= change.after <= high
    further = search(predictor, "pressure").costs([{"pressure": (change.after + 2.0) / 2}])
    assert further[0] > 0.3


def test_only_what_may_change_does(predictor: Predictor) -> None:
    found = counterfactuals(search(predictor, "smoker", "sugar", "noise0", threshold=0.02))
    assert not found[0].reached
    assert {c.variable for c in found[0].changes} <= {"smoker", "sugar", "noise0"}
    assert len(found[0].changes) <= CHANGES_AT_MOST
    with pytest.raises(UserError, match="No input is chosen"):
        search(predictor)


def test_a_patient_outside_the_data_is_told(predictor: Predictor) -> None:
    odd = replace(search(predictor, "pressure"), cells={**ILL, "noise0": 40.0})
    found = counterfactuals(odd)
    assert "noise0 40" in found[0].outside[0]


def test_a_learnt_explanation_passes_and_one_of_nothing_would_not(predictor: Predictor) -> None:
    # Of a patient with a plain reason: of others one random order in seven may do as well.
    everybody = cohort()
    patient = everybody.select(np.array([int(everybody.table["pressure"].argmax())]))
    found = check(predictor.ensemble, patient, "yes")
    assert found.gap < 1e-5
    assert 0 < found.standard_error < 0.2
    assert found.removed[0] == 0
    assert found.removed[-1] == 1
    assert found.strongest[0] == pytest.approx(found.random[0])
    assert found.strongest[-1] == pytest.approx(found.base)
    assert verdict(found).startswith("It passes")
    assert verdict(replace(found, alike=0.9)).startswith("Do not rely")
    assert found.beaten == found.orders
    assert "in 1 of 7" in verdict(replace(found, beaten=6))
    said = certainty(explain(predictor.ensemble, patient, "yes", Care()))
    assert said.startswith("By permutations: the standard error is at most")
