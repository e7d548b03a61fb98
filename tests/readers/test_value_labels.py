"""Codes get their names from a file's codebook, a data dictionary, or the user."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as some

from pmed_core.cohort import Cohort
from pmed_core.dictionary import coded, listed, parsed
from pmed_core.errors import UserError
from pmed_core.readers import tables
from pmed_core.readers.table import Table
from pmed_core.readers.value_labels import read_dictionary
from pmed_core.variable import Kind, Variable

ROWS = pd.DataFrame(
    {
        "sex": ["0", "1"] * 20,
        "cp": ["1", "2", "3", "4"] * 10,
        "weight": [str(50 + i) for i in range(40)],
        "died": ["no", "yes"] * 20,
    }
)
SEX = {"0": "female", "1": "male"}
PAIN = {"1": "typical", "2": "atypical", "3": "other pain", "4": "none"}
REDCAP = (
    '"Variable / Field Name","Form Name","Section Header","Field Type","Field Label",'
    '"Choices, Calculations, OR Slider Labels","Field Note",'
    '"Text Validation Type OR Show Slider Number"\n'
    'sex,base,,radio,Sex,"0, female | 1, male",,\n'
    'cp,base,,dropdown,Chest pain,"1, typical | 2, atypical | 3, other, rare | 4, none",,\n'
    "weight,base,,text,Weight,,kg,number\n"
    "dm,base,,yesno,Diabetes,,,\n"
    'drugs,base,,checkbox,Drugs,"1, aspirin | -9, unknown",,\n'
    "bsa,base,,calc,Surface (m²),sqrt([weight]),,\n"
    "comment,base,,notes,Comment,,in your own words,\n"
)


def written(folder: Path, text: str, name: str = "dictionary.csv") -> Path:
    path = folder / name
    path.write_text(text, encoding="utf-8")
    return path


def read(folder: Path, **more: object) -> Cohort:
    path = folder / "cohort.csv"
    ROWS.to_csv(path, index=False)
    return tables.read_cohort(path, outcome="died", **more)  # type: ignore[arg-type]


def test_a_codebook_in_the_file_names_the_codes_and_is_in_the_account() -> None:
    table = Table("t.sav", ROWS, labels={"sex": SEX, "cp": PAIN, "bmi": {"1": "low"}},
                  units={"weight": "kg"})  # fmt: skip
    cohort = tables.as_cohort(table, "t")
    assert cohort.variable("sex").shown("0") == "female"
    assert cohort.variable("weight").shown(81.0) == "81 kg"
    said = {decision.key: decision for decision in cohort.reading}
    assert said["labels:sex"].value == "0=female;1=male"
    assert "own codebook" in said["labels:sex"].sentence
    assert said["labels"].cells == 1
    assert "'bmi'" in said["labels"].sentence


def test_a_number_whose_values_all_have_a_name_is_a_category() -> None:
    cohort = tables.as_cohort(Table("t", ROWS, labels={"cp": PAIN}), "t")
    pain = cohort.variable("cp")
    assert (pain.kind, pain.categories) == (Kind.CATEGORY, ("1", "2", "3", "4"))
    assert cohort.table["cp"].tolist()[:4] == ["1", "2", "3", "4"]
    assert "read as categories" in cohort.reading[0].sentence


def test_a_number_stays_one_where_values_have_no_name_and_they_are_said() -> None:
    labels = {"weight": {"50": "lightest"}}
    cohort = tables.as_cohort(Table("t", ROWS, labels=labels), "t")
    assert cohort.variable("weight").kind is Kind.NUMBER
    assert cohort.variable("weight").shown(50.0) == "lightest"
    assert cohort.variable("weight").shown(51.0) == "51"
    assert "Without a name: 51, 52, 53 …" in cohort.reading[0].sentence


def test_typed_cells_of_a_statistics_file_find_their_names() -> None:
    cells = pd.DataFrame({"sex": [0.0, 1.0, float("nan")] * 9, "x": range(27)})
    cohort = tables.as_cohort(Table("t", cells, labels={"sex": {"0.0": "f", "1.0": "m"}}), "t")
    assert [cohort.variable("sex").shown(v) for v in ("0", "1")] == ["f", "m"]
    assert cohort.reading[0].cells == 18


def test_the_users_names_count_more_than_the_files() -> None:
    table = Table("t", ROWS, labels={"sex": SEX})
    choices = {"labels:sex": "0=woman;1=man", "labels:cp": "1=a;2=b;3=c;4=d"}
    cohort = tables.as_cohort(table, "t", choices=choices)
    assert cohort.variable("sex").shown("1") == "man"
    assert cohort.variable("cp").kind is Kind.CATEGORY
    assert all("as you said" in decision.sentence for decision in cohort.reading)
    gone = tables.as_cohort(table, "t", choices={"labels:sex": "none"})
    assert gone.variable("sex").labels == ()
    assert [(d.key, d.value) for d in gone.reading] == [("labels:sex", "none")]
    number = tables.as_cohort(table, "t", choices=choices | {"kind:cp": "number"})
    assert number.variable("cp").kind is Kind.NUMBER
    with pytest.raises(UserError, match="gives no names"):
        tables.as_cohort(table, "t", choices={"labels:sex": "women first"})


def test_redcaps_dictionary(tmp_path: Path) -> None:
    found = read_dictionary(written(tmp_path, REDCAP))
    assert found.labels["sex"] == SEX
    assert found.labels["cp"]["3"] == "other, rare"
    assert found.labels["dm"] == {"1": "Yes", "0": "No"}
    assert found.labels["drugs___1"] == {"1": "aspirin", "0": "not aspirin"}
    assert "drugs____9" in found.labels
    assert found.units == {"weight": "kg", "bsa": "m²"}
    cohort = read(tmp_path, dictionary=tmp_path / "dictionary.csv")
    assert cohort.variable("sex").shown("1") == "male"
    assert cohort.variable("weight").unit == "kg"
    assert any("describes 4 variables that this table does not have" in n for n in cohort.notes)


@pytest.mark.parametrize(
    "text",
    [
        "variable,code,label\nsex,0,female\nsex,1,male\n",
        "variable;value;meaning\nSex;0;female\n;1;male\n",
        "a,b,c\nsex,0,female\nsex,1,male\n",
        "variable,label,values,unit\nsex,Sex at birth,0=female;1=male,\nweight,,,kg\n",
        'name,values\nsex,"0: female | 1: male"\n',
        'variable,codes\nsex,"0=female, 1=male"\n',
        'x,y\nsex,"0 = female; 1 = male"\n',
    ],
)
def test_plain_dictionaries(tmp_path: Path, text: str) -> None:
    cohort = read(tmp_path, dictionary=written(tmp_path, text))
    assert cohort.variable("sex").labels == (("0", "female"), ("1", "male"))


def test_a_dictionary_that_contradicts_itself_or_the_table_is_said(tmp_path: Path) -> None:
    twice = written(tmp_path, "variable,code,label\nsex,0,female\nsex,0,woman\nsex,1,male\n")
    cohort = read(tmp_path, dictionary=twice)
    assert any("both 'female' and 'woman'" in note for note in cohort.notes)
    from pmed_core.dictionary import with_dictionary

    before = Variable("sex", Kind.YES_NO, labels=(("0", "male"), ("1", "female")), unit="a")
    book = replace(read_dictionary(twice), units={"sex": "b"})
    after, said = with_dictionary([before], book, lambda _: ())
    assert after[0].labels == (("0", "female"), ("1", "male"))
    assert after[0].unit == "a"
    assert sum("which counts" in sentence for sentence in said) == 2
    assert any("table's unit stays" in sentence for sentence in said)


def test_a_file_that_is_no_dictionary_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="names no values"):
        read_dictionary(written(tmp_path, "patient,age\n1,70\n2,81\n"))


def test_the_names_of_an_outcome_go_with_it_and_do_not_make_it_another(tmp_path: Path) -> None:
    choices = {"labels:cp": "1=mild;2=mild;3=severe;4=severe"}
    path = tmp_path / "c.csv"
    ROWS.to_csv(path, index=False)
    named = tables.read_cohort(path, outcome="cp", positive=["3", "4"], choices=choices)
    plain = tables.read_cohort(path, outcome="cp", positive=["3", "4"])
    assert named.outcome == plain.outcome
    assert named.outcome is not None
    assert named.outcome.names == (("1", "mild"), ("2", "mild"), ("3", "severe"), ("4", "severe"))


NAME = some.text("abcdefghij äöü-()", min_size=1, max_size=12).map(str.strip).filter(bool)
CODE = some.one_of(some.integers(-99, 999).map(str), some.sampled_from("ABC"))


@settings(max_examples=200, deadline=None)
@given(some.dictionaries(CODE, NAME, min_size=1, max_size=9))
def test_names_written_and_read_again_are_the_same(names: dict[str, str]) -> None:
    assert parsed(listed(tuple(names.items()))) == names


@pytest.mark.parametrize(
    ("text", "names"),
    [("0=female;1=male", {"0": "female", "1": "male"}), ("1, Yes | 0, No", {"1": "Yes", "0": "No"}),
     ("0=no/1=yes", {"0": "no", "1": "yes"}), ("0 female\n1 male", {"0": "female", "1": "male"}),
     ("0->no; 1->yes", {"0": "no", "1": "yes"}), ("1, Yes", {"1": "Yes"}),
     ("1=white, non-hispanic; 2=other", {"1": "white, non-hispanic", "2": "other"}),
     ("1/yes, 0/no", {}), ("age in years, at admission", {}), ("mg/L", {}), ("0-10", {})],
)  # fmt: skip
def test_lists_of_codes_are_read_alike_everywhere(text: str, names: dict[str, str]) -> None:
    assert parsed(text) == names
    assert coded(text) in (names, {})
