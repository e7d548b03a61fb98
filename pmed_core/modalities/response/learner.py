"""How drug response is learnt: pairs are split as the question asks, drugs and factors are fitted
first, networks learn beside them, and how much they count is chosen within the training part."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import cast

import keras
import numpy as np
import pandas as pd
from numpy.typing import NDArray
from sklearn.model_selection import GroupKFold

from pmed_core.cohort import Cohort
from pmed_core.errors import UserError
from pmed_core.modalities.contracts import Run, Trained
from pmed_core.modalities.molecule.domain import Domain, learn_domain
from pmed_core.modalities.molecule.features import environments, features
from pmed_core.modalities.molecule.structures import alike
from pmed_core.modalities.response import Response, columns_of
from pmed_core.modalities.response import network as networks
from pmed_core.modalities.response.baselines import baselines, naive
from pmed_core.modalities.response.ensemble import (
    Fold,
    Known,
    Pairs,
    ResponseEnsemble,
    digests,
    of_pairs,
)
from pmed_core.modalities.response.evaluation import completing
from pmed_core.modalities.response.factors import (
    GENES,
    Encoder,
    Factors,
    encoder,
    factors,
    shares,
    structures,
    weights_of,
)
from pmed_core.modalities.response.intervals import NOTHING, ends
from pmed_core.modalities.response.novelty import novelty
from pmed_core.modalities.response.options import ResponseOptions
from pmed_core.modalities.response.tissues import Tissues, enough, tissues
from pmed_core.modalities.tabular.membership import row_hashes, rows_digest
from pmed_core.outcomes import Number
from pmed_core.outcomes.kinds import learning
from pmed_core.predictions import Predictions
from pmed_core.progress import Progress
from pmed_core.quantity import counted
from pmed_core.systems import refuse_unlearnt
from pmed_core.variable import Kind

Doubles = NDArray[np.float64]
Split = list[tuple[NDArray[np.int64], NDArray[np.int64]]]
NETWORKS, INNER, COMPONENTS = 2, 5, 256
"""Networks of a fold, each stopped by another of so many inner parts, and what they read."""
BLENDS = np.linspace(0, 1, 11)
FEWEST_LINES, FEWEST_DRUGS = 20, 2


def trainable(cohort: Cohort, progress: Progress) -> Cohort:
    """The pairs that can be learnt from; raises ``UserError`` where there are too few."""
    refuse_unlearnt(
        Response(), cohort, "profiles and drugs",
        "Choose a number as the outcome.",
    )  # fmt: skip
    profile, molecule = columns_of(cohort.inputs)
    if not molecule:
        raise UserError(
            "No column holds the structures of the drugs", cohort.name,
            "Join a file of drug and SMILES (in the shell --join drug=drugs.csv).",
        )  # fmt: skip
    known = cohort.labelled()
    _say_what_is_left_out(cohort, known, (profile, molecule), progress)
    table = known.table
    known = known.select((table[profile].notna() & table[molecule].notna()).to_numpy())
    lines, drugs = known.table[profile].nunique(), known.table[molecule].nunique()
    if lines < FEWEST_LINES or drugs < FEWEST_DRUGS:
        raise UserError(
            f"Only {counted(lines, 'profile')} and {counted(drugs, 'drug')} can be learnt from",
            cohort.name, f"At least {FEWEST_LINES} profiles and {FEWEST_DRUGS} drugs are needed.",
        )  # fmt: skip
    return known


def _say_what_is_left_out(
    cohort: Cohort, known: Cohort, columns: tuple[str, str], progress: Progress
) -> None:
    without = {
        "an outcome": len(cohort) - len(known),
        "a profile": int(known.table[columns[0]].isna().sum()),
        "a structure": int(known.table[columns[1]].isna().sum()),
    }
    for what, rows in without.items():
        if rows:
            progress.note(f"{counted(rows, 'row')} without {what} {'is' if rows == 1 else 'are'} "
                          "left out.")  # fmt: skip
    others = [v.name for v in cohort.inputs if v.name not in columns]
    if others:
        progress.note(
            f"The model reads profiles and structures alone, and not {', '.join(others[:5])}"
            f"{' …' * (len(others) > 5)}."
        )


def _say_what_is_summed_up(cohort: Cohort, of: Measured, progress: Progress) -> None:
    """Pairs that were measured more than once, and genes that are not read."""
    pairs = pd.DataFrame({"line": of.pairs.line, "drug": of.pairs.drug})
    if again := int(pairs.duplicated().sum()):
        progress.note(
            f"{counted(again, 'row')} {'repeats' if again == 1 else 'repeat'} a pair of the same "
            "profile and structure: the mean of each pair is learnt."
        )
    given = len(cohort.profiles.names) if cohort.profiles else 0
    if given > len(of.genes):
        progress.note(
            f"Of {given:,} measurements of each profile the {len(of.genes):,} that vary most are "
            "read."
        )
    if of.tissues is not None:
        progress.note(of.tissues.sentence)


@dataclass(frozen=True)
class Measured:
    """The pairs as a table of lines and drugs.

    Attributes:
        values: (m, p) profiles by ``genes``; ``kind`` (p,) of each of these.
        pairs: of the cohort's rows, all of which have both.
        similar: (d, d) of the drugs.
        actual: (n,) what was measured.
        tissues: of the m lines; None where nothing tells.
    """

    genes: tuple[str, ...]
    values: Doubles
    pairs: Pairs
    similar: Doubles
    actual: Doubles
    kind: NDArray[np.int64]
    tissues: Tissues | None = None

    def responses(self, rows: NDArray[np.int64]) -> Doubles:
        """(m, d) the mean of what was measured of each pair in these rows; NaN elsewhere."""
        shape = (len(self.values), len(self.similar))
        total, many = np.zeros(shape), np.zeros(shape)
        where = (self.pairs.line[rows], self.pairs.drug[rows])
        np.add.at(total, where, self.actual[rows])
        np.add.at(many, where, 1)
        return np.where(many > 0, total / np.maximum(many, 1), np.nan)


def measured(
    cohort: Cohort, outcome: Number, seed: int, tissue: str = ""
) -> tuple[Measured, Domain]:
    """Everything that is learnt from, and which drugs these are; ``tissue``: as ``tissues``."""
    pairs = of_pairs(cohort, cohort.inputs)
    assert cohort.profiles is not None  # noqa: S101 - ``trainable`` looked
    values = np.asarray(cohort.profiles.values, dtype=np.float64)[pairs.used]
    chosen = _varying(values, cohort.profiles.kind_of_each)
    domain = learn_domain(environments(features(list(pairs.smiles))), seed)
    similar = domain.similarities(domain.environments)
    actual = outcome.target(cohort.table).actual[:, 0]
    genes = tuple(cohort.profiles.names[column] for column in chosen)
    lines = pd.Series([cohort.profiles.ids[row] for row in pairs.used], dtype="str")
    found = tissues(cohort, columns_of(cohort.inputs)[0], lines, tissue)
    kind = cohort.profiles.kind_of_each[chosen]
    return Measured(genes, values[:, chosen], pairs, similar, actual, kind, found), domain


def _varying(values: Doubles, kind: NDArray[np.int64]) -> NDArray[np.int64]:
    """Places of the measurements that vary most, as many at the most of each kind."""
    spread, count = np.nan_to_num(np.nanvar(values, axis=0)), int(kind.max()) + 1
    each = [np.flatnonzero(kind == k) for k in range(count)]
    most = [one[np.argsort(-spread[one], kind="stable")[: GENES // count]] for one in each]
    return np.sort(np.concatenate(most))


def trained(cohort: Cohort, run: Run) -> Trained:
    """Split, train, and predict what was held out once; raises ``UserError`` and ``Cancelled``."""
    options, progress = run.options, run.progress
    progress.stage("Computing the features of drugs", 0.02)
    outcome = learning(cohort.chosen_outcome()).settled(cohort.chosen_outcome(), cohort.target())
    cohort = replace(cohort, outcome=outcome)
    of, domain = measured(cohort, outcome, options.seed, options.tissue)
    _say_what_is_summed_up(cohort, of, progress)
    if options.split == "tissue":
        enough(of.tissues, cohort.name)
    parts = _split(of, options.split, options.folds, options.seed)
    fits = [_fitted(of, rows) for rows, _ in parts]
    ensemble = replace(_ensemble(cohort, of, (parts, fits), run), domain=domain)
    said, means = _out_of_fold(ensemble, of, parts), naive(of, parts)
    ensemble = replace(
        ensemble, ends=ends(np.stack([said, means]), of.actual, of.pairs.drug, len(of.similar))
    )
    held_out = _predictions(ensemble, cohort, of, (said, parts))
    beside = {}
    if options.baselines:
        progress.stage("Training the baselines", 0.85)
        beside = baselines(of, parts, options, held_out)
    hashes = row_hashes(cohort.table, ensemble.variables)
    card = {
        "rows_digest": rows_digest(hashes, ensemble.variables), "split": options.split,
        "lines": len(of.values),
    }  # fmt: skip
    by = options.split.replace("_", " ")
    return Trained(
        ensemble, held_out, f"out-of-fold, {len(parts)} folds by {by}", beside, hashes,
        ensemble.variables, card, completing(
            of.pairs, means, held_out, (beside, options.split),
            (*((of.tissues.sentence,) if of.tissues else ()), *_what_counts(cohort, fits)),
        ),
    )  # fmt: skip


def _ensemble(
    cohort: Cohort, of: Measured, learnt: tuple[Split, list[_Fit]], run: Run
) -> ResponseEnsemble:
    """All folds, before anything is known of what they miss."""
    options, (parts, fits) = run.options, learnt
    network, blends = None, [0.0] * len(parts)
    if options.network.name == "towers":
        limits = networks.until(options.time_limit_minutes), options.seed
        network, blends = _with_networks(of, fits, limits, run.progress)
    inputs = {v.kind: v for v in cohort.inputs}
    strange = novelty(
        [
            (of.values[np.unique(of.pairs.line[held])], fit.encoder)
            for (_, held), fit in zip(parts, fits, strict=True)
        ]
    )
    known = Known(_names(cohort, of.pairs), of.pairs.smiles, _own_lines(of, options))
    return ResponseEnsemble(
        cast(Number, cohort.outcome), (inputs[Kind.PROFILE], inputs[Kind.MOLECULE]), of.genes,
        tuple(_fold(of, *one) for one in zip(fits, blends, strict=True)), known, network,
        Domain(np.empty((0, 0), np.uint8), 0.0), strange, NOTHING, tuple(range(len(parts))),
    )  # fmt: skip


def _what_counts(cohort: Cohort, fits: list[_Fit]) -> tuple[str, ...]:
    """How much each kind of measurement does, where there are several."""
    kinds = cohort.profiles.kinds if cohort.profiles else ()
    if len(kinds) < 2:
        return ()
    counts = np.median([fit.share for fit in fits], axis=0)
    each = ", ".join(f"'{name}' {n:g}" for (name, _), n in zip(kinds, counts, strict=True))
    return (
        f"Profiles hold {len(kinds)} kinds of measurement. How much each counts was chosen within "
        f"each training part, by lines left out: {each} (median over folds).",
    )


def _split(of: Measured, split: str, folds: int, seed: int) -> Split:
    """(training, held out) rows of each fold; what the question keeps together stays together."""
    line, drug = of.pairs.line, of.pairs.drug
    same = pd.factorize(np.array([alike(one) for one in of.pairs.smiles], dtype=object))[0]
    owners = {"cell_line": line, "drug": same[drug], "pair": line * len(of.similar) + drug}
    if of.tissues is not None:
        owners["tissue"] = of.tissues.of[line]
    mine = owners[split]
    count = min(folds, len(np.unique(mine)))
    parts = GroupKFold(count, shuffle=True, random_state=seed).split(mine, groups=mine)
    return [(training.astype(np.int64), held.astype(np.int64)) for training, held in parts]


@dataclass(frozen=True)
class _Fit:
    """Of one fold: its lines (m,) of all, and what was fitted to them; ``share`` of each kind."""

    lines: NDArray[np.int64]
    encoder: Encoder
    components: Doubles
    responses: Doubles
    factors: Factors
    share: Doubles


def _fitted(of: Measured, rows: NDArray[np.int64]) -> _Fit:
    responses = of.responses(rows)
    lines = np.flatnonzero(np.isfinite(responses).any(axis=1))
    share = shares(of.values[lines], of.kind, responses[lines])
    encoded = encoder(of.values[lines], weights_of(share, of.kind))
    components = encoded(of.values)
    found = factors(components[lines], responses[lines])
    return _Fit(lines, encoded, components, responses, found, share)


def _fold(of: Measured, fit: _Fit, blend: float) -> Fold:
    """As the ensemble keeps it; drugs that nobody measured as their structures tell."""
    found = fit.factors
    told = structures(of.similar, found.drugs, found.measured)
    new = told(of.similar)
    drugs = replace(
        found.drugs,
        mean=np.where(found.measured, found.drugs.mean, new.mean),
        spread=np.where(found.measured, found.drugs.spread, new.spread),
        loadings=np.where(found.measured, found.drugs.loadings, new.loadings),
    )
    own = np.zeros((len(of.values), found.own.shape[1]))
    own[fit.lines] = found.own
    return Fold(fit.encoder, drugs, found.measured, told, found.weights, found.start, blend, own)


def _own_lines(of: Measured, options: ResponseOptions) -> NDArray[np.uint64]:
    """Lines whose own measurements count: none where the question is about new ones."""
    return np.empty(0, dtype=np.uint64) if options.of_new_lines else digests(of.values)


def _names(cohort: Cohort, pairs: Pairs) -> tuple[str, ...]:
    """Of the drugs: as a column of text tells them one by one, else their structures."""
    table = cohort.table.iloc[pairs.rows]
    for variable in cohort.variables:
        if variable.kind in (Kind.CATEGORY, Kind.IDENTIFIER) and variable.name != cohort.patient:
            told = table[variable.name].groupby(pairs.drug)
            if (told.nunique(dropna=False) == 1).all():
                first = told.first()
                if first.notna().all() and first.is_unique:
                    return tuple(map(str, first))
    return pairs.smiles


def _with_networks(
    of: Measured, fits: list[_Fit], limits: tuple[float, int], progress: Progress
) -> tuple[keras.Model, list[float]]:
    """The networks of all folds, and how much those of each count."""
    material = _material(of, fits, limits[1])
    shape = networks.Shape(
        len(fits) * NETWORKS, material.components.shape[2], material.loadings.shape[1]
    )
    network = networks.train(shape, material, limits[0], limits[1], progress)
    told = networks.told(network, material.components)
    blends = []
    for fold, fit in enumerate(fits):
        known, mine = [], []
        linear = np.zeros((len(of.values), shape.factors))
        linear[fit.lines] = fit.factors.left_out
        for j in range(fold * NETWORKS, (fold + 1) * NETWORKS):
            there = np.isfinite(material.validation[:, j])
            pair = np.stack([linear, told[:, j]]) @ fit.factors.drugs.loadings
            mine.append(pair[:, there])
            known.append(material.validation[:, j][there])
        said, actual = np.concatenate(mine, axis=1), np.concatenate(known)
        errors = [(((1 - b) * said[0] + b * said[1] - actual) ** 2).sum() for b in BLENDS]
        blends.append(float(BLENDS[int(np.argmin(errors))]))
    return network, blends


def _material(of: Measured, fits: list[_Fit], seed: int) -> networks.Material:
    many, wide = len(fits) * NETWORKS, len(fits[0].factors.start)
    count = min(COMPONENTS, *(fit.components.shape[1] for fit in fits))
    table = np.full((len(of.values), many, len(of.similar)), np.nan, np.float32)
    found = networks.Material(
        np.zeros((len(of.values), many, count), np.float32), table, table.copy(),
        np.zeros((many, wide, len(of.similar)), np.float32),
    )  # fmt: skip
    for j in range(many):
        fit = fits[j // NETWORKS]
        inner = np.random.default_rng((seed, j // NETWORKS)).permutation(len(fit.lines)) % INNER
        stopping = fit.lines[inner == j % NETWORKS]
        learning_ = fit.lines[inner != j % NETWORKS]
        spreads = (fit.responses - fit.factors.drugs.mean) / fit.factors.drugs.spread
        found.components[:, j] = fit.components[:, :count] * networks.SCALE
        found.responses[learning_, j] = spreads[learning_]
        found.validation[stopping, j] = spreads[stopping]
        found.loadings[j] = fit.factors.drugs.loadings
    return found


def _out_of_fold(ensemble: ResponseEnsemble, of: Measured, parts: Split) -> Doubles:
    """(n,) each pair by the fold that never saw it."""
    said, asked = np.empty(len(of.actual)), ensemble.asked(of.pairs.smiles)
    for fold, (_, held) in enumerate(parts):
        told = ensemble.of_fold(fold).table(of.values, asked)
        said[held] = told[of.pairs.line[held], of.pairs.drug[held]]
    return said


def _predictions(
    ensemble: ResponseEnsemble, cohort: Cohort, of: Measured, told: tuple[Doubles, Split]
) -> Predictions:
    """What was said out of fold, as predictions of the cohort's rows."""
    said, parts = told
    value, low, high = ensemble.ends.of(said, of.pairs.drug, ensemble.outcome)
    folds = np.empty(len(said), dtype=np.int64)
    for fold, (_, held) in enumerate(parts):
        folds[held] = fold
    target = cohort.target()
    return Predictions(
        tuple(cohort.patients()), ensemble.outcome.labels, value[:, None], low[:, None],
        high[:, None], target.observed, np.zeros(len(said), dtype=bool),
        ensemble.outcome.interval, folds=tuple(folds.tolist()), actual=target.actual,
        of=Response.one,
    )  # fmt: skip
