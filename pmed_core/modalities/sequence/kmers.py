"""Linear models of sequences: how often each short word of letters occurs, and which base stands
where. Kept as plain arrays; scikit-learn only fits them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray
from scipy.special import log_softmax
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GroupKFold

from pmed_core.modalities.sequence.letters import FRACTIONS, Codes, other_strand

Doubles = NDArray[np.float64]
Split = list[tuple[NDArray[np.int64], NDArray[np.int64]]]
SIZES = ((2, 3), (3, 4, 5), (4, 5, 6))
"""Lengths of words that are counted together."""
PENALTIES = (3e-4, 1e-3, 1e-2)
AT_POSITIONS = 0.03
"""Inverse strengths of the ridge penalty; of bases at positions."""
STRANDS_ON, CHOSEN_ON, PARTS, FEW = 6000, 2000, 3, 400
"""Rows of a training part by which strands and words are chosen, and parts of them; of few rows
short words are counted."""
WHICH = (3, 4, 5), 1e-3
"""Words and penalty by which it is chosen whether strands mean the same."""
NEVER = -30.0
"""Logit of a class that nobody had."""
LEAST_SPREAD = 0.1
ROWS_AT_ONCE = 4096
_BASE = np.full(16, -1)
_BASE[[1, 2, 4, 8]] = range(4)


def counted_words(codes: Codes, size: int) -> sp.csr_matrix:
    """(n, length) -> (n, 4 ** size) how often each word occurs, as if each sequence had as many
    places for it as there are; words with an ambiguous letter are not counted."""
    bases = _BASE[codes]
    places = max(0, bases.shape[1] - size + 1)
    words = np.zeros((len(codes), places), dtype=np.int64)
    known = np.ones(words.shape, dtype=bool)
    for shift in range(size):
        part = bases[:, shift : shift + places]
        words, known = words * 4 + part, known & (part >= 0)
    rows = np.nonzero(known)[0]
    many = np.bincount(rows, minlength=len(codes))
    each = (places / np.maximum(many, 1))[rows]
    return sp.csr_matrix((each, (rows, words[known])), shape=(len(codes), 4**size))


def features(codes: Codes, sizes: Sequence[int], both: bool) -> sp.csr_matrix:
    """(n, length) -> (n, words); with ``both`` those of the other strand are counted too."""
    each = [counted_words(codes, size) for size in sizes]
    if both:
        turned = other_strand(codes)
        each = [(one + counted_words(turned, k)) / 2 for one, k in zip(each, sizes, strict=True)]
    return sp.hstack(each).tocsr()


@dataclass(frozen=True)
class Linear:
    """A weight for each feature, and where they start.

    Attributes:
        weights: (d, outputs).
        start: (outputs,).
    """

    weights: Doubles
    start: Doubles


@dataclass(frozen=True)
class Words:
    """Which words are counted, and on which strands."""

    sizes: tuple[int, ...]
    both: bool
    penalty: float

    @property
    def count(self) -> int:
        """Features."""
        return sum(4**size for size in self.sizes)

    def logits(self, of: Linear, codes: Codes) -> Doubles:
        """(n, length) -> (n, outputs)."""
        parts = [
            features(codes[k : k + ROWS_AT_ONCE], self.sizes, self.both) @ of.weights + of.start
            for k in range(0, len(codes), ROWS_AT_ONCE)
        ]
        return np.concatenate(parts or [np.empty((0, len(of.start)))])


NO_WORDS = Words((), False, 1.0)
"""Where letters are read as they are given, and none are counted."""


def position_logits(of: Linear, codes: Codes) -> Doubles:
    """(n, length) -> (n, outputs) of a base at each position."""
    return np.asarray(_at_positions(codes) @ of.weights + of.start)


def _at_positions(codes: Codes) -> NDArray[np.float32]:
    found: NDArray[np.float32] = FRACTIONS[codes].reshape(len(codes), -1)
    return found


def fit_words(words: Words, codes: Codes, labels: NDArray[np.int64], outputs: int) -> Linear:
    """Of labels 0, 1, …: logistic regression with a ridge penalty, words scaled by their spread."""
    columns = features(codes, words.sizes, words.both)
    return _fit_scaled(columns, labels, outputs, words.penalty)


def _fit_scaled(
    columns: sp.csr_matrix, labels: NDArray[np.int64], outputs: int, penalty: float
) -> Linear:
    mean = np.asarray(columns.mean(axis=0)).ravel()
    square = np.asarray(columns.multiply(columns).mean(axis=0)).ravel()
    scale = 1 / np.maximum(np.sqrt(np.maximum(square - mean**2, 0)), LEAST_SPREAD)
    found = regression(columns @ sp.diags(scale), labels, outputs, penalty)
    return Linear(found.weights * scale[:, None], found.start)


def fit_positions(codes: Codes, labels: NDArray[np.int64], outputs: int) -> Linear:
    """The same of the base at each position."""
    return regression(_at_positions(codes), labels, outputs, AT_POSITIONS)


def regression(
    columns: sp.csr_matrix | NDArray[np.float32],
    labels: NDArray[np.int64],
    outputs: int,
    penalty: float,
    solver: str = "lbfgs",
) -> Linear:
    """Ridge logistic regression of labels 0, 1, …; ``penalty`` is inverse, ``solver`` one of
    scikit-learn's."""
    model = LogisticRegression(C=penalty, tol=1e-3, max_iter=60, solver=solver)
    model.fit(columns, labels)
    weights = np.zeros((columns.shape[1], max(outputs, 2)))
    start = np.full(max(outputs, 2), NEVER)
    if len(model.classes_) == 2:
        weights[:, model.classes_] = np.stack([-model.coef_[0], model.coef_[0]], axis=1) / 2
        start[model.classes_] = np.array([-1, 1]) * model.intercept_[0] / 2
    else:
        weights[:, model.classes_], start[model.classes_] = model.coef_.T, model.intercept_
    if outputs == 1:
        return Linear(weights[:, 1:] - weights[:, :1], start[1:] - start[:1])
    return Linear(weights, start)


def choose(
    codes: Codes,
    labels: NDArray[np.int64],
    owners: NDArray[np.str_],
    strands: str,
    seed: int,
) -> Words:
    """Which words foretell rows best that were left out of a training part, and whether on one
    strand ("one"), on both ("both"), or as well ("auto")."""
    order = np.random.default_rng(seed).permutation(len(codes))
    rows = np.sort(order[:STRANDS_ON])
    both = strands == "both"
    if strands == "auto":
        missed = [
            _missed(features(codes[rows], WHICH[0], each), labels[rows], WHICH[1],
                    _split(owners[rows], seed))
            for each in (False, True)
        ]  # fmt: skip
        both = missed[1] < missed[0]
    rows, found = np.sort(order[:CHOSEN_ON]), dict[Words, float]()
    split = _split(owners[rows], seed)
    for each in SIZES[:2] if len(codes) < FEW else SIZES[1:]:
        columns = features(codes[rows], each, both)
        for penalty in PENALTIES:
            found[Words(each, both, penalty)] = _missed(columns, labels[rows], penalty, split)
    return min(found, key=lambda words: found[words])


def _split(owners: NDArray[np.str_], seed: int) -> Split:
    parts = GroupKFold(min(PARTS, len(np.unique(owners))), shuffle=True, random_state=seed)
    return list(parts.split(owners, groups=owners))


def _missed(
    columns: sp.csr_matrix,
    labels: NDArray[np.int64],
    penalty: float,
    split: Split,
) -> float:
    """Mean log loss of rows that were left out."""
    outputs, total = max(2, int(labels.max()) + 1), 0.0
    for training, held in split:
        if len(np.unique(labels[training])) < 2:
            continue
        fitted = _fit_scaled(columns[training], labels[training], outputs, penalty)
        said = columns[held] @ fitted.weights + fitted.start
        total -= float(log_softmax(said, axis=1)[np.arange(len(held)), labels[held]].sum())
    return total / len(labels)
