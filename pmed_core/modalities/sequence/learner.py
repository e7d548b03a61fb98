"""How sequences are learnt: folds of groups of similar ones, a network and linear models beside it,
weighed within each training part."""

from __future__ import annotations

import time
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from pmed_core.cohort import Cohort
from pmed_core.errors import UserError
from pmed_core.evaluation import Evaluation
from pmed_core.modalities.contracts import Run, Trained
from pmed_core.modalities.sequence import Sequence, column_of
from pmed_core.modalities.sequence import training as networks
from pmed_core.modalities.sequence.baselines import baselines
from pmed_core.modalities.sequence.ensemble import (
    INTERVAL,
    Fold,
    Member,
    SequenceEnsemble,
    letters,
)
from pmed_core.modalities.sequence.kmers import NO_WORDS, choose, fit_positions, fit_words
from pmed_core.modalities.sequence.letters import Codes, encoded
from pmed_core.modalities.sequence.network import Architecture, build
from pmed_core.modalities.sequence.novelty import learn_novelty
from pmed_core.modalities.sequence.options import SequenceOptions, WordsOptions
from pmed_core.modalities.sequence.similar import chromosomes, grouped, together
from pmed_core.modalities.sequence.synthesis import synthesise
from pmed_core.modalities.tabular import learner as tables
from pmed_core.modalities.tabular.membership import row_hashes, rows_digest
from pmed_core.outcomes.kinds import learning
from pmed_core.predictions import Predictions
from pmed_core.progress import Progress
from pmed_core.quantity import counted
from pmed_core.systems import refuse_unlearnt
from pmed_core.training.calibration import UNCHANGED, doubted, fit_calibration
from pmed_core.training.folds import Entry, Rows, entries, outer_folds
from pmed_core.variable import Kind, Role, Variable

GROUP = "(split by)"
LENGTH_AT_MOST, OFTEN, MUCH_LONGER = 1000, 0.95, 1.5
"""Letters; the quantile of lengths that is read where the longest is so much longer."""
MANY, FOLDS_OF_MANY = 10_000, 3
FEWEST_CHROMOSOMES, CHROMOSOMES_OF_A_LABEL = 5, 4
BACKGROUND = 64


def trainable(cohort: Cohort, progress: Progress) -> Cohort:
    """The rows with an outcome and a sequence; raises ``UserError`` where too few are left."""
    columns = [v.name for v in cohort.inputs if v.kind is Kind.SEQUENCE]
    if len(columns) > 1:
        raise UserError(
            f"There are {len(columns)} columns of sequences: {', '.join(columns)}", cohort.name,
            "Set the role of all but one to 'ignore'.",
        )  # fmt: skip
    refuse_unlearnt(
        Sequence(), cohort, "sequences",
        f"Choose yes/no or classes, or set the role of '{columns[0]}' to 'ignore'.",
    )  # fmt: skip
    known = with_sequence(cohort.numbered())
    if len(known) < len(cohort):
        progress.note(
            f"{len(cohort) - len(known)} of {len(cohort)} rows hold no sequence that can be read, "
            "and are left out."
        )
    others = [v.name for v in cohort.inputs if v.name not in columns]
    if others:
        progress.note(
            f"The model reads sequences alone, and not {', '.join(others[:5])}"
            f"{' …' * (len(others) > 5)}."
        )
    return tables.trainable(known, progress)


def with_sequence(cohort: Cohort) -> Cohort:
    """The rows with a sequence."""
    return cohort.select(rows_with_sequence(cohort))


def rows_with_sequence(cohort: Cohort) -> NDArray[np.bool_]:
    """(n,) there is one."""
    return np.asarray(cohort.table[column_of(cohort.inputs)].notna(), dtype=bool)


@dataclass(frozen=True)
class Plan:
    """How a cohort is read and split.

    Attributes:
        codes: (n, length).
        aligned: all sequences have the same length, so that positions mean the same.
        owners: (n,) who stays together.
        cohort: the same with ``owners`` in place of patients.
        notes: what is to be said of it.
    """

    codes: Codes
    aligned: bool
    owners: NDArray[np.str_]
    cohort: Cohort
    outer: list[tuple[Rows, Rows]]
    notes: tuple[str, ...]


def trained(cohort: Cohort, run: Run) -> Trained:
    """Split, train, weigh, and predict what was held out once; raises ``UserError`` and
    ``Cancelled``."""
    options, progress = run.options, run.progress
    if run.start is not None or run.validation is not None:
        raise UserError(
            "A model of sequences is always trained anew, on folds of its own", cohort.name,
            "Leave out the model to continue and the validation file; evaluate on the file later.",
        )  # fmt: skip
    progress.stage("Looking for similar sequences", 0.01)
    plan = planned(cohort, options)
    for sentence in plan.notes:
        progress.note(sentence)
    ensemble, parts = _learnt(cohort, plan, run)
    progress.stage("Predicting the held-out sequences", 0.62)
    held_out = out_of_fold(ensemble, cohort, plan)
    beside = {}
    if options.baselines:
        beside = baselines((ensemble, plan.codes, plan.outer), cohort, parts, run)
    variables = ensemble.variables
    hashes = row_hashes(cohort.table, variables)
    card = {
        "rows_digest": rows_digest(hashes, variables), "folds": len(plan.outer),
        "split": options.split,
    }  # fmt: skip
    notes = (*plan.notes, _told_strands(ensemble))

    def completed(evaluation: Evaluation) -> Evaluation:
        return replace(evaluation, notes=(*evaluation.notes, *notes))

    return Trained(
        ensemble, held_out,
        f"out-of-fold, {len(plan.outer)} folds that keep similar sequences together", beside,
        hashes, variables, card, completed,
    )  # fmt: skip


def planned(cohort: Cohort, options: SequenceOptions) -> Plan:
    """Letters, groups and folds; raises ``UserError`` where a label has too few groups."""
    texts = [letters(cell) for cell in cohort.table[column_of(cohort.inputs)]]
    lengths = np.array([len(one) for one in texts])
    length = options.length or length_of(lengths)
    owners, said = _owners(cohort, texts, options.split)
    table = cohort.table.assign(**{GROUP: pd.array(owners, dtype="str")})
    kept = tuple(v for v in cohort.variables if v.role is not Role.PATIENT)
    group = Variable(GROUP, Kind.IDENTIFIER, Role.PATIENT)
    inside = replace(cohort, table=table, variables=(*kept, group))
    folds = min(options.folds, FOLDS_OF_MANY) if len(cohort) > MANY else options.folds
    outer = outer_folds(inside, folds, options.seed)
    notes = (*said, *_told_length(lengths, length))
    aligned = bool((lengths == lengths[0]).all())
    return Plan(encoded(texts, length), aligned, owners, inside, outer, notes)


def length_of(lengths: NDArray[np.int64]) -> int:
    """Letters that are read of sequences of these lengths."""
    longest, most = int(lengths.max()), int(np.ceil(np.quantile(lengths, OFTEN)))
    wanted = most if longest > MUCH_LONGER * most else longest
    return max(2, min(wanted, LENGTH_AT_MOST))


def _told_length(lengths: NDArray[np.int64], length: int) -> tuple[str, ...]:
    cropped, padded = int((lengths > length).sum()), int((lengths < length).sum())
    if not cropped and not padded:
        return ()
    return (
        f"The model reads {length:,} letters: {counted(cropped, 'longer sequence')} "
        f"{'is' if cropped == 1 else 'are'} cropped round the centre and "
        f"{counted(padded, 'shorter one')} padded on both sides.",
    )


def _owners(
    cohort: Cohort, texts: list[str], split: str
) -> tuple[NDArray[np.str_], tuple[str, ...]]:
    """(n,) who stays together, and what is said of it."""
    same, notes = [np.asarray(cohort.patients(), dtype=np.str_)], list[str]()
    asked = set(cohort.chosen_outcome().columns) | {column_of(cohort.inputs)}
    found = chromosomes(cohort.table, [v.name for v in cohort.variables if v.name not in asked])
    many = 0 if found is None else len(np.unique(found))
    if split == "chromosome" and found is None:
        raise UserError(
            "No column says on which chromosome each sequence lies", cohort.name,
            "Call it chromosome, or give ids like chr1:100-200; or split by similarity.",
        )  # fmt: skip
    if found is not None and (
        split == "chromosome" or (split == "auto" and many >= FEWEST_CHROMOSOMES)
    ):
        apart = _where_labels_lie(found, cohort.target().observed)
        if apart >= CHROMOSOMES_OF_A_LABEL:
            same.append(found)
            notes.append(f"Whole chromosomes stay on one side of a split ({many:,} of them).")
        else:
            where = f"An outcome value lies on {counted(apart, 'chromosome')} alone"
            if split == "chromosome":
                raise UserError(where, cohort.name, "Split by similarity, or add sequences of it "
                                f"from {CHROMOSOMES_OF_A_LABEL} chromosomes or more.")  # fmt: skip
            notes.append(f"{where}: whole chromosomes cannot stay on one side of a split, and the "
                         "model may have learnt what tells chromosomes apart.")  # fmt: skip
    alike, near = grouped(texts)
    groups = len(np.unique(alike))
    if not near:
        notes.append(
            "Overlapping sequences chain most of the cohort together, so only copies (and those on "
            "the other strand) are kept on one side of a split: the scores may be too good."
        )
    elif groups < len(texts):
        notes.append(
            f"{len(texts):,} sequences are {counted(groups, 'group')} of similar ones, copies and "
            "reverse complements included; each group stays on one side of a split."
        )
    return together(alike, same).astype(str), tuple(notes)


def _where_labels_lie(found: NDArray[np.str_], observed: NDArray[Any]) -> int:
    """On how many chromosomes the outcome value lies that is on the fewest."""
    known = observed >= 0
    return min(
        len(np.unique(found[observed == label])) for label in np.unique(observed[known])
    )  # fmt: skip


def _learnt(cohort: Cohort, plan: Plan, run: Run) -> tuple[SequenceEnsemble, tuple[Entry, ...]]:
    """All members of all folds."""
    options, outcome, target = run.options, plan.cohort.chosen_outcome(), plan.cohort.target()
    kind = learning(outcome)
    recipe = networks.recipe(len(plan.outer[0][0]))
    parts = tuple(entries(plan.cohort, plan.outer, recipe.repeats, options.seed))
    words = [NO_WORDS] * len(plan.outer)
    if not _of_positions(cohort, plan, options):
        run.progress.stage("Choosing words", 0.03)
        words = [
            choose(plan.codes[rows], target.observed[rows], plan.owners[rows], options.strands,
                   options.seed)
            for rows, _ in plan.outer
        ]  # fmt: skip
    outputs = kind.outputs(outcome)
    architecture: Architecture | None = None
    weights: list[networks.Weights] | list[None] = [None] * len(parts)
    if not options.network.simple:
        architecture = Architecture(
            options.network.name, plan.codes.shape[1], outputs, recipe.width, recipe.dropout
        )
        both = tuple(words[entry.fold].both for entry in parts)
        material = networks.Material(outcome, plan.codes, target, parts, both)
        until = time.monotonic() + 60 * options.time_limit_minutes
        limits = networks.Limits(until, 0.05, 0.6, options.seed)
        weights = networks.train(architecture, material, recipe, limits, run.progress)
    members = tuple(
        _member(entry, network, (plan, words[entry.fold], outputs), options)
        for entry, network in zip(parts, weights, strict=True)
    )
    variable = next(v for v in cohort.inputs if v.kind is Kind.SEQUENCE)
    ensemble = SequenceEnsemble(
        outcome, (variable,), plan.codes.shape[1], architecture,
        build(architecture) if architecture else None,
        tuple(Fold(one, UNCHANGED) for one in words), members, np.zeros(len(outcome.labels)),
        synthesise(plan.codes, BACKGROUND, options.seed),
        learn_novelty(plan.codes, options.seed), tuple(range(len(plan.outer))),
    )  # fmt: skip
    ensemble = calibrated(ensemble, plan, parts)
    spread = np.sqrt(ensemble.panel().var(axis=0, ddof=1).mean(axis=0))
    return replace(ensemble, spread=spread), parts


def _of_positions(cohort: Cohort, plan: Plan, options: SequenceOptions) -> bool:
    """Whether a model of positions alone is asked for, which counts no words. Raises ``UserError``
    where positions do not mean the same in all sequences."""
    if options.network.name != "positions":
        return False
    if plan.aligned and options.strands != "both":
        return True
    why = "of both strands" if plan.aligned else "of different lengths"
    raise UserError(
        f"A logistic regression of positions cannot read sequences {why}", cohort.name,
        f"Choose '{WordsOptions.title}', which counts words wherever they stand.",
    )  # fmt: skip


def _member(
    entry: Entry, network: Any, of: tuple[Plan, Any, int], options: SequenceOptions
) -> Member:
    """With the linear models of the same training rows, where the chosen model has such."""
    plan, words, outputs = of
    if options.network.name == "cnn":
        return Member(entry.fold, network)
    rows, labels = plan.codes[entry.training], plan.cohort.target().observed[entry.training]
    if options.network.name == "positions":
        return Member(entry.fold, positions=fit_positions(rows, labels, outputs))
    found = Member(entry.fold, network, fit_words(words, rows, labels, outputs))
    if plan.aligned and not words.both and network is not None:
        return replace(found, positions=fit_positions(rows, labels, outputs))
    return found


def calibrated(
    ensemble: SequenceEnsemble, plan: Plan, parts: tuple[Entry, ...]
) -> SequenceEnsemble:
    """Each fold's sources weighed by the rows that validated its members."""
    kind, outcome, found = learning(ensemble.outcome), ensemble.outcome, list[Fold]()
    target = plan.cohort.target()
    for number, fold in enumerate(ensemble.folds):
        said, agrees, owners = [], [], list[str]()
        for member, entry in zip(ensemble.members, parts, strict=True):
            if entry.fold == number:
                said.append(ensemble.said(member, plan.codes[entry.validation]))
                agrees.append(kind.compatible(outcome, target.select(entry.validation)))
                owners += plan.owners[entry.validation].tolist()
        sources = np.concatenate(said, axis=1)
        deviation = doubted(len(owners), len(set(owners)))
        fitted = fit_calibration(sources[0], np.concatenate(agrees), list(sources[1:]), deviation)
        found.append(replace(fold, calibration=fitted))
    return replace(ensemble, folds=tuple(found))


def out_of_fold(ensemble: SequenceEnsemble, cohort: Cohort, plan: Plan) -> Predictions:
    """Each row by the fold that never saw it."""
    shape = (len(cohort), len(ensemble.outcome.labels))
    value, low, high = (np.empty(shape) for _ in range(3))
    folds = np.empty(len(cohort), dtype=np.int64)
    for fold, (_, held) in enumerate(plan.outer):
        said = ensemble.of_fold(fold).risks(plan.codes[held])
        (value[held], low[held], high[held]), folds[held] = said, fold
    return Predictions(
        tuple(cohort.patients()), ensemble.outcome.labels, value, low, high,
        cohort.target().observed, np.zeros(len(cohort), dtype=bool), INTERVAL,
        folds=tuple(folds.tolist()), panel=ensemble.panel(), of=Sequence.one,
    )  # fmt: skip


def _told_strands(ensemble: SequenceEnsemble) -> str:
    both = sum(fold.words.both for fold in ensemble.folds)
    many = len(ensemble.folds)
    if both == many:
        return "A sequence and its reverse complement count as one, and predictions are averaged."
    if both == 0:
        return "The strand matters: sequences are read as they are given."
    return (
        f"In {both} of {many} folds a sequence and its reverse complement count as one; in the "
        "others the strand matters. Choose what holds under 'Strands' where you know it."
    )
