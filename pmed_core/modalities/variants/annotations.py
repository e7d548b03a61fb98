"""What INFO says of an alternative allele: its genes and consequences, and its frequency.

Sequence Ontology terms, in the order of severity in which VEP reports them (McLaren et al.,
Genome Biology 2016); the columns of CSQ are named in the header, those of ANN by the annotation
standard of SnpEff (Cingolani et al., 2015).
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

SEVERITY = (
    "transcript_ablation", "splice_acceptor_variant", "splice_donor_variant", "stop_gained",
    "frameshift_variant", "stop_lost", "start_lost", "transcript_amplification",
    "feature_elongation", "feature_truncation", "inframe_insertion",
    "conservative_inframe_insertion", "disruptive_inframe_insertion", "inframe_deletion",
    "conservative_inframe_deletion", "disruptive_inframe_deletion",
    "missense_variant", "protein_altering_variant",
    "splice_donor_5th_base_variant", "splice_region_variant", "splice_donor_region_variant",
    "splice_polypyrimidine_tract_variant", "incomplete_terminal_codon_variant",
    "start_retained_variant", "stop_retained_variant", "synonymous_variant",
    "coding_sequence_variant", "mature_miRNA_variant", "5_prime_UTR_variant",
    "3_prime_UTR_variant", "non_coding_transcript_exon_variant", "intron_variant",
    "NMD_transcript_variant", "non_coding_transcript_variant", "coding_transcript_variant",
    "upstream_gene_variant", "downstream_gene_variant", "intergenic_region", "intergenic_variant",
)  # fmt: skip
RANK = {term: rank for rank, term in enumerate(SEVERITY)}
OUTSIDE = frozenset(SEVERITY[RANK["upstream_gene_variant"] :])
"""Consequences of a variant that lies in no gene: those beside it do not count as its own."""
ANN_COLUMNS = ("Allele", "Annotation", "Annotation_Impact", "Gene_Name", "Gene_ID")
FORMAT = re.compile(r"Format:\s*['\"]?([^'\">]+)", re.IGNORECASE)
KEYS = ("CSQ", "ANN", "vep")
"""Of INFO: VEP writes any of them as it is told, gnomAD the last; SnpEff the second."""
ALLELE, NUMBER, GENES = "Allele", "ALLELE_NUM", ("SYMBOL", "Gene")
SIGNIFICANCE = ("CLNSIG", "ClinVar_CLNSIG", "CLIN_SIG")
REVIEW, CONDITION = ("CLNREVSTAT", "ClinVar_CLNREVSTAT"), ("CLNDN", "ClinVar_CLNDN")
"""What ClinVar says of a variant, as its own file, VEP's custom annotation and VEP call it."""


@dataclass(frozen=True)
class Annotated:
    """How the file annotates.

    Attributes:
        key: of INFO: "CSQ" or "ANN".
        allele, consequence: which of the parts between "|" they are.
        genes: the part with the gene's name, and that with its id, which stands for it.
        number: the part with the number of the allele; -1 where there is none.
        trimmed: alleles may be written without the first base that all have in common, as VEP does.
        clinical: names of ClinVar -> the part that holds what it says.
    """

    key: str
    allele: int
    genes: tuple[int, ...]
    consequence: int
    number: int = -1
    trimmed: bool = False
    clinical: Mapping[str, int] = field(default_factory=dict)

    def gene(self, parts: Sequence[str]) -> str:
        """The gene of an entry; empty where it is of none."""
        return next((parts[k] for k in self.genes if k < len(parts) and parts[k]), "")


def annotated(described: Mapping[str, str]) -> Annotated | None:
    """By the descriptions of INFO in the header; None where it has no annotation that is known."""
    for key in KEYS:
        if (found := FORMAT.search(described.get(key, ""))) is None:
            continue
        parts = [part.strip() for part in found[1].split("|")]
        genes = tuple(parts.index(one) for one in GENES if one in parts)
        if genes and {ALLELE, "Consequence"} <= set(parts):
            number = parts.index(NUMBER) if NUMBER in parts else -1
            where = parts.index(ALLELE), genes, parts.index("Consequence")
            wanted = (*SIGNIFICANCE, *REVIEW, *CONDITION)
            clinical = {one: parts.index(one) for one in wanted if one in parts}
            return Annotated(key, *where, number, trimmed=True, clinical=clinical)
    return Annotated("ANN", 0, (3, 4), 1) if "ANN" in described else None


def severity(consequence: str) -> int:
    """Of the gravest of the terms joined by "&"; the lower the graver."""
    return min(RANK.get(term, len(RANK)) for term in consequence.split("&"))


Genes = tuple[tuple[str, str], ...]
"""Names, each with its gravest consequence."""


def of_alleles(
    text: str, how: Annotated, reference: str, alternatives: Sequence[str]
) -> tuple[list[Genes], bool]:
    """Of each alternative the genes it lies in; and whether one has none because the alleles of the
    annotation are spelt otherwise."""
    found: list[dict[str, str]] = [{} for _ in alternatives]
    entries = [parts for one in text.split(",") if len(parts := one.split("|")) > _last(how)]
    places = _places(entries, how, reference, alternatives)
    for parts, place in zip(entries, places, strict=True):
        gene, terms = how.gene(parts), parts[how.consequence]
        if place is None or not gene or set(terms.split("&")) <= OUTSIDE:
            continue
        known = found[place].get(gene)
        if known is None or severity(terms) < severity(known):
            found[place][gene] = terms
    wanted = {place for place, one in enumerate(alternatives) if one.isalpha()}
    return [tuple(one.items()) for one in found], None in places and bool(wanted - {*places})


def clinical(
    told: Mapping[str, str], how: Annotated | None, reference: str, alternatives: Sequence[str]
) -> list[str]:
    """Of each alternative what ClinVar says, by INFO or by the annotation in it: significance,
    review status and condition, with ";" between them; empty where it says nothing."""
    found: list[dict[str, str]] = [{} for _ in alternatives]
    if how is not None and how.clinical:
        last = max(how.allele, *how.clinical.values())
        each = (one.split("|") for one in told.get(how.key, "").split(","))
        entries = [parts for parts in each if len(parts) > last]
        places = _places(entries, how, reference, alternatives)
        for parts, place in zip(entries, places, strict=True):
            if place is not None:
                found[place] |= {name: parts[k] for name, k in how.clinical.items() if parts[k]}
    return [_clinical(one, told, len(alternatives)) for one in found]


def _clinical(own: Mapping[str, str], told: Mapping[str, str], alternatives: int) -> str:
    """By the annotation of an allele, else by INFO, which does not tell of which of several it
    speaks."""
    says = own if _first(own, SIGNIFICANCE) else told
    significance, *rest = (_first(says, names) for names in (SIGNIFICANCE, REVIEW, CONDITION))
    if significance and says is told and alternatives > 1:
        significance += f" (of {alternatives} alternative alleles)"
    return ";".join([significance, *rest]).rstrip(";")


def _first(told: Mapping[str, str], names: Sequence[str]) -> str:
    return next((told[name] for name in names if told.get(name, ".") != "."), "")


def _last(how: Annotated) -> int:
    return max(how.allele, how.genes[0], how.consequence)


def _places(
    entries: Sequence[Sequence[str]], how: Annotated, reference: str, alternatives: Sequence[str]
) -> list[int | None]:
    """Which alternative each entry is about; None where that cannot be told: a site that was split
    after it was annotated keeps the entries of all its alleles."""
    many, numbers = len(alternatives), [_number(parts, how) for parts in entries]
    if numbers and all(1 <= one <= many for one in numbers):
        return [one - 1 for one in numbers]
    named = [parts[how.allele] for parts in entries]
    for spelt in _spellings(how, reference, alternatives):
        if spelt.keys() & set(named):
            return [spelt.get(one) for one in named]
    return [0 if many == 1 and len(set(named)) == 1 else None for _ in named]


def _number(parts: Sequence[str], how: Annotated) -> int:
    told = parts[how.number] if 0 <= how.number < len(parts) else ""
    return int(told) if told.isdigit() else 0


def _spellings(
    how: Annotated, reference: str, alternatives: Sequence[str]
) -> Iterator[dict[str, int]]:
    """As VEP writes insertions and deletions, without the first base that all but "*" have in
    common; and as VCF writes an allele."""
    first = {one[:1] for one in (reference, *alternatives) if one != "*"}
    if how.trimmed and len(first) == 1 and any(len(one) != len(reference) for one in alternatives):
        yield {
            one if one == "*" else one[1:] or "-": place for place, one in enumerate(alternatives)
        }
    yield {one: place for place, one in enumerate(alternatives)}
