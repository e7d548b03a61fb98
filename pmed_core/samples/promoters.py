"""Simulated promoters of bacteria: two motifs at a known distance, in random letters.

A promoter has the consensus of sigma 70 (TTGACA, 16 to 18 letters, TATAAT: Hawley & McClure,
Nucleic Acids Research 1983) with a letter exchanged here and there. The others have the same
letters at the same places in another order, so that neither GC content nor length tells anything.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from pmed_core.files import written_whole

MOTIFS, GAPS = ("TTGACA", "TATAAT"), (16, 17, 18)
EXCHANGED = 0.06
"""Chance of each letter of a motif to be another one."""
PROMOTERS, LENGTH, SEED = 400, 80, 29
BASES = "ACGT"


@dataclass(frozen=True)
class Simulated:
    """One sequence; ``places``: where each motif begins, from 0; none in the others."""

    name: str
    letters: str
    label: str
    places: tuple[int, ...]


def promoters(
    each: int = PROMOTERS, length: int = LENGTH, seed: int = SEED
) -> tuple[Simulated, ...]:
    """As many promoters as others, mixed."""
    draw = np.random.default_rng(seed)
    made = [_one(draw, length, promoter=k % 2 == 0) for k in range(2 * each)]
    order = draw.permutation(len(made))
    return tuple(
        Simulated(f"S{number:04d}", *made[k]) for number, k in enumerate(order, 1)
    )  # fmt: skip


def _one(
    draw: np.random.Generator, length: int, *, promoter: bool
) -> tuple[str, str, tuple[int, ...]]:
    letters = draw.choice(list(BASES), length)
    gap = int(draw.choice(GAPS))
    first = int(draw.integers(5, length - len("".join(MOTIFS)) - gap - 5))
    places = (first, first + len(MOTIFS[0]) + gap)
    for place, motif in zip(places, MOTIFS, strict=True):
        written = np.array(list(motif))
        strange = draw.random(len(motif)) < EXCHANGED
        written[strange] = draw.choice(list(BASES), int(strange.sum()))
        if not promoter:
            written = draw.permutation(written)
        letters[place : place + len(motif)] = written
    label = "promoter" if promoter else "other"
    return "".join(letters), label, places if promoter else ()


def write(path: Path) -> None:
    """As FASTA, the label in the header."""
    records = (f">{one.name} label={one.label}\n{one.letters}\n" for one in promoters())
    with written_whole(path) as beside:
        beside.write_text("".join(records), encoding="ascii", newline="\n")
