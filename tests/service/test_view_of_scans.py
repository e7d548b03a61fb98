"""What the viewer gets is what the file holds, to the last bit."""

from __future__ import annotations

import io
import json
import zlib
from typing import Any

import numpy as np
import pytest
import tifffile
from numpy.typing import NDArray

from pmed_core.scans import WINDOWS, Frame
from pmed_core.service import cohorts
from pmed_core.service.viewing import FILE, HEADER, MOST, view, windows
from tests.scans.made import nifti, stored, zipped
from tests.scans.made import saved as saved_dicom

SHADES = np.linspace(0, 1, 48 * 32).reshape(48, 32)


def unpacked(blob: bytes) -> tuple[dict[str, Any], list[NDArray[Any]]]:
    """As the browser does it: header, and the pixels of each slice."""
    body = HEADER + int.from_bytes(blob[:HEADER], "little")
    header = json.loads(blob[HEADER:body])
    slices = []
    for k, told in enumerate(header["slices"]):
        start, end = (body + ([0, *header["ends"]][one]) for one in (k, k + 1))
        planes = np.frombuffer(zlib.decompress(blob[start:end]), np.uint8)
        size = np.dtype(told["kind"]).itemsize
        joined = np.ascontiguousarray(planes.reshape(size, -1).T).view(f"<{told['kind'][0]}{size}")
        slices.append(joined.reshape(header["height"], header["width"], -1).squeeze(-1)
                      if header["colours"] == 1
                      else joined.reshape(header["height"], header["width"], 3))  # fmt: skip
    return header, slices


def shown(values: NDArray[Any]) -> tuple[dict[str, Any], NDArray[Any]]:
    """Of a TIFF file with these values."""
    written = io.BytesIO()
    tifffile.imwrite(written, values)
    files = {"well/a.tif": written.getvalue(), "ill/b.tif": written.getvalue()}
    cohort = cohorts.bring_in("scans.zip", zipped(files))
    header, (pixels,) = unpacked(view(cohort, "well/a.tif", None))
    return header, pixels


@pytest.mark.parametrize(
    "values",
    [
        (SHADES * 255).astype(np.uint8),
        (SHADES * 65535).astype(np.uint16),
        (SHADES * 4000 - 1000).astype(np.int16),
        SHADES.astype(np.float32),
        (SHADES * 1e6 - 5e5).astype(np.float32),
        np.stack([(SHADES * top).astype(np.uint8) for top in (255, 99, 7)], axis=-1),
        np.stack([(SHADES * top).astype(np.uint16) for top in (65535, 999, 70)], axis=-1),
    ],
    ids=lambda values: f"{values.dtype}, {values.ndim} dimensions, to {values.max():g}",
)
def test_every_value_arrives_as_the_file_holds_it(values: NDArray[Any]) -> None:
    header, pixels = shown(values)
    assert pixels.dtype == values.dtype
    assert (pixels == values).all()
    assert header["range"] == [values.min(), values.max()]
    assert header["slices"][0]["unit"] == ""
    assert header["slices"][0]["toward"] is None


def test_a_long_series_is_shown_near_the_scan_and_says_how_long_it_is() -> None:
    volume = np.arange(6 * 5 * 20, dtype=np.int16).reshape(6, 5, 20)
    cohort = cohorts.bring_in("ct.zip", zipped({"a/ct.nii": nifti(volume)}))
    header, slices = unpacked(view(cohort, "a/ct.nii#15", None, at_most=8 * 6 * 5 * 2))
    assert (header["first"], header["index"], len(slices), header["total"]) == (10, 4, 8, 20)
    # From the patient's right at the left, and from the front at the top.
    assert all((slices[k] == volume[::-1, ::-1, 10 + k].T).all() for k in range(8))
    header, slices = unpacked(view(cohort, "a/ct.nii#20", None, at_most=1))
    assert (header["first"], header["index"], len(slices)) == (19, 0, 1)


def test_what_values_and_edges_mean_goes_along() -> None:
    made = stored(np.arange(400, dtype=np.int16).reshape(20, 20),
                  ImageOrientationPatient=[1, 0, 0, 0, 0, -1])  # fmt: skip
    cohort = cohorts.bring_in("ct.zip", zipped({"a/ct.dcm": saved_dicom(made)}))
    header, (pixels,) = unpacked(view(cohort, "a/ct.dcm", None))
    assert header["slices"] == [
        {"kind": "int16", "unit": "HU", "spacing": [0.5, 0.7], "toward": ["L", "F"],
         "projected": False}
    ]  # fmt: skip
    assert pixels[3, 7] == 67 - 1024
    assert header["windows"][0] == [FILE, -600, 1500]


def test_windows_of_hounsfield_units_are_offered_for_these_alone() -> None:
    values = np.linspace(-1000, 3000, 400).astype(np.int16).reshape(20, 20)
    names = [name for name, *_ in windows(values, Frame(0, (20, 20), "int16", "HU"))]
    assert names == [MOST, *(name.capitalize() for name in WINDOWS)]
    plain = windows(values, Frame(0, (20, 20), "int16"))
    assert not {name for name, *_ in plain} & set(names[1:])
    assert plain[-1][1:] == (1000, 4000)


def test_a_scan_of_one_value_has_windows_too() -> None:
    values = np.full((4, 4), 7, np.float32)
    assert all(width > 0 for _, _, width in windows(values, Frame(0, (4, 4), "float32")))
