"""The simulated chest CT: the same for the same seed, plausible, and its truth is known."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from scipy import ndimage

from pmed_core.cohort import Cohort
from pmed_core.modalities.scan.readers.scans import read_scans
from pmed_core.samples import chest_ct

PATIENTS = 8


@pytest.fixture(scope="module")
def simulated(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("ct") / "ct.zip"
    chest_ct.write(path, PATIENTS)
    return path


@pytest.fixture(scope="module")
def cohort(simulated: Path) -> Cohort:
    return read_scans(simulated, key=b"k", positive=("nodule",))


def test_the_same_seed_gives_the_same_bytes(simulated: Path, tmp_path: Path) -> None:
    chest_ct.write(tmp_path / "again.zip", PATIENTS)
    assert (tmp_path / "again.zip").read_bytes() == simulated.read_bytes()
    chest_ct.write(tmp_path / "other.zip", PATIENTS, seed=1)
    assert (tmp_path / "other.zip").read_bytes() != simulated.read_bytes()


def test_all_of_it_stays_below_ten_megabytes(simulated: Path) -> None:
    assert simulated.stat().st_size * chest_ct.PATIENTS / PATIENTS < 10 * 2**20


def test_patients_have_three_slices_of_one_series_and_one_label(cohort: Cohort) -> None:
    assert len(cohort) == 3 * PATIENTS
    labels = cohort.table.groupby("patient")["label"].nunique()
    assert len(labels) == PATIENTS
    assert (labels == 1).all()
    assert cohort.scans is not None
    assert {len(cohort.scans.series(name)) for name in cohort.table["scan"]} == {3}
    assert cohort.observed().mean() == 0.5


def test_tissues_have_their_hounsfield_units(cohort: Cohort) -> None:
    assert cohort.scans is not None
    for name in cohort.table["scan"][::3]:
        pixels, frame = cohort.scans.pixels(name), cohort.scans.frames[name]
        assert (pixels.shape, frame.unit) == ((128, 128), "HU")
        assert np.median(pixels[:6]) == pytest.approx(-1000, abs=15)
        middle = pixels[40:90, 20:108]
        assert ((middle > -920) & (middle < -780)).mean() > 0.15
        assert (pixels > 300).sum() > 50


def test_masks_are_inside_the_lungs_of_those_with_nodules(cohort: Cohort) -> None:
    assert cohort.scans is not None
    for name, observed in zip(cohort.table["scan"], cohort.observed(), strict=True):
        mask = cohort.scans.mask(name)
        assert mask is None or observed == 1
        if mask is None:
            continue
        spacing = cohort.scans.frames[name].spacing
        assert spacing is not None
        parts, count = ndimage.label(mask > 0)
        assert 1 <= count <= 6
        largest = max(int((parts == part + 1).sum()) for part in range(count))
        assert largest * spacing[0] ** 2 < 2 * np.pi * (chest_ct.LARGEST / 2) ** 2
        inside = cohort.scans.pixels(name)[mask > 0].mean()
        assert inside > -700
