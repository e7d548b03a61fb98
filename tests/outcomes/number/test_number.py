"""A number from the table to the package: what is read, learnt, kept and said."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from pmed_core.errors import UserError
from pmed_core.limits import Limit, Limits
from pmed_core.modalities.tabular.counterfactual import Search, counterfactuals
from pmed_core.modalities.tabular.membership import in_order
from pmed_core.options import FitOptions
from pmed_core.outcomes import Number, Target
from pmed_core.predictor import Predictor
from pmed_core.quality import Severity
from pmed_core.readers.quality import check
from pmed_core.readers.tables import read_cohort, read_for
from pmed_core.training.fit import fit
from pmed_core.work import Cell
from tests.outcomes.number.made import cohort, stays
from tests.shell.typed import shell

OPTIONS = FitOptions.model_validate({"folds": 3})


@pytest.fixture(scope="module")
def trained() -> Predictor:
    return fit(cohort(), OPTIONS)


def test_many_different_numbers_are_a_number_with_its_unit() -> None:
    found = cohort()
    outcome = found.chosen_outcome()
    assert outcome == Number("stay (days)", "days")
    assert [v.name for v in found.inputs] == ["marker", "noise", "ward"]
    assert any("is predicted as a number" in note for note in found.notes)
    assert found.target().actual[:, 0] == pytest.approx(stays()["stay (days)"].to_numpy())


def test_few_numbers_must_be_said_to_be_one() -> None:
    table = stays().assign(score=np.arange(240) % 7)
    with pytest.raises(UserError, match="or predict a number") as refused:
        read_cohort(table, outcome="score")
    assert "--number" in refused.value.remedy
    assert read_cohort(table, outcome=Number("score")).outcome == Number("score")
    binary = table.assign(score=np.arange(240) % 2)
    found = read_cohort(binary, outcome=Number("score"))
    assert found.target().actual[:2, 0].tolist() == [0, 1]


def test_words_are_no_numbers() -> None:
    with pytest.raises(UserError, match="'ward' holds no numbers"):
        read_cohort(stays(), outcome=Number("ward"))


def test_unknown_numbers_are_not_used_and_it_is_said() -> None:
    table = stays()
    table.loc[[3, 4, 5], "stay (days)"] = np.nan
    found = read_cohort(table, outcome="stay (days)", patient="patient")
    assert found.observed()[[2, 3, 4, 5]].tolist() == [0, -1, -1, -1]
    assert any("3 of 240 patients have no outcome" in note for note in found.notes)
    assert len(found.labelled()) == 237


def finding(table: pd.DataFrame, name: str) -> list[str]:
    found = check(read_cohort(table, outcome=Number("stay (days)"), patient="patient"))
    return [f"{f.severity.value}: {f.sentence}" for f in found.findings if f.check == name]


def test_a_number_that_nobody_knows_is_not_said_to_be_the_same_for_all() -> None:
    found = read_cohort(stays(60).assign(score=np.nan), outcome=Number("score"), patient="patient")
    said = [finding.sentence for finding in check(found).findings]
    assert "'score' is unknown for every patient." in said
    assert not any("the same 'score'" in sentence for sentence in said)


def test_what_is_worth_knowing_is_said() -> None:
    table = stays()
    (said,) = finding(table, "outcome balance")
    assert "'stay (days)' of 240 patients goes from" in said
    assert "the middle half lies between" in said
    assert finding(table, "leakage")[0].startswith(Severity.CLEAN.value)
    twin = table.assign(copy=2 * table["stay (days)"] + 1)
    assert any("'copy' alone says nearly all" in said for said in finding(twin, "leakage"))
    table.loc[0, "stay (days)"] = 4000.0
    far = finding(table, "outcome")
    assert any("far from all others" in said and "4,000)" in said for said in far)
    codes = stays().assign(**{"stay (days)": np.arange(240) % 4})
    assert any("only 4 different values" in s for s in finding(codes, "outcome"))
    same = stays().assign(**{"stay (days)": 3.5})
    assert any("Every patient has the same" in s for s in finding(same, "outcome"))


def test_it_learns_and_its_intervals_hold(trained: Predictor) -> None:
    found = trained.evaluation
    assert found.measures["r2"].value > 0.3
    assert 0.82 <= found.measures["coverage"].value <= 0.97
    assert {baseline.name for baseline in found.baselines} >= {"Ridge regression", "Random forest"}
    said = trained.held_out()
    assert (said.low <= said.value).all()
    assert (said.value <= said.high).all()
    assert said.low.min() >= stays()["stay (days)"].min(), "no stay shorter than any that was seen"
    assert said.interval == trained.outcome.interval


def test_longer_predictions_have_wider_intervals(trained: Predictor) -> None:
    said = trained.held_out()
    width = (said.high - said.low)[:, 0]
    assert np.corrcoef(said.value[:, 0], width)[0, 1] > 0.5


def test_the_explanation_adds_up_in_days(trained: Predictor) -> None:
    found = trained.explain(cohort().select(np.arange(3)), held_out=False)
    assert found.quantity.scale == "days"
    assert found.gap.max() < 1e-5
    said = trained.predict(cohort().select(np.arange(3))).value[:, 0]
    assert found.prediction == pytest.approx(said, abs=1e-6)
    assert np.abs(found.shap).mean(axis=0).argmax() == found.variables.index("marker")


@pytest.mark.parametrize("at_least", [False, True])
def test_a_change_that_reaches_a_goal_is_found(trained: Predictor, at_least: bool) -> None:
    cells: dict[str, Cell] = {"marker": 0.0, "noise": 0.0, "ward": "A"}
    label = trained.labels[0]
    limits = Limits((Limit("marker"),), (label,) if at_least else ())
    now = trained.predict(pd.DataFrame([cells])).value[0, 0]
    goal = now * (1.3 if at_least else 0.8)
    first = counterfactuals(Search.within(trained.ensemble, cells, limits, label, goal))[0]
    assert first.reached
    assert (first.value >= goal) == at_least
    assert (float(first.changes[0].after or 0) > 0) == at_least


def test_a_package_says_the_same_again(trained: Predictor, tmp_path: Path) -> None:
    trained.save(tmp_path / "model")
    again = Predictor.load(tmp_path / "model")
    rows = cohort().select(np.arange(20))
    before, after = trained.predict(rows), again.predict(rows)
    for name in ("value", "low", "high"):
        assert getattr(after, name) == pytest.approx(getattr(before, name), abs=1e-6)
    assert again.ensemble.networks.stretch == trained.ensemble.networks.stretch
    assert again.outcome.quantities == trained.outcome.quantities


def test_new_patients_are_read_and_evaluated(trained: Predictor) -> None:
    new = stays(100, seed=9)
    read = read_for(new, trained.variables, trained.outcome, "patient")
    found = trained.evaluate(read)
    assert found.n == 100
    assert found.measures["r2"].value > 0.2
    bare = read_for(new.drop(columns="stay (days)"), trained.variables, trained.outcome)
    assert np.isnan(trained.predict(bare).actual).all()
    assert (trained.predict(bare).observed == -1).all()


def test_the_order_of_patients_does_not_matter(trained: Predictor) -> None:
    rows, order = cohort(), np.random.default_rng(0).permutation(240)
    said = trained.predict(rows).value
    assert trained.predict(rows.select(order)).value == pytest.approx(said[order], abs=1e-6)


def test_the_shell_says_value_low_and_high(
    trained: Predictor, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    trained.save(tmp_path / "model")
    stays(60, seed=9).to_csv(tmp_path / "new.csv", index=False)
    assert not shell(
        "predict", tmp_path / "model", tmp_path / "new.csv", "--to", tmp_path / "out.csv"
    )
    found = pd.read_csv(tmp_path / "out.csv")
    assert list(found.columns) == ["patient", "value", "low", "high"]
    assert (found["low"] <= found["value"]).all()
    capsys.readouterr()
    assert not shell("evaluate", tmp_path / "model", tmp_path / "new.csv", "--json")
    measures = json.loads(capsys.readouterr().out)
    assert {"r2", "rmse", "mae", "coverage"} <= set(measures)
    assert set(measures["r2"]) == {"value", "low", "high"}


def test_patients_alike_in_all_inputs_are_told_apart_by_their_outcome() -> None:
    hashes = np.array([5, 5, 2, 5], dtype=np.uint64)
    actual = np.array([[3.0], [1.0], [9.0], [2.0]])
    whole = Target(np.zeros(4, dtype=np.int64), actual=actual)
    there = np.array([2, 0, 3, 1])
    first = in_order(hashes, whole)
    again = in_order(hashes[there], whole.select(there))
    assert actual[first, 0].tolist() == actual[there][again, 0].tolist() == [9, 1, 2, 3]
