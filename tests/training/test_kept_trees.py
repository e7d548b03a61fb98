"""A baseline of trees that is kept says what scikit-learn says, and is a model like others."""

from __future__ import annotations

from dataclasses import replace
from itertools import permutations
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from scipy.special import expit, softmax

from pmed_core.baselines import BOOSTING, FOREST
from pmed_core.cohort import Cohort
from pmed_core.errors import UserError
from pmed_core.modalities.cost import START_SECONDS
from pmed_core.modalities.tabular import tree_walks
from pmed_core.modalities.tabular.cost import cost_of
from pmed_core.modalities.tabular.preprocessing import fit_preprocessing
from pmed_core.modalities.tabular.tree_shares import shared_out
from pmed_core.modalities.tabular.trees import DOUBT, of_shares, of_sums
from pmed_core.options import FitOptions
from pmed_core.outcomes import Classes, Number, Outcome, Several, Target, TimeToEvent, YesNo
from pmed_core.outcomes.fitted import Grown, Size, apart
from pmed_core.outcomes.kinds import learning
from pmed_core.predictor import Predictor
from pmed_core.readers.tables import read_cohort
from pmed_core.training.fit import fit
from tests.training.test_fit import simulated

COHORT = simulated(200)
"""Some cells of its number are missing, and one of its inputs is a category."""
LABEL: NDArray[np.int64] = (COHORT.table["outcome"] == "1").to_numpy().astype(np.int64)
DRAW = np.random.default_rng(0)
NOBODY = np.zeros(len(LABEL), np.int64)
THREE: NDArray[np.int64] = LABEL + DRAW.integers(0, 2, len(LABEL))
BOTH = np.stack([LABEL, np.where(THREE == 1, np.nan, THREE > 1)], axis=1)
AMOUNT = LABEL * 5 + DRAW.exponential(size=len(LABEL))
KINDS: dict[str, tuple[Outcome, Target]] = {
    "yes/no": (YesNo("x", ("1",)), Target(LABEL)),
    "classes": (Classes("x", ("a", "b", "c")), Target(THREE)),
    "two classes": (Classes("x", ("a", "b")), Target(LABEL)),
    "a class that is absent": (Classes("x", ("a", "b", "c")), Target(LABEL * 2)),
    "several": (Several((YesNo("x", ("1",)), YesNo("y", ("1",)))), Target(NOBODY, actual=BOTH)),
    "number": (Number("x"), Target(NOBODY, actual=AMOUNT[:, None])),
}


def encoded() -> NDArray[np.float32]:
    inputs = COHORT.inputs
    return fit_preprocessing(COHORT.table, inputs, LABEL[:, None].astype(float)).encode(
        COHORT.table
    )


def fitted(kind: str, name: str) -> tuple[Outcome, Any, Any]:
    outcome, target = KINDS[kind]
    way = learning(outcome)
    outcome = way.started(way.settled(outcome, target), [target])
    model = way.tree_models(outcome, 0, Size(20))[name].fit(encoded(), target)
    cells = way.compatible(outcome, target).shape[-1]
    return outcome, model, model.grown(cells, way.outputs(outcome))


@pytest.mark.parametrize("kind", [one for one in KINDS if one != "number"])
def test_a_forest_says_what_scikit_learn_says(kind: str) -> None:
    outcome, model, grown = fitted(kind, FOREST)
    cells = learning(outcome).compatible(outcome, KINDS[kind][1]).shape[-1]
    everyone = np.full(cells, 1 / cells)
    theirs = model.cells(encoded())
    if theirs.shape[1] < cells:
        theirs = np.stack([theirs[:, 0], np.zeros(len(theirs)), theirs[:, 1]], axis=1)
    said = of_shares([grown], [everyone]).said(encoded()[:, None])[:, 0]
    assert said == pytest.approx((1 - DOUBT) * theirs + DOUBT * everyone, abs=1e-6)


@pytest.mark.parametrize("kind", [one for one in KINDS if one != "number"])
def test_boosting_says_what_scikit_learn_says(kind: str) -> None:
    outcome, model, grown = fitted(kind, BOOSTING)
    said = of_sums([grown]).said(encoded()[:, None])
    found = np.exp(learning(outcome).summed_cells(outcome, said[..., None, :])[:, 0, 0])
    theirs = model.cells(encoded())
    if theirs.shape[1] < found.shape[1]:
        assert found[:, 1].max() < 0.01
        found = found[:, [0, 2]] / found[:, [0, 2]].sum(axis=1, keepdims=True)
    assert found == pytest.approx(theirs, abs=1e-6)


@pytest.mark.parametrize("name", [FOREST, BOOSTING])
def test_a_number_is_scikit_learns_with_a_distribution_round_it(name: str) -> None:
    outcome, model, grown = fitted("number", name)
    way, theirs = learning(outcome), model.model.predict(encoded())
    said = of_sums([grown]).said(encoded()[:, None])
    assert said[:, 0, 0] == pytest.approx(theirs, abs=1e-5)
    cells = way.summed_cells(outcome, said[..., None, :])[:, 0, 0]
    inside = np.clip(theirs, AMOUNT.min(), AMOUNT.max())
    assert way.scores(outcome, cells)[:, 0] == pytest.approx(inside, abs=1e-5)
    assert np.median((softmax(cells, axis=1) > 0.01).sum(axis=1)) > 2


def test_trees_of_several_fits_are_filled_up_to_the_longest() -> None:
    grown = [fitted("yes/no", BOOSTING)[2], fitted("several", FOREST)[2]]
    short = type(grown[0])(grown[0].trees[:3], grown[0].base)
    both = of_sums([grown[0], short])
    one, other = (of_sums([each]).said(encoded()[:, None]) for each in (grown[0], short))
    together = both.said(np.stack([encoded()] * 2, axis=1))
    assert together == pytest.approx(np.concatenate([one, other], axis=1), abs=1e-6)


def test_an_event_that_everybody_of_whom_it_is_known_has_is_nearly_certain() -> None:
    outcome = KINDS["several"][0]
    way, known = learning(outcome), np.stack([LABEL, np.ones(len(LABEL))], axis=1)
    target = Target(NOBODY, actual=known.astype(np.float64))
    for name in (FOREST, BOOSTING):
        model = way.tree_models(outcome, 0, Size(20))[name].fit(encoded(), target)
        grown = model.grown(4, 2)
        if grown.base is None:
            said = of_shares([grown], [np.full(4, 0.5)]).said(encoded()[:, None])[:, 0, 3]
        else:
            said = expit(of_sums([grown]).said(encoded()[:, None])[:, 0, 1])
        assert (said > 0.99).all()


@pytest.mark.parametrize("name", ["forest", "boosting"])
def test_a_kept_baseline_is_a_model(name: str, tmp_path: Path) -> None:
    options = FitOptions.model_validate({"network": {"name": name}, "folds": 2, "baselines": False})
    cohort = simulated()
    found = fit(cohort, options)
    assert found.evaluation.measures["auroc"].value > 0.75
    assert found.card["model"] == options.network.title
    assert (found.card["weights"], found.card["trees"] > 0) == (0, True)
    kept = found.held_out()
    assert (kept.low < kept.high).mean() > 0.9, "five of them a fold differ"
    why = found.explain(cohort.select(np.arange(3)))
    assert np.abs(why.base + why.shap.sum(axis=1) - why.prediction).max() < 1e-6
    assert why.method == {"forest": "enumeration", "boosting": "exact"}[name]
    found.save(tmp_path / "model")
    again = Predictor.load(tmp_path / "model")
    assert again.predict(cohort).value == pytest.approx(found.predict(cohort).value, abs=1e-6)


def timed() -> Cohort:
    """Of whom a fifth or so are lost before the event."""
    found = simulated()
    days = DRAW.exponential(size=len(found)).round(3) + 0.01
    table = found.table.assign(days=days / (1 + 3 * (found.table["outcome"] == "1")))
    return read_cohort(table, outcome=TimeToEvent("outcome", "days", ("1",)), patient="patient")


@pytest.mark.parametrize("name", ["forest", "boosting"])
def test_trees_of_a_time_to_event_are_a_model(name: str, tmp_path: Path) -> None:
    cohort = timed()
    options = FitOptions.model_validate({"network": {"name": name}, "folds": 2, "baselines": False})
    found = fit(cohort, options)
    assert found.evaluation.measures["c_index"].value > 0.6
    assert found.card["model"] == options.network.title
    fold = replace(found, ensemble=found.ensemble.of_fold(1))
    held_out = found.held_out()
    mine = np.array(held_out.folds) == 1
    assert fold.predict(cohort).value[mine] == pytest.approx(held_out.value[mine], abs=1e-6)
    why = found.explain(cohort.select(np.arange(2)))
    assert np.abs(why.base + why.shap.sum(axis=1) - why.prediction).max() < 1e-6
    found.save(tmp_path / "model")
    again = Predictor.load(tmp_path / "model")
    assert again.predict(cohort).value == pytest.approx(found.predict(cohort).value, abs=1e-6)


def test_what_an_outcome_cannot_keep_is_refused() -> None:
    options = FitOptions.model_validate({"network": {"name": "svm"}})
    with pytest.raises(UserError, match="'SVM' cannot be the model of an outcome of the kind"):
        fit(timed(), options)


def test_boosting_of_a_time_to_event_says_what_scikit_learn_says() -> None:
    outcome: Outcome = TimeToEvent("x", "t", ("1",))
    days = DRAW.exponential(1 / (1 + 3 * LABEL)).round(3) + 0.01
    late = np.where(DRAW.random(len(LABEL)) < 0.3, days / 2, 0.0)
    target, way = Target(LABEL, time=days, entry=late), learning(outcome)
    outcome = way.started(way.settled(outcome, target), [target])
    model = way.tree_models(outcome, 0, Size())[BOOSTING].fit(encoded(), target)
    grown = model.grown(way.compatible(outcome, target).shape[-1], way.outputs(outcome))
    asked = np.concatenate([tree.feature for tree in grown.trees])
    assert asked.max() < encoded().shape[1], "no question about the interval is left"
    said = of_sums([grown]).said(encoded()[:, None])
    assert said.shape[-1] == way.sums(outcome)
    found = np.exp(way.summed_cells(outcome, said[..., None, :])[:, 0, 0])
    assert found == pytest.approx(model.cells(encoded()), abs=1e-6)


@given(st.integers(0, 2**32 - 1))
@settings(max_examples=25, deadline=None)
def test_a_tree_taken_apart_by_a_column_says_the_same_of_each_of_its_cells(seed: int) -> None:
    draw, cells = np.random.default_rng(seed), 5
    columns = draw.normal(size=(60, 2)).round(1)
    third = draw.integers(0, cells, 60)
    with_it = np.column_stack([columns, third]).astype(np.float32)
    way = learning(YesNo("x", ("1",)))
    label = (columns[:, 0] + third + draw.normal(size=60) > 2).astype(np.int64)
    forest = way.tree_models(YesNo("x", ("1",)), seed % 5, Size(3))[FOREST]
    for tree in forest.fit(with_it, Target(label)).grown(2, 1).trees:
        tree = replace(tree, value=tree.value[:, 1:])
        whole = of_sums([Grown([tree], np.zeros(1))]).said(with_it[:, None])[:, 0, 0]
        parts = of_sums([Grown(apart(tree, 2, cells), np.zeros(cells))])
        said = parts.said(with_it[:, None, :2])[:, 0]
        assert said[np.arange(60), third] == pytest.approx(whole, abs=1e-6)


@given(st.integers(0, 2**32 - 1))
@settings(max_examples=15, deadline=None)
def test_what_trees_add_is_shared_out_as_every_coalition_would(seed: int) -> None:
    draw = np.random.default_rng(seed)
    columns = draw.normal(size=(80, 5)).astype(np.float32).round(1)
    label = (columns[:, 0] * columns[:, 1] + draw.normal(size=80) > 0).astype(np.int64)
    way, outcome = learning(YesNo("x", ("1",))), YesNo("x", ("1",))
    model = way.tree_models(outcome, seed % 7, Size())[BOOSTING].fit(columns, Target(label))
    trees = of_sums([model.grown(2, 1)])
    # Two columns of one player, and one column that is nobody's and the same in all rows.
    owner, row, starts = np.array([[0, 1, 2, 2, -1]]), columns[:1], columns[1:4, None].copy()
    starts[..., 4] = row[0, 4]
    found = shared_out(trees, row, starts, owner, 3)[0, ..., 0]
    worth = tree_walks.of_coalitions(trees, row, starts, owner, 3)[0, ..., 0]
    for start in range(3):
        expected = [
            np.mean([worth[start, _joined(o, p) | 1 << p] - worth[start, _joined(o, p)]
                     for o in permutations(range(3))])
            for p in range(3)
        ]  # fmt: skip
        assert found[start] == pytest.approx(expected, abs=1e-9)


def _joined(order: tuple[int, ...], player: int) -> int:
    return sum(1 << one for one in order[: order.index(player)])


@pytest.mark.parametrize(
    ("outcome", "trees"),
    [(YesNo("x", ("1",)), 1), (Classes("x", ("a", "b", "c")), 3), (Number("x"), 1),
     (Several((YesNo("x", ("1",)), YesNo("y", ("1",)))), 2),
     (TimeToEvent("x", "t", ("1",)), 8)],
)  # fmt: skip
def test_what_boosting_costs_grows_with_the_trees_of_a_round(outcome: Outcome, trees: int) -> None:
    """Of times it took up to six times the estimate."""
    assert outcome.in_a_round == trees
    for name, times in (("boosting", trees), ("forest", 1)):
        chosen = {"network": {"name": name}, "baselines": False}
        options = FitOptions.model_validate(chosen)
        first, found = (cost_of(1900, 9, options, n)[0] - START_SECONDS for n in (1, trees))
        assert found == pytest.approx(times * first)
