"""Genes and consequences of INFO belong to the alleles that they are about."""

from __future__ import annotations

import pytest

from pmed_core.genotypes import Genotypes
from pmed_core.modalities.variants.vcf import read_vcf
from pmed_core.reading import Reading
from tests.variants.written import HEAD, vcf

VEP = "Allele|Consequence|IMPACT|SYMBOL|Gene|ALLELE_NUM"


def of(records: tuple[str, ...], key: str = "CSQ", how: str = VEP) -> tuple[Genotypes, Reading]:
    told = f"Consequences. Format: {how}" if how else "Functional annotations"
    head = f'{HEAD}##INFO=<ID={key},Number=.,Type=String,Description="{told}">\n'
    return read_vcf(vcf(records, head=head), "x.vcf")


def site(alleles: str, entries: str, key: str = "CSQ") -> str:
    return f"chr1 100 . {alleles} . . {key}={entries} GT 0/1 0/0"


def consequences(records: tuple[str, ...], key: str = "CSQ", how: str = VEP) -> list[str]:
    sites = of(records, key, how)[0].sites
    return [f"{g}:{c}" for g, c in zip(sites["genes"], sites["consequences"], strict=True)]


def test_a_star_beside_a_deletion_does_not_hide_it() -> None:
    """VEP leaves "*" aside when it cuts off what all alleles begin with."""
    found = consequences((site("CA C,*", "-|frameshift_variant|H|AAA|E1|"),))
    assert found == ["AAA:frameshift_variant"]


def test_a_site_that_was_split_after_annotation_keeps_to_its_allele() -> None:
    both = "G|synonymous_variant|L|AAA|E1|{},T|stop_gained|H|AAA|E1|{}"
    for numbers in (("", ""), ("1", "2")):
        entries = both.format(*numbers)
        records = (site("A G", entries), site("A T", entries))
        assert consequences(records) == ["AAA:synonymous_variant", "AAA:stop_gained"]


def test_numbers_of_alleles_count_before_their_spelling() -> None:
    """With --minimal VEP spells two deletions alike."""
    entries = "-|inframe_deletion|M|AAA|E1|1,-|frameshift_variant|H|AAA|E1|2"
    found = consequences((site("CAGA C,CA", entries),))
    assert found == ["AAA:inframe_deletion", "AAA:frameshift_variant"]


def test_snpeff_writes_alleles_as_they_stand() -> None:
    entries = "A|frameshift_variant|H|AAA|E1,AA|missense_variant|M|AAA|E1"
    found = consequences((site("AT A,AA", entries, "ANN"),), "ANN", "")
    assert found == ["AAA:frameshift_variant", "AAA:missense_variant"]


@pytest.mark.parametrize("key", ["CSQ", "ANN", "vep"])
def test_vep_writes_under_the_key_that_it_is_given(key: str) -> None:
    record = site("A G", "G|AAA|stop_gained", key)
    assert consequences((record,), key, "Allele|SYMBOL|Consequence") == ["AAA:stop_gained"]


def test_a_gene_without_a_name_is_called_by_its_id() -> None:
    record = site("A G", "G|missense_variant|M||ENSG7|,G|intron_variant|L|AAA|E1|")
    assert consequences((record,)) == ["ENSG7;AAA:missense_variant;intron_variant"]
    alone = site("A G", "G|missense_variant|ENSG7")
    assert consequences((alone,), how="Allele|Consequence|Gene") == ["ENSG7:missense_variant"]


def test_alleles_that_fit_none_are_said_and_given_to_none() -> None:
    found, told = of((site("A G,T", "C|stop_gained|H|AAA|E1|"),))
    assert found.sites["genes"].tolist() == ["", ""]
    assert "At 1 site the annotation spells alleles otherwise" in " ".join(
        one.sentence for one in told
    )
    fits = of((site("A G,T", "T|stop_gained|H|AAA|E1|,G|stop_lost|H|AAA|E1|"),))[1]
    assert not any(one.rule == "unlike-annotations" for one in fits)
