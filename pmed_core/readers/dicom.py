"""DICOM -> slices that carry no identifier.

Only what a network or a viewer needs is taken out of the file: pixels, spacing, window, and the
order within a series. Everything else, and with it every attribute of the Basic Application Level
Confidentiality Profile (DICOM PS3.15, Annex E), stays behind. Patient and series become keyed
pseudonyms (HMAC-SHA256, RFC 2104), the same ones for the same key.
"""

from __future__ import annotations

import hmac
import io
import warnings
import zlib
from collections import Counter
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray
from pydicom import dcmread
from pydicom.datadict import dictionary_has_tag, dictionary_VR
from pydicom.dataset import Dataset, FileDataset
from pydicom.errors import InvalidDicomError
from pydicom.multival import MultiValue
from pydicom.pixels.utils import pixel_array
from pydicom.tag import BaseTag
from pydicom.uid import DeflatedExplicitVRLittleEndian

from pmed_core.readers.slices import PIXELS_AT_MOST, SLICES_AT_MOST, Slice, Unreadable

DEFLATED_MB = 512
"""pydicom itself unpacks deflated files without a limit."""
OFTEN_WRITTEN_ON = ("US", "SC", "XA", "RF", "ES", "OT", "XC", "GM", "SM")
"""Modalities whose pixels often show names; DICOM PS3.15, Clean Pixel Data Option."""
COUNTED = {
    "PN": "names", "DA": "dates and times", "TM": "dates and times", "DT": "dates and times",
    "AS": "ages", "UI": "identifiers", "LO": "texts", "SH": "texts", "ST": "texts", "LT": "texts",
    "UT": "texts",
}  # fmt: skip


class WrittenOn(Exception):
    """The pixels may show a name: for a person to decide."""


@dataclass(frozen=True)
class Clean:
    """What a DICOM file is allowed to leave behind.

    Attributes:
        removed: kind of attribute -> how many had a value and were not taken over.
    """

    slices: list[Slice]
    removed: Counter[str]


def is_dicom(data: bytes) -> bool:
    """Whether it starts as DICOM files do."""
    return data[128:132] == b"DICM"


def read_dicom(data: bytes, key: bytes, looked_at: bool = False) -> Clean:
    """The frames of a file; raises ``Unreadable``, and ``WrittenOn`` where pixels may hold text.

    ``looked_at``: a person made sure that they hold none. A file that says it does is believed.
    """
    try:
        _not_a_bomb(data)
        with warnings.catch_warnings():
            # pydicom warns of what it puts right by itself.
            warnings.simplefilter("ignore")
            dataset = dcmread(io.BytesIO(data), force=not is_dicom(data))
            removed = _counted(dataset)
            _not_written_on(dataset, looked_at)
            return Clean(_slices(dataset, key), removed)
    except RecursionError as error:
        raise Unreadable("its attributes are nested too deeply") from error
    except MemoryError as error:
        raise Unreadable("it needs more memory than there is") from error
    except InvalidDicomError as error:
        raise Unreadable("it is not a DICOM file") from error
    except (
        AttributeError, ValueError, TypeError, KeyError, IndexError, OSError, EOFError,
        NotImplementedError, RuntimeError, OverflowError, zlib.error,
    ) as error:  # fmt: skip
        raise Unreadable("it is a damaged or cut-off DICOM file, or holds no image") from error


def _not_a_bomb(data: bytes) -> None:
    """Unpack a deflated file in parts, and only to see how long it gets."""
    start = 132 + 12 + int.from_bytes(data[140:144], "little")
    if not is_dicom(data) or DeflatedExplicitVRLittleEndian.encode() not in data[132:start]:
        return
    unpacker, size, rest = zlib.decompressobj(-zlib.MAX_WBITS), 0, data[start:]
    while rest and not unpacker.eof:
        size += len(unpacker.decompress(rest, 2**20))
        rest = unpacker.unconsumed_tail
        if size > DEFLATED_MB * 2**20:
            raise Unreadable(f"it unpacks to more than {DEFLATED_MB} MB")


def _counted(dataset: Dataset) -> Counter[str]:
    found: Counter[str] = Counter()
    # As they stand in the file: to make values of them takes longer than all the rest.
    for element in dataset.values():
        kind = element.VR or _kind(element.tag)
        if element.tag.is_private:
            found["private attributes"] += 1
        elif kind == "SQ":
            for item in dataset[element.tag].value:
                found.update(_counted(item))
        elif kind in COUNTED and element.value not in (None, "", b""):
            found[COUNTED[kind]] += 1
    return found


def _kind(tag: BaseTag) -> str:
    """Of an attribute in a file that leaves it to the standard to say."""
    return dictionary_VR(tag) if dictionary_has_tag(tag) else ""


def _not_written_on(dataset: FileDataset, looked_at: bool) -> None:
    said = str(dataset.get("BurnedInAnnotation", "")).upper()
    often = str(dataset.get("Modality", "")) in OFTEN_WRITTEN_ON
    if said == "YES" or (said != "NO" and often and not looked_at):
        raise WrittenOn


def _slices(dataset: FileDataset, key: bytes) -> list[Slice]:
    rows, columns = int(dataset.get("Rows", 0)), int(dataset.get("Columns", 0))
    frames = int(dataset.get("NumberOfFrames", 1) or 1)
    if not rows or not columns:
        raise Unreadable("it holds no image")
    if rows * columns > PIXELS_AT_MOST or frames > SLICES_AT_MOST:
        raise Unreadable(f"it claims {columns:,} x {rows:,} pixels and {frames:,} frames")
    pixels = _scaled(pixel_array(dataset), dataset)
    unit: Literal["HU", ""] = "HU" if dataset.get("Modality") == "CT" else ""
    patient = _pseudonym("P", dataset.get("PatientID"), key)
    series = _pseudonym("S", dataset.get("SeriesInstanceUID"), key)
    stack = pixels if frames > 1 else pixels[None]
    position, depth = _position(dataset)
    number = float(dataset.get("InstanceNumber", 0) or 0)
    return [
        Slice(
            frame, unit, _window(dataset), _spacing(dataset), patient, series,
            position + k * (depth or 1.0), depth, bool(dataset.get("ImagePositionPatient")),
            _pseudonym("I", dataset.get("SOPInstanceUID"), key), number + k,
        )
        for k, frame in enumerate(stack)
    ]  # fmt: skip


def _scaled(pixels: NDArray[Any], dataset: FileDataset) -> NDArray[Any]:
    """In the file's own unit (PS3.3 C.11.1), bright where more is absorbed."""
    if int(dataset.get("SamplesPerPixel", 1)) > 1:
        return pixels.astype(np.uint8)
    slope = float(dataset.get("RescaleSlope", 1) or 1)
    shift = float(dataset.get("RescaleIntercept", 0) or 0)
    if pixels.dtype.kind in "iu" and slope == 1 and shift.is_integer():
        whole = _moved(pixels, int(shift), dataset.get("PhotometricInterpretation"))
        if whole is not None:
            return whole
    values = pixels.astype(np.float32)
    if slope != 1 or shift:
        values = values * np.float32(slope) + np.float32(shift)
    if dataset.get("PhotometricInterpretation") == "MONOCHROME1":
        values = values.max() + values.min() - values
    whole = np.rint(values)
    if np.array_equal(whole, values) and whole.min() >= -32768 and whole.max() <= 32767:
        return whole.astype(np.int16)
    return values


def _moved(pixels: NDArray[Any], shift: int, meaning: Any) -> NDArray[np.int16] | None:
    """Whole numbers moved by a whole number; None where 16 bits do not hold them."""
    low, high = int(pixels.min()) + shift, int(pixels.max()) + shift
    if low < -32768 or high > 32767:
        return None
    # Sixteen bits count in a circle, so that what fits in the end is right.
    # In place where that can be: memory that was never touched takes longer than adding.
    ours = pixels.flags.writeable and pixels.dtype in (np.int16, np.uint16)
    moved = pixels.view(np.int16) if ours else pixels.astype(np.int16)
    moved += np.array(shift).astype(np.int16)
    return np.array(low + high).astype(np.int16) - moved if meaning == "MONOCHROME1" else moved


def _pseudonym(letter: str, value: Any, key: bytes) -> str:
    text = str(value or "").strip()
    return f"{letter}{hmac.digest(key, text.encode(), 'sha256').hex()[:12]}" if text else ""


def _first(value: Any) -> float:
    return float(value[0] if isinstance(value, MultiValue) else value)


def _window(dataset: FileDataset) -> tuple[float, float] | None:
    centre, width = dataset.get("WindowCenter"), dataset.get("WindowWidth")
    if centre in (None, "") or width in (None, "") or _first(width) <= 0:
        return None
    return _first(centre), _first(width)


def _spacing(dataset: FileDataset) -> tuple[float, float] | None:
    found = dataset.get("PixelSpacing") or dataset.get("ImagerPixelSpacing")
    return (float(found[0]), float(found[1])) if found and len(found) == 2 else None


def _position(dataset: FileDataset) -> tuple[float, float | None]:
    """Along the normal of the slices where the file says where they lie (PS3.3 C.7.6.2), and the
    slice's thickness; else by number."""
    place = dataset.get("ImagePositionPatient")
    if not place or len(place) != 3:
        return float(dataset.get("InstanceNumber", 0) or 0), None
    way = dataset.get("ImageOrientationPatient") or (1, 0, 0, 0, 1, 0)
    along, down = (float(one) for one in way[:3]), (float(one) for one in way[3:6])
    (a, b, c), (d, e, f) = along, down
    # The cross product written out: numpy's takes longer than all else here, for each slice.
    normal = (b * f - c * e, c * d - a * f, a * e - b * d)
    thickness = float(dataset.get("SliceThickness", 0) or 0)
    return sum(n * float(one) for n, one in zip(normal, place, strict=True)), thickness or None
