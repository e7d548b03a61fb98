"""Pictures of molecules as SVG, drawn by RDKit; the page shows them as pictures."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from rdkit import Chem
from rdkit.Chem.Draw import rdMolDraw2D

from pmed_core.modalities.molecule.fragments import pieces

FOR, AGAINST = (0.84, 0.37, 0.0), (0.0, 0.45, 0.70)
"""Vermillion and blue of Okabe and Ito, which colour-blind people tell apart."""
FAINTEST = 0.12


def svg(smiles: str, size: tuple[int, int], shares: Sequence[float] = ()) -> str:
    """A picture on white; ``shares`` of its pieces colour and number them."""
    molecule = Chem.MolFromSmiles(smiles)
    drawer = rdMolDraw2D.MolDraw2DSVG(*size)
    options: Any = drawer.drawOptions()
    options.annotationFontScale = 0.8
    atoms: dict[int, Any] = {}
    bonds: dict[int, Any] = {}
    if shares:
        atoms, bonds = _coloured(molecule, shares)
    rdMolDraw2D.PrepareAndDrawMolecule(
        drawer, molecule, highlightAtoms=list(atoms), highlightBonds=list(bonds),
        highlightAtomColors=atoms, highlightBondColors=bonds,
    )  # fmt: skip
    drawer.FinishDrawing()
    text = str(drawer.GetDrawingText())
    return text[text.index("<svg") :]


def _coloured(molecule: Any, shares: Sequence[float]) -> tuple[dict[int, Any], dict[int, Any]]:
    """Atoms and bonds of each piece in its colour, the strongest full; its number at one atom."""
    largest = max(abs(share) for share in shares) or 1.0
    atoms: dict[int, Any] = {}
    found = pieces(molecule)
    for number, (piece, share) in enumerate(zip(found, shares, strict=False), 1):
        strength = FAINTEST + (0.75 - FAINTEST) * abs(share) / largest
        base = FOR if share > 0 else AGAINST
        colour = tuple(1 - strength * (1 - channel) for channel in base)
        atoms |= dict.fromkeys(piece, colour)
        molecule.GetAtomWithIdx(piece[len(piece) // 2]).SetProp("atomNote", str(number))
    whose = {atom: number for number, piece in enumerate(found) for atom in piece}
    bonds = {
        bond.GetIdx(): atoms[bond.GetBeginAtomIdx()] for bond in molecule.GetBonds()
        if whose[bond.GetBeginAtomIdx()] == whose[bond.GetEndAtomIdx()]
        and bond.GetBeginAtomIdx() in atoms
    }  # fmt: skip
    return atoms, bonds
