"""Benefit and harm together: signs, weights and intervals."""

from __future__ import annotations

import math

import numpy as np
import pytest

from pmed_core.outcomes import Arms, Effect, Number, YesNo
from pmed_core.outcomes.effect.weighed_figures import (
    Side,
    at_first,
    caption,
    figure,
    sentence,
    table,
    weighed,
)
from pmed_core.work import Consultation

ARMS = Arms("arm", ("a", "b"), "a")


def side(of: YesNo | Number, value: float, low: float, high: float) -> Side:
    effect = Effect(of, ARMS)
    found = Consultation(
        effect.labels, (value, 0.3, 0.3 + value), (low, 0.2, 0.1), (high, 0.4, 0.5), "95 %", (), (),
        (), (), (), given=(0.5, 0.5),
    )  # fmt: skip
    return Side(effect, found)


DEATH = side(YesNo("died", ("yes",)), -0.06, -0.10, -0.02)
BLEEDING = side(YesNo("bled", ("yes",)), 0.04, 0.01, 0.07)
PRESSURE = side(Number("pressure", unit="mmHg"), 5.0, 2.0, 8.0)


def test_benefits_are_in_the_direction_of_the_better_outcome_and_add_up() -> None:
    found = weighed(DEATH, BLEEDING, 0, 0.5)
    assert (found.value, found.low, found.high) == pytest.approx((0.04, -0.015, 0.095))
    alone = weighed(DEATH, BLEEDING, 0, 0.0)
    assert (alone.value, alone.low, alone.high) == pytest.approx((0.06, 0.02, 0.10))
    assert weighed(DEATH, PRESSURE, 0, 0.01).value == pytest.approx(0.06 + 0.05)


def test_at_first_a_unit_counts_as_one_patient_of_a_hundred() -> None:
    assert at_first(DEATH.effect, BLEEDING.effect) == 1
    assert at_first(DEATH.effect, PRESSURE.effect) == 0.01
    assert at_first(PRESSURE.effect, DEATH.effect) == 100
    told = sentence(DEATH, PRESSURE, 0, at_first(DEATH.effect, PRESSURE.effect))
    assert "if 1 mmHg of “pressure” counts as much as 0.01 with “died is yes”" in told
    assert "as good as 11.0 fewer of 100" in told


def test_the_sum_of_ends_holds_however_errors_hang_together() -> None:
    draw = np.random.default_rng(0)
    for correlation in (-0.9, 0.0, 0.9):
        errors = draw.multivariate_normal([0, 0], [[1, correlation], [correlation, 1]], 4000)
        inside = 0
        for one, other in errors:
            first = side(YesNo("died", ("yes",)), -0.1 - one / 50, *sorted(
                (-0.1 - one / 50 - 1.96 / 50, -0.1 - one / 50 + 1.96 / 50)))  # fmt: skip
            second = side(YesNo("bled", ("yes",)), -0.1 - other / 50, *sorted(
                (-0.1 - other / 50 - 1.96 / 50, -0.1 - other / 50 + 1.96 / 50)))  # fmt: skip
            found = weighed(first, second, 0, 1.0)
            inside += found.low <= 0.2 <= found.high
        assert inside / 4000 > 0.94


def test_words_say_the_weight_and_recommend_nothing() -> None:
    said = sentence(DEATH, BLEEDING, 0, 0.5)
    assert "If the assumptions hold, and if one patient more or fewer with “bled is yes”" in said
    assert "counts as much as 0.5 with “died is yes”" in said
    assert "as good as 4.0 fewer of 100" in said
    assert "from as bad as 1.5 more of 100 to as good as 9.5 fewer of 100" in said
    assert "recommend" not in caption(DEATH, BLEEDING, 0, 0.5)
    assert "as good as 5.0 mmHg higher" in sentence(PRESSURE, DEATH, 0, 0.0)
    untold = side(YesNo("bled", ("yes",)), math.nan, math.nan, math.nan)
    assert "Nothing can be said of both" in sentence(DEATH, untold, 0, 1.0)


def test_figure_and_table_hold_both_and_their_sum() -> None:
    found = table(DEATH, BLEEDING, 0, 0.5)
    assert found["Outcome"].tolist() == ["died is yes", "bled is yes", "Together"]
    assert found["Difference"].iloc[0] == "−6.0 percentage points"
    drawn = figure(DEATH, BLEEDING, 0, 0.5)
    points = [trace.x[0] for trace in drawn.data if trace.mode == "markers"]
    assert points == pytest.approx([6.0, -2.0, 4.0])
