"""Sequences that are nobody's: letters drawn as they follow each other in training."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from pmed_core.modalities.sequence.kmers import counted_words
from pmed_core.modalities.sequence.letters import Codes


def synthesise(codes: Codes, rows: int, seed: int) -> Codes:
    """(n, length) -> (rows, length) of a Markov chain whose next letter hangs on the last two;
    empty where most of training is, so that lengths are alike."""
    words = np.asarray(counted_words(codes, 3).sum(axis=0)).reshape(16, 4) + 1.0
    chances = words / words.sum(axis=1, keepdims=True)
    ends, draw = chances.cumsum(axis=1), np.random.default_rng(seed)
    found = np.zeros((rows, codes.shape[1]), dtype=np.int64)
    found[:, :2] = draw.integers(0, 4, (rows, min(2, codes.shape[1])))
    for place in range(2, codes.shape[1]):
        before = found[:, place - 2] * 4 + found[:, place - 1]
        found[:, place] = (draw.random((rows, 1)) > ends[before]).sum(axis=1).clip(0, 3)
    return np.asarray(_with_gaps((1 << found).astype(np.uint8), codes))


def _with_gaps(found: Codes, codes: Codes) -> NDArray[np.uint8]:
    there = (codes > 0).mean(axis=0) >= 0.5
    return np.where(there, found, 0).astype(np.uint8)
