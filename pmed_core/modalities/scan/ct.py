"""An image as a DICOM dataset that holds what it is given and nothing else."""

from __future__ import annotations

import io
from collections.abc import Mapping
from typing import Any

from numpy.typing import NDArray
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.uid import (
    CTImageStorage,
    ExplicitVRLittleEndian,
    SecondaryCaptureImageStorage,
    generate_uid,
)


def image(stored: NDArray[Any], uid: str, volume: str, given: Mapping[str, Any]) -> Dataset:
    """An axial slice: a CT image, or a secondary capture where ``given`` names another modality
    (PS3.3 A.3 and A.8.1).

    Args:
        stored: (rows, columns) of 16 bits, as they stand in the file.
        uid: of the slice.
        volume: the UIDs of study, series and frame of reference are made from it.
        given: further attributes by keyword.
    """
    kind = CTImageStorage if given.get("Modality", "CT") == "CT" else SecondaryCaptureImageStorage
    dataset = Dataset()
    dataset.file_meta = FileMetaDataset()
    dataset.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
    dataset.file_meta.MediaStorageSOPClassUID = kind
    dataset.file_meta.MediaStorageSOPInstanceUID = uid
    own = {
        "SOPClassUID": kind, "SOPInstanceUID": uid,
        "StudyInstanceUID": generate_uid(entropy_srcs=[volume, "study"]),
        "SeriesInstanceUID": generate_uid(entropy_srcs=[volume, "series"]),
        "FrameOfReferenceUID": generate_uid(entropy_srcs=[volume, "frame"]),
        "Modality": "CT", "BurnedInAnnotation": "NO", "ImageOrientationPatient": [1, 0, 0, 0, 1, 0],
        "Rows": stored.shape[0], "Columns": stored.shape[1], "BitsAllocated": 16,
        "PixelRepresentation": int(stored.dtype.kind == "i"), "SamplesPerPixel": 1,
        "PhotometricInterpretation": "MONOCHROME2", "RescaleSlope": 1,
    }  # fmt: skip
    for name, value in (own | dict(given)).items():
        setattr(dataset, name, value)
    dataset.PixelData = stored.astype(stored.dtype.newbyteorder("<")).tobytes()
    dataset["PixelData"].VR = "OW"
    return dataset


def as_file(dataset: Dataset) -> bytes:
    """The bytes of the file."""
    written = io.BytesIO()
    dataset.save_as(written, enforce_file_format=True)
    return written.getvalue()
