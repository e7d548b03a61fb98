"""Small scans of nobody: a bright spot is the finding."""

from __future__ import annotations

import io
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.uid import CTImageStorage, ExplicitVRLittleEndian, generate_uid


def spotted(row: int, size: int = 28) -> tuple[NDArray[np.uint8], tuple[int, int]]:
    """Noise with a spot in one of the quarters; -> pixels and the spot's middle."""
    generator = np.random.default_rng(row)
    pixels = generator.normal(90, 12, (size, size))
    middle = tuple(int(n) for n in generator.integers(6, size - 6, 2))
    rows, columns = np.mgrid[:size, :size]
    pixels += 110 * np.exp(-((rows - middle[0]) ** 2 + (columns - middle[1]) ** 2) / 12)
    return np.clip(pixels, 0, 255).astype(np.uint8), (middle[0], middle[1])


def drawn(row: int, size: int = 28) -> NDArray[np.uint8]:
    """A disc round the spot, as a person would draw it: 255 inside."""
    middle = spotted(row, size)[1]
    rows, columns = np.mgrid[:size, :size]
    inside = (rows - middle[0]) ** 2 + (columns - middle[1]) ** 2 <= 16
    return np.where(inside, 255, 0).astype(np.uint8)


def plain(row: int, size: int = 28) -> NDArray[np.uint8]:
    """Noise alone."""
    noise = np.random.default_rng(10_000 + row).normal(90, 12, (size, size))
    return np.clip(noise, 0, 255).astype(np.uint8)


def png(pixels: NDArray[Any]) -> bytes:
    """As a file."""
    written = io.BytesIO()
    Image.fromarray(pixels).save(written, "PNG")
    return written.getvalue()


def folder(path: Path, each: int = 40, first: int = 0) -> Path:
    """``finding/`` and ``normal/`` with as many scans in each, numbered from ``first``."""
    for name in ("finding", "normal"):
        (path / name).mkdir(parents=True)
    for row in range(first, first + each):
        (path / "finding" / f"{row:03d}.png").write_bytes(png(spotted(row)[0]))
        (path / "normal" / f"{row:03d}.png").write_bytes(png(plain(row)))
    return path


def zipped(files: dict[str, bytes]) -> bytes:
    """Name -> bytes, as a ZIP."""
    written = io.BytesIO()
    with zipfile.ZipFile(written, "w") as archive:
        for name, data in files.items():
            archive.writestr(name, data)
    return written.getvalue()


def dicom(patient: str = "Doe^Jane", **more: Any) -> Dataset:
    """A CT slice with every kind of identifier; ``more`` are attributes by keyword."""
    dataset = Dataset()
    dataset.file_meta = FileMetaDataset()
    dataset.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
    dataset.file_meta.MediaStorageSOPClassUID = CTImageStorage
    dataset.file_meta.MediaStorageSOPInstanceUID = generate_uid(entropy_srcs=[patient])
    given = {
        "SOPClassUID": CTImageStorage, "SOPInstanceUID": generate_uid(entropy_srcs=[patient]),
        "PatientName": patient, "PatientID": patient, "PatientBirthDate": "19700101",
        "StudyDate": "20260101", "InstitutionName": "Somewhere", "Modality": "CT",
        "SeriesInstanceUID": generate_uid(entropy_srcs=["series", patient]), "Rows": 4,
        "Columns": 5, "BitsAllocated": 16, "BitsStored": 16, "HighBit": 15,
        "PixelRepresentation": 1, "SamplesPerPixel": 1,
        "PhotometricInterpretation": "MONOCHROME2", "RescaleSlope": 1, "RescaleIntercept": -1024,
        "WindowCenter": -600, "WindowWidth": 1500, "PixelSpacing": [0.5, 0.7],
    }  # fmt: skip
    for name, value in (given | more).items():
        setattr(dataset, name, value)
    if "PixelData" not in dataset:
        dataset.PixelData = np.arange(20, dtype=np.int16).tobytes()
        dataset["PixelData"].VR = "OW"
    return dataset


def saved(dataset: Dataset) -> bytes:
    """As a file."""
    written = io.BytesIO()
    dataset.save_as(written, enforce_file_format=True)
    return written.getvalue()
