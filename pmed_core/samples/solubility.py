"""Simulated solubilities of molecules that are put together from rings and groups.

Log solubility follows Delaney's equation (J Chem Inf Comput Sci 2004) of lipophilicity, size,
flexibility and aromaticity, with noise as between two laboratories. Some molecules are salts, and
some are there twice, as in tables that grew.
"""

from __future__ import annotations

import itertools

import numpy as np
import pandas as pd
from rdkit import Chem
from rdkit.Chem import rdMolDescriptors

RINGS = (
    "c1ccc({})cc1", "c1ccnc({})c1", "C1CCC({})CC1", "c1cc({})oc1", "c1ccc2cc({})ccc2c1",
    "C1CCN({})CC1", "c1csc({})n1", "c1ccc2[nH]c({})cc2c1", "C1COCCN1{}", "C({})C", "CC(C)C{}",
)  # fmt: skip
LINKS = ("", "C", "CC", "C(=O)N", "OC", "CC(O)", "S(=O)(=O)N", "CCC")
ENDS = (
    "C", "CC", "C(F)(F)F", "CC(=O)O", "CCN(C)C", "c1ccccc1", "C1CC1", "c1ccc(Cl)cc1", "CCO",
    "c1ccc([N+](=O)[O-])cc1", "CC#N", "C(C)(C)C", "c1ccncc1", "CCCCCC",
)  # fmt: skip
MOLECULES, SALTS, TWICE = 600, 15, 10
NOISE = 0.4


def solubility() -> pd.DataFrame:
    """Molecules with an id, SMILES and the log of their solubility in mol/L."""
    generator = np.random.default_rng(17)
    parts = list(itertools.product(RINGS, LINKS, ENDS))
    made = dict.fromkeys(filter(None, (_joined(*one) for one in parts)))
    smiles = list(generator.permutation(np.array(list(made), dtype=object))[:MOLECULES])
    measured = [_log_solubility(one) + NOISE * generator.standard_normal() for one in smiles]
    again = generator.choice(len(smiles), TWICE, replace=False)
    measured += [measured[k] + NOISE * generator.standard_normal() for k in again]
    smiles += [smiles[k] for k in again]
    amines = [k for k, one in enumerate(smiles) if "N(C)C" in one][:SALTS]
    for k in amines:
        smiles[k] += ".Cl"
    return pd.DataFrame(
        {
            "molecule_id": [f"M{number:03d}" for number in range(1, len(smiles) + 1)],
            "smiles": smiles, "log_solubility": np.round(measured, 2),
        }
    )  # fmt: skip


def _joined(ring: str, link: str, end: str) -> str:
    """A ring, what links it, and an end; empty where they make no molecule."""
    numbered = end.replace("1", "9")
    molecule = Chem.MolFromSmiles(ring.format(link + numbered))
    return str(Chem.MolToSmiles(molecule)) if molecule is not None else ""


def _log_solubility(smiles: str) -> float:
    molecule = Chem.MolFromSmiles(smiles)
    logp, _ = rdMolDescriptors.CalcCrippenDescriptors(molecule)
    (weight,) = rdMolDescriptors.Properties(["amw"]).ComputeProperties(molecule)
    aromatic = sum(atom.GetIsAromatic() for atom in molecule.GetAtoms())
    return float(
        0.16 - 0.63 * logp - 0.0062 * weight
        + 0.066 * rdMolDescriptors.CalcNumRotatableBonds(molecule)
        - 0.74 * aromatic / molecule.GetNumAtoms()
    )  # fmt: skip
