"""A model in each part of its patients: parts are those of the file, chance is no finding."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pmed_core.cohort import Cohort
from pmed_core.errors import UserError
from pmed_core.evaluations.evaluate import evaluate
from pmed_core.evaluations.subgroups import OTHERS, UNKNOWN, by_variable, parts_of, rows_of
from pmed_core.outcomes import YesNo
from pmed_core.predictions import Predictions
from pmed_core.variable import Kind, Role, Variable
from tests.evaluations.cases import predictions, risks

OUTCOME = YesNo("outcome", ("died",))
SEX = Variable("sex", Kind.CATEGORY, categories=("f", "m"), labels=(("f", "female"), ("m", "male")))
AGE = Variable("age", Kind.NUMBER, unit="years")


def cohort(n: int, sex: Sequence[str], age: np.ndarray | None = None) -> tuple[Cohort, Predictions]:
    """Patients with known risks, of whom the model knows nothing where they are male."""
    risk, event = risks(n)
    male = np.array([one == "m" for one in sex])
    told = np.where(male, np.random.default_rng(1).permutation(risk), risk)
    table = pd.DataFrame(
        {
            "id": [f"P{k}" for k in range(n)], "sex": pd.array(sex, dtype="str"),
            "age": np.arange(n, dtype=float) if age is None else age,
            "outcome": pd.array(np.where(event > 0, "died", "alive"), dtype="str"),
        }
    )  # fmt: skip
    variables = (
        Variable("id", Kind.IDENTIFIER, Role.PATIENT), SEX, AGE,
        Variable("outcome", Kind.CATEGORY, Role.OUTCOME, categories=("alive", "died")),
    )  # fmt: skip
    whole = Cohort("made", table, variables, OUTCOME)
    return whole, predictions(told, event, list(table["id"]))


def test_a_group_the_model_knows_nothing_of_is_found() -> None:
    whole, held_out = cohort(900, ["f", "m", "f"] * 300)
    found = by_variable(held_out, whole, SEX, (OUTCOME, 0.3))
    assert [one.name for one in found.groups] == ["female", "male"]
    assert [one.n for one in found.groups] == [600, 300]
    assert "more than chance" in found.verdict
    assert "'male'" in found.verdict
    mask = (whole.table["sex"] == "m").to_numpy()
    alone = evaluate(held_out.select(mask), OUTCOME, 0.3, "male").measures["auroc"]
    assert found.groups[1].measures["auroc"] == alone
    everybody = evaluate(held_out, OUTCOME, 0.3, "all").measures["auroc"]
    assert found.whole.measures["auroc"] == everybody


@pytest.mark.slow
def test_groups_that_do_not_differ_are_rarely_said_to() -> None:
    said = []
    for seed in range(40):
        draw = np.random.default_rng(seed)
        risk, event = risks(300, seed)
        whole, _ = cohort(300, ["f"] * 300)
        table = whole.table.assign(
            sex=pd.array(draw.choice(["f", "m"], 300), dtype="str"),
            outcome=np.where(event > 0, "died", "alive"),
        )
        found = by_variable(
            predictions(risk, event, list(table["id"])), replace(whole, table=table), SEX,
            (OUTCOME, 0.3),
        )  # fmt: skip
        said.append("more than chance" in found.verdict and "no more" not in found.verdict)
    assert sum(said) <= 6


def test_too_few_patients_are_said_and_not_compared() -> None:
    whole, held_out = cohort(90, ["m"] * 3 + ["f"] * 87)
    found = by_variable(held_out, whole, SEX, (OUTCOME, 0.3))
    assert "too few patients" in found.verdict.lower()
    with pytest.raises(UserError, match="makes no groups"):
        by_variable(held_out, cohort(90, ["f"] * 90)[0], SEX, (OUTCOME, 0.3))


def test_each_prediction_finds_its_own_row() -> None:
    whole, held_out = cohort(60, ["f", "m"] * 30)
    turned = np.random.default_rng(0).permutation(60)[:40]
    assert rows_of(held_out.take(turned), whole).tolist() == turned.tolist()
    twice = replace(whole, table=whole.table.assign(id=["P0", *whole.table["id"][:-1]]))
    with pytest.raises(UserError, match="cannot be matched"):
        rows_of(held_out.take(turned), twice)


def test_rows_that_were_numbered_anew_are_not_taken_for_others() -> None:
    whole, held_out = cohort(60, ["f", "m"] * 30)
    variables = tuple(v for v in whole.variables if v.name != "id")
    nameless = replace(whole, table=whole.table.drop(columns="id"), variables=variables)
    later = np.arange(7, 60)
    renumbered = replace(held_out.take(later), patients=tuple(map(str, range(1, 54))))
    with pytest.raises(UserError, match="cannot be matched"):
        rows_of(renumbered, nameless)
    known = replace(held_out, patients=tuple(map(str, range(1, 61))))
    assert rows_of(known, nameless).tolist() == list(range(60))


@given(st.lists(st.one_of(st.none(), st.floats(-1e6, 1e6)), min_size=2, max_size=80))
def test_every_number_is_in_one_band_that_holds_it(cells: list[float | None]) -> None:
    column = pd.Series(cells, dtype="float64")
    parts = parts_of(column, AGE)
    assert parts.notna().all()
    assert ((parts == UNKNOWN) == column.isna()).all()
    known = column.notna()
    ends = column[known].groupby(parts[known].astype(str)).agg(["min", "max"]).sort_values("min")
    assert (ends["max"].to_numpy()[:-1] < ends["min"].to_numpy()[1:]).all()


def test_many_values_are_put_together_as_others() -> None:
    site = Variable("site", Kind.CATEGORY)
    column = pd.Series([f"site {k}" for k in range(30) for _ in range(30 - k)], dtype="str")
    parts = parts_of(column, site)
    assert parts.nunique() == 12
    assert (parts == OTHERS).sum() == sum(range(1, 20))
    assert (parts[parts != OTHERS].astype(str) == column[parts != OTHERS]).all()
