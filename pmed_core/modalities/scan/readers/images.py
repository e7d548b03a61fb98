"""PNG, JPEG and TIFF -> slices."""

from __future__ import annotations

import io
import warnings
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import ExifTags, Image, ImageOps, ImageSequence, UnidentifiedImageError

from pmed_core.modalities.scan.readers.slices import (
    ALPHA,
    PRINTED,
    TURNED,
    Remark,
    Slice,
    Unreadable,
    fits,
    one_file,
)
from pmed_core.modalities.scan.readers.tiffs import Packed, is_tiff, read_tiff, turned
from pmed_core.readers.numbers import as_kept, colour_or_grey

PNG = b"\x89PNG\r\n\x1a\n"
FIRST_ONLY: Remark = (
    "previews", "Of a file with further pictures in it (previews, a second eye) the first was read."
)  # fmt: skip
DEEP = {2: ("RGB", "RGB;16B", "RGB;16L"), 6: ("RGBA", "RGBA;16B", "RGBA;16L")}
"""Kind of colour of a PNG of 16 bits -> mode, and how its high and low bytes are told apart."""


def read_image(data: bytes) -> list[Slice]:
    """The pages of a PNG, JPEG or TIFF; raises ``Unreadable``."""
    with one_file("it is damaged or cut off, or of a kind that is not known here"):
        try:
            return read_tiff(data) if is_tiff(data) else _pages(data)
        except Packed:
            return _pages(data)
        except UnidentifiedImageError as error:
            raise Unreadable("it is not a PNG, JPEG, TIFF, DICOM or NIfTI file") from error
        except Image.DecompressionBombError as error:
            raise Unreadable("it claims more pixels than any scan has") from error
        except (OSError, SyntaxError, EOFError) as error:
            raise Unreadable("it is damaged or cut off") from error


def _pages(data: bytes) -> list[Slice]:
    with warnings.catch_warnings():
        # Our own limit is lower than the one that Pillow warns of.
        warnings.simplefilter("ignore", Image.DecompressionBombWarning)
        with Image.open(io.BytesIO(data), formats=("PNG", "JPEG", "TIFF")) as image:
            fits(image.size, getattr(image, "n_frames", 1))
            _holds_its_blocks(image, len(data))
            if data[:8] == PNG and data[24] == 16 and data[25] in (2, 4, 6):
                return [_deep(data, data[25], _orientation(image))]
            if image.format == "MPO":
                one = _slice(image)
                return [replace(one, remarks=(*one.remarks, FIRST_ONLY))]
            return [_slice(page) for page in ImageSequence.Iterator(image)]


def _holds_its_blocks(image: Image.Image, size: int) -> None:
    """Raise ``Unreadable`` for a JPEG of fewer bytes than its blocks take at the least, two codes
    of a bit each: what is missing would be grey."""
    blocks = -(-image.width // 8) * -(-image.height // 8)
    if image.format == "JPEG" and "progressive" not in image.info and 8 * size < 2 * blocks:
        raise Unreadable("it is cut off: it claims more pixels than it holds")


def _orientation(image: Image.Image) -> int:
    return int(image.getexif().get(ExifTags.Base.Orientation, 1) or 1)


def _slice(page: Image.Image) -> Slice:
    rotated = _orientation(page) in range(2, 9)
    page = ImageOps.exif_transpose(page) if rotated else page
    values, said = _plain(page)
    return Slice(values, remarks=(*said, *((TURNED,) if rotated else ())))


def _plain(page: Image.Image) -> tuple[NDArray[Any], tuple[Remark, ...]]:
    """Grey as it is, colour as three channels; colour without colour is grey."""
    if page.mode.startswith("I") or page.mode == "F":
        values = np.asarray(page)
        return as_kept(values.astype(values.dtype.newbyteorder("=")))
    said = (ALPHA,) if _sees_through(page) else ()
    if page.mode in ("1", "L", "LA"):
        return np.asarray(page.convert("L")), said
    page = page.convert("RGBA") if "transparency" in page.info and page.mode == "P" else page
    said = (*said, *([PRINTED] if page.mode == "CMYK" else []))
    colour, more = colour_or_grey(np.asarray(page.convert("RGB")))
    return colour, (*said, *more)


def _sees_through(page: Image.Image) -> bool:
    if not page.has_transparency_data:
        return False
    return bool(np.asarray(page.convert("RGBA").getchannel("A")).min() < 255)


def _deep(data: bytes, kind: int, orientation: int) -> Slice:
    """A PNG of 16 bits a channel: Pillow keeps one byte of each at a time."""
    if kind == 4:
        four = _decoded(data, "RGBA", "RGBA").astype(np.uint16)
        values, opaque = (
            four[..., 0] << 8 | four[..., 1],
            (four[..., 2] & four[..., 3]).min() == 255,
        )
    else:
        mode, high, low = DEEP[kind]
        every = _decoded(data, mode, high).astype(np.uint16) << 8 | _decoded(data, mode, low)
        values, _ = colour_or_grey(every[..., :3])
        opaque = kind == 2 or every[..., 3].min() == 65535
    said = () if opaque else (ALPHA,)
    if orientation in range(2, 9):
        values, said = np.ascontiguousarray(turned(values, orientation)), (*said, TURNED)
    return Slice(values, remarks=said)


def _decoded(data: bytes, mode: str, raw: str) -> NDArray[np.uint8]:
    with Image.open(io.BytesIO(data), formats=("PNG",)) as image:
        image.tile = [tile._replace(args=raw) for tile in image.tile]
        image._mode = mode
        return np.array(image, dtype=np.uint8)
