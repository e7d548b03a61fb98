"""From cells to numbers, learnt on a training part alone."""

from __future__ import annotations

from functools import cache

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray
from scipy.special import ndtri

from pmed_core.cohort import Cohort
from pmed_core.modalities.tabular.preprocessing import (
    EDGE,
    SCREENED_NUMBERS,
    Preprocessing,
    fit_preprocessing,
    normal_scores,
)
from pmed_core.readers.tables import read_cohort


@cache
def cohort(rows: int = 90) -> Cohort:
    generator = np.random.default_rng(0)
    frame = pd.DataFrame(
        {
            "patient": [f"p{n}" for n in range(rows)],
            "age": generator.normal(60, 10, rows).round(1),
            "ward": generator.choice(["a", "b", "c"], rows),
            "sex": generator.choice(["f", "m"], rows),
            "died": generator.choice(["yes", "no"], rows),
        }
    )
    frame.loc[::5, "age"] = np.nan
    return read_cohort(frame, outcome="died", patient="patient")


def fitted(made: Cohort) -> Preprocessing:
    event = made.observed()[:, None] == np.array([0, 1])
    return fit_preprocessing(made.table, made.inputs, event.astype(float))


def test_columns_are_scores_then_categories_then_what_is_missing() -> None:
    found = fitted(cohort())
    assert found.columns == ("age", "ward", "ward", "ward", "sex", "age")
    assert found.indicators == ("age",)


@given(st.lists(st.one_of(st.none(), st.floats(-1e6, 1e6)), min_size=1, max_size=20))
def test_scores_rise_with_the_number_and_are_never_missing(ages: list[float | None]) -> None:
    made = cohort()
    table = made.table.iloc[np.zeros(len(ages), dtype=int)].reset_index(drop=True)
    table["age"] = pd.Series(ages, dtype="float64")
    encoded = fitted(made).encode(table)
    assert np.isfinite(encoded).all()
    assert np.abs(encoded[:, 0]).max() < 3.2
    known = table["age"].notna().to_numpy()
    order = np.argsort(table["age"][known].to_numpy(), kind="stable")
    assert (np.diff(encoded[known, 0][order]) >= 0).all()
    assert (encoded[:, -1] == ~known).all()


def scores(cells: list[float], knots: list[float]) -> NDArray[np.float64]:
    return normal_scores(np.array(cells)[:, None], np.array(knots)[None])[:, 0]


def test_scores_are_those_of_the_rank_between_the_quantiles() -> None:
    found = scores([1, 0.5, 1.5], [0, 1, 2])
    assert found == pytest.approx(ndtri([0.5, 0.25, 0.75]))


def test_ties_get_their_middle_rank() -> None:
    assert scores([0, 1], [0, 0, 0, 0, 1]) == pytest.approx(ndtri([0.375, 1 - EDGE]))
    assert scores([7], [7, 7, 7]) == pytest.approx([0])


def test_extremes_are_clipped_and_missing_stays_missing() -> None:
    found = scores([-1e9, 0, 2, 1e9, np.nan], [0, 1, 2])
    assert found[:4] == pytest.approx(ndtri([EDGE, EDGE, 1 - EDGE, 1 - EDGE]))
    assert np.isnan(found[4])


@given(
    st.lists(st.integers(-50, 50), min_size=2, max_size=30),
    st.lists(st.integers(-60, 60), min_size=1, max_size=30),
)
def test_scores_rise_and_turn_with_the_sign(knots: list[int], cells: list[int]) -> None:
    known, asked = np.sort(np.array(knots, float)), np.sort(np.array(cells, float))
    found = scores(asked.tolist(), known.tolist())
    assert (np.diff(found) >= -1e-12).all()
    assert scores((-asked).tolist(), (-known[::-1]).tolist()) == pytest.approx(-found)


def test_a_missing_number_is_the_mean_score_and_says_so() -> None:
    made = cohort()
    found = fitted(made).encode(made.table)
    absent = made.table["age"].isna().to_numpy()
    assert found[absent, 0] == pytest.approx(found[~absent, 0].mean(), abs=1e-5)
    assert found[:, -1].tolist() == absent.astype(float).tolist()


def test_a_category_never_seen_is_none_of_its_values() -> None:
    made = cohort()
    row = made.table.head(1).assign(ward="a ward built later")
    assert fitted(made).encode(row)[0, 1:4].tolist() == [0, 0, 0]


def test_nothing_is_learnt_from_rows_that_were_not_given() -> None:
    made = cohort()
    changed = made.table.copy()
    changed.loc[60:, "age"] = 1e5
    part = np.arange(60)
    there = fitted(made.select(part))
    again = fitted(Cohort(made.name, changed, made.variables, made.outcome).select(part))
    assert np.array_equal(there.encode(made.table), again.encode(made.table))


def test_screening_keeps_the_numbers_that_matter() -> None:
    generator = np.random.default_rng(1)
    event = generator.integers(0, 2, 200)
    names = [f"gene {n}" for n in range(SCREENED_NUMBERS + 100)]
    frame = pd.DataFrame(generator.normal(size=(200, len(names))).round(3), columns=names)
    frame["gene 300"] += 2 * event
    made = read_cohort(frame.assign(ill=event), outcome="ill")
    kept = fitted(made).numbers
    assert len(kept) == SCREENED_NUMBERS
    assert "gene 300" in kept
