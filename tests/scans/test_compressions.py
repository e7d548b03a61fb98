"""Compressed pixels: JPEG in DICOM beside other decoders, and the compressions of TIFF."""

from __future__ import annotations

import hashlib
import io
import warnings
from pathlib import Path
from typing import Any

import numpy as np
import pydicom
import pytest
import tifffile
from imagecodecs import jpeg8_encode, ljpeg_encode
from numpy.typing import NDArray
from pydicom import dcmread
from pydicom.encaps import encapsulate
from pydicom.uid import JPEGBaseline8Bit, JPEGExtended12Bit, JPEGLosslessSV1

from pmed_core.modalities.scan.readers.dicom import read_dicom, stored_frames
from pmed_core.modalities.scan.readers.images import read_image
from pmed_core.modalities.scan.readers.slices import Unreadable
from tests.scans.made import dicom, saved

SHIPPED = Path(pydicom.__file__).parent / "data" / "test_files"
EARLIER = {
    "SC_rgb_jpeg_gdcm.dcm": "169e619557b12114a7f0be8602026e9a",
    "MR_small_jpeg_ls_lossless.dcm": "88617aaa46138fb1b6e2a951e762d962",
    "JPEGLSNearLossless_08.dcm": "9eb46aa86c342094f826affc35703f71",
    "JPEGLSNearLossless_16.dcm": "f929318278115ce952d85c011f752634",
    "SC_rgb_jls_lossy_line.dcm": "bd5344c0a46bc6c0869921680aa72c1e",
    "SC_rgb_jls_lossy_sample.dcm": "bd5344c0a46bc6c0869921680aa72c1e",
}
"""File -> start of the SHA-256 of the pixels as the decoder that was used before unpacked them."""

NM1 = (
    (1, 1, 1, 1, 1, 1, 1, 1, 1, 1),
    (1, 1, 10, 51, 55, 105, 113, 71, 38, 1),
    (24, 34, 52, 53, 85, 134, 109, 76, 42, 39),
    (29, 26, 23, 23, 34, 37, 61, 57, 37, 36),
    (17, 25, 36, 56, 66, 189, 249, 134, 71, 56),
    (20, 38, 23, 25, 15, 10, 12, 16, 21, 34),
    (41, 39, 35, 19, 6, 1, 9, 24, 41, 66),
    (6, 34, 34, 16, 1, 1, 1, 29, 40, 20),
    (1, 20, 38, 33, 2, 1, 40, 43, 1, 1),
    (1, 1, 1, 1, 1, 1, 1, 1, 1, 1),
)
"""Some pixels of a bone scan of 12 bits, as that decoder unpacked them."""


def unpacked(name: str) -> NDArray[Any]:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        found: NDArray[Any] = stored_frames(dcmread(SHIPPED / name))[0]
    return found


@pytest.mark.parametrize("name", EARLIER)
def test_what_is_kept_exactly_is_unpacked_as_before(name: str) -> None:
    assert hashlib.sha256(unpacked(name).tobytes()).hexdigest()[:32] == EARLIER[name]


@pytest.mark.parametrize("name", ["JPGExtended.dcm", "JPEG-lossy.dcm"])
def test_twelve_bits_differ_by_one_at_most(name: str) -> None:
    """Decoders may round differently (ITU-T T.83). Both files hold one picture."""
    assert np.abs(unpacked(name)[60:960:90, 70:190:12].astype(int) - NM1).max() <= 1


def packed(values: NDArray[Any], frame: bytes | bytearray, syntax: str, **more: Any) -> bytes:
    dataset = dicom(
        Rows=values.shape[0], Columns=values.shape[1], BitsAllocated=8 * values.dtype.itemsize,
        PixelRepresentation=int(values.dtype.kind == "i"), RescaleIntercept=0, **more,
    )  # fmt: skip
    dataset.file_meta.TransferSyntaxUID = syntax
    dataset.PixelData = encapsulate([bytes(frame)])
    dataset["PixelData"].is_undefined_length = True
    return saved(dataset)


@pytest.mark.parametrize("bits", [8, 10, 12, 16])
@pytest.mark.parametrize("signed", [False, True])
def test_jpeg_lossless_gives_back_every_value(bits: int, signed: bool) -> None:
    top = 2 ** (bits - 1) if signed else 2**bits
    low = -top if signed else 0
    values = (
        np.random.default_rng(bits).integers(low, top, (9, 14)).astype("i2" if signed else "u2")
    )
    values[0, :2] = low, top - 1
    raw = (values.astype(np.int64) & (2**bits - 1)).astype(np.uint16)
    data = packed(values, ljpeg_encode(raw, bitspersample=bits), JPEGLosslessSV1,
                  BitsStored=bits, HighBit=bits - 1)  # fmt: skip
    (one,) = read_dicom(data, b"k").slices
    assert np.array_equal(one.pixels, values)


def test_jpeg_of_twelve_bits_is_close() -> None:
    rows, columns = np.mgrid[:32, :48]
    values = (rows * 60 + columns * 40).astype(np.uint16)
    frame = jpeg8_encode(values, level=98, bitspersample=12)
    (one,) = read_dicom(
        packed(values, frame, JPEGExtended12Bit, BitsStored=12, HighBit=11), b"k"
    ).slices
    assert np.abs(one.pixels.astype(int) - values).max() <= 8


def test_a_frame_of_another_size_than_the_file_says_is_refused() -> None:
    values = np.zeros((16, 16), np.uint8)
    frame = jpeg8_encode(np.zeros((16, 24), np.uint8))
    with pytest.raises(Unreadable, match="cannot be unpacked"):
        read_dicom(packed(values, frame, JPEGBaseline8Bit, BitsStored=8, HighBit=7), b"k")


@pytest.mark.parametrize("cut", [2, 3, 40, 200])
def test_a_damaged_frame_is_refused(cut: int) -> None:
    values = np.random.default_rng(0).integers(0, 256, (16, 16)).astype(np.uint8)
    frame = jpeg8_encode(values)[:cut]
    with pytest.raises(Unreadable):
        read_dicom(packed(values, frame, JPEGBaseline8Bit, BitsStored=8, HighBit=7), b"k")


@pytest.mark.parametrize(
    "compression", ["lzw", "adobe_deflate", "packbits", "zstd", "lzma", "lerc", "jpeg2000", "png"]
)
@pytest.mark.parametrize("kind", ["u1", "u2"])
def test_every_compression_of_tiff_that_loses_nothing_is_read(compression: str, kind: str) -> None:
    values = np.random.default_rng(0).integers(0, 200, (19, 23)).astype(kind)
    written = io.BytesIO()
    # tifffile writes jpeg2000 without loss where no level is given.
    tifffile.imwrite(written, values, compression=compression)
    (one,) = read_image(written.getvalue())
    assert np.array_equal(one.pixels, values)


@pytest.mark.parametrize("compression", ["jpeg", "webp", "jpegxl"])
def test_compressions_of_tiff_that_lose_a_little_are_read(compression: str) -> None:
    rows, columns = np.mgrid[:32, :48]
    values = np.stack([rows * 6, columns * 4, rows + columns], 2).astype(np.uint8)
    written = io.BytesIO()
    tifffile.imwrite(
        written, values, compression=compression, photometric="rgb", compressionargs={"level": 95}
    )
    (one,) = read_image(written.getvalue())
    assert np.abs(one.pixels.astype(int) - values).mean() < 6
