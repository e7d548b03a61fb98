"""Expected gradients, and the notebook's call, against closed forms and shap."""

from __future__ import annotations

import keras
import numpy as np
import pandas as pd
import pytest
import shap

from pmed_core import fit, read_cohort, shap_values
from pmed_core.explanations.gradients import expected_gradients
from pmed_core.modalities.tabular import reasons
from pmed_core.options import FitOptions
from tests.epochs import Few

pytestmark = pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")


def network(columns: int) -> keras.Model:
    keras.utils.set_random_seed(0)
    return keras.Sequential(
        [
            keras.Input((columns,)),
            keras.layers.Dense(32, activation="relu"),
            keras.layers.Dense(16, activation="relu"),
            keras.layers.Dense(1),
        ]
    )


def rows(seed: int, count: int, columns: int) -> np.ndarray:
    return np.random.default_rng(seed).normal(size=(count, columns)).astype(np.float32)


def test_a_product_is_shared_out_as_the_closed_form_says() -> None:
    def product(x):  # type: ignore[no-untyped-def]
        return x[:, 0] * x[:, 1] + 3 * x[:, 2]

    row, background = rows(0, 1, 3)[0], rows(1, 5, 3)
    found = expected_gradients(product, row, background)
    change, middle = row - background, (row + background) / 2
    assert found.values[0] == pytest.approx((change[:, 0] * middle[:, 1]).mean(), abs=1e-5)
    assert found.values[2] == pytest.approx((3 * change[:, 2]).mean(), abs=1e-5)
    assert found.error.max() < 0.1


def test_many_columns_of_a_keras_model_add_up() -> None:
    model, row, background = network(300), rows(0, 1, 300), rows(1, 20, 300)
    found = shap_values(model, row, background, method="expected gradients")
    answer = float(np.asarray(model(row))[0, 0])
    assert abs(found.base_values[0] + found.values[0].sum() - answer) < 1e-5
    assert found.error_std.shape == (1, 300)


def test_any_function_is_explained_as_shap_would() -> None:
    def model(x: np.ndarray) -> np.ndarray:
        return np.asarray(x[:, 0] * x[:, 1] * x[:, 2] + x.sum(axis=1))

    frame = pd.DataFrame(rows(0, 3, 6), columns=list("abcdef"))
    background = rows(1, 10, 6)
    found = shap_values(model, frame, background)
    exact = shap.explainers.Exact(model, background)(frame.to_numpy())
    assert np.abs(found.values - exact.values).max() < 1e-6
    assert found.feature_names == list("abcdef")


def test_columns_of_a_group_are_one_value() -> None:
    model, row, background = network(6), rows(0, 2, 6), rows(1, 10, 6)
    found = shap_values(model, row, background, groups=[[0, 1, 2], [3], [4, 5]])
    assert found.values.shape == (2, 3)
    total = found.base_values + found.values.sum(axis=1)
    assert total == pytest.approx(np.asarray(model(row))[:, 0], abs=1e-5)


def test_expected_gradients_need_a_network() -> None:
    with pytest.raises(TypeError, match="need a Keras model"):
        shap_values(len, rows(0, 1, 2), rows(1, 2, 2), method="expected gradients")


def test_of_many_variables_networks_are_explained_by_slopes(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(reasons, "MANY", 15)
    frame = pd.DataFrame(rows(0, 300, 20), columns=[f"g{j}" for j in range(20)])
    frame["died"] = np.where(frame["g0"] + frame["g1"] > 0, "yes", "no")
    cohort = read_cohort(frame, outcome="died")
    predictor = fit(cohort, FitOptions(folds=2, baselines=False), Few(12))
    few = cohort.select(np.arange(3))
    fast = predictor.explain(few)
    assert fast.method == "expected gradients"
    assert fast.gap.max() < 1e-5
    monkeypatch.setattr(reasons, "MANY", 1000)
    reasons.reasons.cache_clear()
    slow = predictor.explain(few)
    assert slow.method == "permutations"
    assert np.corrcoef(fast.shap.ravel(), slow.shap.ravel())[0, 1] > 0.99
