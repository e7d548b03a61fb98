"""Files that claim more than any scan has are refused before memory is taken for them."""

from __future__ import annotations

import gzip
import io
import struct
import tracemalloc
import zipfile
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pytest
import tifffile
from PIL import Image

from pmed_core.errors import UserError
from pmed_core.modalities.scan.readers import gathering, nifti, slices, tiffs
from pmed_core.modalities.scan.readers.dicom import read_dicom
from pmed_core.modalities.scan.readers.images import read_image
from pmed_core.modalities.scan.readers.nifti import read_nifti
from pmed_core.modalities.scan.readers.scans import read_scans
from pmed_core.modalities.scan.readers.slices import Unreadable, fits
from pmed_core.readers import packed
from tests.scans.made import (
    collected,
    decision,
    dicom,
    encoded,
    plain,
    png,
    saved,
    stored,
    tiff,
    zipped,
)  # fmt: skip
from tests.scans.made import (
    nifti as volume,
)

MB = 2**20


@contextmanager
def within(megabytes: int) -> Iterator[None]:
    """That no more memory than that is held at any moment."""
    tracemalloc.start()
    try:
        yield
        assert tracemalloc.get_traced_memory()[1] < megabytes * MB
    finally:
        tracemalloc.stop()


def claiming_png() -> bytes:
    data = bytearray(png(plain(1)))
    data[16:24] = struct.pack(">II", 9_000, 8_000)
    data[29:33] = struct.pack(">I", zlib.crc32(bytes(data[12:29])))
    return bytes(data)


def claiming_jpeg() -> bytes:
    data = bytearray(encoded(plain(1), "JPEG"))
    at = data.index(b"\xff\xc0")
    data[at + 5 : at + 9] = struct.pack(">HH", 60_000, 60_000)
    return bytes(data)


def claiming_tiff() -> bytes:
    """Its width and height written over, and nothing behind them."""
    data = bytearray(tiff(plain(1)))
    with tifffile.TiffFile(io.BytesIO(bytes(data))) as file:
        places = [file.pages[0].tags[tag].offset + 8 for tag in (256, 257)]  # type: ignore[union-attr]
    for place in places:
        data[place : place + 4] = struct.pack("<I", 40_000)
    return bytes(data)


def claiming_nifti(*shape: int) -> bytes:
    data = bytearray(volume(np.zeros((2, 2, 2), np.int16)))
    data[40:56] = struct.pack("<8h", len(shape), *shape, *[1] * (7 - len(shape)))
    return bytes(data)


CLAIMS: dict[str, Callable[[], object]] = {
    "PNG": lambda: read_image(claiming_png()),
    "JPEG": lambda: read_image(claiming_jpeg()),
    "TIFF": lambda: read_image(claiming_tiff()),
    "NIfTI": lambda: read_nifti(claiming_nifti(30_000, 30_000, 2)),
    "NIfTI of many slices": lambda: read_nifti(claiming_nifti(10, 10, 30_000)),
    "NIfTI in all": lambda: read_nifti(claiming_nifti(1_000, 1_000, 3_000)),
    "NIfTI packed": lambda: read_nifti(gzip.compress(claiming_nifti(30_000, 30_000, 2))),
    "DICOM": lambda: read_dicom(saved(dicom(Rows=50_000, Columns=50_000)), b"k"),
    "DICOM of many frames": lambda: read_dicom(saved(dicom(NumberOfFrames=2_000_000_000)), b"k"),
    "DICOM in colour": lambda: read_dicom(
        saved(dicom(Rows=7_000, Columns=7_000, NumberOfFrames=14, SamplesPerPixel=3,
                    PhotometricInterpretation="RGB", PlanarConfiguration=0)), b"k"),
}  # fmt: skip


@pytest.mark.parametrize("kind", CLAIMS)
def test_more_pixels_than_any_scan_has_are_refused_unseen(kind: str) -> None:
    with within(20), pytest.raises(Unreadable, match="claims"):
        CLAIMS[kind]()


@pytest.mark.parametrize(
    ("size", "count", "colours", "good"),
    [((1, 1), 1, 1, True), ((0, 5), 1, 1, False), ((5, 0), 1, 1, False), ((5, 5), 0, 1, False),
     ((10_000, 5_000), 1, 3, True), ((10_001, 5_000), 1, 1, False), ((8, 8), 5_000, 1, True),
     ((8, 8), 5_001, 1, False), ((1_000, 1_000), 2_000, 1, True),
     ((1_000, 1_000), 2_000, 3, False)],
)  # fmt: skip
def test_what_fits(size: tuple[int, int], count: int, colours: int, good: bool) -> None:
    if good:
        fits(size, count, colours)
        return
    with pytest.raises(Unreadable, match="holds no pixels|claims"):
        fits(size, count, colours)


def test_one_file_that_claims_too_much_is_skipped_and_the_others_are_read(tmp_path: Path) -> None:
    files = {"ill/1.png": png(plain(1)), "ill/big.png": claiming_png(), "well/2.png": png(plain(2))}
    cohort = collected(tmp_path, files)
    assert cohort.table["scan"].tolist() == ["ill/1.png", "well/2.png"]
    assert "claims 9,000 x 8,000 pixels" in decision(cohort, "skipped").sentence


def test_a_packed_volume_is_unpacked_to_a_limit(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(nifti, "UNPACKED_MB", 1)
    values = np.zeros((64, 64, 80), np.int16)
    assert len(read_nifti(gzip.compress(volume(values)))) == 80
    bomb = gzip.compress(volume(values) + bytes(50 * MB))
    with within(20), pytest.raises(Unreadable, match="unpacks to more than 1 MB"):
        read_nifti(bomb)


def test_parts_that_were_packed_one_after_the_other_are_one_volume() -> None:
    """The end of such a file says the size of its last part alone."""
    data = volume(np.arange(24, dtype=np.int16).reshape(2, 3, 4))
    whole = read_nifti(gzip.compress(data))
    parts = read_nifti(gzip.compress(data[:380]) + gzip.compress(data[380:]))
    assert all(np.array_equal(a.pixels, b.pixels) for a, b in zip(parts, whole, strict=True))


def test_a_chain_of_very_many_pages_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    held = io.BytesIO()
    with tifffile.TiffWriter(held) as file:
        for k in range(6):
            file.write(plain(k, 4), contiguous=False, metadata=None)
    monkeypatch.setattr(tiffs, "PAGES_AT_MOST", 5)
    assert len(read_image(held.getvalue())) == 6
    monkeypatch.setattr(tiffs, "PAGES_AT_MOST", 4)
    with pytest.raises(Unreadable, match="too many"):
        read_image(held.getvalue())


def test_all_pictures_together_have_a_limit_that_is_said(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    files = {f"{k}.png": png(plain(k, 100)) for k in range(6)}
    monkeypatch.setattr(gathering, "PIXELS_AT_MOST", 60_000)
    assert len(collected(tmp_path, files)) == 6
    monkeypatch.setattr(gathering, "PIXELS_AT_MOST", 59_999)
    with pytest.raises(UserError, match="Split it into several collections"):
        collected(tmp_path, files)


@pytest.mark.parametrize("whole", [True, False])
def test_a_zip_that_would_fill_the_memory_is_refused_by_its_directory(
    whole: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(packed, "TOTAL_MB" if whole else "FILE_MB", 1)
    files = {f"{k}.png": bytes(np.random.default_rng(k).bytes(600_000)) for k in range(3)}
    files = files if whole else {"a.png": b"".join(files.values())}
    path = tmp_path / "scans.zip"
    path.write_bytes(zipped(files))
    with pytest.raises(UserError, match="unpack to") as refusal:
        read_scans(path, key=b"k")
    assert "Leave it out, or split the collection." in str(refusal.value)


def test_a_zip_whose_directory_lies_about_sizes_is_told(tmp_path: Path) -> None:
    """It says ten bytes and holds many: what is behind them is not read as if it were all."""
    held = io.BytesIO()
    with zipfile.ZipFile(held, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("a.png", png(plain(1)))
        archive.writestr("b.png", png(plain(2)))
    data = bytearray(held.getvalue())
    at = data.index(b"PK\1\2") + 24
    data[at : at + 4] = struct.pack("<I", 10)
    (tmp_path / "s.zip").write_bytes(bytes(data))
    cohort = read_scans(tmp_path / "s.zip", key=b"k")
    assert cohort.table["scan"].tolist() == ["b.png"]
    assert "a.png" in decision(cohort, "skipped").sentence


def test_the_limits_are_wide_enough_for_a_whole_ct() -> None:
    assert slices.SLICES_AT_MOST >= 2_000
    assert slices.PIXELS_AT_MOST >= 6_000 * 6_000
    found = read_dicom(saved(stored(np.zeros((300, 4, 4), np.int16))), b"k").slices
    assert [one.number for one in found] == list(range(1, 301))
    (large,) = read_image(encoded(Image.new("L", (5_000, 4_000), 7), "PNG"))
    assert large.pixels.shape == (4_000, 5_000)


def test_a_volume_that_does_not_say_how_large_its_pixels_are_is_refused() -> None:
    data = bytearray(volume(np.zeros((3, 4, 5), dtype=np.int16)))
    data[76 + 4 * 3 : 76 + 4 * 4] = struct.pack("<f", float("nan"))
    with pytest.raises(Unreadable, match="how large a pixel is"):
        read_nifti(bytes(data))
