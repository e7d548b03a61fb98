"""Where genes lie: a BED, GFF3 or GTF file, and which of them each variant is in.

BED counts from 0 and leaves its end out; GFF and GTF count from 1 and include it.
"""

from __future__ import annotations

import re
from collections.abc import Hashable, Iterator
from dataclasses import replace
from urllib.parse import unquote

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from pmed_core.errors import UserError
from pmed_core.genotypes import Genotypes
from pmed_core.modalities.variants.builds import WORDS, spelt
from pmed_core.modalities.variants.unpacking import lines
from pmed_core.quantity import counted
from pmed_core.reading import Decision
from pmed_core.suffixes import ends_with, without_gzip

COMMENT = re.compile(r"#|track\b|browser\b|\s*$")
NAMES = tuple(
    re.compile(rf"(?:^|;)\s*{key}\s*[= ]\s*\"?([^\";]+)")
    for key in ("gene_name", "Name", "gene", "ID", "gene_id")
)
"""Attributes that name a gene, the one that people know first."""
GENE = re.compile(r"(?:\w+_)?gene|pseudogene")
"""Types of lines that are genes: Ensembl has ncRNA_gene and pseudogene beside gene."""
LETTERS_FOLLOW = "##FASTA"
RULE, NAMED = "genes", 3
Region = tuple[str, int, int, str]


def read_regions(data: bytes, name: str) -> list[Region]:
    """(chromosome, first, last, gene) from 1, both included; raises ``UserError``."""
    found = list(_regions(data, name))
    if not found:
        raise UserError(
            "There is no gene in it", name,
            "A BED file has chromosome, start, end and name; GFF and GTF have lines of type gene.",
        )  # fmt: skip
    return found


def build_said(data: bytes, name: str) -> str:
    """The build that its name, or the comments before the first gene, say; empty where they say
    none, or several."""
    found = {build for build, pattern in WORDS.items() if pattern.search(name)}
    for raw in lines(data, name):
        text = raw.decode("utf-8", "replace")
        if not COMMENT.match(text):
            break
        found |= {build for build, pattern in WORDS.items() if pattern.search(text)}
    return found.pop() if len(found) == 1 else ""


def _regions(data: bytes, name: str) -> Iterator[Region]:
    bed = ends_with(without_gzip(name), ("bed",))
    for number, raw in enumerate(lines(data, name), 1):
        line = raw.decode("utf-8", "replace").rstrip("\r")
        if line.startswith(LETTERS_FOLLOW):
            return
        if COMMENT.match(line):
            continue
        columns = line.split("\t")
        try:
            region = _of_bed(columns) if bed else _of_gff(columns)
        except ValueError as error:
            raise UserError(
                f"Line {number:,} {error}", name,
                "Write chromosome, start, end and gene, separated by tabs.",
            ) from error  # fmt: skip
        if region is not None:
            yield region


def _of_bed(columns: list[str]) -> Region:
    if len(columns) < 4 or not columns[3].strip():
        raise ValueError("names no gene in its fourth column")
    return _checked(columns[0], columns[1:3], columns[3], 1)


def _of_gff(columns: list[str]) -> Region | None:
    """None for a part of a gene."""
    if len(columns) != 9:
        raise ValueError(f"has {counted(len(columns), 'column')}, where GFF has 9")
    if not GENE.fullmatch(columns[2]):
        return None
    named = next((found for one in NAMES if (found := one.search(columns[8]))), None)
    if named is None:
        raise ValueError("is of type gene and names none")
    # GFF3 writes some signs as %2C and the like.
    return _checked(columns[0], columns[3:5], unquote(named[1]).removeprefix("gene:"), 0)


def _checked(contig: str, ends: list[str], gene: str, shift: int) -> Region:
    if not all(end.strip().isdigit() for end in ends):
        raise ValueError(f"has '{' to '.join(ends)[:40]}' where two positions are expected")
    first, last = int(ends[0]) + shift, int(ends[1])
    if last < first:
        raise ValueError(f"ends at {last:,}, before it begins")
    if ";" in gene:
        raise ValueError(f"has a ';' in the name of a gene, '{gene[:40]}'")
    return spelt(contig.strip()), first, last, gene.strip()


def with_genes(found: Genotypes, regions: list[Region], name: str) -> tuple[Genotypes, Decision]:
    """With the genes of that file in place of those of the annotation, whose consequences stay
    where they are of the same gene; raises ``UserError`` where no variant lies in any."""
    genes = _lying_in(found.sites, regions)
    inside = sum(map(bool, genes))
    if not inside:
        raise UserError(
            "None of the variants lies in a gene of this file", name,
            "Give genes of the build of the genome that the VCF file has.",
        )  # fmt: skip
    consequences = [
        _kept(names, old, terms)
        for names, old, terms in zip(
            genes, found.sites["genes"], found.sites["consequences"], strict=True
        )
    ]
    sites = found.sites.assign(
        genes=pd.array([";".join(names) for names in genes], dtype="str"),
        consequences=pd.array(consequences, dtype="str"),
    )
    many = len({region[3] for region in regions})
    sentence = (
        f"{inside:,} of {counted(len(sites), 'variant')} lie in one of {counted(many, 'gene')} of "
        f"'{name}'.{_scattered(regions)}"
    )
    return replace(found, sites=sites), Decision(RULE, name, sentence, cells=inside)


def _scattered(regions: list[Region]) -> str:
    """What is said of names that stand on several chromosomes, as those of small RNA do."""
    of: dict[str, set[str]] = {}
    for chromosome, _, _, gene in regions:
        of.setdefault(gene, set()).add(chromosome)
    many = [gene for gene, chromosomes in of.items() if len(chromosomes) > 1]
    if not many:
        return ""
    shown = ", ".join(one[:40] for one in many[:NAMED]) + " …" * (len(many) > NAMED)
    return (
        f" {counted(len(many), 'name')} ({shown}) {'stands' if len(many) == 1 else 'stand'} on "
        "several chromosomes; all genes of one name count as one."
    )


def _kept(names: list[str], old: str, terms: str) -> str:
    known = dict(zip(old.split(";"), terms.split(";"), strict=True)) if old else {}
    return ";".join(known.get(name, "") for name in names)


def _lying_in(sites: pd.DataFrame, regions: list[Region]) -> list[list[str]]:
    """Of each variant the genes that its reference allele overlaps, in the order of the file."""
    found: list[list[str]] = [[] for _ in range(len(sites))]
    place = sites["position"].to_numpy()
    last = place + sites["reference"].str.len().to_numpy(dtype=np.int64) - 1
    # PLINK writes the parts of X that pair with Y as a chromosome of its own, behind it.
    rows_of: dict[Hashable, NDArray[np.int64]] = {
        chromosome: np.asarray(rows)[np.argsort(place[rows], kind="stable")]
        for chromosome, rows in sites.groupby("chromosome").indices.items()
    }
    # A long deletion ends behind variants that stand below it: the furthest end so far is in order.
    reached = {name: np.maximum.accumulate(last[rows]) for name, rows in rows_of.items()}
    begun = {name: place[rows] for name, rows in rows_of.items()}
    for chromosome, first, end, gene in regions:
        if chromosome not in rows_of:
            continue
        begin = np.searchsorted(reached[chromosome], first)
        behind = np.searchsorted(begun[chromosome], end, side="right")
        for row in rows_of[chromosome][begin:behind].tolist():
            if last[row] >= first and gene not in found[row]:
                found[row].append(gene)
    return found
