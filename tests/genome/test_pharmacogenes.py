"""Star alleles: known answers, every pair of alleles there and back, and what is not called."""

from __future__ import annotations

from pathlib import Path
from zipfile import ZipFile

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pmed_core.errors import UserError
from pmed_core.genome.knowledge import Allele, Gene, knowledge
from pmed_core.genome.pharmacogenes import call
from pmed_core.genome.told import GeneCall
from pmed_core.genotypes import Genotypes
from pmed_core.modalities.variants.vcf import read_vcf
from tests.genome.made import UNTOLD, gene_of, genome, records, written

GENES = [one.name for one in knowledge().genes]


def called(name: str, genotypes: Genotypes) -> GeneCall:
    return next(one for one in call(genotypes, "A") if one.gene == name)


@pytest.mark.parametrize(
    ("gene", "calls", "alleles", "phenotype"),
    [
        ("CYP2C19", {}, "*38/*38", "Normal Metabolizer"),
        ("CYP2C19", {"rs3758581": "1/1"}, "*1/*1", "Normal Metabolizer"),
        (
            "CYP2C19",
            {"rs3758581": "1/1", "rs4244285": "0/1", "rs12769205": "0/1"},
            "*1/*2",
            "Intermediate Metabolizer",
        ),
        (
            "CYP2C19",
            {"rs3758581": "1/1", "rs4244285": "1/1", "rs12769205": "1/1"},
            "*2/*2",
            "Poor Metabolizer",
        ),
        ("CYP2C19", {"rs3758581": "1/1", "rs12248560": "0/1"}, "*1/*17", "Rapid Metabolizer"),
        ("CYP2C9", {"rs1057910": "0/1"}, "*1/*3", "Intermediate Metabolizer"),
        ("CYP2C9", {"rs1057910": "1/1"}, "*3/*3", "Poor Metabolizer"),
        ("TPMT", {"rs1800460": "0|1", "rs1142345": "0|1"}, "*1/*3A", "Intermediate Metabolizer"),
        ("TPMT", {"rs1800460": "0|1", "rs1142345": "1|0"}, "*3B/*3C", "Poor Metabolizer"),
        ("SLCO1B1", {"rs4149056": "0/1"}, "*1/*5", "Decreased Function"),
        ("SLCO1B1", {"rs4149056": "1/1"}, "*5/*5", "Poor Function"),
        ("VKORC1", {"rs9923231": "1/1"},
         "rs9923231 variant (T)/rs9923231 variant (T)", "-1639 AA"),
        ("UGT1A1", {"rs3064744": "0/2"}, "*1/*28", "Intermediate Metabolizer"),
    ],
)  # fmt: skip
def test_published_pairs(gene: str, calls: dict[str, str], alleles: str, phenotype: str) -> None:
    found = called(gene, genome(gene, calls))
    assert (found.summary, found.phenotypes, found.why) == (alleles, phenotype, "")


def test_all_pairs_that_fit_stand_in_the_summary_where_the_phase_is_not_told() -> None:
    found = called("TPMT", genome("TPMT", {"rs1800460": "0/1", "rs1142345": "0/1"}))
    assert found.summary == "*1/*3A or *3B/*3C"
    assert found.phenotypes == "Intermediate Metabolizer or Poor Metabolizer"
    assert not found.phased
    assert {one.phenotype for one in found.statements} == {
        "Intermediate Metabolizer", "Poor Metabolizer",
    }  # fmt: skip


def test_phase_within_sets_is_not_told() -> None:
    lines = records("TPMT", {"rs1800460": "0|1", "rs1142345": "0|1"})
    lines = [line.replace("\tGT\t", "\tGT:PS\t") + ":100" for line in lines]
    genotypes, account = read_vcf(written(lines), "a.vcf")
    assert called("TPMT", genotypes).summary == "*1/*3A or *3B/*3C"
    assert any(one.rule == "phase-sets" for one in account)


def on(gene: Gene, allele: Allele) -> list[str]:
    """What a chromosome with that allele has at each position."""
    return [
        allele.differs.get(k, (position.reference,))[-1]
        for k, position in enumerate(gene.positions)
    ]


def comes_back(data: st.DataObject) -> None:
    """A pair of alleles of a gene that is drawn."""
    gene = gene_of(data.draw(st.sampled_from(GENES)))
    pair = [data.draw(st.sampled_from(gene.alleles)) for _ in range(2)]
    phased = data.draw(st.booleans())
    calls = {}
    sides = [on(gene, one) for one in pair]
    for k, position in enumerate(gene.positions):
        every = [position.reference, *position.alternatives]
        numbers = [str(every.index(side[k])) for side in sides]
        calls[position.name] = ("|" if phased else "/").join(numbers)
    if not phased and sum(one[0] != one[2] for one in calls.values()) > 10:
        return
    found = called(gene.name, genome(gene.name, calls))
    order = [one.name for one in gene.alleles]
    expected = "/".join(one.name for one in sorted(pair, key=lambda one: order.index(one.name)))
    assert expected in [one.name for one in found.diplotypes]


@settings(max_examples=60)
@given(st.data())
def test_every_pair_of_alleles_comes_back(data: st.DataObject) -> None:
    comes_back(data)


@pytest.mark.slow
@settings(max_examples=300)
@given(st.data())
def test_so_do_many_more_pairs(data: st.DataObject) -> None:
    comes_back(data)


@pytest.mark.parametrize("gene", GENES)
def test_a_gene_is_not_called_where_one_position_is_absent(gene: str) -> None:
    gone = gene_of(gene).positions[-1].name
    # A file needs a record at least: another gene's where this one has no other position.
    lines = [*records("TPMT", {}, without=[gone]), *records("VKORC1", {}, without=[gone])]
    if gene not in ("TPMT", "VKORC1"):
        lines = records(gene, {}, without=[gone])
    found = called(gene, read_vcf(written(lines), "a.vcf")[0])
    assert found.summary == "not called"
    assert gone in found.why
    assert found.missing == (gone,)


def block(position: int, chromosome: str, end: int, call: str = "0/0") -> str:
    return f"chr{chromosome}\t{position}\t.\tN\t<NON_REF>\t.\t.\tEND={end}\tGT:DP\t{call}:30"


@pytest.mark.parametrize("gene", ["CYP2C9", "UGT1A1", "NUDT15", "TPMT"])
def test_a_block_tells_the_reference_also_at_insertions_and_deletions(gene: str) -> None:
    of = gene_of(gene)
    first, last = min(one.start for one in of.positions), max(one.end for one in of.positions)
    whole = read_vcf(written([block(first, of.chromosome, last)]), "a.vcf")[0]
    assert called(gene, whole).summary == "*1/*1"
    short = read_vcf(written([block(first, of.chromosome, last - 1)]), "a.vcf")[0]
    assert called(gene, short).summary == "not called"
    missing = read_vcf(written([block(first, of.chromosome, last, "./.")]), "a.vcf")[0]
    assert called(gene, missing).summary == "not called"


def test_a_single_base_says_nothing_of_an_insertion_at_the_same_place() -> None:
    lines = records("TPMT", {}, without=["rs759836180"])
    place = next(one for one in gene_of("TPMT").positions if one.name == "rs759836180")
    snv = f"chr6\t{place.start}\t.\t{place.reference}\tG\t.\tPASS\t.\tGT\t0/0"
    lines = sorted([*lines, snv], key=lambda line: int(line.split("\t")[1]))
    found = called("TPMT", read_vcf(written(lines), "a.vcf")[0])
    assert found.missing == ("rs759836180",)


def test_the_same_deletion_written_longer_is_the_same() -> None:
    place = next(one for one in gene_of("UGT1A1").positions if one.name == "rs3064744")
    lines = records("UGT1A1", {}, without=["rs3064744"])
    longer = f"chr2\t{place.start}\t.\tCATA\tCATATA\t.\tPASS\t.\tGT\t0/1"
    lines = sorted([*lines, longer], key=lambda line: int(line.split("\t")[1]))
    assert called("UGT1A1", read_vcf(written(lines), "a.vcf")[0]).summary == "*1/*28"


def test_an_insertion_further_on_in_the_repeat_is_not_taken_for_the_reference() -> None:
    """Not written as far left as it goes, beside a block that says reference at its position."""
    gene = gene_of("UGT1A1")
    place = next(one.start for one in gene.positions if one.id == "rs3064744")
    lines = records("UGT1A1", {}, ["rs3064744"])
    block = f"chr2\t{place}\t.\tC\t<NON_REF>\t.\t.\tEND={place + 11}\tGT\t0/0"
    written_right = f"chr2\t{place + 12}\t.\tT\tTAT\t.\tPASS\t.\tGT\t"
    for genotype, alleles in (("0/1", "not called"), ("0/0", "*1/*1")):
        rows = sorted(
            [*lines, block, written_right + genotype], key=lambda one: int(one.split("\t")[1])
        )
        found = called("UGT1A1", read_vcf(written(rows), "a.vcf")[0])
        assert found.summary == alleles


def test_a_variant_that_no_allele_has_is_not_taken_for_the_reference() -> None:
    lines = [
        line.replace("\tC\tT\t", "\tC\tA\t") for line in records("VKORC1", {"rs9923231": "0/1"})
    ]
    found = called("VKORC1", read_vcf(written(lines), "a.vcf")[0])
    assert found.summary == "not called"
    assert "no allele of the table" in found.why


@pytest.mark.parametrize("genotype", ["0/0", "0/1"])
def test_a_row_with_another_reference_tells_nothing(genotype: str) -> None:
    """Of the other strand or another build: 0/0 there is not the reference of the table."""
    (row,) = records("VKORC1", {"rs9923231": genotype})
    turned = row.replace("\tC\tT\t", "\tG\tA\t")
    assert turned != row
    found = called("VKORC1", read_vcf(written([turned]), "a.vcf")[0])
    assert found.summary == "not called"
    assert found.missing == ("rs9923231",)


def test_two_rows_that_change_one_chromosome_are_no_pair() -> None:
    """As some tools split a site of several alternatives: both rows say 0/1."""
    several = next(one for one in gene_of("TPMT").positions if one.id == "rs1142345")
    both = [
        f"chr6\t{several.start}\t.\t{several.reference}\t{one}\t.\tPASS\t.\tGT\t0/1"
        for one in several.alternatives
    ]
    lines = [*records("TPMT", {}, without=[several.name]), *both]
    lines.sort(key=lambda row: int(row.split("\t")[1]))
    assert called("TPMT", read_vcf(written(lines), "a.vcf")[0]).summary == "not called"


@pytest.mark.parametrize("call", ["./.", "./1", "1"])
def test_what_was_not_called_on_both_chromosomes_is_missing(call: str) -> None:
    found = called("VKORC1", genome("VKORC1", {"rs9923231": call}))
    assert found.missing == ("rs9923231",)


def test_what_a_filter_speaks_against_is_missing() -> None:
    lines = [line.replace("PASS", "LowQual") for line in records("VKORC1", {"rs9923231": "0/1"})]
    head = UNTOLD + '##FILTER=<ID=LowQual,Description="x">\n##reference=GRCh38\n'
    found = called("VKORC1", read_vcf(written(lines, head=head), "a.vcf")[0])
    assert found.summary == "not called"


def test_another_build_is_refused_and_one_that_is_not_told_is_asked_about() -> None:
    lines = records("VKORC1", {})
    old = read_vcf(written(lines, head=UNTOLD + "##reference=hg19\n"), "a.vcf")[0]
    with pytest.raises(UserError, match="GRCh37"):
        call(old, "A")
    untold = read_vcf(written(lines, head=UNTOLD), "a.vcf")[0]
    with pytest.raises(UserError, match="does not tell the build"):
        call(untold, "A")
    found = next(one for one in call(untold, "A", "GRCh38") if one.gene == "VKORC1")
    assert found.phenotypes == "-1639 GG"


def test_the_published_example_is_called_as_published(real_tables: Path) -> None:
    with ZipFile(real_tables / "pharmacogenes_pharmcat.zip") as archive:
        data = archive.read("examples/pharmcat.example.vcf")
    genotypes = read_vcf(data, "example.vcf")[0]
    found = {one.gene: one.summary for one in call(genotypes, "Sample_1")}
    reference = "rs9923231 reference (C)"
    assert found == dict.fromkeys(GENES, "*1/*1") | {
        "CYP2C19": "*38/*38", "DPYD": "Reference/Reference", "VKORC1": f"{reference}/{reference}",
    }  # fmt: skip


C85, C496, C1627 = "rs1801265", "rs2297595", "rs1801159"
NO_FUNCTION, DECREASED = "rs3918290", "rs67376798"


@pytest.mark.parametrize(
    ("calls", "alleles", "said"),
    [
        ({C85: "0|1", C496: "0|1"},
         "Reference/[c.85T>C (*9A) + c.496A>G]", ("Normal Metabolizer", "2.0")),
        ({C85: "1|1", NO_FUNCTION: "0|1"},
         "c.85T>C (*9A)/[c.85T>C (*9A) + c.1905+1G>A (*2A)]", ("Intermediate Metabolizer", "1.0")),
        ({C85: "0|1", DECREASED: "0|1", NO_FUNCTION: "0|1"},
         "Reference/[c.85T>C (*9A) + c.1905+1G>A (*2A) + c.2846A>T]",
         ("Intermediate Metabolizer", "1.0")),
        ({C85: "1|1", DECREASED: "0|1", NO_FUNCTION: "1|0"},
         "[c.85T>C (*9A) + c.1905+1G>A (*2A)]/[c.85T>C (*9A) + c.2846A>T]",
         ("Poor Metabolizer", "0.5")),
        ({C85: "0|1", "rs75017182": "0|1", "rs56038477": "0|1"},
         "Reference/[c.85T>C (*9A) + c.1129-5923C>G, c.1236G>A (HapB3)]",
         ("Intermediate Metabolizer", "1.5")),
    ],
)  # fmt: skip
def test_of_several_variants_of_a_chromosome_the_least_active_counts(
    calls: dict[str, str], alleles: str, said: tuple[str, str]
) -> None:
    """Activity score of DPYD: Amstutz et al., Clin Pharmacol Ther 2018;103:210-216."""
    (pair,) = called("DPYD", genome("DPYD", calls)).diplotypes
    assert (pair.name, (pair.phenotype, pair.activity)) == (alleles, said)


def test_every_way_is_shown_where_the_phase_of_several_variants_is_not_told() -> None:
    found = called("DPYD", genome("DPYD", {NO_FUNCTION: "0/1", DECREASED: "0/1"}))
    assert found.summary == (
        "c.1905+1G>A (*2A)/c.2846A>T or Reference/[c.1905+1G>A (*2A) + c.2846A>T]"
    )
    assert found.phenotypes == "Poor Metabolizer or Intermediate Metabolizer"
    three = called("DPYD", genome("DPYD", dict.fromkeys((C85, C496, C1627), "0/1")))
    assert len(three.diplotypes) == 4
    assert three.phenotypes == "Normal Metabolizer"


def test_a_variant_that_no_allele_explains_is_not_called_beside_others() -> None:
    """The second variant of HapB3 without the first."""
    found = called("DPYD", genome("DPYD", {C85: "0|1", "rs56038477": "0|1"}))
    assert found.summary == "not called"
