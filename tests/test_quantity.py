"""A quantity says its numbers in its own words, and the scale on which shares add up."""

from __future__ import annotations

import json
import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pmed_core.arrays import from_json, to_json
from pmed_core.explanation import Explanation
from pmed_core.predictions import Predictions
from pmed_core.quantity import Amount, Probability, Quantity, shown

PROGRESSION = Amount("progression", "points", 0, 25, 346)


@given(st.floats(-700, 700))
@settings(max_examples=30, deadline=None)
def test_a_probability_is_the_logistic_of_its_score(score: float) -> None:
    value = Probability().value(score)
    assert 0 <= value <= 1
    assert value == pytest.approx(1 / (1 + math.exp(-score)), rel=1e-12)


@given(st.floats(-12, 12))
@settings(max_examples=20, deadline=None)
def test_a_score_comes_back(score: float) -> None:
    for one in (Probability(), PROGRESSION):
        assert one.score(one.value(score)) == pytest.approx(score, abs=1e-6)


def test_an_amount_is_said_in_its_unit() -> None:
    assert PROGRESSION.said(152.4) == "152 points"
    assert PROGRESSION.span(119.6, 1180.2) == "120 to 1,180 points"
    assert PROGRESSION.difference(152, 140.4) == "−12 points"
    assert PROGRESSION.compared(200, 152) == "48 points above 152 points, the mean of all patients"
    assert Amount("solubility", "", 2).said(-0.001) == "0.00"
    assert PROGRESSION.said(math.nan) == "not known"


def test_ticks_are_round_and_inside() -> None:
    found = PROGRESSION.ticks(101.3, 239.0)
    assert [at for at, _ in found] == [150, 200]
    assert Amount("x").ticks(-0.0023, 0.0011)[0][0] == pytest.approx(-0.002)
    for at, text in Probability().ticks(-3, 3):
        assert -3 <= at <= 3
        assert text.endswith("%")


def test_each_quantity_shows_its_own_column() -> None:
    scores = np.array([[0.0, 7.5]])
    assert shown((Probability(), PROGRESSION), scores).tolist() == [[0.5, 7.5]]


def test_stores_of_before_call_values_probabilities() -> None:
    n = np.array([[0.25]])
    made = Predictions(("a",), ("yes",), n, n, n, np.array([1]), np.array([False]))
    plain = json.loads(to_json(Predictions, made))
    plain["probability"] = plain.pop("value")
    assert from_json(Predictions, json.dumps(plain)).value.tolist() == [[0.25]]


@pytest.mark.parametrize("said", [Probability(), PROGRESSION])
def test_an_explanation_keeps_what_it_explains(said: Quantity) -> None:
    one = np.ones((1, 1))
    made = Explanation(
        ("a",), "x", ("age",), (("81",),), one, one, one, one[0], one[0], quantity=said
    )
    text = to_json(Explanation, made)
    assert from_json(Explanation, text).quantity == said
    plain = json.loads(text)
    del plain["quantity"]
    assert from_json(Explanation, json.dumps(plain)).quantity == Probability()


def test_a_difference_in_risk_is_told_as_patients_of_a_hundred() -> None:
    said = Amount("difference in risk", "", 3, -1, 1, of_patients=True)
    assert (said.share(0.1499), said.share(-0.0117)) == ("+15.0", "−1.2"), "as the ends are told"
    assert dict(said.ticks(-0.12, 0.21))[0.2] == "20"
    assert said.axis_of_shares == "difference in risk (patients of 100)"
    assert said.said(-0.087) == "8.7 fewer of 100"
    assert said.said(0.004) == "0.4 more of 100"
    assert said.span(-0.12, 0.01) == "12.0 fewer to 1.0 more of 100"
    assert said.said(math.nan) == "not known"
