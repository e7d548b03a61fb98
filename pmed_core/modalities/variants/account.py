"""What is said of a VCF file once it is read."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from pmed_core.modalities.variants.header import Header
from pmed_core.quantity import counted
from pmed_core.reading import Decision, Reading


@dataclass
class Counts:
    """What was met, in sites, alleles or calls.

    Attributes:
        split: sites with several alternative alleles.
        structural, stars: alternative alleles that are symbolic or rearrangements, and "*".
        failed: alternatives of records that a filter speaks against.
        missing, half, calls: calls without an allele, with one of two, and all.
        haploid: "autosomes", or a chromosome -> calls of one allele.
        repeated: variants that stand twice alike.
        respelt: contigs that are called otherwise here.
        in_sets: calls that are phased within a stretch of the genome (PS) and not beyond.
        unread: calls of the reference that nothing speaks for.
        filtered: calls that a filter of their own (FT) speaks against.
        unlike: sites whose annotation spells its alleles otherwise.
        unended: the last line has no end.
    """

    split: int = 0
    structural: int = 0
    stars: int = 0
    failed: int = 0
    missing: int = 0
    half: int = 0
    calls: int = 0
    haploid: dict[str, int] = field(default_factory=dict)
    repeated: int = 0
    respelt: list[str] = field(default_factory=list)
    in_sets: int = 0
    unread: int = 0
    filtered: int = 0
    unlike: int = 0
    unended: bool = False


def account(header: Header, of: Counts) -> Reading:
    """In the order in which a geneticist asks."""
    return (*header.account, *_spelling(of), *_of_alleles(of), *_of_calls(of))


def _spelling(of: Counts) -> Iterator[Decision]:
    if of.respelt:
        sentence = (
            f"Chromosomes are called 1 to 22, X, Y and MT here: '{of.respelt[0]}' of the file "
            f"{'and others are' if len(of.respelt) > 1 else 'is'} spelt so."
        )
        yield Decision("chromosomes", "respelt", sentence, cells=len(of.respelt))
    if of.unended:
        yield Decision(
            "last-line", "kept", "The last line of the file has no end, so that the file may be "
            "cut off there.", cells=1, proved=False,
        )  # fmt: skip


def _of_alleles(of: Counts) -> Iterator[Decision]:
    if of.split:
        have = "site has" if of.split == 1 else "sites have"
        yield Decision(
            "multi-allelic", "split", f"{of.split:,} {have} several alternative alleles; each is "
            "a variant of its own.", cells=of.split,
        )  # fmt: skip
    if of.stars:
        yield Decision(
            "star-alleles", "apart", f"{counted(of.stars, 'allele')} '*', at which a deletion "
            f"takes the site away, {'counts' if of.stars == 1 else 'count'} as neither the "
            "reference nor a variant.", cells=of.stars,
        )  # fmt: skip
    if of.structural:
        are = "is" if of.structural == 1 else "are"
        yield Decision(
            "structural", "left out", f"{counted(of.structural, 'structural allele')} (such as "
            f"<DEL>, or the ends of rearrangements) {are} not read as variants.",
            cells=of.structural, proved=False,
        )  # fmt: skip
    if of.unlike:
        sentence = (
            f"At {counted(of.unlike, 'site')} the annotation spells alleles otherwise than the "
            "site, so that genes and consequences of some are not known."
        )
        yield Decision("unlike-annotations", "left out", sentence, cells=of.unlike, proved=False)
    if of.failed:
        do = "variant does" if of.failed == 1 else "variants do"
        yield Decision(
            "filter", "marked", f"{of.failed:,} {do} not pass the filters of the file.",
            cells=of.failed, proved=False,
        )  # fmt: skip
    if of.repeated:
        yield Decision(
            "repeated-variants", "once", f"{counted(of.repeated, 'variant')} that "
            f"{'stands' if of.repeated == 1 else 'stand'} twice with the same genotypes "
            f"{'was' if of.repeated == 1 else 'were'} read once.", cells=of.repeated,
        )  # fmt: skip


def _of_calls(of: Counts) -> Iterator[Decision]:
    if of.missing:
        share, were, are = of.missing / of.calls, "were", "are"
        if of.missing == 1:
            were, are = "was", "is"
        yield Decision(
            "missing-calls", "missing", f"{counted(of.missing, 'genotype')} ({100 * share:.2f} %) "
            f"{were} not called, and {are} missing, not the reference.", cells=of.missing,
        )  # fmt: skip
    if of.half:
        yield Decision(
            "half-calls", "missing", f"Of {counted(of.half, 'genotype')} only one of two alleles "
            "was called; the number of copies is missing.", cells=of.half,
        )  # fmt: skip
    for where, many in of.haploid.items():
        expected = where in ("X", "Y", "MT")
        on = where if where == "autosomes" else f"chromosome {where}"
        sentence = (
            f"{counted(many, 'genotype')} on {on} {'has' if many == 1 else 'have'} one allele"
        )
        sentence += "." if expected else ", where two are expected."
        yield Decision("haploid", "one", sentence, cells=many, proved=expected)
    if of.in_sets:
        yield Decision(
            "phase-sets", "unphased", f"{counted(of.in_sets, 'genotype')} "
            f"{'is' if of.in_sets == 1 else 'are'} phased within a stretch of the genome (PS) and "
            "not beyond, and count as not phased.", cells=of.in_sets,
        )  # fmt: skip
    if of.unread:
        yield Decision(
            "reference-without-reads", "missing", f"{counted(of.unread, 'call')} of the reference "
            f"that nothing speaks for (DP or GQ is 0) {'is' if of.unread == 1 else 'are'} missing.",
            cells=of.unread,
        )  # fmt: skip
    if of.filtered:
        yield Decision(
            "filtered-calls", "missing", f"{counted(of.filtered, 'genotype')} that a filter of "
            f"{'its' if of.filtered == 1 else 'their'} own (FT) speaks against "
            f"{'is' if of.filtered == 1 else 'are'} missing.", cells=of.filtered,
        )  # fmt: skip
