"""PNG, JPEG, TIFF and NIfTI -> slices."""

from __future__ import annotations

import gzip
import io
import warnings
from typing import Any, Literal

import nibabel
import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageSequence, UnidentifiedImageError

from pmed_core.readers.slices import PIXELS_AT_MOST, SLICES_AT_MOST, Slice, Unreadable

UNPACKED_MB = 1024
AIR = -500
"""Values below it in a volume without a unit are Hounsfield units: only air is so low."""


def read_image(data: bytes) -> list[Slice]:
    """The pages of a PNG, JPEG or TIFF; raises ``Unreadable``."""
    try:
        with warnings.catch_warnings():
            # Our own limit is lower than the one that Pillow warns of.
            warnings.simplefilter("ignore", Image.DecompressionBombWarning)
            with Image.open(io.BytesIO(data), formats=("PNG", "JPEG", "TIFF")) as image:
                pages = getattr(image, "n_frames", 1)
                _fits(image.size, pages)
                return [Slice(_plain(page)) for page in ImageSequence.Iterator(image)]
    except UnidentifiedImageError as error:
        raise Unreadable("it is not a PNG, JPEG, TIFF, DICOM or NIfTI file") from error
    except Image.DecompressionBombError as error:
        raise Unreadable("it claims more pixels than any scan has") from error
    except (OSError, ValueError, SyntaxError, EOFError) as error:
        raise Unreadable("it is damaged or cut off") from error


def _fits(size: tuple[int, ...], slices: int) -> None:
    if min(size) < 1 or slices < 1:
        raise Unreadable("it holds no pixels")
    if size[0] * size[1] > PIXELS_AT_MOST or slices > SLICES_AT_MOST:
        raise Unreadable(f"it claims {size[0]:,} x {size[1]:,} pixels and {slices:,} slices")


def _plain(page: Image.Image) -> NDArray[Any]:
    """Grey as 8 or 16 bits, colour as three channels; colour without colour is grey."""
    if page.mode in ("I;16", "I;16B", "I;16L", "I"):
        return np.asarray(np.clip(np.asarray(page.convert("I")), 0, 65535), dtype=np.uint16)
    if page.mode == "F":
        return np.asarray(page, dtype=np.float32)
    if page.mode in ("1", "L", "LA"):
        return np.asarray(page.convert("L"))
    colour = np.asarray(page.convert("RGB"))
    grey = (colour[..., 0] == colour[..., 1]) & (colour[..., 1] == colour[..., 2])
    return colour[..., 0].copy() if grey.all() else colour


def read_nifti(data: bytes) -> list[Slice]:
    """The axial slices of a NIfTI volume, from the feet up; raises ``Unreadable``."""
    try:
        if data[:2] == b"\x1f\x8b":
            with gzip.open(io.BytesIO(data)) as packed:
                data = packed.read(UNPACKED_MB * 2**20 + 1)
            if len(data) > UNPACKED_MB * 2**20:
                raise Unreadable(f"it unpacks to more than {UNPACKED_MB:,} MB")
        image = nibabel.nifti1.Nifti1Image.from_bytes(data)
        shape = image.shape
        if len(shape) not in (2, 3) and not (len(shape) == 4 and shape[3] == 1):
            raise Unreadable(f"it has {len(shape)} dimensions; 2 or 3 are read")
        _fits(shape[:2], shape[2] if len(shape) > 2 else 1)
        image = nibabel.funcs.as_closest_canonical(image)  # type: ignore[no-untyped-call]
        volume = _compact(np.asarray(image.dataobj))
    except (OSError, ValueError, EOFError, nibabel.filebasedimages.ImageFileError) as error:
        raise Unreadable("it is a damaged NIfTI file") from error
    volume = volume.reshape(*volume.shape[:2], -1)
    across, along, *more = (float(size) for size in image.header.get_zooms()[:3])
    depth = more[0] if more else None
    unit: Literal["HU", ""] = "HU" if volume.min() < AIR else ""
    # From right-anterior-superior axes to rows from the front and columns from the patient's right.
    return [
        Slice(np.ascontiguousarray(volume[::-1, ::-1, k].T), unit, None, (along, across),
              series="volume", position=k * (depth or 1.0), depth=depth, placed=True)
        for k in range(volume.shape[2])
    ]  # fmt: skip


def _compact(values: NDArray[Any]) -> NDArray[Any]:
    """Whole numbers as 16 bits where they fit, else single precision."""
    finite = np.nan_to_num(np.asarray(values, dtype=np.float64))
    whole = np.rint(finite)
    if np.array_equal(whole, finite) and whole.min() >= -32768 and whole.max() <= 32767:
        return whole.astype(np.int16)
    return finite.astype(np.float32)
