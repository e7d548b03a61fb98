"""The sample files are what their generators write, and what their README says."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from sklearn.datasets import load_breast_cancer

from pmed_core.modalities import Scan
from pmed_core.modalities.scan.readers.scans import read_scans
from pmed_core.readers.chosen import with_asked
from pmed_core.readers.tables import read_cohort
from pmed_core.samples import chest_ct, drug_response
from pmed_core.samples.__main__ import write_tables
from pmed_core.samples.catalogue import FOLDER, SAMPLES, Sample
from pmed_core.samples.genomic import drivers
from pmed_core.systems import of_sample

TABLES = [sample for sample in SAMPLES if sample.file.endswith(".csv")]
SCANS = [sample for sample in SAMPLES if of_sample(sample.name).inputs == Scan()]


@pytest.fixture(scope="module")
def written(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("samples")
    write_tables(folder)
    return folder


@pytest.mark.parametrize("sample", TABLES, ids=lambda sample: sample.name)
def test_the_file_is_what_its_generator_writes(written: Path, sample: Sample) -> None:
    # Not compared as text: a failure would print megabytes.
    same = (written / sample.file).read_bytes() == sample.path.read_bytes()
    assert same, f"run python -m pmed_core.samples: {sample.file} is not what it writes"


@pytest.mark.parametrize("sample", TABLES, ids=lambda sample: sample.name)
def test_the_readme_and_the_card_say_its_size_and_outcome_rate(sample: Sample) -> None:
    table = pd.read_csv(sample.path)
    line = next(
        line for line in (FOLDER / "README.md").read_text("utf-8").splitlines()
        if line.startswith(f"| `{sample.file}`")
    )  # fmt: skip
    name = sample.outcome.columns[0]
    cells = table[name]
    said = f"{cells.min()} to {cells.max()}"
    if sample.outcome.each:
        event = sample.outcome.each[0].positive
        said = f"{event[0]} ({100 * cells.isin(event).mean():.0f} %)"
    assert f"| {len(table):,} × {table.shape[1]:,} |" in line
    assert f"`{name}`: {said}" in line
    assert sample.description.startswith(f"{len(table):,} ")


@pytest.mark.parametrize("sample", TABLES, ids=lambda sample: sample.name)
def test_a_table_opens_with_its_outcome_and_one_row_a_patient(sample: Sample) -> None:
    cohort = with_asked(read_cohort(sample.path), sample.outcome)
    assert cohort.outcome is not None
    assert cohort.outcome.columns == sample.outcome.columns
    assert cohort.outcome.kind == sample.outcome.kind
    assert (cohort.chosen_outcome().target(cohort.table).observed >= 0).mean() > 0.9
    assert cohort.patient is not None
    assert cohort.table[cohort.patient].is_unique


@pytest.mark.parametrize("sample", SCANS, ids=lambda sample: sample.name)
def test_the_readme_and_the_card_say_what_the_scans_are(sample: Sample) -> None:
    cohort = read_scans(sample.path, key=b"k", positive=sample.outcome.positive)
    patients = len(set(cohort.patients()))
    assert f"{len(cohort):,} simulated slices of {patients:,} patients" in sample.description
    readme = (FOLDER / "README.md").read_text("utf-8")
    assert f"| `{sample.file}` | {patients:,} patients, {len(cohort):,} slices |" in readme
    assert cohort.observed().mean() == 0.5
    assert sample.path.stat().st_size < 10 * 2**20


def test_the_scans_are_what_their_generator_writes(tmp_path: Path) -> None:
    chest_ct.write(tmp_path / "some.zip", patients=3)
    some = read_scans(tmp_path / "some.zip", key=b"k").scans
    every = read_scans(FOLDER / "chest_ct_simulated.zip", key=b"k").scans
    assert some is not None
    assert every is not None
    for name in some.frames:
        # Another processor may round another way.
        apart = np.abs(some.pixels(name).astype(int) - every.pixels(name))
        assert apart.max() <= 1


def test_the_breast_cancer_table_is_the_one_of_scikit_learn() -> None:
    theirs = load_breast_cancer()
    ours = pd.read_csv(FOLDER / "breast_cancer_wisconsin.csv")
    numbers = ours.drop(columns=["sample_id", "diagnosis"]).to_numpy()
    assert numbers == pytest.approx(theirs.data, rel=1e-5)
    assert ((ours["diagnosis"] == "malignant") == (theirs.target == 0)).all()
    radius = list(theirs.feature_names).index("worst radius")
    assert ours["radius, worst (px)"].to_numpy() == pytest.approx(theirs.data[:, radius])


def test_the_drivers_of_the_genomic_sample_truly_drive_it() -> None:
    table = pd.read_csv(FOLDER / "genomic_simulated.csv")
    ill = (table["disease"] == "yes").astype(float)
    genes = table.filter(like="gene_")
    direction = genes.corrwith(ill)
    # Risk rises with one driver and falls with the next.
    assert (np.sign(direction[list(drivers())]) == np.resize([1, -1], 20)).all()
    association = direction.abs()
    true = association[list(drivers())]
    assert len(true) == 20
    assert true.mean() > 3 * association.drop(list(drivers())).mean()
    assert ill.mean() == pytest.approx(0.15, abs=0.001)
    assert genes.isna().mean().mean() == pytest.approx(0.02, abs=0.002)


def test_intensive_care_cells_are_missing_not_at_random() -> None:
    table = pd.read_csv(FOLDER / "intensive_care_simulated.csv")
    dead = table["died_in_hospital"] == "yes"
    measured = table.drop(columns=["stay_id", "died_in_hospital"])
    assert dead.mean() == pytest.approx(0.14, abs=0.001)
    assert measured.isna().mean().mean() == pytest.approx(0.26, abs=0.03)
    assert measured[~dead].isna().mean().mean() > measured[dead].isna().mean().mean() + 0.02


def test_joined_tables_are_what_their_generator_writes_and_open_as_one(tmp_path: Path) -> None:
    sample = next(one for one in SAMPLES if one.name == "drug_response")
    drug_response.write(tmp_path / sample.file)
    assert (tmp_path / sample.file).read_bytes() == sample.path.read_bytes()
    assert sample.path.stat().st_size < 300 * 2**10
    cohort = read_cohort(sample.path, outcome=sample.outcome, choices=dict(sample.choices))
    assert cohort.profiles is not None
    lines, drugs = len(cohort.profiles.ids), cohort.table["smiles"].nunique()
    assert f"{lines} simulated cell lines × {drugs} drugs" in sample.description
    readme = (FOLDER / "README.md").read_text("utf-8")
    size = f"{lines} cell lines × {drugs} drugs, {len(cohort):,} pairs"
    assert f"| `{sample.file}` | {size} |" in readme
