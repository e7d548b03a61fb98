"""What is said of the model and its baselines."""

from __future__ import annotations

from dataclasses import replace
from functools import partial

import numpy as np

from pmed_core.baselines import Advice
from pmed_core.evaluation import Baseline, Evaluation, Measure
from pmed_core.evaluations.evaluate import evaluate
from pmed_core.evaluations.words import advised, verdict
from pmed_core.modalities import Tabular, advice
from pmed_core.outcomes import YesNo
from tests.evaluations.cases import DIED, predictions, risks


def against(n: int = 2000, **noise: float) -> Evaluation:
    """The model has noise 0.6; every baseline the noise given."""
    risk, event = risks(n)
    odds = np.log(risk / (1 - risk))
    generator = np.random.default_rng(9)
    baselines = {}
    for name, more in noise.items():
        # Less noise than the model's own: drawn towards what really happened.
        other = odds + (event * 1.5 if more < 0 else generator.normal(0, more, n))
        baselines[name.replace("_", " ")] = (predictions(1 / (1 + np.exp(-other)), event), 2.0)
    found = evaluate(predictions(risk, event), DIED, 0.2, "test", baselines)
    return advised(found, partial(advice, Tabular(), DIED))


def test_a_baseline_that_wins_is_recommended() -> None:
    found = against(Random_forest=-1, Logistic_regression=3)
    assert found.verdict.startswith("The model discriminates worse than random forest (AUROC ")
    assert found.verdict.endswith("): train 'Random forest' instead.")
    assert "difference \N{MINUS SIGN}" in found.verdict
    assert "-" not in found.verdict
    assert [baseline.name for baseline in found.baselines] == [
        "Random forest",
        "Logistic regression",
    ]
    assert found.baselines[0].difference.high < 0


def test_a_network_that_wins_is_said_to() -> None:
    found = against(SVM=3, Logistic_regression=2)
    assert found.verdict.startswith("Better than every simpler model tried; the best of them is ")
    assert "is logistic regression (AUROC" in found.verdict


def test_logistic_regression_that_does_as_well_is_preferred() -> None:
    found = against(Logistic_regression=0.0, SVM=3)
    assert "no better than logistic regression (AUROC of the model" in found.verdict
    assert found.verdict.endswith("): train 'Linear model' instead, it is simpler.")


def test_nobody_is_told_to_train_what_was_trained() -> None:
    found = against(Logistic_regression=0.0, SVM=3)
    linear = advised(found, partial(advice, Tabular(), DIED), "Linear model")
    assert linear.verdict.startswith("Performs as well as logistic regression (AUROC of the model")
    assert not linear.baselines[0].preferable
    won = against(Random_forest=-1, Logistic_regression=-0.5)
    forest = advised(won, partial(advice, Tabular(), DIED), won.baselines[0].advice.model)
    assert f"train '{won.baselines[0].advice.model}'" not in forest.verdict
    assert f"train '{won.baselines[1].advice.model}' instead." in forest.verdict
    factors = advised(won, lambda name: Advice(instead="train 'Factors' instead"), "Factors")
    assert factors.verdict.endswith(").")


def test_where_nothing_can_be_told_apart_no_one_wins() -> None:
    found = against(n=150, Random_forest=0.4)
    assert found.verdict.startswith("Performs as well as")


def test_the_one_that_is_not_clearly_beaten_is_named() -> None:
    even = Measure(0.0, 0.0, 0.0)
    beaten, level = (
        Baseline(
            name, {"auroc": Measure(score, 0.8, 0.9)}, Measure(0.86 - score, low, 0.02), even, 1.0
        )
        for name, score, low in (("SVM", 0.851, 0.004), ("Random forest", 0.85, -0.001))
    )
    said = verdict(YesNo("died", ("yes",)), {"auroc": Measure(0.86, 0.84, 0.88)}, [beaten, level])
    assert "Performs as well as random forest (AUROC of the model 0.860, of" in said
    assert "of random forest 0.850; difference 0.010, 95 % interval \N{MINUS SIGN}0.001 to" in said
    assert "SVM" not in said


def test_each_score_stands_with_its_owner_where_the_baseline_is_ahead() -> None:
    gap, brier = Measure(-0.003, -0.0102, 0.0044), Measure(0.0, -0.001, 0.001)
    baseline = Baseline("Logistic regression", {"auroc": Measure(0.851, 0.8, 0.9)}, gap, brier, 1.0)
    said = verdict(YesNo("died", ("yes",)), {"auroc": Measure(0.848, 0.8, 0.9)}, [baseline])
    assert said == (
        "The model is no better than logistic regression (AUROC of the model 0.848, of logistic "
        "regression 0.851; difference \N{MINUS SIGN}0.003, 95 % interval \N{MINUS SIGN}0.010 to "
        "0.004)."
    )
    keepable = replace(baseline, advice=Advice("Linear model"))
    said = verdict(YesNo("died", ("yes",)), {"auroc": Measure(0.848, 0.8, 0.9)}, [keepable])
    assert said.endswith("0.004): train 'Linear model' instead, it is simpler.")


def better(name: str, advice: Advice) -> Baseline:
    gap, brier = Measure(-0.05, -0.08, -0.02), Measure(0.01, 0.0, 0.02)
    return Baseline(name, {"auroc": Measure(0.9, 0.88, 0.92)}, gap, brier, 1.0, advice)


def test_what_cannot_be_chosen_is_not_advised() -> None:
    means = better("Means", Advice(instead="a profile adds nothing to them"))
    forest = better("Random forest", Advice("Random forest"))
    ours = {"auroc": Measure(0.85, 0.83, 0.87)}
    alone = verdict(YesNo("died", ("yes",)), ours, [means])
    assert alone.endswith("): a profile adds nothing to them.")
    both = verdict(YesNo("died", ("yes",)), ours, [means, forest])
    assert both.startswith("The model discriminates worse than means (AUROC ")
    assert both.endswith(
        "): a profile adds nothing to them. Random forest is better too: train 'Random forest' "
        "instead."
    )
    unknown = verdict(YesNo("died", ("yes",)), ours, [better("Another", Advice())])
    assert unknown.endswith("\N{MINUS SIGN}0.02).")


def test_risks_that_are_closer_to_what_happened_are_mentioned() -> None:
    risk, event = risks(2000)
    worse = 1 / (1 + np.exp(-3 * np.log(risk / (1 - risk))))
    baselines = {"SVM": (predictions(risk, event), 1.0)}
    found = evaluate(predictions(worse, event), DIED, 0.2, "test", baselines)
    assert "the risks of SVM are closer to what happened (Brier score" in found.verdict
    assert found.baselines[0].brier_difference.low > 0


def test_no_baselines_no_verdict_and_one_outcome_no_comparison() -> None:
    risk, _ = risks(50)
    nobody = predictions(risk, np.zeros(50))
    assert evaluate(nobody, DIED, 0.2, "test").verdict == ""
    verdict = evaluate(nobody, DIED, 0.2, "test", {"SVM": (nobody, 1.0)}).verdict
    assert verdict == "Too few were evaluated to tell the model from the baselines."
