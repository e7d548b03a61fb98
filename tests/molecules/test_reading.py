"""A column of SMILES is recognised, read whole and accounted for; nothing else is taken for one."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from rdkit import Chem

from pmed_core.cohort import Cohort
from pmed_core.modalities import Molecule, Tabular, modality_of
from pmed_core.modalities.molecule.learner import groups
from pmed_core.modalities.molecule.reading import findings
from pmed_core.modalities.molecule.structures import alike, standardised
from pmed_core.outcomes import Number, Outcome, YesNo
from pmed_core.readers.tables import read_cohort
from pmed_core.variable import Kind, Role
from tests.molecules.test_structures import MOLECULES

GOOD = ["CCO", "c1ccccc1", "CC(=O)O", "CCN(CC)CC", "Oc1ccccn1", "C1CCNCC1", "CC(C)=O", "CCCC#N"]


def table(smiles: list[str], name: str = "structure", **columns: Sequence[object]) -> pd.DataFrame:
    return pd.DataFrame({name: smiles, "measured": np.arange(len(smiles)) + 0.5, **columns})


def read(frame: pd.DataFrame, outcome: Outcome | None = None) -> Cohort:
    return read_cohort(frame, outcome=outcome)


def said(cohort: Cohort, rule: str) -> str:
    return next((d.sentence for d in cohort.reading if d.rule == rule), "")


def test_smiles_are_recognised_and_read_in_one_spelling() -> None:
    cohort = read(table([*GOOD, "C(C)O", "[Na+].CC(=O)[O-]"]))
    assert cohort.variable("structure").kind is Kind.MOLECULE
    assert modality_of(cohort.variables) == Molecule()
    cells = list(cohort.table["structure"])
    assert cells[0] == cells[-2] == "CCO"
    assert cells[2] == cells[-1] == "CC(=O)O"
    assert "10 cells, 8 different structures" in said(cohort, "kind")
    assert "1 cell salts" in said(cohort, "salt")
    assert "1 cell charges" in said(cohort, "charge")


def test_inchi_is_recognised_and_converted() -> None:
    to_inchi: Callable[[object], str] = Chem.MolToInchi
    inchi = [to_inchi(Chem.MolFromSmiles(one)) for one in GOOD]
    cohort = read(table([*inchi, "InChI=1S/none", "CCO"]))
    cells = list(cohort.table["structure"])
    assert cells[0] == cells[-1] == "CCO"
    assert [standardised(one).smiles for one in GOOD if one != GOOD[4]] == [
        one for k, one in enumerate(cells[: len(GOOD)]) if k != 4
    ]
    assert alike(cells[4]) == alike(GOOD[4]), "InChI does not tell tautomers apart"
    assert "is not InChI (1)" in said(cohort, "spoiled")
    assert "8 cells InChI was converted" in said(cohort, "inchi")


def test_a_bad_molecule_is_named_and_stops_nothing() -> None:
    cohort = read(table([*GOOD, "C1CC", "*CC*", "C(C)(C)(C)(C)C", ""], "smiles"))
    assert cohort.table["smiles"].isna().sum() == 4
    told = said(cohort, "spoiled")
    assert "3 cells" in told
    assert "'C1CC' in row 10" in told
    assert "is not SMILES (1)" in told
    assert "open end" in told


@pytest.mark.parametrize(
    "texts",
    [
        ["C", "N", "O", "S", "B", "F", "I", "P"], ["CN", "NO", "CO", "SN", "CS", "NC", "IN", "OS"],
        ["N18.5", "C50.1", "I10", "C34", "N20", "I21.0", "C18.9", "F32"],
        ["no", "yes", "no", "yes", "no", "yes", "no", "yes"],
        ["(none)", "see note", "B(1)", "N=1", "C=2", "[1]", "[2]", "[3]"],
        ["ACGTACGT", "CCGTAA", "TTGACA", "CCCC", "ACAC", "GGG", "TATA", "CAAT"],
        ["COPD", "CNS", "BSO", "IBS", "SOB", "CHF", "CIN", "BPH"],
    ],
)  # fmt: skip
def test_text_that_only_looks_like_smiles_is_none(texts: list[str]) -> None:
    cohort = read(table(texts * 3, "finding"))
    assert cohort.variable("finding").kind is not Kind.MOLECULE


@settings(max_examples=25, deadline=None)
@given(st.lists(st.text("abcdeghikmpqrtuvwxyz ", min_size=2, max_size=12), min_size=6, max_size=30))
def test_words_are_never_molecules(words: list[str]) -> None:
    cohort = read(table(words, "note"))
    assert cohort.variable("note").kind is not Kind.MOLECULE


@settings(max_examples=15, deadline=None)
@given(st.lists(st.sampled_from(MOLECULES), min_size=8, max_size=30, unique=True))
def test_molecules_always_are(smiles: list[str]) -> None:
    assert read(table(smiles, "x")).variable("x").kind is Kind.MOLECULE


def test_a_molecule_that_was_taken_for_a_name_is_not_lost_without_a_word(tmp_path: Path) -> None:
    text = "".join(f"{one}\tcompound {k}\n" for k, one in enumerate(MOLECULES[:12]))
    (tmp_path / "x.tsv").write_text(text)
    cohort = read_cohort(tmp_path / "x.tsv")
    told = next(one for one in cohort.reading if one.rule == "named")
    assert not told.proved
    assert MOLECULES[0][:60] in told.sentence
    assert "header=none" in told.sentence
    whole = read_cohort(tmp_path / "x.tsv", choices={"header": "none"})
    assert len(whole) == 12
    assert all(one.rule != "named" for one in whole.reading)


def test_what_a_column_is_can_be_chosen(tmp_path: Path) -> None:
    path = tmp_path / "names.csv"
    pd.DataFrame({"element": ["C", "N", "O", "CC"] * 5, "y": range(20)}).to_csv(path, index=False)
    assert read_cohort(path).variable("element").kind is Kind.CATEGORY
    chosen = read_cohort(path, choices={"kind:element": "molecule"})
    assert chosen.variable("element").kind is Kind.MOLECULE
    table(GOOD * 2).to_csv(path, index=False)
    plain = read_cohort(path, choices={"kind:structure": "category"})
    assert plain.variable("structure").kind is not Kind.MOLECULE


def test_an_ignored_column_of_molecules_leaves_a_plain_table() -> None:
    cohort = read_cohort(table(GOOD), ignore=["structure"])
    assert cohort.variable("structure").role is Role.IGNORE
    assert modality_of(cohort.variables) == Tabular()


def found(cohort: Cohort) -> dict[str, tuple[str, str]]:
    return {one.check: (one.severity, one.sentence) for one in findings(cohort, ())}


def test_copies_and_conflicts_are_found_across_names_and_tautomers() -> None:
    smiles = [*GOOD, "O=c1cccc[nH]1", "OCC"]
    toxic = ["no", "yes", "no", "yes", "no", "yes", "no", "yes", "yes", "no"]
    cohort = read(table(smiles, toxic=toxic), YesNo("toxic", ("yes",)))
    told = found(cohort)
    assert "2 structures appear in several rows (4 rows" in told["same molecule twice"][1]
    # The tautomers disagree; ethanol under two spellings agrees.
    assert told["conflicting labels"][0] == "warning"
    assert "1 structure has different outcomes" in told["conflicting labels"][1]


ABSURD = {
    "C" * 10_000: "more than 4,000 signs", "C" * 600: "more than 500 atoms",
    "C1CC": "is not SMILES", "C(C": "is not SMILES", "C(C)(C)(C)(C)C": "valence",
    "c1cccc1": "valence",
    "*CC(c1ccccc1)*": "open end", "aspirin": "is not SMILES", "CCO>>CC=O": "is not SMILES",
    "CCO ethanol": "is not SMILES", "\u0421\u0421\u041e": "is not SMILES", "C~C": "unknown order",
    ".": "is not SMILES", "[#6]~[#7]": "is not SMILES", "=cmd()": "is not SMILES",
}  # fmt: skip
KEPT = ["[13CH4]", "N[Pt](N)(Cl)Cl", "CCO.CCN.c1ccccc1", "[Na+].CC(=O)[O-]", "NCC(=O)" * 60 + "O"]


def test_absurd_cells_are_told_in_short_and_the_rest_is_read() -> None:
    cohort = read(table([*MOLECULES[:30], *ABSURD, *KEPT], "smiles"))
    gone = cohort.table["smiles"].isna()
    assert list(np.flatnonzero(gone)) == list(range(30, 30 + len(ABSURD)))
    told = said(cohort, "spoiled")
    assert all(why in told for why in ABSURD.values())
    assert len(told) < 1000
    for rule in ("isotope", "metal", "mixture", "salt", "charge"):
        assert said(cohort, rule), rule


def test_measurements_that_differ_a_little_are_no_conflict() -> None:
    smiles = [*GOOD, "OCC"]
    near = [0.0, 1, 2, 3, 4, 5, 6, 7, 0.1]
    cohort = read(table(smiles, logs=near), Number("logs"))
    assert found(cohort)["conflicting labels"][0] == "clean"
    far = read(table(smiles, logs=[*near[:-1], 6.9]), Number("logs"))
    assert found(far)["conflicting labels"][0] == "warning"


def test_scaffolds_tautomers_and_copies_stay_together() -> None:
    smiles = ["CCc1ccccc1", "Oc1ccccc1", "Oc1ccccn1", "O=c1cccc[nH]1", "CCO", "OCC", "CCCC"]
    cohort = read(table([*smiles, "C1CCNCC1"], "smiles"))
    by_scaffold = groups(cohort, "scaffold").tolist()
    at_random = groups(cohort, "random").tolist()
    assert by_scaffold[0] == by_scaffold[1]
    assert at_random[0] != at_random[1]
    for split in (by_scaffold, at_random):
        assert split[2] == split[3]
        assert split[4] == split[5]
        assert split[4] != split[6]
