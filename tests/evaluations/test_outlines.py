"""Dice and HD95 against known answers."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from pmed_core.modalities.scan.outlines import OutlinedScan, evaluate_outlines, hausdorff_95

Mask = NDArray[np.bool_]


def square(top: int, left: int, side: int, shape: tuple[int, int] = (20, 20)) -> Mask:
    mask = np.zeros(shape, dtype=bool)
    mask[top : top + side, left : left + side] = True
    return mask


def scan(
    found: Mask, drawn: Mask, patient: str = "a", series: str = "s", mm: float | None = 1.0
) -> OutlinedScan:
    return OutlinedScan(patient, series, found, drawn, (mm, mm) if mm else None)


def test_a_perfect_outline() -> None:
    measures = evaluate_outlines([scan(square(3, 3, 5), square(3, 3, 5))])
    assert measures["dice"].value == measures["dice_pooled"].value == 1
    assert measures["hausdorff_95"].value == 0
    assert measures["lesion_sensitivity"].value == 1
    assert "false_positive_scans" not in measures


def test_dice_of_half_an_overlap_is_a_half() -> None:
    measures = evaluate_outlines([scan(square(0, 0, 4), square(0, 2, 4))])
    assert measures["dice"].value == pytest.approx(0.5)


def test_slices_of_a_series_are_one_case() -> None:
    empty = square(0, 0, 0)
    # One slice is outlined as drawn; on the other, four times smaller, the lesion is overlooked.
    slices = [scan(square(0, 0, 8), square(0, 0, 8)), scan(empty, square(0, 0, 4))]
    assert evaluate_outlines(slices)["dice"].value == pytest.approx(2 * 64 / (64 + 80))
    apart = [scan(one.found, one.drawn, series=str(k)) for k, one in enumerate(slices)]
    assert evaluate_outlines(apart)["dice"].value == pytest.approx(0.5)


def test_distance_is_in_millimetres_where_every_spacing_is_known() -> None:
    moved = square(4, 4, 6), square(4, 7, 6)
    assert hausdorff_95(*moved) == pytest.approx(3)
    assert hausdorff_95(*moved, (1.0, 0.5)) == pytest.approx(1.5)
    known = evaluate_outlines([scan(*moved, mm=2.0)])
    assert known["hausdorff_95"].value == pytest.approx(6)
    unknown = evaluate_outlines([scan(*moved, mm=2.0), scan(*moved, mm=None)])
    assert unknown["hausdorff_95_pixels"].value == pytest.approx(3)


def test_what_is_overlooked_and_what_is_false_positive_scans() -> None:
    two = square(0, 0, 3) | square(10, 10, 3)
    empty = square(0, 0, 0)
    scans = [scan(square(0, 0, 3), two), scan(square(5, 5, 2), empty, "b"), scan(empty, empty, "c")]
    measures = evaluate_outlines(scans)
    assert measures["lesion_sensitivity"].value == 0.5
    assert measures["false_positive_scans"].value == 0.5
    assert measures["false_positive_scans"].low == 0
    assert measures["false_positive_scans"].high == 1


def test_without_a_lesion_there_is_no_dice() -> None:
    empty = square(0, 0, 0)
    free = evaluate_outlines([scan(empty, empty)])
    assert set(free) == {"false_positive_scans"}
    assert free["false_positive_scans"].value == 0
    assert free["false_positive_scans"].high > 0.5


def test_intervals_are_of_patients() -> None:
    generator = np.random.default_rng(0)
    shifts = generator.integers(0, 5, 30)
    rows = [(square(5, 5, 8), square(5, 5 + shift, 8)) for shift in shifts]
    apart = evaluate_outlines([scan(*row, str(k), str(k)) for k, row in enumerate(rows)])["dice"]
    together = evaluate_outlines([scan(*row, str(k % 3), str(k)) for k, row in enumerate(rows)])
    assert apart.low < apart.value < apart.high
    assert together["dice"].value == pytest.approx(apart.value)
