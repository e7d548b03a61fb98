"""What the viewer draws is what the file holds, or it says how it was scaled."""

from __future__ import annotations

import io
from typing import Any

import numpy as np
import pytest
import tifffile
from numpy.typing import NDArray

from pmed_core.service import cohorts, scans
from tests.scans.made import zipped

SHADES = np.linspace(0, 1, 48 * 48).reshape(48, 48)


def drawn(values: NDArray[Any]) -> tuple[NDArray[np.int16], dict[str, Any]]:
    """(48, 48) as the browser gets it, and all that goes with it."""
    written = io.BytesIO()
    tifffile.imwrite(written, values)
    files = {"well/a.tif": written.getvalue(), "ill/b.tif": written.getvalue()}
    cohort = cohorts.bring_in("scans.zip", zipped(files))
    shown = scans.view(cohort, "well/a.tif", None, 10)
    return np.frombuffer(shown["slices"][0], dtype="<i2").reshape(48, 48), shown


@pytest.mark.parametrize(
    ("values", "low", "high"),
    [
        (SHADES.astype(np.float32), "0", "1"),
        ((SHADES * 65535).astype(np.uint16), "0", "65535"),
        ((SHADES * 1e6 - 5e5).astype(np.float32), "-500000", "500000"),
    ],
)
def test_values_that_a_screen_cannot_tell_apart_are_spread_and_it_is_said(
    values: NDArray[Any], low: str, high: str
) -> None:
    pixels, shown = drawn(values)
    assert (np.diff(pixels.ravel().astype(int)) >= 0).all()
    assert len(np.unique(pixels)) > 2000
    assert (pixels.min(), pixels.max()) == (0, 4095)
    assert shown["range"] == [0, 4095]
    assert f"between {low} and {high}" in shown["note"]


def test_values_of_sixteen_bits_are_drawn_as_they_are() -> None:
    values = (SHADES * 4000 - 1000).astype(np.int16)
    pixels, shown = drawn(values)
    assert (pixels == values).all()
    assert shown["note"] == ""
    assert shown["range"] == [-1000, 3000]
