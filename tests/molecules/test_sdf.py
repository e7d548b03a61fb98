"""SDF and MOL files are a table like any other: each block a row, nothing lost without a word."""

from __future__ import annotations

import gzip
import zipfile
from collections.abc import Sequence
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from rdkit import Chem

from pmed_core.cohort import Cohort
from pmed_core.errors import UserError
from pmed_core.modalities import Molecule, modality_of
from pmed_core.modalities.molecule.sdf import holds, parsed, written
from pmed_core.modalities.molecule.structures import standardised
from pmed_core.readers.tables import read_cohort, read_table
from pmed_core.variable import Kind, Role
from tests.molecules.test_structures import MOLECULES

Property = tuple[str, str]
names = st.text("abcXYZ09 ()._-/", min_size=1, max_size=12).map(str.strip).filter(bool)
values = st.text("ab1 <\n.-$", max_size=20).filter(
    lambda text: not any(line.startswith("$$$$") for line in text.split("\n"))
)


def block(smiles: str, title: str = "", v3000: bool = False) -> str:
    molecule = Chem.MolFromSmiles(smiles)
    molecule.SetProp("_Name", title)
    return str(Chem.MolToMolBlock(molecule, forceV3000=v3000))


def item(name: str, value: object, number: int = 1) -> str:
    return f">  <{name}>  ({number}) \n{value}\n\n"


def sdf(count: int = 12, *, inside: Sequence[str] = (), **more: object) -> str:
    """A file of molecules that are numbered and measured."""
    blocks = [
        block(smiles, f"CMP-{k}", v3000=k % 2 == 1) + item("logS", k / 2)
        + "".join(item(name, value) for name, value in more.items())
        for k, smiles in enumerate(MOLECULES[:count])
    ]  # fmt: skip
    return "".join(f"{one}$$$$\n" for one in [*blocks, *inside])


def read(text: str, tmp_path: Path, name: str = "x.sdf") -> Cohort:
    (tmp_path / name).write_text(text, encoding="utf-8")
    return read_cohort(tmp_path / name)


def said(cohort: Cohort, rule: str) -> str:
    return next((d.sentence for d in cohort.reading if d.rule == rule), "")


@settings(max_examples=40, deadline=None)
@given(
    st.lists(
        st.tuples(
            st.sampled_from(MOLECULES), names, st.booleans(),
            st.dictionaries(names, values, max_size=3),
        ),
        min_size=1, max_size=5,
    )
)  # fmt: skip
def test_what_was_written_is_read(made: list[tuple[str, str, bool, dict[str, str]]]) -> None:
    text = "".join(
        block(smiles, title, v3000) + "".join(item(n, v) for n, v in of_one.items()) + "$$$$\n"
        for smiles, title, v3000, of_one in made
    )
    cells = parsed(text, "x.sdf", {}).cells
    assert list(cells.iloc[:, 0]) == [title for _, title, _, _ in made]
    for row, (smiles, _, _, of_one) in enumerate(made):
        assert standardised(cells.iloc[row, 1]) == standardised(smiles)
        for name in cells.columns[2:]:
            assert cells[name].iloc[row] == of_one.get(name, "").strip()


@settings(max_examples=25, deadline=None)
@given(st.integers(0, len(MOLECULES) - 1), st.randoms(use_true_random=False))
def test_a_damaged_block_costs_its_own_row_alone(which: int, chance: object) -> None:
    blocks = [block(smiles, f"m{k}") + item("y", k) for k, smiles in enumerate(MOLECULES[:6])]
    victim = which % 6
    lines = blocks[victim].split("\n")
    at = chance.randrange(3, lines.index("M  END"))  # type: ignore[attr-defined]
    lines[at] = "".join(chance.sample(lines[at], len(lines[at])))  # type: ignore[attr-defined]
    blocks[victim] = "\n".join(lines)
    cells = parsed("".join(f"{one}$$$$\n" for one in blocks), "x.sdf", {}).cells
    assert list(cells["y"]) == list("012345")
    for k in set(range(6)) - {victim}:
        assert standardised(cells["smiles"].iloc[k]) == standardised(MOLECULES[k])


def test_blocks_are_rows_of_a_cohort_of_molecules(tmp_path: Path) -> None:
    cohort = read(sdf(), tmp_path)
    assert modality_of(cohort.variables) == Molecule()
    assert cohort.variable("molecule id").role is Role.PATIENT
    assert cohort.variable("logS").kind is Kind.NUMBER
    assert list(cohort.table["smiles"]) == [standardised(one).smiles for one in MOLECULES[:12]]
    assert "12 molecule blocks" in said(cohort, "structure")


def test_broken_blocks_are_named_and_their_rows_have_no_molecule(tmp_path: Path) -> None:
    five_bonds = block("CC(C)(C)C", "five").replace("  1  2  1  0", "  1  2  2  0")
    bad = ["no block at all\n" + item("logS", 7), five_bonds, ""]
    cohort = read(sdf(inside=bad), tmp_path)
    assert len(cohort) == 15
    assert cohort.table["smiles"].isna().sum() == 3
    assert cohort.table["logS"].iloc[12] == 7, "its properties are read all the same"
    told = said(cohort, "broken-blocks")
    assert told.startswith("3 of 15 blocks are no molecule")
    assert "block 13 ('no block at all') is no MOL block" in told
    assert "block 14 ('five') breaks the rules of valence" in told


@pytest.mark.parametrize("ends", ["\n", "\r\n", "\r"])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "latin-1"])
def test_encodings_and_ends_of_lines_are_as_of_tables(
    encoding: str, ends: str, tmp_path: Path
) -> None:
    text = sdf(note="Präparat für Bühne").replace("\n", ends)
    (tmp_path / "x.sdf").write_bytes(text.encode(encoding))
    cells = read_table(tmp_path / "x.sdf").cells
    assert list(cells["logS"]) == [str(k / 2) for k in range(12)]
    assert set(cells["note"]) == {"Präparat für Bühne"}


def test_packed_files_are_read_as_they_are(tmp_path: Path) -> None:
    text = sdf()
    plain = read(text, tmp_path).table
    (tmp_path / "y.sdf.gz").write_bytes(gzip.compress(text.encode()))
    with zipfile.ZipFile(tmp_path / "z.zip", "w") as archive:
        archive.writestr("inner/x.sdf", text)
        archive.writestr("readme.md", "about it")
    for name in ("y.sdf.gz", "z.zip"):
        assert read_cohort(tmp_path / name).table.equals(plain)


def test_a_zip_of_mol_files_is_one_table_of_all(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "mols.zip", "w") as archive:
        for k, smiles in enumerate(MOLECULES[:8]):
            archive.writestr(f"m{k}.mol", block(smiles, f"CMP-{k}") if k != 3 else "torn\n")
    cohort = read_cohort(tmp_path / "mols.zip")
    assert list(cohort.table["file"]) == [f"m{k}.mol" for k in range(8)]
    assert without(cohort) == [3]
    assert "'m3.mol'" in said(cohort, "broken-blocks")


def without(cohort: Cohort) -> list[int]:
    """Rows without a molecule."""
    return [k for k, gone in enumerate(cohort.table["smiles"].isna()) if gone]


def test_a_mol_file_is_one_row_and_no_cohort(tmp_path: Path) -> None:
    (tmp_path / "one.mol").write_text(block("CCO", "ethanol"))
    cells = read_table(tmp_path / "one.mol").cells
    assert cells.to_numpy().tolist() == [["ethanol", "CCO"]]
    with pytest.raises(UserError, match="only one row"):
        read_cohort(tmp_path / "one.mol")


def test_what_else_stands_in_a_file_is_said(tmp_path: Path) -> None:
    twice = block("CCO", "a") + item("logS", 1) + item("logS", 2)
    stray = block("CCN", "b") + "what is this\n\n" + item("logS", 3)
    cohort = read(sdf(inside=[twice, stray]) + block("CCC", "c"), tmp_path)
    assert "'logS'" in said(cohort, "property")
    assert cohort.table["logS"].iloc[12] == 1
    assert said(cohort, "lines").startswith("1 line ")
    assert "cut off" in said(cohort, "cut-off")
    assert said(read(sdf(), tmp_path), "cut-off") == ""


def test_a_structure_behind_another_is_not_lost(tmp_path: Path) -> None:
    plain, whole = (block(one, one) for one in MOLECULES[:2])
    text = f"{plain}{item('logS', 1)}{whole}{item('logS', 2)}$$$$\n{plain}{whole}{item('logS', 3)}"
    cohort = read(f"{text}$$$$\n", tmp_path)
    assert list(cohort.table["smiles"]) == [standardised(one).smiles for one in MOLECULES[:2] * 2]
    assert list(cohort.table["logS"].fillna(0)) == [1, 2, 0, 3]
    assert said(cohort, "unclosed").startswith("Behind 2 blocks no '$$$$'")
    inside = read(sdf(3, product=whole.strip("\n")), tmp_path)
    assert len(inside) == 3
    assert not said(inside, "unclosed")


def test_a_property_of_the_same_name_hides_nothing(tmp_path: Path) -> None:
    made = sdf(smiles="see above")
    assert "structure" in read(made, tmp_path).table
    chosen = read_cohort(tmp_path / "x.sdf", choices={"structure": "drawn"})
    assert chosen.variable("drawn").kind is Kind.MOLECULE
    with pytest.raises(UserError, match="A property is called 'logS' too"):
        read_cohort(tmp_path / "x.sdf", choices={"structure": "logS"})


def test_what_is_no_such_file_is_refused_or_read_as_what_it_is(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="There is no molecule in it"):
        read("a,b\n1,2\n3,4\n", tmp_path)
    assert not holds("smiles,y\nCCO,1\nCCN,2\nV2000 of it,3\n", "x.csv")
    assert list(read(sdf(), tmp_path, "unnamed.txt").table["logS"]) == [k / 2 for k in range(12)]


@pytest.mark.parametrize(
    ("change", "why"),
    [
        (("  1  2  1  0", "  1  2  8  0"), "bond of unknown order"),
        (("C   0", "*   0"), "open end"),
        (("C   0", "Xx  0"), "is no MOL block"),
    ],
)
def test_queries_polymers_and_nothing_are_no_molecules(
    change: tuple[str, str], why: str, tmp_path: Path
) -> None:
    cohort = read(sdf(inside=[block("CCO", "odd").replace(*change)]), tmp_path)
    assert without(cohort) == [12]
    assert any(why in d.sentence for d in cohort.reading)


@settings(max_examples=30, deadline=None)
@given(
    st.sampled_from(["", *MOLECULES]), st.text(max_size=12),
    st.dictionaries(
        names.map(lambda name: " ".join(name.split())),
        st.one_of(values, st.floats(-1e6, 1e6), st.none()), max_size=3,
    ),
)  # fmt: skip
def test_what_is_written_is_read_again(
    smiles: str, title: str, properties: dict[str, str | float | None]
) -> None:
    properties = {"row": title, **{f"p {name}": value for name, value in properties.items()}}
    text = written(smiles, properties) + written("CCO", {"row": "next"})
    cells = parsed(text, "x.sdf", {}).cells
    assert len(cells) == 2
    found = cells.iloc[0, 1]
    assert found == smiles if not smiles else standardised(found) == standardised(smiles)
    for name, value in properties.items():
        if isinstance(value, float):
            assert float(cells[name].iloc[0]) == pytest.approx(value, rel=1e-8)
        elif value and name != "row":
            assert cells[name].iloc[0] == " ".join(value.split())
