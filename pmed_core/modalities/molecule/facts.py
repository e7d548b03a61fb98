"""What is known of a molecule without any model: drug-likeness, how hard it is to make, alerts."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache, lru_cache
from typing import Any

import numpy as np
from rdkit import Chem
from rdkit.Chem import QED, rdMolDescriptors
from rdkit.Chem.FilterCatalog import FilterCatalog, FilterCatalogParams
from rdkit.Contrib.SA_Score import sascorer

from pmed_core.arrays import Floats
from pmed_core.modalities.molecule.portrait import Alert, Fact
from pmed_core.variable import readable

KNOTS, SAMPLE = 101, 500
NOTHING: Floats = np.empty((0, KNOTS))
"""Of a model that was kept before properties were compared."""
LISTS = FilterCatalogParams.FilterCatalogs
CATALOGUES = {
    "PAINS": (LISTS.PAINS_A, LISTS.PAINS_B, LISTS.PAINS_C), "Brenk": (LISTS.BRENK,),
    "NIH": (LISTS.NIH,),
}  # fmt: skip
"""Pan-assay interference (Baell & Holloway, J Med Chem 2010), unwanted groups (Brenk et al.,
ChemMedChem 2008), and the exclusion list of the NIH's library."""


@dataclass(frozen=True)
class Measured:
    """A property of a molecule as a number, in words, and what it means."""

    name: str
    number: float
    text: str
    meaning: str


def measured(smiles: str) -> tuple[Measured, ...]:
    """In order of display; the same properties of every molecule."""
    molecule = Chem.MolFromSmiles(smiles)
    (weight,) = rdMolDescriptors.Properties(["amw"]).ComputeProperties(molecule)
    logp, _ = rdMolDescriptors.CalcCrippenDescriptors(molecule)
    donors = rdMolDescriptors.CalcNumLipinskiHBD(molecule)
    acceptors = rdMolDescriptors.CalcNumLipinskiHBA(molecule)
    broken = sum((weight > 500, logp > 5, donors > 5, acceptors > 10))
    surface = rdMolDescriptors.CalcTPSA(molecule)
    turning = rdMolDescriptors.CalcNumRotatableBonds(molecule)
    likeness, effort = _drug_likeness(molecule), float(sascorer.calculateScore(molecule))
    return (
        Measured("Molecular weight (g/mol)", weight, f"{weight:.1f}", "Lipinski: at most 500"),
        Measured("Lipophilicity (Crippen logP)", logp, readable(logp), "Lipinski: at most 5"),
        Measured("Hydrogen-bond donors", donors, str(donors), "Lipinski: at most 5"),
        Measured("Hydrogen-bond acceptors", acceptors, str(acceptors), "Lipinski: at most 10"),
        Measured("Lipinski's rules broken", broken, f"{broken} of 4",
                 "oral drugs break one at most"),
        Measured("Polar surface (Å²)", surface, f"{surface:.0f}",
                 "above 140 rarely absorbed (Veber et al., 2002)"),
        Measured("Rotatable bonds", turning, str(turning),
                 "above 10 rarely absorbed (Veber et al., 2002)"),
        Measured("Drug-likeness (QED)", likeness, f"{likeness:.2f}",
                 "0 to 1, higher is more like oral drugs (Bickerton et al., 2012)"),
        Measured("Hard to make (SA score)", effort, f"{effort:.1f}",
                 "1 easy to 10 hard; above 6 is hard (Ertl & Schuffenhauer, 2009)"),
    )  # fmt: skip


def facts(smiles: str, typical: Floats = NOTHING) -> tuple[Fact, ...]:
    """In order of display; ``typical``: as from ``quantiles``, to be compared with."""
    found = measured(smiles)
    if typical.shape != (len(found), KNOTS):
        return tuple(Fact(one.name, one.text, one.meaning) for one in found)
    return tuple(
        Fact(one.name, one.text, one.meaning, _share_below(one.number, knots))
        for one, knots in zip(found, typical, strict=True)
    )


def _share_below(number: float, knots: Floats) -> float:
    """Of those described by evenly ranked ``knots``; equal ones count half."""
    left, right = (np.searchsorted(knots, number, side) for side in ("left", "right"))
    return float(np.clip((left + right) / 2 / len(knots), 0, 1))


@lru_cache(maxsize=8)
def quantiles(smiles: tuple[str, ...], seed: int) -> Floats:
    """(f, KNOTS) of each property over molecules, a sample of them where they are many."""
    chosen = np.random.default_rng(seed).permutation(len(smiles))[:SAMPLE]
    numbers = np.array([[one.number for one in measured(smiles[row])] for row in chosen])
    return np.asarray(np.quantile(numbers, np.linspace(0, 1, KNOTS), axis=0).T)


def _drug_likeness(molecule: Any) -> float:
    return float(QED.qed(molecule))  # type: ignore[no-untyped-call]


def alerts(smiles: str) -> tuple[Alert, ...]:
    """Parts that are known for trouble, by name; none of them is a verdict."""
    molecule = Chem.MolFromSmiles(smiles)
    found = []
    for name in CATALOGUES:
        described = {match.GetDescription() for match in _catalogue(name).GetMatches(molecule)}
        found += [Alert(name, one.replace("_", " ")) for one in sorted(described)]
    return tuple(found)


@cache
def _catalogue(name: str) -> Any:
    chosen = FilterCatalogParams()
    for one in CATALOGUES[name]:
        chosen.AddCatalog(one)
    return FilterCatalog(chosen)
