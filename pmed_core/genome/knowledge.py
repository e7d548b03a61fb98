"""Star alleles of pharmacogenes, what they do, and what guidelines say of it.

From the tables of CPIC (Relling & Klein, Clin Pharmacol Ther 2011;89:464-467), whose data are in
the public domain (CC0), kept in pharmacogenes.json with the day on which they were listed.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path

FILE = Path(__file__).with_name("pharmacogenes.json")


@dataclass(frozen=True)
class Position:
    """Where alleles differ: ``reference`` and ``alternatives`` as VCF has them, from ``start``."""

    start: int
    id: str
    reference: str
    alternatives: tuple[str, ...]

    @property
    def name(self) -> str:
        """What it is called on a screen."""
        return self.id or f"position {self.start:,}"

    @property
    def end(self) -> int:
        """Its last base."""
        return self.start + len(self.reference) - 1


@dataclass(frozen=True)
class Allele:
    """A named allele: the reference everywhere but at some positions.

    Attributes:
        differs: number of a position -> what it has there, any of these.
        defined: at how many positions its definition says what it has.
        key: by which its phenotype is looked up; empty where CPIC lists none.
        function: in CPIC's words; empty where it lists none.
    """

    name: str
    differs: Mapping[int, tuple[str, ...]]
    defined: int
    key: str
    function: str


@dataclass(frozen=True)
class Guideline:
    """What a guideline says goes with each phenotype; ``citation`` of it."""

    drugs: str
    citation: str
    says: Mapping[str, str]


@dataclass(frozen=True)
class Gene:
    """A pharmacogene.

    Attributes:
        phenotypes: sorted keys of two alleles -> phenotype, activity score.
        lowest: whether its alleles are single variants, of which a chromosome may have several;
            the one with the lowest activity counts (DPYD: Amstutz et al., 2018).
    """

    name: str
    chromosome: str
    positions: tuple[Position, ...]
    alleles: tuple[Allele, ...]
    phenotypes: Mapping[tuple[str, str], tuple[str, str]]
    guidelines: tuple[Guideline, ...]
    lowest: bool


@dataclass(frozen=True)
class Knowledge:
    """All genes; ``build`` whose positions they have, and where it is from."""

    build: str
    source: str
    genes: tuple[Gene, ...]


@cache
def knowledge() -> Knowledge:
    """The table that comes with the program."""
    told = json.loads(FILE.read_text(encoding="utf-8"))
    genes = tuple(_gene(name, one) for name, one in told["genes"].items())
    return Knowledge(told["build"], told["source"], genes)


def _gene(name: str, told: dict[str, list[list[str]]]) -> Gene:
    positions = tuple(
        Position(int(start), rsid, reference, tuple(alternatives))
        for start, rsid, reference, alternatives in told["variants"]
    )
    alleles = tuple(_allele(one) for one in told["alleles"])  # type: ignore[arg-type]
    phenotypes = {
        (first, second): (said, score or "") for first, second, said, score in told["phenotypes"]
    }
    guidelines = tuple(Guideline(**one) for one in told["guidelines"])  # type: ignore[arg-type]
    lowest = bool(told.get("lowest"))
    return Gene(name, str(told["chromosome"]), positions, alleles, phenotypes, guidelines, lowest)


def _allele(told: dict[str, dict[str, str | list[str]]]) -> Allele:
    differs = {
        int(number): (has,) if isinstance(has, str) else tuple(has)
        for number, has in told["differs"].items()
    }
    rest = [str(told[key]) for key in ("key", "function")]
    return Allele(str(told["name"]), differs, int(str(told["score"])), *rest)
