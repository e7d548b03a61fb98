"""The copies of a model's variants that patients of another file carry: absent is not known."""

from __future__ import annotations

import numpy as np

from pmed_core.modalities.variants.catalogue import Catalogue, catalogue
from pmed_core.modalities.variants.encoder import learn_encoder
from pmed_core.modalities.variants.vcf import read_vcf
from tests.variants.written import vcf

HEAD = "##fileformat=VCFv4.2\n"


def read(*records: str, head: str = HEAD) -> Catalogue:
    found, _ = read_vcf(vcf(records, head=head), "x.vcf")
    return catalogue(found, np.arange(len(found.sites)))


def test_a_deletion_is_the_reference_where_neighbouring_blocks_say_so() -> None:
    """For each sample by itself: a border between blocks is no gap, and a gap is one."""
    known = read(
        "1 98 . ACGT A . . . GT 0/1 0/0", "1 150 . A G . . . GT 0/1 0/0",
        "1 197 . ACGTA A . . . GT 0/1 0/0", "1 298 . ACGT A . . . GT 0/1 0/0",
        "1 400 . A G . . . GT 0/1 0/0",
    )  # fmt: skip
    later, _ = read_vcf(
        vcf(
            (
                "1 50 . A <NON_REF> . . END=99 GT:DP 0/0:9 0/0:9",
                "1 100 . A <NON_REF> . . END=199 GT:DP 0/0:9 ./.:0",
                "1 200 . A <NON_REF> . . END=299 GT:DP 0/0:9 0/0:9",
                "1 301 . A <NON_REF> . . END=399 GT:DP 0/0:9 0/0:9",
            ),
            head=HEAD,
        ),
        "y.vcf",
    )
    told = known.copies(later, ("a", "b")).tolist()
    assert told == [[0, -1], [0, -1], [0, -1], [-1, -1], [-1, -1]]


def test_blocks_of_a_chromosome_in_two_parts_are_found_in_both() -> None:
    """PLINK calls the parts of X that pair with Y chromosome 25."""
    known = read("23 100 . A G . . . GT 0/1 0/0", "25 50 . A G . . . GT 0/1 0/0")
    later, _ = read_vcf(
        vcf(("23 90 . A . . . END=110 GT 0/0 0/0", "25 40 . A . . . END=60 GT 0/0 ./."), head=HEAD),
        "y.vcf",
    )
    assert known.copies(later, ("a", "b")).tolist() == [[0, 0], [0, -1]]


def test_components_are_as_many_as_the_common_variants_can_tell() -> None:
    """Variants that always go together tell one component, however many there are."""
    draw = np.random.default_rng(3)
    copies = np.repeat(draw.binomial(2, 0.4, (1, 60)), 8, axis=0).astype(np.int8)
    known = read(*(f"1 {100 + k} . A G . . . GT 0/1 0/0" for k in range(8)))
    encoder = learn_encoder(known, copies, 0.01, 5, np.arange(60))
    components = encoder.components(copies)
    assert components.shape == (60, 1)
    assert np.isfinite(components).all()
    assert abs(np.corrcoef(components[:, 0], copies[0])[0, 1]) > 0.999
