"""Models of treatments: known effects are found, none is invented, and what cannot be told is
said."""

from __future__ import annotations

import io
import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import pmed_core
from pmed_core import load
from pmed_core.cohort import Cohort
from pmed_core.errors import UserError
from pmed_core.modalities.tabular.options import LinearOptions
from pmed_core.options import TreatmentOptions
from pmed_core.outcomes import Arms, Effect, Number
from pmed_core.outcomes.effect import diagnostics_figures as figures
from pmed_core.outcomes.effect.checks import deciding
from pmed_core.outcomes.effect.diagnostics import diagnostics_of
from pmed_core.outcomes.kinds import checking
from pmed_core.predictor import Predictor
from pmed_core.readers import quality
from pmed_core.readers.tables import read_cohort, read_for
from pmed_core.samples.catalogue import SAMPLES
from pmed_core.shell.main import main
from pmed_core.variable import Role
from tests.epochs import Few, at_most

RANDOMISED = Arms("arm", reference="a", randomised=True)


def options(**more: object) -> TreatmentOptions:
    plain = {"network": LinearOptions(), "folds": 2, "cross_fitting": 2, "baselines": False}
    return TreatmentOptions.model_validate(plain | more)


def fit(cohort: Cohort, asked: TreatmentOptions, epochs: int = 40) -> Predictor:
    return pmed_core.fit(cohort, asked, Few(epochs))


def table(n: int = 400, effect: float = 2.0, slope: float = 0.0, seed: int = 0) -> pd.DataFrame:
    """A trial of two arms; the effect rises by ``slope`` with each standard deviation of x."""
    draw = np.random.default_rng(seed)
    x, z, given = draw.standard_normal(n), draw.standard_normal(n), np.arange(n) % 2 == 1
    true = effect + slope * x
    y = 10 + z + given * true + draw.standard_normal(n)
    arm = np.where(given, "b", "a")
    return pd.DataFrame(
        {"id": [f"P{k}" for k in range(n)], "x": x, "z": z, "arm": arm, "y": y, "true effect": true}
    )


def confounded(n: int = 600, seed: int = 1) -> pd.DataFrame:
    """The later the stage, the likelier "b", which lowers y by one; the last always has it."""
    draw = np.random.default_rng(seed)
    stage = draw.integers(0, 3, n)
    given = draw.random(n) < np.array([0.25, 0.6, 1.0])[stage]
    y = 10 + 2.0 * stage - given + draw.standard_normal(n)
    arm, told = np.where(given, "b", "a"), np.array(["early", "middle", "late"])[stage]
    return pd.DataFrame({"x": draw.standard_normal(n), "stage": told, "arm": arm, "y": y})


def cohort_of(frame: pd.DataFrame, arms: Arms = RANDOMISED) -> Cohort:
    return read_cohort(frame, outcome=Number("y"), treatment=arms)


@pytest.fixture(scope="module")
def varying() -> tuple[Cohort, Predictor]:
    cohort = cohort_of(table(effect=0.5, slope=1.5))
    return cohort, fit(cohort, options(baselines=True))


def test_an_average_effect_is_found_and_no_difference_is_invented() -> None:
    model = fit(cohort_of(table()), options())
    found = model.evaluation.measures
    assert found["ate"].low < 2 < found["ate"].high
    assert found["autoc"].low <= 0
    assert "No evidence that the effect differs" in model.evaluation.verdict
    held_out = model.held_out()
    effects = held_out.value[:, 0]
    assert effects.std() < 0.2
    assert ((held_out.low[:, 0] < 2) & (held_out.high[:, 0] > 2)).mean() > 0.9


def test_effects_that_differ_are_told_apart(varying: tuple[Cohort, Predictor]) -> None:
    cohort, model = varying
    held_out, true = model.held_out(), cohort.table["true effect"].to_numpy()
    effects, found = held_out.value[:, 0], model.evaluation.measures
    assert np.corrcoef(effects, true)[0, 1] > 0.95
    assert ((held_out.low[:, 0] < true) & (true < held_out.high[:, 0])).mean() > 0.85
    assert found["autoc"].low > 0.8
    assert found["policy_gain"].low > 0
    assert 0.8 < found["calibration_differential"].value < 1.2
    assert "The effect differs between patients" in model.evaluation.verdict


def test_options_and_their_outcomes_agree(varying: tuple[Cohort, Predictor]) -> None:
    cohort, model = varying
    said = model.predict(cohort.select(np.arange(30)))
    assert model.labels == ("b instead of a", "with a", "with b")
    assert said.value[:, 2] - said.value[:, 1] == pytest.approx(said.value[:, 0])


def test_held_out_patients_are_scored_by_those_who_never_saw_them(
    varying: tuple[Cohort, Predictor],
) -> None:
    """Asked for again, the evaluation of training is that of training."""
    cohort, model = varying
    again, kept = model.predict(cohort, held_out=True), model.held_out()
    assert again.value == pytest.approx(kept.value, abs=1e-6)
    assert again.actual == pytest.approx(kept.actual, abs=1e-6)
    measures = model.evaluate(cohort, held_out=True).measures
    assert measures["ate"].value == pytest.approx(model.evaluation.measures["ate"].value)


def test_the_same_effect_for_everybody_is_a_baseline(varying: tuple[Cohort, Predictor]) -> None:
    evaluation = varying[1].evaluation
    found = {one.name: one for one in evaluation.baselines}
    same = found["Same effect for everybody"]
    assert same.measures["autoc"].value == pytest.approx(0, abs=1e-9)
    assert same.difference.low > 0
    assert found["Ridge regression with interactions"].measures["autoc"].low > 0


def test_what_stands_before_an_effect_is_kept_as_plain_values(
    varying: tuple[Cohort, Predictor], tmp_path: Path
) -> None:
    varying[1].save(tmp_path / "model")
    found = diagnostics_of(load(tmp_path / "model").card)
    assert found is not None
    assert found.limits == (0, 1)
    assert [arm.n for arm in found.arms] == [200, 200]
    (one,) = found.comparisons
    assert (one.option, one.comparable, one.apart, one.differs) == ("b", 400, 0, True)
    assert sum(one.of_option) == sum(one.of_reference) == 200
    assert [group.n for group in one.groups] == [80] * 5
    assert one.groups[0].observed.high < one.groups[-1].observed.low
    assert one.projection[0][0] == "x"
    assert one.projection[0][1].low < 1.5 < one.projection[0][1].high
    assert {policy.name for policy in found.policies} == {
        "as the model says", "everybody a", "everybody b", "as it was",
        "by a rule of two questions",
    }  # fmt: skip


def test_a_kept_model_says_the_same_and_its_reasons_add_up(
    varying: tuple[Cohort, Predictor], tmp_path: Path
) -> None:
    cohort, model = varying
    model.save(tmp_path / "model")
    again = load(tmp_path / "model")
    rows = cohort.select(np.arange(40))
    assert np.array_equal(again.predict(rows).value, model.predict(rows).value)
    assert np.array_equal(again.predict(rows).high, model.predict(rows).high)
    for label in model.labels:
        found = again.explain(rows, label)
        assert float(found.gap[0]) < 1e-9
    effect = dict(zip(found.variables, model.explain(rows).shap[0], strict=True))
    assert abs(effect["x"]) > 5 * abs(effect["z"])


def test_new_patients_need_no_treatment_and_are_known_without_it(
    varying: tuple[Cohort, Predictor],
) -> None:
    cohort, model = varying
    bare = cohort.table[["id", "x", "z"]].iloc[:25]
    said = model.predict(bare)
    assert np.array_equal(said.value, model.predict(cohort.select(np.arange(25))).value)
    assert (said.observed == -1).all()
    assert "were in training" in said.notes[0]


@pytest.mark.slow
def test_options_that_a_model_does_not_compare_are_named_or_refused(
    varying: tuple[Cohort, Predictor],
) -> None:
    model = varying[1]
    frame = table(120, 0.5, 1.5, 9)
    frame.loc[:29, "arm"] = "a new one"
    found = model.evaluate(read_for(frame, model.variables, model.outcome))
    assert found.n == 90
    assert any("30 of 120 rows were given 'a new one' (arm)" in note for note in found.notes)
    renamed = frame.assign(arm=frame["arm"].map(lambda one: f"group {one}"))
    with pytest.raises(UserError, match="the model compares 'a', 'b'"):
        model.evaluate(read_for(renamed, model.variables, model.outcome))
    # To predict, nobody need have been given anything.
    assert len(model.predict(read_for(renamed, model.variables, model.outcome))) == 120


def test_what_was_confounded_is_compared_among_like_patients() -> None:
    frame = confounded()
    naive = frame.groupby("arm")["y"].mean().diff().iloc[-1]
    arms = Arms("arm", reference="a")
    model = fit(cohort_of(frame, arms), options(), 120)
    found, held_out = model.evaluation.measures["ate"], model.held_out()
    assert naive > 0.5
    assert found.low < -1 < found.high
    apart = np.isnan(held_out.value[:, 0])
    late = (frame["stage"] == "late").to_numpy()
    assert apart[late].mean() > 0.9
    assert not apart[~late].any()
    assert held_out.outside[apart].all()
    # What is known of them is the outcome under the option that they all have.
    assert np.isfinite(held_out.value[apart][:, 2]).all()
    assert np.isnan(held_out.value[apart][:, 1]).all()
    # Of how many nothing is told is said, of new patients as of held-out ones.
    for said in (model.predict(frame), model.predict(cohort_of(frame, arms), held_out=True)):
        untold = np.isnan(said.value).any(axis=1).sum()
        assert f"{untold} of 600 rows: no effect is told" in said.notes[-1]
    assert not any("is told" in note for note in model.predict(frame[~late]).notes)
    known = diagnostics_of(model.card)
    assert known is not None
    assert known.comparisons[0].apart == apart.sum()
    assert any("no like ones" in warning for warning in known.warnings)
    assert 0.3 < known.comparisons[0].equipoise < 0.7
    assert known.comparisons[0].e_value > known.comparisons[0].e_value_of_limit > 1
    worst = {one.variable: one for one in known.balance}["stage"]
    assert worst.before > 0.8
    lacking = {one.when: one for one in known.comparisons[0].lacking or ()}["stage is late"]
    assert min(lacking.of_option, lacking.of_reference) < 0.05 * lacking.n
    shown = figures.lacking_table(known.comparisons[0], "a")
    assert shown.set_index("Subgroup").loc["stage is late", "b"] == lacking.of_option


def test_several_options_are_each_compared_with_the_reference() -> None:
    frame = table(420, effect=1.0)
    draw = np.random.default_rng(3)
    third = draw.permutation(len(frame)) < 140
    frame["y"] += np.where(third, 4.0 - (frame["arm"] == "b") * frame["true effect"], 0.0)
    frame["arm"] = np.where(third, "c", frame["arm"])
    arms = replace(RANDOMISED, probability=(1 / 3, 1 / 3, 1 / 3))
    model = fit(cohort_of(frame, arms), options())
    found = model.evaluation.measures
    assert found["ate_b"].low < 1 < found["ate_b"].high
    assert found["ate_c"].low < 4 < found["ate_c"].high
    columns = model.outcome.columns_of(model.predict(frame.iloc[:5]))
    assert list(columns) == [
        "effect_b", "low_b", "high_b", "effect_c", "low_c", "high_c", "value_a", "value_b",
        "value_c",
    ]  # fmt: skip


def test_an_event_is_told_as_risks() -> None:
    frame = table(500)
    draw = np.random.default_rng(5)
    risk = np.where(frame["arm"] == "b", 0.2, 0.5)
    frame["y"] = np.where(draw.random(len(frame)) < risk, "yes", "no")
    cohort = read_cohort(frame, outcome="y", treatment=RANDOMISED)
    model = fit(cohort, options())
    assert model.evaluation.measures["ate"].low < -0.3 < model.evaluation.measures["ate"].high
    said = model.predict(frame.iloc[:10])
    assert list(model.outcome.columns_of(said)) == ["effect", "low", "high", "risk_a", "risk_b"]
    assert ((said.value[:, 1:] >= 0) & (said.value[:, 1:] <= 1)).all()
    assert model.outcome.happened(1, np.nan, (*[0.0] * 5, 1.0)) == "event, with b"
    # An event is bad: whoever is spared most comes first.
    assert model.outcome.quantities[0].bounds == (-1, 1)


def refused(frame: pd.DataFrame, arms: Arms = RANDOMISED, epochs: int = 1) -> UserError:
    with pytest.raises(UserError) as told:
        fit(cohort_of(frame, arms), options(), epochs)
    assert told.value.remedy
    return told.value


def test_a_treatment_that_compares_nothing_is_refused() -> None:
    frame = table(80)
    assert "same treatment" in refused(frame.assign(arm="a")).what
    assert "is empty" in refused(frame.assign(arm=pd.Series([None] * 80, dtype="str"))).what
    many = refused(frame.assign(arm=np.arange(80) % 7 * 10), Arms("arm", randomised=True))
    assert "7 values" in many.what
    assert "bands" in many.remedy
    words = refused(frame, Arms("arm", randomised=True))
    assert "do not say with which" in words.what
    assert "--reference" in words.remedy
    assert "no value 'q'" in refused(frame, Arms("arm", reference="q", randomised=True)).what
    few = refused(frame.assign(arm=np.where(np.arange(80) < 10, "b", "a")))
    assert few.what == "Only 10 patients were given 'b'"
    assert "same column" in refused(frame, Arms("y", randomised=True)).what


def test_probabilities_must_be_of_these_options() -> None:
    wrong = refused(table(80), replace(RANDOMISED, probability=(0.2, 0.2)))
    assert "add up to 1" in wrong.remedy
    one = cohort_of(table(80), replace(RANDOMISED, probability=(0.25,))).chosen_outcome()
    assert isinstance(one, Effect)
    assert one.arms.probability == (0.75, 0.25)


def test_a_treatment_that_the_inputs_decide_has_no_effect_to_tell() -> None:
    frame = table(200)
    frame["site"] = np.where(frame["arm"] == "b", "north", "south")
    frame["dose"] = np.where(frame["arm"] == "b", 5.0, -5.0) + 0.1 * frame["x"]
    arms = Arms("arm", reference="a")
    said = [one for one in quality.check(cohort_of(frame, arms)).findings if one.check == "overlap"]
    assert [one.columns for one in said] == [("site",), ("dose",)]
    assert "'site' alone says" in refused(frame, arms).what
    # A column in which nearly everybody differs tells nobody apart.
    frame["code"] = [f"c{k}" for k in range(len(frame))]
    assert "code" not in deciding(cohort_of(frame, arms))


def test_patients_without_a_treatment_are_counted_and_left_out() -> None:
    frame = table(200)
    frame.loc[:19, "arm"] = None
    cohort = cohort_of(frame)
    assert any("20 of 200 patients have no treatment" in note for note in cohort.notes)
    assert len(cohort.labelled()) == 180


def test_words_of_a_dose_and_of_a_control_tell_the_reference() -> None:
    frame = table(120)
    doses = frame.assign(arm=np.where(frame["arm"] == "b", "10 mg", "placebo"))
    made = cohort_of(doses, Arms("arm", randomised=True)).chosen_outcome()
    assert isinstance(made, Effect)
    assert made.options == ("placebo", "10 mg")


def test_what_was_recorded_after_treatment_or_known_to_nobody_is_said() -> None:
    frame = table(150).rename(columns={"y": "cd420"})
    draw = np.random.default_rng(2)
    frame["cd496"] = frame["cd420"] + draw.standard_normal(150)
    frame["length of stay"] = draw.random(150)
    days = pd.to_timedelta(draw.integers(0, 60, 150), "D")
    frame["treatment date"] = pd.Timestamp("2020-03-01") + days
    frame["scan date"] = pd.Timestamp("2020-09-01") + days
    frame["cd420 date"] = pd.Timestamp("2021-01-01") + days
    frame.loc[:2, "cd420 date"] = pd.Timestamp("2019-01-01")
    cohort = read_cohort(frame, outcome=Number("cd420"), treatment=RANDOMISED)
    given = [replace(v, role=Role.INPUT) if "scan" in v.name else v for v in cohort.variables]
    cohort = replace(cohort, variables=tuple(given))
    assert all(v.name != "true effect" for v in cohort.inputs)
    assert any("'true effect'" in note and "not read" in note for note in cohort.notes)
    found = {one.check: one for one in checking(cohort.chosen_outcome()).findings(cohort)}
    late = found["after treatment"]
    assert late.severity == "serious"
    assert {"cd496", "length of stay", "scan date"} <= set(late.columns)
    assert "3 of 150 patients" in found["before treatment"].sentence


def test_arms_of_another_size_than_was_said_are_a_serious_finding() -> None:
    cohort = cohort_of(table(400), replace(RANDOMISED, probability=(0.75, 0.25)))
    found = [one for one in quality.check(cohort).findings if one.severity == "serious"]
    assert any("is said to be 25.0 %" in one.sentence for one in found)


def test_choosing_another_outcome_takes_the_treatment_back(
    varying: tuple[Cohort, Predictor],
) -> None:
    again = read_cohort(varying[0].table.drop(columns="true effect"), outcome=Number("y"))
    assert "arm" in {v.name for v in again.inputs}


def test_samples_hold_their_truth_and_no_model_reads_it() -> None:
    for sample in [one for one in SAMPLES if one.name.startswith("treatment")]:
        cohort = read_cohort(sample.path, outcome=sample.outcome)
        assert "true effect" in cohort.table
        assert all(v.name != "true effect" for v in cohort.inputs)


def test_the_shell_fits_predicts_evaluates_and_explains(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for name, seed in (("trial.csv", 0), ("new.csv", 9)):
        table(200, slope=1.0, seed=seed).to_csv(tmp_path / name, index=False)
    trial, model, new = (str(tmp_path / name) for name in ("trial.csv", "model", "new.csv"))
    how = ["--outcome", "y", "--treatment", "arm", "--reference", "a", "--patient", "id"]
    assert main(["fit", trial, *how, "--to", model], 0.0) == 2
    assert "--randomised" in capsys.readouterr().err
    fast = ["--model", "linear", "--folds", "2", "--cross-fitting", "2", "--no-baselines"]
    with at_most(40):
        assert main(["fit", trial, *how, *fast, "--to", model, "--randomised", "0.5"], 0.0) == 0
    assert "Average effect" in capsys.readouterr().out
    assert main(["predict", model, new], 0.0) == 0
    said = pd.read_csv(io.StringIO(capsys.readouterr().out))
    assert list(said.columns) == ["id", "effect", "low", "high", "value_a", "value_b"]
    assert len(said) == 200
    assert main(["evaluate", model, new, "--json"], 0.0) == 0
    found = json.loads(capsys.readouterr().out)
    assert {"ate", "autoc", "qini", "policy_value", "overlap"} <= set(found)
    assert found["ate"]["low"] < 2 < found["ate"]["high"]
    assert main(["explain", model, new, "--patient", "P3"], 0.0) == 0
    shares = pd.read_csv(io.StringIO(capsys.readouterr().out))
    ends = shares.set_index("variable")["shap"]
    assert ends.drop("(prediction)").sum() == pytest.approx(ends["(prediction)"], abs=1e-4)


def test_a_dose_is_compared_in_bands_and_later_files_hold_the_dose() -> None:
    draw = np.random.default_rng(3)
    dose = draw.choice([0.0, 5.0, 10.0, 20.0, 150.0], 300)
    x = draw.standard_normal(300)
    frame = pd.DataFrame({"x": x, "dose (mg)": dose + 0.5 * (dose > 0) * draw.random(300)})
    frame["y"] = 10 + x + 2.0 * (dose > 0) + draw.standard_normal(300)
    arms = Arms("dose (mg)", randomised=False)
    with pytest.raises(UserError, match=r"treatment has \d+ values") as refused_:
        cohort_of(frame, arms)
    assert "bands:dose (mg)=0; 10; 50" in refused_.value.remedy
    bands = {"bands:dose (mg)": "0; 11; 100"}
    cohort = read_cohort(frame, outcome=Number("y"), treatment=arms, choices=bands)
    made = cohort.chosen_outcome()
    assert isinstance(made, Effect)
    assert made.options == ("0", "above 0 to 11 mg", "above 11 to 100 mg", "above 100 mg")
    model = fit(cohort, options(), 2)
    later = read_for(
        pd.DataFrame({"x": ["1", "1", "1"], "dose (mg)": ["0.012 g", "7 mg", "400 mg"]}),
        model.variables, model.outcome,
    )  # fmt: skip
    assert list(later.table["dose (mg)"]) == [
        "above 11 to 100 mg",
        "above 0 to 11 mg",
        "above 100 mg",
    ]
