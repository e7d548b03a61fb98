"""The rare alleles of one patient, as the file has them, in the genes by which the model reads
them: a later file may be annotated otherwise, or not at all."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from pmed_core.cohort import Cohort
from pmed_core.genotypes import ALTERNATIVE, HAPLOID, REFERENCE, UNKNOWN
from pmed_core.modalities.variants.carried import Carried, Zygosity
from pmed_core.modalities.variants.catalogue import KEY
from pmed_core.modalities.variants.ensemble import VariantsEnsemble
from pmed_core.modalities.variants.risk_genes import risk_genes_of

OF_REFERENCE = "reference allele, which is rare here"
"""In place of a consequence, which is that of the alternative."""


def carried(
    ensemble: VariantsEnsemble, row: Cohort, card: Mapping[str, Any]
) -> tuple[Carried, ...]:
    """Of the first row, those in the genes of the smallest p first."""
    genotypes, sample = row.genotypes, row.table[ensemble.column].iloc[0]
    if genotypes is None or not isinstance(sample, str):
        return ()
    tested = risk_genes_of(card)
    known = {gene.name: gene for gene in tested.genes} if tested else {}
    column = genotypes.places[sample]
    rare = np.mean([fold.encoder.rare for fold in ensemble.folds], axis=0) > 0
    frequency = np.mean([fold.encoder.frequency for fold in ensemble.folds], axis=0)
    mine = ensemble.catalogue.table[KEY].assign(frequency=frequency)[rare]
    mine = mine.reset_index(names="variant")
    sites = genotypes.sites.reset_index(names="site").merge(mine, on=KEY)
    found = []
    for site in sites.to_dict("records"):
        call = int(genotypes.calls[site["site"], column])
        has = [call & 3, call >> 2 & 3][: 1 if call & HAPLOID else 2]
        often = float(site["frequency_y"])
        rarer = ALTERNATIVE if often <= 0.5 else REFERENCE
        if rarer not in has:
            continue
        says = dict(zip(site["genes"].split(";"), site["consequences"].split(";"), strict=True))
        for gene in ensemble.catalogue.genes_of(site["variant"]):
            of, terms = known.get(gene), says.get(gene, "")
            if rarer == REFERENCE:
                terms, site["clinical"] = OF_REFERENCE, ""
            clinical = (*site["clinical"].replace("_", " ").split(";"), "", "")
            found.append(
                Carried(
                    gene, site["chromosome"], int(site["position"]), site["reference"],
                    site["alternative"],
                    terms.replace("_", " ").replace("&", ", "), _zygosity(has, rarer),
                    min(often, 1 - often), clinical[0],
                    of.p if of else None, of.q if of else None, *clinical[1:3],
                )
            )  # fmt: skip
    return tuple(sorted(found, key=lambda one: (1.0 if one.p is None else one.p, one.gene)))


def _zygosity(has: list[int], rarer: int) -> Zygosity:
    if len(has) == 1:
        return "one copy (haploid)"
    if UNKNOWN in has:
        return "one copy, the other not called"
    return "homozygous" if has.count(rarer) == 2 else "heterozygous"
