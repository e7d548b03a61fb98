"""The genotypes of one line of a VCF file -> a byte for each sample and alternative allele.

Nearly all are a digit or a point, a separator, and another: those of all samples are looked up at
once. Whatever else there is, is read one by one.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from pmed_core.errors import UserError
from pmed_core.genotypes import ALTERNATIVE, HAPLOID, OTHER, PHASED, REFERENCE, UNKNOWN

Bytes = NDArray[np.uint8]
TAB, COLON, SLASH, BAR = b"\t:/|"
ALLELE = re.compile(rb"[|/]?(\d+|\.)(?:([|/])(\d+|\.))?")
BAD = 255
REMEDY = "Export the file again; bcftools norm --check-ref or vcf-validator finds such lines."


class Malformed(Exception):
    """What is wrong with a line, as the end of a sentence, and what to do."""

    def __init__(self, what: str, remedy: str = "") -> None:
        super().__init__(what)
        self.remedy = remedy or REMEDY


@lru_cache(maxsize=256)
def _looked_up(which: int, alternatives: int) -> Bytes:
    """(256,) a character -> what the allele is at the row of one alternative (from 1)."""
    table = np.full(256, BAD, dtype=np.uint8)
    for number in range(min(alternatives, 9) + 1):
        table[ord("0") + number] = _meaning(number, which)
    table[ord(".")] = UNKNOWN
    return table


def _meaning(allele: int, which: int) -> int:
    if allele == 0:
        return REFERENCE
    return ALTERNATIVE if allele == which else OTHER


SEPARATORS = np.zeros(256, dtype=np.uint8)
SEPARATORS[[SLASH, BAR]] = 1
ENDS = np.zeros(256, dtype=bool)
ENDS[[TAB, COLON]] = True


def calls(text: bytes, samples: int, alternatives: int, wanted: Sequence[int]) -> list[Bytes]:
    """(m,) of each wanted alternative (from 1; 0: of none, so that only the reference is told from
    the rest) what each sample has.

    Raises ``Malformed``.
    """
    buffer = np.frombuffer(text + b"\t\t\t\t", dtype=np.uint8)
    first, between, second, after = _columns(buffer[: len(text) + 1], buffer, samples)
    alone = ENDS[between]
    plain = alone | ((SEPARATORS[between] > 0) & ENDS[after])
    flags = np.where(alone, HAPLOID, np.where(between == BAR, PHASED, 0)).astype(np.uint8)
    told = list[Bytes]()
    for which in wanted:
        table = _looked_up(which, alternatives)
        one, two = table[first], np.where(alone, np.uint8(REFERENCE), table[second])
        told.append(np.asarray(one | (two << 2) | flags, dtype=np.uint8))
        plain &= (one != BAD) & (two != BAD)
    if not plain.all():
        _one_by_one(text, np.flatnonzero(~plain), alternatives, (wanted, told))
    return told


def _columns(within: Bytes, buffer: Bytes, samples: int) -> tuple[Bytes, Bytes, Bytes, Bytes]:
    """The first four characters of each sample."""
    if len(within) == 4 * samples:
        grid = within.reshape(samples, 4)
        if (grid[:, 3] == TAB).all() and not (grid[:, :3] == TAB).any():
            return grid[:, 0], grid[:, 1], grid[:, 2], grid[:, 3]
    ends = np.flatnonzero(within == TAB)
    if len(ends) != samples:
        raise Malformed(f"has {len(ends):,} genotypes, where the header names {samples:,} samples")
    starts = np.concatenate([[0], ends[:-1] + 1])
    return buffer[starts], buffer[starts + 1], buffer[starts + 2], buffer[starts + 3]


def _one_by_one(
    text: bytes,
    columns: NDArray[np.int64],
    alternatives: int,
    written: tuple[Sequence[int], list[Bytes]],
) -> None:
    cells = text.split(b"\t")
    for column in columns.tolist():
        alleles, phased = _alleles(cells[column], alternatives)
        flags = (PHASED if phased else 0) | (HAPLOID if len(alleles) == 1 else 0)
        for which, told in zip(*written, strict=True):
            meant = [UNKNOWN if one < 0 else _meaning(one, which) for one in alleles]
            told[column] = meant[0] | ((meant[1] << 2) if len(meant) > 1 else 0) | flags


def _alleles(cell: bytes, alternatives: int) -> tuple[list[int], bool]:
    """(numbers, -1 not called; phased) of one genotype."""
    genotype = cell.partition(b":")[0]
    found = ALLELE.fullmatch(genotype)
    if found is None:
        shown = genotype[:20].decode("utf-8", "replace")
        if re.fullmatch(rb"[|/]?(?:\d+|\.)(?:[|/](?:\d+|\.)){2,}", genotype):
            raise Malformed(
                f"has the genotype '{shown}' of more than two alleles",
                "Keep samples and regions that were called with one or two alleles.",
            )
        raise Malformed(f"has '{shown}' where a genotype such as 0/1 is expected")
    alleles = [-1 if one == b"." else int(one) for one in (found[1], found[3]) if one is not None]
    if max(alleles) > alternatives:
        raise Malformed(
            f"has the genotype '{genotype.decode()}', but only {alternatives} "
            f"alternative allele{'s' * (alternatives != 1)}"
        )
    return alleles, found[2] == b"|"


def refused(error: Malformed, name: str, line: int) -> UserError:
    """A malformed line as a user is told of it."""
    return UserError(f"Line {line:,} {error}", name, error.remedy)
