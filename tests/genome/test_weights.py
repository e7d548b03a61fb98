"""Scoring files: what they say is read, and what would be guessed is refused."""

from __future__ import annotations

import gzip
from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pmed_core.errors import UserError
from pmed_core.genome.weights import Weights, read_weights

HEAD = "###PGS CATALOG SCORING FILE\n#pgs_id=PGS000001\n#trait_reported=Height\n"
COLUMNS = "chr_name\tchr_position\teffect_allele\tother_allele\teffect_weight"


def read(rows: str, columns: str = COLUMNS, head: str = HEAD + "#genome_build=GRCh37\n") -> Weights:
    return read_weights(f"{head}{columns}\n{rows}".encode(), "w.txt")


def refused(match: str, rows: str, columns: str = COLUMNS) -> None:
    with pytest.raises(UserError, match=match):
        read(rows, columns)


def test_what_the_catalog_writes() -> None:
    found = read("1\t100\ta\tG\t0.5\nX\t7\tT\tC\t-1e-3\n")
    assert (found.name, found.trait, found.build) == ("PGS000001", "Height", "GRCh37")
    assert found.rows["chromosome"].tolist() == ["1", "X"]
    assert found.rows["position"].tolist() == [100, 7]
    assert found.rows["effect"].tolist() == ["A", "T"]
    assert found.rows["weight"].tolist() == [0.5, -0.001]
    assert found.rows["model"].tolist() == ["additive", "additive"]


def test_places_that_the_catalog_mapped_come_first_with_their_build() -> None:
    rows = "1\t100\tA\tG\t0.5\t1\t90\n2\t5\tA\tG\t0.5\t\t\n"
    head = HEAD + "#genome_build=GRCh37\n#HmPOS_build=GRCh38\n"
    found = read(rows, COLUMNS + "\thm_chr\thm_pos", head)
    assert (found.build, found.rows["position"].tolist()) == ("GRCh38", [90])
    assert "1 of 2 rows names no place" in found.notes[0]


def test_packed_and_with_commas_and_windows_ends() -> None:
    text = (COLUMNS.replace("\t", ",") + "\r\n1,100.0,A,G,0.5\r\n").encode()
    assert read_weights(gzip.compress(text), "w.csv.gz").rows["position"].tolist() == [100]


@pytest.mark.parametrize(
    ("match", "rows"),
    [
        ("no table of weights", ""),
        ("is no position", "1\t1e3\tA\tG\t0.5\n"),
        ("is no position", "1\t-5\tA\tG\t0.5\n"),
        ("is not a weight", "1\t100\tA\tG\t\n"),
        ("is not a weight", "1\t100\tA\tG\tinf\n"),
        ("is not a weight", "1\t100\tA\tG\t0,5\n"),
        ("has 4 cells", "1\t100\tA\tG\n"),
        ("two weights", "1\t100\tA\tG\t0.5\n1\t100\tA\tG\t0.4\n"),
        ("names its alleles by letters", "6\t100\tDRB1*15\t\t0.5\n"),
        ("names no places", "\t\tA\tG\t0.5\n"),
    ],
)  # fmt: skip
def test_what_is_wrong_is_said(match: str, rows: str) -> None:
    if not rows:
        with pytest.raises(UserError, match=match):
            read_weights(HEAD.encode(), "w.txt")
        return
    refused(match, rows)


@pytest.mark.parametrize("column", ["is_interaction", "is_haplotype", "is_diplotype"])
def test_more_than_one_allele_is_refused(column: str) -> None:
    refused(column, "1\t100\tA\tG\t0.5\tTrue\n", f"{COLUMNS}\t{column}")
    assert len(read("1\t100\tA\tG\t0.5\tFalse\n", f"{COLUMNS}\t{column}").rows) == 1


def test_weights_by_dosage_are_refused() -> None:
    refused("number of copies", "1\t100\tA\tG\t0.5\t0.1\n", f"{COLUMNS}\tdosage_1_weight")


def test_weights_by_dosage_that_are_not_told_are_none() -> None:
    assert len(read("1\t100\tA\tG\t0.5\tNA\n", f"{COLUMNS}\tdosage_1_weight").rows) == 1


def test_what_is_neither_true_nor_false_is_not_taken_for_false() -> None:
    for column in ("is_dominant", "is_recessive", "is_interaction"):
        refused("neither true nor false", "1\t1\tA\tG\t1\tperhaps\n", f"{COLUMNS}\t{column}")
    assert read("1\t1\tA\tG\t1\tT\n", f"{COLUMNS}\tis_dominant").rows["model"].tolist() == [
        "dominant"
    ]


def test_a_frequency_lies_between_none_and_all() -> None:
    refused("is not a frequency", "1\t1\tA\tG\t1\t30\n", f"{COLUMNS}\tallelefrequency_effect")
    refused("is not a frequency", "1\t1\tA\tG\t1\t-1\n", f"{COLUMNS}\tallelefrequency_effect")


def test_files_of_format_1_are_understood() -> None:
    head = (
        "### PGS CATALOG SCORING FILE - see www.pgscatalog.org\n# PGS ID = PGS000001\n"
        "# Reported Trait = Breast cancer\n# Original Genome Build = hg19\n"
    )
    columns = COLUMNS.replace("other", "reference")
    found = read("1\t100\tA\tG\t0.5\n1\t200\tA\tA\t0.5\n", columns, head)
    assert (found.name, found.trait, found.build) == ("PGS000001", "Breast cancer", "GRCh37")
    # An allele that is itself the reference has no other by it.
    assert found.rows["other"].tolist() == ["G", ""]


def test_a_table_that_was_cut_off_is_said() -> None:
    head = f"{HEAD}#genome_build=GRCh37\n#variants_number="
    (note,) = read("1\t1\tA\tG\t1\n", head=f"{head}77\n").notes
    assert "says 77 variants, and there is 1 row" in note
    assert not read("1\t1\tA\tG\t1\n", head=f"{head}1\n").notes


def test_a_build_that_is_not_known_is_not_taken_for_one_that_is_not_told() -> None:
    for told, build in (("NCBI36", "NCBI36"), ("NR", ""), ("hg19", "GRCh37")):
        assert read("1\t1\tA\tG\t1\n", head=f"{HEAD}#genome_build={told}\n").build == build


def test_weights_that_may_be_ratios_are_said() -> None:
    head = f"{HEAD}#genome_build=GRCh37\n#weight_type="
    assert "of the type 'OR'" in read("1\t1\tA\tG\t1.1\n", head=head + "OR\n").notes[0]
    for logarithm in ("log(OR)", "ln(HR)", "beta"):
        assert not read("1\t1\tA\tG\t1.1\n", head=f"{head}{logarithm}\n").notes
    around, above = (
        "".join(f"1\t{k}\tA\tG\t{one}\n" for k, one in enumerate(weights, 1))
        for weights in ((0.8, 1.1, 1.2, 0.9, 1.3, 1.05), (1.1, 1.1, 1.2, 1.3, 1.05, 1.2))
    )
    assert "lie around 1 (0.8 to 1.3)" in read(around).notes[0]
    assert not read(around, head=head + "beta\n").notes
    assert not read(above).notes


def test_missing_columns_are_named() -> None:
    refused("effect_weight", "1\t100\tA\tG\n", COLUMNS.removesuffix("\teffect_weight"))
    refused("Two columns", "1\t1\tA\tG\t1\t2\n", COLUMNS + "\teffect_weight")
    refused("names no places", "A\tG\t0.5\n", "effect_allele\tother_allele\teffect_weight")


def test_rows_that_stand_twice_count_once_and_alleles_of_hla_are_left_out_with_a_word() -> None:
    found = read("1\t1\tA\tG\t0.5\n1\t1\tA\tG\t0.5\n6\t5\tDRB1*15\t\t1\n")
    assert len(found.rows) == 1
    assert any("stands twice" in note for note in found.notes)
    assert any("DRB1*15" in note for note in found.notes)


def test_dominant_and_recessive() -> None:
    columns = f"{COLUMNS}\tis_dominant\tis_recessive"
    found = read("1\t1\tA\tG\t1\tTrue\tFalse\n1\t2\tA\tG\t1\tFalse\tTrue\n", columns)
    assert found.rows["model"].tolist() == ["dominant", "recessive"]
    refused("no way to count", "1\t1\tA\tG\t1\tTrue\tTrue\n", columns)


@given(st.binary(max_size=300))
def test_whatever_bytes_there_are_it_reads_or_refuses(data: bytes) -> None:
    with suppress(UserError):
        assert len(read_weights(data, "w.txt").rows)


@given(st.text(alphabet="\t\n#=,ACGT0123456789.-e", max_size=200))
def test_whatever_rows_there_are_it_reads_or_refuses(text: str) -> None:
    with suppress(UserError):
        read(text)
