"""A molecule in numbers: counts of atom environments, and what is known of the whole.

Counted Morgan fingerprints of radius 2 (Rogers & Hahn, J Chem Inf Model 2010), folded to 2,048
counts, and descriptors that RDKit computes at once: sizes, polarity, lipophilicity, rings, surface
by property, and the molecular quantum numbers (Nguyen et al., ChemMedChem 2009).
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import cache
from typing import Any

import numpy as np
from numpy.typing import NDArray
from rdkit import Chem
from rdkit.Chem import rdFingerprintGenerator, rdMolDescriptors

BITS, RADIUS = 2048, 2
LEFT_OUT = re.compile(r"chi\d[nv]|kappa\d|Phi")
"""Kier and Hall's connectivity and shape: half of the time, and measured to add nothing beside the
counts (docs/results.md)."""
UNSTABLE = 1e6
"""A descriptor beyond it says nothing of so small a molecule."""
SURFACES = (
    ("SlogP_VSA", rdMolDescriptors.SlogP_VSA_), ("SMR_VSA", rdMolDescriptors.SMR_VSA_),
    ("PEOE_VSA", rdMolDescriptors.PEOE_VSA_), ("MQN", rdMolDescriptors.MQNs_),
)  # fmt: skip


@cache
def _generator() -> Any:
    return rdFingerprintGenerator.GetMorganGenerator(radius=RADIUS, fpSize=BITS)


@cache
def _properties() -> Any:
    every = rdMolDescriptors.Properties.GetAvailableProperties()
    return rdMolDescriptors.Properties([one for one in every if not LEFT_OUT.fullmatch(one)])


@cache
def names() -> tuple[str, ...]:
    """Of each feature, counts of environments first."""
    methane = Chem.MolFromSmiles("C")
    surfaces = [f"{name} {k + 1}" for name, of in SURFACES for k in range(len(of(methane)))]
    counts = [f"environment {bit}" for bit in range(BITS)]
    return (*counts, *_properties().GetPropertyNames(), *surfaces)


def of_molecule(molecule: Any) -> NDArray[np.float32]:
    """(p,) features of an RDKit molecule; never NaN."""
    found = np.zeros(len(names()), dtype=np.float32)
    found[:BITS] = _generator().GetCountFingerprintAsNumPy(molecule)
    whole = list(_properties().ComputeProperties(molecule))
    for _, of in SURFACES:
        whole += list(of(molecule))
    found[BITS:] = np.clip(np.nan_to_num(whole, posinf=UNSTABLE), -UNSTABLE, UNSTABLE)
    return found


def features(smiles: Sequence[str]) -> NDArray[np.float32]:
    """(n, p) of n structures; equal ones are computed once."""
    where: dict[str, int] = {}
    rows = [where.setdefault(one, len(where)) for one in smiles]
    found = np.zeros((len(where), len(names())), dtype=np.float32)
    for one, row in where.items():
        found[row] = of_molecule(Chem.MolFromSmiles(one))
    # Of 100,000 molecules a copy is nearly a gigabyte.
    return found if len(found) == len(rows) else found[rows]


def environments(features_: NDArray[np.float32]) -> NDArray[np.uint8]:
    """(n, p) features -> (n, BITS / 8) which environments there are, a bit each."""
    return np.packbits(features_[:, :BITS] > 0, axis=1)
