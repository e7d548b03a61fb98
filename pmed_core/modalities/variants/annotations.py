"""What INFO says of an alternative allele: its genes and consequences, and its frequency.

Sequence Ontology terms, in the order of severity in which VEP reports them (McLaren et al.,
Genome Biology 2016); the columns of CSQ are named in the header, those of ANN by the annotation
standard of SnpEff (Cingolani et al., 2015).
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

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
ALLELE, NUMBER = "Allele", "ALLELE_NUM"


@dataclass(frozen=True)
class Annotated:
    """How the file annotates.

    Attributes:
        key: of INFO: "CSQ" or "ANN".
        allele, gene, consequence: which of the parts between "|" they are.
        number: the part with the number of the allele; -1 where there is none.
    """

    key: str
    allele: int
    gene: int
    consequence: int
    number: int = -1


def annotated(described: Mapping[str, str]) -> Annotated | None:
    """By the descriptions of INFO in the header; None where it has no annotation that is known."""
    if found := FORMAT.search(described.get("CSQ", "")):
        parts = [part.strip() for part in found[1].split("|")]
        if {ALLELE, "Consequence", "SYMBOL"} <= set(parts):
            number = parts.index(NUMBER) if NUMBER in parts else -1
            gene, consequence = parts.index("SYMBOL"), parts.index("Consequence")
            return Annotated("CSQ", parts.index(ALLELE), gene, consequence, number)
    if "ANN" in described:
        return Annotated("ANN", 0, 3, 1)
    return None


def severity(consequence: str) -> int:
    """Of the gravest of the terms joined by "&"; the lower the graver."""
    return min(RANK.get(term, len(RANK)) for term in consequence.split("&"))


def of_alleles(
    text: str, how: Annotated, reference: str, alternatives: Sequence[str]
) -> list[tuple[tuple[str, str], ...]]:
    """Of each alternative the genes it lies in, each with its gravest consequence there."""
    found: list[dict[str, str]] = [{} for _ in alternatives]
    spelt = _spelt(reference, alternatives)
    for entry in text.split(","):
        parts = entry.split("|")
        if len(parts) <= max(how.allele, how.gene, how.consequence):
            continue
        gene, terms = parts[how.gene], parts[how.consequence]
        if not gene or set(terms.split("&")) <= OUTSIDE:
            continue
        for place in _meant(parts, how, spelt, len(alternatives)):
            known = found[place].get(gene)
            if known is None or severity(terms) < severity(known):
                found[place][gene] = terms
    return [tuple(one.items()) for one in found]


def _spelt(reference: str, alternatives: Sequence[str]) -> dict[str, int]:
    """As VCF writes an allele, and as VEP does, without the first base that all have in common."""
    told = {one: place for place, one in enumerate(alternatives)}
    first = {one[:1] for one in (reference, *alternatives)}
    if len(first) == 1 and any(len(one) != len(reference) for one in alternatives):
        told |= {one[1:] or "-": place for place, one in enumerate(alternatives)}
    return told


def _meant(
    parts: Sequence[str], how: Annotated, spelt: Mapping[str, int], many: int
) -> tuple[int, ...]:
    """Which alternatives an entry is about."""
    if how.number >= 0 and len(parts) > how.number and parts[how.number].isdigit():
        number = int(parts[how.number]) - 1
        return (number,) if 0 <= number < many else ()
    place = spelt.get(parts[how.allele])
    if place is not None:
        return (place,)
    return (0,) if many == 1 else ()
