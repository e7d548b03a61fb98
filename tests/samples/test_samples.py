"""The sample files are what their generators write, and what their README says."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest

from pmed_core.samples.__main__ import main
from pmed_core.samples.catalogue import FOLDER, SAMPLES
from pmed_core.samples.genomic import drivers


@pytest.fixture(scope="module")
def written(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("samples")
    main(folder)
    return folder


@pytest.mark.parametrize("sample", SAMPLES, ids=lambda sample: sample.name)
def test_the_file_is_what_its_generator_writes(written: Path, sample: object) -> None:
    file = sample.file  # type: ignore[attr-defined]
    fresh, kept = pd.read_csv(written / file), pd.read_csv(FOLDER / file)
    pd.testing.assert_frame_equal(fresh, kept, rtol=1e-4)


def test_the_drivers_of_the_genomic_sample_truly_drive_it() -> None:
    table = pd.read_csv(FOLDER / "genomic_simulated.csv")
    ill = (table["disease"] == "yes").astype(float)
    genes = table.filter(like="gene_")
    association = genes.corrwith(ill).abs()
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
