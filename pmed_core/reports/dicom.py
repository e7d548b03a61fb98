"""Outlines as DICOM segmentation (PS3.3 A.51), written by highdicom.

A segmentation refers to the images it was made on. From the shell these are the files that were
given. In the app nothing of a file's header is kept, so the slices are written anew beside it, with
pixels, geometry and pseudonyms alone; the two fit together in any viewer.
"""

from __future__ import annotations

import io
import zipfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Any

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
from pydicom.valuerep import format_number_as_ds

from pmed_core.errors import UserError
from pmed_core.evidence import SeriesOutline
from pmed_core.modalities.scan.ct import as_file, image
from pmed_core.scans import Frame, Scans
from pmed_core.settings import RESEARCH_ONLY, VERSION

MAKER = "pmed"
UNKNOWN_DEPTH = "The thickness of the slice is not known; 1 mm stands in its place."
UTF_8 = "ISO_IR 192"
LONGEST = 64
"""Characters of a name in a file."""


def segmentation(sources: Sequence[Dataset], outline: NDArray[np.bool_], model: str) -> bytes:
    """(slices, height, width) on the images it was made on, in their order -> a DICOM file."""
    algorithm = hd.AlgorithmIdentificationSequence(
        name=_named(model), family=codes.DCM.ArtificialIntelligence, version=VERSION
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
        software_versions=VERSION, device_serial_number="0", series_description=RESEARCH_ONLY,
        content_description=RESEARCH_ONLY, omit_empty_frames=bool(outline.any()),
        # Else a model's name in another script than the images' would be question marks.
        specific_character_set=UTF_8,
    )  # fmt: skip
    return as_file(made)


def _named(model: str) -> str:
    """As one value of a file: there a backslash would begin another."""
    shown = "".join(character if character.isprintable() else " " for character in model)
    return " ".join(shown.replace("\\", "/").split())[:LONGEST].strip() or MAKER


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
    if len(frames) > 1 and any(not frame.depth for frame in frames):
        raise UserError(
            "The distance between its slices in millimetres is not known", found.scans[0],
            "DICOM needs it; take the outline as PNG.",
        )  # fmt: skip
    pixels = [_grey(scans.pixels(name)) for name in found.scans]
    steps, volume = _steps(pixels), _identity(frames, pixels)
    slices = [
        _slice(steps.of(one), _given(frame, place, steps, volume))
        for place, (one, frame) in enumerate(zip(pixels, frames, strict=True))
    ]
    written = io.BytesIO()
    with zipfile.ZipFile(written, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("outline.dcm", segmentation(slices, found.outline, model))
        for number, one in enumerate(slices):
            archive.writestr(f"slices/{number + 1:04d}.dcm", as_file(one))
        thick = "" if frames[0].depth else f"{UNKNOWN_DEPTH}\n"
        archive.writestr("README.txt", f"{RESEARCH_ONLY}\n{thick}")
    return written.getvalue()


@dataclass(frozen=True)
class _Steps:
    """How the values of a series stand in 16 bits: ``stored * slope + intercept``, as DICOM writes
    both."""

    dtype: type[np.int16 | np.uint16]
    slope: str = "1"
    intercept: str = "0"

    def of(self, values: NDArray[np.generic]) -> NDArray[np.int16 | np.uint16]:
        """(height, width) as they are stored."""
        steps = (values.astype(np.float64) - float(self.intercept)) / float(self.slope)
        ends = np.iinfo(self.dtype)
        return np.clip(np.rint(steps), ends.min, ends.max).astype(self.dtype)


def _grey(pixels: NDArray[np.generic]) -> NDArray[np.generic]:
    """(height, width); of colours their mean."""
    return pixels if pixels.ndim == 2 else pixels.mean(axis=2)


def _steps(pixels: Sequence[NDArray[np.generic]]) -> _Steps:
    """Whole numbers of 16 bits stay; others get as many steps as 16 bits have."""
    low = min(float(one.min()) for one in pixels)
    high = max(float(one.max()) for one in pixels)
    if all(one.dtype.kind in "iu" or bool((one == np.rint(one)).all()) for one in pixels):
        if low >= -32768 and high <= 32767:
            return _Steps(np.int16)
        if low >= 0 and high <= 65535:
            return _Steps(np.uint16)
    slope = max((high - low) / 65535, 1e-30)
    return _Steps(np.uint16, format_number_as_ds(slope), format_number_as_ds(low))


def _identity(frames: Sequence[Frame], pixels: Sequence[NDArray[np.generic]]) -> str:
    """A pseudonym of the volume: the same for the same pixels, another for all others. The name of
    its file says too little, as many a patient's volume is called ``ct.nii.gz``."""
    digest = sha256(frames[0].series.encode())
    for one in pixels:
        digest.update(f"{one.shape}{one.dtype}".encode() + one.tobytes())
    return "S" + digest.hexdigest()[:12]


def _given(frame: Frame, place: int, steps: _Steps, volume: str) -> dict[str, Any]:
    """What is known of a slice, and nothing else: Hounsfield units say that it is a CT image, other
    numbers do not say what it is."""
    return {
        "ImageType": ["DERIVED", "SECONDARY", "AXIAL"],
        "PatientID": volume, "PatientName": f"{volume}^", "PatientBirthDate": "",
        "PatientSex": "", "StudyID": "", "StudyDate": "", "StudyTime": "", "AccessionNumber": "",
        "ReferringPhysicianName": "", "Manufacturer": MAKER, "SeriesDescription": RESEARCH_ONLY,
        "PatientIdentityRemoved": "YES", "SeriesNumber": 1, "InstanceNumber": place + 1,
        "DeidentificationMethod": "Pixels, geometry and pseudonyms alone",
        "PositionReferenceIndicator": "", "AcquisitionNumber": None, "KVP": None,
        "ImagePositionPatient": [0.0, 0.0, round(place * (frame.depth or 0.0), 4)],
        "PixelSpacing": [round(side, 6) for side in frame.spacing or (1.0, 1.0)],
        "SliceThickness": frame.depth or 1.0, "BitsStored": 16, "HighBit": 15,
        "RescaleSlope": steps.slope, "RescaleIntercept": steps.intercept,
        "RescaleType": frame.unit or "US",
    } | ({} if frame.unit else {"Modality": "OT", "ConversionType": "WSD"})  # fmt: skip


def _slice(stored: NDArray[np.int16 | np.uint16], given: Mapping[str, Any]) -> Dataset:
    """An image."""
    volume, number = str(given["PatientID"]), str(given["InstanceNumber"])
    uid = generate_uid(entropy_srcs=[volume, number, "instance"])
    return image(stored, uid, volume, given)
