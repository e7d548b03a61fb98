"""The trees say what scikit-learn says, honestly, and refuse arrays that are not trees."""

from __future__ import annotations

import errno
from pathlib import Path
from runpy import run_path
from typing import Any

import numpy as np
import pytest
from numba import config
from numba.core.caching import FunctionCache
from numpy.typing import NDArray
from sklearn.ensemble import ExtraTreesClassifier
from sklearn.metrics import roc_auc_score

from pmed_core.errors import Cancelled
from pmed_core.modalities.tabular import compiled as compiling
from pmed_core.modalities.tabular.material import Material
from pmed_core.modalities.tabular.trees import DOUBT, TREES_OF_A_FOLD, Trees, grown, rates, rebuilt
from pmed_core.outcomes import Classes, Target
from pmed_core.progress import Silent, Stop
from pmed_core.training.folds import Entry, Rows

ROWS = 120
GENERATOR = np.random.default_rng(1)
COLUMNS = GENERATOR.normal(size=(ROWS, 4)).astype(np.float32).round(1)
BOTH = np.stack([COLUMNS, COLUMNS], axis=1)


def material(columns: NDArray[np.float32], labels: int, parts: list[Rows]) -> Material:
    rows = len(columns)
    members = tuple(
        Entry(fold, part, np.setdiff1d(np.arange(rows), part)) for fold, part in enumerate(parts)
    )
    label = np.random.default_rng(2).integers(0, labels, rows)
    outcome = Classes("outcome", tuple("abc"[:labels]))
    encoded = (columns,) * len(parts)
    return Material(outcome, members, encoded, columns.shape[1], Target(label), np.ones(labels))


THREE = material(COLUMNS, 3, [np.arange(80), np.arange(40, ROWS)])


@pytest.fixture(scope="module")
def trees() -> Trees:
    return grown(THREE, 0, Silent())


def test_they_say_what_scikit_learn_says(trees: Trees) -> None:
    said = trees.said(BOTH)
    for j, entry in enumerate(THREE.members):
        label = THREE.target.observed[entry.training]
        theirs = ExtraTreesClassifier(
            TREES_OF_A_FOLD, max_features=0.7, bootstrap=True, random_state=j
        ).fit(COLUMNS[entry.training], label)
        shares = rates(np.bincount(label, minlength=3) / len(label), len(label))
        expected = (1 - DOUBT) * theirs.predict_proba(COLUMNS) + DOUBT * shares
        assert said[:, j] == pytest.approx(expected, abs=1e-6)


def test_nobody_is_certain(trees: Trees) -> None:
    said = trees.said(BOTH)
    assert said.min() > 0
    assert said.sum(axis=2) == pytest.approx(1, abs=1e-6)


def test_a_label_that_a_part_lacks_stays_possible() -> None:
    made = material(COLUMNS, 3, [np.arange(80), np.arange(40, ROWS)])
    label = made.target.observed
    label[:80][label[:80] == 1] = 2
    said = grown(made, 0, Silent()).said(BOTH)
    assert said.shape == (ROWS, 2, 3)
    assert 0 < said[:, 0, 1].max() < 0.01


def test_rows_to_stop_by_are_not_learnt() -> None:
    noise = np.random.default_rng(3).normal(size=(400, 5)).astype(np.float32)
    made = material(noise, 2, [np.arange(300)])
    said = grown(made, 0, Silent()).said(noise[:, None])[:, 0, 1]
    assert roc_auc_score(made.target.observed[:300], said[:300]) > 0.9
    assert 0.35 < roc_auc_score(made.target.observed[300:], said[300:]) < 0.65


def test_a_cancelled_run_grows_no_further() -> None:
    class Cancelling(Silent):
        def stop(self) -> Stop:
            return "cancel"

    with pytest.raises(Cancelled):
        grown(THREE, 0, Cancelling())


def test_kept_arrays_are_the_same_trees(trees: Trees) -> None:
    again = rebuilt(trees.arrays(), (2, 4, 3))
    assert np.array_equal(again.said(BOTH), trees.said(BOTH))


@pytest.mark.parametrize(
    ("name", "change"),
    [
        ("left", lambda nodes: np.zeros_like(nodes)),
        ("right", lambda nodes: nodes + len(nodes)),
        ("feature", lambda nodes: nodes + 4),
        ("roots", lambda roots: roots + 10**6),
        ("roots", lambda roots: roots[:1]),
        ("value", lambda values: values * 0),
        ("value", lambda values: values[:, :2]),
        ("threshold", lambda thresholds: thresholds.astype(np.float64)),
        ("threshold", lambda thresholds: thresholds[:-1]),
    ],
)
def test_what_are_not_trees_is_refused(trees: Trees, name: str, change: Any) -> None:
    arrays = trees.arrays()
    with pytest.raises(ValueError, match="Not trees"):
        rebuilt(arrays | {name: change(arrays[name])}, (2, 4, 3))


def test_what_cannot_be_kept_is_compiled_anew(monkeypatch: pytest.MonkeyPatch) -> None:
    """As where neither the program's folder nor the user's caches can be written."""

    def without_folder(function: Any) -> Any:
        raise RuntimeError("no locator available")

    monkeypatch.setattr(compiling, "Kept", without_folder)
    assert compiling.compiled(lambda number: number + 1)(2) == 3


SUMMED = """
def summed(rows):
    total = 0.0
    for row in range(rows.shape[0]):
        for column in range(rows.shape[1]):
            total += rows[row, column]
    return total
"""


def test_what_was_kept_of_other_arguments_is_not_used(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Two processes that keep at once can give two compilations one name: here the same is done by
    hand. A disk that is full is no reason not to answer."""
    monkeypatch.setattr(config, "CACHE_DIR", str(tmp_path))
    (tmp_path / "summed.py").write_text(SUMMED, "utf-8")
    whole = np.arange(12.0).reshape(3, 4)
    half = whole[:, ::2]

    def as_in_another_process() -> Any:
        return compiling.compiled(run_path(str(tmp_path / "summed.py"))["summed"])

    made = as_in_another_process()
    assert (made(whole), made(half)) == (66, 30)
    kept = sorted(tmp_path.rglob("*.nbc"))
    assert len(kept) == 2
    kept[1].write_bytes(kept[0].read_bytes())
    again = as_in_another_process()
    assert (again(half), again(whole)) == (30, 66)
    assert sum(again.stats.cache_hits.values()) == 1
    once_more = as_in_another_process()
    assert (once_more(half), once_more(whole)) == (30, 66)
    assert sum(once_more.stats.cache_hits.values()) == 2

    def full(*_: Any) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(FunctionCache, "save_overload", full)
    assert as_in_another_process()(half.astype(np.float32)) == 30


@pytest.mark.parametrize("kept", ["*.nbi", "*.nbc"])
@pytest.mark.parametrize("left", [0, 40, 0.5])
def test_what_a_power_failure_cut_off_is_kept_anew(
    kept: str, left: float, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(config, "CACHE_DIR", str(tmp_path))
    (tmp_path / "summed.py").write_text(SUMMED, "utf-8")
    whole = np.arange(12.0).reshape(3, 4)
    for hits in (0, 0, 1):
        made = compiling.compiled(run_path(str(tmp_path / "summed.py"))["summed"])
        assert made(whole) == 66
        assert sum(made.stats.cache_hits.values()) == hits
        if made.stats.cache_misses and not list(tmp_path.glob("cut")):
            (path,) = tmp_path.rglob(kept)
            data = path.read_bytes()
            path.write_bytes(data[: int(left if left > 1 else left * len(data))])
            (tmp_path / "cut").touch()
