"""Every file that pydicom ships with, cell by cell beside pydicom's own reading."""

from __future__ import annotations

import warnings
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from pydicom import dcmread
from pydicom.data.data_manager import DATA_ROOT
from pydicom.dataset import Dataset
from pydicom.pixels.processing import apply_color_lut, apply_modality_lut
from pydicom.pixels.utils import pixel_array
from pydicom.uid import JPEGBaseline8Bit, JPEGExtended12Bit

from pmed_core.modalities.scan.readers.dicom import read_dicom
from pmed_core.modalities.scan.readers.slices import Slice, Unreadable

# Those beside the package: pydicom's own look-up would fetch others.
FILES = sorted(one for one in Path(DATA_ROOT).rglob("*") if one.is_file() and one.suffix != ".py")
LOSSY = (JPEGBaseline8Bit, JPEGExtended12Bit)
NO_SCANS = ("SR", "SEG", "RTSTRUCT", "RTPLAN", "RTDOSE", "ECG")
REFUSED = {
    "MR_truncated.dcm": "it is cut off",
    "meta_missing_tsyntax.dcm": "it holds no image",
    "nested_priv_SQ.dcm": "it holds no image",
    "priv_SQ.dcm": "it holds no image",
    "UN_sequence.dcm": "it holds no image",
    "no_meta_group_length.dcm": "it holds no image",
    "no_meta.dcm": "it holds no image",
    "empty_charset_LEI.dcm": "it holds no image",
}


def theirs(dataset: Dataset) -> NDArray[Any]:
    """As pydicom makes values of it, dark and bright as in the file."""
    stored = pixel_array(dataset)
    if dataset.PhotometricInterpretation == "PALETTE COLOR":
        coloured = np.asarray(apply_color_lut(stored, dataset))
        return coloured >> 8 if coloured.dtype == np.uint16 else coloured
    return np.asarray(apply_modality_lut(stored, dataset))


def ours(data: bytes) -> tuple[list[Slice], str]:
    """The slices, or why there are none."""
    try:
        return read_dicom(data, b"k", looked_at=True).slices, ""
    except Unreadable as error:
        return [], str(error)


def same(ours: NDArray[Any], values: NDArray[Any], dataset: Dataset) -> bool:
    """All cells, but for padding, which becomes the lowest of the others."""
    if dataset.BitsAllocated == 32 and values.ndim == 3:
        values = values >> 16
    if dataset.PhotometricInterpretation == "MONOCHROME1":
        top = 2**dataset.BitsStored - 1
        values = float(dataset.RescaleSlope) * top + 2 * float(dataset.RescaleIntercept) - values
    padding = np.zeros(values.shape, bool)
    if "PixelPaddingValue" in dataset:
        padding = values == values.min()
    # Decoders of lossy JPEG may round differently, before colours are converted and after.
    apart = 3 if dataset.file_meta.TransferSyntaxUID in LOSSY else 1e-6
    return np.allclose(ours[~padding], values[~padding], rtol=1e-6, atol=apart)


@pytest.mark.parametrize("path", FILES, ids=lambda path: f"{path.parent.name}-{path.name}")
def test_every_file_is_read_as_pydicom_reads_it_or_refused_for_a_reason(path: Path) -> None:
    data = path.read_bytes()
    slices, refusal = ours(data)
    if refusal:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            assert refused_rightly(path, refusal), refusal
        return
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        dataset = dcmread(path, force=True)
        values = theirs(dataset)
    frames = values if int(dataset.get("NumberOfFrames", 1) or 1) > 1 else values[None]
    assert len(frames) == len(slices)
    for one, frame in zip(slices, frames, strict=True):
        assert same(one.pixels, frame, dataset)


def refused_rightly(path: Path, why: str) -> bool:
    """For a reason that is known, and only where pydicom finds no picture either."""
    if why.endswith("not a scan"):
        return dcmread(path, force=True).get("Modality", "") in NO_SCANS or "DICOMDIR" in path.name
    known = REFUSED.get(path.name)
    if known:
        return why.startswith(known)
    try:
        theirs(dcmread(path, force=True))
    except (ValueError, AttributeError, RuntimeError, NotImplementedError):
        return why.startswith(("it holds", "it is not a DICOM", "it is a damaged", "its pixels"))
    return False
