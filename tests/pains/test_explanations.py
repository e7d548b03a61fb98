"""Explanations that add up, arrive, and say what their numbers are."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from pmed_core import read_cohort
from pmed_core.explanations.shapley import Masked, shapley_values
from pmed_core.figures import contributions, tables
from pmed_core.modalities.tabular.reasons import TYPICAL
from pmed_core.predictor import Predictor
from pmed_core.service import cohorts, patients
from pmed_core.settings import settings
from pmed_core.store.store import open_store
from tests.service.made import Installation
from tests.service.made import patients as made_up

pytestmark = pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")


def test_3_explanations_do_not_add_up(trained: Installation) -> None:
    """shap#930, #1015, explainerdashboard#190: the bars do not sum to the prediction."""
    cells = cohorts.cells(trained.cohort, "P003")
    risk = patients.consult(trained.model, cells, "P003").value[0]
    found = patients.explain(trained.model, cells, "yes", "P003")
    assert found.variables == ("age", "lactate", "sex")
    total = float(found.base[0] + found.shap[0].sum())
    assert 1 / (1 + np.exp(-total)) == pytest.approx(risk, abs=1e-6)


def test_3_explanations_do_not_run_on_keras_models(trained: Installation) -> None:
    """shap#2875, #1238: shap's own figures work with what the notebook call returns."""
    package = open_store(settings()).models.package(trained.model)
    cohort = read_cohort(made_up(), outcome="died", patient="patient_id")
    explained = Predictor.load(package).explain(cohort.select(np.arange(3))).to_shap()
    assert explained.values.shape == (3, 3)
    assert explained.feature_names == ["age", "lactate", "sex"]


def test_4_explanations_are_too_slow() -> None:
    """shap#1304, explainerdashboard#140: the model is asked row by row, for hours."""
    asked: list[int] = []

    def model(rows: NDArray[np.float64]) -> NDArray[np.float64]:
        asked.append(len(rows))
        return np.asarray(rows.sum(axis=1))

    variables = 200
    generator = np.random.default_rng(0)
    background = generator.normal(size=(TYPICAL, variables))
    row = generator.normal(size=variables)
    game = Masked(model, row, background, np.arange(variables), variables)
    shapley_values(game, 0.05)
    # A model without interactions needs two rounds, asked in large batches.
    assert len(asked) <= 2 * TYPICAL
    assert sum(asked) <= 2 * TYPICAL * 2 * variables


def test_5_log_odds_or_probability(trained: Installation) -> None:
    """shap#2204, #1411: nobody knows what a bar of 0.7 means."""
    cells = cohorts.cells(trained.cohort, "P003")
    found = patients.explain(trained.model, cells, "yes", "P003")
    titles = [contributions.waterfall(found).layout.xaxis.title.text]
    titles += list(tables.contribution(found).columns)
    assert "Risk (log-odds scale)" in titles
    assert {"Log-odds", "Risk after it"} <= set(titles)
    assert "%" in contributions.waterfall_caption(found, "died is yes")
