"""What a user decided holds for later files, is said, and is refused where it cannot be."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from pmed_core.errors import UserError
from pmed_core.readers.tables import read_cohort, read_for
from pmed_core.reading import of_later_files
from pmed_core.variable import Kind, Role
from tests.readers.test_overruling import DAYS, column, plain, read, said


@pytest.mark.parametrize(
    ("cells", "choice", "later", "meant"),
    [
        ("1,250|2,375|950", "decimal:x=comma", "3,125|4,250", [3.125, 4.25]),
        (DAYS, "dates:x=mdy", "02/03/04|05/06/07", ["2004-02-03", "2007-05-06"]),
        ("999|12|35|61", "missing-code:x=999", "999|40", [None, 40]),
        ("none|1.5|2.5|3.5", "missing:x=zero", "none|7.5", [0, 7.5]),
        ("1 kg|500 g|2 kg", "unit:x=g", "3 kg|250 g", [3000, 250]),
        ("a|NA|b|c", "missing:x=keep", "NA|b", ["NA", "b"]),
        ("a|unclear|b|c", "missing:x=unclear", "unclear|b", [None, "b"]),
        ("NA|ZA|BW|AO", "missing:x=NA", "NA|BW", [None, "BW"]),
        ("007|012|100", "exact:x=number", "008|9", [8, 9]),
        ("7|12|100", "exact:x=text", "007|12", ["007", "12"]),
    ],
)
def test_a_later_file_is_read_as_was_chosen_for_the_first(
    cells: str, choice: str, later: str, meant: list[Any]
) -> None:
    cohort = read(column(cells), choice)
    again = read_for(pd.DataFrame({"x": later.split("|")}, dtype="str"), [cohort.variable("x")])
    found = plain(again.table["x"])
    if cohort.variable("x").kind is Kind.DATE:
        assert found == [pd.Timestamp(day) for day in meant]
    else:
        assert found == meant


@pytest.mark.parametrize("wrong", ["decimal:x=semicolon", "kind:x=words", "rows=hidden"])
def test_a_value_that_is_none_is_refused_with_those_that_are(wrong: str) -> None:
    with pytest.raises(UserError, match="cannot be chosen") as refused:
        read(column("1|2|3"), wrong)
    assert "It can be" in refused.value.remedy


@pytest.mark.parametrize(
    ("wrong", "words"),
    [("decimal:y=comma", "no column 'y'"), ("decimals:x=comma", "Did you mean 'decimal'"),
     ("sheet:x=1", "decides nothing that is called"), ("patient=nobody", "no column 'nobody'")],
)  # fmt: skip
def test_a_choice_about_nothing_is_refused(wrong: str, words: str) -> None:
    with pytest.raises(UserError, match=words):
        read(column("1|2|3"), wrong)


def test_each_choice_is_in_the_account_as_chosen() -> None:
    cohort = read(column("1,250|2,375|950"), "decimal:x=comma", "kind:died=category")
    told = {d.key: d.value for d in cohort.reading}
    assert told["decimal:x"] == "comma"
    assert told["kind:died"] == "category"
    assert "as you chose" in said(cohort, "kind:died")
    assert cohort.table["x"].iloc[0] == 1.25


PATIENTS = "".join(f"{n},{30 + n % 7}.5,{n * 1.5},{n % 2}\n" for n in range(24))
WHOLE = {
    "header=none": PATIENTS,
    "columns=number-repeats": f"id,crp,crp,died\n{PATIENTS}",
    "groups=left out": f"Before,,After,\nid,crp,crp 2,died\n{PATIENTS}",
    "footer=kept": f"id,age,crp,died\n{PATIENTS}Total,9,9,\n",
}


@pytest.mark.parametrize("choice", WHOLE)
def test_what_was_chosen_for_a_whole_file_holds_for_later_ones(choice: str, tmp_path: Path) -> None:
    rule, _, value = choice.partition("=")
    path = tmp_path / "t.csv"
    path.write_text(WHOLE[choice])
    cohort = read_cohort(path, choices={rule: value})
    kept = of_later_files(cohort.reading)
    assert kept == {rule: value}
    wanted = [v for v in cohort.variables if v.role is Role.INPUT]
    again = read_for(path, wanted, choices=kept)
    for variable in wanted:
        assert again.table[variable.name].equals(cohort.table[variable.name])


def test_what_the_reader_decides_alone_is_decided_anew_for_later_files(tmp_path: Path) -> None:
    path = tmp_path / "t.csv"
    path.write_text(f"Registry\nid,age,crp,died\n{PATIENTS}Total,9,9,\n")
    cohort = read_cohort(path)
    assert {"header", "footer"} <= {one.rule for one in cohort.reading}
    assert of_later_files(cohort.reading) == {}


def test_the_halves_of_pairs_are_no_identifiers(tmp_path: Path) -> None:
    path = tmp_path / "t.csv"
    rows = "".join(f"{n},{100 + n}/{60 + n},{n % 2}\n" for n in range(24))
    path.write_text(f"id,bp,died\n{rows}")
    cohort = read_cohort(path, choices={"kind:bp": "two-numbers"})
    assert {"bp, 1st number", "bp, 2nd number"} <= {v.name for v in cohort.inputs}
