"""How far to trust a model, in words that stand beside its number."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from pmed_core.evaluation import Baseline, Evaluation, Measure
from pmed_core.explanation import Explanation
from pmed_core.figures import contributions
from pmed_core.figures.standing import shown_labels, standing
from pmed_core.outcomes import Several, YesNo
from pmed_core.reports.patient import patient_report
from tests.figures import nouns
from tests.reports import cases
from tests.reports.drawn import text_of


def evaluated(auroc: tuple[float, float, float], **measures: Measure) -> Evaluation:
    found = nouns.evaluation().measures | {
        "auroc": Measure(*auroc),
        "calibration_slope": Measure(1.0, 0.8, 1.2),
        "calibration_intercept": Measure(0.0, -0.1, 0.1),
    }
    return replace(nouns.evaluation(), measures=found | measures, baselines=())


def baseline(difference: Measure) -> Baseline:
    even = Measure(0.0, -0.01, 0.01)
    return Baseline(
        "Logistic regression", {"auroc": Measure(0.86, 0.84, 0.88)}, difference, even, 1.0
    )


def test_a_good_model_is_said_to_be_good() -> None:
    found = standing(evaluated((0.87, 0.84, 0.9)))
    assert (found.level, found.tells) == ("good", True)
    assert found.mark == found.grade
    assert found.headline == "Tells patients apart well. AUROC 0.870 (0.840 to 0.900)"
    assert found.details == ("well calibrated", "evaluated on 4,000 patients, 550 with the event")


@pytest.mark.parametrize(
    ("auroc", "words"),
    [((0.55, 0.5, 0.6), "No better than chance"), ((0.53, 0.43, 0.62), "No better than chance"),
     ((0.3, 0.2, 0.4), "Worse than chance")],
)  # fmt: skip
def test_a_model_that_is_no_better_than_chance_gives_no_number(
    auroc: tuple[float, float, float], words: str
) -> None:
    found = standing(evaluated(auroc))
    assert (found.level, found.tells) == ("bad", False)
    assert found.headline.startswith(words)


def test_a_simpler_model_that_is_as_good_or_better_is_named() -> None:
    base = evaluated((0.86, 0.84, 0.88))
    as_good = standing(replace(base, baselines=(baseline(Measure(0.0, -0.01, 0.01)),)))
    assert as_good.level == "doubtful"
    assert "a simpler model is as good (logistic regression)" in as_good.details
    assert as_good.mark == "A simpler model is as good (logistic regression)"
    better = standing(replace(base, baselines=(baseline(Measure(-0.05, -0.07, -0.03)),)))
    assert "logistic regression is better" in better.details
    behind = standing(replace(base, baselines=(baseline(Measure(0.05, 0.03, 0.07)),)))
    assert behind.level == "good"


def test_risks_that_do_not_come_true_are_doubtful() -> None:
    found = standing(evaluated((0.87, 0.84, 0.9), calibration_slope=Measure(0.6, 0.5, 0.7)))
    assert found.level == "doubtful"
    assert found.details[0] == "risks too extreme"
    assert found.mark == "Risks too extreme", "a warning beside praise would contradict it"
    assert found.beside == ("tells patients apart well", found.details[-1]), "not said twice"
    weak = standing(evaluated((0.66, 0.63, 0.7), calibration_slope=Measure(0.6, 0.5, 0.7)))
    assert weak.beside == weak.details
    assert (weak.level, weak.mark) == ("doubtful", "Tells patients apart weakly")
    wide = standing(evaluated((0.87, 0.84, 0.9), calibration_slope=Measure(1, 0.2, 2.0)))
    assert wide.details[0] == "too few patients to know the calibration"


def test_few_events_perfect_scores_and_nobody_are_said() -> None:
    few = replace(evaluated((0.8, 0.6, 0.95)), n=60, events=(9,))
    assert standing(few).details[-1] == "evaluated on 60 patients, only 9 with the event"
    nan = float("nan")
    assert "check for a leak" in standing(evaluated((1.0, nan, nan))).headline
    assert standing(nouns.nobody()).level == "unknown"
    assert standing(nouns.classes()).tells


def explained(shap: list[float], base: float = -1.0) -> Explanation:
    values = np.array([shap])
    names = tuple(f"v{n}" for n in range(len(shap)))
    return Explanation(
        ("1",), "yes", names, (("x",) * len(shap),), values, values, np.zeros_like(values),
        np.array([base]), base + values.sum(axis=1),
    )  # fmt: skip


def test_a_raised_risk_is_explained_by_what_raised_it() -> None:
    said = contributions.waterfall_caption(explained([-1.5, 1.2, 0.9, 0.1]), "died is yes")
    assert "raise it to" in said
    assert (
        "most comes from v1 (+1.20) and v2 (+0.90); against that speaks v0 (\N{MINUS SIGN}1.50)"
        in said
    )


def test_a_lowered_risk_is_explained_by_what_lowered_it() -> None:
    said = contributions.waterfall_caption(explained([1.5, -1.2, -0.9]), "died is yes")
    assert "lower it to" in said
    assert "most comes from v1 (\N{MINUS SIGN}1.20)" in said
    assert "against that speaks v0 (+1.50)" in said


def test_nothing_is_named_where_nothing_moved() -> None:
    said = contributions.waterfall_caption(explained([0.5, -0.5]), "died is yes")
    assert said.startswith(
        "The model's answer to whether died is yes is that for a typical patient, 27 %."
    )


def test_values_are_shown_in_the_order_of_this_patients_reasons() -> None:
    found = nouns.explanation()
    shown = [v.name for v in contributions.by_reason(found, nouns.variables())]
    assert shown == [step.name for step in contributions.steps(found, 0, 100)]
    assert contributions.by_reason(None, nouns.variables()) == list(nouns.variables())


def test_of_several_outcomes_each_is_trusted_for_itself() -> None:
    """The mean of four hid that one of them was predicted by chance."""
    each = (YesNo("sepsis", ("yes",)), YesNo("falls", ("yes",)))
    measures = {
        "auroc": Measure(0.7, 0.65, 0.75), "auroc_sepsis": Measure(0.86, 0.82, 0.9),
        "calibration_slope_sepsis": Measure(1.0, 0.9, 1.1),
        "calibration_intercept_sepsis": Measure(0.0, -0.1, 0.1),
        "auroc_falls": Measure(0.54, 0.45, 0.63),
    }  # fmt: skip
    found = replace(nouns.evaluation(), outcome=Several(each), measures=measures, baselines=(),
                    events=(50, 60))  # fmt: skip
    assert standing(found).tells
    sepsis, falls = standing(found, "sepsis"), standing(found, "falls")
    assert sepsis.score.startswith("AUROC of sepsis 0.860")
    assert "well calibrated" in sepsis.details
    assert not falls.tells
    assert falls.score.startswith("AUROC of falls 0.540")


def several() -> Evaluation:
    """Two outcomes, of which one is told apart and the other is not."""
    outcome = Several((YesNo("sepsis", ("yes",)), YesNo("falls", ("yes",))))
    measures = {
        "auroc": Measure(0.7, 0.66, 0.74), "auroc_sepsis": Measure(0.82, 0.78, 0.86),
        "auroc_falls": Measure(0.52, 0.46, 0.58), "observed_sepsis": Measure(0.25, 0.2, 0.3),
        "observed_falls": Measure(0.1, 0.05, 0.15),
    }  # fmt: skip
    return replace(nouns.evaluation(), outcome=outcome, events=(200, 30), measures=measures,
                   baselines=(), n=1000)  # fmt: skip


def test_of_one_of_several_outcomes_those_are_counted_of_whom_it_is_known() -> None:
    assert standing(several(), "sepsis").details[-1] == (
        "evaluated on 800 patients, 200 with the event"
    )
    assert standing(several(), "falls").details[-1] == (
        "evaluated on 300 patients, only 30 with the event"
    )
    assert "the rarest" in standing(several()).details[-1]


def test_an_outcome_that_is_told_by_chance_is_told_nowhere() -> None:
    assert shown_labels(several(), ("sepsis", "falls")) == (0,)
    page = cases.several()
    chance = page.evaluation.measures | {"auroc_sepsis": Measure(0.5, 0.45, 0.55)}
    drawn = replace(page, evaluation=replace(page.evaluation, measures=chance))
    text = " ".join(text_of(patient_report(drawn)).split())
    assert "No number of sepsis is shown" in text
    assert "sepsis 100" not in text
    assert "asthma 61 %" in text
