"""Pictures and volumes that are no DICOM: their numbers, colours and turns."""

from __future__ import annotations

import gzip
import io
import struct
import warnings
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
from pmed_core.modalities.scan.readers.scans import read_scans
from pmed_core.modalities.scan.readers.slices import Unreadable
from pmed_core.modalities.scan.readers.tiffs import read_tiff

SHIPPED = Path(nibabel.__file__).parent / "tests" / "data"


def tiff(values: NDArray[Any], **more: Any) -> bytes:
    written = io.BytesIO()
    tifffile.imwrite(written, values, **more)
    return written.getvalue()


def picture(image: Image.Image, kind: str, **more: Any) -> bytes:
    written = io.BytesIO()
    image.save(written, kind, **more)
    return written.getvalue()


def deep_png(values: NDArray[np.uint16], kind: int) -> bytes:
    """A PNG of 16 bits a channel, as no library here writes one: every row with filter Sub."""
    step = values.shape[-1] * 2
    rows = []
    for row in values.astype(">u2").reshape(len(values), -1):
        plain = np.frombuffer(row.tobytes(), np.uint8)
        before = np.concatenate([np.zeros(step, np.uint8), plain[:-step]])
        rows.append(b"\1" + (plain - before).tobytes())
    head = struct.pack(">IIBBBBB", values.shape[1], values.shape[0], 16, kind, 0, 0, 0)
    parts = ((b"IHDR", head), (b"IDAT", zlib.compress(b"".join(rows))), (b"IEND", b""))
    chunks = (
        struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))
        for name, data in parts
    )
    return b"\x89PNG\r\n\x1a\n" + b"".join(chunks)


@settings(max_examples=80, deadline=None)
@given(
    kind=st.sampled_from(
        ["u1", "u2", "u4", "i1", "i2", "i4", "f2", "f4", "f8"]
    ),
    order=st.sampled_from("<>"), big=st.booleans(), white=st.booleans(),
    pages=st.integers(1, 3), packed=st.booleans(), seed=st.integers(0, 1000),
)  # fmt: skip
def test_tiff_of_every_number_is_read_as_tifffile_reads_it(
    kind: str, order: str, big: bool, white: bool, pages: int, packed: bool, seed: int
) -> None:
    draw = np.random.default_rng(seed)
    if kind[0] == "f":
        values = draw.normal(0, 900, (pages, 5, 7)).astype(kind)
    else:
        ends = np.iinfo(kind)
        values = draw.integers(ends.min, ends.max, (pages, 5, 7), endpoint=True).astype(kind)
    data = tiff(
        values, byteorder=order, bigtiff=big, compression="zlib" if packed else None,
        photometric="miniswhite" if white else "minisblack",
    )  # fmt: skip
    found = read_image(data)
    assert len(found) == pages
    wide = values.astype(np.float64)
    if white:
        mirror = 0 if kind[0] == "f" else float(ends.max) + float(ends.min)
        wide = mirror - wide
    for one, page in zip(found, wide, strict=True):
        assert np.allclose(one.pixels, page, rtol=1e-7)
        assert ("inverted" in dict(one.remarks)) == white


def test_bilevel_and_packed_palettes_and_planes_are_read() -> None:
    bits = np.random.default_rng(0).integers(0, 2, (16, 16)).astype(bool)
    for compression in ("raw", "group4", "tiff_lzw"):
        (one,) = read_image(picture(Image.fromarray(bits), "TIFF", compression=compression))
        assert (one.pixels == 255 * bits).all()
    index = np.random.default_rng(1).integers(0, 256, (6, 5)).astype(np.uint8)
    table = np.random.default_rng(2).integers(0, 256, (3, 256)).astype(np.uint16) * 257
    (one,) = read_image(tiff(index, photometric="palette", colormap=table))
    assert (one.pixels == np.moveaxis(table[:, index] >> 8, 0, -1)).all()
    assert one.pixels.dtype == np.uint8
    table[0, 0] += 1
    (one,) = read_image(tiff(index, photometric="palette", colormap=table))
    assert (one.pixels == np.moveaxis(table[:, index], 0, -1)).all()
    colour = np.random.default_rng(3).integers(0, 256, (3, 6, 5)).astype(np.uint8)
    (one,) = read_image(tiff(colour, photometric="rgb", planarconfig="separate"))
    assert (one.pixels == np.moveaxis(colour, 0, -1)).all()


def test_signed_numbers_in_a_compression_of_another_library_keep_their_sign() -> None:
    values = np.array([[-1000, -500], [0, 400]], np.int32)
    (one,) = read_image(picture(Image.fromarray(values), "TIFF", compression="tiff_lzw"))
    assert one.pixels.tolist() == values.tolist()


def test_stacks_are_single_pictures_and_channels_are_said() -> None:
    stack = np.arange(2 * 3 * 4 * 5, dtype=np.uint16).reshape(2, 3, 4, 5)
    found = read_image(tiff(stack, imagej=True, metadata={"axes": "ZCYX"}))
    assert (np.stack([one.pixels for one in found]).reshape(stack.shape) == stack).all()
    assert all("stack" in dict(one.remarks) for one in found)


@pytest.mark.parametrize(("kind", "channels"), [(2, 3), (6, 4), (4, 2)])
@pytest.mark.parametrize("equal", [True, False])
def test_sixteen_bits_a_channel_are_kept(kind: int, channels: int, equal: bool) -> None:
    values = np.random.default_rng(kind).integers(0, 65536, (9, 7, channels)).astype(np.uint16)
    if equal and kind != 4:
        values[..., :3] = values[..., :1]
    (one,) = read_image(deep_png(values, kind))
    grey = equal or kind == 4
    assert one.pixels.dtype == np.uint16
    assert (one.pixels == (values[..., 0] if grey else values[..., :3])).all()
    assert ("alpha" in dict(one.remarks)) == (kind != 2)


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "TIFF"])
@pytest.mark.parametrize("orientation", range(1, 9))
def test_a_picture_lies_as_a_viewer_shows_it(kind: str, orientation: int) -> None:
    upright = np.zeros((24, 40), np.uint8)
    upright[:8, :24] = 200
    stored = {
        1: upright, 2: upright[:, ::-1], 3: upright[::-1, ::-1], 4: upright[::-1], 5: upright.T,
        6: np.rot90(upright, 1), 7: upright[::-1, ::-1].T, 8: np.rot90(upright, -1),
    }[orientation]  # fmt: skip
    exif = Image.Exif()
    exif[274] = orientation
    image = Image.fromarray(np.ascontiguousarray(stored))
    (one,) = read_image(picture(image, kind, exif=exif))
    assert one.pixels.shape == upright.shape
    assert np.abs(one.pixels.astype(int) - upright).max() <= 3
    assert ("turned" in dict(one.remarks)) == (orientation > 1)


def test_see_through_pixels_are_said_and_opaque_ones_are_not() -> None:
    values = np.random.default_rng(0).integers(0, 256, (5, 6, 4)).astype(np.uint8)
    for alpha, said in ((100, True), (255, False)):
        values[..., 3] = alpha
        (one,) = read_image(picture(Image.fromarray(values), "PNG"))
        assert (one.pixels == values[..., :3]).all()
        assert ("alpha" in dict(one.remarks)) == said


def test_a_palette_without_colour_is_grey() -> None:
    grey = np.random.default_rng(0).integers(0, 256, (8, 8)).astype(np.uint8)
    image = Image.fromarray(grey).convert("P")
    (one,) = read_image(picture(image, "PNG"))
    assert (one.pixels == grey).all()


@settings(max_examples=60, deadline=None)
@given(cut=st.integers(0, 300), flip=st.integers(0, 300), value=st.integers(0, 255),
       kind=st.sampled_from(["png", "tiff", "lzw", "nii"]))  # fmt: skip
def test_no_bytes_end_in_anything_but_a_reason(cut: int, flip: int, value: int, kind: str) -> None:
    values = np.arange(120, dtype=np.uint8).reshape(10, 12)
    image = Image.fromarray(values)
    data = bytearray({
        "png": lambda: picture(image, "PNG"), "tiff": lambda: tiff(values),
        "lzw": lambda: picture(image, "TIFF", compression="tiff_lzw"),
        "nii": lambda: nibabel.nifti1.Nifti1Image(values, np.eye(4)).to_bytes(),  # type: ignore[no-untyped-call]
    }[kind]())  # fmt: skip
    data[flip % len(data)] = value
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            found = (read_nifti if kind == "nii" else read_image)(bytes(data[: len(data) - cut]))
    except Unreadable:
        return
    assert found


def volume(values: NDArray[Any], affine: NDArray[Any] | None = None) -> bytes:
    made = nibabel.nifti1.Nifti1Image(values, np.eye(4) if affine is None else affine)  # type: ignore[no-untyped-call]
    return bytes(made.to_bytes())


@pytest.mark.parametrize("kind", ["u1", "i1", "u2", "i2", "u4", "i4", "f4", "f8"])
@pytest.mark.parametrize("flip", [(1, 1, 1), (-1, 1, 1), (1, -1, -1)])
def test_a_volume_is_read_as_nibabel_reads_it(kind: str, flip: tuple[int, int, int]) -> None:
    draw = np.random.default_rng(0)
    values = draw.integers(0, 120, (4, 5, 3)).astype(kind)
    data = volume(values, np.diag([*flip, 1]).astype(float))
    same_as_nibabel(data)


def same_as_nibabel(data: bytes, second: bool = False) -> None:
    kind = nibabel.nifti2.Nifti2Image if second else nibabel.nifti1.Nifti1Image
    image = nibabel.funcs.as_closest_canonical(kind.from_bytes(data))  # type: ignore[no-untyped-call]
    expected = np.asarray(image.get_fdata())
    expected = np.nan_to_num(expected, nan=np.nanmin(expected))
    expected = expected.reshape(*expected.shape[:2], -1)[::-1, ::-1]
    for k, one in enumerate(read_nifti(data)):
        assert np.allclose(one.pixels.T, expected[..., k], rtol=1e-6)


@pytest.mark.skipif(not SHIPPED.is_dir(), reason="nibabel was installed without its test data")
def test_all_volumes_that_nibabel_ships_are_read_as_it_reads_them_or_refused() -> None:
    read = 0
    for path in sorted([*SHIPPED.glob("*.nii"), *SHIPPED.glob("*.nii.gz")]):
        data = path.read_bytes()
        plain = gzip.decompress(data) if path.suffix == ".gz" else data
        second = plain[4:8] == b"n+2\0"
        kind = nibabel.nifti2.Nifti2Image if second else nibabel.nifti1.Nifti1Image
        shape = kind.from_bytes(plain).shape
        if any(n > 1 for n in shape[3:]):
            with pytest.raises(Unreadable, match="dimensions"):
                read_nifti(data)
            continue
        same_as_nibabel(plain, second)
        read += 1
    assert read >= 3


def test_what_a_volume_holds_that_is_no_picture_is_said() -> None:
    colour = np.zeros((3, 3, 2), [("R", "u1"), ("G", "u1"), ("B", "u1")])
    with pytest.raises(Unreadable, match="colours"):
        read_nifti(volume(colour))
    with pytest.raises(Unreadable, match="complex"):
        read_nifti(volume(np.zeros((3, 3, 2), np.complex64)))
    with pytest.raises(Unreadable, match="4 dimensions"):
        read_nifti(volume(np.zeros((3, 3, 2, 5), np.int16)))
    pair = bytearray(volume(np.zeros((3, 3, 2), np.int16)))
    pair[344:348] = b"ni1\0"
    with pytest.raises(Unreadable, match="pair of files"):
        read_nifti(bytes(pair))
    with pytest.raises(Unreadable, match="cut-off"):
        read_nifti(gzip.compress(volume(np.zeros((30, 30, 20), np.int16)))[:-40])


def test_hounsfield_units_of_a_volume_are_a_guess_that_is_said() -> None:
    body = np.full((10, 10, 4), 40, np.int16)
    body[:3] = -1000
    found = read_nifti(volume(body))[0]
    assert found.unit == "HU"
    assert "unit" in dict(found.remarks)
    phase = np.linspace(-4096, 4095, 400).astype(np.int16).reshape(10, 10, 4)
    assert read_nifti(volume(phase))[0].unit == ""
    assert read_nifti(volume(np.abs(phase)))[0].remarks == ()


def test_a_volume_of_version_two_is_a_scan_of_a_collection(tmp_path: Path) -> None:
    values = np.arange(24, dtype=np.int16).reshape(2, 3, 4)
    made = nibabel.nifti2.Nifti2Image(values, np.eye(4))  # type: ignore[no-untyped-call]
    (tmp_path / "a.nii").write_bytes(made.to_bytes())
    (tmp_path / "b.nii.gz").write_bytes(gzip.compress(made.to_bytes()))
    assert len(read_scans(tmp_path, key=b"k")) == 8


@pytest.mark.parametrize("big", [False, True])
def test_pages_that_lead_back_to_each_other_are_refused(big: bool) -> None:
    held = io.BytesIO()
    with tifffile.TiffWriter(held, bigtiff=big) as file:
        for _ in range(2):
            file.write(np.zeros((8, 9), np.uint8), contiguous=False)
    data = held.getvalue()
    assert len(read_tiff(data)) == 2
    with tifffile.TiffFile(io.BytesIO(data)) as file:
        first, second = (page.offset for page in file.pages)
    wide, count, tag = (8, 8, 20) if big else (4, 2, 12)
    tags = int.from_bytes(data[second : second + count], "little")
    end = second + count + tag * tags
    circle = data[:end] + first.to_bytes(wide, "little") + data[end + wide :]
    with pytest.raises(Unreadable, match="lead back"):
        read_tiff(circle)


@pytest.mark.parametrize("side", [2_000, 7_000])
def test_a_jpeg_that_claims_more_than_it_holds_is_not_filled_with_grey(side: int) -> None:
    written = io.BytesIO()
    Image.new("L", (16, 16)).save(written, "JPEG")
    data = bytearray(written.getvalue())
    at = data.index(b"\xff\xc0")
    assert read_image(bytes(data))[0].pixels.shape == (16, 16)
    data[at + 5 : at + 9] = struct.pack(">HH", side, side)
    with pytest.raises(Unreadable, match="claims more pixels than it holds"):
        read_image(bytes(data))


@pytest.mark.parametrize("progressive", [False, True])
def test_an_even_jpeg_holds_all_it_claims(progressive: bool) -> None:
    written = io.BytesIO()
    Image.new("L", (3_000, 2_000), 7).save(
        written, "JPEG", quality=1, optimize=True, progressive=progressive
    )
    (one,) = read_image(written.getvalue())
    assert one.pixels.shape == (2_000, 3_000)
    assert int(one.pixels.max()) - int(one.pixels.min()) == 0
