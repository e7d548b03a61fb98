"""Subgroups in which an option was hardly given are found, and no others."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pmed_core.modalities.treatment.positivity import as_seen, lacking, seldom
from pmed_core.outcomes.effect.scores import comparable
from pmed_core.variable import Kind, Variable

VARIABLES = (
    Variable("age", Kind.NUMBER, unit="years"),
    Variable("ward", Kind.CATEGORY, categories=("a", "b", "c")),
)


def patients(n: int = 600) -> tuple[pd.DataFrame, np.ndarray]:
    draw = np.random.default_rng(0)
    age = np.where(draw.random(n) < 0.1, np.nan, draw.uniform(20, 90, n))
    table = pd.DataFrame({"age": age, "ward": draw.choice(["a", "b", "c"], n)})
    return table, draw.random(n) < 0.5


def test_where_both_are_given_everywhere_nothing_is_told() -> None:
    table, treated = patients()
    assert lacking(table, VARIABLES, (treated, ~treated)) == ()


def test_a_ward_and_an_age_without_one_option_are_told_with_their_patients() -> None:
    table, treated = patients()
    old = (table["age"] > np.nanquantile(table["age"], 0.6)).to_numpy()
    treated &= ~old & (table["ward"] != "b").to_numpy()
    found = lacking(table, VARIABLES, (treated, ~treated))
    told = {one.when: one for one in found}
    in_b = (table["ward"] == "b").to_numpy()
    assert told["ward is b"].of_option == 0
    assert told["ward is b"].of_reference == in_b.sum()
    (aged,) = [one for one in found if one.when.startswith("age above")]
    # The largest of those that lie within one another; the unknown are in none.
    assert (aged.of_option, aged.of_reference) == (0, old.sum())
    assert aged.when.endswith(" years")
    assert len(found) == 2
    assert [one.n for one in found] == sorted((one.n for one in found), reverse=True)


def test_patients_of_a_third_option_count_for_neither() -> None:
    table, treated = patients()
    third = (table["ward"] == "c").to_numpy()
    assert lacking(table, VARIABLES, (treated & ~third, ~treated & ~third)) == ()


def test_few_patients_tell_nothing() -> None:
    table, treated = patients(18)
    assert lacking(table, VARIABLES, (treated, ~treated)) == ()
    assert lacking(table, VARIABLES, (np.zeros(18, bool), np.ones(18, bool))) == ()


def test_where_an_option_was_as_good_as_never_given_its_share_there_is_believed() -> None:
    table, treated = patients(1200)
    old = (table["age"] > 75).to_numpy()
    treated &= ~old & (table["ward"] != "b").to_numpy()
    smooth = np.full((1200, 2), 0.5)
    groups = seldom(table, VARIABLES, treated.astype(np.int64), smooth)
    found = {(one.variable, one.value, one.yes) for one in groups}
    assert found == {("ward", "b", True), ("age", "", True)}
    seen = as_seen(table, VARIABLES, smooth, groups)
    far = old & (table["age"] > 77).to_numpy()
    assert not comparable(seen[far | (table["ward"] == "b").to_numpy()]).any()
    assert seen.sum(axis=1) == pytest.approx(1)
    assert (seen[(table["age"] < 60).to_numpy() & (table["ward"] == "a").to_numpy()] == 0.5).all()


@settings(max_examples=15, deadline=None)
@given(st.integers(0, 10_000), st.floats(0.02, 0.98))
def test_where_probabilities_are_right_no_share_is_replaced(seed: int, often: float) -> None:
    """However seldom an option is given: that patients cannot be compared is told by these."""
    draw = np.random.default_rng((seed, 1))
    table, _ = patients(400)
    given_ = (draw.random(400) < often).astype(np.int64)
    assert seldom(table, VARIABLES, given_, np.full((400, 2), [1 - often, often])) == ()
