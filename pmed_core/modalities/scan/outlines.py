"""How well outlines of lesions agree with those that people drew.

Dice (Dice, Ecology 1945): twice the overlap over the sum of both sizes, of all slices of a series
together. HD95: the 95th percentile of the distances from either edge to the other (Huttenlocher et
al., PAMI 1993; the 95th as in Taha & Hanbury, BMC Medical Imaging 2015), slice by slice, where both
outline something. Both as recommended for segmentation by Maier-Hein et al., Nature Methods 2024.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from pmed_core.evaluation import Measure
from pmed_core.evaluations.proportions import agreed
from pmed_core.evaluations.resampling import draw, interval

Mask = NDArray[np.bool_]
SHARES = {"lesion_sensitivity", "false_positive_scans"}


@dataclass(frozen=True)
class OutlinedScan:
    """A scan on which lesions were outlined by a network and by a person.

    Attributes:
        patient: whose it is.
        series: slices of the same series are one case.
        found, drawn: (height, width).
        spacing: millimetres from row to row and from column to column; pixels where unknown.
    """

    patient: str
    series: str
    found: Mask
    drawn: Mask
    spacing: tuple[float, float] | None


def evaluate_outlines(scans: Sequence[OutlinedScan]) -> dict[str, Measure]:
    """Means with 95 % intervals over patients.

    ``dice`` of series with a lesion, and ``dice_pooled`` of the pixels of all patients together,
    in which large lesions count more; ``hausdorff_95`` in mm, or ``hausdorff_95_pixels`` where not
    every spacing is known; ``lesion_sensitivity``: the share of drawn lesions that are touched;
    ``false_positive_scans``: the share of scans without a lesion on which something is outlined.
    What cannot be told, because no scan has (or all have) a lesion, is left out.
    """
    in_mm = all(scan.spacing is not None for scan in scans)
    rows: dict[str, list[tuple[str, float]]] = defaultdict(list)
    for scan in scans:
        lesions, count = ndimage.label(scan.drawn)
        touched = set(np.unique(lesions[scan.found])) - {0}
        rows["lesion_sensitivity"] += [
            (scan.patient, float(k + 1 in touched)) for k in range(count)
        ]
        if not count:
            rows["false_positive_scans"].append((scan.patient, float(scan.found.any())))
        elif scan.found.any():
            distance = hausdorff_95(scan.found, scan.drawn, (scan.spacing if in_mm else None))
            name = "hausdorff_95" if in_mm else "hausdorff_95_pixels"
            rows[name].append((scan.patient, distance))
    rows["dice"] = _dice(scans)
    order = (
        "dice",
        "hausdorff_95",
        "hausdorff_95_pixels",
        "lesion_sensitivity",
        "false_positive_scans",
    )
    found = {name: _mean(rows[name]) for name in order if rows[name]}
    for name in SHARES & found.keys():
        if not found[name].bounded:
            found[name] = agreed(found[name].value, np.array([who for who, _ in rows[name]]))
    return found | ({"dice_pooled": _pooled(scans)} if rows["dice"] else {})


def hausdorff_95(found: Mask, drawn: Mask, spacing: tuple[float, float] | None = None) -> float:
    """95th percentile of the distances between the edges of two outlines, neither of them empty."""
    edges = [mask & ~ndimage.binary_erosion(mask) for mask in (found, drawn)]
    away = [ndimage.distance_transform_edt(~edge, sampling=spacing) for edge in edges]
    both: Any = np.concatenate([away[1][edges[0]], away[0][edges[1]]])
    return float(np.percentile(both, 95))


def _sizes(scan: OutlinedScan) -> NDArray[np.int64]:
    """Pixels of the overlap, of what was found, and of what was drawn."""
    return np.array([(scan.found & scan.drawn).sum(), scan.found.sum(), scan.drawn.sum()])


def _dice(scans: Sequence[OutlinedScan]) -> list[tuple[str, float]]:
    """(patient, Dice) of each series with a drawn lesion."""
    sums: dict[tuple[str, str], NDArray[np.int64]] = defaultdict(lambda: np.zeros(3, np.int64))
    for scan in scans:
        sums[scan.patient, scan.series] += _sizes(scan)
    return [
        (patient, float(2 * both / (found + drawn)))
        for (patient, _), (both, found, drawn) in sums.items()
        if drawn
    ]


def _pooled(scans: Sequence[OutlinedScan]) -> Measure:
    sizes = np.stack([_sizes(scan) for scan in scans])
    counts = _counts([scan.patient for scan in scans])
    both, found, drawn = (counts @ sizes).T
    return interval(2 * both / np.maximum(found + drawn, 1))


def _mean(rows: list[tuple[str, float]]) -> Measure:
    counts, values = _counts([patient for patient, _ in rows]), np.array([v for _, v in rows])
    return interval(counts @ values / counts.sum(axis=1))


def _counts(patients: Sequence[str]) -> NDArray[np.float64]:
    """(1 + r, n): how often each row is drawn; the first line is the rows themselves."""
    return draw(patients, np.zeros(len(patients), np.int64)).counts.astype(np.float64)
