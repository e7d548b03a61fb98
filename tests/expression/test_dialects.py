"""Matrices as other programs and other languages write them: what would be read in silence as
something else."""

from __future__ import annotations

import zipfile
from pathlib import Path

import h5py
import numpy as np
import pandas as pd
import pytest

from pmed_core.cohort import Cohort
from pmed_core.errors import UserError
from pmed_core.modalities.expression import annotated
from pmed_core.modalities.expression.describing import compared
from pmed_core.modalities.expression.names import repaired
from pmed_core.modalities.expression.scale import others, scale_of, told, unlike
from pmed_core.readers.formats import table_of
from pmed_core.readers.tables import read_cohort
from pmed_core.variable import Role
from tests.expression.test_reading import GENES, SAMPLES, VALUES, h5ad


def owner(cohort: Cohort) -> list[str]:
    return [v.name for v in cohort.variables if v.role is Role.PATIENT]


def of_donors(path: Path, column: str) -> Path:
    """Two samples of each."""
    with h5py.File(h5ad(path), "r+") as file:
        obs = file["obs"]
        group = obs.create_group(column)
        group.attrs["encoding-type"] = "categorical"
        group["codes"], group["categories"] = (
            np.repeat(np.arange(4), 2),
            [f"D{k}" for k in range(4)],
        )
        obs.attrs["column-order"] = [column, "group"]
    return path


def test_samples_of_one_donor_are_of_one_patient(tmp_path: Path) -> None:
    donors = read_cohort(of_donors(tmp_path / "m.h5ad", "donor_id"))
    assert owner(donors) == ["donor_id"]
    assert len(set(donors.patients())) == 4
    assert owner(read_cohort(of_donors(tmp_path / "p.h5ad", "patient"))) == ["patient"]
    assert owner(read_cohort(of_donors(tmp_path / "s.h5ad", "sample_id"))) == ["sample"]
    assert owner(read_cohort(h5ad(tmp_path / "n.h5ad"))) == ["sample"]


def test_so_they_are_in_gct(tmp_path: Path) -> None:
    rows = [
        "\t".join(["id", *SAMPLES]), "\t".join(["subject_id", *(f"D{k // 2}" for k in range(8))]),
        *("\t".join([gene, *map(str, VALUES[:, k])]) for k, gene in enumerate(GENES)),
    ]  # fmt: skip
    (tmp_path / "m.gct").write_text("\n".join(["#1.3", "20\t8\t0\t1", *rows]) + "\n")
    assert owner(read_cohort(tmp_path / "m.gct")) == ["subject_id"]


def test_a_matrix_whose_samples_are_genes_is_refused(tmp_path: Path) -> None:
    path = h5ad(tmp_path / "m.h5ad")
    with h5py.File(path, "r+") as file:
        del file["obs/_index"]
        file["obs/_index"] = [f"ENSG{k:011d}.3" for k in range(8)]
    with pytest.raises(UserError, match="look like genes"):
        table_of(path.read_bytes(), "m.h5ad", {})


def test_what_is_not_read_of_genes_is_said(tmp_path: Path) -> None:
    path = h5ad(tmp_path / "m.h5ad")
    with h5py.File(path, "r+") as file:
        file["var"].attrs["column-order"], file["var/symbol"] = ["symbol"], GENES
    (said,) = table_of(path.read_bytes(), "m.h5ad", {}).reading
    assert "its columns are not read: symbol." in said.sentence


def test_a_file_that_has_no_end_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    endless = "import resource; resource.setrlimit(resource.RLIMIT_CPU, (1, 1))\nwhile True: pass"
    monkeypatch.setattr(annotated, "WALK", endless)
    with pytest.raises(UserError, match="takes more than"):
        table_of(h5ad(tmp_path / "m.h5ad").read_bytes(), "m.h5ad", {})


@pytest.mark.parametrize(
    ("name", "gene"),
    [
        ("02. Sep", "SEPTIN2"), ("2. Sep", "SEPTIN2"), ("05. Mrz", "MARCHF5"),
        ("7-sept.", "SEPTIN7"),
        ("4-mars", "MARCHF4"), ("1-déc", "DELEC1"), ("09.09.2023", "SEPTIN9"), ("8-set", "SEPTIN8"),
    ],
)  # fmt: skip
def test_dates_of_other_languages_become_the_genes_they_were(name: str, gene: str) -> None:
    assert repaired(["TP53", name])[0] == ("TP53", gene)


def test_a_date_that_may_be_two_and_the_number_of_a_day_are_kept_and_said() -> None:
    names = [f"G{k}" for k in range(40)]
    for doubtful in ("9/2/2023", "44806"):
        found, (said,) = repaired([*names, doubtful])
        assert (found[-1], said.value) == (doubtful, "kept")
    assert not repaired(["44806", "44807", "1956"])[1], "identifiers of Entrez"


def test_sets_may_have_the_former_names_of_genes() -> None:
    names = ("SEPTIN2", "MARCHF1", "TP53", *(f"G{k}" for k in range(40)))
    sets = (("old", ("SEPT2", "MARCH1", "TP53")), ("twice", ("SEPT2", "SEPTIN2", "TP53")))
    (found,), unknown = compared(sets, names, np.arange(43.0))
    assert (found.name, found.size, unknown) == ("old", 3, 1)


def test_counts_of_few_reads_are_counts() -> None:
    draw = np.random.default_rng(0)
    few = draw.poisson(6, (8, 60)).astype(float)
    assert few.max() < 30
    assert scale_of(few) == "counts"
    assert not others(few, "counts").any()
    assert scale_of(draw.integers(0, 3, (8, 60)).astype(float)) == "logs", "copies of alleles"
    logarithms = np.log2(few[:1] + 1)
    assert others(np.vstack([few, logarithms]), "counts").tolist() == [False] * 8 + [True]


def test_a_later_file_on_another_scale_is_said() -> None:
    """Counts in the place of TPM are large either way, so that no sample stands out."""
    counts = np.random.default_rng(0).poisson(200, (5, 30)).astype(float)
    (said,) = unlike(counts, "abundances")
    assert said.startswith("The values look like raw counts, and are read as amounts")
    assert not unlike(counts, "counts")
    assert not unlike(counts + 0.5, "intensities")
    assert unlike(counts + 0.5, "counts")
    assert unlike(np.log2(counts), "abundances")


def test_a_point_between_thousands_is_not_taken_for_a_decimal_point(tmp_path: Path) -> None:
    counts = np.random.default_rng(0).integers(100, 9_000, (30, 8))

    def read(cells: pd.DataFrame) -> Cohort:
        cells.to_csv(tmp_path / "m.tsv", sep="\t")
        return read_cohort(tmp_path / "m.tsv", choices={"expression": "genes in rows"})

    table = pd.DataFrame(counts, index=[f"G{k}" for k in range(30)], columns=SAMPLES)
    with pytest.raises(UserError, match="may be a number with three decimals"):
        read(table.map(lambda one: f"{one:,}".replace(",", ".")))
    for plain in (table, table.astype(float), (table / 1000).round(3)):
        found = read(plain).profiles
        assert found is not None
        assert pytest.approx(plain.to_numpy()) == found.values.T


def test_little_below_zero_does_not_make_noise_of_all_amounts() -> None:
    amounts = np.random.default_rng(0).gamma(0.3, 100, (8, 60))
    corrected = amounts - 0.2
    assert scale_of(corrected) == "abundances"
    assert "which count as zero" in told(corrected, "abundances")
    assert scale_of(amounts * 10 - 300) == "intensities"


def test_a_gene_without_a_name_is_said() -> None:
    found, (said,) = repaired(["TP53", ""])
    assert found == ("TP53", "gene 2")
    assert "1 gene has no name" in said.sentence


def test_a_sheet_that_fits_no_sample_or_repeats_one_is_said_in_an_upload(tmp_path: Path) -> None:
    genes = pd.DataFrame(
        VALUES.T, index=[f"ENSG{k:011d}" for k in range(20)], columns=pd.Index(SAMPLES)
    )
    for ids, what in (([s.replace("-", ".") for s in SAMPLES], "are not in the sheet 'sheet.csv'"),
                      ([*SAMPLES, "T-3"], "'T-3' stands in 2 rows")):  # fmt: skip
        with zipfile.ZipFile(tmp_path / "both.zip", "w") as archive:
            archive.writestr("m.tsv", genes.to_csv(sep="\t"))
            sheet = pd.DataFrame({"id": ids, "case": ["yes", "no"] * 4 + ["yes"] * (len(ids) - 8)})
            archive.writestr("sheet.csv", sheet.to_csv(index=False))
        with pytest.raises(UserError, match=what):
            read_cohort(tmp_path / "both.zip", choices={"files": "joined"})
