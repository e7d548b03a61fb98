"""Matrices of genes: which way they lie, whose samples they are, and what spreadsheets made of
their names."""

from __future__ import annotations

import gzip
import zipfile
from pathlib import Path

import h5py
import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from pmed_core.cohort import Cohort
from pmed_core.errors import UserError
from pmed_core.modalities.expression.genes import parsed_sets
from pmed_core.modalities.expression.names import repaired
from pmed_core.modalities.expression.scale import others, scale_of, transformed
from pmed_core.readers.formats import table_of
from pmed_core.readers.tables import read_cohort, read_for
from pmed_core.shell.joins import packed
from pmed_core.variable import Kind

SAMPLES, GENES = [f"T-{k}" for k in range(8)], [f"G{k:02d}" for k in range(20)]
VALUES = np.random.default_rng(0).normal(7, 2, (8, 20)).round(3)


def matrix(genes_in_rows: bool) -> pd.DataFrame:
    found = pd.DataFrame(VALUES, index=pd.Index(SAMPLES, name="id"), columns=GENES)
    return found.T.rename_axis("gene") if genes_in_rows else found


def sheet() -> pd.DataFrame:
    found = pd.DataFrame({"patient": [f"P{k}" for k in range(8)], "tumour": SAMPLES[::-1]})
    return found.assign(age=range(40, 48), case=["yes", "no"] * 4)


def read(folder: Path, table: pd.DataFrame, beside: pd.DataFrame | None, **choices: str) -> Cohort:
    path = folder / "matrix.tsv"
    table.to_csv(path, sep="\t")
    if beside is None:
        return read_cohort(path, choices=choices)
    beside.to_csv(folder / "sheet.csv", index=False)
    with packed(path, (), folder / "sheet.csv") as (whole, told):
        return read_cohort(whole, choices={**told, **choices})


def profile(cohort: Cohort, row: int) -> NDArray[np.float32]:
    assert cohort.profiles is not None
    column = next(v.name for v in cohort.variables if v.kind is Kind.EXPRESSION)
    found: NDArray[np.float32] = cohort.profiles.of([cohort.table[column].iloc[row]])[0]
    return found


@pytest.mark.parametrize("genes_in_rows", [True, False])
def test_the_sheet_tells_which_way_a_matrix_lies(tmp_path: Path, genes_in_rows: bool) -> None:
    cohort = read(tmp_path, matrix(genes_in_rows), sheet())
    assert len(cohort) == 8
    assert cohort.table["age"].tolist() == list(range(40, 48))
    for row in range(8):
        assert profile(cohort, row) == pytest.approx(VALUES[7 - row], abs=1e-5), "by id, not place"
    assert cohort.profiles is not None
    assert cohort.profiles.names == tuple(GENES)
    assert any("By 'tumour' of 'sheet.csv', 8 rows have a profile" in d.sentence
               for d in cohort.reading)  # fmt: skip
    keys = [d.key for d in cohort.reading if d.overrulable]
    assert len(keys) == len(set(keys)), "what can be decided is decided of one file"


@pytest.mark.parametrize("genes_in_rows", [True, False])
def test_two_files_of_an_upload_are_told_apart(tmp_path: Path, genes_in_rows: bool) -> None:
    whole = tmp_path / "2 files.zip"
    with zipfile.ZipFile(whole, "w") as archive:
        archive.writestr("a.csv", sheet().to_csv(index=False))
        archive.writestr("z.csv", matrix(genes_in_rows).to_csv())
    cohort = read_cohort(whole, choices={"files": "joined"})
    assert profile(cohort, 0) == pytest.approx(VALUES[7], abs=1e-5)


def test_who_has_no_partner_is_said_on_either_side(tmp_path: Path) -> None:
    asked = sheet()
    asked.loc[0, "tumour"] = "T-99"
    cohort = read(tmp_path, matrix(True), asked)
    told = " ".join(d.sentence for d in cohort.reading)
    assert "1 row of the sheet has no sample in the matrix: 'T-99'" in told
    assert "1 column beside the samples is not read: 'T-7'" in told
    assert cohort.table["expression"].isna().tolist() == [True] + [False] * 7


def test_samples_that_stand_twice_or_nowhere_are_refused(tmp_path: Path) -> None:
    twice = pd.concat([sheet(), sheet().iloc[[2]]])
    with pytest.raises(UserError, match="'T-5' stands in 2 rows of 'tumour'"):
        read(tmp_path, matrix(True), twice)
    strange = sheet().assign(tumour=[f"X{k}" for k in range(8)])
    with pytest.raises(UserError, match="are not in the sheet 'sheet.csv'"):
        read(tmp_path, matrix(True), strange)
    again = pd.concat([matrix(False), matrix(False).iloc[[0]]])
    with pytest.raises(UserError, match="The sample 'T-0' stands in the matrix twice"):
        read(tmp_path, again, sheet())


def test_a_cell_that_is_no_number_is_named(tmp_path: Path) -> None:
    wrong = matrix(True).astype(object)
    wrong.loc["G03", "T-2"] = "3,5"
    with pytest.raises(UserError, match="'3,5' is no number") as told:
        read(tmp_path, wrong, sheet())
    assert "'G03' of 'T-2'" in told.value.where
    wrong.loc["G03", "T-2"] = "NA"
    assert np.isnan(profile(read(tmp_path, wrong, sheet()), 5)[3])


def test_numbers_of_patients_beside_genes_are_no_genes(tmp_path: Path) -> None:
    cohort = read(tmp_path, matrix(False).assign(age=50, batch=1), sheet())
    assert cohort.profiles is not None
    assert cohort.profiles.names == tuple(GENES)
    assert any("2 columns of the matrix are no genes" in d.sentence for d in cohort.reading)


def test_samples_that_are_called_by_what_they_are_stay_samples(tmp_path: Path) -> None:
    named = matrix(True).rename(columns={"T-0": "control_1", "T-1": "day_7"})
    named.assign(length=100, entrez_id=7).to_csv(tmp_path / "m.csv")
    cohort = read_cohort(tmp_path / "m.csv", choices={"expression": "genes in rows"})
    assert len(cohort) == 8
    assert {"control_1", "day_7"} <= set(cohort.table["sample"])
    assert any("not read: 'length', 'entrez_id'" in d.sentence for d in cohort.reading)


@pytest.mark.parametrize("rows", [2, 3])
def test_a_panel_of_two_or_three_patients_has_its_genes(tmp_path: Path, rows: int) -> None:
    matrix(False).iloc[:rows].to_csv(tmp_path / "m.csv")
    cohort = read_cohort(tmp_path / "m.csv", choices={"expression": "genes in columns"})
    assert cohort.profiles is not None
    assert cohort.profiles.names == tuple(GENES)


@pytest.mark.parametrize("way", ["genes in rows", "genes in columns"])
def test_a_table_without_numbers_holds_no_matrix(tmp_path: Path, way: str) -> None:
    (tmp_path / "m.csv").write_text("name,kind\nA,x\nB,y\n")
    with pytest.raises(UserError, match="genes are not in"):
        read_cohort(tmp_path / "m.csv", choices={"expression": way})


def test_a_wide_table_is_read_as_genes_and_said_and_can_be_left(tmp_path: Path) -> None:
    draw = np.random.default_rng(1)
    genes = pd.DataFrame(draw.normal(size=(12, 1_600)), columns=[f"g{k}" for k in range(1_600)])
    genes.insert(0, "patient", [f"P{k}" for k in range(12)])
    genes.insert(1, "age", draw.integers(30, 70, 12))
    genes["case"] = [0, 1] * 6
    path = tmp_path / "wide.csv"
    genes.to_csv(path, index=False)
    cohort = read_cohort(path)
    assert [v.name for v in cohort.variables] == ["patient", "age", "case", "expression"]
    (said,) = (d for d in cohort.reading if d.rule == "expression")
    assert not said.proved
    assert "1,600 columns of numbers" in said.sentence
    assert "'patient', 'age', 'case' stay columns" in said.sentence
    assert profile(cohort, 3) == pytest.approx(genes.iloc[3, 2:-1].to_numpy(float), abs=1e-5)
    left = read_cohort(path, choices={"expression": "left as columns"})
    assert len(left.variables) == 1_603


def test_genes_in_rows_without_a_sheet_are_asked_about(tmp_path: Path) -> None:
    draw = np.random.default_rng(1)
    names = ["TP53", "EGFR", "GAPDH", *(f"LOC{k}" for k in range(700))]
    found = pd.DataFrame(draw.normal(size=(703, 5)), index=pd.Index(names, name="gene"))
    found.columns = pd.Index([f"S{k}" for k in range(5)])
    with pytest.raises(UserError, match="The rows of this table look like genes"):
        read(tmp_path, found, None)
    turned = read(tmp_path, found, None, expression="genes in rows")
    assert turned.table["sample"].tolist() == [f"S{k}" for k in range(5)]
    assert profile(turned, 2)[1] == pytest.approx(found.loc["EGFR", "S2"], abs=1e-5)


def gct(version: str = "#1.2", rows: int = 20) -> str:
    lines = [version, f"{rows}\t8", "\t".join(["NAME", "Description", *SAMPLES])]
    lines += ["\t".join([g, "na", *map(str, VALUES[:, k])]) for k, g in enumerate(GENES)]
    return "\n".join(lines) + "\n"


def test_gct_is_read_plain_annotated_and_packed() -> None:
    plain = table_of(gct().encode(), "m.gct", {})
    assert plain.profiles is not None
    assert plain.profiles.values == pytest.approx(VALUES, abs=1e-5)
    assert plain.cells["sample"].tolist() == SAMPLES
    lines = ["#1.3", "20\t8\t2\t1", "\t".join(["id", "symbol", "chr", *SAMPLES])]
    lines += ["\t".join(["group", "na", "na", *"abababab"])]
    lines += ["\t".join([g, g, "1", *map(str, VALUES[:, k])]) for k, g in enumerate(GENES)]
    told = table_of(gzip.compress("\n".join(lines).encode()), "m.gct.gz", {})
    assert told.cells["group"].tolist() == list("abababab")
    assert told.profiles is not None
    assert told.profiles.values == pytest.approx(VALUES, abs=1e-5)


@pytest.mark.parametrize(
    ("text", "what"),
    [
        (gct(rows=21), "says 21 genes, and there are 20"), (gct("#1.1"), "version 1.1 is not"),
        (gct().replace("\t8\n", "\t9\n"), "has 10 cells, and the second line says 11"),
        ("#1.2\nhello\n", "does not say how large"), ("#1.2", "does not say how large"),
        (gct().replace("20\t8", "999999999\t999999"), "at most 200,000,000 are read"),
        (gct().replace("G03\tna\t", "G03\tna\tx"), "is no number of expression"),
        (gct().replace("T-3", "T-2"), "'T-2' stands in the matrix twice"),
    ],
)  # fmt: skip
def test_gct_that_contradicts_itself_is_refused(text: str, what: str) -> None:
    with pytest.raises(UserError) as told:
        table_of(text.encode(), "m.gct", {})
    assert what in told.value.what


@given(st.integers(0, 900), st.binary(min_size=1, max_size=4))
def test_damaged_gct_is_read_or_refused(place: int, dirt: bytes) -> None:
    whole = gct().encode()
    damaged = whole[:place] + dirt + whole[place + len(dirt) :]
    try:
        found = table_of(damaged, "m.gct", {})
    except UserError:
        return
    assert len(found.cells) > 0


def h5ad(path: Path, sparse: str = "") -> Path:
    counts = np.where(VALUES > 7, VALUES, 0)
    with h5py.File(path, "w") as file:
        obs, var = file.create_group("obs"), file.create_group("var")
        obs.attrs["_index"], obs.attrs["column-order"] = "_index", ["group", "age", "told"]
        obs["_index"], obs["age"] = SAMPLES, np.arange(8)
        group = obs.create_group("group")
        group.attrs["encoding-type"] = "categorical"
        group["codes"], group["categories"] = np.array([0, 1, -1, 0, 1, 1, 0, 0], "i1"), ["a", "b"]
        told = obs.create_group("told")
        told.attrs["encoding-type"] = "nullable-boolean"
        told["values"], told["mask"] = np.array([True, False] * 4), np.arange(8) == 3
        var.attrs["_index"] = "_index"
        var["_index"] = GENES
        if not sparse:
            file["X"] = counts
            return path
        x = file.create_group("X")
        x.attrs["encoding-type"], x.attrs["shape"] = sparse, counts.shape
        dense = counts if sparse == "csr_matrix" else counts.T
        rows, places = np.nonzero(dense)
        x["data"], x["indices"] = dense[rows, places], places
        x["indptr"] = np.concatenate([[0], np.cumsum((dense != 0).sum(axis=1))])
    return path


@pytest.mark.parametrize("sparse", ["", "csr_matrix", "csc_matrix"])
def test_h5ad_is_read_with_its_observations(tmp_path: Path, sparse: str) -> None:
    found = table_of(h5ad(tmp_path / "m.h5ad", sparse).read_bytes(), "m.h5ad", {})
    assert found.profiles is not None
    assert found.profiles.values == pytest.approx(np.where(VALUES > 7, VALUES, 0), abs=1e-5)
    assert found.profiles.names == tuple(GENES)
    assert found.cells["group"].fillna("?").tolist() == ["a", "b", "?", "a", "b", "b", "a", "a"]
    assert found.cells["age"].tolist() == list(range(8))
    assert found.cells["told"].fillna("?").tolist()[:4] == ["True", "False", "True", "?"]


def test_h5ad_that_leads_elsewhere_or_contradicts_itself_is_refused(tmp_path: Path) -> None:
    def spoilt(spoil: object) -> bytes:
        path = h5ad(tmp_path / "m.h5ad", "csr_matrix")
        with h5py.File(path, "r+") as file:
            spoil(file)  # type: ignore[operator]
        return path.read_bytes()

    def linked(file: h5py.File) -> None:
        del file["obs/age"]
        file["obs/age"] = h5py.ExternalLink("/etc/passwd", "/")

    def beyond(file: h5py.File) -> None:
        file["X/indices"][0] = 400

    def backwards(file: h5py.File) -> None:
        file["X/indptr"][1] = 90

    for spoil, what in (
        (linked, "lies in another file"), (beyond, "contradict"), (backwards, "contradict"),
        (lambda file: file.pop("var"), "has no 'var'"),
    ):  # fmt: skip
        with pytest.raises(UserError) as told:
            table_of(spoilt(spoil), "m.h5ad", {})
        assert what in told.value.what
    whole = h5ad(tmp_path / "w.h5ad").read_bytes()
    with pytest.raises(UserError, match="cannot be read as h5ad"):
        table_of(whole[: len(whole) // 2], "m.h5ad", {})


@pytest.mark.parametrize(
    ("name", "gene"),
    [
        ("2-Sep", "SEPTIN2"), ("Sep-02", "SEPTIN2"), ("SEPT9", "SEPTIN9"), ("15-Sep", "SELENOF"),
        ("5-Mar", "MARCHF5"), ("MARCH1", "MARCHF1"), ("MARC1", "MTARC1"), ("1-Dec", "DELEC1"),
        ("2023-09-07", "SEPTIN7"), ("2023-03-08 00:00:00", "MARCHF8"), ("7-Sep-23", "SEPTIN7"),
    ],
)  # fmt: skip
def test_dates_become_the_genes_they_were(name: str, gene: str) -> None:
    found, told = repaired(["TP53", name])
    assert found == ("TP53", gene)
    assert told[0].cells == 1
    assert gene in told[0].sentence


@pytest.mark.parametrize("name", ["1-Mar", "2-Mar", "1-Oct", "4-Apr", "2.31E+13", "30-Sep"])
def test_a_name_that_may_be_two_genes_is_kept_and_said(name: str) -> None:
    found, told = repaired(["TP53", name])
    assert found == ("TP53", name)
    assert told[0].value == "kept"
    assert not told[0].proved


def test_a_repaired_name_takes_the_place_of_no_other_gene() -> None:
    found, told = repaired(["SEPTIN2", "2-Sep", "2-Sep"])
    assert found == ("SEPTIN2", "2-Sep", "2-Sep (2)")
    assert [one.value for one in told] == ["kept", "numbered"]


@given(st.lists(st.sampled_from(["A", "A (2)", "2-Sep", "SEPTIN2", "", "1-Mar", "B"]), max_size=12))
def test_no_gene_is_lost_and_none_is_called_like_another(names: list[str]) -> None:
    found, _ = repaired(names)
    assert len(found) == len(names) == len(set(found))


def test_scales_are_told_by_the_values() -> None:
    draw = np.random.default_rng(0)
    counts = draw.poisson(200, (5, 30)).astype(float)
    assert scale_of(counts) == "counts"
    assert scale_of(counts + 0.5) == "abundances"
    assert scale_of(counts * 3 - 600) == "intensities"
    assert scale_of(np.log2(counts + 1)) == scale_of(draw.normal(size=(5, 30))) == "logs"
    mixed = np.vstack([counts, np.log2(counts[:1] + 1)])
    assert others(mixed, "counts").tolist() == [False] * 5 + [True]


def test_a_sample_is_transformed_by_its_own_values_alone() -> None:
    draw = np.random.default_rng(0)
    counts = draw.poisson(50, (6, 40)).astype(float)
    whole = transformed(counts, "counts")
    assert transformed(counts[2:3], "counts") == pytest.approx(whole[2:3])
    deeper = transformed(counts * 1000, "counts")
    assert np.abs(deeper - whole).max() < 0.05, "ten thousand reads more say nothing"
    size = counts[0].sum()
    assert whole[0, 3] == pytest.approx(np.log2((counts[0, 3] + 0.5) / (size + 1) * 1e6))


def test_gene_sets_are_read_strictly() -> None:
    found = parsed_sets(b"A\tfrom here\tTP53\tEGFR\tTP53\n\nB\t\tMYC\n", "sets.gmt")
    assert found == (("A", ("TP53", "EGFR")), ("B", ("MYC",)))
    for wrong in (b"", b"A\tx\n", b"A\tx\tTP53\nA\tx\tMYC\n", b"\xff\xfe", b"A,B,C\n"):
        with pytest.raises(UserError):
            parsed_sets(wrong, "sets.gmt")


def test_a_model_of_columns_reads_a_wide_file_by_its_columns(tmp_path: Path) -> None:
    draw = np.random.default_rng(1)
    genes = pd.DataFrame(draw.normal(size=(6, 1_600)), columns=[f"g{k}" for k in range(1_600)])
    genes.to_csv(tmp_path / "wide.csv", index=False)
    left = read_cohort(tmp_path / "wide.csv", choices={"expression": "left as columns"})
    again = read_for(tmp_path / "wide.csv", left.variables)
    assert again.table["g7"].tolist() == pytest.approx(genes["g7"].tolist())
