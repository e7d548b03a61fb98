"""Genomes for tests: every position of a gene told, the reference but where it is said."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from pmed_core.genome.knowledge import Gene, knowledge
from pmed_core.genotypes import Genotypes
from pmed_core.modalities.variants.vcf import read_vcf

HEAD = "##fileformat=VCFv4.2\n##contig=<ID=chr1,length=248956422>\n"
UNTOLD = "##fileformat=VCFv4.2\n"


def gene_of(name: str) -> Gene:
    return next(one for one in knowledge().genes if one.name == name)


def records(name: str, calls: Mapping[str, str], without: Sequence[str] = ()) -> list[str]:
    """A record a position of the gene; ``calls``: rsid -> genotype, the rest is 0/0."""
    gene = gene_of(name)
    return [
        f"chr{gene.chromosome}\t{one.start}\t{one.id or '.'}\t{one.reference}\t"
        f"{','.join(one.alternatives)}\t.\tPASS\t.\tGT\t{calls.get(one.name, '0/0')}"
        for one in sorted(gene.positions, key=lambda one: one.start)
        if one.name not in without
    ]


def written(lines: Sequence[str], samples: Sequence[str] = ("A",), head: str = HEAD) -> bytes:
    names = ["#CHROM", "POS", "ID", "REF", "ALT", "QUAL", "FILTER", "INFO", "FORMAT", *samples]
    return (head + "\n".join(["\t".join(names), *lines]) + "\n").encode()


def genome(name: str, calls: Mapping[str, str], without: Sequence[str] = ()) -> Genotypes:
    return read_vcf(written(records(name, calls, without)), "a.vcf")[0]
