"""SHAP values against enumeration, shap's own exact explainer and the axioms."""

from __future__ import annotations

import numpy as np
import shap
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from pmed_core.explanations.shapley import Encoded, Game, Model, shapley_values

ROUNDS = 6


def game(model: Model, background: Encoded) -> Game:
    columns = background.shape[2]
    return Game(model, background, np.arange(columns)[None], columns)


def rows(seed: int, count: int, columns: int) -> Encoded:
    return np.random.default_rng(seed).normal(size=(count, 1, columns)).astype(np.float32)


def curved(encoded: Encoded) -> NDArray[np.float64]:
    x = encoded[:, 0].astype(np.float64)
    return np.asarray(x[:, 0] * x[:, 1] * x[:, 2] + np.sin(x[:, 3]) + x.sum(axis=1))


def paired(encoded: Encoded) -> NDArray[np.float64]:
    x = encoded[:, 0].astype(np.float64)
    return np.asarray(x[:, 0] * x[:, 1] + x[:, 2] * x[:, 9] + 2 * x[:, 4])


def test_few_variables_are_exact() -> None:
    background, row = rows(1, 12, 5), rows(2, 1, 5)[0]
    found = shapley_values(game(curved, background), row, 0.01, ROUNDS)
    exact = shap.explainers.Exact(lambda x: curved(x[:, None]), background[:, 0])
    assert np.abs(found.shap - exact(row).values[0]).max() < 1e-6


def test_one_pair_is_exact_for_interactions_of_two() -> None:
    background, row = rows(1, 1, 10), rows(2, 1, 10)[0]
    found = shapley_values(game(paired, background), row, 0.0, 1)
    x, b = row[0].astype(float), background[0, 0].astype(float)
    first = (x[0] - b[0]) * (x[1] + b[1]) / 2
    assert abs(found.shap[0] - first) < 1e-6
    assert abs(found.shap[4] - 2 * (x[4] - b[4])) < 1e-6


@given(seed=st.integers(0, 1000))
def test_values_add_up_and_unread_variables_get_nothing(seed: int) -> None:
    background, row = rows(seed, 16, 12), rows(seed + 1, 1, 12)[0]
    found = shapley_values(game(paired, background), row, 0.01, ROUNDS)
    assert abs(found.base + found.shap.sum() - paired(row[None])[0]) < 1e-6
    assert np.abs(found.shap[[3, 5, 6, 7, 8, 10, 11]]).max() < 1e-9


def test_sampled_values_lie_within_their_standard_errors_of_the_exact_ones() -> None:
    background, row = rows(1, 16, 10), rows(2, 1, 10)[0]
    exact = shap.explainers.Exact(lambda x: curved(x[:, None]), background[:, 0])(row)
    found = shapley_values(game(curved, background), row, 0.0, ROUNDS)
    off = np.abs(found.shap - exact.values[0])
    assert (off <= 4 * found.standard_error + 1e-6).all()
    assert found.standard_error.max() > 1e-3
    assert abs(found.base - exact.base_values[0]) < 1e-6


def test_columns_of_one_variable_move_together() -> None:
    background, row = rows(1, 8, 4), rows(2, 1, 4)[0]
    owned = Game(curved, background, np.array([[0, 0, 1, 1]]), 2)
    found = shapley_values(owned, row, 0.01, ROUNDS)
    assert found.shap.shape == (2,)
    assert abs(found.base + found.shap.sum() - curved(row[None])[0]) < 1e-9
