"""How expression is learnt: folds of patients, ridge regressions of all genes and of the few that
tell most, and a network of components, weighed by the patients of each training part that none of
them learnt from."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any, cast

import keras
import numpy as np
from numpy.typing import NDArray
from threadpoolctl import threadpool_limits

from pmed_core.cohort import Cohort
from pmed_core.errors import Cancelled, UserError
from pmed_core.evaluation import Evaluation
from pmed_core.modalities.contracts import Run, Trained
from pmed_core.modalities.expression import Expression, column_of
from pmed_core.modalities.expression.baselines import baselines
from pmed_core.modalities.expression.describing import strongest
from pmed_core.modalities.expression.encoder import (
    COMPONENTS,
    Coordinates,
    Encoder,
    fit_encoder,
)
from pmed_core.modalities.expression.ensemble import (
    INTERVAL,
    ExpressionEnsemble,
    Fold,
    Member,
    identified,
    names_of,
    rows_with_profile,
)
from pmed_core.modalities.expression.scale import Scale, others, scale_of, told, transformed
from pmed_core.modalities.sequence.kmers import Linear, regression
from pmed_core.modalities.tabular import learner as tables
from pmed_core.modalities.tabular.material import Material
from pmed_core.modalities.tabular.membership import row_hashes, rows_digest
from pmed_core.modalities.tabular.network import Architecture, build
from pmed_core.outcomes.kinds import learning
from pmed_core.predictions import Predictions
from pmed_core.progress import Progress, Stretch
from pmed_core.quantity import counted
from pmed_core.systems import refuse_unlearnt
from pmed_core.training.calibration import UNCHANGED, doubted, fit_calibration
from pmed_core.training.folds import Entry, Rows, entries, outer_folds
from pmed_core.variable import Kind

Doubles = NDArray[np.float64]
MEMBERS = 5
"""Inner parts of each fold: each validates the models of the others."""
PENALTIES = (0.3, 3.0, 30.0, 300.0, 3000.0)
"""Inverse strengths of the ridge penalty on coordinates."""
FEWEST_GENES, FEW = 10, (5, 20, 80)
"""Genes that there must be; how many that tell most one of the models reads."""
NEWTON = 1_000
"""Weights of a regression, up to which it is solved by Newton's method."""
BACKGROUND, OF_BACKGROUND = 32, 16
"""Synthetic profiles, and components along which they are drawn."""
BEYOND, RARE = 1.5, 0.99
"""A profile is outside beyond 1.5 times what 99 % of held-out patients keep."""


def trainable(cohort: Cohort, progress: Progress) -> Cohort:
    """The rows with an outcome and a profile; raises ``UserError`` where too few are left."""
    columns = [v.name for v in cohort.inputs if v.kind is Kind.EXPRESSION]
    refuse_unlearnt(
        Expression(), cohort, "expression",
        f"Choose yes/no or classes, or read the file with --read 'expression=left as columns' "
        f"(or set the role of '{columns[0]}' to 'ignore').",
    )  # fmt: skip
    if len(columns) > 1:
        raise UserError(
            f"There are {len(columns)} columns of profiles: {', '.join(columns)}", cohort.name,
            "Set the role of all but one to 'ignore'.",
        )  # fmt: skip
    cohort = cohort.numbered()
    there = rows_with_profile(cohort, columns[0])
    if not there.all():
        without = int((~there).sum())
        progress.note(
            f"{counted(without, 'row')} of {len(cohort):,} {'has' if without == 1 else 'have'} no "
            f"profile and {'is' if without == 1 else 'are'} left out."
        )
    unread = [v.name for v in cohort.inputs if v.name not in columns]
    if unread:
        progress.note(
            f"The model reads the genes alone, and not {', '.join(unread[:5])}"
            f"{' …' * (len(unread) > 5)}."
        )
    return tables.trainable(cohort.select(there), progress)


@dataclass(frozen=True)
class Logarithms:
    """What a training works on.

    Attributes:
        genes: p names.
        raw: (n, p) as written.
        values: (n, p) logarithms.
    """

    genes: tuple[str, ...]
    raw: Doubles
    values: Doubles
    scale: Scale


def profiles_of(cohort: Cohort) -> tuple[tuple[str, ...], Doubles]:
    """Genes, and (n, p) values as written of rows that all have a profile."""
    assert cohort.profiles is not None  # noqa: S101 - a cohort of expression has them
    rows = [cohort.profiles.places[one] for one in names_of(cohort, column_of(cohort.inputs))]
    return cohort.profiles.names, cohort.profiles.values[rows].astype(np.float64)


def in_logarithms(cohort: Cohort, chosen: str) -> Logarithms:
    """The values of a cohort on the scale that is chosen, or that they show; raises ``UserError``
    where samples are mixed."""
    genes, raw = profiles_of(cohort)
    if len(genes) < FEWEST_GENES:
        raise UserError(
            f"There {'is' if len(genes) == 1 else 'are'} only {counted(len(genes), 'gene')}",
            cohort.name, "Read the file with --read 'expression=left as columns'.",
        )  # fmt: skip
    scale = cast(Scale, scale_of(raw) if chosen == "auto" else chosen)
    strange = np.flatnonzero(others(raw, scale))
    if len(strange) and len(strange) < len(raw):
        named = ", ".join(f"'{one}'" for one in cohort.patients()[strange[:3]])
        among = "raw values among logarithms" if scale == "logs" else "logarithms among raw values"
        raise UserError(
            f"{counted(len(strange), 'sample')} of {len(raw):,} "
            f"{'looks' if len(strange) == 1 else 'look'} like {among}: {named}", cohort.name,
            "Bring all samples onto one scale, or leave these out: a model would learn who was "
            "processed in which way.",
        )  # fmt: skip
    if scale == "counts" and float(np.nanmin(raw)) < 0:
        raise UserError(
            "Some of the values are below zero, and counts of reads cannot be", cohort.name,
            "Choose another scale.",
        )  # fmt: skip
    return Logarithms(genes, raw, transformed(raw, scale), scale)


def trained(cohort: Cohort, run: Run) -> Trained:
    """Split, train, weigh, and predict what was held out once; raises ``UserError`` and
    ``Cancelled``."""
    options, progress = run.options, run.progress
    if run.start is not None or run.validation is not None:
        raise UserError(
            "A model of expression is always trained anew, on folds of its own", cohort.name,
            "Leave out the model to continue and the validation file; evaluate on the file later.",
        )  # fmt: skip
    progress.stage("Preparing the folds", 0.02)
    of = in_logarithms(cohort, options.scale)
    said = told(of.raw, of.scale)
    progress.note(said)
    outer = outer_folds(cohort, options.folds, options.seed)
    ensemble = _learnt(cohort, of, outer, run)
    progress.stage("Predicting the held-out patients", 0.75)
    held_out = out_of_fold(ensemble, cohort, of.values, outer)
    beside = baselines((ensemble, of.values, outer), cohort, run) if options.baselines else {}
    variables = ensemble.variables
    hashes = row_hashes(identified(cohort, ensemble.column, of.raw).table, variables)
    card = {"rows_digest": rows_digest(hashes, variables), "folds": len(outer)}

    def completed(evaluation: Evaluation) -> Evaluation:
        return replace(evaluation, notes=(*evaluation.notes, said, _told_genes(ensemble)))

    return Trained(
        ensemble, held_out, f"out-of-fold, {len(outer)} folds", beside, hashes, variables, card,
        completed,
    )  # fmt: skip


def _told_genes(ensemble: ExpressionEnsemble) -> str:
    read = [len(one.encoder.genes) for one in ensemble.folds]
    return (
        f"Of {len(ensemble.genes):,} genes each fold reads those that vary most among its own "
        f"training patients ({min(read):,} to {max(read):,}); no held-out patient, and no outcome, "
        "has a say in that."
    )


def _learnt(
    cohort: Cohort, of: Logarithms, outer: list[tuple[Rows, Rows]], run: Run
) -> ExpressionEnsemble:
    """All members of all folds."""
    options, outcome, target = run.options, cohort.chosen_outcome(), cohort.target()
    parts = tuple(entries(cohort, outer, MEMBERS, options.seed, MEMBERS))
    encoders, members = list[Encoder](), list[Member]()
    for fold, (training, _) in enumerate(outer):
        run.progress.stage(f"Ridge regression, fold {fold + 1}", 0.05 + 0.4 * fold / len(outer))
        _stopped(run.progress)
        encoder, coordinates = fit_encoder(of.values[training], options.genes_read)
        mine = [one for one in parts if one.fold == fold]
        part = part_of(encoder, coordinates, of.values, target.observed, (training, mine))
        members += [
            Member(fold, one, few)
            for one, few in zip(
                ridge_of_all(part, _outputs(outcome)),
                ridge_of_few(part, _outputs(outcome)),
                strict=True,
            )
        ]
        encoders.append(encoder)
    architecture, network = _network(cohort, of.values, (encoders, parts), run)
    ensemble = ExpressionEnsemble(
        outcome, tuple(v for v in cohort.inputs if v.kind is Kind.EXPRESSION), of.genes, of.scale,
        tuple(Fold(one, UNCHANGED) for one in encoders), tuple(members), architecture, network,
        np.zeros(len(outcome.labels)), synthesised(of.values, options.seed), np.inf,
        tuple(range(len(outer))),
    )  # fmt: skip
    ensemble = calibrated(ensemble, of.values, cohort, parts)
    spread = np.sqrt(ensemble.panel().var(axis=0, ddof=1).mean(axis=0))
    sizes = [ensemble.of_fold(fold).sizes(of.values[held]) for fold, (_, held) in enumerate(outer)]
    limit = BEYOND * float(np.quantile(np.concatenate(sizes), RARE))
    return replace(ensemble, spread=spread, limit=limit)


def _stopped(progress: Progress) -> None:
    if progress.stop() == "cancel":
        raise Cancelled


def _outputs(outcome: Any) -> int:
    return learning(outcome).outputs(outcome)


@dataclass(frozen=True)
class Part:
    """The training part of a fold.

    Attributes:
        genes: (n, q) standardised; ``coordinates`` of them.
        labels: (n,).
        inner: (learnt, left) rows among the n of each member.
    """

    genes: Doubles
    coordinates: Coordinates
    labels: NDArray[np.int64]
    inner: tuple[tuple[Rows, Rows], ...]


def part_of(
    encoder: Encoder, coordinates: Coordinates, values: Doubles, labels: NDArray[np.int64],
    rows: tuple[Rows, list[Entry]],
) -> Part:  # fmt: skip
    """Of all logarithms (n, p) and labels the training rows, and their inner parts."""
    training, entries_ = rows
    place = {int(row): k for k, row in enumerate(training)}
    inner = tuple(
        (
            np.array([place[int(row)] for row in one.training]),
            np.array([place[int(row)] for row in one.validation]),
        )
        for one in entries_
    )
    return Part(encoder.standardised(values[training]), coordinates, labels[training], inner)


def _fitted(columns: Doubles, labels: NDArray[np.int64], outputs: int, penalty: float) -> Linear:
    """By Newton's method where its matrix is small: a tenth of the time of a gradient's."""
    small = columns.shape[1] * outputs <= NEWTON
    # One product is too small to be shared by cores, which would wait for each other.
    with threadpool_limits(1):
        return regression(
            columns, labels, outputs, penalty, "newton-cholesky" if small else "lbfgs"
        )


def ridge_of_all(part: Part, outputs: int) -> list[Linear]:
    """A model of all genes for each inner part, with the one penalty by which the rows that were
    left out are told best."""
    rows, best, least = part.coordinates.rows, list[Linear](), np.inf
    for penalty in PENALTIES:
        found = [_fitted(rows[a], part.labels[a], outputs, penalty) for a, _ in part.inner]
        missed = sum(
            _missed(rows[left] @ one.weights + one.start, part.labels[left])
            for one, (_, left) in zip(found, part.inner, strict=True)
        )
        if missed < least - 1e-9:
            best, least = found, missed
    return [part.coordinates.of_genes(one) for one in best]


def ridge_of_few(part: Part, outputs: int) -> list[Linear]:
    """The same of the few genes that tell most. They are ranked anew by the rows that each model
    learns from, so that no row has a say in which genes it is told by."""
    ranked = [strongest(part.genes[a], part.labels[a]) for a, _ in part.inner]
    best, least = list[tuple[NDArray[np.int64], Linear]](), np.inf
    for few in FEW:
        for penalty in PENALTIES:
            found, missed = list[tuple[NDArray[np.int64], Linear]](), 0.0
            for order, (learnt, left) in zip(ranked, part.inner, strict=True):
                top = np.sort(order[:few])
                columns = part.genes[:, top] / np.sqrt(len(top))
                one = _fitted(columns[learnt], part.labels[learnt], outputs, penalty)
                missed += _missed(columns[left] @ one.weights + one.start, part.labels[left])
                found.append((top, one))
            if missed < least - 1e-9:
                best, least = found, missed
    return [_among(part.genes.shape[1], top, one) for top, one in best]


def _among(genes: int, top: NDArray[np.int64], one: Linear) -> Linear:
    """A model of some genes as one of all, where the others weigh nothing."""
    weights = np.zeros((genes, one.weights.shape[1]))
    weights[top] = one.weights / np.sqrt(len(top))
    return Linear(weights, one.start)


def _missed(logits: Doubles, labels: NDArray[np.int64]) -> float:
    """Summed log loss."""
    both = np.concatenate([np.zeros_like(logits), logits], axis=1) if logits.shape[1] == 1 else (
        logits
    )  # fmt: skip
    logs = both - np.logaddexp.reduce(both, axis=1, keepdims=True)
    return -float(logs[np.arange(len(labels)), labels].sum())


def _network(
    cohort: Cohort, values: Doubles, of: tuple[list[Encoder], tuple[Entry, ...]], run: Run
) -> tuple[Architecture | None, keras.Model | None]:
    """One network a member, packed as those of tables are, on the components of its fold."""
    encoders, parts = of
    options, outcome = run.options, cohort.chosen_outcome()
    if options.network.name == "ridge":
        return None, None
    width = min(COMPONENTS, *(one.axes.shape[1] for one in encoders))
    components = [one.standardised(values) @ one.axes[:, :width] for one in encoders]
    encoded = tuple(components[entry.fold].astype(np.float32) for entry in parts)
    weights = learning(outcome).weights(outcome, cohort.target(), False)
    material = Material(outcome, parts, encoded, width, cohort.target(), weights)
    architecture = Architecture("mlp", len(parts), width, 0, _outputs(outcome), members=1)
    network = build(architecture)
    plan = tables.recipe(len(cohort))
    tables.train_packed(
        network, material, plan, cast(Any, options), Stretch(run.progress, 0.43, 0.8)
    )
    return architecture, network


def calibrated(
    ensemble: ExpressionEnsemble, values: Doubles, cohort: Cohort, parts: tuple[Entry, ...]
) -> ExpressionEnsemble:
    """Each fold's sources weighed by the rows that validated its members."""
    kind, outcome, found = learning(ensemble.outcome), ensemble.outcome, list[Fold]()
    target, patients = cohort.target(), cohort.patients()
    for number, fold in enumerate(ensemble.folds):
        said, agrees = [], []
        mine = [one for one in parts if one.fold == number]
        for position, entry in enumerate(mine):
            each = ensemble.of_fold(number).said(values[entry.validation])
            said.append(each[:, position])
            agrees.append(kind.compatible(outcome, target.select(entry.validation)))
        sources = np.concatenate(said, axis=1)
        rows = np.concatenate([one.validation for one in mine])
        deviation = doubted(len(rows), len(np.unique(patients[rows])))
        fitted = fit_calibration(sources[0], np.concatenate(agrees), list(sources[1:]), deviation)
        found.append(replace(fold, calibration=fitted))
    return replace(ensemble, folds=tuple(found))


def out_of_fold(
    ensemble: ExpressionEnsemble, cohort: Cohort, values: Doubles, outer: list[tuple[Rows, Rows]]
) -> Predictions:
    """Each row by the fold that never saw it."""
    shape = (len(cohort), len(ensemble.outcome.labels))
    value, low, high = (np.empty(shape) for _ in range(3))
    folds = np.empty(len(cohort), dtype=np.int64)
    for fold, (_, held) in enumerate(outer):
        said = ensemble.of_fold(fold).risks(values[held])
        (value[held], low[held], high[held]), folds[held] = said, fold
    return Predictions(
        tuple(cohort.patients()), ensemble.outcome.labels, value, low, high,
        cohort.target().observed, np.zeros(len(cohort), dtype=bool), INTERVAL,
        folds=tuple(folds.tolist()), panel=ensemble.panel(),
    )  # fmt: skip


def synthesised(values: Doubles, seed: int) -> Doubles:
    """(b, p) logarithms that are nobody's: drawn along the first components of all patients, with
    what these leave of each gene drawn for itself."""
    draw = np.random.default_rng(seed)
    counts = np.isfinite(values).sum(axis=0)
    centre = np.where(counts, np.nansum(values, axis=0) / np.maximum(counts, 1), 0.0)
    found = np.nan_to_num(values - centre, nan=0.0)
    sizes, left = np.linalg.eigh(found @ found.T)
    kept = np.argsort(-sizes)[: min(OF_BACKGROUND, len(values) - 1)]
    axes = left[:, kept].T @ found / np.sqrt(len(values))
    rest = np.sqrt(np.maximum((found**2).mean(axis=0) - (axes**2).sum(axis=0), 0.0))
    drawn = draw.standard_normal((BACKGROUND, len(kept))) @ axes
    return np.asarray(centre + drawn + rest * draw.standard_normal((BACKGROUND, len(centre))))
