"""What is known of a molecule without any model: drug-likeness, how hard it is to make, alerts."""

from __future__ import annotations

from functools import cache
from typing import Any

from rdkit import Chem
from rdkit.Chem import QED, rdMolDescriptors
from rdkit.Chem.FilterCatalog import FilterCatalog, FilterCatalogParams
from rdkit.Contrib.SA_Score import sascorer

from pmed_core.modalities.molecule.portrait import Alert, Fact
from pmed_core.variable import readable

LISTS = FilterCatalogParams.FilterCatalogs
CATALOGUES = {
    "PAINS": (LISTS.PAINS_A, LISTS.PAINS_B, LISTS.PAINS_C), "Brenk": (LISTS.BRENK,),
    "NIH": (LISTS.NIH,),
}  # fmt: skip
"""Pan-assay interference (Baell & Holloway, J Med Chem 2010), unwanted groups (Brenk et al.,
ChemMedChem 2008), and the exclusion list of the NIH's library."""


def facts(smiles: str) -> tuple[Fact, ...]:
    """In order of display."""
    molecule = Chem.MolFromSmiles(smiles)
    (weight,) = rdMolDescriptors.Properties(["amw"]).ComputeProperties(molecule)
    logp, _ = rdMolDescriptors.CalcCrippenDescriptors(molecule)
    donors, acceptors = (
        rdMolDescriptors.CalcNumLipinskiHBD(molecule),
        rdMolDescriptors.CalcNumLipinskiHBA(molecule),
    )
    broken = sum((weight > 500, logp > 5, donors > 5, acceptors > 10))
    return (
        Fact("Molecular weight (g/mol)", f"{weight:.1f}", "Lipinski: at most 500"),
        Fact("Lipophilicity (Crippen logP)", readable(logp), "Lipinski: at most 5"),
        Fact("Hydrogen-bond donors", str(donors), "Lipinski: at most 5"),
        Fact("Hydrogen-bond acceptors", str(acceptors), "Lipinski: at most 10"),
        Fact("Lipinski's rules broken", f"{broken} of 4", "oral drugs break one at most"),
        Fact(
            "Polar surface (Å²)", f"{rdMolDescriptors.CalcTPSA(molecule):.0f}",
            "above 140 rarely absorbed (Veber et al., 2002)",
        ),
        Fact("Rotatable bonds", str(rdMolDescriptors.CalcNumRotatableBonds(molecule)),
             "above 10 rarely absorbed (Veber et al., 2002)"),
        Fact("Drug-likeness (QED)", f"{_drug_likeness(molecule):.2f}",
             "0 to 1, higher is more like oral drugs (Bickerton et al., 2012)"),
        Fact("Hard to make (SA score)", f"{sascorer.calculateScore(molecule):.1f}",
             "1 easy to 10 hard; above 6 is hard (Ertl & Schuffenhauer, 2009)"),
    )  # fmt: skip


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
