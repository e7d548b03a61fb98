"""The best rule of two questions, against all others."""

from __future__ import annotations

from itertools import product

import numpy as np
import pandas as pd
import pytest

from pmed_core.modalities.treatment.rule import given, questions, sought
from pmed_core.variable import Kind, Variable

VARIABLES = (
    Variable("age", Kind.NUMBER, unit="years"),
    Variable("sex", Kind.CATEGORY, categories=("f", "m")),
)


def table(n: int, seed: int = 0) -> pd.DataFrame:
    draw = np.random.default_rng(seed)
    age = np.where(draw.random(n) < 0.1, np.nan, draw.integers(20, 90, n))
    return pd.DataFrame({"age": age, "sex": draw.choice(["f", "m"], n)})


def test_a_planted_rule_is_found_and_said_in_words() -> None:
    rows = table(600)
    old = (rows["age"] > np.nanquantile(rows["age"], 0.5)) & (rows["sex"] == "m")
    benefits = np.column_stack([np.zeros(600), np.where(old, 1.0, -1.0)])
    leaves = sought(rows, VARIABLES, benefits)
    assert np.array_equal(given(leaves, rows) == 1, old)
    told = {" and ".join(q.said(yes) for q, yes in leaf.asked): leaf.option for leaf in leaves}
    treated = next(text for text, option in told.items() if option == 1)
    assert "sex is m" in treated or "sex is not f" in treated
    assert "age above" in treated
    assert "years" in treated
    # Every patient is in one leaf.
    assert np.sum([leaf.holds(rows) for leaf in leaves], axis=0).tolist() == [1] * 600


@pytest.mark.parametrize("seed", range(5))
def test_no_other_rule_of_two_questions_is_better(seed: int) -> None:
    rows = table(40, seed)
    benefits = np.random.default_rng(seed).standard_normal((40, 3))
    found = benefits[np.arange(40), given(sought(rows, VARIABLES, benefits), rows)].sum()
    asked = [one.answers(rows) for one in questions(rows, VARIABLES)]
    best = benefits.sum(axis=0).max()
    for first, yes, no in product(asked, asked, asked):
        parts = [first & yes, first & ~yes, ~first & no, ~first & ~no]
        best = max(best, sum(benefits[part].sum(axis=0).max() for part in parts))
    assert found == pytest.approx(best)


def test_one_option_for_everybody_is_one_leaf() -> None:
    rows = table(50)
    (leaf,) = sought(rows, VARIABLES, np.column_stack([np.zeros(50), np.ones(50)]))
    assert (leaf.asked, leaf.option) == ((), 1)
    assert leaf.holds(rows).all()
