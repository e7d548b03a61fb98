"""Boosted trees learn what moves an outcome of any kind, say it as arrays, and are walked fast."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray
from scipy.special import expit, softmax

from pmed_core.errors import Cancelled
from pmed_core.modalities.tabular import boosting, tree_walks
from pmed_core.modalities.tabular.boosting import Boosted, Likelihood, boosted, rebuilt
from pmed_core.modalities.tabular.material import Material
from pmed_core.outcomes import Classes, Number, Outcome, Several, Target, TimeToEvent, YesNo
from pmed_core.outcomes.kinds import learning
from pmed_core.progress import Silent, Stop
from pmed_core.training.folds import Entry

ROWS = 300
DRAW = np.random.default_rng(0)
COLUMNS = DRAW.normal(size=(ROWS, 4)).astype(np.float32).round(2)
EFFECT = np.where((COLUMNS[:, 0] > 0) == (COLUMNS[:, 1] > 0), 2.0, -2.0)
LABEL = (DRAW.random(ROWS) < expit(EFFECT)).astype(np.int64)
TIME = DRAW.exponential(np.exp(-EFFECT / 2)) + 0.01
KINDS: dict[str, tuple[Outcome, Target]] = {
    "yes/no": (YesNo("x", ("1",)), Target(LABEL)),
    "classes": (Classes("x", ("a", "b", "c")), Target(LABEL + (COLUMNS[:, 2] > 1))),
    "several": (
        Several((YesNo("x", ("1",)), YesNo("y", ("1",)))),
        Target(LABEL * 0, actual=np.stack([LABEL, np.where(LABEL, np.nan, 1)], axis=1)),
    ),
    "number": (Number("x"), Target(LABEL * 0, actual=EFFECT[:, None] + TIME[:, None])),
    "time": (TimeToEvent("x", "t", ("1",)), Target(LABEL, time=TIME)),
    "time, some came late": (
        TimeToEvent("x", "t", ("1",)),
        Target(LABEL, time=TIME, entry=np.where(COLUMNS[:, 3] > 1, TIME / 2, 0.0)),
    ),
}  # fmt: skip


def material(kind: str, training: int = 200, networks: int = 1) -> Material:
    outcome, target = KINDS[kind]
    every = np.arange(ROWS)
    members = tuple(Entry(j, every[:training], every[training:]) for j in range(networks))
    outcome = learning(outcome).settled(outcome, target)
    parts = [target.select(entry.training) for entry in members]
    outcome = learning(outcome).started(outcome, parts)
    return Material(outcome, members, (COLUMNS,) * networks, 4, target, np.ones(2))


@pytest.fixture(scope="module", autouse=True)
def _few() -> Any:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(boosting, "TREES_OF_A_FOLD", 50)
        yield


@pytest.fixture(scope="module")
def two() -> Boosted:
    return boosted(material("yes/no", networks=2), 0, Silent())


def likelihood(kind: str, rows: slice) -> tuple[Likelihood, int]:
    made = material(kind)
    one = Likelihood.of(made.outcome, made.target.select(np.arange(ROWS)[rows]))
    return one, learning(made.outcome).outputs(made.outcome)


def worth(one: Likelihood, logits: NDArray[np.float64]) -> NDArray[np.float64]:
    """(r,) log likelihood, written out."""
    cells = learning(one.outcome).log_cells(one.outcome, logits[:, None, None])
    likely = np.exp(cells.reshape(one.agrees.shape))
    found = np.log((likely * one.agrees).sum(axis=2)).sum(axis=1)
    if one.given is not None:
        found -= np.log((likely * one.given).sum(axis=2)).sum(axis=1)
    return np.asarray(found)


@pytest.mark.parametrize("kind", KINDS)
def test_slopes_are_those_of_the_likelihood(kind: str) -> None:
    one, outputs = likelihood(kind, slice(40))
    logits = np.random.default_rng(1).normal(0, 0.5, (40, outputs))
    slope, information = one.slopes(logits)
    for k, nudge in enumerate(np.eye(outputs) * 1e-4):
        expected = (worth(one, logits + nudge) - worth(one, logits - nudge)) / 2e-4
        assert slope[:, k] == pytest.approx(expected, abs=1e-3)
    assert (information >= 0).all()


def test_of_classes_they_are_those_of_the_textbooks() -> None:
    one, outputs = likelihood("classes", slice(30))
    logits = np.random.default_rng(1).normal(size=(30, outputs))
    slope, information = one.slopes(logits)
    said = softmax(logits, axis=1)
    assert slope == pytest.approx(one.agrees[:, 0] - said, abs=1e-3)
    assert information == pytest.approx(said * (1 - said), abs=1e-3)


@pytest.mark.parametrize("kind", KINDS)
def test_patients_they_have_not_seen_become_more_likely(kind: str) -> None:
    made = material(kind)
    found = boosted(made, 0, Silent())
    one, outputs = likelihood(kind, slice(200, ROWS))
    base = np.tile(found.base[0].astype(np.float64), (ROWS - 200, 1))
    after = found.said(COLUMNS[200:, None])[:, 0]
    assert after.shape == (ROWS - 200, outputs)
    assert worth(one, after).mean() > worth(one, base).mean() + 0.02


def test_they_learn_what_only_two_columns_together_tell(two: Boosted) -> None:
    said = two.said(np.stack([COLUMNS, COLUMNS], axis=1))[200:, :, 0]
    assert np.corrcoef(said.mean(axis=1), EFFECT[200:])[0, 1] > 0.6


def test_the_same_seed_grows_the_same_trees(two: Boosted) -> None:
    again = boosted(material("yes/no", networks=2), 0, Silent())
    assert all(np.array_equal(again.arrays()[name], each) for name, each in two.arrays().items())


def test_large_cohorts_lend_each_tree_some_of_their_rows(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(boosting, "ROWS_OF_A_TREE", 100)
    found = boosted(material("yes/no"), 0, Silent())
    said = found.said(COLUMNS[200:, None])[:, 0, 0]
    assert np.corrcoef(said, EFFECT[200:])[0, 1] > 0.6


@pytest.mark.parametrize("same", [0.0, None])
def test_columns_that_tell_nothing_are_borne(same: float | None) -> None:
    columns = np.full_like(COLUMNS, 0.0) if same is not None else COLUMNS.round(0)
    made = material("yes/no")
    made = Material(made.outcome, made.members, (columns,), 4, made.target, np.ones(2))
    assert np.isfinite(boosted(made, 0, Silent()).said(columns[:, None])).all()


def test_a_cancelled_run_grows_no_further() -> None:
    class Cancelling(Silent):
        def stop(self) -> Stop:
            return "cancel"

    with pytest.raises(Cancelled):
        boosted(material("yes/no"), 0, Cancelling())


def test_kept_arrays_are_the_same_trees(two: Boosted) -> None:
    again = rebuilt(two.arrays(), (2, 4, 1))
    both = np.stack([COLUMNS, COLUMNS], axis=1)
    assert np.array_equal(again.said(both), two.said(both))


@pytest.mark.parametrize(
    ("name", "change"),
    [
        ("feature", lambda each: each + 4),
        ("feature", lambda each: each - 4),
        ("feature", lambda each: each.astype(np.int64)),
        ("feature", lambda each: each[0]),
        ("threshold", lambda each: each[:, :-1]),
        ("threshold", lambda each: each * np.nan),
        ("value", lambda each: each[:, :, :32]),
        ("value", lambda each: np.full_like(each, np.inf)),
        ("base", lambda each: each[:1]),
    ],
)
def test_what_are_not_trees_is_refused(two: Boosted, name: str, change: Any) -> None:
    arrays = two.arrays()
    with pytest.raises(ValueError, match="Not boosted trees"):
        rebuilt(arrays | {name: change(arrays[name])}, (2, 4, 1))


def drawn(seed: int) -> tuple[Boosted, NDArray[np.float32], NDArray[np.float32]]:
    """Trees of two networks and five columns, a row (n, c), and three others (b, n, c)."""
    draw = np.random.default_rng(seed)
    shape = (2, 8, int(draw.integers(1, 7)))
    values = draw.normal(size=(2, 8, 1 << shape[2], 2)).astype(np.float32)
    found = Boosted(
        draw.integers(0, 5, shape).astype(np.int32), draw.normal(size=shape).astype(np.float32),
        values, draw.normal(size=(2, 2)).astype(np.float32),
    )  # fmt: skip
    rows = draw.normal(size=(4, 2, 5)).astype(np.float32)
    return found, rows[0], rows[1:]


@given(seed=st.integers(0, 10_000), players=st.integers(1, 5))
def test_walks_say_what_whole_rows_do(seed: int, players: int) -> None:
    found, row, background = drawn(seed)
    draw = np.random.default_rng(seed)
    owner = draw.integers(0, players, (2, 5))
    step = 1 + draw.permuted(np.tile(np.arange(players), (2, 3, 1)), axis=2)
    joins = np.take_along_axis(step, np.broadcast_to(owner[:, None], (2, 3, 5)), axis=2)
    walked = tree_walks.boosted_walked(found, row, background, joins, players)
    for after in range(players + 1):
        mixed = np.where(joins.transpose(1, 0, 2) <= after, row, background)
        assert walked[:, :, after] == pytest.approx(found.said(mixed).swapaxes(0, 1), abs=1e-9)


@given(seed=st.integers(0, 10_000), players=st.integers(1, 5))
def test_coalitions_say_what_whole_rows_do(seed: int, players: int) -> None:
    found, row, background = drawn(seed)
    owner = np.random.default_rng(seed).integers(0, players, (2, 5))
    worth = tree_walks.boosted_coalitions(found, row, background, owner, players)
    for joined in range(1 << players):
        mixed = np.where(joined >> owner & 1 == 1, row, background)
        assert worth[:, :, joined] == pytest.approx(found.said(mixed).swapaxes(0, 1), abs=1e-9)


@pytest.mark.parametrize("kind", ["yes/no", "classes", "several"])
def test_calibration_draws_towards_everybody(kind: str) -> None:
    made = material(kind)
    what = learning(made.outcome)
    groups = what.groups(made.outcome)
    shares = np.exp(what.centre(made.outcome, made.target)).reshape(groups, -1)
    seen = what.shares(made.outcome, made.target).mean(axis=0).reshape(groups, -1)
    assert shares.sum(axis=1) == pytest.approx(np.ones(groups))
    assert shares == pytest.approx(seen, abs=0.01)
