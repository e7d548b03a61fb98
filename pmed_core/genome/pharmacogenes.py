"""Which two alleles of a pharmacogene a patient has, and which phenotype goes with them.

Each chromosome must be one named allele at all of its positions (as PharmCAT's matcher demands:
Sangkuhl et al., Clin Pharmacol Ther 2020;107:203-210). Where one position is not told nothing is
called; where the phase is not told all pairs that fit are, those first whose definitions say most.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import product

from pmed_core.errors import UserError
from pmed_core.genome.knowledge import Allele, Gene, knowledge
from pmed_core.genome.positions import NOT_IN_TABLE, Told, told_at, within
from pmed_core.genome.told import Diplotype, GeneCall, Statement
from pmed_core.genotypes import Genotypes
from pmed_core.quantity import counted

UNPHASED_AT_MOST = 12
"""Heterozygous positions of a gene whose phase is not told: 2,048 ways to put them together."""
SEVERAL_UNPHASED_AT_MOST = 5
"""The same where each of the ways is a pair, because a chromosome may have several alleles: 16."""
NAMED_AT_MOST = 5
NOT_LISTED = "Not listed"
"""Phenotype of alleles of which CPIC lists no function."""


def call(genotypes: Genotypes, sample: str, build: str = "") -> tuple[GeneCall, ...]:
    """Every gene of the table; ``build`` is what a user says where the file does not tell.

    Raises ``UserError`` where its positions are those of another build, or nobody knows.
    """
    known, of = knowledge(), genotypes.build or build
    if not of:
        raise UserError(
            "The file does not tell the build of its positions", sample,
            "Say which it is, or bring in the file with its whole header.",
        )  # fmt: skip
    if of != known.build:
        raise UserError(
            f"Its positions are those of {of}; the alleles are defined on {known.build}",
            sample,
            f"Bring in the same genome on {known.build}.",
        )
    own = genotypes.of((sample,))
    return tuple(_called(gene, own, sample) for gene in known.genes)


def _called(gene: Gene, genotypes: Genotypes, sample: str) -> GeneCall:
    start, end = min(one.start for one in gene.positions), max(one.end for one in gene.positions)
    region = within(genotypes, gene.chromosome, start, end)
    told = [told_at(one, gene.chromosome, region, sample) for one in gene.positions]
    pairs = list(zip(gene.positions, told, strict=True))
    missing = tuple(position.name for position, at in pairs if not at.known)
    strange = [position.name for position, at in pairs if NOT_IN_TABLE in at.alleles]
    mixed = [at for at in told if at.alleles[0] != at.alleles[1]]
    phased = len(mixed) < 2 or all(at.phased for at in mixed)
    found = tuple(
        f"{position.name}: {'/'.join(one or 'not called' for one in at.alleles)}"
        for position, at in pairs
        if any(one and one != position.reference for one in at.alleles)
    )
    why, diplotypes = "", tuple[Diplotype, ...]()
    if missing:
        why = (
            f"{counted(len(missing), 'position')} of {len(told)} {_are(missing)} not told by the "
            f"file ({_named(missing)}). What is absent is not taken for the reference."
        )
    elif strange:
        why = f"A variant that no allele of the table has lies at {_named(strange)}."
    elif not phased and len(mixed) > (
        SEVERAL_UNPHASED_AT_MOST if gene.lowest else UNPHASED_AT_MOST
    ):
        why = f"{len(mixed)} of its positions differ between the chromosomes, and none is phased."
    else:
        diplotypes = _diplotypes(gene, told, phased)
        why = "" if diplotypes else "No two alleles of the table have these variants."
    return GeneCall(
        gene.name, diplotypes, why, found, len(told), missing, phased, _said(gene, diplotypes)
    )


def _are(several: tuple[str, ...]) -> str:
    return "is" if len(several) == 1 else "are"


def _named(names: list[str] | tuple[str, ...]) -> str:
    return ", ".join(names[:NAMED_AT_MOST]) + ", …" * (len(names) > NAMED_AT_MOST)


def _diplotypes(gene: Gene, told: list[Told], phased: bool) -> tuple[Diplotype, ...]:
    """All pairs of alleles that fit, the best defined first."""
    order = {id(allele): number for number, allele in enumerate(gene.alleles)}
    fitting: dict[str, tuple[int, Diplotype]] = {}
    for one, other in _ways(told, phased):
        for pair in product(_matching(gene, one), _matching(gene, other)):
            first, second = sorted(pair, key=lambda allele: order.get(id(allele), len(order)))
            found = _diplotype(gene, first, second)
            score = first.defined + second.defined
            fitting[found.name] = max(fitting.get(found.name, (0, found)), (score, found),
                                      key=lambda scored: scored[0])  # fmt: skip
    ranked = sorted(fitting.values(), key=lambda scored: -scored[0])
    return tuple(found for _, found in ranked)


def _ways(told: list[Told], phased: bool) -> Iterator[tuple[tuple[str, ...], tuple[str, ...]]]:
    """How the alleles can lie on the two chromosomes."""
    mixed = [k for k, at in enumerate(told) if at.alleles[0] != at.alleles[1]]
    free = [] if phased else mixed[1:]
    for turns in product((False, True), repeat=len(free)):
        turned = {k for k, turn in zip(free, turns, strict=True) if turn}
        pairs = [at.alleles[::-1] if k in turned else at.alleles for k, at in enumerate(told)]
        yield tuple(first for first, _ in pairs), tuple(second for _, second in pairs)


def _matching(gene: Gene, has: tuple[str, ...]) -> list[Allele]:
    references = [position.reference for position in gene.positions]
    found = [
        allele
        for allele in gene.alleles
        if all(
            one in allele.differs.get(k, (references[k],)) for k, one in enumerate(has)
        )
    ]  # fmt: skip
    return found or (_several(gene, has) if gene.lowest else [])


def _several(gene: Gene, has: tuple[str, ...]) -> list[Allele]:
    """The alleles of one chromosome as one, with the function of the least active of them; none
    where they leave a difference from the reference unexplained."""
    within = [
        one for one in gene.alleles
        if one.differs and all(has[k] in letters for k, letters in one.differs.items())
    ]  # fmt: skip
    sites = [one.differs.keys() for one in within]
    apart = [one for one in within if not any(one.differs.keys() < more for more in sites)]
    differs = {k: (has[k],) for one in apart for k in one.differs}
    if any(one != gene.positions[k].reference and k not in differs for k, one in enumerate(has)):
        return []
    least = min(apart, key=lambda one: float(one.key))
    name = f"[{' + '.join(one.name for one in apart)}]"
    # Scored below any single allele, so that pairs of these stand first.
    return [Allele(name, differs, -len(has), least.key, least.function)]


def _diplotype(gene: Gene, first: Allele, second: Allele) -> Diplotype:
    low, high = sorted((first.key, second.key))
    phenotype, activity = gene.phenotypes.get((low, high), (NOT_LISTED, ""))
    functions = (first.function or NOT_LISTED, second.function or NOT_LISTED)
    return Diplotype(f"{first.name}/{second.name}", functions, phenotype, activity)


def _said(gene: Gene, diplotypes: tuple[Diplotype, ...]) -> tuple[Statement, ...]:
    """What guidelines say of every phenotype that is possible."""
    possible = dict.fromkeys(one.phenotype for one in diplotypes)
    return tuple(
        Statement(one.drugs, phenotype, one.says[phenotype], one.citation)
        for one in gene.guidelines
        for phenotype in possible
        if phenotype in one.says
    )
