"""What is shown of a collection before it is taken: some of each label, small, with outlines."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from pmed_core.cohort import Cohort
from pmed_core.modalities.scan.readers.scans import read_scans
from pmed_core.modalities.scan.readers.sketches import SIDE, holds, sketches, some_of_each_label
from tests.scans.made import dicom, drawn, folder, png, saved, spotted


@pytest.fixture
def cohort(tmp_path: Path) -> Cohort:
    path = folder(tmp_path / "scans", each=6)
    (path / "finding" / "masks").mkdir()
    for row in range(3):
        (path / "finding" / "masks" / f"{row:03d}.png").write_bytes(png(drawn(row)))
    return read_scans(path, key=b"k")


def test_some_of_each_label_are_shown(cohort: Cohort) -> None:
    rows = some_of_each_label(cohort, 4)
    labels = [cohort.table["label"].iloc[row] for row in rows]
    assert sorted(labels) == ["finding", "finding", "normal", "normal"]
    assert len(set(rows)) == 4
    assert len(some_of_each_label(cohort, 100)) == 12, "not more than there are"
    assert some_of_each_label(cohort, 0) == []


def test_scans_are_small_and_keep_their_outline(cohort: Cohort) -> None:
    assert cohort.scans is not None
    made = sketches(cohort, cohort.scans, range(12))
    names = cohort.table["scan"].tolist()
    for one, name in zip(made, names, strict=True):
        assert max(one.pixels.shape[:2]) <= SIDE
        outlined = name.startswith("finding/00") and int(name[8:11]) < 3
        assert (one.drawn is not None) == outlined
        if one.drawn is not None:
            assert np.array_equal(one.drawn, drawn(int(name[8:11])) > 0)


def test_large_scans_keep_their_proportions(tmp_path: Path) -> None:
    wide = np.tile(spotted(1, 300)[0], (1, 2))
    for label in ("a", "b"):
        (tmp_path / label).mkdir()
        (tmp_path / label / "1.png").write_bytes(png(wide))
    cohort = read_scans(tmp_path, key=b"k")
    assert cohort.scans is not None
    assert sketches(cohort, cohort.scans, [0])[0].pixels.shape == (48, 96)


def test_what_a_collection_holds(cohort: Cohort, tmp_path: Path) -> None:
    assert cohort.scans is not None
    assert holds(cohort, cohort.scans) == ("finding (6)", "normal (6)", "3 with an outline")
    series = tmp_path / "series"
    series.mkdir()
    for number in range(3):
        one = dicom(
            InstanceNumber=number, SOPInstanceUID=f"1.2.{number + 1}",
            ImagePositionPatient=[0, 0, number], ImageOrientationPatient=[1, 0, 0, 0, 1, 0],
        )  # fmt: skip
        (series / f"{number}.dcm").write_bytes(saved(one))
    ct = read_scans(series, key=b"k")
    assert ct.scans is not None
    assert holds(ct, ct.scans) == ("1 series of several slices", "1 patient", "no labels")
