"""VCF is read as it says, or refused in one sentence."""

from __future__ import annotations

import gzip
import re
from contextlib import suppress
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pmed_core.errors import UserError
from pmed_core.genotypes import MISSING, PHASED, Genotypes
from pmed_core.modalities.variants.builds import spelt
from pmed_core.modalities.variants.vcf import holds_vcf, read_vcf
from tests.variants.written import HEAD, bgzip, gzipped, vcf

GENOMES = Path("../shared/data/genomes_1000g_3202.vcf.gz")


def of(*records: str, samples: tuple[str, ...] = ("a", "b"), head: str = HEAD) -> Genotypes:
    return read_vcf(vcf(records, samples, head), "x.vcf")[0]


def said(*records: str, samples: tuple[str, ...] = ("a", "b"), head: str = HEAD) -> str:
    return " ".join(one.sentence for one in read_vcf(vcf(records, samples, head), "x.vcf")[1])


def test_calls_are_those_of_the_file() -> None:
    found = of(
        "chr1 100 rs1 A G . PASS AF=0.25 GT:DP 0/1:3 1|1:4", "chr1 101 . A C . . . GT ./. 0/0"
    )
    assert found.copies().tolist() == [[1, 2], [MISSING, 0]]
    assert found.build == "GRCh38"
    row = found.sites.iloc[0]
    assert (row.chromosome, row.position, row.id, row.frequency) == ("1", 100, "rs1", 0.25)
    assert (found.calls[0] & PHASED > 0).tolist() == [False, True]


def test_a_site_with_several_alleles_becomes_several_variants() -> None:
    found = of("chr1 100 . A G,T,* . PASS AF=0.5,0.25,0.1 GT 1/2 0/3")
    assert found.sites["alternative"].tolist() == ["G", "T"]
    assert found.sites["record"].tolist() == [0, 0]
    assert found.sites["frequency"].tolist() == [0.5, 0.25]
    assert found.copies().tolist() == [[1, 0], [1, 0]]
    # Neither the other alternative nor "*" is the reference.
    assert [(call & 3, call >> 2 & 3) for call in found.calls[0].tolist()] == [(1, 2), (0, 2)]
    assert "1 site has several" in said("chr1 100 . A G,T . . . GT 1/2 0/0")


def test_more_than_nine_alternatives() -> None:
    alternatives = ",".join("A" * n for n in range(2, 14))
    found = of(f"chr1 100 . A {alternatives} . . . GT 0/12 10|11")
    assert found.copies()[11].tolist() == [1, 0]
    assert found.copies()[9].tolist() == [0, 1]
    assert found.calls[9, 1] & PHASED


def test_missing_is_never_the_reference() -> None:
    found = of("chr1 100 . A G . . . GT . 0/.", "chr1 101 . A G . . . GT ./1 .|.")
    assert (found.copies() == MISSING).all()
    told = said("chr1 100 . A G . . . GT . 0/.")
    assert "1 genotype (50.00 %) was not called" in told
    assert "Of 1 genotype only one of two alleles" in told


def test_haploid_calls_are_told_apart() -> None:
    found = of("chrX 5000000 . A G . . . GT 1 0/1", head="##fileformat=VCFv4.2\n")
    assert found.copies().tolist() == [[1, 1]]
    assert (found.calls[0] & 16 > 0).tolist() == [True, False]
    assert "1 genotype on chromosome X has one allele." in said("chrX 5 . A G . . . GT 1 0/1")
    assert "autosomes has one allele, where two are expected" in said("chr1 5 . A G . . . GT 1 0/1")


def test_blocks_of_the_reference_are_called_and_gaps_are_not() -> None:
    found = of(
        "chr1 100 . A <NON_REF> . . END=199 GT:DP 0/0:9 0/0:0",
        "chr1 200 . A G,<NON_REF> . . . GT:DP 0/1:9 0/0:9",
        "chr1 201 . A . . . . GT 0/0 ./.",
    )
    assert len(found.sites) == 1
    assert found.called_reference("a", "1", 100, 199)
    assert found.called_reference("a", "1", 201, 201)
    assert not found.called_reference("a", "1", 199, 201), "200 is a site of its own"
    assert not found.called_reference("a", "1", 90, 110)
    assert not found.called_reference("b", "1", 150, 150), "no read was there"
    assert not found.called_reference("b", "1", 201, 201)
    assert not found.called_reference("a", "2", 150, 150)


def test_a_reference_without_reads_is_missing_at_sites_too() -> None:
    records = (
        "chr1 100 . A G . . . GT:AD:DP:GQ 0/0:0,0:0:0 0/1:3,4:7:50",
        "chr1 101 . A G,T . . . GT:GQ 0|0:0 1/2:0",
        "chrX 5000000 . A G . . . GT:DP 0:0 0:10",
    )
    found = of(*records)
    assert found.copies().tolist() == [[MISSING, 1], [MISSING, 1], [MISSING, 1], [MISSING, 0]]
    assert (found.calls[3] & 16 > 0).all()
    assert "3 calls of the reference that nothing speaks for (DP or GQ is 0) are" in said(*records)


def test_a_genotype_that_its_own_filter_speaks_against_is_missing() -> None:
    records = (
        "chr1 100 . A G . . . GT:FT 0/1:LowGQ 0/1:PASS", "chr1 101 . A G . . . GT:FT 0/0:. ./.:LQ",
        "chr1 102 . A . . . . GT:FT 0/0:LowGQ 0/0",
    )  # fmt: skip
    found = of(*records)
    assert found.copies().tolist() == [[MISSING, 1], [0, MISSING]]
    assert not found.called_reference("a", "1", 102, 102)
    assert found.called_reference("b", "1", 102, 102)
    assert "2 genotypes that a filter of their own (FT) speaks against are" in said(*records)


def test_a_deletion_that_is_not_carried_says_nothing_of_its_stretch() -> None:
    found = of("chr1 100 . A <DEL> . . END=199 GT 0/0 0/1", "chr1 300 . A G . . . GT 0/0 0/0")
    assert not len(found.blocks)
    assert len(found.sites) == 1


def test_annotations_belong_to_their_alleles() -> None:
    head = HEAD + (
        '##INFO=<ID=CSQ,Number=.,Type=String,Description="From VEP. Format: '
        'Allele|Consequence|IMPACT|SYMBOL|Gene">\n'
    )
    csq = (
        "G|missense_variant|M|BRCA1|E1,T|stop_gained|H|BRCA1|E1,"
        "G|splice_donor_variant&intron_variant|H|BRCA1|E1,G|upstream_gene_variant|L|NBR2|E2"
    )
    found = of(f"chr1 100 . A G,T . . CLNSIG=Pathogenic;CSQ={csq} GT 1/2 0/0", head=head).sites
    assert found["genes"].tolist() == ["BRCA1", "BRCA1"]
    assert found["consequences"].tolist() == ["splice_donor_variant&intron_variant", "stop_gained"]
    # Of which of the two ClinVar speaks is not told.
    assert found["clinical"].tolist() == ["Pathogenic (of 2 alternative alleles)"] * 2


def test_what_clinvar_says_by_vep_belongs_to_its_allele() -> None:
    head = HEAD + (
        '##INFO=<ID=CSQ,Number=.,Type=String,Description="Format: '
        'Allele|Consequence|SYMBOL|CLIN_SIG|ClinVar_CLNDN">\n'
    )
    csq = "G|missense_variant|BRCA1|pathogenic&likely_pathogenic|Cancer,T|stop_gained|BRCA1||"
    found = of(f"chr1 100 . A G,T . . CSQ={csq} GT 1/2 0/0", head=head).sites
    assert found["clinical"].tolist() == ["pathogenic&likely_pathogenic;;Cancer", ""]
    told = "CLNSIG=Benign;CLNREVSTAT=criteria_provided,_single_submitter;CLNDN=not_provided"
    (own,) = of(f"chr1 100 . A G . . {told} GT 0/1 0/0").sites["clinical"]
    assert own == "Benign;criteria_provided,_single_submitter;not_provided"


def test_the_deletion_that_vep_spells_without_its_first_base() -> None:
    head = HEAD + (
        '##INFO=<ID=CSQ,Number=.,Type=String,Description="Format: Allele|Consequence|SYMBOL">\n'
    )
    csq = "-|frameshift_variant|TP53,AT|inframe_insertion|TP53"
    found = of(f"chr1 100 . CG C,CAT . . CSQ={csq} GT 1/2 0/0", head=head).sites
    assert found["consequences"].tolist() == ["frameshift_variant", "inframe_insertion"]


def test_annotations_of_snpeff() -> None:
    head = HEAD + '##INFO=<ID=ANN,Number=.,Type=String,Description="Functional annotations">\n'
    ann = "G|missense_variant|MODERATE|GENE1|g1|t,G|downstream_gene_variant|MODIFIER|GENE2|g2|t"
    found = of(f"chr1 100 . A G . . ANN={ann} GT 0/1 0/0", head=head).sites
    assert found["genes"].tolist() == ["GENE1"]


def test_a_single_point_is_a_call_that_was_not_made_and_no_haploid_one() -> None:
    data = vcf(("chr1 100 . A G . . . GT . 0/1", "chrX 5 . A G . . . GT . 1"), head=NO_LENGTHS)
    found, told = read_vcf(data, "x.vcf")
    assert found.copies().tolist() == [[-1, 1], [-1, 1]]
    said = " ".join(one.sentence for one in told)
    assert "autosomes" not in said
    assert "2 genotypes (50.00 %) were not called" in said
    assert "1 genotype on chromosome X has one allele." in said


NO_LENGTHS = "##fileformat=VCFv4.2\n"


@pytest.mark.parametrize(
    ("line", "build"),
    [
        ("##contig=<ID=chr1,length=248387328>", "T2T-CHM13"),
        ("##contig=<ID=Y,length=57772954>", "NCBI36"),
        ("##reference=file:///refs/hg18.fa", "NCBI36"),
        ("##contig=<ID=22,length=51304566>", "GRCh37"),
        ("##contig=<ID=NC_000023.10,length=155270560>", "GRCh37"),
        ("##contig=<ID=NC_060948.1,length=62460029>", "T2T-CHM13"),
        ("##reference=mm10.fa", ""),
    ],
)
def test_the_build_is_that_of_the_header(line: str, build: str) -> None:
    head = f"{NO_LENGTHS}{line}\n"
    found, _ = read_vcf(vcf(("chr1 100 . A G . . . GT 0/0 0/1",), head=head), "x.vcf")
    assert found.build == build


def test_chromosomes_are_known_by_the_names_of_refseq() -> None:
    told = {
        "NC_000001.11": "1", "NC_000022.10": "22", "NC_000024.9": "Y", "NC_000025.1": "NC_000025.1",
        "NC_060925.1": "1", "NC_060947.1": "X", "NC_060949.1": "NC_060949.1", "NC_012920.1": "MT",
        "NC_000067.7": "NC_000067.7", "chrM": "MT", "23": "X", "chrUn_KI270": "chrUn_KI270",
    }  # fmt: skip
    assert {name: spelt(name) for name in told} == told


BAD = {
    "out of order": ("chr1 100 . A G . . . GT 0/1 0/0", "chr1 99 . A G . . . GT 0/1 0/0"),
    "comes again": (
        "chr1 100 . A G . . . GT 0/1 0/0", "chr2 1 . A G . . . GT 0/1 0/0",
        "chr1 200 . A G . . . GT 0/1 0/0",
    ),
    "has 1 genotypes, where the header names 2": ("chr1 100 . A G . . . GT 0/1",),
    "has 3 genotypes": ("chr1 100 . A G . . . GT 0/1 0/0 0/0",),
    "only 1 alternative allele": ("chr1 100 . A G . . . GT 0/2 0/0",),
    "only 12 alternative alleles": (
        f"chr1 100 . A {','.join('A' * n for n in range(2, 14))} . . . GT 0/13 0/0",
    ),
    "where a genotype such as": ("chr1 100 . A G . . . GT 0/1 0-1",),
    "'' where a genotype": ("chr1 100 . A G . . . GT:DP 0/1:2 :3",),
    "more than two alleles": ("chr1 100 . A G . . . GT 0/0/1 0/0",),
    "no sequence of bases": ("chr1 100 . A1 G . . . GT 0/1 0/0",),
    "which is none": ("chr1 100 . A ?? . . . GT 0/1 0/0",),
    "names the same allele twice": ("chr1 100 . A G,G . . . GT 0/1 0/0",),
    "has the position '-5'": ("chr1 -5 . A G . . . GT 0/1 0/0",),
    "has the position 'x'": ("chr1 x . A G . . . GT 0/1 0/0",),
    "GT is not the first": ("chr1 100 . A G . . . DP:GT 3:0/1 3:0/0",),
    "of a chromosome of 248,956,422": ("chr1 248956423 . A G . . . GT 0/1 0/0",),
    "is '1' elsewhere": ("1 100 . A G . . . GT 0/1 0/0", "chr1 200 . A G . . . GT 0/1 0/0"),
    "with other genotypes than line 4": (
        "chr1 100 . A G . . . GT 0/1 0/0", "chr1 100 . A G . . . GT 0/0 0/0",
    ),
    "has 8 columns": ("chr1 100 . A G . . .",),
    "There is no variant in it": (),
}  # fmt: skip


@pytest.mark.parametrize("sentence", BAD)
def test_what_the_format_does_not_allow_is_refused(sentence: str) -> None:
    with pytest.raises(UserError, match=re.escape(sentence)) as caught:
        of(*BAD[sentence])
    assert caught.value.where == "x.vcf"
    assert caught.value.remedy
    assert ("sort" in caught.value.remedy) is (sentence in ("out of order", "comes again"))


GOOD = ("chr1 100 . A G . . . GT 0/1 0/0",)
HEADS = {
    "two builds": (HEAD + "##contig=<ID=chr2,length=243199373>\n", ("a", "b")),
    "two builds of the genome: GRCh38": (HEAD + "##reference=file:///hs37d5.fa\n", ("a", "b")),
    "does not begin with '##fileformat": ("", ("a", "b")),
    "stands twice": (HEAD, ("a", "a")),
}


@pytest.mark.parametrize("sentence", HEADS)
def test_bad_headers(sentence: str) -> None:
    head, samples = HEADS[sentence]
    with pytest.raises(UserError, match=sentence):
        of(*GOOD, samples=samples, head=head)


def test_other_files_with_a_name_of_vcf() -> None:
    for data, sentence in (
        (b"a,b\n1,2\n", "does not begin with"),
        (gzip.compress(b"BCF\x02\x02rest"), "The BCF file is damaged: the header"),
        (HEAD.encode(), "no line that begins with #CHROM"),
        (vcf(GOOD).replace(b"\t", b" "), "not separated by tabs"),
        (vcf(GOOD).replace(b"REF", b"RFE"), "column 'REF' is missing"),
        (vcf(GOOD).replace(b"\tFORMAT\ta\tb", b""), "no sample that carries them"),
    ):
        with pytest.raises(UserError, match=re.escape(sentence)):
            read_vcf(data, "x.vcf")


def test_packed_files_are_the_same() -> None:
    records = [f"chr1 {100 + k} . A G . . . GT 0/{k % 2} 1|1" for k in range(200)]
    data = vcf(records)
    plain = read_vcf(data, "x.vcf")[0]
    for packed in (bgzip(data), gzipped(data), data.replace(b"\n", b"\r\n")):
        assert holds_vcf(packed, "x.bin")
        again = read_vcf(packed, "x.bin")[0]
        assert list(again.digested()) == list(plain.digested())


@settings(max_examples=60, deadline=None)
@given(st.integers(min_value=1, max_value=2000), st.booleans())
def test_a_packed_file_that_was_cut_off_is_refused(cut: int, small: bool) -> None:
    data = vcf([f"chr1 {100 + k} . A G . . . GT 0/{k % 2} 1|1" for k in range(200)])
    packed = bgzip(data) if small else gzipped(data)
    with pytest.raises(UserError, match="cut off|damaged"):
        read_vcf(packed[: max(20, len(packed) - cut)], "x.vcf.gz")


@settings(max_examples=60, deadline=None)
@given(st.integers(min_value=0, max_value=10_000), st.integers(min_value=1, max_value=255))
def test_a_packed_file_in_which_a_byte_changed_is_refused_or_the_same(at: int, by: int) -> None:
    data = vcf([f"chr1 {100 + k} . A G . . . GT 0/{k % 2} 1|1" for k in range(50)])
    packed = bytearray(bgzip(data))
    packed[at % len(packed)] ^= by
    try:
        found = read_vcf(bytes(packed), "x.vcf.gz")[0]
    except UserError:
        return
    assert list(found.digested()) == list(read_vcf(data, "x")[0].digested())


def test_a_last_line_without_an_end_is_said() -> None:
    told = read_vcf(vcf(GOOD).rstrip(b"\n"), "x.vcf")[1]
    assert any(one.rule == "last-line" and not one.proved for one in told)


ALLELES = st.sampled_from([".", "0", "1", "2", "10", "11"])
CALLS = st.tuples(ALLELES, st.sampled_from(["", "/", "|"]), ALLELES, st.sampled_from(["", ":7,3"]))


@settings(max_examples=150, deadline=None)
@given(st.lists(CALLS, min_size=1, max_size=8))
def test_any_genotypes_are_read_as_one_by_one(calls: list[tuple[str, str, str, str]]) -> None:
    cells = [a + (sep + b if sep else "") + rest for a, sep, b, rest in calls]
    alternatives = ["A" * n for n in range(2, 13)]
    names = tuple(f"s{k}" for k in range(len(cells)))
    record = f"chr1 100 . A {','.join(alternatives)} . . . GT:AD {' '.join(cells)}"
    found = of(record, samples=names).copies()
    for column, (first, sep, second, _) in enumerate(calls):
        alleles = [first, second] if sep else [first]
        for which in range(1, 12):
            wanted = MISSING if "." in alleles else alleles.count(str(which))
            assert found[which - 1, column] == wanted


@settings(max_examples=100, deadline=None)
@given(st.binary(max_size=400))
def test_whatever_stands_in_a_file_is_read_or_refused(data: bytes) -> None:
    for start in (b"", b"##fileformat=VCFv4.2\n", vcf(GOOD), b"\x1f\x8b"):
        with suppress(UserError):
            found = read_vcf(start + data, "x.vcf")[0]
            assert found.calls.shape == (len(found.sites), len(found.samples))


@pytest.mark.skipif(not GENOMES.exists(), reason="the shared data is not here")
def test_the_genomes_of_3202_people() -> None:
    found, told = read_vcf(GENOMES.read_bytes(), GENOMES.name)
    with gzip.open(GENOMES, "rt") as file:
        rows = [line.rstrip("\n").split("\t") for line in file if not line.startswith("##")]
    assert found.samples == tuple(rows[0][9:])
    assert found.sites["position"].tolist() == [int(row[1]) for row in rows[1:]]
    copies = found.copies()
    for k, row in enumerate(rows[1:]):
        assert copies[k].tolist() == [cell.count("1") for cell in row[9:]]
    assert not any(cell for row in rows[1:] for cell in row[9:] if "." in cell)
    assert found.build == ""
    assert any("57,564 genotypes on chromosome X have one allele." in one.sentence for one in told)


def test_samples_and_sites_are_selected_together() -> None:
    found = of("chr1 100 . A G . . . GT 0/1 1/1", "chr1 300 . A G . . . GT 0/0 0/1")
    assert found.of(["b"]).copies().tolist() == [[2], [1]]
    assert found.at(np.array([1])).copies().tolist() == [[0, 1]]
