"""How a table is learnt: folds, early stopping, calibration, and each fold predicted once.

The outer fold is predicted once. Preprocessing, stopping, calibration and the weight of the trees
use the training part alone. All networks of all folds are trained as one packed model (see
``network``).
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

import keras
import numpy as np
import pandas as pd
from numpy.typing import NDArray

from pmed_core.checkpoint import digest, done
from pmed_core.cohort import Cohort
from pmed_core.errors import UserError
from pmed_core.modalities import modality_of
from pmed_core.modalities.contracts import Run, Trained
from pmed_core.modalities.tabular import machine
from pmed_core.modalities.tabular.baselines import Encoded, baselines
from pmed_core.modalities.tabular.boosting import boosted
from pmed_core.modalities.tabular.ensemble import TableEnsemble
from pmed_core.modalities.tabular.kept_trees import kept_trees
from pmed_core.modalities.tabular.material import Material, bin_edges, prepare
from pmed_core.modalities.tabular.membership import row_hashes, rows_digest
from pmed_core.modalities.tabular.network import Architecture, build
from pmed_core.modalities.tabular.novelty import learn_novelty
from pmed_core.modalities.tabular.options import ALONE, TableOptions
from pmed_core.modalities.tabular.packed_networks import PackedNetworks
from pmed_core.modalities.tabular.preprocessing import Preprocessing, fit_preprocessing
from pmed_core.modalities.tabular.synthesis import synthesise
from pmed_core.modalities.tabular.trees import Trees, grown
from pmed_core.outcomes.kinds import learning
from pmed_core.predictions import Baselines, Predictions
from pmed_core.progress import Progress, Relayed, Stretch
from pmed_core.reading import of_later_files
from pmed_core.training.calibration import PRIOR_DEVIATION, UNCHANGED, Space, fit_calibration
from pmed_core.training.callbacks import KeepBest, Part, Rules, Shuffled, learn
from pmed_core.training.folds import PARTS, Rows, entries, outer_folds
from pmed_core.training.resuming import Resuming
from pmed_core.variable import Kind, Variable

TRAINING_ROWS_LOOKED_AT = 128
BACKGROUND_ROWS = 128


@dataclass(frozen=True)
class Recipe:
    """What depends on the number of patients rather than on taste (docs/results.md)."""

    repeats: int
    batch: int
    epochs: int
    patience: int
    width: int
    dimensions: int
    bins: int
    dropout: float
    decay: float
    smoothing: float
    rate: float = 2e-3


TINY = Recipe(4, 64, 30, 8, 32, 2, 6, 0.3, 1e-1, 0.8, 4e-3)
SMALL = Recipe(2, 64, 30, 8, 32, 2, 6, 0.3, 1e-1, 0.8, 4e-3)
MEDIUM = Recipe(2, 64, 60, 8, 96, 4, 12, 0.2, 1e-2, 0.7)
LARGE = Recipe(1, 128, 60, 6, 128, 4, 16, 0.1, 3e-4, 0.7)
VAST = Recipe(1, 512, 60, 6, 128, 4, 24, 0.1, 3e-4, 0.7)


LINEAR: dict[str, Any] = {"epochs": 300, "patience": 20, "rate": 3e-3, "repeats": 5}
"""What differs for a linear model: it is cheap, and learns more from more of the patients."""
AT_ONCE: dict[str, Any] = {"repeats": 5}
"""What differs for a baseline that is the model, for the same reason."""


def recipe(patients: int) -> Recipe:
    """The recipe for a cohort of that size."""
    if patients < 400:
        return TINY
    if patients < 1000:
        return SMALL
    if patients < 3000:
        return MEDIUM
    return LARGE if patients < 20_000 else VAST


def trained(cohort: Cohort, run: Run) -> Trained:
    """All networks of all outer folds, and what each fold says of those it held out.

    Raises ``UserError`` where it is to go on from another model, ``Cancelled``.
    """
    options, progress = run.options, run.progress
    if run.start is not None or run.validation is not None:
        raise UserError(
            "A table is always trained anew, on folds of its own patients", cohort.name,
            "Leave out the model to continue and the validation file; evaluate on the file later.",
        )  # fmt: skip
    progress.stage("Preparing the folds", 0.02)
    outer = outer_folds(cohort, options.folds, options.seed)
    networks, material = train_networks(cohort, outer, options, progress)
    progress.stage("Predicting the held-out patients", 0.8)
    background = synthesise(cohort, BACKGROUND_ROWS, options.seed)
    encoded = networks.encode(background)
    out_of_fold, cells = _out_of_fold(networks, material, cohort, outer)
    out_of_fold = replace(out_of_fold, panel=networks.of_each_fold(encoded))
    kind, outcome = learning(networks.outcome), networks.outcome
    networks = replace(networks, stretch=kind.stretch(outcome, cells, cohort.target()))
    found: Baselines = {}
    if options.baselines:
        first = [networks.folds.index(fold) for fold in range(len(outer))]
        tables = [Encoded(material.encoded[j], encoded[:, j]) for j in first]
        found = baselines(cohort, outer, tables, options.seed, Stretch(progress, 0.8, 0.95))
        # A model is not compared with itself.
        found.pop(options.network.title, None)
        if networks.trees and not networks.architecture.silent:
            alone = calibrated(replace(networks, trees=None, boosted=None), material)
            said = _out_of_fold(alone, material, cohort, outer)[0]
            found |= {ALONE: (replace(said, panel=alone.of_each_fold(encoded)), 0.0)}
    variables = tuple(with_range(v, cohort.table) for v in cohort.inputs)
    rows = row_hashes(cohort.table, variables)
    ensemble = TableEnsemble(
        networks, variables, background,
        learn_novelty(cohort.table, networks.preprocessing[0]),
    )  # fmt: skip
    card = {
        "rows_digest": rows_digest(rows, variables),
        "folds": len(outer),
        "layout": dict(of_later_files(cohort.reading)),
    }
    on = f"out-of-fold, {len(outer)} folds"
    return Trained(ensemble, out_of_fold, on, found, rows, variables, card)


def predicted(
    cohort: Cohort, outer: list[tuple[Rows, Rows]], options: TableOptions, progress: Progress
) -> Predictions:
    """Each patient of an outer fold's held-out part by networks that learnt from its training part,
    which need not be all others. Raises ``Cancelled``."""
    networks, material = train_networks(cohort, outer, options, progress)
    encoded = networks.encode(synthesise(cohort, BACKGROUND_ROWS, options.seed))
    found, _ = _out_of_fold(networks, material, cohort, outer)
    return replace(found, panel=networks.of_each_fold(encoded))


def trainable(cohort: Cohort, progress: Progress) -> Cohort:
    """The rows with an outcome, noted in ``progress`` where some have none.

    Raises ``UserError`` where nothing is left, or no input is.
    """
    known = cohort.labelled()
    if not len(known):
        raise UserError(
            f"The outcome '{cohort.chosen_outcome().column}' is empty for every patient",
            cohort.name, "Choose another outcome column.",
        )  # fmt: skip
    if len(known) < len(cohort):
        unknown, one = len(cohort) - len(known), modality_of(cohort.variables).one
        have, are = ("has", "is") if unknown == 1 else ("have", "are")
        of = f"{unknown:,} of {len(cohort):,} {one}s"
        progress.note(f"{of} {have} no usable outcome and {are} left out.")
    if not any(not known.table[v.name].isna().all() for v in known.inputs):
        raise UserError(
            "There is no input to learn from", cohort.name,
            "Set the role of at least one column with values to 'input'.",
        )  # fmt: skip
    outcome, target = known.chosen_outcome(), known.target()
    return replace(known, outcome=learning(outcome).settled(outcome, target))


def train_networks(
    cohort: Cohort,
    outer: list[tuple[Rows, Rows]],
    options: TableOptions,
    progress: Progress,
    parts: int = 0,
) -> tuple[PackedNetworks, Material]:
    """All networks of all outer folds, trained at once and calibrated fold by fold; with ``parts``
    as many a fold, which together validate each row of its training part once."""
    learnt, held_out = outer[0]
    # As for a cohort that has so many to learn from.
    plan = recipe(round(len(cohort) * len(learnt) / (len(cohort) - len(held_out))))
    outcome = cohort.chosen_outcome()
    if options.network.name == "linear":
        plan = replace(plan, **LINEAR)
    if options.network.at_once:
        plan = replace(plan, **AT_ONCE)
    members = tuple(entries(cohort, outer, parts or plan.repeats, options.seed, parts or PARTS))
    target = cohort.target()
    outcome = learning(outcome).started(outcome, [target.select(entry.rows) for entry in members])
    cohort = replace(cohort, outcome=outcome)
    preprocessing = tuple(preprocess(cohort, entry.training) for entry in members)
    material = prepare(cohort, members, preprocessing, options.imbalance == "class_weights")
    architecture = _architecture(plan, options, material)
    network = build(architecture)
    if architecture.network == "tabm" and architecture.numbers:
        network.get_layer("bins").adapt(bin_edges(material, architecture.bins))
    if architecture.network == "svm":
        machine.taught(network, material, options.seed, progress)
    elif not architecture.silent:
        train_packed(network, material, plan, options, progress)
    networks = PackedNetworks(
        outcome, architecture, network, tuple(entry.fold for entry in members), preprocessing,
        (UNCHANGED,) * len(outer), tuple(np.log(material.class_weights)),
    )  # fmt: skip
    networks = replace(networks, **_trees(material, options, progress))
    return calibrated(networks, material), material


def _trees(material: Material, options: TableOptions, progress: Progress) -> dict[str, Any]:
    """Field of ``PackedNetworks`` -> the trees beside the networks, or in their place."""
    if options.network.name == "forest" or options.network.name == "boosting":
        return {**kept_trees(material, options.network.title, options.seed, progress)}
    found: dict[str, Any] = {}
    if options.network.name == "tabm":
        progress.stage("Growing trees", 0.76)
        kept = progress.checkpoint("trees", digest(material.digest(), options.seed))
        forests = done(kept, lambda: grown(material, options.seed, progress).arrays())
        found["trees"] = Trees(**forests)
        if learning(material.outcome).BOOSTED:
            progress.stage("Boosting trees", 0.78)
            found["boosted"] = boosted(material, options.seed, progress)
    return found


def preprocess(cohort: Cohort, training: Rows) -> Preprocessing:
    """How cells become numbers, learnt from a training part alone."""
    part = cohort.select(training)
    outcome = cohort.chosen_outcome()
    signals = learning(outcome).signals(outcome, part.target())
    return fit_preprocessing(part.table, cohort.inputs, signals)


def _architecture(plan: Recipe, options: TableOptions, material: Material) -> Architecture:
    numbers, columns = material.numbers, material.encoded[0].shape[1]
    outputs = learning(material.outcome).outputs(material.outcome)
    name = options.network.name
    return Architecture(
        "none" if name == "forest" or name == "boosting" else name,
        len(material.members), numbers, columns - numbers, outputs,
        width=machine.WAVES if name == "svm" else plan.width,
        dimensions=plan.dimensions, bins=plan.bins, dropout=plan.dropout,
        members=8 if name == "tabm" else 1, one_against_rest=name == "svm" and outputs > 1,
    )  # fmt: skip


def train_packed(
    network: keras.Model,
    material: Material,
    plan: Recipe,
    options: TableOptions,
    progress: Progress,
) -> None:
    """Train all networks on their own rows, and keep the best epoch of each."""

    def loss(target: Any, logits: Any) -> Any:
        return learning(material.outcome).loss(material.outcome, target, logits)

    network.compile(_optimizer(plan, options), loss=loss, jit_compile=False)
    rules = Rules(plan.patience, time.monotonic() + 60 * options.time_limit_minutes, plan.smoothing)
    parts = (material.part("training", TRAINING_ROWS_LOOKED_AT), material.part("validation"))
    folds = [entry.fold for entry in material.members]
    of_folds = FoldProgress(progress, plan.epochs, folds)
    keeper = KeepBest(parts, material.outcome, rules, of_folds)
    batches = Shuffled(*material.training_arrays(options.seed), plan.batch, options.seed)
    hangs_on = digest(material.digest(), plan, options, *network.get_weights())
    resuming = Resuming(keeper, progress.checkpoint("networks", hangs_on))
    learn(network, batches, plan.epochs, [keeper], resuming)


def _optimizer(plan: Recipe, options: TableOptions) -> keras.optimizers.Optimizer:
    """A linear model follows its plain gradient: stopped early, that shrinks as a ridge penalty
    does (Ali, Kolter, Tibshirani: A continuous-time view of early stopping, AISTATS 2019)."""
    if options.network.name == "linear":
        return keras.optimizers.SGD(plan.rate, momentum=0.9, nesterov=True)
    return keras.optimizers.AdamW(plan.rate, weight_decay=plan.decay, global_clipnorm=None)


class FoldProgress(Relayed):
    """Progress of the whole run: how far the epochs have come, and of folds, not networks."""

    def __init__(self, progress: Progress, epochs: int, folds: Sequence[int]) -> None:
        super().__init__(progress)
        self.epochs, self.folds = epochs, np.array(folds)

    def epoch(self, values: dict[str, Any]) -> None:
        epoch = values.pop("epoch")
        self.progress.epoch({"epoch": epoch} | {k: self._by_fold(v) for k, v in values.items()})
        share = min(epoch / self.epochs, 1.0)
        self.progress.stage(f"Training, epoch {epoch}", 0.05 + 0.7 * share)

    def _by_fold(self, values: list[float]) -> list[float]:
        """The mean of a fold's networks that still train; NaN once all have stopped."""
        each = np.array(values)
        going = [each[(self.folds == fold) & ~np.isnan(each)] for fold in np.unique(self.folds)]
        return [float(fold.mean()) if len(fold) else float("nan") for fold in going]


def calibrated(
    networks: PackedNetworks, material: Material, deviation: float = PRIOR_DEVIATION
) -> PackedNetworks:
    """Calibrated for each outer fold by the inner rows that validated its networks; ``deviation``:
    as of ``fit_calibration``."""
    part, kind, outcome = material.part("validation"), learning(networks.outcome), networks.outcome
    silent = networks.architecture.silent
    network = networks.blended(networks.said(part.columns))[:, :, 0]
    beside = [
        kind.blended(outcome, said[:, :, None])[:, :, 0] for said in networks.beside(part.columns)
    ]
    found = []
    for fold in range(len(networks.calibration)):
        known = part.real & (np.array(networks.folds) == fold)
        seen = part.target.select(known)
        agrees, given = kind.compatible(outcome, seen), kind.given(outcome, seen)
        agrees = agrees.reshape(len(agrees), networks.groups, -1)
        everybody = material.target.select(material.members[networks.folds.index(fold)].rows)
        space = Space(kind.centre(outcome, everybody), partial(kind.unblended, outcome), given)
        # A silent network is not weighed: the trees stand first.
        sources = [said[known] for said in (beside if silent else [network, *beside])]
        fitted = fit_calibration(sources[0], agrees, sources[1:], deviation, space)
        found.append(fitted.behind_silence() if silent else fitted)
    return _stretched(replace(networks, calibration=tuple(found)), part)


def _stretched(networks: PackedNetworks, part: Part) -> PackedNetworks:
    """With the intervals of each outer fold as wide as its inner rows need."""
    cells, found = networks.calibrated(part.columns)[:, :, 0], []
    for fold, calibration in enumerate(networks.calibration):
        known = part.real & (np.array(networks.folds) == fold)
        needed = learning(networks.outcome).stretch(
            networks.outcome, cells[known], part.target.select(known)
        )
        found.append(replace(calibration, stretch=needed))
    return replace(networks, calibration=tuple(found))


def _out_of_fold(
    networks: PackedNetworks, material: Material, cohort: Cohort, outer: list[tuple[Rows, Rows]]
) -> tuple[Predictions, NDArray[np.float64]]:
    """Each patient as predicted by the networks of the fold that never saw them, and the (n, c) log
    probabilities behind that."""
    held_out = [outer[fold][1] for fold in networks.folds]
    each = networks.calibrated(material.look_at(held_out).columns, members=True)
    labels, target = networks.outcome.labels, cohort.target()
    risks, folds = np.empty((3, len(cohort), len(labels))), np.empty(len(cohort), dtype=int)
    survival = np.empty((len(cohort), len(networks.times)))
    cells = np.empty((len(cohort), each.shape[-1]))
    for fold, (_, rows) in enumerate(outer):
        mine = np.flatnonzero(np.array(networks.folds) == fold)
        of_fold = each[: len(rows), mine]
        alone = replace(networks, stretch=networks.calibration[fold].stretch)
        risks[:, rows], folds[rows] = alone.spread(of_fold), fold
        cells[rows] = networks.pooled(of_fold[:, :, 0])
        survival[rows] = networks.courses(of_fold)[0]
    found = Predictions(
        tuple(cohort.patients()), labels, risks[0], risks[1], risks[2], target.observed,
        np.zeros(len(cohort), dtype=bool), networks.outcome.interval, folds=tuple(folds.tolist()),
        time=target.time, actual=target.actual, entry=target.entry, times=networks.times,
        survival=survival,
    )  # fmt: skip
    return found, cells


def with_range(variable: Variable, table: pd.DataFrame) -> Variable:
    """A number with the range of all that was observed in training."""
    if variable.kind is not Kind.NUMBER or table[variable.name].isna().all():
        return variable
    cells = table[variable.name]
    return replace(variable, range=(float(cells.min()), float(cells.max())))
