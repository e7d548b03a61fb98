"""Risk genes of a cohort: each gene tested, adjusted by ancestry and by the other inputs, with what
the network uses beside it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from pmed_core.cohort import Cohort
from pmed_core.modalities.tabular.preprocessing import NUMERIC, numeric_cells
from pmed_core.modalities.tabular.reasons import Care
from pmed_core.modalities.variants.association import genes_to_test, null_model, ranked
from pmed_core.modalities.variants.catalogue import Copies
from pmed_core.modalities.variants.encoder import learn_encoder
from pmed_core.modalities.variants.ensemble import VariantsEnsemble
from pmed_core.modalities.variants.explaining import explain
from pmed_core.modalities.variants.options import VariantsOptions
from pmed_core.modalities.variants.relatives import Relatives
from pmed_core.modalities.variants.risk_genes import RiskGenes
from pmed_core.variable import Kind, Variable

EXPLAINED, KEPT_AT_MOST = 50, 20_000
QUICK = Care(tolerance=1.0, starts=2, rounds=1)


def analysed(
    ensemble: VariantsEnsemble,
    cohort: Cohort,
    learnt_from: tuple[Copies, NDArray[np.int64]],
    held_out: tuple[Sequence[int], Relatives],
    options: VariantsOptions,
) -> RiskGenes:
    """Of one person of each family.

    Args:
        learnt_from: (V, n) copies, and (n,) families.
        held_out: the fold that held each row out, and who is related.
    """
    copies, family = learnt_from
    alone = np.unique(family, return_index=True)[1]
    part, mine = cohort.select(alone), copies[:, alone]
    encoder = learn_encoder(
        ensemble.catalogue, mine, options.rare, options.components, np.arange(len(alone))
    )
    components = encoder.components(mine)
    names, others = covariates(part)
    event = part.observed() == 1
    null = null_model(event, np.column_stack([components, others]))
    genes = genes_to_test(ensemble.catalogue, mine, options.rare)
    found, inflated, smallest, given = ranked(ensemble.catalogue, genes, null, options.seed)
    used = network_uses(ensemble, cohort, held_out[0])
    told = tuple(replace(gene, used=used.get(gene.name)) for gene in found[:KEPT_AT_MOST])
    ancestry = (f"{components.shape[1]} components of ancestry",) * bool(components.shape[1])
    relatives = (held_out[1].counted,) * bool(held_out[1].pairs)
    return RiskGenes(
        told, len(alone), int(event.sum()), (*ancestry, *names), inflated, smallest, options.rare,
        relatives, given,
    )  # fmt: skip


def covariates(cohort: Cohort) -> tuple[tuple[str, ...], NDArray[np.float64]]:
    """Names and (n, q) standardised numbers of the inputs beside the variants; what is missing is
    the mean."""
    names, columns = list[str](), list[NDArray[np.float64]]()
    for variable in cohort.inputs:
        if variable.kind is Kind.VARIANTS:
            continue
        found = _columns(cohort.table, variable)
        spread = found.std(axis=0)
        if len(spread) and spread.max() > 0:
            names.append(variable.name)
            columns += list(((found - found.mean(axis=0)) / np.maximum(spread, 1e-12)).T)
    return tuple(names), np.array(columns).reshape(-1, len(cohort)).T


def _columns(table: pd.DataFrame, variable: Variable) -> NDArray[np.float64]:
    if variable.kind in NUMERIC:
        cells = numeric_cells(table, [variable.name])
        known = np.isfinite(cells)
        mean = cells[known].mean() if known.any() else 0.0
        return np.where(known, cells, mean)
    dummies = pd.get_dummies(table[variable.name], dtype=np.float64)
    # The most common value is what the others are compared with.
    return dummies.drop(columns=dummies.sum().idxmax()).to_numpy() if len(dummies.columns) else (
        np.empty((len(table), 0))
    )  # fmt: skip


def network_uses(
    ensemble: VariantsEnsemble, cohort: Cohort, folds: Sequence[int]
) -> dict[str, float]:
    """Gene -> mean absolute SHAP value of some patients, each by the fold that held them out."""
    rows = np.sort(np.random.default_rng(0).permutation(len(cohort))[:EXPLAINED])
    sums: dict[str, float] = {}
    label = ensemble.outcome.labels[0]
    for fold in sorted({folds[row] for row in rows}):
        mine = np.array([row for row in rows if folds[row] == fold])
        found = explain(ensemble.of_fold(fold), cohort.select(mine), label, QUICK)
        for name, shap in zip(found.variables, np.abs(found.shap).sum(axis=0), strict=True):
            sums[name] = sums.get(name, 0.0) + float(shap)
    genes = set(ensemble.catalogue.genes)
    return {name: value / len(rows) for name, value in sums.items() if name in genes}
