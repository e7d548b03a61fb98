"""What could change: ranked by what the model says, within limits, and as predict says it."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import Any, cast

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from scipy.special import expit, logit

from pmed_core import read_cohort
from pmed_core.advice import Option
from pmed_core.errors import UserError
from pmed_core.limits import INPUTS_AT_MOST, Limit, Limits, reachable
from pmed_core.modalities.tabular.advice import Asked, advise
from pmed_core.modalities.tabular.changes import Room, changed, rooms
from pmed_core.modalities.tabular.consult import Companions
from pmed_core.modalities.tabular.counterfactual import Search, counterfactuals
from pmed_core.modalities.tabular.ensemble import TableEnsemble
from pmed_core.modalities.tabular.learner import with_range
from pmed_core.modalities.tabular.novelty import Novelty, learn_novelty
from pmed_core.modalities.tabular.preprocessing import fit_preprocessing
from pmed_core.modalities.tabular.synthesis import synthesise
from pmed_core.outcomes import Outcome
from pmed_core.variable import Kind, Variable
from pmed_core.work import Cell

ILL: dict[str, Cell] = {
    "pressure": 165.0, "weight": 96.0, "smoker": "yes", "age": 63.0, "stage": "II",
}  # fmt: skip
CHANGEABLE = ("pressure", "weight", "smoker")
FREE = Limits(tuple(Limit(name) for name in CHANGEABLE))


def table(rows: int = 700) -> pd.DataFrame:
    """Pressure counts most, then smoking, then weight; their effects add up in log-odds."""
    draw = np.random.default_rng(0)
    frame = pd.DataFrame({
        "pressure": draw.normal(140, 20, rows).round(1),
        "weight": draw.normal(80, 12, rows).round(),
        "smoker": draw.choice(["yes", "no"], rows), "age": draw.integers(30, 90, rows),
        "stage": draw.choice(["I", "II", "III"], rows),
    })  # fmt: skip
    frame["died"] = np.where(draw.random(rows) < expit(score(frame)), "yes", "no")
    return frame


def score(frame: pd.DataFrame) -> pd.Series[float]:
    """Log-odds."""
    return (
        (frame["pressure"] - 140) / 15 + 1.5 * (frame["smoker"] == "yes")
        + (frame["weight"] - 80) / 40 - 1
    )  # fmt: skip


@dataclass(frozen=True, eq=False)
class Known:
    """A model whose log-odds are the sum that the table was made with; all else as a trained one
    has it."""

    outcome: Outcome
    variables: tuple[Variable, ...]
    background: pd.DataFrame
    novelty: Novelty

    def encode(self, rows: pd.DataFrame) -> pd.DataFrame:
        return rows

    def scores(self, rows: pd.DataFrame) -> NDArray[np.float64]:
        return np.asarray(score(rows), dtype=np.float64)[:, None]

    def risks(self, rows: pd.DataFrame) -> NDArray[np.float64]:
        odds = np.stack([self.scores(rows) + shift for shift in (0.0, -0.2, 0.2)])
        return np.asarray(expit(odds), dtype=np.float64)


@pytest.fixture(scope="module")
def known() -> TableEnsemble:
    cohort = read_cohort(table(), outcome="died")
    variables = tuple(with_range(v, cohort.table) for v in cohort.inputs)
    read = fit_preprocessing(cohort.table, variables, cohort.observed().astype(float))
    assert cohort.outcome is not None
    made = Known(
        cohort.outcome, variables, synthesise(cohort, 128, 0), learn_novelty(cohort.table, read)
    )
    return cast(TableEnsemble, made)


def ask(known: TableEnsemble, limits: Limits = FREE, **more: Cell) -> Asked:
    return Asked(known, ILL | more, "yes", limits)


def names(options: tuple[Option, ...]) -> list[tuple[str, ...]]:
    return [tuple(change.variable for change in one.changes) for one in options]


def test_the_best_single_change_is_the_one_that_counts_most(known: TableEnsemble) -> None:
    found = advise(ask(known))
    assert names(found.singles) == [("pressure",), ("smoker",), ("weight",)]
    values = [one.value for one in found.singles]
    assert values == sorted(values)
    assert values[-1] < found.value
    [smoking] = [one.changes[0] for one in found.singles if names((one,)) == [("smoker",)]]
    assert (smoking.before, smoking.after) == ("yes", "no")
    assert set(names(found.pairs)[0]) == {"pressure", "smoker"}
    assert found.pairs[0].value < found.singles[0].value
    assert found.unmoved == ()


def test_what_is_told_is_what_predict_says_alone_and_together(known: TableEnsemble) -> None:
    found = advise(ask(known))
    for option in (*found.singles, *found.pairs):
        after = {change.variable: change.after for change in option.changes}
        each = [{change.variable: change.after} for change in option.changes]
        table = changed(known, ILL, [after, *each])
        value, low, high = known.risks(table)[..., 0]
        assert (value[0], low[0], high[0]) == (option.value, option.low, option.high)
        assert tuple(value[1:]) == option.alone
        assert not known.novelty.flags(table, known.variables).any()
        odds = [logit(one) - logit(found.value) for one in (option.value, *option.alone)]
        assert odds[0] == pytest.approx(sum(odds[1:]))


def test_nothing_that_was_tried_is_better_than_what_is_told(known: TableEnsemble) -> None:
    found = advise(ask(known))
    best = {one.variable: min(one.predicted) for one in found.tried}
    for option in found.singles:
        gain = found.value - best[option.changes[0].variable]
        assert found.value - option.value >= 0.95 * gain
    assert found.singles[0].value <= found.value - 0.95 * (found.value - min(best.values()))


LIMITS = st.fixed_dictionaries({
    "way": st.sampled_from(["either", "lower", "higher"]),
    "percent": st.none() | st.floats(0.1, 60),
    "low": st.none() | st.floats(100, 180), "high": st.none() | st.floats(120, 200),
})  # fmt: skip


@given(LIMITS, st.floats(90, 210))
@settings(max_examples=60, deadline=None)
def test_limits_and_directions_are_never_crossed(
    known: TableEnsemble, given_limits: dict[str, float], now: float
) -> None:
    limit = Limit("pressure", **given_limits)  # type: ignore[arg-type]
    limits = Limits((limit, Limit("smoker", to=("no",))))
    found = advise(ask(known, limits, pressure=now))
    search = Search.within(known, ILL | {"pressure": now}, limits, "yes", 0.05)
    states = [c for one in (*found.singles, *found.pairs) for c in one.changes]
    states += [c for one in counterfactuals(search) for c in one.changes]
    after = [c.after for c in states if c.variable == "pressure"]
    after += [v for one in found.tried if one.variable == "pressure" for v in one.values]
    for value in after:
        assert isinstance(value, float)
        assert value != now
        assert limit.way != "lower" or value <= now
        assert limit.way != "higher" or value >= now
        assert limit.percent is None or abs(value - now) <= abs(now) * limit.percent / 100 + 1e-9
        assert limit.low is None or value >= limit.low
        assert limit.high is None or value <= limit.high
    assert {c.after for c in states if c.variable == "smoker"} <= {"no"}
    assert {c.variable for c in states} <= {"pressure", "smoker"}


@given(
    st.floats(-1e4, 1e4),
    st.floats(0, 1e4),
    st.floats(-2e4, 2e4),
    st.sampled_from([7.0, 0.37, 512.0]),
)  # fmt: skip
def test_a_rounded_number_stays_between_the_ends(
    low: float, width: float, value: float, span: float
) -> None:
    variable = Variable("x", Kind.NUMBER, range=(0.0, span))
    room = Room(variable, 0.0, low, low + width)
    assert low <= room.rounded(value) <= low + width


def test_unchanged_inputs_stay_as_they_are(known: TableEnsemble) -> None:
    rows = changed(known, ILL, [{"smoker": "no"}, {"weight": 70.0}])
    own = changed(known, ILL, [{}])
    for row, name in enumerate(("smoker", "weight")):
        kept = [v.name for v in known.variables if v.name != name]
        assert rows[kept].iloc[row].tolist() == own[kept].iloc[0].tolist()


def test_who_stops_smoking_already_has_nothing_to_gain(known: TableEnsemble) -> None:
    found = advise(ask(known, Limits((Limit("smoker", to=("no",)),)), smoker="no"))
    assert found.singles == ()
    assert found.unmoved == ("smoker",)


def test_a_higher_prediction_may_be_wanted(known: TableEnsemble) -> None:
    wanted = replace(FREE, higher=("yes",))
    found = advise(ask(known, wanted, smoker="no", pressure=130.0))
    assert found.higher
    assert all(one.value > found.value for one in found.singles)


def test_states_that_the_model_has_not_seen_are_left_out_and_counted(known: TableEnsemble) -> None:
    free = advise(ask(known))
    far = Limits((Limit("pressure", low=1e4, high=1e5), Limit("smoker")))
    assert free.unlike == 0
    assert names(advise(ask(known, far)).singles) == [("smoker",)]


def test_similar_patients_are_counted_by_hand(known: TableEnsemble) -> None:
    cohort = read_cohort(table(), outcome="died")
    encoded = known.novelty.encoding.encode(cohort.table)
    one = np.ones(encoded.shape[1], dtype=np.float32)
    others = Companions(cohort.table, cohort.patients(), encoded, one, np.zeros((700, 1)), ())
    patient = str(others.patients[5])
    own = {v.name: cohort.table[v.name].iloc[5] for v in known.variables}
    cells = own | {"smoker": "yes"}
    limits = Limits((Limit("smoker"),))
    found = advise(Asked(known, cells, "yes", limits, patient, others))
    assert found.among == 70
    encoding = known.novelty.encoding
    rest = [j for j, name in enumerate(encoding.columns) if name != "smoker"]
    apart = encoding.encode(cohort.table)[:, rest]
    far = ((apart - apart[5]) ** 2).sum(axis=1)
    far[5] = math.inf
    nearest = np.argsort(far, kind="stable")[:70]
    assert found.singles[0].similar == (cohort.table["smoker"].iloc[nearest] == "no").sum()


def test_nothing_or_too_much_to_change_is_one_sentence(known: TableEnsemble) -> None:
    with pytest.raises(UserError, match="No input is chosen"):
        advise(ask(known, Limits()))
    with pytest.raises(UserError, match="No input is chosen"):
        advise(replace(ask(known), cells={**ILL, **dict.fromkeys(CHANGEABLE)}))


def test_more_inputs_than_pairs_are_looked_at_is_refused(known: TableEnsemble) -> None:
    every = Limits(tuple(Limit(f"m{j}") for j in range(INPUTS_AT_MOST + 1)))
    with pytest.raises(UserError, match=f"More than {INPUTS_AT_MOST} inputs"):
        advise(ask(known, every))


@pytest.mark.parametrize("never", ["never", "Never smoker", "nie", "never_smoked"])
def test_nobody_becomes_what_they_never_were(known: TableEnsemble, never: str) -> None:
    values = (never, "former", "current")
    smoking = Variable("smoking", Kind.CATEGORY, categories=values)
    one = cast(TableEnsemble, replace(cast(Any, known), variables=(smoking,)))
    (room,) = rooms(one, {"smoking": "current"}, Limits((Limit("smoking"),)))
    assert room.others == ("former",)
    # Who says so themselves is asked for it.
    (room,) = rooms(one, {"smoking": "current"}, Limits((Limit("smoking", to=(never,)),)))
    assert room.others == (never,)
    assert reachable(Variable("diet", Kind.CATEGORY, categories=("nieder", "nevertheless"))) == (
        "nieder", "nevertheless",
    )  # fmt: skip
