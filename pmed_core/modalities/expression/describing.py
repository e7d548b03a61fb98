"""How genes differ between the groups of a cohort: descriptive, and no evidence of what a model can
foretell."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray
from scipy.cluster.hierarchy import leaves_list, linkage
from scipy.stats import false_discovery_control, norm, rankdata
from scipy.stats import t as student

from pmed_core.modalities.expression.genes import DescribeGenes, Gene, Genes, GeneSet, HeatMap, Sets
from pmed_core.modalities.expression.names import places_of, present

if TYPE_CHECKING:
    from pmed_core.cohort import Cohort
    from pmed_core.modalities.expression.ensemble import ExpressionEnsemble

Doubles = NDArray[np.float64]
RATE = 0.05
SHOWN, COMPARED = 1_000, 1_000
"""Genes with the smallest p, and others for comparison, that are sent to a page."""
HEATED, SAMPLES = 40, 80
EXPLAINED = 12
"""Patients whose SHAP values are averaged."""
BETWEEN_GENES = 0.01
"""Correlation of the genes of a set that the rank test allows for, as limma has it by default."""
LEAST_SET, LEAST_ERROR = 3, 1e-9
"""Measured genes of a set; a standard error below which a gene does not vary."""


def strongest(genes: Doubles, labels: NDArray[np.int64]) -> NDArray[np.int64]:
    """(n, q), (n,) -> (q,) positions by how much of a gene's variance lies between the groups, most
    first."""
    return np.argsort(-between(genes, labels), kind="stable")


def between(genes: Doubles, labels: NDArray[np.int64]) -> Doubles:
    """(q,) the F statistic of each gene."""
    groups = [genes[labels == one] for one in np.unique(labels)]
    means = np.stack([one.mean(axis=0) for one in groups])
    sizes = np.array([len(one) for one in groups])[:, None]
    whole = genes.mean(axis=0)
    across = (sizes * (means - whole) ** 2).sum(axis=0) / max(len(groups) - 1, 1)
    inside = sum(((one - m) ** 2).sum(axis=0) for one, m in zip(groups, means, strict=True))
    return np.asarray(across / np.maximum(inside / max(len(genes) - len(groups), 1), 1e-12))


def differences(values: Doubles, inside: NDArray[np.bool_]) -> tuple[Doubles, Doubles, Doubles]:
    """(n, p) logarithms, (n,) in the group -> (p,) difference of means, Welch's t and its p; a gene
    that does not vary has t 0 and p 1."""
    of_both = [_moments(values[one]) for one in (inside, ~inside)]
    (one, mean, first), (two, other, second) = of_both
    each = [first / np.maximum(one, 1), second / np.maximum(two, 1)]
    error = np.sqrt(each[0] + each[1])
    known = (one > 1) & (two > 1) & (error > LEAST_ERROR)
    t = np.where(known, (mean - other) / np.where(known, error, 1.0), 0.0)
    spread = each[0] ** 2 / np.maximum(one - 1, 1) + each[1] ** 2 / np.maximum(two - 1, 1)
    freedom = np.where(known, error**4 / np.where(known, spread, 1.0), 1.0)
    return mean - other, t, np.where(known, 2 * student.sf(np.abs(t), freedom), 1.0)


def _moments(values: Doubles) -> tuple[Doubles, Doubles, Doubles]:
    """(n, p) -> (p,) how many were measured, their mean, and their variance."""
    there = np.isfinite(values)
    count = there.sum(axis=0).astype(np.float64)
    mean = np.where(there, values, 0.0).sum(axis=0) / np.maximum(count, 1)
    away = np.where(there, values - mean, 0.0)
    return count, mean, (away**2).sum(axis=0) / np.maximum(count - 1, 1)


def rank_test(t: Doubles, members: NDArray[np.bool_]) -> tuple[bool, float]:
    """(p,) statistics, (p,) in the set -> whether the set is higher, and a two-sided p.

    The rank sum test that allows for correlation between genes of CAMERA (Wu & Smyth, Nucleic Acids
    Research 2012), with a correlation of 0.01 in every set.
    """
    one, two = int(members.sum()), int((~members).sum())
    total = float(rankdata(t)[members].sum())
    above = total - one * (one + 1) / 2
    mean = one * two / 2
    rho = BETWEEN_GENES
    variance = (
        np.arcsin(1) * one * two
        + np.arcsin(0.5) * one * two * (two - 1)
        + np.arcsin(rho / 2) * one * (one - 1) * two * (two - 1)
        + np.arcsin((rho + 1) / 2) * one * (one - 1) * two
    ) / (2 * np.pi)
    away = max(abs(above - mean) - 0.5, 0.0) / np.sqrt(variance)
    return above > mean, float(min(1.0, 2 * norm.sf(away)))


def compared(sets: Sets, names: tuple[str, ...], t: Doubles) -> tuple[tuple[GeneSet, ...], int]:
    """Sets by p, with their false discovery rates, and how many have too few measured genes."""
    every = dict.fromkeys(gene for _, genes in sets for gene in genes)
    # Sets may have the former name of a gene that the matrix was read by the present one of.
    former = {gene: present(gene) for gene in every}
    place = places_of(list(dict.fromkeys((*every, *former.values()))), names)
    found = list[tuple[str, int, int, bool, float]]()
    for name, genes in sets:
        known = (one if one in place else former[one] for one in genes)
        there = sorted({place[one] for one in known if one in place})
        if LEAST_SET <= len(there) < len(names):
            members = np.zeros(len(names), dtype=bool)
            members[there] = True
            found.append((name, len(there), len(genes), *rank_test(t, members)))
    if not found:
        return (), len(sets)
    rates = false_discovery_control([one[4] for one in found])
    each = [GeneSet(*one, float(q)) for one, q in zip(found, rates, strict=True)]
    return tuple(sorted(each, key=lambda one: one.p)), len(sets) - len(found)


def described(ensemble: ExpressionEnsemble, cohort: Cohort, asked: DescribeGenes) -> Genes:
    """Of the training patients, on the scale that the model reads."""
    from pmed_core.modalities.expression.scale import transformed

    outcome = ensemble.outcome
    cohort = ensemble.as_cohort(cohort)
    values = transformed(ensemble.raw(cohort), ensemble.scale)
    code = outcome.labels.index(asked.label) + outcome.of_one_event
    inside = np.asarray(cohort.observed() == code)
    apart, t, p = differences(values, inside)
    q = false_discovery_control(p)
    share, explained = _shares(ensemble, cohort, values, asked.label)
    place = np.where(share > 0, rankdata(-share, method="ordinal"), 0)
    genes = [
        Gene(ensemble.genes[k], float(apart[k]), float(p[k]), float(q[k]), float(share[k]),
             int(place[k]))
        for k in _shown(p, share)
    ]  # fmt: skip
    sets, unknown = compared(asked.sets, ensemble.genes, t)
    names = [asked.label if one else "others" for one in inside]
    return Genes(
        asked.label, (int(inside.sum()), int((~inside).sum())), len(set(cohort.patients())),
        len(p), int((q <= RATE).sum()), tuple(genes), explained,
        "of the values as they are" if ensemble.scale == "logs" else "log2",
        heat_map(values, p, (ensemble.genes, tuple(cohort.patients()), tuple(names))), sets,
        unknown,
    )  # fmt: skip


def _shown(p: Doubles, share: Doubles) -> NDArray[np.int64]:
    """Positions of the genes with the smallest p and the largest shares, and evenly some others."""
    order = np.argsort(p, kind="stable")
    rest = order[SHOWN:]
    some = rest[np.linspace(0, len(rest) - 1, min(COMPARED, len(rest))).astype(int)] if len(
        rest) else rest  # fmt: skip
    most = np.argsort(-share, kind="stable")[: SHOWN // 10]
    chosen = set(some.tolist()) | set(most.tolist()) | set(order[:SHOWN].tolist())
    return np.array([k for k in order if int(k) in chosen])


def _shares(
    ensemble: ExpressionEnsemble, cohort: Cohort, values: Doubles, label: str
) -> tuple[Doubles, int]:
    """(p,) mean absolute SHAP values of patients whose scores lie evenly, and how many."""
    from pmed_core.modalities.expression.explaining import explain
    from pmed_core.modalities.tabular.reasons import evenly

    scores = ensemble.scores(values)[:, ensemble.outcome.labels.index(label)]
    order = np.argsort(scores, kind="stable")
    rows = order[evenly(min(EXPLAINED, len(order)), len(order))]
    place = {name: k for k, name in enumerate(ensemble.genes)}
    total = np.zeros(len(ensemble.genes))
    for row in rows:
        found = explain(ensemble, cohort.select(np.array([row])), label)
        total[[place[name] for name in found.variables]] += np.abs(found.shap[0])
    return total / len(rows), len(rows)


def heat_map(
    values: Doubles, p: Doubles, names: tuple[tuple[str, ...], tuple[str, ...], tuple[str, ...]]
) -> HeatMap:
    """Of the genes with the smallest p; samples within their group, and genes, in the order of
    average linkage of their correlation. ``names``: of genes, samples and groups."""
    genes, samples, groups = names
    top = np.argsort(p, kind="stable")[:HEATED]
    centre, spread = np.nanmean(values[:, top], axis=0), np.nanstd(values[:, top], axis=0)
    z = np.nan_to_num((values[:, top] - centre) / np.where(spread > 0, spread, 1.0))
    columns = list[int]()
    for group in dict.fromkeys(groups):
        mine = np.flatnonzero(np.array(groups) == group)
        share = max(2, round(SAMPLES * len(mine) / len(groups)))
        kept = mine[np.unique(np.linspace(0, len(mine) - 1, min(share, len(mine))).astype(int))]
        columns += kept[_clustered(z[kept])].tolist()
    rows = _clustered(z[columns].T)
    return HeatMap(
        tuple(genes[top[k]] for k in rows), tuple(samples[k] for k in columns),
        tuple(groups[k] for k in columns), np.clip(z[columns][:, rows].T, -3, 3), len(groups),
    )  # fmt: skip


def _clustered(rows: Doubles) -> NDArray[np.int64]:
    """(n, d) -> (n,) the order of leaves."""
    if len(rows) < 3 or rows.shape[1] < 2:
        return np.arange(len(rows))
    spread = rows.std(axis=1)
    if (spread < 1e-9).any():
        return np.asarray(leaves_list(linkage(rows, "average")), dtype=np.int64)
    return np.asarray(leaves_list(linkage(rows, "average", metric="correlation")), dtype=np.int64)
