"""The variants that one patient carries in the genes that matter."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Zygosity = Literal[
    "heterozygous", "homozygous", "one copy (haploid)", "one copy, the other not called"
]


@dataclass(frozen=True)
class Carried:
    """A rare allele.

    Attributes:
        frequency: among the patients of training.
        clinical, review, condition: what the file says of it (ClinVar's significance, review
            status and condition); empty where it says nothing.
        p, q: of the gene, over the cohort; None where it was not tested.
    """

    gene: str
    chromosome: str
    position: int
    reference: str
    alternative: str
    consequence: str
    zygosity: Zygosity
    frequency: float
    clinical: str
    p: float | None
    q: float | None
    review: str = ""
    condition: str = ""
