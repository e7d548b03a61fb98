"""What is told of a genome without a model: nouns that screens and the shell share."""

from __future__ import annotations

from dataclasses import dataclass

NOT_ADVICE = (
    "Star alleles and phenotypes are those of CPIC's tables; of several DPYD variants on one "
    "chromosome, in brackets, the least active counts. This is information for research; it "
    "names no dose, and whole deletions, copies and hybrids of genes are not seen in such a file."
)
NOT_A_DIAGNOSIS = (
    "A polygenic score is not a diagnosis and no probability: it ranks people by a part of what "
    "they inherited, and was made from people who may differ in ancestry. Compare within a group."
)
GROUP_AT_LEAST = 20
"""Patients, from which on somebody has a place among them."""


@dataclass(frozen=True)
class Diplotype:
    """Two alleles.

    Attributes:
        name: of both, as it is written.
        functions: of each, as CPIC has them.
        phenotype: as CPIC has it.
        activity: the activity score, empty where the gene has none.
    """

    name: str
    functions: tuple[str, str]
    phenotype: str
    activity: str


@dataclass(frozen=True)
class Statement:
    """What a guideline says goes with the phenotype."""

    drugs: str
    phenotype: str
    says: str
    citation: str


@dataclass(frozen=True)
class GeneCall:
    """What is said of a gene of a patient.

    Attributes:
        diplotypes: all that fit, those first whose definitions say most; empty: not called.
        why: why it is not called.
        found: "rsid: alleles" of what differs from the reference.
        positions, missing: of the gene, and those of which the file does not tell.
        phased: whether the file told which variants share a chromosome, where that matters.
    """

    gene: str
    diplotypes: tuple[Diplotype, ...]
    why: str
    found: tuple[str, ...]
    positions: int
    missing: tuple[str, ...]
    phased: bool
    statements: tuple[Statement, ...] = ()

    @property
    def summary(self) -> str:
        """All diplotypes in a line, or that there is none."""
        return " or ".join(one.name for one in self.diplotypes) or "not called"

    @property
    def phenotypes(self) -> str:
        """Each once, in the same order."""
        return " or ".join(dict.fromkeys(one.phenotype for one in self.diplotypes))


@dataclass(frozen=True)
class Matched:
    """How the variants of a score were found in a file.

    Attributes:
        variants, matched: of the score, and those that count.
        weight: share of the sum of absolute weights that the matched ones hold.
        reverse: of the matched, those on the reverse strand.
        ambiguous: pairs that are their own complement; ``ambiguous_used``: whether they count.
        absent: places that the file does not have; ``other``: places with other alleles.
        failed: matched variants that a filter of the file speaks against; they count.
        missing: calls that were not made, of all, and replaced by twice the frequency.
    """

    variants: int
    matched: int
    weight: float
    reverse: int
    ambiguous: int
    ambiguous_used: bool
    absent: int
    other: int
    failed: int
    missing: float


@dataclass(frozen=True)
class PolygenicScores:
    """A score for each of m patients.

    Attributes:
        patients, scores: m of each.
        filled: (m,) how many calls of each were missing.
        percentile: (m,) share of the patients with a lower score, in percent; NaN of few.
        groups: (m,) what each belongs to; empty without a column of groups.
        within: (m,) the same percentile within the group; NaN where it is small.
    """

    name: str
    trait: str
    build: str
    matched: Matched
    patients: tuple[str, ...]
    scores: tuple[float, ...]
    filled: tuple[int, ...]
    percentile: tuple[float, ...]
    groups: tuple[str, ...]
    within: tuple[float, ...]
    notes: tuple[str, ...]
