"""The activities of a series of real molecules that RDKit carries as its example of Free-Wilson
analysis: ChEMBL document CHEMBL2321810 (EMBL-EBI, CC BY-SA 3.0)."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
from rdkit import RDConfig

FOLDER = Path(RDConfig.RDContribDir) / "FreeWilson" / "data"


def activity() -> pd.DataFrame:
    """1,017 molecules with the id they have there, SMILES and −log10 of the molar concentration at
    which each is active. The files name neither target nor assay."""
    name = ["smiles", "molecule_id"]
    smiles = pd.read_csv(FOLDER / "CHEMBL2321810.smi", sep=" ", names=name)
    found = smiles.merge(pd.read_csv(FOLDER / "CHEMBL2321810_act.csv"), "left",
                         left_on="molecule_id", right_on="Name")  # fmt: skip
    found["pIC50"] = found["Act"]
    return pd.DataFrame(found[["molecule_id", "smiles", "pIC50"]])
