"""A molecule in pieces, and the molecule without some of them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from rdkit import Chem
from rdkit.Chem import BRICS

MOST = 8
"""Pieces of one molecule: every coalition of so many is asked."""
ENDS = "[!R;!$([#1])]-[R]"
POLAR = "[CX4;!R]-[!#6;!#1;!R]"
UNSATURATED = "[CX4;!R]-[#6;!R;!X4]"

Pieces = tuple[tuple[int, ...], ...]
"""Atoms of each."""


def pieces(molecule: Any) -> Pieces:
    """At most eight pieces of connected atoms, which together are the molecule.

    Cut where chemists would put it together (BRICS: Degen et al., ChemMedChem 2008) and between
    rings and chains; without either, at polar and unsaturated ends. The smallest are joined to a
    neighbour until there are few.
    """
    found = _parts(molecule, _bonds(molecule))
    while len(found) > MOST:
        smallest = min(found, key=lambda atoms: (len(atoms), atoms))
        beside = [one for one in found if one != smallest and _touch(molecule, smallest, one)]
        other = min(beside or [one for one in found if one != smallest], key=lambda a: (len(a), a))
        joined = tuple(sorted(smallest + other))
        found = [one for one in found if one not in (smallest, other)] + [joined]
    return tuple(sorted(found))


def _bonds(molecule: Any) -> set[int]:
    found = BRICS.FindBRICSBonds(molecule)  # type: ignore[no-untyped-call]
    pairs = [pair for pair, _ in found]
    pairs += molecule.GetSubstructMatches(Chem.MolFromSmarts(ENDS))
    if not pairs:
        for pattern in (POLAR, UNSATURATED):
            pairs += molecule.GetSubstructMatches(Chem.MolFromSmarts(pattern))
    return {molecule.GetBondBetweenAtoms(*pair).GetIdx() for pair in pairs}


def _parts(molecule: Any, bonds: set[int]) -> list[tuple[int, ...]]:
    if not bonds:
        return [tuple(range(molecule.GetNumAtoms()))]
    cut = Chem.FragmentOnBonds(molecule, sorted(bonds), addDummies=False)
    return [tuple(sorted(atoms)) for atoms in Chem.GetMolFrags(cut)]


def _touch(molecule: Any, some: Sequence[int], others: Sequence[int]) -> bool:
    near = {n.GetIdx() for atom in some for n in molecule.GetAtomWithIdx(atom).GetNeighbors()}
    return bool(near & set(others))


def only(molecule: Any, atoms: set[int]) -> Any:
    """The molecule of these atoms alone, with hydrogen where the others were."""
    left = Chem.RWMol(molecule)
    for bond in molecule.GetBonds():
        ends = (bond.GetBeginAtomIdx(), bond.GetEndAtomIdx())
        for here, there in (ends, ends[::-1]):
            if here in atoms and there not in atoms:
                atom = left.GetAtomWithIdx(here)
                hydrogens = atom.GetNumExplicitHs() + int(bond.GetBondTypeAsDouble())
                atom.SetNumExplicitHs(hydrogens)
    left.BeginBatchEdit()
    for index in range(molecule.GetNumAtoms()):
        if index not in atoms:
            left.RemoveAtom(index)
    left.CommitBatchEdit()
    found = left.GetMol()
    Chem.SanitizeMol(found)
    return found


def written(molecule: Any, atoms: Sequence[int]) -> str:
    """A piece as SMILES."""
    return str(Chem.MolFragmentToSmiles(molecule, list(atoms), isomericSmiles=False))
