"""Matrices as public archives, counting programs and spreadsheets of other countries write them."""

from __future__ import annotations

import gzip
from pathlib import Path

import h5py
import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pmed_core.errors import UserError
from pmed_core.modalities.expression.describing import compared
from pmed_core.modalities.expression.names import places_of
from pmed_core.readers.tables import read_cohort
from tests.expression.test_reading import GENES, SAMPLES, VALUES, h5ad, matrix, profile, read, sheet


def series(samples: list[str], lines: list[str], values: list[list[str]]) -> bytes:
    head = "\t".join(['"ID_REF"', *(f'"{one}"' for one in samples)])
    rows = ["\t".join([f'"{row[0]}"', *row[1:]]) for row in values]
    text = [
        '!Series_title\t"A study"', "", *lines, "!series_matrix_table_begin", head, *rows,
        "!series_matrix_table_end", "",
    ]  # fmt: skip
    return gzip.compress("\n".join(text).encode())


def line(mark: str, cells: list[str]) -> str:
    return "\t".join([mark, *(f'"{cell}"' for cell in cells)])


IDS = st.lists(st.tuples(st.integers(0, 6), st.sampled_from(["", ".1", ".2"])), max_size=8)
ACCESSIONS = line("!Sample_geo_accession", SAMPLES)
MEASURED = [[gene, *map(str, VALUES[:, k])] for k, gene in enumerate(GENES)]


def test_a_series_matrix_of_geo_holds_values_and_what_is_said_of_samples(tmp_path: Path) -> None:
    told = [
        '!Series_summary\t"Of 5" tubes and "others',
        ACCESSIONS,
        line("!Sample_characteristics_ch1", [f"disease: {'AML' if k % 2 else 'ALL'}"
                                             for k in range(8)]),
        # A sample that lacks one has the next in its place.
        line("!Sample_characteristics_ch1", ["age: 40", "sex: F", *["age: 50"] * 6]),
        line("!Sample_characteristics_ch1", ["sex: M", "", *["sex: M"] * 6]),
    ]  # fmt: skip
    (tmp_path / "GSE1_series_matrix.txt.gz").write_bytes(series(SAMPLES, told, MEASURED))
    cohort = read_cohort(tmp_path / "GSE1_series_matrix.txt.gz")
    assert cohort.table["disease"].tolist() == ["ALL", "AML"] * 4
    assert cohort.table["sex"].tolist() == ["M", "F", *["M"] * 6]
    assert cohort.table["age"].isna().tolist() == [False, True, *[False] * 6]
    assert cohort.profiles is not None
    assert cohort.profiles.names == tuple(GENES)
    for row in range(8):
        assert profile(cohort, row) == pytest.approx(VALUES[row], abs=1e-5)


@pytest.mark.parametrize(
    ("lines", "values", "said"),
    [
        ([line("!Sample_geo_accession", SAMPLES[::-1])], MEASURED, "not of the samples"),
        ([line("!Sample_title", SAMPLES[:5])], MEASURED, "not of the samples"),
        ([ACCESSIONS], [MEASURED[0][:-1], *MEASURED[1:]], "7 values of 8 samples"),
    ],
)  # fmt: skip
def test_a_series_matrix_that_contradicts_itself_is_refused(
    tmp_path: Path, lines: list[str], values: list[list[str]], said: str
) -> None:
    (tmp_path / "m.txt.gz").write_bytes(series(SAMPLES, lines, values))
    with pytest.raises(UserError, match=said):
        read_cohort(tmp_path / "m.txt.gz")


def test_one_that_is_cut_off_is_refused(tmp_path: Path) -> None:
    whole = gzip.decompress(series(SAMPLES, [ACCESSIONS], MEASURED))
    (tmp_path / "m.txt").write_bytes(whole[:-30])
    with pytest.raises(UserError, match="cut off"):
        read_cohort(tmp_path / "m.txt")


def test_one_without_values_is_the_sheet_of_its_samples(tmp_path: Path) -> None:
    """As of sequencing, whose counts GEO keeps in a file beside it."""
    told = [ACCESSIONS, line("!Sample_characteristics_ch1", [f"batch: b{k % 2}" for k in range(8)])]
    (tmp_path / "m.txt.gz").write_bytes(series(SAMPLES, told, []))
    cohort = read_cohort(tmp_path / "m.txt.gz")
    assert cohort.profiles is None
    assert cohort.table["sample"].tolist() == SAMPLES
    assert any("without values" in one.sentence for one in cohort.reading)


@pytest.mark.parametrize("genes_in_rows", [True, False])
def test_reads_of_no_gene_are_no_gene(tmp_path: Path, genes_in_rows: bool) -> None:
    counted = matrix(True).abs().round()
    for name in ("__no_feature", "__not_aligned", "N_unmapped"):
        counted.loc[name] = 1e6
    cohort = read(tmp_path, counted if genes_in_rows else counted.T.rename_axis("id"), sheet())
    assert cohort.profiles is not None
    assert cohort.profiles.names == tuple(GENES)
    assert any("3 rows count reads of no gene" in one.sentence for one in cohort.reading)


@pytest.mark.parametrize("genes_in_rows", [True, False])
def test_commas_before_decimals_are_read_and_said(tmp_path: Path, genes_in_rows: bool) -> None:
    written = matrix(genes_in_rows).map(lambda value: f"{value:.2f}".replace(".", ","))
    cohort = read(tmp_path, written, sheet())
    for row in range(8):
        assert profile(cohort, row) == pytest.approx(VALUES[7 - row], abs=6e-3)
    assert any("comma before their decimals" in one.sentence for one in cohort.reading)


def test_the_genes_of_a_panel_are_no_patients(tmp_path: Path) -> None:
    known = ["TP53", "KRAS", "EGFR", *(f"G{k}" for k in range(40))]
    panel = pd.DataFrame({"gene": known, **{one: range(43) for one in SAMPLES}})
    panel.to_csv(tmp_path / "panel.csv", index=False)
    with pytest.raises(UserError, match="look like genes, and not like patients"):
        read_cohort(tmp_path / "panel.csv")


@pytest.mark.parametrize(
    "cell", ["1,234", "1,234.5"], ids=["thousands as well as decimals", "commas and points"]
)
def test_commas_that_may_part_thousands_are_refused(tmp_path: Path, cell: str) -> None:
    written = matrix(True).map(lambda value: cell)
    with pytest.raises(UserError, match=r"^matrix.tsv, .* is no number of expression"):
        read(tmp_path, written, sheet())


def test_names_that_may_be_missing_are_read_from_h5ad(tmp_path: Path) -> None:
    """As anndata writes texts of pandas."""
    path = h5ad(tmp_path / "m.h5ad")
    with h5py.File(path, "r+") as file:
        for part, key, cells in (("obs", "_index", SAMPLES), ("obs", "site", ["a", ""] * 4)):
            if key in file[part]:
                del file[part][key]
            group = file[part].create_group(key)
            group.attrs["encoding-type"] = "nullable-string-array"
            group["values"], group["mask"] = cells, [not one for one in cells]
        file["obs"].attrs["column-order"] = [*file["obs"].attrs["column-order"], "site"]
    cohort = read_cohort(path)
    assert cohort.table["sample"].tolist() == SAMPLES
    assert cohort.table["site"].isna().tolist() == [False, True] * 4


def test_names_below_the_types_of_columns_as_cbioportal_writes_them(tmp_path: Path) -> None:
    rows = [
        ["#Sample Identifier", "Disease", "Stage"], ["#An id", "What", "How far"],
        ["#STRING", "STRING", "STRING"], ["#1", "1", "1"], ["SAMPLE_ID", "DISEASE", "STAGE"],
        *([one, "AML" if k % 2 else "ALL", "I"] for k, one in enumerate(SAMPLES)),
    ]  # fmt: skip
    text = "\n".join("\t".join(row) for row in rows) + "\n"
    (tmp_path / "data_clinical_sample.txt").write_text(text)
    cohort = read_cohort(tmp_path / "data_clinical_sample.txt")
    assert list(cohort.table) == ["SAMPLE_ID", "DISEASE", "STAGE"]
    assert cohort.table["DISEASE"].tolist() == ["ALL", "AML"] * 4


@given(IDS, IDS)
def test_an_id_is_known_in_another_version_where_there_is_one(
    asked: list[tuple[int, str]], have: list[tuple[int, str]]
) -> None:
    genes, there = (
        list(dict.fromkeys(f"ENSG{number:011d}{version}" for number, version in some))
        for some in (asked, have)
    )
    found = places_of(genes, there)
    for gene in genes:
        same = [one for one in there if one.split(".")[0] == gene.split(".")[0]]
        if gene in there:
            assert there[found[gene]] == gene
        elif len(same) == 1 and sum(one.split(".")[0] == gene.split(".")[0] for one in genes) == 1:
            assert there[found[gene]] == same[0]
        else:
            assert gene not in found


def test_other_names_are_known_as_they_are() -> None:
    assert places_of(["TP53", "A.1"], ["A.2", "TP53"]) == {"TP53": 1}


def test_gene_sets_know_ids_without_their_version() -> None:
    names = tuple(f"ENSG{k:011d}.{k + 1}" for k in range(20))
    sets = (("few", tuple(f"ENSG{k:011d}" for k in range(5))), ("none", ("A", "B", "C")))
    found, unknown = compared(sets, names, np.arange(20.0))
    assert (found[0].size, found[0].higher, unknown) == (5, False, 1)
