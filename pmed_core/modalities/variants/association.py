"""Tests of genes: do patients with the event carry rare variants of them more often than chance?

Scores are those of a logistic model of covariates alone. Burden: the squared sum of the weighted
scores of a gene's variants. SKAT: the sum of their squares (Wu et al., AJHG 2011), which variants
of opposite effect do not cancel. Rarer alleles weigh more, by Beta(1, 25) as there. Both are
compared with cohorts whose events are drawn anew from each patient's risk by covariates alone (Lee
et al., AJHG 2012), and so is the smaller of the two p-values, so that one p stands for both.

Genes that stand out explain part of who has the event, which hides others. So the others are tested
once more with the burdens of those among the covariates, as in conditional analyses (Yang et al.,
Nature Genetics 2012); and those have to hold given one another, for else a gene without risk would
have two chances. Genes that have much the same carriers, as those that overlap, cannot be told
apart: given one another all of them would be lost, and with them what is true of one. Where no gene
stands out nothing is tested twice, so that a cohort without signal has a gene reported no more
often.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.stats import chi2

from pmed_core.modalities.variants.catalogue import Catalogue, Copies
from pmed_core.modalities.variants.frequency import Floats, frequencies, minor, minor_copies
from pmed_core.modalities.variants.risk_genes import ANY, LEVEL, Gene

DRAWS, ALPHA = (999, 19_999, 199_999, 1_999_999), (0.05, 1e-3, 1e-4)
"""So many cohorts are drawn for all genes, then for those whose p is below each alpha, until the
smallest p that there can be tells the best of all genes from chance."""
AT_ONCE, STEPS, RIDGE = 2000, 50, 1e-8
LOOKED_AGAIN = 19_999
"""Cohorts by which genes that stand out are tested given one another."""
EFFECT, PATIENTS_A_GENE = 3.0, 10
"""Deviation of the log-odds of a gene among the covariates; and patients of the rarer outcome for
each of them: of more genes, none is taken as given."""
ALIKE = 0.5
"""Correlation of burdens from which on two genes are not tested given one another."""
KEPT_AT_ONCE = 40_000_000
"""Statistics of drawn cohorts in memory: of so many genes at a time as that allows."""
MEDIAN = float(chi2.ppf(0.5, 1))


@dataclass(frozen=True)
class Null:
    """A logistic model of covariates alone.

    Attributes:
        event: (n,) who has it.
        covariates: (n, q) they, without the constant.
        risk: (n,) of each patient.
        residual: (n,) what happened less the risk, and less what covariates explain of that.
        hat: (n, q) and (q, n) by whose product what covariates explain is taken off.
    """

    event: NDArray[np.bool_]
    covariates: Floats
    risk: Floats
    residual: Floats
    hat: tuple[Floats, Floats] = field(repr=False)

    def given(self, genes: Sequence[GeneVariants]) -> Null:
        """With the burdens of genes among the covariates, drawn a little to no effect: carriers may
        all have the event."""
        burdens = np.array([one.burden for one in genes], dtype=np.float64).T
        ridge = np.full(len(genes), 1 / EFFECT**2)
        return null_model(self.event, np.column_stack([self.covariates, burdens]), ridge)

    def drawn(self, cohorts: int, seed: int) -> Iterator[NDArray[np.float32]]:
        """Residuals (n, b) of cohorts whose events are drawn anew, some at a time."""
        generator = np.random.default_rng(seed)
        for start in range(0, cohorts, AT_ONCE):
            many = min(AT_ONCE, cohorts - start)
            events = generator.random((len(self.risk), many)) < self.risk[:, None]
            residual = events - self.risk[:, None]
            left, right = self.hat
            yield (residual - left @ (right @ residual)).astype(np.float32)


def null_model(event: NDArray[np.bool_], covariates: Floats, ridge: Floats | None = None) -> Null:
    """Of n patients and (n, q) covariates, by iteratively reweighted least squares; ``ridge``: of
    the last of them."""
    design = np.column_stack([np.ones(len(event)), covariates])
    drawn = np.full(design.shape[1], RIDGE)
    if ridge is not None:
        drawn[-len(ridge) :] = ridge
    coefficients = np.zeros(design.shape[1])
    coefficients[0] = np.log(event.mean() / (1 - event.mean()))
    for _ in range(STEPS):
        risk = 1 / (1 + np.exp(-np.clip(design @ coefficients, -15, 15)))
        weights = np.maximum(risk * (1 - risk), 1e-6)
        information = design.T @ (design * weights[:, None]) + np.diag(drawn)
        step = np.linalg.solve(information, design.T @ (event - risk) - drawn * coefficients)
        coefficients = coefficients + step
        if np.abs(step).max() < 1e-8:
            break
    risk = 1 / (1 + np.exp(-np.clip(design @ coefficients, -15, 15)))
    weights = np.maximum(risk * (1 - risk), 1e-6)
    information = design.T @ (design * weights[:, None]) + np.diag(drawn)
    left, right = design * weights[:, None], np.linalg.solve(information, design.T)
    residual = event - risk
    # As those of drawn cohorts are; at the maximum without a ridge nothing is left to take off.
    return Null(event, covariates, risk, residual - left @ (right @ residual), (left, right))


@dataclass(frozen=True)
class GeneVariants:
    """The rare variants of a gene: which rows of the catalogue, and (v, n) weighted copies."""

    name: str
    rows: NDArray[np.int64]
    weighted: NDArray[np.float32]
    carried: NDArray[np.bool_]

    @property
    def burden(self) -> NDArray[np.float32]:
        """(n,) weighted copies of all its variants, the heaviest counted as one."""
        heaviest = max(float(self.weighted.max(initial=0)), 1e-12)
        return np.asarray(self.weighted.sum(axis=0) / heaviest)


def genes_to_test(catalogue: Catalogue, copies: Copies, rare: float) -> list[GeneVariants]:
    """Those of which at least two patients carry a rare allele."""
    frequency = frequencies(copies)
    seldom = (minor(frequency) <= rare) & (minor(frequency) > 0)
    used = seldom[catalogue.variant]
    variants, genes = catalogue.variant[used], catalogue.gene[used]
    weights, order = catalogue.weight[used], np.argsort(genes, kind="stable")
    bounds = np.searchsorted(genes[order], np.arange(len(catalogue.genes) + 1))
    found = []
    for gene, name in enumerate(catalogue.genes):
        mine = order[bounds[gene] : bounds[gene + 1]]
        rows = variants[mine]
        told = minor_copies(copies[rows], frequency[rows])
        by_rarity = (1 - minor(frequency[rows])) ** 24
        weighted = told * (weights[mine] * by_rarity)[:, None].astype(np.float32)
        carried = np.asarray((told >= 1).any(axis=0), dtype=bool)
        if carried.sum() >= 2:
            found.append(GeneVariants(name, rows, weighted, carried))
    return found


def p_values(genes: list[GeneVariants], null: Null, seed: int) -> tuple[Floats, float]:
    """(g, 3) p of burden, SKAT and both, and the smallest that there can be."""
    found, asked, smallest = np.ones((len(genes), 3)), np.arange(len(genes)), 1.0
    for stage, draws in enumerate(DRAWS):
        if len(asked):
            found[asked] = _in_parts([genes[k] for k in asked], null, draws, seed + stage)
        smallest = 1 / (draws + 1)
        if stage == len(ALPHA) or smallest < ANY / (4 * max(len(genes), 1)):
            break
        asked = np.flatnonzero(found[:, 2] < ALPHA[stage])
    return found, smallest


def _in_parts(genes: list[GeneVariants], null: Null, draws: int, seed: int) -> Floats:
    """(g, 3) p, of some genes at a time: all are compared with the same drawn cohorts."""
    many = max(1, KEPT_AT_ONCE // draws)
    parts = (genes[start : start + many] for start in range(0, len(genes), many))
    return np.concatenate([np.stack(list(_resampled(one, null, draws, seed))) for one in parts])


def _resampled(genes: list[GeneVariants], null: Null, draws: int, seed: int) -> Iterator[Floats]:
    """(3,) p of each gene among so many drawn cohorts."""
    told = np.empty((len(genes), 2, draws), dtype=np.float32)
    observed = np.stack([_statistics(one.weighted, null.residual[:, None])[:, 0] for one in genes])
    start = 0
    for residual in null.drawn(draws, seed):
        for place, one in enumerate(genes):
            told[place, :, start : start + residual.shape[1]] = _statistics(one.weighted, residual)
        start += residual.shape[1]
    for place in range(len(genes)):
        yield _of_both(observed[place], told[place])


def _statistics(weighted: NDArray[np.float32], residual: NDArray[Any]) -> NDArray[np.float32]:
    """(2, b) of burden and SKAT."""
    scores = weighted @ residual.astype(np.float32)
    return np.stack([scores.sum(axis=0) ** 2, (scores**2).sum(axis=0)])


def _of_both(observed: Floats, drawn: NDArray[np.float32]) -> Floats:
    """(3,) p of each test, and of the smaller of the two, by (2, b) of drawn cohorts."""
    many = drawn.shape[1]
    # Rounding must not tell equal scores apart.
    limits = observed * (1 - 1e-5)
    p = (1 + (drawn >= limits[:, None]).sum(axis=1)) / (many + 1)
    order = np.sort(drawn, axis=1)
    above = [
        many - np.searchsorted(o, d * (1 - 1e-5), side="left")
        for o, d in zip(order, drawn, strict=True)
    ]
    least = np.min(above, axis=0) / (many + 1)
    both = (1 + (least <= p.min() + 1e-12).sum()) / (many + 1)
    return np.array([*p, both])


def false_discovery_rates(p: Floats) -> Floats:
    """(g,) of Benjamini and Hochberg."""
    order = np.argsort(p, kind="stable")
    ranked = p[order] * len(p) / np.arange(1, len(p) + 1)
    found = np.empty(len(p))
    found[order] = np.minimum(np.minimum.accumulate(ranked[::-1])[::-1], 1.0)
    return found


def inflation(p: Floats) -> float:
    """Genomic inflation (Devlin & Roeder, Biometrics 1999)."""
    return float(chi2.isf(np.median(p), 1) / MEDIAN) if len(p) else float("nan")


def ranked(catalogue: Catalogue, genes: list[GeneVariants], null: Null, seed: int) -> tuple[
    tuple[Gene, ...], float, float, tuple[str, ...]
]:  # fmt: skip
    """The genes, the smallest p first; genomic inflation; the smallest p that there can be; and the
    genes given which all others were tested."""
    found, smallest = p_values(genes, null, seed)
    inflated, first = inflation(found[:, 2]), _beyond_chance(found[:, 2])
    at_most = int(min(null.event.sum(), (~null.event).sum())) // PATIENTS_A_GENE
    first = first if len(first) <= at_most else first[:0]
    if len(first):
        others = np.setdiff1d(np.arange(len(genes)), first)
        given = null.given([genes[k] for k in first])
        again, coarser = p_values([genes[k] for k in others], given, seed + len(DRAWS))
        found[first] = _given_one_another([genes[k] for k in first], null, found[first], seed)
        found[others], smallest = again, min(smallest, coarser)
    q = false_discovery_rates(found[:, 2])
    told = [_told(catalogue, one, null, (found[k], float(q[k]))) for k, one in enumerate(genes)]
    told.sort(key=lambda gene: (gene.p, -gene.cases))
    return tuple(told), inflated, smallest, tuple(genes[k].name for k in first)


def _given_one_another(genes: list[GeneVariants], null: Null, alone: Floats, seed: int) -> Floats:
    """(g, 3) the larger p of each gene ``alone`` and given the others: one that stands out by the
    company it keeps, or by luck, has no second look of its own to rely on."""
    found = alone.copy()
    alike = np.atleast_2d(np.corrcoef([one.burden for one in genes])) >= ALIKE
    for k, one in enumerate(genes):
        rest = [other for j, other in enumerate(genes) if j != k and not alike[k, j]]
        if rest:
            (p,) = _resampled([one], null.given(rest), LOOKED_AGAIN, seed + len(DRAWS) + k)
            # As small as so few draws can tell is no larger.
            found[k] = np.where(p > 1 / (LOOKED_AGAIN + 1), np.maximum(p, alone[k]), alone[k])
    return found


def _beyond_chance(p: Floats) -> NDArray[np.int64]:
    """Which of (g,) p speak for more than chance; see ``risk_genes``."""
    if not len(p) or p.min() * len(p) > ANY:
        return np.empty(0, dtype=np.int64)
    return np.flatnonzero(false_discovery_rates(p) <= LEVEL)


def _told(catalogue: Catalogue, one: GeneVariants, null: Null, of: tuple[Floats, float]) -> Gene:
    first, (p, q) = catalogue.table.iloc[int(one.rows.min())], of
    return Gene(
        one.name, str(first["chromosome"]), int(first["position"]), len(one.rows),
        float(one.carried[null.event].mean()), float(one.carried[~null.event].mean()),
        float(p[0]), float(p[1]), float(p[2]), q,
    )  # fmt: skip
