"""What a sample has at the position of a pharmacogene, and whether the file says so at all.

What stands nowhere is not known. A call of another variant at the same place tells that of a
single base, and of one insertion or deletion beside another; it does not tell an insertion by a
single base. Variants are compared after what they share with the reference is cut from their ends
(Tan, Abecasis & Kang, Bioinformatics 2015); they are taken to be written as far left as they go.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from pmed_core.genome.knowledge import Position
from pmed_core.genotypes import (
    ALTERNATIVE,
    HAPLOID,
    PHASED,
    REFERENCE,
    UNKNOWN,
    Change,
    Genotypes,
    trimmed,
)

NOT_IN_TABLE = "?"
NEAR = 60
"""Bases behind an insertion or a deletion within which the same one may be written in a repeat."""


@dataclass(frozen=True)
class Told:
    """What is known of a sample at a position: its two alleles, "" where it is not known and
    ``NOT_IN_TABLE`` for one that no definition has; whether one may tell which is on which
    chromosome."""

    alleles: tuple[str, str]
    phased: bool

    @property
    def known(self) -> bool:
        """Whether both are."""
        return "" not in self.alleles


def changed(change: Change) -> tuple[float, float]:
    """First and last base that it replaces; of an insertion the place between two."""
    start, reference, alternative = change
    if len(reference) == len(alternative):
        return start, start + len(reference) - 1
    if len(reference) == 1:
        return start + 0.5, start + 0.5
    return start + 1, start + len(reference) - 1


def within(genotypes: Genotypes, chromosome: str, start: int, end: int) -> Genotypes:
    """The same of a region: whatever reaches into it."""
    sites, blocks = genotypes.sites, genotypes.blocks
    first = sites["position"].to_numpy()
    rows = np.flatnonzero((sites["chromosome"] == chromosome).to_numpy() & (first <= end))
    last = first[rows] + sites["reference"].iloc[rows].str.len().to_numpy() - 1
    inside = (blocks["chromosome"] == chromosome) & (blocks["start"] <= end) & (
        blocks["end"] >= start
    )  # fmt: skip
    kept = replace(
        genotypes, blocks=blocks[inside].reset_index(drop=True),
        covered=genotypes.covered[inside.to_numpy()],
    )  # fmt: skip
    return kept.at(rows[last >= start])


def told_at(position: Position, chromosome: str, genotypes: Genotypes, sample: str) -> Told:
    """What a sample has there, by the genotypes of the region."""
    wanted = {
        trimmed(position.start, position.reference, one): one for one in position.alternatives
    }
    column = genotypes.places[sample]
    slots: list[str] = ["", ""]
    phased = True
    for row, found in _near(genotypes.sites, position):
        call = int(genotypes.calls[row, column])
        codes = (call & 3, UNKNOWN if call & HAPLOID else call >> 2 & 3)
        if codes[0] != codes[1] and ALTERNATIVE in codes:
            phased &= bool(call & PHASED)
        for slot, code in enumerate(codes):
            if code == ALTERNATIVE and (found in wanted or _clash(found, tuple(wanted))):
                # Two rows that both change one chromosome here contradict each other.
                free = slots[slot] in ("", position.reference)
                slots[slot] = wanted.get(found, NOT_IN_TABLE) if free else NOT_IN_TABLE
            elif code == REFERENCE and not slots[slot] and _says_of(found, tuple(wanted)):
                slots[slot] = position.reference
    covered = "" in slots and genotypes.called_reference(
        sample, chromosome, position.start, position.end
    )
    if covered and not _written_elsewhere(position, genotypes, column):
        slots = [one or position.reference for one in slots]
    return Told((slots[0], slots[1]), phased)


def _near(sites: pd.DataFrame, position: Position) -> Iterator[tuple[int, Change]]:
    """Rows that reach into a position, and what each changes; none that a filter speaks against,
    and none whose reference is another there (the other strand, or another build): what was called
    there is not known."""
    columns = (sites[name] for name in ("position", "reference", "alternative", "passed"))
    for row, (start, reference, alternative, passed) in enumerate(zip(*columns, strict=True)):
        if passed and _alike(position, int(start), str(reference)):
            yield row, trimmed(int(start), str(reference), str(alternative))


def _alike(position: Position, start: int, reference: str) -> bool:
    """Whether they have bases in common, and these are the same."""
    first, last = max(start, position.start), min(start + len(reference) - 1, position.end)
    mine = position.reference[first - position.start : last + 1 - position.start]
    return first <= last and mine == reference[first - start : last + 1 - start]


def _written_elsewhere(position: Position, genotypes: Genotypes, column: int) -> bool:
    """Whether a sample carries an insertion or a deletion behind the position that may be one of
    its alleles, not written as far left as it goes."""
    sites = genotypes.sites
    near = sites["position"].between(position.start + 1, position.start + NEAR)
    calls = genotypes.calls[near.to_numpy(), column]
    carried = (calls & 3 == ALTERNATIVE) | (calls >> 2 & 3 == ALTERNATIVE)
    mine = [_surplus(position.reference, one) for one in position.alternatives]
    theirs = sites.loc[near, ["reference", "alternative"]][carried].itertuples(index=False)
    return any(
        letters and longer == more and len(letters) == len(found) and found in letters * 2
        for found, more in (_surplus(*one) for one in theirs)
        for letters, longer in mine
    )


def _surplus(reference: str, alternative: str) -> tuple[str, bool]:
    """What an insertion adds or a deletion takes away, empty for other changes, and which of both
    it is."""
    _, reference, alternative = trimmed(0, reference, alternative)
    if len(reference) > 1 < len(alternative) or len(reference) == len(alternative):
        return "", False
    return max(reference, alternative, key=len)[1:], len(alternative) > 1


def _clash(found: Change, wanted: tuple[Change, ...]) -> bool:
    """Whether it replaces what one of the others does."""
    begins, ends = changed(found)
    return any(begins <= last and ends >= first for first, last in map(changed, wanted))


def _says_of(found: Change, wanted: tuple[Change, ...]) -> bool:
    """Whether reference there means reference here."""
    if found in wanted:
        return True
    alike = len(found[1]) == len(found[2])
    return any(
        found[0] == one[0] and alike == (len(one[1]) == len(one[2]))
        and (not alike or len(found[1]) == len(one[1]))
        for one in wanted
    )  # fmt: skip
