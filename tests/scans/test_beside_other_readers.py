"""NIfTI beside nibabel's own reading, TIFF beside tifffile's and Pillow's: cell by cell.

nibabel ships files; tifffile ships none, so that each way of writing is written here.
"""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any

import nibabel
import numpy as np
import pytest
import tifffile
from numpy.typing import NDArray
from PIL import Image

from pmed_core.modalities.scan.readers.images import read_image
from pmed_core.modalities.scan.readers.nifti import read_nifti
from pmed_core.modalities.scan.readers.slices import Unreadable

SHIPPED = Path(nibabel.__file__).parent / "tests" / "data"
VOLUMES = sorted(one for one in SHIPPED.glob("*.nii*"))
REFUSED = {
    "example4d.nii.gz", "functional.nii", "example_nifti2.nii.gz", "row_major.dconn.nii"
}  # fmt: skip
"""Of more than three dimensions."""
AXES = ("RAS", "LAS", "LPS", "PIR", "ASR", "IPL")


def expected(image: Any) -> NDArray[Any]:
    """(slices, rows, columns): from the feet up, rows from the front, columns from the right."""
    volume = np.asarray(nibabel.as_closest_canonical(image).dataobj)  # type: ignore[no-untyped-call]
    volume = volume.reshape(*volume.shape[:2], -1)
    return np.moveaxis(volume, 2, 0).transpose(0, 2, 1)[:, ::-1, ::-1]


def close(ours: NDArray[Any], theirs: NDArray[Any]) -> bool:
    """To the last bit of 32: what needs more is kept in as many. What is no number becomes the
    volume's lowest, and is said."""
    known = np.isfinite(theirs)
    return np.allclose(ours[known], theirs[known].astype(np.float64), rtol=1e-6, atol=0)


@pytest.mark.parametrize("path", VOLUMES, ids=[one.name for one in VOLUMES])
def test_files_of_nibabel(path: Path) -> None:
    if path.name in REFUSED:
        with pytest.raises(Unreadable, match="dimensions"):
            read_nifti(path.read_bytes())
        return
    read = read_nifti(path.read_bytes())
    theirs = expected(nibabel.load(path))
    assert len(read) == len(theirs)
    for one, values in zip(read, theirs, strict=True):
        assert close(one.pixels, values)
        assert np.isfinite(one.pixels).all()
    gaps = not np.isfinite(theirs).all()
    assert gaps == any(rule == "gaps" for rule, _ in read[0].remarks)


@pytest.mark.parametrize("kind", ["u1", "i1", "u2", "i2", "u4", "i4", "f4", "f8"])
@pytest.mark.parametrize("axes", AXES)
def test_volumes_of_every_width_and_way_of_lying(kind: str, axes: str) -> None:
    draw = np.random.default_rng(3)
    values = draw.normal(0, 300, (7, 6, 5)) if kind[0] == "f" else draw.integers(0, 127, (7, 6, 5))
    way = nibabel.orientations.axcodes2ornt(axes)  # type: ignore[no-untyped-call]
    affine = nibabel.orientations.inv_ornt_aff(way, (7, 6, 5)) * np.array([2, 2, 2, 1])  # type: ignore[no-untyped-call]
    image = nibabel.nifti1.Nifti1Image(values.astype(kind), affine)  # type: ignore[no-untyped-call]
    read = read_nifti(image.to_bytes())
    theirs = expected(image)
    assert np.array([one.pixels for one in read]).shape == theirs.shape
    assert all(close(one.pixels, layer) for one, layer in zip(read, theirs, strict=True))


@pytest.mark.parametrize(("slope", "shift"), [(2.0, -1024.0), (0.5, 3.25), (1.0, -7.0)])
def test_volumes_with_a_slope(slope: float, shift: float) -> None:
    values = np.random.default_rng(4).integers(-900, 3000, (7, 6, 5)).astype("i2")
    image = nibabel.nifti1.Nifti1Image(values, np.eye(4))  # type: ignore[no-untyped-call]
    written = bytearray(image.to_bytes())
    written[112:120] = np.array([slope, shift], "<f4").tobytes()
    theirs = expected(nibabel.nifti1.Nifti1Image.from_bytes(bytes(written)))
    read = read_nifti(bytes(written))
    assert all(close(one.pixels, layer) for one, layer in zip(read, theirs, strict=True))


WIDTHS = ("u1", "u2", "u4", "i1", "i2", "i4", "f4", "f8")


def tiff(values: NDArray[Any], **given: Any) -> bytes:
    held = io.BytesIO()
    tifffile.imwrite(held, values, **given)
    return held.getvalue()


def beside_tifffile(data: bytes) -> None:
    theirs = tifffile.imread(io.BytesIO(data))
    read = read_image(data)
    colour = theirs.shape[-1] == 3 and theirs.ndim > 2
    layers = theirs.reshape(-1, *theirs.shape[-3 if colour else -2 :])
    assert len(read) == len(layers)
    for one, values in zip(read, layers, strict=True):
        assert close(one.pixels, values)


@pytest.mark.parametrize("kind", WIDTHS)
@pytest.mark.parametrize(
    "how",
    [
        {}, {"byteorder": ">"}, {"bigtiff": True}, {"tile": (16, 16)}, {"rowsperstrip": 5},
        {"compression": "zlib"}, {"compression": "lzw"}, {"compression": "zstd"},
        {"compression": "zlib", "predictor": True},
    ],
    ids=str,
)  # fmt: skip
def test_tiff_of_every_width(kind: str, how: dict[str, Any]) -> None:
    draw = np.random.default_rng(5)
    floats = kind[0] == "f"
    values = draw.normal(0, 90, (33, 29)) if floats else draw.integers(0, 127, (33, 29))
    if kind == "f8" and "predictor" in how:
        pytest.skip("tifffile writes no predictor for 64 bits")
    beside_tifffile(tiff(values.astype(kind), **how))


@pytest.mark.parametrize("kind", ["u1", "u2"])
@pytest.mark.parametrize("shape", [(4, 21, 17), (2, 21, 17, 3), (21, 17, 3)], ids=str)
@pytest.mark.parametrize("planar", ["contig", "separate"])
def test_tiff_in_colour_and_in_stacks(kind: str, shape: tuple[int, ...], planar: str) -> None:
    values = np.random.default_rng(6).integers(0, 250, shape).astype(kind)
    if shape[-1] != 3:
        return beside_tifffile(tiff(values, photometric="minisblack"))
    stored = values if planar == "contig" else np.moveaxis(values, -1, -3)
    data = tiff(stored, photometric="rgb", planarconfig=planar)
    layers = values.reshape(-1, 21, 17, 3)
    read = read_image(data)
    assert len(read) == len(layers)
    assert all(np.array_equal(one.pixels, v) for one, v in zip(read, layers, strict=True))
    return None


@pytest.mark.parametrize("mode", ["1", "L", "P", "LA", "RGB", "RGBA", "I;16", "CMYK"])
@pytest.mark.parametrize("ending", ["PNG", "TIFF"])
def test_pictures_beside_pillow(mode: str, ending: str) -> None:
    if (mode, ending) in {("CMYK", "PNG")}:
        pytest.skip("PNG has no colours of print")
    draw = np.random.default_rng(7)
    if mode == "I;16":
        image = Image.fromarray(draw.integers(0, 4_000, (15, 11)).astype(np.uint16))
    else:
        colours = draw.integers(0, 256, (15, 11, 3)).astype(np.uint8)
        image = Image.fromarray(colours).convert(mode)
    held = io.BytesIO()
    image.save(held, ending)
    if mode == "CMYK":
        with pytest.raises(Unreadable, match="kind of colours"):
            read_image(held.getvalue())
        return
    (one,) = read_image(held.getvalue())
    again = Image.open(io.BytesIO(held.getvalue()))
    grey = mode in ("1", "L", "LA", "I;16")
    theirs = np.asarray(again if mode == "I;16" else again.convert("L" if grey else "RGB"))
    assert np.array_equal(one.pixels, theirs)
