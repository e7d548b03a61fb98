"""Small scans of nobody: a bright spot is the finding."""

from __future__ import annotations

import io
import zipfile
from pathlib import Path
from typing import Any

import nibabel
import numpy as np
import tifffile
from numpy.typing import NDArray
from PIL import Image
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.sequence import Sequence
from pydicom.uid import CTImageStorage, ExplicitVRLittleEndian, generate_uid

from pmed_core.cohort import Cohort
from pmed_core.modalities.scan.readers.scans import read_scans
from pmed_core.reading import Decision


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


def encoded(pixels: NDArray[Any] | Image.Image, kind: str, **more: Any) -> bytes:
    """As a file that Pillow writes."""
    written = io.BytesIO()
    image = pixels if isinstance(pixels, Image.Image) else Image.fromarray(pixels)
    image.save(written, kind, **more)
    return written.getvalue()


def tiff(pixels: NDArray[Any], **more: Any) -> bytes:
    """As a file that tifffile writes."""
    written = io.BytesIO()
    tifffile.imwrite(written, pixels, **more)
    return written.getvalue()


def nifti(values: NDArray[Any], affine: NDArray[Any] | None = None, unit: str = "mm") -> bytes:
    """As a file of one volume; ``unit`` is that of its lengths."""
    image = nibabel.nifti1.Nifti1Image(values, np.eye(4) if affine is None else affine)  # type: ignore[no-untyped-call]
    image.header.set_xyzt_units(unit)  # type: ignore[no-untyped-call]
    return bytes(image.to_bytes())


def stored(pixels: NDArray[Any], **more: Any) -> Dataset:
    """A CT slice, or as many frames as there are, with these stored values."""
    size = pixels.dtype.itemsize * 8
    frames = {"NumberOfFrames": len(pixels)} if pixels.ndim == 3 else {}
    own = {
        "Rows": pixels.shape[-2], "Columns": pixels.shape[-1], "BitsAllocated": size,
        "BitsStored": size, "HighBit": size - 1, "PixelData": pixels.tobytes(),
        "PixelRepresentation": int(pixels.dtype.kind == "i"),
    }  # fmt: skip
    dataset = dicom(**(frames | own | more))
    dataset["PixelData"].VR = "OW" if size > 8 else "OB"
    return dataset


def item(**given: Any) -> Dataset:
    """An item of a sequence; a value that is an item itself becomes a sequence of one."""
    made = Dataset()
    for name, value in given.items():
        setattr(made, name, Sequence([value]) if isinstance(value, Dataset) else value)
    return made


def collected(path: Path, files: dict[str, bytes], **choices: str) -> Cohort:
    """A ZIP of the files as it is read; choices by key, with _ for - and __ for a colon."""
    (path / "scans.zip").write_bytes(zipped(files))
    keys = {k.replace("__", ":").replace("_", "-"): value for k, value in choices.items()}
    return read_scans(path / "scans.zip", key=b"key", choices=keys)


def told(cohort: Cohort, column: str = "label") -> dict[str, str]:
    """Scan -> what a column says of it; "" where it says nothing."""
    cells = cohort.table[column].fillna("") if column in cohort.table else [""] * len(cohort)
    return dict(zip(cohort.table["scan"], cells, strict=True))


def decision(cohort: Cohort, rule: str) -> Decision:
    """The one entry of the account of reading about a rule."""
    (one,) = [found for found in cohort.reading if found.rule == rule]
    return one


def rules(cohort: Cohort) -> set[str]:
    """What the account of reading speaks of."""
    return {found.rule for found in cohort.reading}


def drawn_on(cohort: Cohort, name: str) -> NDArray[np.bool_] | None:
    """(height, width) of what is inside the outline of a scan; None where it has none."""
    assert cohort.scans is not None
    mask = cohort.scans.mask(name)
    return None if mask is None else mask > 0


def inside(cohort: Cohort, name: str) -> NDArray[np.bool_]:
    """The same of a scan that must have an outline."""
    found = drawn_on(cohort, name)
    assert found is not None, name
    return found


def shown(cohort: Cohort, name: str) -> NDArray[Any]:
    """The pixels of a scan."""
    assert cohort.scans is not None
    return cohort.scans.pixels(name)
