"""What is said of the tested genes of a cohort."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Any

from pmed_core.modalities.variants.carried import Carried
from pmed_core.modalities.variants.risk_genes import LEVEL, RiskGenes
from pmed_core.quantity import counted

NAMED = 8


def verdict(found: RiskGenes) -> str:
    """Which genes more than chance speaks for."""
    reported, level = found.reported, f"{100 * LEVEL:.0f} %"
    many = counted(len(found.genes), "gene")
    if not reported:
        return (
            f"No more than chance: of {many} none is associated more than the best of as many "
            "without any signal would be. With "
            f"{found.cases:,} of {counted(found.patients, 'patient')} having the event, only "
            "strong effects could be seen."
        )
    shown = ", ".join(gene.name for gene in reported[:NAMED]) + " …" * (len(reported) > NAMED)
    return (
        f"{len(reported):,} of {many} "
        f"{'is' if len(reported) == 1 else 'are'} associated beyond chance at a false discovery "
        f"rate of {level}: {shown}. About one in ten genes that are reported this way is a false "
        "alarm, and association is not cause."
    )


def adjusted(found: RiskGenes) -> str:
    """By what, and how well."""
    by = f"adjusted by {', '.join(found.covariates)}" if found.covariates else "not adjusted"
    lambda_ = (
        f"genomic inflation λ = {found.inflation:.2f} (1 is expected; well above it, relatives or "
        "ancestry are not accounted for)"
    )
    return (
        f"One person of each family ({found.patients:,}), {by}; alleles of a frequency up to "
        f"{found.rare:.3g}; {lambda_}. The smallest p that there can be is {found.smallest:.1g}."
        f"{_given(found)}"
    )


def _given(found: RiskGenes) -> str:
    if not found.given:
        return ""
    few = ", ".join(found.given[:NAMED]) + " …" * (len(found.given) > NAMED)
    if len(found.given) == 1:
        return f" All other genes were tested given the one that stands out by itself ({few})."
    return (
        f" All other genes were tested given those that stand out by themselves ({few}), and those "
        "given one another, except where two have much the same carriers: such genes cannot be "
        "told apart."
    )


def gene_rows(found: RiskGenes) -> list[dict[str, Any]]:
    """Of each gene, for a table or a file."""
    return [
        {
            "gene": gene.name, "chromosome": gene.chromosome, "position": gene.position,
            "variants": gene.variants, "carriers_with_event": round(gene.cases, 4),
            "carriers_without": round(gene.others, 4), "p_burden": gene.burden,
            "p_skat": gene.skat, "p": gene.p, "q": gene.q, "network": gene.used,
        }
        for gene in found.genes
    ]  # fmt: skip


def carried(found: Sequence[Carried], risky: Collection[str]) -> str:
    """How many rare alleles a patient carries, and how many in genes beyond chance."""
    if not found:
        return "No rare variant of a gene was called in this patient."
    mine = [one for one in found if one.gene in risky]
    named = ", ".join(dict.fromkeys(one.gene for one in mine))
    inside = f"{len(mine):,} in risk genes ({named})" if mine else "none in a risk gene"
    return f"{counted(len(found), 'rare variant')} in {_genes(found)}, {inside}."


def _genes(found: Sequence[Carried]) -> str:
    return counted(len({one.gene for one in found}), "gene")
