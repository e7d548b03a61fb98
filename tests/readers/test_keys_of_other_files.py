"""A key that another file calls or lays out otherwise: the same numbers of the same lines."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pmed_core.cohort import Cohort
from pmed_core.errors import UserError
from pmed_core.readers.keyed import keys_of
from pmed_core.readers.tables import read_cohort
from pmed_core.reading import Choices
from pmed_core.shell.joins import packed

LINES = [f"ACH-{n:06d}" for n in range(8)]
GENES = [f"GENE{n}" for n in range(20)]


def expression(lines: list[str]) -> pd.DataFrame:
    values = np.random.default_rng(1).normal(size=(len(lines), len(GENES))).round(4)
    return pd.DataFrame(values, index=lines, columns=GENES)


def joined(
    folder: Path, other: pd.DataFrame, lines: list[str], choices: Choices | None = None
) -> Cohort:
    pairs = pd.DataFrame({"depmap_id": lines * 3, "ln_ic50": np.arange(3.0 * len(lines)) / 7})
    pairs.to_csv(folder / "pairs.csv", index=False)
    other.to_csv(folder / "other.csv", index=False)
    with packed(folder / "pairs.csv", [("depmap_id", folder / "other.csv")]) as (path, read):
        return read_cohort(path, choices={**read, **(choices or {})})


def told(cohort: Cohort) -> str:
    return next(d.sentence for d in cohort.reading if d.rule == "joined")


@settings(max_examples=25, deadline=None)
@given(
    order=st.permutations(range(8)), turned=st.booleans(), start=st.sampled_from(["", "DATA."]),
    called=st.sampled_from(["depmap_id", "", "ModelID"]),
)  # fmt: skip
def test_every_line_has_its_own_numbers(
    tmp_path_factory: pytest.TempPathFactory, order: list[int], turned: bool, start: str,
    called: str,
) -> None:  # fmt: skip
    lines = [LINES[n] for n in order]
    made = expression(lines)
    if turned:
        other = made.T.rename(columns=lambda line: start + line).reset_index(names="symbol")
        other.insert(1, "title", "of a gene")
    else:
        other = made.reset_index(names=called)
    cohort = joined(tmp_path_factory.mktemp("keys"), other, LINES)
    assert cohort.profiles is not None
    assert cohort.profiles.names == tuple(GENES)
    named = cohort.table["depmap_id profile"]
    assert named.tolist() == LINES * 3
    assert cohort.profiles.of(list(named)) == pytest.approx(
        made.loc[list(named)].to_numpy(), abs=1e-5
    )
    assert ("it was turned" in told(cohort)) == turned


def test_rows_without_a_name_or_with_that_of_another_are_left_out_of_a_turned_file(
    tmp_path: Path,
) -> None:
    other = expression(LINES).T.reset_index(names="symbol")
    other.loc[1, "symbol"], other.loc[2, "symbol"] = "", "GENE0"
    cohort = joined(tmp_path, other, LINES)
    assert cohort.profiles is not None
    assert cohort.profiles.names == tuple(GENES[3:])
    assert "3 rows whose name is empty or stands twice were left out" in told(cohort)


def test_a_spelling_is_told_and_taken_for_the_same_only_where_asked(tmp_path: Path) -> None:
    lines = ["HT-29", "MCF7", "T-T", "U 87"]
    other = expression(["HT29", "MCF7", "TT", "u87"]).reset_index(names="depmap_id")
    cohort = joined(tmp_path, other, lines)
    assert cohort.table["depmap_id profile"].isna().sum() == 9
    asked = next(d for d in cohort.reading if d.key == "spelling:depmap_id")
    assert "3 'depmap_id' differ in 'other.csv' by case" in asked.sentence
    assert (asked.value, asked.overrulable, asked.proved) == ("as-written", True, False)
    folded = joined(tmp_path, other, lines, {"spelling:depmap_id": "folded"})
    assert folded.table["depmap_id profile"].tolist() == lines * 3
    both = expression(["T-T", "TT", "HT-29", "MCF7"]).reset_index(names="depmap_id")
    apart = joined(tmp_path, both, lines, {"spelling:depmap_id": "folded"})
    assert apart.profiles is not None
    assert set(apart.profiles.ids) == {"T-T", "HT-29", "MCF7"}


def test_a_drug_in_several_rows_keeps_what_these_agree_on(tmp_path: Path) -> None:
    other = pd.DataFrame({
        "depmap_id": [*LINES, LINES[0], LINES[1], LINES[1]],
        "smiles": ["CCO"] * 8 + ["CCO", "CCN", "CCO"], "target": ["x"] * 11,
    })  # fmt: skip
    cohort = joined(tmp_path, other, LINES)
    assert len(cohort) == 24
    assert cohort.table["smiles"][:2].isna().tolist() == [False, True]
    assert cohort.table["target"].notna().all()
    assert "cells in which they differ are empty ('smiles')" in told(cohort)


def test_two_expressions_of_one_line_are_refused_and_of_no_line_are_not(tmp_path: Path) -> None:
    made = expression([*LINES, LINES[0]]).reset_index(names="depmap_id")
    with pytest.raises(UserError, match="stands in 2 rows"):
        joined(tmp_path, made, LINES)
    assert len(joined(tmp_path, made, LINES[1:])) == 21
    same = pd.concat([made.iloc[:8], made.iloc[:1]])
    assert joined(tmp_path, same, LINES).table["depmap_id profile"].notna().all()


def test_a_file_of_strangers_is_not_joined(tmp_path: Path) -> None:
    other = expression([f"X{n}" for n in range(8)]).reset_index(names="id")
    with pytest.raises(UserError, match="none whose cells are those"):
        joined(tmp_path, other, LINES)


@given(st.lists(st.integers(0, 10**9), min_size=1))
def test_whole_numbers_are_keys_however_they_are_written(numbers: list[int]) -> None:
    written = [[str(n), f"{n}.0"][k % 2] for k, n in enumerate(numbers)]
    assert keys_of(pd.Series(written, dtype="str")).tolist() == [str(n) for n in numbers]
