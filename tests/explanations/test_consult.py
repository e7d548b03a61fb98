"""What is said beside the risk: novelty, position, missing cells, similar patients."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from pmed_core.cohort import Cohort
from pmed_core.modalities.tabular.consult import SIMILAR, Companions, companions, consult
from pmed_core.predictor import Predictor
from pmed_core.readers.tables import read_cohort
from pmed_core.training.fit import fit
from tests.service.made import QUICK, patients

pytestmark = pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")


@pytest.fixture(scope="module")
def cohort() -> Cohort:
    return read_cohort(patients(), outcome="died", patient="patient_id")


@pytest.fixture(scope="module")
def predictor(cohort: Cohort) -> Predictor:
    return fit(cohort, QUICK)


@pytest.fixture(scope="module")
def others(predictor: Predictor, cohort: Cohort) -> Companions:
    assert predictor.out_of_fold is not None
    return companions(predictor.ensemble, cohort, predictor.out_of_fold, None)


def row(cohort: Cohort, patient: str, **changed: object) -> pd.DataFrame:
    found = cohort.table[cohort.patients() == patient].reset_index(drop=True)
    return pd.DataFrame(found.assign(**changed))


def test_position_is_the_share_with_a_lower_risk(
    predictor: Predictor, cohort: Cohort, others: Companions
) -> None:
    found = consult(predictor.ensemble, row(cohort, "P003"), "P003", others)
    lower = (others.risk[:, 0] < found.value[0]).mean()
    assert found.position[0] == pytest.approx(lower)
    assert found.low[0] <= found.value[0] <= found.high[0]


def test_the_most_similar_patients_are_others_and_nearest_first(
    predictor: Predictor, cohort: Cohort, others: Companions
) -> None:
    twin = row(cohort, "P003")
    found = consult(predictor.ensemble, twin, "P003", others).neighbours
    assert "P003" not in {one.patient for one in found}
    assert [one.distance for one in found] == sorted(one.distance for one in found)
    assert {one.observed for one in found} <= {"event", "no event"}
    # Typed in without an id, the same values find that very patient.
    nearest = consult(predictor.ensemble, twin, "", others).neighbours[0]
    assert nearest.patient == "P003"
    assert nearest.distance == pytest.approx(0, abs=1e-6)


def test_so_many_neighbours_and_no_more(
    predictor: Predictor, cohort: Cohort, others: Companions
) -> None:
    assert (
        len(consult(predictor.ensemble, row(cohort, "P003"), "P003", others).neighbours) == SIMILAR
    )


def test_what_does_not_matter_to_the_risk_does_not_matter_to_likeness(
    predictor: Predictor, cohort: Cohort
) -> None:
    explained = predictor.explain(cohort.select(np.arange(3)))
    only_age = np.array([name == "age" for name in explained.variables]) * 1.0
    assert predictor.out_of_fold is not None
    found = companions(
        predictor.ensemble,
        cohort,
        predictor.out_of_fold,
        replace(explained, shap=np.tile(only_age, (3, 1))),
    )
    changed = row(cohort, "P003", lactate=5.0, sex="m")
    nearest = consult(predictor.ensemble, changed, "P003", found).neighbours
    ages = cohort.table["age"].set_axis(list(cohort.patients()))
    away = [abs(ages[one.patient] - ages["P003"]) for one in nearest]
    # Ranks, not years, are compared, so near ties may change places.
    assert max(away) < 4
    assert consult(predictor.ensemble, row(cohort, "P003"), "P003", found).neighbours == nearest


def test_an_imported_model_has_no_position_and_no_neighbours(
    predictor: Predictor, cohort: Cohort
) -> None:
    found = consult(predictor.ensemble, row(cohort, "P003"), "P003", None)
    assert (found.position, found.neighbours, found.missing) == ((), (), ())


def test_missing_cells_are_ranked_and_known_ones_are_not_named(
    predictor: Predictor, cohort: Cohort
) -> None:
    found = consult(
        predictor.ensemble, row(cohort, "P003", age=np.nan, lactate=np.nan), "P003", None
    )
    assert {name for name, _ in found.missing} == {"age", "lactate"}
    moves = [move for _, move in found.missing]
    assert moves == sorted(moves, reverse=True)
    assert found.neighbours == ()


def test_a_category_never_seen_is_said(predictor: Predictor, cohort: Cohort) -> None:
    found = consult(predictor.ensemble, row(cohort, "P003", sex="x"), "P003", None)
    assert found.unseen[0].startswith("sex: 'x' was never seen in training")


def test_an_age_nobody_had_is_outside_in_words(predictor: Predictor, cohort: Cohort) -> None:
    found = consult(predictor.ensemble, row(cohort, "P003", age=900.0), "P003", None)
    assert found.outside[0].startswith("age 900 is outside ")


def test_almost_everybody_in_training_is_familiar(predictor: Predictor, cohort: Cohort) -> None:
    assert predictor.ensemble.novelty.flags(cohort.table, predictor.variables).mean() <= 0.01
