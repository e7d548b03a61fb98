"""The fast game of packed networks and trees plays as whole rows would."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
import shap

from pmed_core import fit, read_cohort
from pmed_core.cohort import Cohort
from pmed_core.explanations.shapley import Masked, shapley_values
from pmed_core.modalities.tabular.game import PackedGame
from pmed_core.modalities.tabular.reasons import Care, explain, reasons
from pmed_core.options import FitOptions
from pmed_core.predictor import Predictor
from tests.epochs import Few

pytestmark = pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")


def cohort(classes: int, rows: int = 240) -> Cohort:
    """Ten numbers with holes, a category, and an outcome that three of them move."""
    draw = np.random.default_rng(0)
    numbers = draw.normal(size=(rows, 10))
    ward = draw.choice(["a", "b", "c"], rows)
    score = numbers[:, 0] * numbers[:, 1] + numbers[:, 2] + (ward == "b")
    frame = pd.DataFrame(numbers, columns=[f"x{j}" for j in range(10)])
    frame = frame.mask(draw.random(frame.shape) < 0.1)
    frame["ward"] = ward
    frame["state"] = pd.qcut(score + draw.normal(size=rows), classes, labels=False).astype(str)
    frame["state"] = "s" + frame["state"]
    positive = ("s1",) if classes == 2 else ("*",)
    return read_cohort(frame, outcome="state", positive=positive)


@pytest.fixture(scope="module", params=[("tabm", 2), ("tabm", 3), ("mlp", 2), ("linear", 2)])
def made(request: pytest.FixtureRequest) -> tuple[Predictor, Cohort]:
    network, classes = request.param
    known = cohort(classes)
    chosen = {"network": {"name": network}, "folds": 2, "baselines": False}
    return fit(known, FitOptions.model_validate(chosen), Few(12)), known


def masked(game: PackedGame, predictor: Predictor) -> Masked:
    def model(encoded: np.ndarray) -> np.ndarray:
        return np.asarray(predictor.ensemble.scores(encoded)[:, game.label])

    return Masked(model, game.row, game.background, game.owner, game.players)


def played(made: tuple[Predictor, Cohort], row: int, typical: int = 4) -> PackedGame:
    predictor, known = made
    why = reasons(predictor.ensemble, predictor.labels[-1], Care(starts=typical))
    encoded = predictor.ensemble.encode(known.table.iloc[[row]])[0]
    return PackedGame(
        predictor.ensemble.networks, why.label, encoded, why.background, why.owner, len(why.read)
    )


def test_walks_answer_as_whole_rows_do(made: tuple[Predictor, Cohort]) -> None:
    game, draw = played(made, 3), np.random.default_rng(0)
    order = np.stack([draw.permutation(game.players) for _ in range(game.starts)])
    orders = np.broadcast_to(order, (game.parts, *order.shape))
    whole = masked(game, made[0]).walked(order[None])
    assert np.abs(game.walked(orders).mean(axis=0) - whole[0]).max() < 1e-5


def test_coalitions_answer_as_whole_rows_do(made: tuple[Predictor, Cohort]) -> None:
    predictor, _ = made
    game = played(made, 5)
    few = np.arange(8)
    row = game.background[1].copy()
    mine = np.isin(game.owner, few)
    row[mine] = game.row[mine]
    one = PackedGame(game.networks, game.label, row, game.background[1:2], game.owner, game.players)
    found, exact = (
        shapley_values(g, 0.0) for g in (one.among(few), masked(one.among(few), predictor))
    )
    assert np.abs(found.shap - exact.shap).max() < 1e-6
    assert found.base == pytest.approx(exact.base, abs=1e-6)


def test_explanations_add_up_and_agree_with_shap(made: tuple[Predictor, Cohort]) -> None:
    predictor, known = made
    rows = known.select(np.arange(3))
    found = explain(
        predictor.ensemble, rows, predictor.labels[-1], Care(tolerance=0.002, rounds=60)
    )
    assert np.abs(found.base + found.shap.sum(axis=1) - found.prediction).max() < 1e-5
    assert found.to_shap().values.shape == (3, 11)
    game = played(made, 0, 16)
    flat = game.background.reshape(len(game.background), -1)
    shape, owner = game.row.shape, game.owner

    def model(present: np.ndarray) -> np.ndarray:
        """shap masks variables, not columns: a row of 0 and 1 says which are the patient's."""
        padded = np.concatenate([present > 0, np.zeros((len(present), 1), bool)], axis=1)
        each = [
            predictor.ensemble.scores(np.where(padded[:, owner], game.row, start.reshape(shape)))
            for start in flat
        ]
        return np.asarray(np.mean(each, axis=0)[:, game.label])

    nobody, all_of_them = np.zeros((1, 11)), np.ones((1, 11))
    exact = shap.explainers.Exact(model, nobody)(all_of_them).values[0]
    off = np.abs(found.shap[0] - exact)
    assert (off <= 4 * found.standard_error[0] + 1e-5).all()
