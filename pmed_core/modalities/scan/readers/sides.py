"""Which side of the body lies at which edge of a picture.

Directions are in DICOM's axes of a patient (PS3.3 C.7.6.2): to the left, to the back, to the head.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from pydicom.dataset import Dataset

from pmed_core.modalities.scan.readers.dicom_values import numbers, text, words

Sides = tuple[str, str]
"""What the right and the lower edge lie towards, as letters; see ``Frame.toward``."""

AXES = ("LR", "PA", "HF")
SLANTED = 0.25
"""A direction that leans less than this (the sine of 14 degrees) is told by one letter."""
LETTERS = re.compile("[LRPAHF]{1,3}")


def toward(right: Sequence[float], down: Sequence[float]) -> Sides | None:
    """Two directions, any length, as letters, the greatest part first; None where one is none."""
    found = _letters(right), _letters(down)
    return found if all(found) else None


def sides(dataset: Dataset, way: Sequence[float]) -> Sides | None:
    """Of a DICOM picture whose ImageOrientationPatient is ``way``; empty where it has none.

    Films of projections say it in PatientOrientation instead (PS3.3 C.7.6.1.1.1). None where the
    file says neither, where the two differ, and for animals, whose sides have other names.
    """
    if text(dataset, "AnatomicalOrientationType").upper() == "QUADRUPED":
        return None
    said = words(dataset, "PatientOrientation")
    if len(said) != 2 or not all(map(LETTERS.fullmatch, said)):
        said = ()
    if len(way) != 6:
        return (said[0], said[1]) if said else None
    found = toward(way[:3], way[3:])
    agrees = found and all(a[0] == b[0] for a, b in zip(found, said, strict=False))
    return found if agrees else None


def image_orientation(dataset: Dataset) -> tuple[float, ...]:
    """Of a plane; empty where the file does not say, or what it says is no direction."""
    found = numbers(dataset, "ImageOrientationPatient")
    return found if len(found) == 6 else ()


def _letters(way: Sequence[float]) -> str:
    length = sum(part * part for part in way) ** 0.5
    told = sorted(zip(way, AXES, strict=True), key=lambda one: -abs(one[0]))
    return "".join(pair[int(part < 0)] for part, pair in told if abs(part) > SLANTED * length)
