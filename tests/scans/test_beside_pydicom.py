"""Every file that pydicom ships with, cell by cell beside pydicom's own reading."""

from __future__ import annotations

import warnings
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from pydicom import dcmread
from pydicom.data import get_testdata_files
from pydicom.dataset import Dataset
from pydicom.pixels.processing import apply_color_lut, apply_modality_lut
from pydicom.pixels.utils import pixel_array

from pmed_core.readers.dicom import read_dicom
from pmed_core.readers.slices import NotAScan, Unreadable, WrittenOn

FILES = sorted({Path(one) for one in get_testdata_files() if Path(one).is_file()})
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
        return np.asarray(apply_color_lut(stored, dataset))
    return np.asarray(apply_modality_lut(stored, dataset))


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
    return np.allclose(ours[~padding], values[~padding], rtol=1e-6, atol=1e-6)


@pytest.mark.parametrize("path", FILES, ids=lambda path: f"{path.parent.name}-{path.name}")
def test_every_file_is_read_as_pydicom_reads_it_or_refused_for_a_reason(path: Path) -> None:
    data = path.read_bytes()
    try:
        slices = read_dicom(data, b"k", looked_at=True).slices
    except NotAScan as error:
        assert error.kind.startswith(("a ", "the ", "raw "))
        return
    except WrittenOn:
        pytest.fail("a person looked at it")
    except Unreadable as error:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            assert refused_rightly(path, str(error)), str(error)
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
    known = REFUSED.get(path.name)
    if known:
        return why.startswith(known)
    try:
        theirs(dcmread(path, force=True))
    except Exception:
        return why.startswith(("it holds", "it is not a DICOM", "it is a damaged", "its pixels"))
    return False
