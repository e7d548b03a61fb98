"""Genotypes that stand in a record though the record itself speaks against them.

Joint callers have written 0/0 for samples without a read (GATK GenotypeGVCFs 4.2.3 to 4.5, among
others); FT holds the filters of a genotype (VCF specification 4.3, section 1.6.2).
"""

from __future__ import annotations

import re
from itertools import compress

import numpy as np
from numpy.typing import NDArray

from pmed_core.genotypes import HAPLOID, PHASED, UNKNOWN
from pmed_core.modalities.variants.calls import Bytes

REFERENCE_CALLS = np.zeros(64, dtype=bool)
REFERENCE_CALLS[[0, PHASED, HAPLOID, HAPLOID | PHASED]] = True
DEPTHS, FILTERS = (b"DP", b"MIN_DP", b"GQ"), (b"FT",)
NOTHING = re.compile(rb":0(?=[:\t]|$)")
"""Whether any value of any sample is 0: most records need no second look."""
PASSED = (b"PASS", b".", b"")


def without_reads(asked: bytes, text: bytes, told: Bytes) -> NDArray[np.bool_]:
    """(m,) called reference though nothing speaks for it (DP or GQ is 0)."""
    found, places = np.zeros(len(told), dtype=bool), _places(asked, DEPTHS)
    if places and NOTHING.search(text):
        called, cells = REFERENCE_CALLS[told], text.split(b"\t")
        for column in compress(range(len(cells)), called.tolist()):
            values = cells[column].split(b":")
            found[column] = any(values[place] == b"0" for place in places if place < len(values))
    return found


def filtered(asked: bytes, text: bytes, samples: int) -> NDArray[np.bool_]:
    """(m,) genotypes that a filter of their own speaks against."""
    found, places = np.zeros(samples, dtype=bool), _places(asked, FILTERS)
    for place in places:
        for column, cell in enumerate(text.split(b"\t")):
            values = cell.split(b":")
            found[column] = place < len(values) and values[place] not in PASSED
    return found


def _places(asked: bytes, wanted: tuple[bytes, ...]) -> list[int]:
    keys = asked.split(b":")
    return [keys.index(key) for key in wanted if key in keys]


def not_called(told: Bytes, doubted: NDArray[np.bool_]) -> Bytes:
    """The same calls, of which those that are doubted were not made."""
    none = (told & HAPLOID) | np.where(told & HAPLOID, UNKNOWN, UNKNOWN | UNKNOWN << 2)
    return np.where(doubted, none, told).astype(np.uint8)
