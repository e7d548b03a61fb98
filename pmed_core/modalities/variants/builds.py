"""Which build of the human genome a VCF speaks of, by what its header says, and how chromosomes
are spelt."""

from __future__ import annotations

import re
from collections.abc import Mapping

from pmed_core.errors import UserError
from pmed_core.reading import Decision

AUTOSOMES = tuple(str(number) for number in range(1, 23))
CHROMOSOMES = (*AUTOSOMES, "X", "Y", "MT")
SAME = {"M": "MT", "23": "X", "24": "Y", "25": "X", "26": "MT"}
"""Other spellings: those of UCSC and of PLINK, in which 25 are the pseudoautosomal parts of X."""
LENGTHS: Mapping[str, tuple[int, ...]] = {
    "NCBI36": (
        247249719, 242951149, 199501827, 191273063, 180857866, 170899992, 158821424, 146274826,
        140273252, 135374737, 134452384, 132349534, 114142980, 106368585, 100338915, 88827254,
        78774742, 76117153, 63811651, 62435964, 46944323, 49691432, 154913754, 57772954,
    ),
    "GRCh37": (
        249250621, 243199373, 198022430, 191154276, 180915260, 171115067, 159138663, 146364022,
        141213431, 135534747, 135006516, 133851895, 115169878, 107349540, 102531392, 90354753,
        81195210, 78077248, 59128983, 63025520, 48129895, 51304566, 155270560, 59373566,
    ),
    "GRCh38": (
        248956422, 242193529, 198295559, 190214555, 181538259, 170805979, 159345973, 145138636,
        138394717, 133797422, 135086622, 133275309, 114364328, 107043718, 101991189, 90338345,
        83257441, 80373285, 58617616, 64444167, 46709983, 50818468, 156040895, 57227415,
    ),
    "T2T-CHM13": (
        248387328, 242696752, 201105948, 193574945, 182045439, 172126628, 160567428, 146259331,
        150617247, 134758134, 135127769, 133324548, 113566686, 101161492, 99753195, 96330374,
        84276897, 80542538, 61707364, 66210255, 45090682, 51324926, 154259566, 62460029,
    ),
}  # fmt: skip
"""Of chromosomes 1 to 22, X and Y (Genome Reference Consortium; T2T-CHM13 2.0)."""
WORDS = {
    "NCBI36": re.compile(r"ncbi36|ncbi_36|hg18|\bb36\b|human_b36", re.IGNORECASE),
    "GRCh37": re.compile(r"grch37|hg19|\bb37\b|hs37|human_g1k_v37|ncbi37", re.IGNORECASE),
    "GRCh38": re.compile(r"grch38|hg38|\bb38\b|hs38|ncbi38", re.IGNORECASE),
    "T2T-CHM13": re.compile(r"chm13|\bhs1\b|t2t", re.IGNORECASE),
}
_OF_LENGTH = {
    (chromosome, length): build
    for build, lengths in LENGTHS.items()
    for chromosome, length in zip(CHROMOSOMES, lengths, strict=False)
}


ACCESSIONS = {
    f"NC_{number:06d}": chromosome
    for first in (1, 60925)
    for number, chromosome in enumerate(CHROMOSOMES[:24], first)
} | {"NC_012920": "MT"}
"""RefSeq's names of human chromosomes, without their version: those of the Genome Reference
Consortium and of T2T-CHM13."""


def spelt(contig: str) -> str:
    """A chromosome as it is called here, 1 to 22, X, Y or MT; other contigs as they are."""
    if own := ACCESSIONS.get(contig.partition(".")[0]):
        return own
    bare = re.sub(r"^chr", "", contig, flags=re.IGNORECASE)
    bare = SAME.get(bare.upper(), bare.upper())
    return bare if bare in CHROMOSOMES else contig


def build_of(contigs: Mapping[str, int], words: list[str], name: str) -> tuple[str, Decision]:
    """The build, empty where nothing tells, and what is said of it.

    Raises ``UserError`` where the header speaks of two.

    Args:
        contigs: name -> length, 0 where it is not said.
        words: what else names a reference: assemblies and files.
    """
    found: dict[str, str] = {}
    for contig, length in contigs.items():
        if build := _OF_LENGTH.get((spelt(contig), length)):
            found.setdefault(build, f"the length of chromosome {spelt(contig)}")
    for word in words:
        for build, pattern in WORDS.items():
            if pattern.search(word):
                found.setdefault(build, f"'{word[:60]}'")
    if len(found) > 1:
        told = " and ".join(f"{build} ({why})" for build, why in list(found.items())[:2])
        raise UserError(
            f"Its header speaks of two builds of the genome: {told}", name,
            "Keep the variants of one build, with its own header, or lift the others over.",
        )  # fmt: skip
    if not found:
        return "", Decision(
            "build", "", "The header does not tell the build of the genome; whatever needs "
            "positions of a certain build is answered once you say which it is.", proved=False,
        )  # fmt: skip
    build, why = next(iter(found.items()))
    return build, Decision("build", build, f"Positions are those of {build}, by {why}.")
