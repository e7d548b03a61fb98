"""What a model has seen: ranges in words, odd combinations, and no patient kept."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pmed_core.cohort import Cohort
from pmed_core.modalities.tabular.learner import with_range
from pmed_core.modalities.tabular.novelty import MARGIN, Novelty, learn_novelty
from pmed_core.modalities.tabular.preprocessing import fit_preprocessing
from pmed_core.readers.tables import read_cohort
from pmed_core.variable import Kind, Role, Variable

ODD = "This combination of values is unlike that of any patient the model has seen."
Known = tuple[Novelty, tuple[Variable, ...], pd.DataFrame]


def cohort(rows: int = 600) -> Cohort:
    """Two pressures that rise together, a ward and a date; some pressures are missing."""
    generator = np.random.default_rng(0)
    high = generator.normal(120, 15, rows)
    frame = pd.DataFrame(
        {
            "systolic (mmHg)": high.round(1),
            "mean (mmHg)": (0.7 * high + generator.normal(0, 1, rows)).round(1),
            "ward": generator.choice(["a", "b", "c"], rows),
            "admitted": [f"202{year}-06-15" for year in generator.integers(0, 5, rows)],
            "died": generator.choice(["yes", "no"], rows),
        }
    )
    frame.loc[::50, "mean (mmHg)"] = np.nan
    made = read_cohort(frame, outcome="died")
    # Dates are ignored until a person says otherwise.
    dates = (replace(v, role=Role.INPUT) if v.kind is Kind.DATE else v for v in made.variables)
    return replace(made, variables=tuple(dates))


def learnt(made: Cohort) -> Known:
    event = (made.observed()[:, None] == np.array([0, 1])).astype(float)
    encoding = fit_preprocessing(made.table, made.inputs, event)
    variables = tuple(with_range(variable, made.table) for variable in made.inputs)
    return learn_novelty(made.table, encoding), variables, made.table


@pytest.fixture(scope="module")
def known() -> Known:
    return learnt(cohort())


def said(known: Known, **changed: object) -> tuple[str, ...]:
    """About a patient in the middle of everything, but for what is changed."""
    novelty, variables, table = known
    row = table.head(1).copy()
    for name, cell in {**table.select_dtypes("number").median(), **changed}.items():
        row[name] = cell
    return novelty.outside(row, variables)[0]


def names(known: Known) -> tuple[str, str]:
    systolic, mean = (v.name for v in known[1] if v.unit == "mmHg")
    return systolic, mean


def test_the_middle_patient_is_familiar(known: Known) -> None:
    assert said(known) == ()


def test_a_number_nobody_had_is_said_with_the_range_seen(known: Known) -> None:
    systolic, _ = names(known)
    cells = known[2][systolic]
    assert said(known, **{systolic: 400.0}) == (
        f"{systolic} 400 is outside {cells.min():g} to {cells.max():g}, "
        "the range the model has seen.",
    )


def test_a_number_just_beyond_the_range_is_still_familiar(known: Known) -> None:
    systolic, _ = names(known)
    novelty, variables, table = known
    room = MARGIN * np.subtract(*np.quantile(table[systolic], [0.99, 0.01]))
    row = table.sort_values(systolic).tail(1)
    for share, strange in ((0.9, False), (1.1, True)):
        beyond = row.assign(**{systolic: table[systolic].max() + share * room})
        told = novelty.outside(beyond, variables)[0]
        assert any(sentence.startswith(systolic) for sentence in told) == strange


def test_two_usual_numbers_that_never_go_together_are_strange(known: Known) -> None:
    systolic, mean = names(known)
    table = known[2]
    high = {name: table[name].quantile(0.95) for name in (systolic, mean)}
    assert said(known, **high) == ()
    assert said(known, **{**high, mean: table[mean].quantile(0.05)}) == (ODD,)


def test_training_patients_are_familiar(known: Known) -> None:
    novelty, variables, table = known
    assert novelty.flags(table, variables).mean() <= 0.002


def test_new_patients_of_the_same_kind_are_mostly_familiar(known: Known) -> None:
    novelty, variables, _ = known
    generator = np.random.default_rng(9)
    table = cohort(400).table.copy()
    shift = generator.normal(0, 5, 400)
    systolic, mean = names(known)
    table = table.assign(**{systolic: table[systolic] + shift, mean: table[mean] + 0.7 * shift})
    assert novelty.flags(table, variables).mean() < 0.03


def test_a_missing_cell_and_a_later_date_are_not_beyond_a_range(known: Known) -> None:
    systolic, mean = names(known)
    later = {"admitted": pd.Timestamp("2029-01-01")}
    for told in (said(known, **{systolic: np.nan, mean: np.nan}), said(known, **later)):
        assert not any("outside" in sentence for sentence in told)


def test_what_is_kept_does_not_grow_with_the_patients() -> None:
    (few, *_), (many, *_) = learnt(cohort(300)), learnt(cohort(301))
    for name in ("low", "high", "centre", "axes"):
        assert getattr(few, name).shape == getattr(many, name).shape


def test_a_number_that_never_varied_is_familiar_where_it_is_the_same() -> None:
    frame = pd.DataFrame({"dose": [5.0] * 40, "died": ["yes", "no"] * 20})
    made = read_cohort(frame.assign(age=np.arange(40.0)), outcome="died")
    novelty, variables, table = learnt(made)
    assert not novelty.flags(table, variables).any()
    assert novelty.flags(table.assign(dose=6.0), variables).all()


@given(st.floats(-1e9, 1e9), st.floats(-1e9, 1e9))
def test_any_numbers_get_an_answer(known: Known, systolic: float, mean: float) -> None:
    first, second = names(known)
    novelty, variables, table = known
    row = table.head(1).assign(**{first: systolic, second: mean})
    low, high = table[first].min(), table[first].max()
    told = novelty.outside(row, variables)[0]
    if systolic < low - (high - low) or systolic > high + (high - low):
        assert told[0].startswith(first)
