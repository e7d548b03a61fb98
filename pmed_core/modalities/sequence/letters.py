"""The letters of DNA and RNA: what a text of them holds, and how it is written as numbers.

A position is a set of bases in four bits (A 1, C 2, G 4, T 8), so that every code of ambiguity is
the bases it stands for (Nomenclature Committee of the IUB, Nucleic Acids Research 1985).
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Codes = NDArray[np.uint8]
BASES = "ACGT"
IUPAC = "-ACMGRSVTWYHKDBN"
"""By the set of bases each letter stands for; none is a place where there is nothing."""
LETTERS = re.compile(r"[ACGTUNRYSWKMBDHV]+", re.IGNORECASE)
SPACE = re.compile(r"\s+")
LONGEST = 1_000_000
"""Letters of one sequence."""
PLAIN_AT_LEAST = 0.5
"""Share of A, C, G, T and N, below which the letters are those of a protein."""
FEW = 8
"""Signs, below which a text with points or dashes is a note ("n.d.") and no alignment."""


class Unreadable(ValueError):
    """What was written is no sequence; says why."""


@dataclass(frozen=True)
class Cleaned:
    """A sequence as it is kept: capital letters of DNA.

    Attributes:
        masked: letters that were written small, as programs do that mask repeats.
        uracil: U that was read as T.
        ambiguous: letters that stand for several bases.
    """

    letters: str
    masked: int
    uracil: int
    ambiguous: int


def cleaned(text: str) -> Cleaned:
    """A text as a sequence; raises ``Unreadable``, which says what stands in it instead."""
    joined = SPACE.sub("", text)
    if not joined:
        raise Unreadable("is empty")
    if len(joined) > LONGEST:
        raise Unreadable(f"has more than {LONGEST:,} letters")
    if not LETTERS.fullmatch(joined):
        raise Unreadable(_why_not(joined))
    letters = joined.upper()
    uracil = letters.count("U")
    plain = sum(letters.count(base) for base in "ACGTUN")
    if plain < PLAIN_AT_LEAST * len(letters):
        raise Unreadable("is mostly of letters that proteins have and DNA hardly ever")
    of_one = sum(letters.count(base) for base in "ACGTU")
    masked = sum(map(str.islower, joined)) if letters != joined else 0
    return Cleaned(letters.replace("U", "T"), masked, uracil, len(letters) - of_one)


def _why_not(joined: str) -> str:
    strange = "".join(sorted({one for one in joined if not LETTERS.fullmatch(one)}))
    if set(strange) <= set("-.") and len(joined) >= FEW:
        return "has gaps, as of an alignment"
    if set(strange.upper()) <= set("EFILPQXZJO*"):
        return "has letters of a protein"
    return f"has other signs than letters of DNA or RNA ('{strange[:10]}')"


_CODE = np.zeros(256, dtype=np.uint8)
_CODE[[ord(letter) for letter in IUPAC]] = np.arange(len(IUPAC))
_BITS = (np.arange(16)[:, None] >> np.arange(4)) & 1
FRACTIONS = (_BITS / np.maximum(_BITS.sum(axis=1, keepdims=True), 1)).astype(np.float32)
"""(16, 4) the share of A, C, G and T in each code; of N a quarter each."""
COMPLEMENT = (_BITS[:, ::-1] << np.arange(4)).sum(axis=1).astype(np.uint8)
"""(16,) the code on the other strand."""


def encoded(letters: Sequence[str], length: int) -> Codes:
    """n cleaned sequences -> (n, length) codes: cropped round the centre, or with nothing on both
    sides."""
    found = np.zeros((len(letters), length), dtype=np.uint8)
    for row, one in enumerate(letters):
        start, before = offset(len(one), length)
        part = one[start : start + length]
        found[row, before : before + len(part)] = _CODE[np.frombuffer(part.encode(), np.uint8)]
    return found


def offset(letters: int, length: int) -> tuple[int, int]:
    """(first letter that is read, places before it that stay empty)."""
    return max(0, (letters - length) // 2), max(0, (length - letters) // 2)


def decoded(codes: Codes) -> str:
    """(length,) -> its letters, "-" where there is nothing."""
    return "".join(IUPAC[code] for code in codes)


def other_strand(codes: Codes) -> Codes:
    """(..., length) the reverse complement."""
    return np.asarray(COMPLEMENT[codes][..., ::-1])


def turned(codes: Codes) -> Codes:
    """(n, length) the reverse complement as it is read when it is given itself: where an odd number
    of places is left over, the odd one stays behind."""
    found, there = other_strand(codes), codes > 0
    before, behind = there.argmax(axis=1), there[:, ::-1].argmax(axis=1)
    odd = behind - before == 1
    found[odd] = np.roll(found[odd], -1, axis=1)
    return found


def reverse_complement(letters: str) -> str:
    """Of a cleaned sequence."""
    return decoded(other_strand(_CODE[np.frombuffer(letters.encode(), np.uint8)]))


def either_strand(letters: str) -> str:
    """What a sequence and its reverse complement have in common: the first of both."""
    return min(letters, reverse_complement(letters))


def gc_content(codes: Codes) -> NDArray[np.float64]:
    """(n, length) -> (n,) share of G and C among what is there; NaN of nothing."""
    shares = FRACTIONS.astype(np.float64)
    there = shares.sum(axis=1)[codes].sum(axis=1)
    found = (shares[:, 1] + shares[:, 2])[codes].sum(axis=1)
    return np.asarray(np.where(there > 0, found / np.maximum(there, 1), np.nan))


def gc_of(letters: str) -> float:
    """The same of one cleaned sequence of any length."""
    many = np.bincount(_CODE[np.frombuffer(letters.encode(), np.uint8)], minlength=16)
    return float((many @ (FRACTIONS[:, 1] + FRACTIONS[:, 2])) / max(1, len(letters)))
