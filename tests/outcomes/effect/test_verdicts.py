"""Whether an effect differs between patients is said as all its measures say it."""

from __future__ import annotations

import math

from pmed_core.evaluation import Measure
from pmed_core.outcomes import Arms, Effect, Number
from pmed_core.outcomes.effect.verdicts import told

AVERAGE = Measure(-0.58, -0.67, -0.48)
CLEAR, OPEN = Measure(0.05, 0.01, 0.09), Measure(0.09, -0.05, 0.23)
DRUGS = Effect(Number("hba1c", "%"), Arms("drug", ("a", "b", "c"), "a"))


def verdict(autoc: Measure, qini: Measure) -> tuple[bool, str]:
    return told(DRUGS, 1, {"ate_c": AVERAGE, "autoc_c": autoc, "qini_c": qini})


def test_no_evidence_is_said_where_no_measure_shows_any() -> None:
    assert verdict(CLEAR, OPEN)[0]
    differs, said = verdict(OPEN, OPEN)
    assert not differs
    assert "No evidence that the effect differs" in said


def test_one_measure_of_two_is_a_sign_and_no_evidence() -> None:
    differs, said = verdict(OPEN, CLEAR)
    assert not differs
    assert "No evidence" not in said
    assert "the Qini coefficient leaves out 0 (+0.05, 95 % interval 0.01 to 0.09)" in said
    assert "AUTOC does not (+0.09, 95 % interval −0.05 to 0.23)" in said
    assert "Rely on the average" in said


def test_nothing_is_said_of_nobody() -> None:
    nothing = Measure(math.nan, math.nan, math.nan)
    assert not told(DRUGS, 0, {"ate_b": nothing, "autoc_b": nothing})[0]
