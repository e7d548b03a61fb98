"""How variants are learnt: fold by fold, as tables of burdens and components that each training
part has learnt anew; relatives stay together."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from pmed_core.arrays import to_plain
from pmed_core.baselines import LOGISTIC
from pmed_core.checkpoint import Checkpoint
from pmed_core.cohort import Cohort
from pmed_core.errors import UserError
from pmed_core.genotypes import DOUBLED, MISSING
from pmed_core.modalities.contracts import Run, Trained
from pmed_core.modalities.tabular import learner as tables
from pmed_core.modalities.tabular.baselines import Encoded, baselines
from pmed_core.modalities.tabular.ensemble import TableEnsemble
from pmed_core.modalities.tabular.membership import row_hashes, rows_digest
from pmed_core.modalities.tabular.novelty import learn_novelty
from pmed_core.modalities.tabular.synthesis import synthesise
from pmed_core.modalities.variants import Variants, column_of
from pmed_core.modalities.variants.analysis import analysed
from pmed_core.modalities.variants.catalogue import Copies, catalogue
from pmed_core.modalities.variants.encoder import COMMON, GENE, learn_encoder
from pmed_core.modalities.variants.ensemble import NOBODYS, Fold, VariantsEnsemble
from pmed_core.modalities.variants.frequency import frequencies, minor
from pmed_core.modalities.variants.membership import with_digests
from pmed_core.modalities.variants.options import ANCESTRY_ALONE, VariantsOptions
from pmed_core.modalities.variants.relatives import relatives
from pmed_core.modalities.variants.risk_genes import KEPT, RiskGenes
from pmed_core.outcomes.kinds import learning
from pmed_core.predictions import Baselines, Predictions
from pmed_core.progress import Progress, Relayed, Stretch
from pmed_core.quantity import counted
from pmed_core.systems import refuse_unlearnt
from pmed_core.training.calibration import doubted
from pmed_core.training.folds import Rows, outer_folds
from pmed_core.variable import Kind, Role, Variable

FAMILY = "(split by)"


def trainable(cohort: Cohort, progress: Progress) -> Cohort:
    """The rows with an outcome and variants; raises ``UserError`` where too few are left."""
    columns = [v.name for v in cohort.inputs if v.kind is Kind.VARIANTS]
    refuse_unlearnt(
        Variants(), cohort, "variants",
        "Choose an outcome of two values.",
    )  # fmt: skip
    if cohort.genotypes is None:
        raise UserError("The VCF file of these patients is not here", cohort.name, "Give it too.")
    if not (cohort.genotypes.sites["genes"] != "").any():
        raise UserError(
            "The VCF file does not say which genes its variants lie in", cohort.name,
            "Annotate it with VEP (CSQ) or SnpEff (ANN), or give a file of genes (BED, GFF).",
        )  # fmt: skip
    known = cohort.numbered().select(cohort.table[columns[0]].notna().to_numpy())
    if len(known) < len(cohort):
        without = len(cohort) - len(known)
        progress.note(
            f"{without:,} of {counted(len(cohort), 'row')} {'has' if without == 1 else 'have'} no "
            f"variants, and {'is' if without == 1 else 'are'} left out."
        )
    return tables.trainable(known, progress)


@dataclass(frozen=True)
class Material:
    """What all folds learn from.

    Attributes:
        table: the cohort as a table, whose "patients" are families.
        copies: (V, n).
        family: (n,).
    """

    table: Cohort
    copies: Copies
    family: NDArray[np.int64]
    options: VariantsOptions


def trained(cohort: Cohort, run: Run) -> Trained:
    """Learn every fold, predict what was held out once, and test the genes; raises ``UserError``
    and ``Cancelled``."""
    options, progress = run.options, run.progress
    progress.stage("Looking for relatives", 0.01)
    column = column_of(cohort.inputs)
    found = relatives(cohort, column)
    if found.pairs or not found.sites:
        progress.note(found.counted)
    assert cohort.genotypes is not None  # noqa: S101 - ``trainable`` looked
    read = catalogue(cohort.genotypes, _sites(cohort, options.rare, progress))
    copies = read.copies(cohort.genotypes, cohort.table[column].tolist())
    family = _together(found.family, cohort)
    material = Material(_as_table(cohort, family), copies, family, options)
    outer = outer_folds(material.table, options.folds, options.seed)
    others = [v for v in cohort.inputs if v.kind is not Kind.VARIANTS]
    beside = _beside(cohort, others, options.seed)
    empty = VariantsEnsemble((), cohort.inputs, read, beside)
    folds = tuple(
        _learnt(material, empty, part, of_fold)
        for part, of_fold in zip(outer, _shares(progress, len(outer)), strict=True)
    )
    variables = tuple(tables.with_range(v, cohort.table) for v in cohort.inputs)
    ensemble = replace(empty, folds=folds, variables=variables)
    progress.stage("Predicting the held-out patients", 0.72)
    held_out, cells = _out_of_fold(ensemble, cohort, copies, outer)
    kind = learning(ensemble.outcome)
    ensemble = replace(ensemble, stretch=kind.stretch(ensemble.outcome, cells, cohort.target()))
    held_out = replace(held_out, panel=ensemble.panel())
    beside_it = _baselines(ensemble, cohort, (copies, outer), run) if options.baselines else {}
    progress.stage("Testing the genes", 0.9)
    genes = analysed(ensemble, cohort, (copies, family), (held_out.folds, found), options)
    return _trained(ensemble, cohort, (held_out, beside_it), genes, len(outer))


def _trained(
    ensemble: VariantsEnsemble,
    cohort: Cohort,
    said: tuple[Predictions, Baselines],
    genes: RiskGenes,
    folds: int,
) -> Trained:
    hashes = row_hashes(with_digests(ensemble, cohort).table, ensemble.variables)
    card: dict[str, Any] = {
        "rows_digest": rows_digest(hashes, ensemble.variables), "folds": folds,
        KEPT: to_plain(RiskGenes, genes),
    }  # fmt: skip
    on = f"out-of-fold, {folds} folds of families"
    return Trained(ensemble, said[0], on, said[1], hashes, ensemble.variables, card)


def _sites(cohort: Cohort, rare: float, progress: Progress) -> NDArray[np.int64]:
    """Of the file, those that may be read: that pass its filters, and lie in a gene and are rare
    in some part, or are common."""
    assert cohort.genotypes is not None  # noqa: S101 - the caller looked
    sites = cohort.genotypes.sites
    samples = [cohort.genotypes.places[one] for one in cohort.table[column_of(cohort.inputs)]]
    copies = DOUBLED[cohort.genotypes.calls[:, samples]]
    seldom, passed = minor(frequencies(copies)), sites["passed"].to_numpy()
    if failed := int((~passed).sum()):
        do = "variant does" if failed == 1 else "variants do"
        progress.note(f"{failed:,} {do} not pass the filters of the file, and are not read.")
    called = (copies != MISSING).any(axis=1)
    in_gene = (sites["genes"] != "").to_numpy() & (seldom <= 2 * rare) & (seldom > 0)
    return np.flatnonzero(passed & called & (in_gene | (seldom >= COMMON / 2)))


def _together(family: NDArray[np.int64], cohort: Cohort) -> NDArray[np.int64]:
    """(n,) families, where all rows of one patient are in one."""
    n = len(cohort)
    edges = []
    for named in (family, cohort.patients()):
        codes = pd.factorize(named)[0]
        edges.append(np.stack([np.arange(n), np.unique(codes, return_index=True)[1][codes]]))
    rows, columns = np.concatenate(edges, axis=1)
    graph = coo_array((np.ones(len(rows)), (rows, columns)), shape=(n, n))
    return np.asarray(connected_components(graph, directed=False)[1], dtype=np.int64)


def _as_table(cohort: Cohort, family: NDArray[np.int64]) -> Cohort:
    """Without its variants; who is related is one "patient"."""
    kept = [
        v for v in cohort.variables if v.kind is not Kind.VARIANTS and v.role is not Role.PATIENT
    ]
    table = cohort.table[[v.name for v in kept]].assign(
        **{FAMILY: pd.array(family.astype(str), dtype="str")}
    )
    variables = (*kept, Variable(FAMILY, Kind.IDENTIFIER, Role.PATIENT))
    return replace(cohort, table=table, variables=variables, genotypes=None)


def _beside(cohort: Cohort, others: list[Variable], seed: int) -> pd.DataFrame:
    """The other inputs of synthetic patients."""
    if not others:
        return pd.DataFrame(index=range(NOBODYS))
    names = [v.name for v in others]
    alone = replace(cohort, table=cohort.table[names], variables=tuple(others), outcome=None)
    return synthesise(alone, NOBODYS, seed)


def _shares(progress: Progress, folds: int) -> list[Progress]:
    return [OfFold(progress, fold, folds) for fold in range(folds)]


class OfFold(Relayed):
    """Progress of one fold after the other: its epochs follow those of the folds before."""

    def __init__(self, progress: Progress, fold: int, folds: int) -> None:
        super().__init__(progress)
        self.fold, self.folds = fold, folds

    def stage(self, text: str, share: float) -> None:
        share = 0.05 + 0.65 * (self.fold + min(share / 0.8, 1.0)) / self.folds
        self.progress.stage(f"Fold {self.fold + 1} of {self.folds}: {text.lower()}", share)

    def epoch(self, values: dict[str, Any]) -> None:
        if self.fold == 0:
            self.progress.epoch(values)

    def checkpoint(self, part: str, of: str) -> Checkpoint:
        return self.progress.checkpoint(f"fold {self.fold + 1}, {part}", of)


def _inside(material: Material, features: pd.DataFrame) -> Cohort:
    """The table with what a fold reads of variants."""
    added = tuple(Variable(str(name), Kind.NUMBER) for name in features)
    table = pd.concat([material.table.table, features], axis=1)
    return replace(material.table, table=table, variables=(*material.table.variables, *added))


def _learnt(
    material: Material, ensemble: VariantsEnsemble, part: tuple[Rows, Rows], progress: Progress
) -> Fold:
    """One outer fold, by its training part alone."""
    training, options = part[0], material.options
    copies = material.copies[:, training]
    alone = np.unique(material.family[training], return_index=True)[1]
    encoder = learn_encoder(ensemble.catalogue, copies, options.rare, options.components, alone)
    if not encoder.read.any():
        raise UserError(
            "No gene has enough carriers of rare variants to learn from", material.table.name,
            "Three carriers of a gene are the least; raise what counts as rare, or bring more "
            "patients.",
        )  # fmt: skip
    inside = _inside(material, encoder.features(ensemble.catalogue, material.copies))
    limit = options.time_limit_minutes / options.folds
    alike = options.model_copy(update={"time_limit_minutes": limit})
    networks, rows = tables.train_networks(inside, [part], alike, progress)
    # Risks that few carry are shrunk more than a table's: the rows left out say by how much.
    many = int(rows.part("validation").real.sum())
    networks = tables.calibrated(networks, rows, doubted(many, many))
    learnt = inside.select(training)
    variables = tuple(tables.with_range(v, learnt.table) for v in inside.inputs)
    background = synthesise(learnt, tables.BACKGROUND_ROWS, options.seed)
    return Fold(encoder, TableEnsemble(networks, variables, background, _novelty(learnt)))


def _novelty(learnt: Cohort) -> Any:
    """Of ancestry and the other inputs, where there are any: what is rare is new more often than
    not."""
    kept = tuple(v for v in learnt.variables if not v.name.startswith(GENE.format("")))
    beside = any(v.role is Role.INPUT for v in kept)
    without = replace(learnt, variables=kept) if beside else learnt
    return learn_novelty(learnt.table, tables.preprocess(without, np.arange(len(learnt))))


def _out_of_fold(
    ensemble: VariantsEnsemble,
    cohort: Cohort,
    copies: Copies,
    outer: list[tuple[Rows, Rows]],
) -> tuple[Predictions, NDArray[np.float64]]:
    """Each patient by the fold that never saw them, and the (n, c) log probabilities behind."""
    n, outcome = len(cohort), ensemble.outcome
    risks, folds = np.empty((3, n, len(outcome.labels))), np.empty(n, dtype=np.int64)
    cells = np.empty((n, len(ensemble.folds[0].inner.networks.log_weights)))
    for fold, (_, rows) in enumerate(outer):
        alone, others = ensemble.of_fold(fold), cohort.table.iloc[rows]
        (said,) = alone.calibrated(others, copies[:, rows])
        networks = replace(alone.folds[0].inner.networks, stretch=alone.stretch)
        risks[:, rows], folds[rows] = networks.spread(said), fold
        cells[rows] = networks.pooled(said[:, :, 0])
    found = Predictions(
        tuple(cohort.patients()), outcome.labels, risks[0], risks[1], risks[2],
        cohort.target().observed, np.zeros(n, dtype=bool), outcome.interval,
        folds=tuple(folds.tolist()),
    )  # fmt: skip
    return found, cells


def _baselines(
    ensemble: VariantsEnsemble,
    cohort: Cohort,
    learnt_from: tuple[Copies, list[tuple[Rows, Rows]]],
    run: Run,
) -> Baselines:
    """Those of tables on what each fold reads, and a logistic regression that reads no gene."""
    copies, outer = learnt_from
    others, synthetic = ensemble.nobodys()
    encoded, without = [], []
    for fold in ensemble.folds:
        both = [
            fold.inner.encode(ensemble.told(fold, rows, of))[:, 0]
            for rows, of in ((cohort.table, copies), (others, synthetic))
        ]
        encoded.append(Encoded(both[0], both[1]))
        names = fold.inner.networks.preprocessing[0].columns
        kept = [k for k, name in enumerate(names) if not name.startswith(GENE.format(""))]
        without.append(Encoded(both[0][:, kept], both[1][:, kept]))
    seed = run.options.seed
    found = baselines(cohort, outer, encoded, seed, Stretch(run.progress, 0.73, 0.82))
    found.pop(run.options.network.title, None)
    if without[0].cohort.shape[1]:
        alone = Stretch(run.progress, 0.82, 0.9)
        of_ancestry = baselines(cohort, outer, without, seed, alone)
        found[ANCESTRY_ALONE] = of_ancestry[LOGISTIC]
    return found
