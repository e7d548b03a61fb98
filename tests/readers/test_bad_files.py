"""Each broken file gets one sentence that names the place and the remedy."""

from __future__ import annotations

import datetime
import re
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pmed_core.cohort import Cohort
from pmed_core.errors import UserError
from pmed_core.outcomes import Classes, YesNo
from pmed_core.readers.tables import read_cohort, read_for
from pmed_core.settings import settings
from pmed_core.variable import Kind, Role

ROWS = "".join(f"{age},{age % 2},{'ab'[age % 2]}\n" for age in range(30, 80))


@pytest.mark.parametrize(
    ("content", "words"),
    [
        pytest.param(b"", ("empty", "header"), id="empty"),
        pytest.param(b" \n\n", ("empty",), id="blank"),
        pytest.param(b"age,died\n", ("no row below",), id="header only"),
        pytest.param(b"age,died\n1,0\n2,1,3\n", ("line 3", "3 cells"), id="long row"),
        pytest.param(b"age,died,x\n1,0,4\n2,1\n", ("line 3", "2 cells"), id="short row"),
        pytest.param(b"\x89PNG\r\n\x1a\n" + bytes(range(256)), ("PNG",), id="binary"),
        pytest.param(b"a,a\n1,2\n", ("'a'", "more than once"), id="duplicate names"),
        pytest.param(b"a,b\n1,\x00\n", ("NUL", "line 2"), id="nul"),
    ],
)
def test_a_broken_file_is_named_with_its_place(
    tmp_path: Path, content: bytes, words: tuple[str, ...]
) -> None:
    path = tmp_path / "icu.csv"
    path.write_bytes(content)
    with pytest.raises(UserError) as caught:
        read_cohort(path)
    sentence = str(caught.value)
    assert "icu.csv" in sentence
    assert caught.value.remedy
    for word in words:
        assert word in sentence


def test_a_file_over_the_limit_is_not_even_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "huge.csv"
    with path.open("wb") as file:
        file.truncate(3 * 2**20)
    monkeypatch.setenv("PMED_MAX_FILE_MB", "2")
    settings.cache_clear()
    with pytest.raises(UserError, match="at most 2 MB"):
        read_cohort(path)


def test_infinite_values_are_located() -> None:
    table = pd.DataFrame({"lactate": ["1.5", "inf", *["2.5"] * 30], "died": ["0", "1"] * 16})
    with pytest.raises(UserError, match="'lactate'.*infinite.*row 3"):
        read_cohort(table, outcome="died")


@pytest.mark.parametrize(
    ("values", "words"),
    [
        pytest.param(["1"] * 20, "same value", id="one value"),
        pytest.param([""] * 20, "empty for every", id="no value"),
        pytest.param(["0", "1", "2", "1"] * 5, "--positive", id="three values"),
    ],
)
def test_an_outcome_that_cannot_be_predicted_says_why(values: list[str], words: str) -> None:
    with pytest.raises(UserError, match=words):
        read_cohort(pd.DataFrame({"x": map(str, range(20)), "y": values}), outcome="y")


def test_values_of_an_outcome_can_be_chosen_or_kept() -> None:
    table = pd.DataFrame({"x": [f"{n}.5" for n in range(20)], "y": ["0", "1", "2", "1"] * 5})
    assert read_cohort(table, outcome="y", positive=("1", "2")).outcome == YesNo("y", ("1", "2"))
    assert read_cohort(table, outcome="y", positive=("*",)).outcome == Classes("y", ("0", "1", "2"))


def test_missing_outcomes_are_counted_not_hidden() -> None:
    table = pd.DataFrame({"x": [f"{n}.5" for n in range(20)], "y": ["0", "1", "", "1"] * 5})
    cohort = read_cohort(table, outcome="y")
    assert any("5 of 20" in note for note in cohort.notes)
    assert len(cohort.labelled()) == 15


def small() -> Cohort:
    rows = [line.split(",") for line in ROWS.strip().splitlines()]
    return read_cohort(pd.DataFrame(rows, columns=["age", "died", "ward"]), outcome="died")


def test_a_missing_column_is_named_when_a_model_reads() -> None:
    cohort = small()
    with pytest.raises(UserError, match="'age'.*missing"):
        read_for(pd.DataFrame({"ward": ["a"]}), cohort.inputs)


def test_a_new_category_is_said_and_does_not_stop() -> None:
    new = read_for(pd.DataFrame({"age": ["44"], "ward": ["z"]}), small().inputs)
    assert "'z' was never seen" in new.notes[0]


def test_text_where_a_model_expects_a_number_is_located() -> None:
    with pytest.raises(UserError, match="'age'.*not a number.*'old' .row 2"):
        read_for(pd.DataFrame({"age": ["old"], "ward": ["a"]}), small().inputs)


def test_direct_identifiers_are_not_kept() -> None:
    table = pd.DataFrame(
        {
            "patient name": [f"Person {n}" for n in range(40)],
            "contact": [f"p{n}@hospital.org" for n in range(40)],
            "age": [f"{n}.5" for n in range(40)],
        }
    )
    cohort = read_cohort(table)
    assert {v.name for v in cohort.variables if v.role is Role.IGNORE} == {
        "patient name",
        "contact",
    }
    assert cohort.table[["patient name", "contact"]].isna().all(axis=None)


@pytest.mark.parametrize(
    ("encoding", "text"),
    [
        ("cp1252", "größe|gefühl\n0.1|müde\n0.2|müde\n"),
        ("cp1252", "nom,état\nPréfixe,naïve\nSuffixe,café\n"),
        ("cp1250", "wiek;płeć\n40;mężczyzna\n50;średnia\n"),
        ("cp1251", "возраст;пол\n40;мужской\n50;женский\n"),
        ("shift_jis", "年齢,性別,転帰\n40,男性,死亡\n50,女性,生存\n"),
    ],
)
def test_a_few_words_are_enough_to_tell_encodings_apart(
    tmp_path: Path, encoding: str, text: str
) -> None:
    path = tmp_path / "table.csv"
    path.write_bytes(text.encode(encoding))
    first = text.split("\n")[0]
    assert [v.name for v in read_cohort(path).variables] == re.split(r"[|,;]", first)


@given(
    separator=st.sampled_from([",", ";", "\t", "|"]),
    encoding=st.sampled_from(["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "cp1252"]),
    comma=st.booleans(),
    numbers=st.lists(st.integers(-999_999, 999_999), min_size=12, max_size=30, unique=True),
)
def test_every_way_of_writing_a_table_reads_the_same(
    tmp_path_factory: pytest.TempPathFactory,
    separator: str,
    encoding: str,
    comma: bool,
    numbers: list[int],
) -> None:
    values = [number / 100 for number in numbers]
    written = [f"{value:.2f}".replace(".", "," if comma else ".") for value in values]
    lines = [f'"{cell}"{separator}müde' for cell in written]
    text = f"größe{separator}gefühl\n" + "\n".join(lines) + "\n"
    path = tmp_path_factory.mktemp("tables") / "table.csv"
    path.write_bytes(text.encode(encoding))
    cohort = read_cohort(path)
    assert cohort.variable("größe").kind is Kind.NUMBER
    assert np.allclose(cohort.table["größe"], values)
    assert set(cohort.table["gefühl"]) == {"müde"}


@pytest.mark.parametrize("through_a_file", [False, True])
def test_typed_tables_read_as_written_ones_do(tmp_path: Path, through_a_file: bool) -> None:
    rows = 60
    table = pd.DataFrame(
        {
            "discharged": pd.date_range("2020-01-01", periods=rows),
            "admitted": [datetime.date(2020, 1, 1 + n % 28) for n in range(rows)],
            "flag": [True, False, None] * (rows // 3),
            "age": np.arange(rows) + 0.5,
            "died": ["yes", "no"] * (rows // 2),
        }
    )
    table.loc[::7, "discharged"] = pd.NaT
    path = tmp_path / "table.parquet"
    table.to_parquet(path)
    cohort = read_cohort(path if through_a_file else table, outcome="died")
    for name in ("discharged", "admitted"):
        assert cohort.variable(name).kind is Kind.DATE
        assert cohort.variable(name).role is Role.IGNORE
    assert cohort.table["discharged"].isna().sum() == 9
    assert cohort.variable("flag").categories == ("False", "True")
    assert [v.name for v in cohort.inputs] == ["flag", "age"]
