"""DICOM segmentations beside their series: each frame becomes the outline of its slice."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from pmed_core.modalities.scan.readers.slices import Outline, Slice
from pmed_core.reading import Decision

SAME_PLACE_MM = 0.1


def of_segmentations(
    drawn: Mapping[str, Sequence[Outline]], slices: Mapping[str, Slice]
) -> tuple[dict[str, NDArray[np.uint8]], list[Decision]]:
    """File -> its outlines; -> scan -> (height, width) of 0 and 255, and what is said of them.

    An outline belongs to the picture that it names, else to the slice of the series and place that
    it names. All segments are joined.
    """
    if not drawn:
        return {}, []
    by_instance, by_series = _index(slices)
    found: dict[str, NDArray[np.uint8]] = {}
    left, lost = [], 0
    for file, outlines in drawn.items():
        fitting: dict[str, NDArray[np.uint8]] = {}
        alone = 0
        for one in outlines:
            name = _scan_of(one, by_instance, by_series, slices)
            if name and slices[name].pixels.shape[:2] == one.mask.shape:
                before = fitting.get(name, found.get(name, one.mask))
                fitting[name] = np.maximum(before, one.mask)
            else:
                alone += 1
        found |= fitting
        if not fitting:
            left.append(file)
        lost += alone if fitting else 0
    return found, _said(drawn, found, left, lost)


def _index(
    slices: Mapping[str, Slice],
) -> tuple[dict[str, list[str]], dict[str, list[str]]]:
    by_instance: dict[str, list[str]] = defaultdict(list)
    by_series: dict[str, list[str]] = defaultdict(list)
    for name, one in slices.items():
        if one.instance:
            by_instance[one.instance].append(name)
        if one.series and one.placed:
            # The volumes of a series that were kept apart have a number behind its pseudonym.
            by_series[one.series.partition(".")[0]].append(name)
    return by_instance, by_series


def _scan_of(
    one: Outline, by_instance: Mapping[str, list[str]], by_series: Mapping[str, list[str]],
    slices: Mapping[str, Slice],
) -> str:  # fmt: skip
    """The scan's name; empty where there is none, or more than one."""
    if one.instance:
        names = by_instance.get(one.instance, [])
        if len(names) > 1:
            names = [name for name in names if slices[name].number == one.frame]
    elif one.position is not None:
        place = one.position
        names = [
            name for name in by_series.get(one.series, [])
            if abs(slices[name].position - place) <= SAME_PLACE_MM
        ]  # fmt: skip
    else:
        names = []
    return names[0] if len(names) == 1 else ""


def _said(
    drawn: Mapping[str, object], found: Mapping[str, object], left: Sequence[str], lost: int
) -> list[Decision]:
    files, scans = len(drawn) - len(left), len(found)
    reading = []
    if found:
        reading.append(
            Decision(
                "segmentations", "taken",
                f"{files:,} DICOM segmentation{'s' * (files > 1)} gave {scans:,} "
                f"scan{'s' * (scans > 1)} an outline; all segments are inside.", "", scans,
            )
        )  # fmt: skip
    if lost:
        what = "picture of it belongs" if lost == 1 else "pictures of them belong"
        sentence = (
            f"{lost:,} outlined {what} to no scan here, or to one of another size, and "
            f"{'was' if lost == 1 else 'were'} left out."
        )
        reading.append(
            Decision("segment-frames-left", "left-out", sentence, "", lost, proved=False)
        )
    if left:
        some = ", ".join(left[:2]) + " …" * (len(left) > 2)
        one = len(left) == 1
        reading.append(
            Decision(
                "segmentations-left", "left-out",
                f"{len(left):,} DICOM segmentation{' belongs' if one else 's belong'} to no scan "
                f"here and {'was' if one else 'were'} left out ({some}).", "", len(left),
                proved=False,
            )
        )  # fmt: skip
    return reading


def two_outlines(scans: Collection[str]) -> list[Decision]:
    """What is said of scans whose outline stands in a segmentation and in a file of its own."""
    if not scans:
        return []
    one, some = len(scans) == 1, ", ".join(sorted(scans)[:2]) + " …" * (len(scans) > 2)
    sentence = (
        f"{len(scans):,} scan{' has' if one else 's have'} an outline in a DICOM segmentation and "
        f"another in a file: that of the file is used ({some})."
    )
    return [Decision("two-outlines", "file", sentence, "", len(scans), proved=False)]
