"""PNG, JPEG, TIFF and NIfTI: values, turns and sizes beside Pillow, tifffile and nibabel."""

from __future__ import annotations

import gzip
import io
import struct
import zlib
from pathlib import Path
from typing import Any

import nibabel
import numpy as np
import pytest
import tifffile
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from PIL import Image

from pmed_core.modalities.scan.readers.images import read_image
from pmed_core.modalities.scan.readers.nifti import read_nifti
from pmed_core.modalities.scan.readers.slices import Slice, Unreadable
from tests.scans.made import collected, encoded, nifti, plain, rules, shown, tiff


def one(data: bytes) -> Slice:
    (found,) = read_image(data)
    return found


def said(found: Slice) -> set[str]:
    return {rule for rule, _ in found.remarks}


def chunk(name: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))


STEPS = ((0, 0, 8, 8), (0, 4, 8, 8), (4, 0, 8, 4), (0, 2, 4, 4), (2, 0, 4, 2), (0, 1, 2, 2),
         (1, 0, 2, 1))  # fmt: skip
"""Of Adam7: first row and column, and how far to the next (PNG 8.2)."""


def by_hand(values: NDArray[Any], bits: int, *, interlaced: bool, more: bytes = b"") -> bytes:
    """A grey or coloured PNG with any number of bits, filter None; by the specification."""
    colours = values.shape[2] if values.ndim == 3 else 1
    kind = {1: 0, 2: 4, 3: 2, 4: 6}[colours]
    head = struct.pack(">IIBBBBB", values.shape[1], values.shape[0], bits, kind, 0, 0, interlaced)
    raw = b""
    for row, column, down, along in STEPS if interlaced else ((0, 0, 1, 1),):
        for line in values[row::down, column::along]:
            if line.size:
                every = (line.reshape(-1, 1) >> np.arange(bits - 1, -1, -1)) & 1
                raw += b"\0" + np.packbits(every.astype(np.uint8)).tobytes()
    parts = chunk(b"IHDR", head) + more + chunk(b"IDAT", zlib.compress(raw)) + chunk(b"IEND", b"")
    return b"\x89PNG\r\n\x1a\n" + parts


@pytest.mark.parametrize(
    ("bits", "colours"),
    [(1, 1), (2, 1), (4, 1), *((bits, colours) for bits in (8, 16) for colours in (1, 2, 3, 4))],
)
@pytest.mark.parametrize("interlaced", [False, True])
def test_a_png_of_every_depth_is_read_to_the_last_bit(
    bits: int, interlaced: bool, colours: int
) -> None:
    """Fewer than eight bits are spread over 0 to 255, as Pillow and viewers do."""
    shape = (11, 13) if colours == 1 else (11, 13, colours)
    values = np.random.default_rng(bits).integers(0, 2**bits, shape).astype(np.uint16)
    found = one(by_hand(values, bits, interlaced=interlaced))
    meant = values[..., :3] if colours > 2 else values[..., 0] if colours == 2 else values
    scale = 255 // (2**bits - 1) if bits < 8 else 1
    assert np.array_equal(found.pixels.astype(int), meant.astype(int) * scale)
    assert ("alpha" in said(found)) == (colours in (2, 4))


@pytest.mark.parametrize("mode", ["P", "L", "RGB"])
def test_one_colour_that_is_see_through_is_told(mode: str) -> None:
    values = np.random.default_rng(0).integers(0, 200, (9, 8, 3)).astype(np.uint8)
    image = Image.fromarray(values).convert(mode)
    clear: Any = values[0, 0].tolist() if mode == "RGB" else image.getpixel((0, 0))
    found = one(encoded(image, "PNG", transparency=tuple(clear) if mode == "RGB" else clear))
    assert np.array_equal(found.pixels, np.asarray(image.convert("L" if mode == "L" else "RGB")))
    assert said(found) == {"alpha"}


@pytest.mark.parametrize("mode", ["L", "RGB", "CMYK", "1"])
@pytest.mark.parametrize("progressive", [False, True])
def test_a_jpeg_is_read_as_pillow_reads_it(mode: str, progressive: bool) -> None:
    rows, columns = np.mgrid[:24, :32]
    colour = np.stack([rows * 9, columns * 7, rows + columns], 2).astype(np.uint8)
    image = Image.fromarray(colour).convert("L" if mode == "1" else mode)
    data = encoded(image, "JPEG", progressive=progressive, quality=90)
    wanted = Image.open(io.BytesIO(data))
    expected = np.asarray(wanted if wanted.mode == "L" else wanted.convert("RGB"))
    found = one(data)
    assert np.array_equal(found.pixels, expected)
    assert said(found) == ({"colours"} if mode == "CMYK" else set())


def test_the_preview_inside_a_photograph_is_no_scan_of_its_own(tmp_path: Path) -> None:
    """Telephones write a small picture behind the large one, in the same file."""
    large, small = plain(1, 40), plain(1, 10)
    data = encoded(large, "MPO", save_all=True, append_images=[Image.fromarray(small)], quality=95)
    cohort = collected(tmp_path, {"ill/a.jpg": data, "well/b.jpg": encoded(large, "JPEG")})
    assert cohort.table["scan"].tolist() == ["ill/a.jpg", "well/b.jpg"]
    expected = np.asarray(Image.open(io.BytesIO(data)))
    assert np.array_equal(shown(cohort, "ill/a.jpg"), expected)
    assert "previews" in rules(cohort)


def test_grey_stored_in_three_channels_is_grey_and_nearly_grey_is_not() -> None:
    grey = plain(3)
    assert np.array_equal(one(encoded(np.dstack([grey] * 3), "PNG")).pixels, grey)
    off = np.dstack([grey] * 3)
    off[5, 5, 2] ^= 1
    assert np.array_equal(one(encoded(off, "PNG")).pixels, off)


# TIFF


@pytest.mark.parametrize("bits", [1, 2, 4, 8, 12, 16])
@pytest.mark.parametrize("dark", [False, True])
def test_a_tiff_of_every_depth_is_read_and_turned_about_its_own_middle(
    bits: int, dark: bool
) -> None:
    """Written by hand: tifffile packs no bits."""
    values = np.random.default_rng(bits).integers(0, 2**bits, (6, 8))
    every = (values.reshape(6, 8, 1) >> np.arange(bits - 1, -1, -1)) & 1
    raw = np.packbits(every.reshape(6, -1).astype(np.uint8), axis=1).tobytes()
    if bits == 16:
        raw = values.astype("<u2").tobytes()
    tags = [(256, 3, 8), (257, 3, 6), (258, 3, bits), (259, 3, 1), (262, 3, 0 if dark else 1),
            (273, 4, 8), (277, 3, 1), (278, 3, 6), (279, 4, len(raw))]  # fmt: skip
    body = b"".join(struct.pack("<HHII", tag, kind, 1, value) for tag, kind, value in tags)
    end = 8 + len(raw)
    data = b"II*\0" + struct.pack("<I", end) + raw + struct.pack("<H", len(tags)) + body + bytes(4)
    meant = 2**bits - 1 - values if dark else values
    spread = meant * 255 // (2**bits - 1) if bits < 8 else meant
    assert np.array_equal(tifffile.imread(io.BytesIO(data)), values), "by tifffile too"
    found = one(data)
    assert np.array_equal(found.pixels.astype(int), spread)
    assert said(found) == ({"inverted"} if dark else set())


def test_pages_of_several_sizes_are_pictures_in_their_order_and_previews_are_none() -> None:
    held = io.BytesIO()
    pages = [plain(k, 12 + 4 * k) for k in range(3)]
    with tifffile.TiffWriter(held) as file:
        for page in pages:
            file.write(page, contiguous=False, metadata=None)
        file.write(plain(9, 6), subfiletype=1, contiguous=False, metadata=None)
    found = read_image(held.getvalue())
    assert len(found) == 3
    assert all(np.array_equal(a.pixels, b) for a, b in zip(found, pages, strict=True))


@settings(max_examples=30, deadline=None)
@given(
    kind=st.sampled_from(["u1", "u2", "i2", "f4"]), orientation=st.integers(1, 8),
    compression=st.sampled_from([None, "zlib", "lzw"]), seed=st.integers(0, 1000),
)  # fmt: skip
def test_a_turned_tiff_of_any_number_lies_as_the_standard_says(
    kind: str, orientation: int, compression: str | None, seed: int
) -> None:
    """TIFF 6.0: which corner of the picture the first row and the first column of a file are."""
    draw = np.random.default_rng(seed)
    upright = draw.integers(0, 120, (5, 7)).astype(kind)
    stored = {
        1: upright, 2: upright[:, ::-1], 3: upright[::-1, ::-1], 4: upright[::-1],
        5: upright.T, 6: np.rot90(upright), 7: upright[::-1, ::-1].T, 8: np.rot90(upright, -1),
    }[orientation]  # fmt: skip
    data = tiff(np.ascontiguousarray(stored), compression=compression,
                extratags=[(274, 3, 1, orientation, True)])  # fmt: skip
    found = one(data)
    assert np.array_equal(found.pixels, upright)
    assert ("turned" in said(found)) == (orientation > 1)


def test_complex_numbers_are_no_grey_values() -> None:
    with pytest.raises(Unreadable, match="numbers are of a kind that is not read"):
        read_image(tiff(np.ones((3, 4), np.complex64)))


def test_values_that_single_precision_cannot_hold_are_told() -> None:
    values = np.array([[2**24 + 1, 0], [5, 2**31]], np.uint32)
    found = one(tiff(values))
    assert "levels" in said(found)
    assert np.allclose(found.pixels, values, rtol=1e-7)
    assert said(one(tiff(np.array([[2**24, 0]], np.uint32)))) == set()


# NIfTI


@pytest.mark.parametrize(
    ("unit", "millimetres"), [("mm", 1.0), ("meter", 1000.0), ("micron", 0.001), ("unknown", 1.0)]
)
def test_lengths_of_a_volume_are_in_the_unit_that_it_says(unit: str, millimetres: float) -> None:
    data = nifti(np.ones((3, 4, 2), np.int16), np.diag([2.0, 3.0, 5.0, 1.0]), unit)
    first, second = read_nifti(data)
    assert first.spacing == pytest.approx((3 * millimetres, 2 * millimetres))
    assert first.depth == pytest.approx(5 * millimetres)
    assert second.position - first.position == pytest.approx(5 * millimetres)


@settings(max_examples=50, deadline=None)
@given(
    axes=st.permutations("XYZ"), flips=st.tuples(*[st.booleans()] * 3),
    kind=st.sampled_from(["u1", "i2", "u2", "i4", "f4"]),
    line=st.sampled_from([(1.0, 0.0), (2.0, -3.0), (0.5, 10.0)]),
    second=st.booleans(), packed=st.booleans(), by=st.sampled_from(["sform", "qform"]),
)  # fmt: skip
def test_a_voxel_stands_where_the_header_says(
    axes: list[str], flips: tuple[bool, bool, bool], kind: str, line: tuple[float, float],
    second: bool, packed: bool, by: str,
) -> None:  # fmt: skip
    """Each voxel's number tells its place in the body: from the right, from the back, upward."""
    size = (3, 4, 5)
    x, y, z = np.meshgrid(*(np.arange(n) for n in size), indexing="ij")
    body = (100 * z + 10 * y + x).astype(kind if kind != "u1" else "i2") % 250
    body = body.astype(kind)
    turn, stored = np.zeros((4, 4)), body.transpose(["XYZ".index(axis) for axis in axes])
    turn[3, 3] = 1
    for k, (axis, flip) in enumerate(zip(axes, flips, strict=True)):
        which = "XYZ".index(axis)
        turn[which, k] = -1 if flip else 1
        turn[which, 3] += size[which] - 1 if flip else 0
    stored = stored[tuple(slice(None, None, -1 if flip else 1) for flip in flips)]
    made = (nibabel.nifti2.Nifti2Image if second else nibabel.nifti1.Nifti1Image)(
        np.ascontiguousarray(stored), turn
    )  # type: ignore[no-untyped-call]
    made.set_sform(turn if by == "sform" else None, int(by == "sform"))  # type: ignore[no-untyped-call]
    made.set_qform(turn if by == "qform" else None, int(by == "qform"))  # type: ignore[no-untyped-call]
    data = bytearray(made.to_bytes())
    at, width = (176, "<f8") if second else (112, "<f4")
    data[at : at + 2 * np.dtype(width).itemsize] = np.array(line, width).tobytes()
    found = read_nifti(gzip.compress(bytes(data)) if packed else bytes(data))
    assert len(found) == size[2]
    for height, layer in enumerate(found):
        # Rows from the front, columns from the patient's right.
        meant = body[::-1, ::-1, height].T * line[0] + line[1]
        assert np.allclose(layer.pixels, meant)


def test_a_volume_of_one_slice_and_one_of_two_dimensions_are_one_scan() -> None:
    values = np.arange(12, dtype=np.int16).reshape(3, 4)
    for shape in ((3, 4), (3, 4, 1), (3, 4, 1, 1)):
        (found,) = read_nifti(nifti(values.reshape(shape)))
        assert np.array_equal(found.pixels, values[::-1, ::-1].T)
    for other in ((12,), (3, 4, 1, 2)):
        with pytest.raises(Unreadable, match="dimensions"):
            read_nifti(nifti(np.resize(values, other)))


@pytest.mark.parametrize(
    ("values", "unit"),
    [
        ([-1000, 40, 300, 20], "HU"), ([-1024, -1000, 1500, 0], "HU"), ([0, 100, 200, 50], ""),
        ([-1000, 1000, -990, 995], "HU"), ([-300, 10, 20, 30], ""), ([-5000, 0, 10, -900], ""),
        ([-1000, -900, -800, -760], ""),
    ],
)  # fmt: skip
def test_air_tells_hounsfield_units_and_that_is_said(values: list[int], unit: str) -> None:
    found = read_nifti(nifti(np.resize(np.array(values, np.int16), (4, 5, 2))))
    assert {one.unit for one in found} == {unit}
    assert all(("unit" in said(one)) == bool(unit) for one in found)
