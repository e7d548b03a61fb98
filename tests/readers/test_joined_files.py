"""Another file that is joined by a key: whole keys, nothing lost in silence."""

from __future__ import annotations

import gzip
import re
import zipfile
from collections.abc import Mapping
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pmed_core.cohort import Cohort
from pmed_core.errors import UserError
from pmed_core.outcomes import Number
from pmed_core.readers.tables import read_cohort
from pmed_core.shell.joins import packed
from pmed_core.variable import Kind, Role

GENES = [f"G{k}" for k in range(20)]


def expression(ids: list[str], key: str = "line") -> pd.DataFrame:
    """Values that tell whose they are: row k has k + 0.01 times the gene's number."""
    values = np.arange(len(ids))[:, None] + 0.01 * np.arange(len(GENES)) + 0.005
    table = pd.DataFrame(values, columns=GENES).round(3)
    table.insert(0, key, ids)
    return table


def pairs(ids: list[str]) -> pd.DataFrame:
    rng = np.random.default_rng(0)
    return pd.DataFrame({"line": ids, "y": np.round(rng.normal(size=len(ids)), 3)})


def written(folder: Path, name: str, table: pd.DataFrame) -> Path:
    path = folder / name
    data = table.to_csv(index=False).encode()
    path.write_bytes(gzip.compress(data) if name.endswith(".gz") else data)
    return path


def read(folder: Path, main: pd.DataFrame, others: Mapping[str, pd.DataFrame]) -> Cohort:
    joins = [(key, written(folder, f"{key}-more.csv.gz", one)) for key, one in others.items()]
    with packed(written(folder, "main.csv", main), joins) as (path, choices):
        return read_cohort(path, outcome=Number("y"), choices=choices)


def told(cohort: Cohort) -> str:
    return next(one.sentence for one in cohort.reading if one.rule == "joined")


def test_many_numbers_become_profiles_which_are_kept_once(tmp_path: Path) -> None:
    ids = ["a", "b", "c"] * 10
    cohort = read(tmp_path, pairs(ids), {"line": expression(["c", "a", "b"])})
    assert cohort.profiles is not None
    assert cohort.profiles.values.shape == (3, 20)
    assert cohort.table["line profile"].tolist() == ids
    assert cohort.variable("line profile").kind is Kind.PROFILE
    assert cohort.patient == "line"
    assert cohort.profiles.of(["a"])[0, 0] == pytest.approx(1.005)


def test_what_has_no_partner_is_counted_and_named_on_both_sides(tmp_path: Path) -> None:
    ids = ["a", "b", "lost", "gone"] * 5
    cohort = read(tmp_path, pairs(ids), {"line": expression(["a", "b", "unused"])})
    assert cohort.table["line profile"].isna().sum() == 10
    sentence = told(cohort)
    assert "10 rows of 2 'line' have no partner there: 'lost' and 'gone'" in sentence
    assert "1 row there is not needed: 'unused'" in sentence


@pytest.mark.parametrize(
    ("other", "said"),
    [
        (expression(["a", "b", "a"]), "'a' stands in 2 rows"),
        (expression(["x", "y"], key="cell"), "no column 'line' to join by"),
        (expression(["A", "B"]), "No 'line' of main.zip stands in"),
    ],
)
def test_what_cannot_be_joined_is_one_sentence(
    tmp_path: Path, other: pd.DataFrame, said: str
) -> None:
    with pytest.raises(UserError, match=said):
        read(tmp_path, pairs(["a", "b"] * 10), {"line": other})


def test_a_key_that_the_table_has_not_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="no column 'tumour' to join by"):
        read(tmp_path, pairs(["a", "b"] * 10), {"tumour": expression(["a"], key="tumour")})


def test_profiles_of_two_files_stand_side_by_side(tmp_path: Path) -> None:
    main = written(tmp_path, "main.csv", pairs(["a", "b", "c"] * 10))
    expressed = written(tmp_path, "expression.csv", expression(["a", "b"]))
    mutated = written(tmp_path, "mutations.csv.gz", expression(["c", "b"]))
    joins = [("line", expressed), ("line", mutated)]
    with packed(main, joins) as (path, choices):
        cohort = read_cohort(path, outcome=Number("y"), choices=choices)
    found = cohort.profiles
    assert found is not None
    assert found.kinds == (("expression", 20), ("mutations", 20))
    assert (found.names[0], found.names[20]) == ("expression: G0", "mutations: G0")
    assert found.kind_of_each.tolist() == [0] * 20 + [1] * 20
    # Whoever is in one of the files alone has a profile with gaps, under its own name.
    assert cohort.table["line profile"].tolist() == ["a", "b", "c"] * 10
    b, c = found.of(["b", "c"])[:, [0, 20]]
    assert b.tolist() == pytest.approx([1.005, 1.005])
    assert np.isnan(c[0])
    assert c[1] == pytest.approx(0.005)


def test_two_kinds_of_profiles_of_one_name_are_refused(tmp_path: Path) -> None:
    main, other = written(tmp_path, "a.csv", pairs(["a", "b"])), tmp_path / "genes.v1.csv"
    written(tmp_path, other.name, expression(["a", "b"]))
    written(tmp_path, "genes.v2.csv", expression(["a", "b"]))
    joins = [("line", other), ("line", tmp_path / "genes.v2.csv")]
    with (
        packed(main, joins) as (path, choices),
        pytest.raises(UserError, match="Two files of profiles are called 'genes'"),
    ):
        read_cohort(path, outcome=Number("y"), choices=choices)


def test_few_columns_are_joined_as_columns(tmp_path: Path) -> None:
    main = pairs(["a", "b", "c", "d"] * 10).assign(age=1.5)
    other = pd.DataFrame(
        {"line": ["a", "b", "c"], "tissue": ["lung", "skin", "lung"], "age": [60.5, 70.5, 80.5]}
    )
    cohort = read(tmp_path, main, {"line": other})
    assert cohort.profiles is None
    assert cohort.table["tissue"].head(4).tolist()[:3] == ["lung", "skin", "lung"]
    assert pd.isna(cohort.table["tissue"][3])
    assert cohort.table["age (line-more.csv.gz)"][1] == 70.5


def test_gaps_and_decimal_commas_of_a_profile_are_read_right(tmp_path: Path) -> None:
    other = expression(["a", "b", "c"]).astype("object")
    other["G3"] = ["1,5", "2,25", "-0,5"]
    other.loc[1, "G4"] = "NA"
    path = tmp_path / "genes.csv"
    path.write_text(other.to_csv(index=False, sep=";"))
    main = written(tmp_path, "main.csv", pairs(["a", "b", "c"] * 10))
    with packed(main, [("line", path)]) as (whole, choices):
        cohort = read_cohort(whole, outcome=Number("y"), choices=choices)
    assert cohort.profiles is not None
    assert cohort.profiles.of(["a", "b", "c"])[:, 3].tolist() == [1.5, 2.25, -0.5]
    assert np.isnan(cohort.profiles.of(["b"])[0, 4])
    assert "1 of them empty" in told(cohort)
    assert "1 column of it is not written as plain numbers" in told(cohort)
    assert "'G3' was read with a decimal comma" in told(cohort)


@pytest.mark.parametrize(("cells", "said"), [
    (["<0.5", "2.5", "1.5"], "were read as the limit|was read as the limit"),
    (["0.5 mg", "2.5 mg", "1.5 mg"], "was split off"),
])  # fmt: skip
def test_how_an_odd_column_of_a_profile_was_read_is_said(
    tmp_path: Path, cells: list[str], said: str
) -> None:
    other = expression(["a", "b", "c"]).astype("object")
    other["G7"] = cells
    cohort = read(tmp_path, pairs(["a", "b", "c"] * 10), {"line": other})
    assert cohort.profiles is not None
    assert cohort.profiles.of(["b"])[0, 7] == 2.5
    assert re.search(said, told(cohort))


def test_words_for_missing_leave_marks_of_0_and_1_numbers(tmp_path: Path) -> None:
    other = expression(["a", "b", "c"]).astype("object")
    other["G7"] = ["0", "NA", "1"]
    cohort = read(tmp_path, pairs(["a", "b", "c"] * 10), {"line": other})
    assert cohort.profiles is not None
    assert cohort.profiles.of(["a", "c"])[:, 7].tolist() == [0, 1]


def test_an_infinite_measurement_is_refused(tmp_path: Path) -> None:
    ids = [f"L{n}" for n in range(40)]
    other = expression(ids).astype("object")
    other.loc[3, "G7"] = "inf"
    with pytest.raises(UserError, match="infinit"):
        read(tmp_path, pairs(ids), {"line": other})


@settings(max_examples=25, deadline=None)
@given(
    mine=st.lists(st.sampled_from(["A1", "a1", "A10", "A-1", "01", "1"]), min_size=12, max_size=30),
    theirs=st.permutations(["A1", "a1", "A10", "A-1", "01", "1", "else"]),
    there=st.integers(2, 7),
)
def test_each_row_has_the_profile_of_its_whole_key_or_none(
    tmp_path_factory: pytest.TempPathFactory, mine: list[str], theirs: list[str], there: int
) -> None:
    known = theirs[:there]
    if not set(mine) & set(known):
        return
    folder = tmp_path_factory.mktemp("joined")
    cohort = read(folder, pairs(mine), {"line": expression(known)})
    assert cohort.profiles is not None
    for key, cell in zip(mine, cohort.table["line profile"], strict=True):
        if key not in known:
            assert pd.isna(cell)
        else:
            assert cohort.profiles.of([cell])[0, 0] == pytest.approx(known.index(key) + 0.005)


def test_tables_of_a_zip_are_joined_by_what_they_share(tmp_path: Path) -> None:
    path = tmp_path / "all.zip"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("genes.csv", expression(["a", "b", "c"]).to_csv(index=False))
        archive.writestr("main.csv", pairs(["a", "b", "c"] * 10).to_csv(index=False))
    cohort = read_cohort(path, outcome=Number("y"), choices={"files": "joined"})
    assert cohort.profiles is not None
    assert cohort.variable("line profile").role is Role.INPUT
    assert cohort.profiles.names == tuple(GENES)
    with pytest.raises(UserError, match="There are 2 tables in it"):
        read_cohort(path, outcome="y")


def test_several_files_of_a_zip_may_share_one_key(tmp_path: Path) -> None:
    path = tmp_path / "all.zip"
    with zipfile.ZipFile(path, "w") as archive:
        for name in ("expression", "mutations"):
            archive.writestr(f"{name}.csv", expression(["a", "b", "c"]).to_csv(index=False))
        archive.writestr("main.csv", pairs(["a", "b", "c"] * 10).to_csv(index=False))
    cohort = read_cohort(path, outcome=Number("y"), choices={"files": "joined"})
    assert cohort.profiles is not None
    assert [name for name, _ in cohort.profiles.kinds] == ["expression", "mutations"]
