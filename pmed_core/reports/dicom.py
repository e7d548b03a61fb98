"""Outlines as DICOM segmentation (PS3.3 A.51), written by highdicom.

A segmentation refers to the images it was made on. From the shell these are the files that were
given. In the app nothing of a file's header is kept, so the slices are written anew beside it, with
pixels, geometry and pseudonyms alone; the two fit together in any viewer.
"""

from __future__ import annotations

import io
import zipfile
from collections.abc import Sequence
from hashlib import sha256
from importlib.metadata import version
from pathlib import Path

import highdicom as hd
import numpy as np
from highdicom.seg import (
    SegmentAlgorithmTypeValues,
    Segmentation,
    SegmentationTypeValues,
    SegmentDescription,
)
from numpy.typing import NDArray
from pydicom import dcmread
from pydicom.dataset import Dataset
from pydicom.errors import InvalidDicomError
from pydicom.sr.codedict import codes
from pydicom.uid import generate_uid

from pmed_core.errors import UserError
from pmed_core.evidence import SeriesOutline
from pmed_core.modalities.scan.ct import as_file, ct_image
from pmed_core.scans import Frame, Scans
from pmed_core.settings import RESEARCH_ONLY

MAKER = "pmed"


def segmentation(sources: Sequence[Dataset], outline: NDArray[np.bool_], model: str) -> bytes:
    """(slices, height, width) on the images it was made on, in their order -> a DICOM file."""
    algorithm = hd.AlgorithmIdentificationSequence(
        name=model[:64], family=codes.DCM.ArtificialIntelligence, version=version("highdicom")
    )
    lesion = SegmentDescription(
        segment_number=1, segment_label="Lesion",
        segmented_property_category=codes.SCT.MorphologicallyAbnormalStructure,
        segmented_property_type=codes.SCT.Lesion,
        algorithm_type=SegmentAlgorithmTypeValues.AUTOMATIC,
        algorithm_identification=algorithm,
    )  # fmt: skip
    made = Segmentation(
        source_images=sources, pixel_array=outline.astype(np.uint8),
        segmentation_type=SegmentationTypeValues.BINARY, segment_descriptions=[lesion],
        series_instance_uid=hd.UID(), series_number=900, sop_instance_uid=hd.UID(),
        instance_number=1, manufacturer=MAKER, manufacturer_model_name=MAKER,
        software_versions="1", device_serial_number="0", series_description=RESEARCH_ONLY,
        content_description=RESEARCH_ONLY, omit_empty_frames=bool(outline.any()),
    )  # fmt: skip
    return as_file(made)


def segmentation_of_files(files: Sequence[Path], outline: NDArray[np.bool_], model: str) -> bytes:
    """The same on files of one frame each; raises ``UserError`` where they are no such files."""
    try:
        sources = [dcmread(path) for path in files]
        return segmentation(sources, outline, model)
    except (InvalidDicomError, AttributeError, ValueError, TypeError) as error:
        raise UserError(
            f"No DICOM segmentation can refer to it ({error})", files[0].name,
            "Give single-frame DICOM files of one series, or take --to NAME.png.",
        ) from error  # fmt: skip


def as_zip(scans: Scans, found: SeriesOutline, model: str) -> bytes:
    """``outline.dcm`` and the slices that it refers to; raises ``UserError``."""
    frames = [scans.frames[name] for name in found.scans]
    if any(frame.spacing is None for frame in frames):
        raise UserError(
            "The size of its pixels in millimetres is not known", found.scans[0],
            "DICOM needs it; take the outline as PNG.",
        )  # fmt: skip
    slices = [
        _slice(scans.pixels(name), frame, place)
        for place, (name, frame) in enumerate(zip(found.scans, frames, strict=True))
    ]
    written = io.BytesIO()
    with zipfile.ZipFile(written, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("outline.dcm", segmentation(slices, found.outline, model))
        for number, one in enumerate(slices):
            archive.writestr(f"slices/{number + 1:04d}.dcm", as_file(one))
        archive.writestr("README.txt", f"{RESEARCH_ONLY}\n")
    return written.getvalue()


def _slice(pixels: NDArray[np.generic], frame: Frame, place: int) -> Dataset:
    """A CT image with what is known of it and nothing else."""
    flat = pixels if pixels.ndim == 2 else pixels.mean(axis=2)
    patient = "S" + sha256(frame.series.encode()).hexdigest()[:12]
    uid = generate_uid(entropy_srcs=[patient, str(frame.offset), "instance"])
    depth = frame.depth or 1.0
    given = {
        "PatientID": patient, "PatientName": f"{patient}^", "PatientBirthDate": "",
        "PatientSex": "", "StudyID": "", "StudyDate": "", "StudyTime": "", "AccessionNumber": "",
        "ReferringPhysicianName": "", "Manufacturer": MAKER, "SeriesDescription": RESEARCH_ONLY,
        "PatientIdentityRemoved": "YES", "SeriesNumber": 1, "InstanceNumber": place + 1,
        "DeidentificationMethod": "Pixels, geometry and pseudonyms alone",
        "PositionReferenceIndicator": "",
        "ImagePositionPatient": [0.0, 0.0, round(place * depth, 4)],
        "PixelSpacing": [round(side, 6) for side in frame.spacing or (1.0, 1.0)],
        "SliceThickness": depth, "BitsStored": 16, "HighBit": 15, "RescaleIntercept": 0,
        "RescaleType": frame.unit or "US",
    }  # fmt: skip
    values = np.clip(np.rint(flat), -32768, 32767).astype(np.int16)
    return ct_image(values, uid, patient, given)
