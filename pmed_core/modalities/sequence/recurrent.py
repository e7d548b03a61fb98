"""Recurrent motifs of a cohort: each sequence is explained by the fold that never saw it, what
matters is cut out and grouped, and a pattern counts where it tells outcomes apart."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.stats import hypergeom

from pmed_core.cohort import Cohort
from pmed_core.errors import Cancelled, UserError
from pmed_core.modalities.contracts import NOBODY
from pmed_core.modalities.sequence.ensemble import SequenceEnsemble, letters
from pmed_core.modalities.sequence.letters import FRACTIONS, Codes, offset
from pmed_core.modalities.sequence.motifs import LEVEL, Motif, Motifs, Place
from pmed_core.modalities.sequence.mutating import contributions
from pmed_core.modalities.sequence.seqlets import Pattern, patterns, seqlets, shares
from pmed_core.modalities.sequence.similar import grouped
from pmed_core.outcomes.kinds import learning
from pmed_core.progress import Progress

LETTERS_AT_MOST = 60_000_000
"""Letters that a network reads for all exchanges: fewer sequences of long ones are looked at."""
FEWEST, LEAST, SHARE = 20, 8, 0.02
"""Sequences that can be looked at; those in which a pattern must recur, and of many the share."""
AT_ONCE = 2_000_000
"""Letters that are asked about before anything is told, or stopped."""
Doubles = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Explained:
    """n sequences and what each of their letters adds.

    Attributes:
        codes: (n, length).
        contribution: (n, length, k).
        has: (n, k) whether each has the label.
        names: (n,) ids; lengths: (n,) of whole sequences.
    """

    codes: Codes
    contribution: Doubles
    has: NDArray[np.bool_]
    names: tuple[str, ...]
    lengths: NDArray[np.int64]


def recurrent(
    ensemble: SequenceEnsemble,
    cohort: Cohort,
    folds: NDArray[np.int64],
    asked: tuple[int, Progress],
) -> Motifs:
    """Of the rows of a cohort and the fold that held each out (``NOBODY``: all folds speak);
    ``asked``: sequences at the most, and who is told.

    Raises ``UserError`` where there are too few, and ``Cancelled`` where ``progress`` says so.
    """
    progress = asked[1]
    progress.stage("Choosing sequences", 0.01)
    has = _labels(ensemble, cohort)
    rows = _chosen(ensemble, cohort, has, asked[0])
    told = _explained(ensemble, cohort.select(rows), (folds[rows], has[rows]), progress)
    progress.stage("Looking for what recurs", 0.9)
    return found_in(told, ensemble, len(cohort))


def _labels(ensemble: SequenceEnsemble, cohort: Cohort) -> NDArray[np.bool_]:
    """(n, k) whether each row has each label, which are the last cells of the outcome."""
    outcome = ensemble.outcome
    cells = learning(outcome).compatible(outcome, cohort.target())
    return np.asarray(cells[:, -len(outcome.labels) :] == 1, dtype=bool)


def _chosen(
    ensemble: SequenceEnsemble, cohort: Cohort, has: NDArray[np.bool_], at_most: int
) -> NDArray[np.int64]:  # fmt: skip
    """Rows to look at: one of each group of similar ones, and as many of each label as there are,
    so that a rare one is seen."""
    texts = [letters(cell) for cell in cohort.table[ensemble.column]]
    length = max(1, min(ensemble.length, max(map(len, texts), default=1)))
    many = max(FEWEST, min(at_most, LETTERS_AT_MOST // (3 * length * length)))
    order = np.random.default_rng(0).permutation(len(texts))
    order = order[np.array([len(one) for one in texts])[order] > 0]
    group = grouped(texts)[0]
    order = order[np.sort(np.unique(group[order], return_index=True)[1])]
    # The k-th of each label comes before the next of any.
    label = (has * (1 + np.arange(has.shape[1]))).max(axis=1)[order]
    place = np.empty(len(order), dtype=np.int64)
    for one in np.unique(label):
        place[label == one] = np.arange((label == one).sum())
    rows = np.sort(order[np.argsort(place, kind="stable")[:many]])
    if len(rows) < FEWEST:
        raise UserError(
            f"There are only {len(rows)} different sequences with a known outcome here",
            cohort.name, f"Motifs are looked for in {FEWEST} or more.",
        )  # fmt: skip
    return rows


def _explained(
    ensemble: SequenceEnsemble, cohort: Cohort, of: tuple[NDArray[np.int64], NDArray[np.bool_]],
    progress: Progress,
) -> Explained:  # fmt: skip
    folds, has = of
    cells = list(cohort.table[ensemble.column])
    codes = ensemble.codes(cells)
    found, done = np.zeros((*codes.shape, has.shape[1])), 0
    step = max(1, AT_ONCE // (3 * codes.shape[1] ** 2))
    for fold in np.unique(folds):
        mine = np.flatnonzero(folds == fold)
        part = ensemble if fold == NOBODY else ensemble.of_fold(int(fold))
        for start in range(0, len(mine), step):
            if progress.stop():
                raise Cancelled
            now = mine[start : start + step]
            found[now] = contributions(part, codes[now])
            done += len(now)
            progress.stage(
                f"Exchanging letters, {done:,} of {len(codes):,} sequences",
                0.02 + 0.88 * done / len(codes),
            )
    lengths = np.array([len(letters(cell)) for cell in cells])
    return Explained(codes, found, has, tuple(map(str, cohort.patients())), lengths)


def found_in(told: Explained, ensemble: SequenceEnsemble, of: int) -> Motifs:
    """The motifs of explained sequences."""
    outcome = ensemble.outcome
    counts = FRACTIONS[told.codes].astype(np.float64).sum(axis=(0, 1))
    both = any(fold.words.both for fold in ensemble.folds)
    if both:
        counts = counts + counts[::-1]
    background = (counts + 1) / (counts + 1).sum()
    least = max(LEAST, round(SHARE * len(told.codes)))
    candidates = [
        (k, raises, one)
        for k in range(len(outcome.labels)) for raises in (True, False)
        for one in patterns(
            told.codes, seqlets(told.codes, told.contribution[..., k] * (1 if raises else -1)),
            least, both=both, background=background,
        )
    ]  # fmt: skip
    motifs = [
        _motif(
            told, (outcome.labels[k], raises), one, (told.has[:, k], background, len(candidates))
        )
        for k, raises, one in candidates
    ]
    return Motifs(
        tuple(one for one in motifs if one.p <= LEVEL), len(told.codes), of,
        tuple(zip(outcome.labels, told.has.sum(axis=0).tolist(), strict=True)), len(candidates),
        least, background, both,
    )  # fmt: skip


def _motif(
    told: Explained, what: tuple[str, bool], pattern: Pattern,
    of: tuple[NDArray[np.bool_], Doubles, int],
) -> Motif:  # fmt: skip
    """A pattern, and whether sequences that have the label have it more often: which the models
    that found it do not know, for none of them saw the sequence that it explains."""
    (label, raises), (has, background, tested) = what, of
    within, others = int(has[pattern.rows].sum()), int((~has[pattern.rows]).sum())
    more, mine = (within, has.sum()) if raises else (others, (~has).sum())
    p = float(hypergeom.sf(more - 1, len(has), len(pattern.rows), mine))
    return Motif(
        label, raises, shares(pattern.counts, background), within, others, min(1.0, p * tested),
        tuple(_place(told, *one) for one in zip(pattern.row.tolist(), pattern.start.tolist(),
                                                pattern.turned.tolist(), strict=True)),
    )  # fmt: skip


def _place(told: Explained, row: int, start: int, turned: bool) -> Place:
    """In the whole sequence, which may have been cropped."""
    first, before = offset(int(told.lengths[row]), told.codes.shape[1])
    return Place(told.names[row], max(1, start - before + first + 1), "-" if turned else "+")
