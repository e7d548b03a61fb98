"""Genotypes of a cohort: which alleles each of its samples carries, as a VCF file says."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
import pandas as pd
from numpy.typing import NDArray

REFERENCE, ALTERNATIVE, OTHER, UNKNOWN = 0, 1, 2, 3
"""What an allele of a call is at a site: that of the reference, the alternative of this row,
another one, or not called."""
HAPLOID, PHASED = 16, 32
"""Beside two alleles of two bits each (the first in the lowest) in the byte of a call."""
MISSING = -1
"""Copies of a call that was not made, or of which only one allele was."""
SITE_COLUMNS = (
    "chromosome", "position", "id", "reference", "alternative", "frequency", "genes",
    "consequences", "clinical", "passed", "record",
)  # fmt: skip
BLOCK_COLUMNS = ("chromosome", "start", "end")


Change = tuple[int, str, str]
"""First base, reference and alternative; a base before an insertion or a deletion is kept."""


def trimmed(start: int, reference: str, alternative: str) -> Change:
    """The same change without what both alleles share at their ends, but for one base (Tan,
    Abecasis & Kang, Bioinformatics 2015): how long a site's alleles are written depends on its
    other alternatives, and so on who else is in the file."""
    while len(reference) > 1 and len(alternative) > 1 and reference[-1] == alternative[-1]:
        reference, alternative = reference[:-1], alternative[:-1]
    while len(reference) > 1 and len(alternative) > 1 and reference[0] == alternative[0]:
        start, reference, alternative = start + 1, reference[1:], alternative[1:]
    return start, reference, alternative


def _copies() -> NDArray[np.int8]:
    codes = np.arange(64)
    first, second = codes & 3, np.where(codes & HAPLOID, REFERENCE, codes >> 2 & 3)
    told = (first == ALTERNATIVE).astype(np.int8) + (second == ALTERNATIVE)
    return np.where((first == UNKNOWN) | (second == UNKNOWN), MISSING, told).astype(np.int8)


COPIES = _copies()
"""(64,) byte of a call -> copies of the alternative allele, 0 to 2, or ``MISSING``."""
DOUBLED = np.where((np.arange(64) & HAPLOID > 0) & (COPIES > 0), 2, COPIES).astype(np.int8)
"""The same, where the one allele of a haploid call counts as two: what the only X of a man has is
written 1 by some callers and 1/1 by others, and is all that he has."""


@dataclass(frozen=True, eq=False)
class Genotypes:
    """Calls of m samples at v alternative alleles. A site with several has a row for each.

    What stands nowhere in the file is not known to be the reference: that is only said by a call,
    or by a block.

    Attributes:
        samples: m names, each once.
        sites: (v rows) in the order of the file: ``chromosome`` without "chr", ``position`` from 1,
            ``id`` (empty: none), ``reference`` and ``alternative`` in capital letters,
            ``frequency`` of the alternative as INFO AF says (NaN: does not), ``genes`` and
            ``consequences`` (of CSQ or ANN, in pairs, joined by ";"), ``clinical`` (of ClinVar:
            significance, review status and condition, joined by ";"), ``passed`` (no filter speaks
            against it) and ``record``, the number of its line among the records: alternatives of
            one site have the same.
        calls: (v, m) uint8: the first allele in the two lowest bits, the second in the next two
            (``REFERENCE``, ``ALTERNATIVE``, ``OTHER``, ``UNKNOWN``), ``HAPLOID``, ``PHASED``.
        blocks: (k rows) ``chromosome``, ``start``, ``end`` (inclusive, from 1): stretches without
            an alternative allele, as gVCF has them.
        covered: (k, m) where a sample was called reference in the whole block.
        build: "GRCh37", "GRCh38", "T2T-CHM13", or empty where the file does not tell.
    """

    samples: tuple[str, ...]
    sites: pd.DataFrame
    calls: NDArray[np.uint8]
    blocks: pd.DataFrame
    covered: NDArray[np.bool_]
    build: str = ""

    def __post_init__(self) -> None:
        many = len(self.samples)
        if self.calls.shape != (len(self.sites), many):
            raise ValueError("Expected a row of calls a site, and a column a sample")
        if self.covered.shape != (len(self.blocks), many):
            raise ValueError("Expected a row a block, and a column a sample")

    @cached_property
    def places(self) -> dict[str, int]:
        """Sample -> column of ``calls``."""
        return {name: column for column, name in enumerate(self.samples)}

    def copies(
        self, sites: NDArray[np.int64] | NDArray[np.bool_] | None = None
    ) -> NDArray[np.int8]:
        """(v, m) copies of the alternative allele, of all or some sites; ``MISSING`` where it was
        not called. A haploid call has one at most."""
        calls = self.calls if sites is None else self.calls[sites]
        return COPIES[calls]

    def at(self, sites: NDArray[np.int64] | NDArray[np.bool_]) -> Genotypes:
        """The same of some of its sites."""
        kept = self.sites.iloc[sites].reset_index(drop=True)
        return replace(self, sites=kept, calls=np.asarray(self.calls[sites]))

    def of(self, samples: Sequence[str]) -> Genotypes:
        """The same of some of its samples, in this order; raises ``KeyError``."""
        columns = [self.places[one] for one in samples]
        return replace(
            self, samples=tuple(samples), calls=self.calls[:, columns],
            covered=self.covered[:, columns],
        )  # fmt: skip

    def called_reference(self, sample: str, chromosome: str, start: int, end: int) -> bool:
        """Whether blocks say of a sample that it is the reference at all of these positions
        (inclusive, from 1). Where no block says so it is not known."""
        column, told = self.places[sample], self.blocks
        inside = (
            (told["chromosome"] == chromosome) & (told["start"] <= end) & (told["end"] >= start)
        ).to_numpy() & self.covered[:, column]
        reached = start - 1
        for first, last in sorted(
            zip(told["start"][inside].tolist(), told["end"][inside].tolist(), strict=True)
        ):
            if first > reached + 1:
                return False
            reached = max(reached, last)
        return reached >= end

    def digested(self) -> Iterator[bytes]:
        """Everything that matters to a model, in parts."""
        yield "\n".join((self.build, *self.samples)).encode()
        for table in (self.sites, self.blocks):
            yield pd.util.hash_pandas_object(table, index=False).to_numpy().tobytes()
        for part in (self.calls, self.covered):
            yield np.ascontiguousarray(part).tobytes()
