"""What a DICOM file is: a scan, or one of the many other things that lie beside scans."""

from __future__ import annotations

import re

from pydicom.dataset import Dataset

from pmed_core.modalities.scan.readers.dicom_values import text, words
from pmed_core.modalities.scan.readers.slices import SEGMENTATION, NotAScan, WrittenOn

OFTEN_WRITTEN_ON = ("US", "SC", "XA", "RF", "ES", "OT", "XC", "GM", "SM")
"""Modalities whose pixels often show names; DICOM PS3.15, Clean Pixel Data Option."""
STORED = "1.2.840.10008.5.1.4.1.1."
SECONDARY_CAPTURE = f"{STORED}7"
WHOLE_SLIDE = f"{STORED}77.1.6"
CLASSES = {
    "88.59": "a selection of key pictures", "88.67": "a dose report", "88.68": "a dose report",
    "88.73": "a dose report", "88.74": "a dose report", "88.75": "a dose report",
    "88.76": "a dose report", "88": "a structured report", "11": "a presentation state",
    "66.4": SEGMENTATION, "66.7": SEGMENTATION, "66.5": "a segmentation by surfaces",
    "66.1": "a registration", "66.2": "a list of landmarks", "66.3": "a registration",
    "66.6": "a set of nerve tracts", "66": "raw data", "67": "a table of units",
    "4.2": "a spectrum", "9": "a recording of waves, such as an ECG",
    "104": "a document inside a DICOM file", "481.2": "a radiotherapy dose",
    "481.3": "a set of radiotherapy outlines", "481.5": "a radiotherapy plan",
    "481.8": "a radiotherapy plan", "481.4": "a radiotherapy record",
    "481.6": "a radiotherapy record", "481.7": "a radiotherapy record",
    "481.9": "a radiotherapy record", "481.10": "a radiotherapy plan",
    "68": "a surface", "78": "a list of measurements", "79": "a structured report",
    "131": "a structured report", "200": "a protocol",
}  # fmt: skip
"""SOP classes after ``STORED``, the whole or its beginning -> what such a file is."""
MODALITIES = {
    "SR": "a structured report", "PR": "a presentation state", "KO": "a selection of key pictures",
    "SEG": SEGMENTATION, "RTSTRUCT": "a set of radiotherapy outlines",
    "RTDOSE": "a radiotherapy dose", "RTPLAN": "a radiotherapy plan",
    "RTRECORD": "a radiotherapy record", "REG": "a registration", "FID": "a list of landmarks",
    "DOC": "a document inside a DICOM file", "ECG": "a recording of waves, such as an ECG",
    "HD": "a recording of waves, such as an ECG", "EPS": "a recording of waves, such as an ECG",
    "RWV": "a table of units", "PLAN": "a plan", "M3D": "a surface",
}  # fmt: skip
SCREENS = ("SCREEN SAVE", "SCREEN SHOT", "SCREENSHOT", "SCREEN_SAVE", "SCREENSAVE")
REPORTS = re.compile(
    r"\b(dose\s*(report|info|sheet|record|summary|page)|patient\s*protocol|exam\s*protocol)\b", re.I
)
"""How scanners name the series of their pages of text."""
CAPTURED = ("ConversionType", "SecondaryCaptureDeviceManufacturer", "SecondaryCaptureDeviceID")


def must_be_a_scan(dataset: Dataset, looked_at: bool) -> None:
    """Raise ``NotAScan`` with the kind, or ``WrittenOn`` where pixels may hold a name.

    ``looked_at``: a person made sure that they hold none. A file that says it does is believed.
    """
    kind = _kind(dataset)
    if kind:
        raise NotAScan(kind)
    said = text(dataset, "BurnedInAnnotation").upper()
    often = text(dataset, "Modality").upper() in OFTEN_WRITTEN_ON or _is_captured(dataset)
    if said == "YES" or (said != "NO" and often and not looked_at):
        raise WrittenOn


def _kind(dataset: Dataset) -> str:
    """What it is where it is no scan; else empty."""
    sop = text(dataset, "SOPClassUID")
    if sop == "1.2.840.10008.1.3.10" or "DirectoryRecordSequence" in dataset:
        return "the table of contents of a disc"
    known = _class(sop) or MODALITIES.get(text(dataset, "Modality").upper(), "")
    if known:
        return known
    if sop == WHOLE_SLIDE and text(dataset, "NumberOfFrames") not in ("", "1"):
        return "a whole-slide picture in tiles"
    if any(word in SCREENS for word in words(dataset, "ImageType")):
        return "a screenshot"
    if REPORTS.search(text(dataset, "SeriesDescription")):
        return "a dose report or protocol page"
    return ""


def _class(sop: str) -> str:
    parts = sop.removeprefix(STORED).split(".") if sop.startswith(STORED) else []
    beginnings = (".".join(parts[:length]) for length in range(len(parts), 0, -1))
    return next((CLASSES[one] for one in beginnings if one in CLASSES), "")


def _is_captured(dataset: Dataset) -> bool:
    """From a screen, a film or a camera: by its class or its own attributes (PS3.3 C.8.6.1)."""
    sop = text(dataset, "SOPClassUID")
    of_class = sop == SECONDARY_CAPTURE or sop.startswith(f"{SECONDARY_CAPTURE}.")
    return of_class or any(text(dataset, name) for name in CAPTURED)
