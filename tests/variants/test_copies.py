"""The copies of a model's variants that patients of another file carry: absent is not known."""

from __future__ import annotations

from dataclasses import replace

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


def test_a_variant_is_the_same_however_long_the_other_alleles_of_its_site_make_it() -> None:
    """Who else was called with a patient decides how a site is written."""
    known = read("1 100 . CA C . . . GT 0/1 0/0", "1 102 . C T . . . GT 0/1 0/0")
    later, _ = read_vcf(vcf(("1 100 . CAC CC,CAT . . . GT 1/2 2/2",), head=HEAD), "y.vcf")
    assert known.copies(later, ("a", "b")).tolist() == [[1, 0], [1, 2]]
    both = ("1 100 . CAC CC,CAT . . . GT 1/2 0/2", "1 102 . C T . . . GT 0/1 0/0")
    later, _ = read_vcf(vcf(both, head=HEAD), "y.vcf")
    assert known.copies(later, ("a", "b"))[1].tolist() == [1, 0], "the row that is written alike"


def test_a_rare_allele_that_was_not_called_ranks_a_patient_among_those_without() -> None:
    known = read(*(f"1 {100 + k} . A G . . . GT 0/1 0/0" for k in range(3)))
    genes = catalogue_of_one_gene(known)
    copies = np.zeros((3, 400), dtype=np.int8)
    copies[:, :3] = 1
    encoder = learn_encoder(genes, copies, 0.01, 0, np.arange(400))
    later = np.array([[0, -1, 1], [0, -1, -1], [0, 0, 0]], dtype=np.int8)
    assert encoder.features(genes, later)["gene: G"].tolist() == [0, 0, 1]


def catalogue_of_one_gene(known: Catalogue) -> Catalogue:
    """With all variants in it."""
    return replace(
        known, genes=("G",), variant=np.arange(3), gene=np.zeros(3, dtype=np.int64),
        weight=np.ones(3),
    )  # fmt: skip
