"""Molecules as public archives export them: PubChem's assays, lines of SMILES, CXSMILES, ChEMBL."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from rdkit import Chem

from pmed_core.cohort import Cohort
from pmed_core.modalities.molecule.sdf import holds, parsed
from pmed_core.modalities.molecule.structures import Unreadable, standardised
from pmed_core.readers.tables import read_cohort
from pmed_core.variable import Kind
from tests.molecules.test_structures import MOLECULES

GOOD = ["CCO", "c1ccccc1", "CC(=O)O", "CCN(CC)CC", "Oc1ccccn1", "C1CCNCC1", "CC(C)=O", "CCCC#N",
        "CCOC", "CC(N)=O", "c1ccncc1", "CCS"]  # fmt: skip


def said(cohort: Cohort) -> str:
    return " ".join(d.sentence for d in cohort.reading)


@settings(max_examples=30, deadline=None)
@given(
    st.lists(st.sampled_from(MOLECULES), min_size=2, max_size=20),
    st.sampled_from(["\t", " ", "  "]), st.sampled_from(["m{}", "name {}", ""]),
    st.booleans(),
)  # fmt: skip
def test_every_line_of_smiles_is_a_molecule(
    tmp_path_factory: pytest.TempPathFactory, smiles: list[str], between: str, name: str,
    bars: bool,
) -> None:  # fmt: skip
    path = tmp_path_factory.mktemp("lines") / "library.smi"
    more = " |o1:0|" * bars
    lines = [f"{one}{more}{between}{name.format(n)}" for n, one in enumerate(smiles)]
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    cohort = read_cohort(path, choices={"kind:smiles": "molecule"})
    assert list(cohort.table["smiles"]) == [standardised(one).smiles for one in smiles]
    if name:
        assert list(cohort.table["molecule id"]) == [name.format(n) for n in range(len(smiles))]


def test_names_on_top_of_lines_of_smiles_stay_names(tmp_path: Path) -> None:
    path = tmp_path / "library.smi"
    rows = [f"{one}\t{n / 2}" for n, one in enumerate(GOOD)]
    path.write_text("\n".join(["SMILES\tlogS", *rows]), encoding="utf-8")
    cohort = read_cohort(path)
    assert list(cohort.table.columns) == ["SMILES", "logS"]
    assert len(cohort) == len(GOOD)


def test_rows_about_the_columns_of_an_assay_of_pubchem_are_no_molecules(tmp_path: Path) -> None:
    path = tmp_path / "AID_1_datatable.csv"
    names = "PUBCHEM_RESULT_TAG,PUBCHEM_SID,PUBCHEM_CID,PUBCHEM_EXT_DATASOURCE_SMILES,"
    lines = [
        f"{names}PUBCHEM_ACTIVITY_OUTCOME,Potency,Phenotype", "RESULT_TYPE,,,,,FLOAT,STRING",
        'RESULT_DESCR,,,,,"Half, at most",Observed', "RESULT_UNIT,,,,,MICROMOLAR,",
        *(f"{n + 1},{9000 + n},{70 + n},{one},{'Active' if n % 2 else 'Inactive'},{n + 0.5},"
          f"{'up' if n % 2 else 'down'}" for n, one in enumerate(GOOD)),
    ]  # fmt: skip
    path.write_text("\n".join(lines), encoding="utf-8")
    cohort = read_cohort(path)
    assert len(cohort) == len(GOOD)
    assert cohort.patient == "PUBCHEM_CID"
    assert cohort.variable("Potency").unit == "µM"
    assert set(cohort.table["Phenotype"]) == {"up", "down"}
    assert cohort.table["Potency"].tolist() == [n + 0.5 for n in range(len(GOOD))]
    assert {v.name for v in cohort.inputs} == {
        "PUBCHEM_EXT_DATASOURCE_SMILES", "PUBCHEM_ACTIVITY_OUTCOME", "Potency", "Phenotype",
    }  # fmt: skip
    assert "3 rows below the names (RESULT_TYPE, RESULT_DESCR, RESULT_UNIT)" in said(cohort)


def test_cxsmiles_are_molecules_with_what_their_bars_say() -> None:
    cells = [f"{one} |o1:0|" if n % 2 else one for n, one in enumerate(GOOD)]
    cohort = read_cohort(pd.DataFrame({"CXSMILES": cells, "y": range(len(GOOD))}))
    assert cohort.variable("CXSMILES").kind is Kind.MOLECULE
    assert list(cohort.table["CXSMILES"]) == [standardised(one).smiles for one in GOOD]
    assert "6 cells what stands between bars" in said(cohort)
    radical = standardised("CC[C] |^1:2|")
    assert Chem.MolFromSmiles(radical.smiles).GetNumAtoms() == 3


@pytest.mark.parametrize("text", ["CCO |broken", "CCO |", "CCO x", "CCO |$_AP1|"])
def test_what_no_bars_close_is_not_read(text: str) -> None:
    with pytest.raises(Unreadable):
        standardised(text)


def test_a_polymer_is_not_read_as_the_part_that_it_repeats() -> None:
    with pytest.raises(Unreadable, match="polymers"):
        standardised("CCO |Sg:n:0,1:n:ht|")
    block = Chem.MolToMolBlock(Chem.MolFromSmiles("CCO"))
    group = "M  STY  1   1 SRU\nM  SAL   1  2   1   2\nM  SMT   1 n\nM  END"
    drawn = block.replace("M  END", group)
    text = f"{drawn}$$$$\n{block}$$$$\n"
    assert holds(text, "library.sdf")
    table = parsed(text, "library.sdf", {})
    assert list(table.cells["smiles"]) == ["", "CCO"]
    assert any("repeats a part of itself" in d.sentence for d in table.reading)


def test_the_molecule_of_chembl_and_not_the_key_in_its_paper_tells_rows_apart() -> None:
    frame = pd.DataFrame({
        "Molecule ChEMBL ID": [f"CHEMBL{n // 2}" for n in range(60)],
        "Compound Key": [str(n) for n in range(60)],
        "Smiles": [f"{'C' * (n // 2 + 1)}O" for n in range(60)], "pChEMBL Value": 5.5,
    })  # fmt: skip
    cohort = read_cohort(frame)
    assert cohort.patient == "Molecule ChEMBL ID"
    assert "Compound Key" not in {v.name for v in cohort.inputs}


@pytest.mark.parametrize("called", ["compound", "Compound Name", "drug", "molecule_name", "Ligand"])
def test_molecules_keep_the_names_they_are_called_by(called: str) -> None:
    names = [f"Substance no. {n}" for n in range(60)]
    table = pd.DataFrame({called: names, "Smiles": [f"{'C' * (n + 1)}O" for n in range(60)]})
    cohort = read_cohort(table.assign(logS=[n / 7 for n in range(60)]))
    assert cohort.patient == called
    assert list(cohort.patients()) == names
    assert f"Rows with the same '{called}' are one molecule: 60 molecules in 60 rows." in " ".join(
        one.sentence for one in cohort.reading
    )
    given = table.assign(**{called: [("cisplatin", "paclitaxel")[n % 2] for n in range(60)]})
    assert read_cohort(given).patient is None, "what was given is no name of a row"
