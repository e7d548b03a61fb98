"""A CT of one patient as a ZIP of DICOM files, written without holding it."""

from __future__ import annotations

import zipfile
from pathlib import Path

import numpy as np

from tests.scans.made import dicom, saved

SIDE = 512


def megabytes(slices: int) -> float:
    """Of its pixels, two bytes each."""
    return slices * SIDE * SIDE * 2 / 2**20


def written(path: Path, slices: int) -> Path:
    """Air round a body that changes from slice to slice, each a file of its own."""
    rows, columns = np.mgrid[:SIDE, :SIDE] - SIDE / 2
    body = (rows / 200) ** 2 + (columns / 150) ** 2 < 1
    draw = np.random.default_rng(0)
    noise = draw.integers(0, 400, (SIDE, SIDE)).astype(np.int16)
    with zipfile.ZipFile(path, "w") as archive:
        for number in range(slices):
            # The same numbers, shifted: no slice equals another.
            pixels = np.where(body, 900 + np.roll(noise, number, axis=1), 0).astype(np.int16)
            one = dicom(
                Rows=SIDE, Columns=SIDE, InstanceNumber=number + 1, SliceThickness=0.7,
                ImagePositionPatient=[0, 0, 0.7 * number],
                ImageOrientationPatient=[1, 0, 0, 0, 1, 0],
                SOPInstanceUID=f"1.2.3.{number + 1}", PixelData=pixels.tobytes(),
            )  # fmt: skip
            one["PixelData"].VR = "OW"
            archive.writestr(f"CT/{number:04d}.dcm", saved(one))
    return path
