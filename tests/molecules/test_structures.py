"""One structure has one spelling, and what is no structure is said to be none."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from rdkit import Chem

from pmed_core.modalities.molecule.domain import Domain, learn_domain
from pmed_core.modalities.molecule.facts import alerts, facts, measured, quantiles
from pmed_core.modalities.molecule.features import BITS, environments, features, names
from pmed_core.modalities.molecule.fragments import MOST, only, pieces, written
from pmed_core.modalities.molecule.structures import (
    Unreadable,
    alike,
    scaffold,
    standardised,
)

SAMPLE = Path(__file__).parents[2] / "sample_data" / "solubility_simulated.csv"
MOLECULES = sorted(set(pd.read_csv(SAMPLE)["smiles"]))
ASPIRIN, CAFFEINE = "CC(=O)Oc1ccccc1C(=O)O", "Cn1cnc2c1c(=O)n(C)c(=O)n2C"
some = st.sampled_from(MOLECULES)


@pytest.mark.parametrize(
    ("written_as", "smiles", "changes"),
    [
        ("c1ccccc1C", "Cc1ccccc1", ()),
        ("[Na+].CC(=O)[O-]", "CC(=O)O", ("salt", "charge")),
        ("CC(=O)O[Na]", "CC(=O)O", ("salt", "charge")),
        ("CN(C)C.Cl", "CN(C)C", ("salt",)),
        ("C[N+](C)(C)C.[I-]", "C[N+](C)(C)C", ("salt",)),
        ("[2H]C([2H])([2H])O", "CO", ("isotope",)),
        ("CCO.CCN", "CCN", ("mixture",)),
        ("[Cs+].CC(=O)[O-]", "CC(=O)O", ("salt", "charge")),
        ("[Fe+2].[O-]C(=O)/C=C/C(=O)[O-]", "O=C(O)/C=C/C(=O)O", ("salt", "charge")),
        ("[Zn+2].[O-]C(=O)C.[O-]C(=O)C", "CC(=O)O", ("salt", "charge")),
        ("N.N.Cl[Pt]Cl", "[Cl][Pt][Cl]", ("salt", "metal")),
        ("[CH3:7][OH:9]", "CO", ("atom numbers",)),
        ("[CH3:1][O:2][H:3]", "CO", ("atom numbers",)),
        ("[CH2]CO", "[CH2]CO", ("radical",)),
        ("CN(=O)=O", "C[N+](=O)[O-]", ()),
        ("N[Pt](N)(Cl)Cl", "[NH2][Pt]([NH2])([Cl])[Cl]", ("metal",)),
        ("[Na+].[Cl-]", "[Na+]", ("salt", "metal")),
        ("O=S(=O)(O)O", "O=S(=O)(O)O", ("inorganic",)),
        ("CC[Si](C)(C)O", "CC[Si](C)(C)O", ()),
        ("C[C@H](N)C(=O)O", "C[C@H](N)C(=O)O", ()),
    ],
)
def test_salts_charges_and_isotopes_are_taken_off(
    written_as: str, smiles: str, changes: tuple[str, ...]
) -> None:
    found = standardised(written_as)
    assert (found.smiles, found.changes) == (smiles, changes)


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("", "is not SMILES"), ("hello world", "is not SMILES"), ("C1CC", "is not SMILES"),
        ("C(C)(C)(C)(C)C", "valence"), ("c1cccc1", "aromatic"), ("*CC*", "open end"),
        ("CC~CC", "unknown order"),
        ("InChI=1S/none", "is not InChI"), ("C" * 600, "more than 500 atoms"),
        ("C" * 5000, "more than 4,000 signs"),
    ],
)  # fmt: skip
def test_what_is_no_molecule_says_why(text: str, why: str) -> None:
    with pytest.raises(Unreadable, match=why):
        standardised(text)


@settings(max_examples=40, deadline=None)
@given(some, st.integers(0, 2**20))
def test_however_it_is_written_it_is_one_structure(smiles: str, seed: int) -> None:
    molecule, once = Chem.MolFromSmiles(smiles), standardised(smiles).smiles
    order = np.random.default_rng(seed).permutation(molecule.GetNumAtoms()).tolist()
    other = Chem.MolToSmiles(Chem.RenumberAtoms(molecule, order), canonical=False)
    assert standardised(other).smiles == once
    assert standardised(once) == standardised(once).__class__(once)
    assert np.array_equal(features([once]), features([standardised(other).smiles]))


def test_tautomers_are_alike_and_isomers_are_not() -> None:
    assert alike("Oc1ccccn1") == alike("O=c1cccc[nH]1")
    assert alike("CCCO") != alike("CC(C)O")


def test_a_scaffold_is_what_rings_share() -> None:
    assert scaffold("CCc1ccccc1") == scaffold("Oc1ccccc1") == "c1ccccc1"
    assert scaffold("C[C@H](N)C(=O)O") == scaffold("C[C@@H](N)C(=O)O") != scaffold("CCO")


@settings(max_examples=40, deadline=None)
@given(some, st.randoms())
def test_pieces_are_the_molecule_and_any_of_them_make_one(smiles: str, chance: object) -> None:
    molecule = Chem.MolFromSmiles(standardised(smiles).smiles)
    found = pieces(molecule)
    assert sorted(a for piece in found for a in piece) == list(range(molecule.GetNumAtoms()))
    assert 1 <= len(found) <= MOST
    for keep in (found[:1], found[: len(found) // 2 + 1], found):
        left = only(molecule, {a for piece in keep for a in piece})
        assert left.GetNumAtoms() == sum(map(len, keep))
        assert np.isfinite(features([Chem.MolToSmiles(left)])).all()
    whole = only(molecule, set(range(molecule.GetNumAtoms())))
    assert Chem.MolToSmiles(whole) == Chem.MolToSmiles(molecule)


def test_a_removed_group_leaves_hydrogen() -> None:
    molecule = Chem.MolFromSmiles("Cn1cccc1")
    ring = next(piece for piece in pieces(molecule) if len(piece) == 5)
    assert Chem.MolToSmiles(only(molecule, set(ring))) == "c1cc[nH]c1"
    assert written(molecule, ring)


def test_features_count_environments_and_know_the_whole() -> None:
    found = features([ASPIRIN, "C", ASPIRIN])
    assert found.shape == (3, len(names()))
    assert np.array_equal(found[0], found[2])
    assert found[0, :BITS].sum() > 20
    at = dict(zip(names(), found[0], strict=True))
    assert at["amw"] == pytest.approx(180.16, abs=0.01)
    assert at["NumAromaticRings"] == 1


def test_similarity_is_one_for_itself_and_small_for_strangers() -> None:
    bits = environments(features([ASPIRIN, CAFFEINE, "OC(=O)c1ccccc1O"]))
    domain = Domain(bits, 0.0)
    similar = domain.similarities(bits)
    assert np.diag(similar) == pytest.approx(1)
    assert similar[0, 2] > 0.3 > similar[0, 1]
    assert domain.nearest(bits) == pytest.approx(similar.max(axis=1))
    assert 0 <= learn_domain(bits, 0).limit <= 0.3


def test_properties_are_ranked_among_other_molecules() -> None:
    typical = quantiles(tuple(MOLECULES[:60]), 0)
    first = {one.name: one.lower for one in facts(ASPIRIN, typical)}
    assert all(share is not None and 0 <= share <= 1 for share in first.values())
    heavier = {one.name: one.lower for one in facts(ASPIRIN + "CCCCCCCCCCCCCCCCCCCCCC", typical)}
    name = "Molecular weight (g/mol)"
    assert heavier[name] == 1
    assert sum(measured(one)[0].number < 180.16 for one in MOLECULES[:60]) / 60 == pytest.approx(
        first[name], abs=0.03
    )
    assert all(one.lower is None for one in facts(ASPIRIN)), "an earlier model compares nothing"


def test_known_properties_and_alerts_have_names() -> None:
    told = {one.name: one.value for one in facts(ASPIRIN)}
    assert told["Molecular weight (g/mol)"] == "180.2"
    assert told["Lipinski's rules broken"] == "0 of 4"
    assert any("nitro" in one.name.lower() for one in alerts("O=[N+]([O-])c1ccccc1"))
    assert alerts("CCO") == ()
