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
from typing import Any

import numpy as np
from numpy.typing import NDArray
from pydicom import dcmread
from pydicom.datadict import dictionary_has_tag, dictionary_VR
from pydicom.dataset import Dataset, FileDataset, FileMetaDataset
from pydicom.errors import InvalidDicomError
from pydicom.pixels.utils import pixel_array
from pydicom.tag import BaseTag
from pydicom.uid import (
    UID,
    DeflatedExplicitVRLittleEndian,
    ExplicitVRBigEndian,
    ExplicitVRLittleEndian,
    ImplicitVRLittleEndian,
)

from pmed_core.modalities.scan.readers.dicom_frames import Groups
from pmed_core.modalities.scan.readers.dicom_kinds import must_be_a_scan
from pmed_core.modalities.scan.readers.dicom_pixels import picture
from pmed_core.modalities.scan.readers.dicom_values import number, numbers, text
from pmed_core.modalities.scan.readers.jpegs import unpacker
from pmed_core.modalities.scan.readers.sides import image_orientation, sides
from pmed_core.modalities.scan.readers.slices import (
    Remark,
    Slice,
    Unreadable,
    WrittenOn,
    fits,
    one_file,
)
from pmed_core.readers.packed import LARGE, RATIO

__all__ = ["Clean", "WrittenOn", "is_dicom", "opened", "pseudonym", "read_dicom", "stored_frames"]

DEFLATED_MB = 512
"""pydicom itself unpacks deflated files without a limit."""
COUNTED = {
    "PN": "names", "DA": "dates and times", "TM": "dates and times", "DT": "dates and times",
    "AS": "ages", "UI": "identifiers", "LO": "texts", "SH": "texts", "ST": "texts", "LT": "texts",
    "UT": "texts",
}  # fmt: skip
IDS = {
    "study": ("StudyInstanceUID", "U"), "series": ("SeriesInstanceUID", "S"),
    "instance": ("SOPInstanceUID", "I"), "accession": ("AccessionNumber", "A"),
    "patient": ("PatientID", "P"),
}  # fmt: skip
"""Kind of id -> attribute, and the letter of its pseudonyms."""
OTHERWISE = "it is a damaged or cut-off DICOM file, or one of a kind that is not known here"
CINE: Remark = (
    "frames", "The frames of a film are moments: they are kept in their order, and have no depth."
)  # fmt: skip
NOT_SQUARE: Remark = (
    "aspect", "Pixels that are not square are shown as squares: the picture looks stretched."
)  # fmt: skip


@dataclass(frozen=True)
class Clean:
    """What a DICOM file is allowed to leave behind.

    Attributes:
        removed: kind of attribute -> how many had a value and were not taken over.
        ids: kind of id -> its pseudonym, by which a table may name the file.
    """

    slices: list[Slice]
    removed: Counter[str]
    ids: dict[str, str]


def is_dicom(data: bytes) -> bool:
    """Whether it starts as DICOM files do, with or without the usual beginning."""
    return data[128:132] == b"DICM" or _starts_with_attribute(data)


def _starts_with_attribute(data: bytes) -> bool:
    """Of group 2 or 8, as a file that was stored without its beginning."""
    little = data[:2] in (b"\x02\x00", b"\x08\x00") and data[3:4] == b"\x00"
    big = data[:2] in (b"\x00\x02", b"\x00\x08") and data[4:6].isalpha()
    return little or big


def read_dicom(data: bytes, key: bytes, looked_at: bool = False) -> Clean:
    """The frames of a file, in the order of the file.

    ``looked_at``: a person made sure that no pixels hold text. A file that says it is believed.
    Raises ``NotAScan``, ``Unreadable``, and ``WrittenOn`` where pixels may hold text.
    """
    with one_file(OTHERWISE), warnings.catch_warnings():
        # pydicom warns of what it puts right by itself.
        warnings.simplefilter("ignore")
        dataset = opened(data)
        removed = _counted(dataset)
        must_be_a_scan(dataset, looked_at)
        return Clean(_slices(dataset, key), removed, _ids(dataset, key))


def opened(data: bytes) -> FileDataset:
    """The attributes of a file, and a transfer syntax that fits them; raises ``Unreadable``."""
    _not_a_bomb(data)
    try:
        dataset = dcmread(io.BytesIO(data), force=data[128:132] != b"DICM")
    except InvalidDicomError as error:
        raise Unreadable("it is not a DICOM file") from error
    if not len(dataset):
        raise Unreadable("it is not a DICOM file, or holds no image")
    if not getattr(dataset, "file_meta", None):
        dataset.file_meta = FileMetaDataset()
    if "TransferSyntaxUID" not in dataset.file_meta:
        implicit, little = dataset.original_encoding
        explicit = ExplicitVRLittleEndian if little else ExplicitVRBigEndian
        dataset.file_meta.TransferSyntaxUID = ImplicitVRLittleEndian if implicit else explicit
    return dataset


def stored_frames(dataset: FileDataset) -> NDArray[Any]:
    """(frames, rows, columns) or (frames, rows, columns, 3); raises ``Unreadable``."""
    rows, columns = (int(number(dataset, name) or 0) for name in ("Rows", "Columns"))
    frames = int(number(dataset, "NumberOfFrames") or 1)
    if not rows or not columns:
        raise Unreadable("it holds no image")
    fits((columns, rows), frames, int(number(dataset, "SamplesPerPixel") or 1))
    try:
        found = pixel_array(dataset, decoding_plugin=unpacker(dataset))
    except (ValueError, AttributeError, NotImplementedError, RuntimeError) as error:
        raise Unreadable(_why(error, dataset)) from error
    stored = found if frames > 1 else found[None]
    return _low_bits(stored, dataset)


def _low_bits(stored: NDArray[Any], dataset: FileDataset) -> NDArray[Any]:
    """Values that stand in the high bits of their cells, as old files may have them."""
    bits, high = number(dataset, "BitsStored"), number(dataset, "HighBit")
    plain = not dataset.file_meta.TransferSyntaxUID.is_compressed
    if bits is None or high is None or high + 1 == bits or stored.dtype.kind not in "iu":
        return stored
    if not plain or high + 1 < bits:
        return stored
    raise Unreadable("its values stand in the high bits of their cells, which is not read")


def _why(error: Exception, dataset: FileDataset) -> str:
    """In words what pydicom says of pixels."""
    said, syntax = str(error), dataset.file_meta.TransferSyntaxUID
    if not any(name in dataset for name in ("PixelData", "FloatPixelData", "DoubleFloatPixelData")):
        return "it holds no image, or is cut off before it"
    if "less than expected" in said:
        return "it is cut off: some of its pixels are missing"
    if syntax.is_private or isinstance(error, NotImplementedError) or "nable to deco" in said:
        return (
            f"its pixels ({UID(syntax).name[:60]}) cannot be unpacked: damaged, or not known here"
        )
    return OTHERWISE


def _not_a_bomb(data: bytes) -> None:
    """Unpack a deflated file in parts, and only to see how long it gets."""
    start = 132 + 12 + int.from_bytes(data[140:144], "little")
    if data[128:132] != b"DICM" or DeflatedExplicitVRLittleEndian.encode() not in data[132:start]:
        return
    unpacker, size, rest = zlib.decompressobj(-zlib.MAX_WBITS), 0, data[start:]
    most = min(DEFLATED_MB * 2**20, max(LARGE, RATIO * len(rest)))
    while rest and not unpacker.eof:
        size += len(unpacker.decompress(rest, 2**20))
        rest = unpacker.unconsumed_tail
        if size > most:
            raise Unreadable(f"it unpacks to more than {most / 2**20:,.0f} MB, as no picture does")


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


def _ids(dataset: Dataset, key: bytes) -> dict[str, str]:
    return {
        kind: pseudonym(letter, text(dataset, name), key) for kind, (name, letter) in IDS.items()
    }


def _slices(dataset: FileDataset, key: bytes) -> list[Slice]:
    stored = stored_frames(dataset)
    groups = Groups(dataset, len(stored))
    return [_slice(one, groups, frame, key) for frame, one in enumerate(stored)]


def _slice(stored: NDArray[Any], groups: Groups, frame: int, key: bytes) -> Slice:
    dataset, shown, place = groups.dataset, picture(stored, groups, frame), groups.place(frame)
    counted = number(dataset, "InstanceNumber") or 0.0
    spacing, cine = groups.spacing(frame), groups.frames > 1 and not groups.enhanced
    return Slice(
        np.ascontiguousarray(shown.pixels), shown.unit, shown.window, spacing,
        pseudonym("P", text(dataset, "PatientID"), key),
        pseudonym("S", text(dataset, "SeriesInstanceUID"), key),
        counted + frame if place.position is None else place.position,
        None if place.position is None else groups.thickness(frame),
        placed=place.position is not None,
        instance=pseudonym("I", text(dataset, "SOPInstanceUID"), key),
        number=frame + 1.0 if groups.frames > 1 else counted,
        plane=place.plane, film=cine, volume=groups.volume(frame),
        toward=sides(dataset, image_orientation(groups.of(frame, "PlaneOrientationSequence"))),
        projected=groups.projected(frame),
        remarks=(*shown.remarks, *([CINE] if cine else []), *_shape(dataset, spacing)),
    )  # fmt: skip


def _shape(dataset: Dataset, spacing: tuple[float, float] | None) -> tuple[Remark, ...]:
    found = numbers(dataset, "PixelAspectRatio") if spacing is None else ()
    return (NOT_SQUARE,) if len(found) == 2 and found[0] != found[1] else ()


def pseudonym(letter: str, value: str, key: bytes) -> str:
    """Keyed, and the same for the same value and key; empty for nothing."""
    return f"{letter}{hmac.digest(key, value.encode(), 'sha256').hex()[:12]}" if value else ""
