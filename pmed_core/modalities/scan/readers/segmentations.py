"""A DICOM segmentation -> the outlines that it holds (PS3.3 C.8.20)."""

from __future__ import annotations

import warnings

import numpy as np
from numpy.typing import NDArray
from pydicom.dataset import Dataset

from pmed_core.modalities.scan.readers.dicom import OTHERWISE, opened, pseudonym, stored_frames
from pmed_core.modalities.scan.readers.dicom_frames import Groups
from pmed_core.modalities.scan.readers.dicom_values import items, number, text
from pmed_core.modalities.scan.readers.slices import Outline, one_file


def read_segmentation(data: bytes, key: bytes) -> list[Outline]:
    """Its frames that outline something, each with what it was drawn on; raises ``Unreadable``."""
    with one_file(OTHERWISE), warnings.catch_warnings():
        # pydicom warns of what it puts right by itself.
        warnings.simplefilter("ignore")
        dataset = opened(data)
        stored = stored_frames(dataset)
        groups, least = Groups(dataset, len(stored)), _least(dataset)
        every = (_outline(one >= least, groups, k, key) for k, one in enumerate(stored))
        return [one for one in every if one.mask.any()]


def _least(dataset: Dataset) -> float:
    """From which value on a pixel is inside: half of the maximum of one that tells degrees."""
    fractional = text(dataset, "SegmentationType").upper() == "FRACTIONAL"
    return max(1.0, (number(dataset, "MaximumFractionalValue") or 255.0) / 2) if fractional else 1.0


def _outline(inside: NDArray[np.bool_], groups: Groups, frame: int, key: bytes) -> Outline:
    dataset = groups.dataset
    derived = groups.of(frame, "DerivationImageSequence")
    sources = items(derived, "SourceImageSequence")
    source = sources[0] if sources else Dataset()
    series = items(dataset, "ReferencedSeriesSequence")
    return Outline(
        np.where(inside, 255, 0).astype(np.uint8),
        pseudonym("I", text(source, "ReferencedSOPInstanceUID"), key),
        int(number(source, "ReferencedFrameNumber") or 0),
        pseudonym("S", text(series[0], "SeriesInstanceUID") if series else "", key),
        groups.place(frame).position,
    )
