"""Copies that were changed in several ways at once, and scans that only look alike."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from PIL import Image
from scipy.ndimage import gaussian_filter

from pmed_core.modalities.scan.readers.copies import Copy, copies, crops, square
from pmed_core.modalities.scan.readers.views import WHOLE, details, parts, turned

SCANS = 10


def body(number: int, side: int = 96) -> NDArray[np.uint8]:
    """Slow shades that all share, as of a chest, and details of one's own."""
    shared = gaussian_filter(np.random.default_rng(99).normal(0, 1, (side, side)), side / 6)
    own = gaussian_filter(np.random.default_rng(number).normal(0, 1, (side, side)), side / 32)
    return np.asarray(np.clip(120 + 900 * shared + 160 * own, 5, 250), dtype=np.uint8)


def found(every: list[NDArray[Any]], owners: list[str] | None = None) -> list[tuple[int, int]]:
    owners = owners or [str(number) for number in range(len(every))]
    return [(one.first, one.second) for one in copies(len(every), lambda k: every[k], owners)]


def resized(pixels: NDArray[Any], height: int, width: int) -> NDArray[Any]:
    return np.asarray(Image.fromarray(pixels).resize((width, height), Image.Resampling.BILINEAR))


@settings(max_examples=12, deadline=None)
@given(
    position=st.integers(0, 7), contrast=st.sampled_from([1.0, 0.5, -1.0]),
    kept=st.sampled_from([96, 92]), side=st.sampled_from([96, 64, 150]),
    colour=st.booleans(), deep=st.booleans(),
)  # fmt: skip
def test_a_copy_changed_in_several_ways_is_found_and_is_the_only_one(
    position: int, contrast: float, kept: int, side: int, colour: bool, deep: bool
) -> None:
    """Cut, turned, mirrored, with other contrast, in another size, in colour or 16 bits."""
    every: list[NDArray[Any]] = [body(number) for number in range(SCANS)]
    start = (96 - kept) // 2
    one = every[4][start : start + kept, start : start + kept].astype(np.float32)
    one = 127 + contrast * (one - 127)
    changed = turned(resized(one, side, side), position)
    changed = np.clip(changed, 0, 255).astype(np.uint8)
    stored = changed.astype(np.uint16) * 200 if deep else changed
    every.append(np.dstack([stored] * 3) if colour else stored)
    assert found(every) == [(4, SCANS)]


@pytest.mark.parametrize("side", [20, 26, 31])
def test_a_very_small_copy_is_found(side: int) -> None:
    every = [body(number) for number in range(SCANS)]
    every.append(resized(every[7], side, side))
    assert found(every) == [(7, SCANS)]


@pytest.mark.parametrize(("down", "along"), [(0, 0), (14, 14), (7, 0), (0, 14), (3, 11)])
def test_a_cut_copy_is_found_wherever_it_was_cut(down: int, along: int) -> None:
    every = [body(number) for number in range(SCANS)]
    every.append(np.ascontiguousarray(every[2][down : down + 82, along : along + 82]))
    assert found(every) == [(2, SCANS)]


@pytest.mark.parametrize("noise", [0, 2, 5])
def test_noise_between_two_savings_hides_no_copy(noise: int) -> None:
    every = [body(number) for number in range(SCANS)]
    again = every[0] + np.random.default_rng(1).normal(0, noise, (96, 96))
    every.append(np.clip(again, 0, 255).astype(np.uint8))
    assert found(every) == [(0, SCANS)]


def test_several_copies_of_one_scan_are_all_found() -> None:
    every = [body(number) for number in range(6)]
    every += [every[1][:, ::-1], every[1][::-1], 255 - every[1]]
    pairs = found([np.ascontiguousarray(one) for one in every])
    assert {(1, 6), (1, 7), (1, 8)} <= set(pairs)
    assert {index for pair in pairs for index in pair} == {1, 6, 7, 8}


def test_bodies_that_only_look_alike_are_no_copies() -> None:
    assert found([body(number) for number in range(30)]) == []


def test_the_same_owner_may_have_a_scan_twice() -> None:
    every = [body(0), body(1), body(0)[:, ::-1]]
    every = [np.ascontiguousarray(one) for one in every]
    assert found(every, ["ann", "bob", "ann"]) == []
    assert found(every, ["ann", "bob", "eve"]) == [(0, 2)]


def test_a_pair_is_told_once_in_its_order_with_how_alike_it_is() -> None:
    every = [body(3), body(4), body(3)]
    (pair,) = copies(3, lambda k: every[k], ["a", "b", "c"])
    assert pair == Copy(0, 2, pair.score)
    assert pair.score == pytest.approx(1, abs=1e-3)


@pytest.mark.parametrize("shape", [(50, 80), (200, 90), (7, 5), (64, 64, 3)])
def test_ranks_do_not_change_with_contrast(shape: tuple[int, ...]) -> None:
    pixels = np.random.default_rng(0).integers(0, 60, shape).astype(np.uint16)
    one, other = square(pixels), square(pixels * 3 + 40)
    assert one.shape == other.shape == (len(one), len(one))
    assert 0 < one.min() <= one.max() < 1
    assert np.allclose(one, other, atol=2e-2)


def test_a_part_of_a_square_is_that_of_cutting_and_resizing() -> None:
    whole = body(5).astype(np.float32)
    assert np.allclose(parts(whole, [WHOLE], 32)[0], resized(whole, 32, 32), atol=0.6)
    (corner,) = parts(whole, [(0.5, 1.0, 0.0)], 48)
    assert np.allclose(corner, whole[48:, :48], atol=1e-3)
    assert len(set(crops())) == len(crops())
    flat = details(np.full((1, 16, 16), 7.0, np.float32), 2.0)
    assert not flat.any(), "an even picture has no details"
