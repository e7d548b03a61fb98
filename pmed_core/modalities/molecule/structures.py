"""From SMILES as they are written to one structure each, in one spelling.

Salts and solvents are stripped, charges neutralised and isotope labels taken off, as the features
and the duplicates are of the parent structure (Bento et al., J Cheminform 2020). Stereo stays.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache, lru_cache
from typing import Any

from rdkit import Chem, rdBase
from rdkit.Chem import SaltRemover, rdMolHash
from rdkit.Chem.MolStandardize import rdMolStandardize
from rdkit.Chem.Scaffolds import MurckoScaffold

rdBase.DisableLog("rdApp.*")
"""What is wrong with a molecule is told in our own sentences."""

MOST_SIGNS, MOST_ATOMS = 4000, 500
"""Longer SMILES, or larger molecules, are no small molecules."""
METALS = (3, 4, *range(11, 14), *range(19, 32), *range(37, 51), *range(55, 85), *range(87, 119))
OPEN_END, HYDROGEN, CHARGED, LABELLED = map(Chem.MolFromSmarts, ("[#0]", "[#1]", "[!+0]", "[!0*]"))
A_METAL = Chem.MolFromSmarts(f"[{','.join(f'#{z}' for z in METALS)}]")
CARBON = Chem.MolFromSmarts("[#6]")
TO_A_METAL = Chem.MolFromSmarts("[#3,#4,#11,#12,#19,#20,#37,#38,#55,#56]~*")
"""A metal of salts: a bond to one is an ionic one that was drawn as a line."""

WITH_BARS = re.compile(r"\S+\s+\|[^|]*\|")
"""CXSMILES: behind the structure, and between bars, what SMILES cannot say."""
REPEATED = ("SRU", "MON", "MER", "COP", "CRO", "GRA", "MOD", "ANY")
"""Of groups of atoms that a polymer repeats (BIOVIA: CTfile Formats)."""

SALT, MIXTURE, CHARGE, ISOTOPE, INCHI = "salt", "mixture", "charge", "isotope", "InChI"
MAPPED, BARS = "atom numbers", "CXSMILES"
METAL, INORGANIC, RADICAL = "metal", "inorganic", "radical"
"""Not changed, and worth a word: descriptors of drugs say little of them."""
STARTS_INCHI = "InChI="


class Unreadable(ValueError):
    """Why a text is no structure, as the end of a sentence: "is not SMILES"."""


@dataclass(frozen=True)
class Structure:
    """One molecule.

    Attributes:
        smiles: canonical, of the parent structure.
        changes: what was changed on the way (InChI, atom numbers, salt, mixture, charge, isotope,
            CXSMILES), and what it is that descriptors say little of (metal, inorganic, radical).
    """

    smiles: str
    changes: tuple[str, ...] = ()


@lru_cache(maxsize=200_000)
def standardised(text: str) -> Structure:
    """The structure that a text of SMILES or InChI stands for; raises ``Unreadable``."""
    molecule, changes = parsed(text), [INCHI] * text.startswith(STARTS_INCHI)
    changes += [BARS] if WITH_BARS.fullmatch(text) else []
    for step in (_unnumbered, _parent, _neutral, _plain_isotopes):
        molecule, changed = step(molecule)
        changes += [changed] if changed else []
    changes += _unusual(molecule)
    smiles = Chem.MolToSmiles(molecule)
    if changes and Chem.MolFromSmiles(smiles) is None:
        raise Unreadable("is no molecule once its salt or charge is taken off")
    return Structure(smiles, tuple(changes))


def _unusual(molecule: Any) -> list[str]:
    if molecule.HasSubstructMatch(A_METAL):
        return [METAL]
    if not molecule.HasSubstructMatch(CARBON):
        return [INORGANIC]
    return [RADICAL] if any(a.GetNumRadicalElectrons() for a in molecule.GetAtoms()) else []


def parsed(text: str) -> Any:
    """The molecule as it is written; raises ``Unreadable``."""
    if len(text) > MOST_SIGNS:
        raise Unreadable(f"has more than {MOST_SIGNS:,} signs")
    molecule = _written(text)
    if molecule is None or not molecule.GetNumAtoms():
        raise Unreadable("is not InChI" if text.startswith(STARTS_INCHI) else "is not SMILES")
    if molecule.GetNumAtoms() > MOST_ATOMS:
        raise Unreadable(f"has more than {MOST_ATOMS} atoms")
    if molecule.HasSubstructMatch(OPEN_END):
        raise Unreadable("has an open end (*), as polymers and fragments do")
    if any(g.GetProp("TYPE") in REPEATED for g in Chem.GetMolSubstanceGroups(molecule)):
        raise Unreadable("repeats a part of itself, as polymers do")
    if "~" in text:
        raise Unreadable("has a bond of unknown order")
    try:
        Chem.SanitizeMol(molecule)
    except ValueError as error:
        raise Unreadable("breaks the rules of valence or of aromatic rings") from error
    return Chem.RemoveHs(molecule) if molecule.HasSubstructMatch(HYDROGEN) else molecule


def _written(text: str) -> Any:
    """None where RDKit reads no molecule."""
    if WITH_BARS.fullmatch(text):
        return Chem.MolFromSmiles(text, _with_bars())
    if not text or any(sign.isspace() for sign in text):
        return None
    if text.startswith(STARTS_INCHI):
        return Chem.MolFromInchi(text, sanitize=False, removeHs=False)  # type: ignore[no-untyped-call]
    return Chem.MolFromSmiles(text, sanitize=False)


@cache
def _with_bars() -> Any:
    how: Any = Chem.SmilesParserParams()
    how.sanitize, how.removeHs, how.strictCXSMILES = False, False, True
    return how


Step = tuple[Any, str]


def _unnumbered(molecule: Any) -> Step:
    """Without the numbers that tell atoms apart in a reaction: they make no other molecule."""
    numbered = [atom for atom in molecule.GetAtoms() if atom.GetAtomMapNum()]
    for atom in numbered:
        atom.SetAtomMapNum(0)
    return (Chem.RemoveHs(molecule), MAPPED) if numbered else (molecule, "")


def _parent(molecule: Any) -> Step:
    """Without salts and solvents; of a mixture the largest part."""
    molecule = _disconnected(molecule)
    if len(Chem.GetMolFrags(molecule)) == 1:
        return molecule, ""
    left = _salts().StripMol(molecule, dontRemoveEverything=True)
    if molecule.HasSubstructMatch(CARBON) and not left.HasSubstructMatch(CARBON):
        # An acid of salts may be all that there is beside its metal, as of iron fumarate.
        left = molecule
    chosen = rdMolStandardize.LargestFragmentChooser(preferOrganic=True).choose(left)
    Chem.SanitizeMol(chosen)
    parts = Chem.GetMolFrags(left, asMols=True)
    organic = {Chem.MolToSmiles(part) for part in parts if part.HasSubstructMatch(CARBON)}
    return chosen, MIXTURE if len(organic) > 1 else SALT


def _disconnected(molecule: Any) -> Any:
    """With the bonds to metals of salts broken."""
    if not molecule.HasSubstructMatch(TO_A_METAL):
        return molecule
    return rdMolStandardize.MetalDisconnector().Disconnect(molecule)


@cache
def _salts() -> Any:
    return SaltRemover.SaltRemover()  # type: ignore[no-untyped-call]


def _neutral(molecule: Any) -> Step:
    """Without charges that a proton more or less takes away."""
    if not molecule.HasSubstructMatch(CHARGED):
        return molecule, ""
    neutral = rdMolStandardize.Uncharger().uncharge(molecule)
    same = Chem.MolToSmiles(neutral) == Chem.MolToSmiles(molecule)
    return (molecule, "") if same else (neutral, CHARGE)


def _plain_isotopes(molecule: Any) -> Step:
    """Without isotope labels: deuterium is hydrogen."""
    labelled = molecule.GetSubstructMatches(LABELLED, maxMatches=MOST_ATOMS)
    if not labelled:
        return molecule, ""
    plain = Chem.Mol(molecule)
    for (index,) in labelled:
        plain.GetAtomWithIdx(index).SetIsotope(0)
    return Chem.RemoveHs(plain), ISOTOPE


def alike(smiles: str) -> str:
    """The same for tautomers of one structure (NextMove's hash of heteroatoms and hydrogens)."""
    flat = Chem.MolFromSmiles(smiles)
    Chem.RemoveStereochemistry(flat)
    return str(rdMolHash.MolHash(flat, rdMolHash.HashFunction.HetAtomTautomer))


def scaffold(smiles: str) -> str:
    """Rings and what links them (Bemis & Murcko, J Med Chem 1996); of a chain the chain itself."""
    flat = Chem.MolFromSmiles(smiles)
    Chem.RemoveStereochemistry(flat)
    rings = MurckoScaffold.MurckoScaffoldSmiles(mol=flat)  # type: ignore[no-untyped-call]
    return str(rings or Chem.MolToSmiles(flat))
