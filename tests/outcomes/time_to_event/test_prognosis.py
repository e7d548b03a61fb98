"""A time to event from the table to the package: what is read, learnt, kept and said."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from pmed_core.errors import UserError
from pmed_core.modalities.kinds import evaluable
from pmed_core.options import FitOptions
from pmed_core.outcomes import TimeToEvent
from pmed_core.outcomes.time_to_event import checks, grid
from pmed_core.predictor import Predictor
from pmed_core.quality import Severity
from pmed_core.readers.quality import check
from pmed_core.readers.tables import read_cohort, read_for
from pmed_core.training.fit import fit
from pmed_core.training.folds import outer_folds
from tests.outcomes.time_to_event.made import cohort, followed
from tests.shell.typed import shell

OPTIONS = FitOptions.model_validate({"folds": 2})


@pytest.fixture(scope="module")
def trained() -> Predictor:
    return fit(cohort(), OPTIONS)


def test_the_columns_of_the_outcome_are_no_inputs_and_are_said() -> None:
    found = cohort()
    outcome = found.chosen_outcome()
    assert isinstance(outcome, TimeToEvent)
    assert (outcome.positive, outcome.negative, outcome.unit) == (("yes",), ("no",), "months")
    assert [v.name for v in found.inputs] == ["marker", "noise", "ward"]
    assert any("'months' is the time to the event" in note for note in found.notes)
    target = found.target()
    assert target.time == pytest.approx(followed()["months"].to_numpy())
    assert (target.observed == (followed()["died"] == "yes")).all()


def test_horizons_that_the_data_chose_are_said() -> None:
    found = read_cohort(followed(), outcome=TimeToEvent("died", "months", ()), patient="patient")
    shown = ", ".join(found.chosen_outcome().labels)
    assert f"Risks are stated at {shown} months: times chosen from the data." in found.notes
    assert not any("chosen from the data" in note for note in cohort().notes)


def test_a_file_without_the_time_is_not_evaluated(trained: Predictor) -> None:
    bare = read_for(followed(40).drop(columns="months"), trained.variables, trained.outcome)
    with pytest.raises(UserError, match="The outcome 'months' is missing"):
        evaluable(bare)


def test_held_out_patients_tell_a_fold_nothing_but_how_finely_time_is_cut(
    trained: Predictor,
) -> None:
    rows, outcome = cohort(), trained.outcome
    assert isinstance(outcome, TimeToEvent)
    target, outer = rows.target(), outer_folds(rows, 2, OPTIONS.seed)
    assert len(outcome.left) == len(trained.ensemble.networks.folds)
    for fold, left in zip(trained.ensemble.networks.folds, outcome.left, strict=True):
        own = target.select(outer[fold][0])
        times, survival = grid.kaplan_meier(own.time, own.observed == 1)
        assert left == pytest.approx(grid.steps(times, survival, np.array(outcome.cuts[1:])))
    alone = trained.of_fold(0).outcome
    assert isinstance(alone, TimeToEvent)
    assert len(alone.left) == trained.ensemble.networks.folds.count(0)


def test_other_events_compete_and_are_named() -> None:
    table = followed()
    table["status"] = np.where(table["died"] == "yes", "dead", "alive")
    table.loc[::9, "status"] = "transplanted"
    found = read_cohort(
        table.drop(columns="died"), outcome=TimeToEvent("status", "months", ("dead",)),
        patient="patient",
    )  # fmt: skip
    outcome = found.chosen_outcome()
    assert isinstance(outcome, TimeToEvent)
    assert outcome.competing == ("transplanted",)
    assert outcome.negative == ("alive",)
    assert any("competing event" in note for note in found.notes)
    assert (found.observed()[::9] == 0).all()
    drawn = check(found).incidences
    assert list(drawn) == ["dead", "transplanted"]
    ends = [line.y[-1] for line in drawn.values()]
    assert 0 < ends[1] < ends[0] < 1
    assert sum(ends) <= 1
    assert all(line.low[-1] < line.y[-1] < line.high[-1] for line in drawn.values())


def test_nothing_competes_where_there_is_one_event() -> None:
    assert check(cohort()).incidences == {}


def test_a_patient_without_follow_up_is_not_used_and_it_is_said() -> None:
    table = followed()
    table.loc[[3, 4], "months"] = [0.0, np.nan]
    found = read_cohort(table, outcome=TimeToEvent("died", "months", ()), patient="patient")
    assert found.observed()[[3, 4]].tolist() == [-1, -1]
    told = [f for f in check(found).findings if f.check == "time of the outcome"]
    assert {finding.severity for finding in told} == {Severity.WARNING}
    assert [finding.sentence for finding in told] == [
        "'months' is unknown for 1 patient, who is not used.",
        "'months' is 0 or less for 1 patient, who is not used.",
    ]


@pytest.mark.parametrize("column", ["ward", "died"])
def test_what_is_no_time_is_refused(column: str) -> None:
    with pytest.raises(UserError, match=f"'{column}' is no column of times"):
        read_cohort(followed(), outcome=TimeToEvent("died", column, ()))


def test_too_few_events_cannot_be_learnt() -> None:
    table = followed(40)
    table["died"] = np.where(np.arange(40) < 5, "yes", "no")
    few = read_cohort(table, outcome=TimeToEvent("died", "months", ()), patient="patient")
    with pytest.raises(UserError, match="Only 5 patients have the event"):
        fit(few, OPTIONS)


def test_it_learns_who_dies_early(trained: Predictor) -> None:
    found = trained.evaluation
    assert found.measures["c_index"].low > 0.55
    assert {baseline.name for baseline in found.baselines} >= {
        "Cox regression",
        "Gradient boosting",
    }
    assert trained.labels == ("12", "24")
    said = trained.predict(cohort())
    assert (np.diff(said.value, axis=1) >= 0).all(), "risk falls with time"
    assert (np.diff(said.survival, axis=1) <= 1e-9).all()
    assert (said.low <= said.value + 1e-12).all()
    assert (said.high >= said.value - 1e-12).all()
    marker = cohort().table["marker"].to_numpy(dtype=float)
    assert np.corrcoef(marker, said.value[:, 1])[0, 1] > 0.6


def test_risks_can_be_stated_at_other_times(trained: Predictor) -> None:
    other = trained.at((6.0, 12.0, 30.0))
    said, before = other.predict(cohort()), trained.predict(cohort())
    assert said.labels == ("6", "12", "30")
    assert said.value[:, 1] == pytest.approx(before.value[:, 0])
    for horizon in (0.0, 1e6):
        with pytest.raises(UserError, match="Nothing is known of"):
            trained.at((horizon,))


def test_reasons_add_up_to_the_risk_at_a_horizon(trained: Predictor) -> None:
    rows = cohort().select(np.arange(4))
    found = trained.explain(rows, "24")
    odds = np.log(1 / (1 / trained.predict(rows).value[:, 1] - 1))
    assert found.prediction == pytest.approx(odds, abs=1e-6)
    assert found.gap.max() < 0.02
    assert np.abs(found.shap).mean(axis=0).argmax() == 0


def test_reasons_add_up_to_the_risk_that_is_left(trained: Predictor) -> None:
    rows = cohort().select(np.arange(3))
    said = trained.predict(rows)
    until = [np.interp([8.0, 24.0], said.times, line) for line in said.survival]
    left = np.array([1 - late / early for early, late in until])
    found = trained.having_lived(8.0).explain(rows, "24")
    assert 1 / (1 + np.exp(-found.prediction)) == pytest.approx(left, abs=1e-6)
    assert found.gap.max() < 0.02
    for time in (-1.0, 24.0):
        with pytest.raises(UserError, match="No risk is left"):
            trained.having_lived(time)


def test_it_says_the_same_after_saving_and_loading(trained: Predictor, tmp_path: Path) -> None:
    trained.save(tmp_path / "model")
    again = Predictor.load(tmp_path / "model")
    rows = cohort().select(np.arange(30))
    assert again.predict(rows).survival == pytest.approx(trained.predict(rows).survival, abs=1e-6)
    assert again.outcome == trained.outcome
    assert again.outcome.cuts == trained.outcome.cuts  # type: ignore[union-attr]


def test_held_out_patients_are_answered_by_their_own_fold(trained: Predictor) -> None:
    said = trained.predict(cohort(), held_out=True)
    kept = trained.out_of_fold
    assert kept is not None
    assert said.value == pytest.approx(kept.value, abs=1e-6)
    assert said.survival == pytest.approx(kept.survival, abs=1e-6)


def test_new_patients_need_no_outcome_and_evaluate_with_one(trained: Predictor) -> None:
    table = followed(120, seed=9)
    bare = read_for(table.drop(columns=["died", "months"]), trained.variables, trained.outcome)
    assert (trained.predict(bare).observed == -1).all()
    whole = read_for(table, trained.variables, trained.outcome)
    found = trained.evaluate(whole)
    assert found.n == 120
    assert found.measures["c_index"].value > 0.6


def test_noise_stays_noise() -> None:
    found = fit(cohort(200, seed=5, effect=0.0), OPTIONS).evaluation
    assert found.measures["c_index"].low < 0.55


def test_order_of_patients_does_not_matter(trained: Predictor) -> None:
    rows = cohort()
    order = np.random.default_rng(0).permutation(len(rows))
    said = trained.predict(rows).value
    assert trained.predict(rows.select(order)).value == pytest.approx(said[order], abs=1e-6)


def test_models_of_events_know_no_horizon() -> None:
    table = followed(60).drop(columns="months")
    outcome = read_cohort(table, outcome="died", patient="patient").chosen_outcome()
    with pytest.raises(UserError, match="does not predict when"):
        outcome.at((12.0,), "model")


def test_the_shell_trains_predicts_and_evaluates(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    table, model = tmp_path / "follow-up.csv", tmp_path / "model"
    followed().to_csv(table, index=False)
    shell(
        "fit", table, "--time", "months", "--event", "died", "--patient", "patient", "--folds", "2",
        "--no-baselines", "--to", model,
    )  # fmt: skip
    assert "C-index" in capfd.readouterr().out
    new, said = tmp_path / "new.csv", tmp_path / "said.csv"
    followed(50, seed=8).to_csv(new, index=False)
    shell("predict", model, new, "--horizon", "6", "18", "--to", said)
    found = pd.read_csv(said)
    assert list(found.columns) == [
        "patient", "risk_6", "low_6", "high_6", "risk_18", "low_18", "high_18",
    ]  # fmt: skip
    assert (found["risk_6"] <= found["risk_18"]).all()
    capfd.readouterr()
    shell("evaluate", model, new, "--json")
    measures = json.loads(capfd.readouterr().out)
    assert set(measures["c_index"]) == {"value", "low", "high"}
    assert measures["integrated_brier"]["value"] > 0


def test_two_outcomes_are_the_same_whatever_training_made_of_them() -> None:
    outcome = cohort().chosen_outcome()
    assert isinstance(outcome, TimeToEvent)
    assert replace(outcome, cuts=(0.0, 1.0)) == outcome
    assert replace(outcome, horizons=(1.0,)) != outcome


def test_an_event_that_competes_is_counted_apart() -> None:
    table = followed(60).assign(died=lambda t: t["died"].replace("no", "alive"))
    table.loc[table.index[table["died"] == "alive"][:4], "died"] = "transplanted"
    outcome = TimeToEvent("died", "months", ("yes",))
    found = read_cohort(table, outcome=outcome, patient="patient")
    totals = dict(checks.totals(found))
    assert totals["competing event"] == 4
    assert sum(totals.values()) == 60
    assert totals["last seen without"] == (table["died"] == "alive").sum()
