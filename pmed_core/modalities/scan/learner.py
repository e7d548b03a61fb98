"""How scans are learnt: patients are split, and the held-out part is predicted once.

A few networks are trained from different seeds, each with a cosine schedule, and averaged weights
(exponential moving average, as in Polyak & Juditsky 1992). The validation part chooses the best
epoch and calibrates.
"""

from __future__ import annotations

import time
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import keras
import numpy as np
from numpy.typing import NDArray

from pmed_core.checkpoint import Arrays, digest
from pmed_core.cohort import Cohort
from pmed_core.evaluation import Evaluation
from pmed_core.modalities.contracts import Run, Trained
from pmed_core.modalities.options import titles
from pmed_core.modalities.scan import Scan
from pmed_core.modalities.scan.augmentation import Augment
from pmed_core.modalities.scan.baseline import scan_baseline
from pmed_core.modalities.scan.continuing import SLOWER, continued
from pmed_core.modalities.scan.ensemble import Data, ScanEnsemble
from pmed_core.modalities.scan.machine import taught
from pmed_core.modalities.scan.membership import collection_digest, named, parts
from pmed_core.modalities.scan.network import ScanArchitecture, build
from pmed_core.modalities.scan.novelty import learn_novelty
from pmed_core.modalities.scan.options import BEFORE, ScanOptions
from pmed_core.modalities.scan.outlined import with_outlines
from pmed_core.modalities.scan.parts import beside_copies, parted
from pmed_core.modalities.scan.preparation import choose_preparation, outline_preparation
from pmed_core.modalities.scan.segmentation import fit_segmenter, refine_segmenter
from pmed_core.modalities.scan.segmenter import Segmenter
from pmed_core.networks.calls import batched
from pmed_core.outcomes import Outcome, Target
from pmed_core.outcomes.kinds import learning
from pmed_core.predictions import Baselines
from pmed_core.progress import Progress, Stretch
from pmed_core.training import devices
from pmed_core.training.calibration import UNCHANGED, fit_calibration
from pmed_core.training.callbacks import Listening, Scores, curves, learn
from pmed_core.training.resuming import Resuming, listed, taken
from pmed_core.training.schedule import WarmedCosine

if TYPE_CHECKING:
    from pmed_core.predictor import Predictor

RATE, DECAY, WARM_UP = 2e-3, 0.05, 0.05
AVERAGED = 0.99
"""Share of the averaged weights that is kept with each step."""
MIXED, SMOOTHED = 0.2, 0.05
"""MixUp's beta (Zhang et al., ICLR 2018) and label smoothing (Szegedy et al., CVPR 2016)."""
DOUBTED = 0.5
"""Deviation of calibration's prior: smoothed and mixed labels make networks too timid."""
LOOKED_AT, PATIENCE = 512, 12
"""Training scans that are scored after each epoch; epochs without a better one before the end."""
IN_16_BITS = ", in mixed precision (16 and 32 bits)"
MAY_KNOW = (
    "It continues the model '{name}', which may have been trained on some of these patients: then "
    "the scores are too good. Evaluate it on a held-out file."
)


@dataclass(frozen=True)
class Plan:
    """What was chosen, when training ends (``time.monotonic``), whether a model goes on, and how
    many bits the networks learn in."""

    options: ScanOptions
    deadline: float
    continues: bool
    precision: devices.Precision


@dataclass(frozen=True)
class Turn:
    """Which of how many networks is trained, for how many epochs, until when, and who is told.

    ``begun``: the share of all work that was done before the first.
    """

    member: int
    members: int
    epochs: int
    begun: float
    deadline: float
    progress: Progress


def trained(cohort: Cohort, run: Run) -> Trained:
    """A few networks, and what they say of the patients that were held out.

    Raises ``UserError``, and ``Cancelled`` where ``progress`` says so.
    """
    options, progress, start = run.options, run.progress, run.start
    precision = devices.precision(run.device)
    progress.note(f"Computed on the {run.device}{IN_16_BITS * (precision != 'float32')}.")
    progress.stage("Preparing the scans", 0.01)
    shares = parted(cohort, run.validation, options)
    training, validation, evaluated = shares.training, shares.validation, shares.held_out
    deadline = time.monotonic() + 60 * options.time_limit_minutes
    ensemble = continued(start, cohort) if start else None
    segmenter = _segmenter((training, validation), options, progress, ensemble)
    ensemble = replace(ensemble or _untrained(cohort, options, segmenter), segmenter=segmenter)
    seen, held_back = _data(ensemble, training), _data(ensemble, validation)
    looked_at = held_back if evaluated is validation else _data(ensemble, evaluated)
    plan = Plan(options, deadline, start is not None, precision)
    ensemble = _calibrated(
        _trained(ensemble, (seen, held_back), plan, progress), held_back, progress
    )
    own, patients = ensemble.own(seen.scans), training.patients()
    known = learn_novelty(own, patients, options.augmentation)
    ensemble = replace(ensemble, novelty=(*ensemble.novelty, known))
    progress.stage("Predicting the held-out scans", 0.87)
    predictions = ensemble.predictions(evaluated, looked_at.scans)
    baselines: Baselines = {}
    if options.baselines:
        progress.stage("Baseline on the same scans", 0.92)
        baselines = scan_baseline(seen, looked_at.scans, ensemble, evaluated)
        # A model is not compared with itself.
        baselines.pop(titles(Scan.networks)[ensemble.architecture.network], None)
    if start is not None:
        baselines[BEFORE] = (start.ensemble.predict(evaluated), 0.0)
    on = (
        "validation scans, which also chose the epoch and calibrated"
        if run.validation is not None
        else f"{len(set(evaluated.patients())):,} held-out patients"
    )

    def completed(evaluation: Evaluation) -> Evaluation:
        found = beside_copies(
            with_outlines(evaluation, ensemble.segmenter, evaluated), predictions, shares
        )
        said = () if start is None else (MAY_KNOW.format(name=start.name),)
        return replace(found, notes=(*said, *found.notes))

    return Trained(
        ensemble, predictions, on, baselines,
        parts((training, validation), evaluated, start is not None),
        tuple(v for v in cohort.inputs if v.name == cohort.scan), _card(cohort, ensemble, start),
        completed,
    )  # fmt: skip


def _calibrated(ensemble: ScanEnsemble, held_back: Data, progress: Progress) -> ScanEnsemble:
    progress.stage("Calibrating", 0.85)
    raw = ensemble.mean_log_probabilities(held_back.scans)
    agrees = learning(ensemble.outcome).compatible(ensemble.outcome, Target(held_back.labels))
    return replace(ensemble, calibration=fit_calibration(raw, agrees, deviation=DOUBTED))


def _card(
    cohort: Cohort, ensemble: ScanEnsemble, start: Predictor[ScanEnsemble] | None
) -> dict[str, Any]:
    """What a card says beside what all say."""
    return {
        "scans_digest": collection_digest(cohort),
        "labels": sorted(set(cohort.table[cohort.chosen_outcome().column].dropna())),
        "continues": start.name if start else "",
        "model": titles(Scan.networks)[ensemble.architecture.network],
    }


def _segmenter(
    parts: tuple[Cohort, Cohort],
    options: ScanOptions,
    progress: Progress,
    kept: ScanEnsemble | None,
) -> Segmenter | None:
    """Refined where a model goes on that has one. At most half of the time is its own."""
    before = kept.segmenter if kept else None
    if not options.outlines:
        return before
    deadline = time.monotonic() + 60 * options.time_limit_minutes / 2
    if before:
        return refine_segmenter(before, parts, options.seed, deadline, progress)
    preparation = outline_preparation(options, *named(parts[0]))
    return fit_segmenter(parts, preparation, options.seed, deadline, progress)


def _untrained(cohort: Cohort, options: ScanOptions, segmenter: Segmenter | None) -> ScanEnsemble:
    """Of the networks, ours alone reads what the segmenter finds; the others are as published."""
    outcome = cohort.chosen_outcome()
    finds = segmenter is not None and options.network.name == "evidence"
    preparation = choose_preparation(options, *named(cohort), finds)
    outputs = learning(outcome).outputs(outcome)
    architecture = ScanArchitecture(
        options.network.name, preparation.size, preparation.channels + finds, outputs,
        halvings=1 if finds else 2, relative=preparation.window is None and not finds,
        lesions=finds, one_against_rest=options.network.name == "svm" and outputs > 1,
    )  # fmt: skip
    networks = tuple(build(architecture) for _ in range(options.members))
    return ScanEnsemble(
        outcome, _other(cohort), architecture, networks, preparation, UNCHANGED, segmenter,
        options.shifts,
    )  # fmt: skip


def _other(cohort: Cohort) -> str:
    """What a yes/no outcome is called where the event does not happen."""
    outcome = cohort.chosen_outcome()
    if not outcome.of_one_event:
        return ""
    values = set(cohort.table[outcome.column].dropna()) - set(outcome.spellings[0])
    return " or ".join(sorted(values)[:3]) or "none"


def _data(ensemble: ScanEnsemble, cohort: Cohort) -> Data:
    return Data(ensemble.prepared(cohort), cohort.observed())


def _trained(
    ensemble: ScanEnsemble, data: tuple[Data, Data], plan: Plan, progress: Progress
) -> ScanEnsemble:
    """One network after the other; those that there is no time for are left out."""
    options, deadline = plan.options, plan.deadline
    begun = 0.34 if ensemble.segmenter else 0.03
    if ensemble.architecture.network == "svm":
        return taught(ensemble, data[0], options.seed, Stretch(progress, begun, 0.85))
    rate = RATE * (SLOWER if plan.continues else 1)
    outputs = learning(ensemble.outcome).outputs(ensemble.outcome)
    scans = len(data[0].labels)
    epochs, steps = options.planned_epochs(scans, ensemble.reads_lesions), options.steps(scans)
    loss = keras.losses.BinaryCrossentropy if outputs == 1 else keras.losses.CategoricalCrossentropy
    for member, kept in enumerate(ensemble.networks):
        network = _twin(kept, ensemble.architecture, plan.precision)
        learner = _learner(network, ensemble.preparation.channels, options, options.seed + member)
        batches = Batches(data[0], outputs, options.batch(scans), options.seed + member)
        optimizer = keras.optimizers.AdamW(
            _schedule(steps * epochs, rate), weight_decay=DECAY, use_ema=True,
            ema_momentum=AVERAGED,
        )  # fmt: skip
        learner.compile(optimizer, loss=loss(from_logits=True), jit_compile=False)
        turn = Turn(member, len(ensemble.networks), epochs, begun, deadline, progress)
        keeper = KeepBestScan(network, ensemble.outcome, data, turn)
        if plan.continues:
            keeper.start_from_here()
        averaged = keras.callbacks.SwapEMAWeights(swap_on_epoch=True)
        hangs_on = digest(*vars(data[0]).values(), *vars(data[1]).values(), options,
                          *network.get_weights())  # fmt: skip
        resuming = Resuming(keeper, progress.checkpoint(f"network {member + 1}", hangs_on))
        learn(learner, batches, epochs, [averaged, keeper], resuming)
        # All share the time, and attempts before this one have used some of it.
        deadline -= resuming.before
        kept.set_weights(keeper.best)
        if progress.stop() == "keep" or time.monotonic() > deadline:
            return replace(ensemble, networks=ensemble.networks[: member + 1])
    return ensemble


def _twin(
    network: keras.Model, architecture: ScanArchitecture, precision: devices.Precision
) -> keras.Model:
    """The network itself, or the same that computes in 16 bits; weights stay in 32."""
    if precision == "float32":
        return network
    before = keras.config.dtype_policy()
    keras.config.set_dtype_policy(precision)
    try:
        twin = build(architecture)
    finally:
        keras.config.set_dtype_policy(before)
    twin.set_weights(network.get_weights())
    return twin


def _learner(network: keras.Model, pixels: int, options: ScanOptions, seed: int) -> keras.Model:
    """The network behind the augmentation, which is no part of what is kept."""
    scan = keras.Input(network.input_shape[1:])
    changed = Augment(seed, pixels)(scan) if options.augmentation else scan
    return keras.Model(scan, network(changed))


def _schedule(steps: int, rate: float) -> WarmedCosine:
    warm = max(1, int(WARM_UP * steps))
    return WarmedCosine(0.0, max(1, steps - warm), warmup_target=rate, warmup_steps=warm)


class Batches(keras.utils.PyDataset):  # type: ignore[misc]
    """Mixed pairs of training scans, in a new order each epoch, with mixed and smoothed labels.

    A batch is (b, s, s, c) and (b, outputs).
    """

    def __init__(self, data: Data, outputs: int, size: int, seed: int) -> None:
        super().__init__()
        self.data, self.outputs, self.size = data, outputs, size
        self.generator = np.random.default_rng(seed)
        self.order = np.arange(len(data.labels))

    def __len__(self) -> int:
        return max(1, len(self.data.labels) // self.size)

    def on_epoch_begin(self) -> None:
        """Mix the rows anew."""
        self.order = self.generator.permutation(len(self.data.labels))

    def __getitem__(self, number: int) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
        rows = self.order[number * self.size : (number + 1) * self.size]
        scans, targets = self.data.scans[rows], self._targets(self.data.labels[rows])
        other = self.generator.permutation(len(rows))
        share = self.generator.beta(MIXED, MIXED, len(rows)).astype(np.float32)
        share = np.maximum(share, 1 - share)
        broad = share[:, None, None, None]
        return (
            broad * scans + (1 - broad) * scans[other],
            share[:, None] * targets + (1 - share[:, None]) * targets[other],
        )

    def _targets(self, labels: NDArray[np.int64]) -> NDArray[np.float32]:
        if self.outputs == 1:
            return (labels[:, None] * (1 - SMOOTHED) + SMOOTHED / 2).astype(np.float32)
        ones = np.eye(self.outputs, dtype=np.float32)[labels]
        return ones * np.float32(1 - SMOOTHED) + np.float32(SMOOTHED / self.outputs)


class KeepBestScan(Listening):
    """Evaluate the averaged weights after each epoch and keep the best; raises ``Cancelled``."""

    def __init__(
        self, network: keras.Model, outcome: Outcome, data: tuple[Data, Data], turn: Turn
    ) -> None:
        super().__init__(turn.deadline, turn.progress)
        self.network, self.outcome, self.turn = network, outcome, turn
        training, self.validation = data
        rows = np.linspace(0, len(training.labels) - 1, min(LOOKED_AT, len(training.labels)))
        looked = rows.astype(int)
        self.training = Data(training.scans[looked], training.labels[looked])
        self.lowest, self.best_epoch = np.inf, 0
        self.best: list[NDArray[np.float32]] = network.get_weights()

    def start_from_here(self) -> None:
        """What the network is now counts as its best until an epoch is better."""
        self.lowest = self._scores(self.validation)["loss"][0]

    def state(self) -> Arrays:
        known = {"lowest": np.array(self.lowest), "epoch": np.array(self.best_epoch)}
        return known | taken("best", self.best)

    def resume(self, state: Arrays) -> None:
        self.lowest, self.best_epoch = float(state["lowest"]), int(state["epoch"])
        self.best = listed("best", state)
        # A graph that is traced for other shapes first rounds otherwise.
        self._look()

    def _look(self) -> tuple[Scores, Scores]:
        return self._scores(self.training), self._scores(self.validation)

    def on_epoch_end(self, epoch: int, logs: dict[str, Any] | None = None) -> None:
        """Score, tell, keep."""
        busy = devices.busy()
        training, validation = self._look()
        if validation["loss"][0] < self.lowest:
            self.lowest, self.best_epoch = validation["loss"][0], epoch
            self.best = self.network.get_weights()
        number = self.turn.member * self.turn.epochs + epoch + 1
        others = np.arange(self.turn.members) != self.turn.member
        self.progress.epoch(curves(number, training, validation, others))
        every = self.turn.epochs * self.turn.members
        title = (
            f"Training network {self.turn.member + 1}, epoch {epoch + 1}{' · ' * bool(busy)}{busy}"
        )
        begun = self.turn.begun
        self.progress.stage(title, begun + (0.85 - begun) * number / every)
        if epoch - self.best_epoch >= PATIENCE:
            self.model.stop_training = True

    def _scores(self, data: Data) -> Scores:
        kind, logits = learning(self.outcome), batched(self.network, data.scans)
        cells = kind.log_cells(self.outcome, logits.astype(np.float64))[:, None]
        label = data.labels[:, None]
        everyone = np.ones(label.shape, dtype=bool)
        return kind.progress(self.outcome, cells, Target(label), everyone)
