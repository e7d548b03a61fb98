"""How effects are learnt: a cross-fitted doubly robust learner (Kennedy, EJS 2023; Chernozhukov et
al., Econometrics Journal 2018).

In each outer fold, packed networks learn the outcome from inputs and treatment and, where nobody
randomised, the treatment from the inputs. Each is validated by an inner part it was not trained on;
of these patients it gives, together with a Gaussian process that leaves each out (``process``), the
doubly robust scores from which effects are learnt (``shrinkage``).
The outer fold is predicted once, by networks and effects of its training part alone.
"""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pmed_core.arrays import to_plain
from pmed_core.checkpoint import Checkpoint
from pmed_core.cohort import Cohort
from pmed_core.errors import UserError
from pmed_core.modalities.contracts import Run, Trained
from pmed_core.modalities.tabular import learner as tables
from pmed_core.modalities.tabular.ensemble import TableEnsemble
from pmed_core.modalities.tabular.learner import (
    BACKGROUND_ROWS,
    preprocess,
    train_networks,
    with_range,
)
from pmed_core.modalities.tabular.membership import row_hashes, rows_digest
from pmed_core.modalities.tabular.novelty import learn_novelty
from pmed_core.modalities.tabular.options import FitOptions
from pmed_core.modalities.tabular.synthesis import synthesise
from pmed_core.modalities.treatment.account import account, completed
from pmed_core.modalities.treatment.baselines import baselines
from pmed_core.modalities.treatment.ensemble import TreatmentEnsemble
from pmed_core.modalities.treatment.options import TreatmentOptions
from pmed_core.modalities.treatment.positivity import as_seen, seldom
from pmed_core.modalities.treatment.process import Process, process
from pmed_core.modalities.treatment.shrinkage import Shrunk, shrunk
from pmed_core.outcomes import Classes, Effect, Outcome, YesNo
from pmed_core.outcomes.effect import censoring
from pmed_core.outcomes.effect.arms import LEAST
from pmed_core.outcomes.effect.checks import SERIOUS, deciding
from pmed_core.outcomes.effect.diagnostics import KEPT, Diagnostics
from pmed_core.outcomes.effect.scores import comparable, scored
from pmed_core.outcomes.kinds import learning, serious
from pmed_core.predictions import Predictions
from pmed_core.progress import Progress, Stop, Stretch
from pmed_core.reading import of_later_files
from pmed_core.training.folds import Rows, entries, outer_folds
from pmed_core.variable import Role

Doubles = NDArray[np.float64]


def compared_in(cohort: Cohort) -> Effect:
    """The cohort's outcome; raises ``UserError`` where it is no effect."""
    outcome = cohort.chosen_outcome()
    if isinstance(outcome, Effect):
        return outcome
    raise UserError(
        "The cohort has a treatment, and its outcome is compared by nothing", cohort.name,
        "Choose the outcome again, with the treatment.",
    )  # fmt: skip


def trainable(cohort: Cohort, progress: Progress) -> Cohort:
    """The rows whose option and outcome are known; raises ``UserError``."""
    effect = compared_in(cohort)
    known = tables.trainable(_with(cohort.labelled(), effect.learnt, ()), progress)
    if len(known) < len(cohort):
        progress.note(
            f"{len(cohort) - len(known):,} of {len(cohort):,} patients have no known outcome or "
            "treatment and are left out."
        )
    if decided := deciding(cohort):
        raise UserError(
            f"'{decided[0]}' alone says which option was given, so that no patients who are alike "
            "in it were given both", f"{cohort.name}, column '{effect.arms.column}'",
            "Ignore it if it follows from the treatment; else these data cannot tell the effect.",
        )  # fmt: skip
    settled = effect.with_learnt(known.chosen_outcome())
    notes = (*cohort.notes, *(f"{SERIOUS}{one.sentence}" for one in serious(cohort)))
    return replace(known, variables=cohort.variables, outcome=settled, notes=notes)


def _with(cohort: Cohort, outcome: Outcome, read: tuple[str, ...]) -> Cohort:
    """The same table with another outcome; ``read`` become inputs."""
    variables = tuple(
        replace(v, role=Role.INPUT if v.name in read else Role.IGNORE)
        if v.role is Role.TREATMENT else v for v in cohort.variables
    )  # fmt: skip
    return replace(cohort, variables=variables, outcome=outcome)


def trained(cohort: Cohort, run: Run) -> Trained:
    """Networks, effects, and what each fold says of those it held out; raises ``UserError`` and
    ``Cancelled``."""
    options, progress = run.options, run.progress
    if run.start is not None or run.validation is not None:
        raise UserError(
            "Effects are always learnt anew, on folds of their own patients", cohort.name,
            "Leave out the model to continue and the validation file; evaluate on the file later.",
        )  # fmt: skip
    progress.stage("Preparing the folds", 0.02)
    effect = compared_in(cohort)
    outer = outer_folds(cohort, options.folds, options.seed)
    ensemble = _networks(cohort, effect, outer, (options, progress))
    progress.stage("Learning effects", 0.82)
    ensemble = _with_effects(ensemble, cohort, outer, run)
    progress.stage("Predicting the held-out patients", 0.85)
    held_out = _held_out(ensemble, cohort, outer)
    beside = baselines(ensemble, cohort, outer, held_out, run) if options.baselines else {}
    found = account(ensemble, cohort, held_out)
    variables = ensemble.variables
    rows = row_hashes(cohort.table, ensemble.inputs)
    card = {
        "rows_digest": rows_digest(rows, ensemble.inputs), "folds": len(outer),
        "layout": dict(of_later_files(cohort.reading)), KEPT: to_plain(Diagnostics, found),
    }  # fmt: skip
    return Trained(
        ensemble, held_out, f"out-of-fold, {len(outer)} folds", beside, rows, variables, card,
        partial(completed, found=found),
    )  # fmt: skip


def _networks(
    cohort: Cohort,
    effect: Effect,
    outer: list[tuple[Rows, Rows]],
    asked: tuple[TreatmentOptions, Progress],
) -> TreatmentEnsemble:
    """Trained, without effects."""
    column, (options, progress) = effect.arms.column, asked
    if not effect.arms.randomised:
        progress = Stretch(progress, 0.0, 0.5)
    variables = tuple(
        with_range(v, cohort.table) for v in cohort.variables if v.role is Role.INPUT
    ) + tuple(v for v in cohort.variables if v.role is Role.TREATMENT)
    outcomes = _ensemble(
        _with(cohort, effect.learnt, (column,)), outer, (options, progress), column
    )
    choice = None
    if not effect.arms.randomised:
        given: YesNo | Classes = Classes(column, effect.options)
        if effect.effects == 1:
            given = YesNo(column, effect.options[1:], negative=effect.options[:1])
        choice = _ensemble(_with(cohort, given, ()), outer, (options, OfChoice(asked[1], 0.4, 0.9)))
    shares = np.bincount(cohort.observed(), minlength=len(effect.options)) / len(cohort)
    return TreatmentEnsemble(
        effect, variables, outcomes, choice, (), (), tuple(shares.tolist()),
        tuple(range(len(outer))),
    )  # fmt: skip


class OfChoice(Stretch):
    """Progress of a training that can be cancelled and not cut short: half-learnt probabilities of
    treatment would make unlike patients look alike. Its curves are not those of the outcome."""

    def stage(self, text: str, fraction: float) -> None:
        super().stage(f"Choice of treatment: {text[:1].lower()}{text[1:]}", fraction)

    def epoch(self, values: dict[str, Any]) -> None: ...

    def stop(self) -> Stop:
        told = self.progress.stop()
        return told if told == "cancel" else ""

    def checkpoint(self, part: str, of: str) -> Checkpoint:
        return self.progress.checkpoint(f"choice of treatment, {part}", of)


def _ensemble(
    cohort: Cohort,
    outer: list[tuple[Rows, Rows]],
    asked: tuple[TreatmentOptions, Progress],
    given: str = "",
) -> TableEnsemble:
    """Networks of one of the two; ``given``: the input that is the treatment, where one is."""
    options, progress = asked
    of_tables = FitOptions(
        network=options.network, folds=options.folds, seed=options.seed,
        time_limit_minutes=options.time_limit_minutes, device=options.device, baselines=False,
    )  # fmt: skip
    outcome = cohort.chosen_outcome()
    cohort = replace(cohort, outcome=learning(outcome).settled(outcome, cohort.target()))
    networks, _ = train_networks(cohort, outer, of_tables, progress, options.cross_fitting)
    # Who is unlike those of training hangs on the inputs alone.
    read = replace(cohort, variables=tuple(v for v in cohort.variables if v.name != given))
    encoding = preprocess(read, outer[0][0])
    variables = tuple(with_range(v, cohort.table) for v in cohort.inputs)
    return TableEnsemble(
        networks, variables, synthesise(cohort, BACKGROUND_ROWS, options.seed),
        learn_novelty(cohort.table, encoding),
    )  # fmt: skip


def _with_effects(
    ensemble: TreatmentEnsemble, cohort: Cohort, outer: list[tuple[Rows, Rows]], run: Run
) -> TreatmentEnsemble:
    """With the process and the effects of each fold, from its training part alone."""
    effect, options, told = ensemble.outcome, run.options, ensemble.told(cohort.table)
    if ensemble.choice is not None:
        said = ensemble.probability(told)
        few = seldom(cohort.table, ensemble.inputs, cohort.observed(), said)
        ensemble = replace(ensemble, seldom=few)
    of_outcome = _validating(_with(cohort, effect.learnt, ()), (outer, options))
    of_choice = of_outcome
    if ensemble.choice is not None:
        asked = ensemble.choice.outcome
        of_choice = _validating(_with(cohort, asked, ()), (outer, options))
    processes, effects, arms = [], [], []
    for fold, (rows, _) in enumerate(outer):
        run.progress.stage(f"Learning effects, fold {fold + 1}", 0.82 + 0.03 * fold / len(outer))
        part = cohort.select(rows)
        arms.append(censoring.learnt(effect, part.target()))
        happened = censoring.outcomes(effect, arms[-1], part.target())
        said = told.outcomes[rows, of_outcome[fold, rows]]
        beside, said = _beside(ensemble, (part, happened), fold, said, options.seed)
        probability = told.probability[rows, of_choice[fold, rows]]
        probability = as_seen(part.table, ensemble.inputs, probability, ensemble.seldom)
        processes.append(beside)
        each = (said, probability, happened)
        effects.append(_effects(ensemble, part, each, told.columns[rows, fold]))
    return replace(
        ensemble, processes=tuple(processes), effects=tuple(effects), followed=tuple(arms)
    )


def _beside(
    ensemble: TreatmentEnsemble, of: tuple[Cohort, Doubles], fold: int, said: Doubles, seed: int
) -> tuple[Process, Doubles]:
    """The process of a training part, ``of`` which it is told what happened, and (n, options) what
    it and the networks, which validated each patient, say together: in the shares that best
    foretell patients left out."""
    effect, (part, happened) = ensemble.outcome, of
    given = part.target().observed
    found, left_out = process(
        (ensemble.cells(part.table, fold), given, happened), len(effect.options),
        bends=not effect.of.each, seed=seed,
    )  # fmt: skip
    left_out = ensemble.possible(left_out)
    each = np.arange(len(part))
    apart = (left_out - said)[each, given]
    missed = happened - said[each, given]
    share = float(np.clip(apart @ missed / max(float(apart @ apart), 1e-12), 0, 1))
    return replace(found, share=share), said + share * (left_out - said)


def _effects(
    ensemble: TreatmentEnsemble,
    part: Cohort,
    told: tuple[Doubles, Doubles, Doubles],
    columns: Doubles,
) -> tuple[Shrunk, ...]:
    """Of a training part, by what was told of its patients (n, options): outcomes, and the
    probability of each option; and (n,) what happened."""
    effect, target, (said, probability, happened) = ensemble.outcome, part.target(), told
    scores = scored(said, probability, target.observed, happened)
    alike = comparable(probability) | (ensemble.choice is None)
    apart = said[:, 1:] - said[:, :1]
    _some_alike(alike, part, effect)
    whose = part.patients()
    return tuple(
        shrunk(
            scores[alike[:, k], k], apart[alike[:, k], k], columns[alike[:, k]], whose[alike[:, k]]
        )
        for k in range(effect.effects)
    )


def _some_alike(alike: NDArray[np.bool_], cohort: Cohort, effect: Effect) -> None:
    """Raise ``UserError`` where the inputs decide which option is given."""
    for option, many in zip(effect.options[1:], alike.sum(axis=0), strict=True):
        if many < LEAST:
            raise UserError(
                f"No patients who are alike were given both '{option}' and '{effect.options[0]}'",
                f"{cohort.name}, column '{effect.arms.column}'",
                "The inputs decide which option was given. Ignore those that follow from it; else "
                "these data cannot tell its effect.",
            )  # fmt: skip


def _validating(
    cohort: Cohort, split: tuple[list[tuple[Rows, Rows]], TreatmentOptions]
) -> NDArray[np.int64]:
    """(folds, n) the network of a fold that each patient of its training part validated."""
    outer, options = split
    found = np.full((len(outer), len(cohort)), -1)
    each = entries(cohort, outer, options.cross_fitting, options.seed, options.cross_fitting)
    for position, entry in enumerate(each):
        found[entry.fold, entry.validation] = position
    return found


def _held_out(
    ensemble: TreatmentEnsemble, cohort: Cohort, outer: list[tuple[Rows, Rows]]
) -> Predictions:
    """Each patient as the fold says that never saw them, in the cohort's order."""
    # Each patient is asked about once, so that building the networks of a fold apart costs more.
    each = [
        replace(ensemble, which=(fold,)).predict(cohort.select(rows))
        for fold, (_, rows) in enumerate(outer)
    ]
    joined: dict[str, Any] = {
        name: np.concatenate([getattr(one, name) for one in each])
        for name in ("value", "low", "high", "observed", "outside", "actual", "time")
    }
    folds = np.repeat(np.arange(len(outer)), [len(rows) for _, rows in outer])
    rows = np.concatenate([rows for _, rows in outer])
    patients = tuple(cohort.patients()[rows].tolist())
    whole = replace(each[0], **joined, patients=patients, folds=tuple(folds.tolist()))
    return whole.take(np.argsort(rows))
