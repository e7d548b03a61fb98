"""One record of a VCF file: a position, its alleles, and what INFO says of them."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache

from pmed_core.modalities.variants.calls import Malformed

BASES = re.compile(r"[ACGTNRYSWKMBDHV]+")
NOTHING, ANYTHING = (".",), ("<NON_REF>", "<*>", "<X>")
"""No alternative allele, and one that stands for whichever there might be (gVCF)."""
STRUCTURAL = re.compile(
    r"<[^<>\s]+>|[ACGTN.]*[\[\]][^\[\]\s]+[\[\]][ACGTN.]*|\.[ACGTN]+|[ACGTN]+\."
)
PASSED = ("PASS", ".", "", "RefCall")
"""RefCall: DeepVariant's word for a site that it calls reference."""


@dataclass(frozen=True)
class Alleles:
    """Those of a record.

    Attributes:
        alternatives: as they are written, in capital letters.
        plain: (number from 1, letters) of those that are made of letters.
        structural: how many are symbolic, or ends of a rearrangement.
        open: whether there is no alternative, but one that was not seen: gVCF.
    """

    reference: str
    alternatives: tuple[str, ...]
    plain: tuple[tuple[int, str], ...]
    structural: int
    open: bool

    @property
    def stars(self) -> int:
        """Alternatives that say that a deletion upstream takes the site away."""
        return self.alternatives.count("*")


@lru_cache(maxsize=65536)
def alleles(reference: bytes, alternative: bytes) -> Alleles:
    """Of the columns REF and ALT; raises ``Malformed``."""
    ref = reference.decode("ascii", "replace").upper()
    if not BASES.fullmatch(ref):
        raise Malformed(f"has '{ref[:20]}' as its reference, which is no sequence of bases")
    alternatives = tuple(alternative.decode("ascii", "replace").upper().split(","))
    if alternatives == NOTHING:
        return Alleles(ref, (), (), 0, open=True)
    plain, structural = [], 0
    for number, one in enumerate(alternatives, 1):
        if BASES.fullmatch(one):
            plain.append((number, one))
        elif one in ANYTHING or one == "*":
            continue
        elif STRUCTURAL.fullmatch(one):
            structural += 1
        else:
            raise Malformed(f"has '{one[:20]}' as an alternative allele, which is none")
    if len(set(alternatives)) < len(alternatives) or ref in alternatives:
        raise Malformed("names the same allele twice")
    unseen = all(one in ANYTHING or one == "*" for one in alternatives)
    return Alleles(ref, alternatives, tuple(plain), structural, unseen)


def info(text: bytes) -> dict[str, str]:
    """Key -> value of INFO; flags have none."""
    if b"=" not in text:
        return {}
    pairs = (one.partition("=") for one in text.decode("utf-8", "replace").split(";"))
    return {key: value for key, _, value in pairs}


def frequencies(told: dict[str, str], alternatives: int) -> list[float]:
    """Of each alternative, as AF says; NaN where it does not."""
    numbers = [_number(one) for one in told.get("AF", "").split(",")]
    if len(numbers) != alternatives:
        return [float("nan")] * alternatives
    return numbers


def _number(text: str) -> float:
    try:
        number = float(text)
    except ValueError:
        return float("nan")
    return number if 0 <= number <= 1 else float("nan")
