"""Whoever is, or is closely related to, a patient of training is told in a later file."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import numpy as np
import pandas as pd
import pytest

from pmed_core.modalities.variants import answers
from pmed_core.modalities.variants.relatives import related_to

SITES, IDS = 1500, ("child", "again", "stranger", "sibling of strangers")
AUTOSOMAL = np.ones(SITES, dtype=bool)


def made(seed: int = 0) -> tuple[np.ndarray[Any, Any], np.ndarray[Any, Any]]:
    """Copies of 80 patients of training, and of a child of two of them, of one of them sequenced
    again with errors, and of two who are related to each other alone."""
    draw = np.random.default_rng(seed)
    frequency = draw.uniform(0.1, 0.9, SITES)
    known = draw.binomial(2, frequency[:, None], (SITES, 80)).astype(np.int8)

    def child(mother: Any, father: Any) -> Any:
        return (draw.random(SITES) < mother / 2).astype(np.int8) + (draw.random(SITES) < father / 2)

    again = known[:, 5].copy()
    wrong = draw.random(SITES) < 0.01
    again[wrong] = draw.integers(0, 3, wrong.sum())
    parents = draw.binomial(2, frequency[:, None], (SITES, 2))
    siblings = [child(*parents.T) for _ in range(2)]
    mine = np.stack([child(known[:, 1], known[:, 2]), again, *siblings], axis=1).astype(np.int8)
    mine[draw.random(mine.shape) < 0.05] = -1
    return known, mine


@pytest.mark.parametrize("seed", range(5))
def test_a_child_and_a_duplicate_are_told_and_strangers_are_not(seed: int) -> None:
    (said,) = related_to(made(seed), AUTOSOMAL)
    assert said.startswith("2 patients of this file are, or are closely related to, patients in")
    for one in (0, 1):
        known, mine = made(seed)
        (said,) = related_to((known, mine[:, [one, 2, 3]]), AUTOSOMAL)
        assert said.startswith("1 patient of this file is, or is closely related to, a patient in")


def test_strangers_alone_get_no_sentence() -> None:
    known, mine = made()
    assert related_to((known, mine[:, 2:]), AUTOSOMAL) == ()


def test_where_too_little_was_called_it_is_said_and_not_guessed() -> None:
    known, mine = made()
    mine[100:] = -1
    (said,) = related_to((known, mine), AUTOSOMAL)
    assert "cannot be told" in said
    assert "100 were called here" in said


@pytest.mark.parametrize("seed", range(5))
def test_whoever_has_few_calls_is_no_relative_by_chance(seed: int) -> None:
    known, mine = made(seed)
    few = mine.copy()
    few[np.random.default_rng(seed).permutation(SITES)[40:], 2] = -1
    told = related_to((known, few), AUTOSOMAL)
    assert told[0].startswith("Whether 1 patient of this file is related to those of training can")
    assert [one[:10] for one in told[1:]] == ["2 patients"], "the others as before"


def test_it_stands_beside_the_predictions_of_a_file(monkeypatch: pytest.MonkeyPatch) -> None:
    """The very calls of training are told as such, and relatives beside them."""
    known, mine = made()
    mine = np.concatenate([mine, known[:, :1]], axis=1)
    sheet = pd.DataFrame({"id": [*IDS, "copy"], "variants": pd.array([*IDS, "copy"], dtype="str")})

    class Rows:
        def __init__(self, copies: Any, table: pd.DataFrame) -> None:
            self.held, self.table = copies, table

        def __len__(self) -> int:
            return len(self.table)

        def select(self, rows: Any) -> Rows:
            rows = np.flatnonzero(rows) if np.asarray(rows).dtype == bool else rows
            return Rows(self.held[:, rows], self.table.iloc[rows].reset_index(drop=True))

        def patients(self) -> Any:
            return self.table["id"].to_numpy()

    ensemble = SimpleNamespace(
        column="variants", there=lambda rows: np.ones(len(rows), dtype=bool),
        copies=lambda rows: rows.held, catalogue=SimpleNamespace(autosomal=AUTOSOMAL),
    )  # fmt: skip
    training = Rows(
        known, pd.DataFrame({"id": range(80), "variants": [f"T{k}" for k in range(80)]})
    )
    monkeypatch.setattr(answers, "learnt_from", lambda *_: SimpleNamespace(cohort=training))
    monkeypatch.setattr(
        "pmed_core.modalities.variants.membership.with_digests",
        lambda _, rows: SimpleNamespace(
            table=pd.DataFrame({"variants": [one.tobytes().hex() for one in rows.held.T]})
        ),
    )
    predictor: Any = SimpleNamespace(ensemble=ensemble)
    rows: Any = Rows(mine, sheet)
    exact, close = answers.known_rows("m", predictor, rows, SimpleNamespace())  # type: ignore[arg-type]
    assert exact.startswith("1 of 5 rows has exactly the calls")
    assert close.startswith("2 patients of this file")
    assert not any(one in exact + close for one in ("child", "again", "T1")), "it names nobody"
    monkeypatch.setattr(answers, "learnt_from", lambda *_: None)
    assert answers.known_rows("m", predictor, rows, SimpleNamespace()) == ()  # type: ignore[arg-type]
