"""What recurs in the sequences of a cohort wherever a model relies on it, as data."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, Literal

import numpy as np

from pmed_core.arrays import Floats
from pmed_core.modalities.sequence.mutagenesis import BASES

SEQUENCES_AT_MOST = 400
LEVEL = 0.01
"""Chance at which a cohort without signal shows a motif."""
KEPT = "motifs"
"""Under which they are kept with a model."""
LIKELY, POSSIBLE = 0.6, 0.25
_CODES = {frozenset(bases): code for code, bases in {
    "A": "A", "C": "C", "G": "G", "T": "T", "R": "AG", "Y": "CT", "S": "CG", "W": "AT", "K": "GT",
    "M": "AC", "B": "CGT", "D": "AGT", "H": "ACT", "V": "ACG", "N": "ACGT",
}.items()}  # fmt: skip


@dataclass(frozen=True)
class FindMotifs:
    """Look for recurrent motifs in a model's own cohort, and keep them with it -> ``Motifs``."""

    model: str
    sequences: int = SEQUENCES_AT_MOST
    kind: Literal["find motifs"] = "find motifs"

    title: ClassVar[str] = "Look for recurrent motifs"


@dataclass(frozen=True)
class Place:
    """Where a motif lies: its first letter in the whole sequence, from 1; on which strand."""

    sequence: str
    position: int
    strand: Literal["+", "-"]


@dataclass(frozen=True)
class Motif:
    """A position weight matrix.

    Attributes:
        label: the quantity that it moves; ``raises``: up, else down.
        shares: (w, 4) of A, C, G and T at each place.
        within, others: sequences with that label, and without, in which it occurs.
        p: of as clear a difference between the two by chance (Fisher's exact test, one-sided,
            times the number of patterns that were tested).
        places: all occurrences on which the model relies.
    """

    label: str
    raises: bool
    shares: Floats
    within: int
    others: int
    p: float
    places: tuple[Place, ...]

    @property
    def consensus(self) -> str:
        """Its letters, as IUPAC codes where several are frequent."""
        return "".join(_code(one) for one in self.shares)

    @property
    def sites(self) -> int:
        """How often it occurs."""
        return len(self.places)


def _code(share: Floats) -> str:
    if share.max() >= LIKELY:
        return BASES[int(share.argmax())]
    return _CODES[frozenset(np.array(list(BASES))[share >= POSSIBLE].tolist() or BASES)]


@dataclass(frozen=True)
class Motifs:
    """Motifs of some sequences of a cohort, each explained by models that never saw it.

    Attributes:
        motifs: those that tell a label from the others, by label and number of sequences.
        explained: sequences that were looked at; ``of``: in the cohort.
        groups: (label, how many of them have it).
        tested: patterns that recurred; those of them that tell nothing are no motifs.
        least: sequences in which a pattern must recur.
        background: (4,) share of each letter.
        both: whether a stretch and its reverse complement are one.
    """

    motifs: tuple[Motif, ...]
    explained: int
    of: int
    groups: tuple[tuple[str, int], ...]
    tested: int
    least: int
    background: Floats
    both: bool

    def named(self) -> tuple[tuple[str, Motif], ...]:
        """With a name for each, which no two share: its number and its consensus."""
        return tuple((f"{k}-{one.consensus}", one) for k, one in enumerate(self.motifs, 1))

    def sequences(self, label: str) -> tuple[int, int]:
        """How many explained ones have a label, and how many have not."""
        mine = dict(self.groups)[label]
        return mine, self.explained - mine
