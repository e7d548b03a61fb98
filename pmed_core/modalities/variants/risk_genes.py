"""Genes of which patients with an event carry rare variants more often than others, as data."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from pmed_core.arrays import from_plain

KEPT = "risk_genes"
"""Under which a model's card keeps them."""
LEVEL, ANY = 0.10, 0.05
"""The false discovery rate at which genes are reported, where any is at all: where the smallest p
is beyond chance at this level for as many genes as were tested (Bonferroni), so that a cohort
without signal has a gene reported no more often."""


@dataclass(frozen=True)
class Gene:
    """One gene, tested.

    Attributes:
        chromosome, position: of its first variant.
        variants: rare ones that were tested.
        cases, others: share of patients with and without the event who carry one.
        burden, skat, p: of the burden test, the variance component test, and of both together.
        q: the false discovery rate at which it would be reported (Benjamini & Hochberg, 1995).
        used: mean absolute SHAP value of held-out patients; NaN where the model does not read it.
    """

    name: str
    chromosome: str
    position: int
    variants: int
    cases: float
    others: float
    burden: float
    skat: float
    p: float
    q: float
    used: float | None = None


@dataclass(frozen=True)
class RiskGenes:
    """All genes of a cohort, the smallest p first.

    Attributes:
        patients, cases: who were tested, one of each family.
        covariates: by which the expected risk of each patient was adjusted.
        inflation: genomic inflation: the median test statistic over what chance gives.
        smallest: the smallest p that there can be, by the number of resampled cohorts.
        rare: largest frequency of the alleles that were tested.
        related: what was found of relatives and duplicates, in sentences.
        given: genes that stand out by themselves, given which all others were tested.
    """

    genes: tuple[Gene, ...]
    patients: int
    cases: int
    covariates: tuple[str, ...]
    inflation: float
    smallest: float
    rare: float
    related: tuple[str, ...] = ()
    given: tuple[str, ...] = ()

    @property
    def reported(self) -> tuple[Gene, ...]:
        """Those that more than chance speaks for."""
        if not self.genes or self.genes[0].p * len(self.genes) > ANY:
            return ()
        return tuple(gene for gene in self.genes if gene.q <= LEVEL)


def risk_genes_of(card: Mapping[str, Any]) -> RiskGenes | None:
    """What the card of a model keeps; None where it keeps none that can be read."""
    try:
        found: RiskGenes = from_plain(RiskGenes, card[KEPT])
    except (KeyError, ValueError):
        return None
    return found
