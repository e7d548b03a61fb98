"""Pharmacogenes and polygenic scores from the shell."""

from __future__ import annotations

import io
from pathlib import Path

import pandas as pd
import pytest

from pmed_core.settings import RESEARCH_ONLY
from tests.genome.made import UNTOLD, records, written
from tests.shell.typed import shell

WEIGHTS = "chr_name,chr_position,effect_allele,other_allele,effect_weight\n16,31096368,T,C,0.5\n"


@pytest.fixture
def genomes(tmp_path: Path) -> Path:
    lines = [line + "\t0/1" for line in records("VKORC1", {})]
    file = tmp_path / "g.vcf"
    file.write_bytes(written(lines, ("A", "B"), UNTOLD))
    return file


def test_genes_of_all_or_one(genomes: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert shell("genome", "genes", genomes, "--build", "GRCh38", "--patient", "B") == 0
    said = capsys.readouterr()
    table = pd.read_csv(io.StringIO(said.out)).set_index("Gene")
    assert set(table["Patient"]) == {"B"}
    assert "-1639 AG" in str(table.loc["VKORC1", "Phenotype"])
    assert "names no dose" in said.err
    assert RESEARCH_ONLY in said.err
    assert shell("genome", "genes", genomes, "--build", "GRCh38") == 0
    assert set(pd.read_csv(io.StringIO(capsys.readouterr().out))["Patient"]) == {"A", "B"}


def test_scores_within_groups_of_a_sheet(genomes: Path, tmp_path: Path) -> None:
    weights, sheet, to = tmp_path / "w.csv", tmp_path / "s.csv", tmp_path / "out.csv"
    weights.write_text(WEIGHTS)
    sheet.write_text("sample,ancestry\nA,EUR\nB,AFR\n")
    assert shell(
        "genome", "score", genomes, "--weights", weights, "--phenotypes", sheet,
        "--by", "ancestry", "--build", "GRCh38", "--to", to,
    ) == 0  # fmt: skip
    table = pd.read_csv(to).set_index("Patient")
    assert table["Score"].to_dict() == {"A": 0.0, "B": 0.5}
    assert table["Group"].to_dict() == {"A": "EUR", "B": "AFR"}


def test_what_is_wrong_is_a_sentence(
    genomes: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert shell("genome", "genes", genomes) == 2
    assert "does not tell the build" in capsys.readouterr().err
    assert shell("genome", "score", genomes, "--weights", tmp_path / "none.txt") == 2
    assert "There is no such file" in capsys.readouterr().err
    table = tmp_path / "t.csv"
    table.write_text("id,age\nA,50\nB,60\nC,70\n")
    assert shell("genome", "genes", table) == 2
    assert "no genomes" in capsys.readouterr().err
