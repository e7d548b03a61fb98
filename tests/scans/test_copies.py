"""Copies of one scan under another name: found however they were changed, and nobody else's."""

from __future__ import annotations

import io
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image
from scipy.ndimage import gaussian_filter

from pmed_core.readers.copies import copies

SCANS = 12
Change = Callable[[NDArray[Any]], NDArray[Any]]


def body(number: int) -> NDArray[np.uint8]:
    """The same slow shades in all, as of a chest, and details of one's own."""
    generator = np.random.default_rng(number)
    shared = gaussian_filter(np.random.default_rng(99).normal(0, 1, (96, 96)), 16)
    own = gaussian_filter(generator.normal(0, 1, (96, 96)), 3)
    values = 120 + 900 * shared + 160 * own
    return np.asarray(np.clip(values, 5, 250), dtype=np.uint8)


def as_jpeg(pixels: NDArray[Any]) -> NDArray[Any]:
    written = io.BytesIO()
    Image.fromarray(pixels).save(written, "JPEG", quality=40)
    return np.asarray(Image.open(written))


CHANGES: dict[str, Change] = {
    "mirrored": lambda x: x[:, ::-1],
    "upside down": lambda x: x[::-1],
    "turned": lambda x: np.rot90(x),
    "turned and mirrored": lambda x: np.rot90(x[:, ::-1], 3),
    "inverted": lambda x: 255 - x,
    "brighter": lambda x: np.clip(x * 0.8 + 40, 0, 255).astype(np.uint8),
    "gamma": lambda x: (255 * (x / 255) ** 1.6).astype(np.uint8),
    "jpeg": as_jpeg,
    "smaller": lambda x: np.asarray(Image.fromarray(x).resize((60, 60))),
    "16 bits": lambda x: x.astype(np.uint16) * 257,
    "cut to 90 %": lambda x: x[4:90, 7:93],
    "cut to 80 %": lambda x: x[11:88, 3:80],
}


@pytest.mark.parametrize("change", CHANGES)
def test_a_changed_copy_is_found_and_nothing_else(change: str) -> None:
    every = [body(number) for number in range(SCANS)]
    every.append(np.ascontiguousarray(CHANGES[change](every[3])))
    owners = [str(number) for number in range(len(every))]
    found = copies(len(every), lambda k: every[k], owners)
    assert [(one.first, one.second) for one in found] == [(3, SCANS)]


def test_scans_of_one_owner_are_not_compared_and_nothing_is_no_copy_of_nothing() -> None:
    assert copies(2, lambda _: body(1), ["ann", "ann"]) == []
    blank = np.zeros((40, 40), np.uint8)
    assert copies(2, lambda _: blank, ["ann", "bob"]) == []
    assert copies(0, lambda _: blank, []) == []
