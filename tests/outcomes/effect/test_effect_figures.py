"""What is said and drawn of effects: every sentence is conditional, every number has its interval,
and nothing is recommended."""

from __future__ import annotations

import html
import math
from dataclasses import replace

import pytest

from pmed_core.evaluation import Curve, Measure
from pmed_core.outcomes import Arms, Effect, Number, YesNo
from pmed_core.outcomes.effect import diagnostics_figures as of_model
from pmed_core.outcomes.effect import options_figures as of_one
from pmed_core.outcomes.effect.diagnostics import (
    Arm,
    Comparison,
    Diagnostics,
    Difference,
    Group,
    Leaf,
    Policy,
)
from pmed_core.outcomes.effect.trial import Trial
from pmed_core.settings import NOT_STATED
from pmed_core.work import Consultation

CHOSEN = Arms("treatment", ("drugs", "<b>knife</b>"), "drugs")
DIED = Effect(YesNo("died", ("yes",)), CHOSEN)
PRESSURE = Effect(
    Number("pressure", "mmHg", points=(80.0, 220.0)),
    Arms("arm", ("placebo", "drug"), "placebo", True, (0.5, 0.5), "lower"),
)


def consultation(
    effect: Effect, value: tuple[float, ...], half: float, **more: object
) -> Consultation:  # fmt: skip
    low, high = (tuple(one + sign * half for one in value) for sign in (-1, 1))
    found = Consultation(
        effect.labels, value, low, high, effect.interval, (), (), (), (), (), given=(0.7, 0.3)
    )
    return replace(found, **more)  # type: ignore[arg-type]


FEWER = replace(consultation(DIED, (-0.06, 0.24, 0.18), 0.05), low=(-0.12, 0.2, 0.13),
                high=(0.01, 0.28, 0.23))  # fmt: skip


def test_a_difference_is_told_in_a_hundred_patients_on_a_condition() -> None:
    assert of_one.difference(DIED, FEWER, 0) == (
        "If the assumptions hold, of 100 patients like this one about 6 fewer would have the event "
        "with <b>knife</b> than with drugs; from 12 fewer to 1 more."
    )
    none = replace(FEWER, value=(0.001, 0.24, 0.24))
    assert "about as many would have the event" in of_one.difference(DIED, none, 0)
    nothing = replace(FEWER, value=(math.nan, 0.24, math.nan))
    assert of_one.difference(DIED, nothing, 0).startswith("Nothing can be said of")


def test_a_difference_of_a_number_is_told_in_its_unit() -> None:
    found = consultation(PRESSURE, (-9.0, 150.0, 141.0), 3.0)
    said = of_one.difference(PRESSURE, found, 0)
    assert said == (
        "If the assumptions hold, pressure would be about 9.0 mmHg lower with drug than with "
        "placebo in patients like this one; from 12.0 mmHg lower to 6.0 mmHg lower."
    )


def test_squares_add_up_to_a_hundred_for_each_option() -> None:
    figure = of_one.under_each(DIED, FEWER)
    squares = [shape.path.count("M") for shape in figure.layout.shapes]
    assert squares == [24, 4, 72, 18, 5, 77]
    assert "<b>" not in "".join(note.text for note in figure.layout.annotations)
    table = of_one.under_each_table(DIED, FEWER)
    assert table["Option"].tolist()[0] == "with drugs"
    assert table["Expected"].tolist()[:2] == ["24 %", "18 %"]
    assert of_one.under_each_caption(DIED, FEWER).startswith("If the assumptions hold")


def test_an_option_that_few_alike_were_given_is_not_drawn() -> None:
    rare = replace(FEWER, value=(math.nan, 0.24, math.nan))
    figure = of_one.under_each(DIED, rare)
    assert sum(shape.path.count("M") for shape in figure.layout.shapes) == 100
    assert "not told" in of_one.under_each_caption(DIED, rare)


def test_overlap_is_told_of_this_patient() -> None:
    said = "Comparable: 30 % given <b>knife</b>"
    assert of_one.overlap(DIED, FEWER, 0) == (True, said)
    few = replace(FEWER, given=(0.88, 0.12))
    assert of_one.overlap(DIED, few, 0)[0] is False
    assert of_one.overlap(DIED, replace(FEWER, given=()), 0) == (False, "Overlap is not known")
    trial = consultation(PRESSURE, (-9.0, 150.0, 141.0), 3.0)
    assert of_one.overlap(PRESSURE, trial, 0)[1].startswith("Randomised")


def test_what_is_assumed_follows_the_design_and_the_card_says_what_is_missing() -> None:
    chosen, given = of_one.assumptions(DIED), of_one.assumptions(PRESSURE)
    assert any("unmeasured confounding" in one for one in chosen)
    assert not any("unmeasured confounding" in one for one in given)
    card = dict(of_one.card(DIED))
    assert card["Eligibility"] == NOT_STATED
    stated = replace(CHOSEN, trial=Trial("Adults", "The visit", "Two years"))
    assert dict(of_one.card(replace(DIED, arms=stated)))["Time zero"] == "The visit"


def diagnostics(limits: tuple[float, float] = (0.05, 0.95)) -> Diagnostics:
    one = Comparison(
        "<b>knife</b>", Measure(-0.04, -0.08, 0.0), (0.0, 0.5, 1.0), (10, 40), (60, 20), 120, 10,
        0.62, 1.8, 1.4,
        (Group(24, -0.1, Measure(-0.1, -0.2, 0.0)),), Curve((0.5, 1.0), (0.1, 0.0), (0.0, 0.0),
        (0.2, 0.0)), False, "No evidence.", (("age", Measure(0.02, 0.01, 0.03)),),
    )  # fmt: skip
    return Diagnostics(
        "chosen", limits, (Arm("drugs", 80, 70.2, 0.4), Arm("<b>knife</b>", 50, 33.4, 0.6)), (one,),
        (Policy("as the model says", Measure(0.2, 0.18, 0.22)),
         Policy("everybody drugs", Measure(0.24, 0.2, 0.28))),
        balance=(Difference("age", 0.8, 0.05), Difference("sex", 0.05, 0.02)),
    )  # fmt: skip


def test_overlap_and_balance_say_who_falls_out_and_what_is_left() -> None:
    found = diagnostics()
    figure = of_model.overlap(DIED, found, 0)
    assert [tuple(bar.y) for bar in figure.data] == [(10, 40), (-60, -20)]
    assert len(figure.layout.shapes) == 2
    assert "10 of 130 patients (7.7 %) fall out" in of_model.overlap_caption(DIED, found, 0)
    assert "1 of 2 inputs differ" in of_model.balance_caption(found)
    assert "option, 0." in of_model.balance_caption(found)
    assert list(of_model.balance(found).data[-2].x) == [0.05, 0.02]
    trial = of_model.overlap_caption(PRESSURE, diagnostics((0.0, 1.0)), 0)
    assert "all 130 patients can be compared" in trial
    assert not of_model.overlap(PRESSURE, diagnostics((0.0, 1.0)), 0).layout.shapes


@pytest.mark.parametrize(
    ("gain", "said"),
    [
        (Measure(0.04, 0.01, 0.07), "is better than the best single option"),
        (Measure(0.01, -0.01, 0.03), "No evidence that treating by the model is better"),
        (Measure(-0.02, -0.03, -0.01), "is worse than the best single option by 2.0 (1.0 to"),
    ],
)
def test_a_policy_is_better_only_where_its_interval_says_so(gain: Measure, said: str) -> None:
    caption = of_model.policies_caption(DIED, diagnostics(), gain)
    assert said in caption
    assert caption.startswith("If the assumptions hold")
    table = of_model.policies_table(DIED, diagnostics())
    assert table["Mean risk"].tolist() == ["20 %", "24 %"]
    assert len(of_model.policies(DIED, diagnostics()).layout.annotations) == 2


def test_what_moves_the_effect_has_its_interval() -> None:
    table = of_model.modifiers_table(DIED, diagnostics().comparisons[0])
    assert table.iloc[0, 1] == "+2.0 (+1.0 to +3.0) percentage points"
    assert table["Clear"].tolist() == [True]


def test_confounding_equipoise_and_the_rule_are_told_where_they_mean_something() -> None:
    (one,) = diagnostics().comparisons
    assert "of 62 % of the patients" in of_model.open_choice(one)
    assert "1.80 each" in of_model.unmeasured(one)
    assert "1.40 to take" in of_model.unmeasured(one)
    none = replace(one, e_value_of_limit=1.0)
    assert "its interval holds no effect already" in of_model.unmeasured(none)
    given = replace(one, equipoise=math.nan, e_value=math.nan)
    assert of_model.open_choice(given) == of_model.unmeasured(given) == ""
    rule = (Leaf("frailty of 3 or less", "<b>knife</b>", 80), Leaf("more", "drugs", 50))
    table = of_model.rule_table(replace(diagnostics(), rule=rule))
    assert table["Patients"].tolist() == [80, 50]


def test_nothing_is_recommended() -> None:
    said = [
        of_one.difference(DIED, FEWER, 0), of_one.under_each_caption(DIED, FEWER),
        of_model.policies_caption(DIED, diagnostics(), None), *of_one.assumptions(DIED),
    ]  # fmt: skip
    assert not any("recommend" in one.casefold() for one in said)


def test_a_long_outcome_is_wrapped_below_a_narrow_figure() -> None:
    long = Effect(Number("time without <i>relapse</i> up to 60 months", "months"), CHOSEN)
    title = of_model.policies(long, diagnostics()).layout.xaxis.title.text
    assert "<i>" not in title
    assert max(len(html.unescape(line)) for line in title.split("<br>")) <= 30
