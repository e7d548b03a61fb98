"""FASTA and columns of sequences: read as they are, said, or refused with one sentence."""

from __future__ import annotations

import gzip
import zipfile
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pmed_core.cohort import Cohort
from pmed_core.errors import UserError
from pmed_core.modalities import Sequence, Tabular, modality_of
from pmed_core.modalities.kinds import reading
from pmed_core.modalities.sequence import fasta
from pmed_core.modalities.sequence.findings import auroc
from pmed_core.outcomes import YesNo
from pmed_core.readers.tables import read_cohort
from pmed_core.samples.catalogue import SAMPLES
from pmed_core.samples.promoters import promoters
from pmed_core.variable import Kind

RANDOM = np.random.default_rng(3)
MADE = ["".join(RANDOM.choice(list("ACGT"), 40)) for _ in range(20)]


def written(folder: Path, text: str, name: str = "x.fa") -> Path:
    (folder / name).write_text(text)
    return folder / name


def said(cohort: Cohort) -> str:
    return "\n".join(one.sentence for one in cohort.reading)


def records(headers: list[str]) -> str:
    return "".join(f">{h}\n{s[:25]}\n{s[25:]}\n" for h, s in zip(headers, MADE, strict=False))


@pytest.mark.parametrize(
    "header", ["s{n}|{label}", "s{n} label={label}", "s{n} {label}", 's{n} label="{label}"']
)
def test_labels_stand_in_headers(tmp_path: Path, header: str) -> None:
    labels = ["promoter", "other"] * 5
    text = records([header.format(n=n, label=one) for n, one in enumerate(labels)])
    cohort = read_cohort(written(tmp_path, text), outcome="label", positive=("promoter",))
    assert list(cohort.table["label"]) == labels
    assert list(cohort.table["sequence"]) == MADE[:10], "lines of a record are joined"
    assert list(cohort.table["id"]) == [f"s{n}" for n in range(10)]
    assert modality_of(cohort.variables) == Sequence()
    assert cohort.variable("sequence").kind is Kind.SEQUENCE


def test_nothing_in_a_header_is_lost(tmp_path: Path) -> None:
    headers = [f"gi|{n}|ref|NM_{n} some words number {n} len={n}" for n in range(6)]
    cells = read_cohort(written(tmp_path, records(headers))).table.iloc[3].astype("str")
    told = " ".join(cells)
    for part in ("gi", "ref", "NM_3", "some words number 3", "3"):
        assert part in told


@pytest.mark.parametrize(
    ("header", "own"),
    [
        ("gi|1{n}|ref|NM_00{n}.1| Homo sapiens gene {n}", "1{n}"),
        ("lcl|NC_0009.3_cds_{n} [gene=thr{n}]", "NC_0009.3_cds_{n}"),
        ("gnl|dbSNP|rs{n}", "rs{n}"),
        ("ref|NM_{n}.2|", "NM_{n}.2"),
        ("gb|{n}", "{n}"),
        ("patient{n}|gb|7", "patient{n}"),
    ],
)
def test_the_archive_in_front_is_no_id(tmp_path: Path, header: str, own: str) -> None:
    text = records([header.format(n=n) for n in range(8)])
    cohort = read_cohort(written(tmp_path, text))
    assert list(cohort.table["id"].astype("str")) == [own.format(n=n) for n in range(8)]
    assert "stand above several" not in said(cohort)


def test_of_a_key_that_stands_twice_in_a_header_no_value_is_lost(tmp_path: Path) -> None:
    text = records([f"s{n} motif=M{n} motif=K{n} note\x0cx" for n in range(6)])
    cells = fasta.parsed(text, "x.fa", {}).cells
    assert list(cells["motif"]) == [f"M{n}; K{n}" for n in range(6)]
    assert list(cells["sequence"]) == MADE[:6]


def test_ids_that_repeat_are_no_patients_unless_they_are(tmp_path: Path) -> None:
    """A header may hold the label and nothing else: nobody is said to be one patient then."""
    told = said(read_cohort(written(tmp_path, records(["promoter", "other"] * 6))))
    assert "Where ids tell patients apart, they are one patient" in told
    assert "Where they are labels, choose them as the outcome." in told


def test_letters_of_fasta_are_sequences_however_many_cannot_be_read(tmp_path: Path) -> None:
    letters = [one if k % 2 else f"{one[:9]}--{one[9:]}" for k, one in enumerate(MADE)]
    text = "".join(f">s{k}\n{one}\n" for k, one in enumerate(letters))
    cohort = read_cohort(written(tmp_path, text))
    assert cohort.variable("sequence").kind is Kind.SEQUENCE
    assert cohort.table["sequence"].isna().sum() == 10
    assert "10 cells of 'sequence' are no sequence" in said(cohort)


def test_packed_and_one_file_a_class(tmp_path: Path) -> None:
    plain = records([f"s{n}" for n in range(8)])
    (tmp_path / "x.fasta.gz").write_bytes(gzip.compress(plain.encode()))
    assert list(read_cohort(tmp_path / "x.fasta.gz").table["sequence"]) == MADE[:8]
    with zipfile.ZipFile(tmp_path / "both.zip", "w") as archive:
        archive.writestr("promoters.fa", plain)
        archive.writestr("others.fa", records([f"t{n}" for n in range(4)]))
    table = read_cohort(tmp_path / "both.zip").table
    chosen_together = read_cohort(tmp_path / "both.zip", choices={"files": "joined"}).table
    assert chosen_together.equals(table)
    assert table.groupby("file").size().to_dict() == {"promoters.fa": 8, "others.fa": 4}


def test_what_was_changed_is_said_with_counts(tmp_path: Path) -> None:
    text = ">a\nacgtACGTACGTACGTACGTAC\n>b\nACGUACGUACGUACGUACGUAC\n>c\nACGTNNRTACGTACGTACGTAC\n"
    told = said(read_cohort(written(tmp_path, text)))
    assert "4 letters in 1 cell of 'sequence' were written small" in told
    assert "5 U in 1 cell" in told
    assert "3 letters in 1 cell of 'sequence' stand for several bases" in told


def test_doubled_ids_and_empty_records_are_said(tmp_path: Path) -> None:
    text = records(["a", "a", "b"]) + ">c\n>\n" + MADE[5] + "\n"
    cohort = read_cohort(written(tmp_path, text))
    told = said(cohort)
    assert "1 id stands above several records ('a'): 2 rows" in told
    assert "1 record has no letters" in told
    assert "1 record had no id" in told
    assert list(cohort.table["sequence"].isna()) == [False, False, False, True, False]


@pytest.mark.parametrize(
    ("text", "what"),
    [
        ("no header\nACGT\n", "stands before the first header"),
        ("\n; a comment\n", "There is no record in it"),
        (">a\nMKTAYIAKQRQISF\n>b\nMKLPQ\n", "letters of a protein"),
        (">a\nACGT--ACGT\n", "gaps"),
        (">chr1\n" + "ACGT\n" * 260_000, "'chr1' has more than 1,000,000 letters"),
        (">a\n>b\n", "is empty"),
    ],
)
def test_what_is_no_fasta_of_dna_is_refused(tmp_path: Path, text: str, what: str) -> None:
    with pytest.raises(UserError) as told:
        read_cohort(written(tmp_path, text))
    assert what in told.value.what
    assert told.value.remedy


@pytest.mark.parametrize(
    "cells",
    [
        ["ACT", "CAT", "TAG", "GAG", "ACT", "TAC"],
        ["a caring nurse was there again", "gnat tact tag attack act", "can act", "tan cat"] * 2,
        ["A" * 30, "T" * 30, "A" * 31, "T" * 32],
        ["MKTAYIAKQRQISFVKSHFSRQLEERLG", "MVLSPADKTNVKAAWGKVGAHAGEYGAE"] * 3,
        ["AA12", "CG33", "TT21", "GG20"],
    ],
)
def test_other_columns_are_not_taken_for_sequences(tmp_path: Path, cells: list[str]) -> None:
    rows = "\n".join(f"{n},{one},{n % 2}" for n, one in enumerate(cells))
    cohort = read_cohort(written(tmp_path, f"id,code,y\n{rows}\n", "t.csv"))
    assert modality_of(cohort.variables) == Tabular()


def test_a_column_of_a_table_is_recognised_and_strange_cells_are_named(tmp_path: Path) -> None:
    cells = [*MADE, "ACGT--ACGTACGTACGTACGTACGT", ""]
    rows = "\n".join(f"p{n},{one},{n % 2}" for n, one in enumerate(cells))
    cohort = read_cohort(written(tmp_path, f"id,insert,y\n{rows}\n", "t.csv"))
    assert cohort.variable("insert").kind is Kind.SEQUENCE
    assert "it has gaps, as of an alignment (1)" in said(cohort)
    assert cohort.table["insert"].isna().sum() == 2
    as_text = read_cohort(written(tmp_path, f"id,insert,y\n{rows}\n", "t.csv"),
                          choices={"kind:insert": "category"})  # fmt: skip
    assert modality_of(as_text.variables) == Tabular()


def test_blocks_with_blanks_between_them_are_a_sequence_and_notes_are_none(tmp_path: Path) -> None:
    cells = [f"{one[:10]} {one[10:20]} {one[20:]}" for one in MADE] + ["n.d."]
    rows = "\n".join(f"p{n},{one},{n % 2}" for n, one in enumerate(cells))
    cohort = read_cohort(written(tmp_path, f"id,insert,y\n{rows}\n", "t.csv"))
    assert list(cohort.table["insert"].dropna()) == MADE
    assert "it has other signs than letters of DNA or RNA ('.') (1)" in said(cohort)


def test_copies_conflicts_and_short_cuts_are_found_before_training(tmp_path: Path) -> None:
    rich = ["".join(RANDOM.choice(list("GGGCCCAT"), 40)) for _ in range(20)]
    letters = [*rich, *MADE, MADE[0]]
    rows = "\n".join(f"p{n},{one},{int(n < 20 or n == 40)}" for n, one in enumerate(letters))
    path = written(tmp_path, f"id,dna,y\n{rows}\n", "t.csv")
    cohort = read_cohort(path, outcome="y", positive=("1",))
    found = {one.check: one for one in reading(Sequence()).findings(cohort, ())}
    assert "1 sequence appears in several rows (2 rows" in found["same sequence twice"].sentence
    assert "row 21 (" in found["conflicting labels"].sentence
    assert "AUROC of 0.9" in found["short cut: GC content"].sentence
    assert found["short cut: length"].severity.value == "clean"


def test_the_area_under_the_curve_of_a_number_alone() -> None:
    values = np.array([1.0, 2, 3, 4])
    assert auroc(values, np.array([0, 0, 1, 1])) == 1
    assert auroc(values, np.array([1, 1, 0, 0])) == 1, "in whichever direction"
    assert auroc(values, np.array([0, 1, 0, 1])) == 0.75
    assert auroc(values, np.array([-1, -1, -1, -1])) == 0.5


@settings(max_examples=60, deadline=None)
@given(st.text(st.sampled_from(">;|= \n\tACGTNacgu-*x\"'\x00é"), max_size=200))
def test_any_text_is_read_or_refused_in_words(text: str) -> None:
    try:
        table = fasta.parsed(text, "x.fa", {})
    except UserError:
        return
    kept = sum(line.startswith(">") for line in text.splitlines())
    assert len(table.cells) == kept


def test_the_outcome_of_the_sample_is_yes_no() -> None:
    sample = next(one for one in SAMPLES if one.name == "promoters")
    cohort = read_cohort(sample.path, outcome="label", positive=("promoter",))
    assert isinstance(cohort.outcome, YesNo)
    assert len(cohort) == 800
    assert list(cohort.table["sequence"]) == [one.letters for one in promoters()]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("@r1\nACGTACGT\n+\nIIIIIIII\n@r2\nACGTACGA\n+r2\nIIIIIIII\n", "FASTQ"),
        ("@HD\tVN:1.6\n@SQ\tSN:chr1\tLN:100\n", "SAM"),
        ("LOCUS       AB000001  60 bp DNA\nORIGIN\n 1 acgt\n//\n", "GenBank"),
        ("ID   X56734; SV 1; linear; mRNA; STD; PLN; 60 BP.\nXX\nSQ   x\n//\n", "EMBL"),
        ("CLUSTAL W (1.82) multiple sequence alignment\n\ns1 ACGT\ns2 ACGT\n", "CLUSTAL"),
        ("# STOCKHOLM 1.0\ns1 ACGT\ns2 ACGT\n//\n", "Stockholm"),
        ("#NEXUS\nbegin data;\nend;\n", "NEXUS"),
    ],
)  # fmt: skip
@pytest.mark.parametrize("name", ["reads.txt", "reads"])
def test_other_formats_of_sequences_are_no_tables(
    tmp_path: Path, text: str, said: str, name: str
) -> None:
    (tmp_path / name).write_text(text)
    with pytest.raises(UserError, match=f"This is {said}, which is not read"):
        read_cohort(tmp_path / name)


def test_a_chromosome_in_a_header_is_no_label(tmp_path: Path) -> None:
    """Sequences of one stay together where the column is called so."""
    records = [f">s{k}|chr{k % 5 + 1}|{'pos' if k % 2 else 'neg'}\n{'ACGT' * 5}{'ACGGTC'[k % 6]}\n"
               for k in range(20)]  # fmt: skip
    (tmp_path / "a.fa").write_text("".join(records))
    table = read_cohort(tmp_path / "a.fa").table
    assert table["chromosome"].tolist()[:2] == ["chr1", "chr2"]
    assert table["label"].tolist()[:2] == ["neg", "pos"]
