"""A VCF file, its sheet, and the genes of a file beside them: joined by names and positions."""

from __future__ import annotations

import zipfile
from pathlib import Path

import pytest

from pmed_core.cohort import Cohort
from pmed_core.errors import UserError
from pmed_core.modalities import modality_of
from pmed_core.modalities.variants import Variants
from pmed_core.readers.tables import read_cohort
from pmed_core.variable import Kind
from tests.variants.written import bgzip, vcf

SHEET = "id,age,case\n"


def packed(path: Path, sheet: str, data: bytes) -> Path:
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("sheet.csv", sheet)
        archive.writestr("calls.vcf.gz", bgzip(data))
    return path


def small() -> bytes:
    names = [f"P{k}" for k in range(6)]
    records = [
        f"chr1 {100 + row} . A G . . . GT " + " ".join(f"0/{(k + row) % 2}" for k in range(6))
        for row in range(4)
    ]
    return vcf(records, names)


def rows(*ids: str) -> str:
    lines = [f"{one},{40 + k},{'yes' if k % 2 else 'no'}" for k, one in enumerate(ids)]
    return SHEET + "\n".join(lines) + "\n"


JOINED = {"files": "joined"}


def test_the_sheet_finds_its_samples(tmp_path: Path) -> None:
    path = packed(tmp_path / "c.zip", rows("P3", "P0", "P9", "P1"), small())
    cohort = read_cohort(path, outcome="case", choices=JOINED)
    assert modality_of(cohort.variables) == Variants()
    assert cohort.table["variants"].tolist()[:2] == ["P3", "P0"]
    assert cohort.table["variants"].isna().tolist() == [False, False, True, False]
    told = " ".join(one.sentence for one in cohort.reading)
    assert "the 4 variants were joined from 'calls.vcf.gz' to 3 rows" in told
    assert "1 row of 1 'id' has no partner there: 'P9'" in told
    assert "3 rows there are not needed: 'P2' and 'P4'" in told
    assert cohort.genotypes is not None
    assert cohort.genotypes.of(["P3", "P0"]).copies()[0].tolist() == [1, 0]


def test_samples_of_one_person_are_of_one_patient(tmp_path: Path) -> None:
    names = [f"P{k}" for k in range(6)]
    lines = [f"{one},D{k // 2},{'yes' if k // 2 % 2 else 'no'}\n" for k, one in enumerate(names)]
    for column in ("patient", "donor_id"):
        sheet = f"sample,{column},case\n{''.join(lines)}"
        cohort = read_cohort(packed(tmp_path / "c.zip", sheet, small()), choices=JOINED)
        assert cohort.patients().tolist() == ["D0", "D0", "D1", "D1", "D2", "D2"]
        assert cohort.table["variants"].tolist() == names


def test_a_column_of_the_sheet_that_is_called_variants_names_no_sample(tmp_path: Path) -> None:
    sheet = "id,variants,case\nP3,P0,yes\nP0,P3,no\nP1,P2,yes\n"
    cohort = read_cohort(packed(tmp_path / "c.zip", sheet, small()), outcome="case", choices=JOINED)
    (column,) = (v.name for v in cohort.variables if v.kind is Kind.VARIANTS)
    assert column == "variants (calls.vcf.gz)"
    assert cohort.table[column].tolist() == ["P3", "P0", "P1"]
    assert cohort.table["variants"].tolist() == ["P0", "P3", "P2"]


@pytest.mark.parametrize(
    ("sheet", "sentence"),
    [
        (rows("P1", "P1", "P2"), "'P1' stands in 2 rows of 'id'"),
        (rows("X1", "X2"), "No column of sheet.csv names samples of calls.vcf.gz"),
    ],
)
def test_sheets_that_do_not_fit_are_refused(tmp_path: Path, sheet: str, sentence: str) -> None:
    path = packed(tmp_path / "c.zip", sheet, small())
    with pytest.raises(UserError, match=sentence):
        read_cohort(path, choices=JOINED)


def test_a_vcf_file_alone_is_a_table_of_its_samples(tmp_path: Path) -> None:
    path = tmp_path / "calls.vcf.gz"
    path.write_bytes(bgzip(small()))
    cohort = read_cohort(path)
    assert cohort.patients().tolist() == [f"P{k}" for k in range(6)]
    assert [v.kind for v in cohort.inputs] == [Kind.VARIANTS]


def test_a_truncated_file_is_refused_within_a_zip_too(tmp_path: Path) -> None:
    path = tmp_path / "c.zip"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("sheet.csv", rows("P1", "P2"))
        archive.writestr("calls.vcf.gz", bgzip(small())[:-40])
    with pytest.raises(UserError, match="cut off"):
        read_cohort(path, choices=JOINED)


GFF = (
    "##gff-version 3\nchr1\tx\tgene\t100\t101\t.\t+\t.\tID=gene:E1;Name=LEFT\n"
    "chr1\tx\texon\t100\t103\t.\t+\t.\tID=exon1\nchr1\tx\tgene\t101\t103\t.\t+\t.\tgene_name=RIGHT\n"
)
BED = "track name=x\nchr1\t99\t101\tLEFT\nchr1\t100\t103\tRIGHT\n"
BED9 = "chr1\t99\t101\tLEFT\t0\t+\t99\t99\t0\nchr1\t100\t103\tRIGHT\t0\t+\t99\t99\t0\n"
GTF = '1\tx\tgene\t100\t101\t.\t+\t.\tgene_id "E1"; gene_name "LEFT";\n' + (
    '1\tx\tgene\t101\t103\t.\t+\t.\tgene_id "E2"; gene_name "RIGHT";\n'
)


def with_genes_of(tmp_path: Path, name: str, text: str) -> Cohort:
    path = packed(tmp_path / "c.zip", rows("P3", "P0", "P1"), small())
    with zipfile.ZipFile(path, "a") as archive:
        archive.writestr(name, text)
    return read_cohort(path, choices=JOINED)


@pytest.mark.parametrize(
    ("name", "said"),
    [("g.gff3", "#!genome-build GRCh37.p13"), ("g.bed", "track name=genes db=hg19")],
)
def test_genes_of_another_build_are_refused(tmp_path: Path, name: str, said: str) -> None:
    """Some would lie in a gene all the same, and in the wrong one."""
    text = GFF if name.endswith("gff3") else BED
    with pytest.raises(UserError, match="genes are those of GRCh37, and the variants of GRCh38"):
        with_genes_of(tmp_path, name, f"{said}\n{text}")
    assert with_genes_of(tmp_path, name, f"{said.replace('37', '38').replace('19', '38')}\n{text}")


def test_the_name_of_a_file_of_genes_may_say_its_build_and_silence_is_said(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="genes are those of GRCh37, and the variants of GRCh38"):
        with_genes_of(tmp_path, "refGene.hg19.bed", BED)
    for name, unsaid in (("genes.hg38.bed", False), ("genes.bed", True)):
        cohort = with_genes_of(tmp_path, name, BED)
        (told,) = (one for one in cohort.reading if one.rule == "genes")
        assert told.proved is not unsaid
        assert ("It does not say its build; taken as GRCh38" in told.sentence) is unsaid


@pytest.mark.parametrize(
    ("name", "text"), [("g.gff3", GFF), ("g.bed", BED), ("g.gtf", GTF), ("b.bed", BED9)]
)
def test_genes_of_a_file_beside(tmp_path: Path, name: str, text: str) -> None:
    cohort = with_genes_of(tmp_path, name, text)
    assert cohort.genotypes is not None
    # Sites are at 100 to 103; both ends belong to a gene.
    assert cohort.genotypes.sites["genes"].tolist() == ["LEFT", "LEFT;RIGHT", "RIGHT", "RIGHT"]
    told = " ".join(one.sentence for one in cohort.reading)
    assert f"4 of 4 variants lie in one of 2 genes of '{name}'" in told
    assert "Of the files in it the table 'sheet.csv' was read." in told, "none was left aside"


def test_a_long_deletion_lies_in_every_gene_that_it_reaches(tmp_path: Path) -> None:
    """It ends behind variants that stand below it in the file."""
    names = [f"P{k}" for k in range(6)]
    calls = " ".join(["0/1", "0/0"] * 3)
    records = [f"chr1 100 . {'A' * 50} A . . . GT {calls}"]
    records += [f"chr1 {place} . A G . . . GT {calls}" for place in (110, 120, 130, 140)]
    path = packed(tmp_path / "c.zip", rows("P3", "P0", "P1"), vcf(records, names))
    with zipfile.ZipFile(path, "a") as archive:
        archive.writestr("g.bed", "chr1\t144\t160\tLATE\nchr1\t114\t131\tMID\n")
    cohort = read_cohort(path, choices=JOINED)
    assert cohort.genotypes is not None
    assert cohort.genotypes.sites["genes"].tolist() == ["LATE;MID", "", "MID", "MID", ""]


def test_genes_of_ensembl_and_prokka_are_read_as_they_write_them(tmp_path: Path) -> None:
    text = (
        "chr1\tx\tncRNA_gene\t100\t100\t.\t+\t.\tID=gene:E1;Name=A%2C1\n"
        "chr1\tx\tpseudogene\t101\t101\t.\t+\t.\tID=gene:E2;Name=RNA\n"
        "chr1\tx\tpseudogenic_transcript\t102\t103\t.\t+\t.\tID=t\n"
        "chr2\tx\tgene\t9\t19\t.\t+\t.\tID=gene:E3;Name=RNA\n##FASTA\n>chr1\nACGT\n"
    )
    cohort = with_genes_of(tmp_path, "g.gff3", text)
    assert cohort.genotypes is not None
    assert cohort.genotypes.sites["genes"].tolist() == ["A,1", "RNA", "", ""]
    said = " ".join(one.sentence for one in cohort.reading)
    assert "1 name (RNA) stands on several chromosomes" in said


def test_the_key_is_the_column_that_names_most_samples(tmp_path: Path) -> None:
    """Where samples are numbers, codes of other columns are names of samples too."""
    names = [str(k) for k in range(1, 7)]
    data = vcf([f"chr1 100 . A G . . . GT {' '.join(['0/1', '0/0'] * 3)}"], names)
    lines = "\n".join(f"{k % 2 + 1},{k % 2},{k},{40 + k}" for k in (3, 1, 6, 2, 5, 4))
    path = packed(tmp_path / "c.zip", f"sex,case,sample,age\n{lines}\n", data)
    cohort = read_cohort(path, outcome="case", choices=JOINED)
    assert cohort.table["variants"].tolist() == ["3", "1", "6", "2", "5", "4"]


FAM = "".join(f"F{k // 3} P{k} 0 0 {k % 3} {(-9, 1, 2, 1, 2, 0)[k]}\n" for k in range(6))
PED = "#FID\tIID\tSEX\tPHENO1\n" + "".join(
    f"F{k // 3}\tP{k}\t{k % 3}\t{(-9, 1, 2, 1, 2, 0)[k]}\n" for k in range(6)
)


@pytest.mark.parametrize(
    ("name", "text"),
    [("c.fam", FAM), ("c.ped", f"#made by hand\n{FAM}"), ("c.psam", PED), ("c.tsv", PED)],
)
def test_codes_of_plink_are_what_plink_says(tmp_path: Path, name: str, text: str) -> None:
    """Who has -9 or 0 is no control."""
    path = tmp_path / "c.zip"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr(name, text)
        archive.writestr("calls.vcf.gz", bgzip(small()))
    cohort = read_cohort(path, outcome="PHENO1", choices=JOINED)
    assert cohort.table["variants"].tolist() == [f"P{k}" for k in range(6)]
    assert cohort.observed().tolist() == [-1, 0, 1, 0, 1, -1]
    assert cohort.table["SEX"].isna().tolist() == [True, False, False] * 2
    said = " ".join(one.sentence for one in cohort.reading)
    assert "1 is control, 2 is case; -9 and 0 in 2 cells are not known" in said


def test_a_fam_file_of_other_columns_is_refused(tmp_path: Path) -> None:
    (tmp_path / "c.fam").write_text("F0 P0 0 0 1 2\nF1 P1 0 0 1\n")
    with pytest.raises(
        UserError, match="Line 2 has 5 columns, where a .fam file or a pedigree has 6"
    ):
        read_cohort(tmp_path / "c.fam")


@pytest.mark.parametrize(
    ("name", "text", "sentence"),
    [
        ("g.bed", "chr1\t99\t101\n", "Line 1 names no gene"),
        ("g.bed", "chr1\tx\t101\tA\n", "where two positions are expected"),
        ("g.bed", "chr1\t200\t101\tA\n", "before it begins"),
        ("g.bed", "chr7\t99\t101\tA\n", "None of the variants lies in a gene"),
        ("g.gff", "chr1\tx\texon\t1\t9\t.\t+\t.\tID=a\n", "There is no gene in it"),
        ("g.gff", "chr1\tx\tgene\t1\t9\t.\t+\t.\tnote=a\n", "is of type gene and names none"),
        ("g.gff", "chr1\t1\t9\tA\n", "has 4 columns, where GFF has 9"),
    ],
)
def test_files_of_genes_that_cannot_be_read(
    tmp_path: Path, name: str, text: str, sentence: str
) -> None:
    with pytest.raises(UserError, match=sentence):
        with_genes_of(tmp_path, name, text)
