"""Stored values of a DICOM file -> values as they are meant (PS3.3 C.7.6.3, C.11.1)."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray
from pydicom.dataset import Dataset
from pydicom.pixels.processing import apply_color_lut, apply_modality_lut

from pmed_core.modalities.scan.readers.dicom_frames import Groups
from pmed_core.modalities.scan.readers.dicom_values import items, number, numbers, text
from pmed_core.modalities.scan.readers.slices import Remark, Unreadable
from pmed_core.readers.numbers import as_kept

CT = ("1.2.840.10008.5.1.4.1.1.2", "1.2.840.10008.5.1.4.1.1.2.1", "1.2.840.10008.5.1.4.1.1.2.2")
NO_HOUNSFIELD = re.compile(
    "LOCALIZER|IODINE|MAT_|Z_EFF|ATOMIC|DENSITY|RHO|PERF|CBF|CBV|MTT|TTP|TMAX|DOSE|MONO_?MAP"
)
"""Words of ImageType of pictures from a CT whose values are something else."""
PADDED: Remark = ("padding", "Padding round the picture was set to the picture's lowest value.")
PADDING_KEPT: Remark = (
    "padding",
    "A value that the file calls padding lies among those of the picture: it was left as it is.",
)


@dataclass(frozen=True)
class Picture:
    """One frame with its values as they are meant."""

    pixels: NDArray[Any]
    unit: Literal["HU", ""]
    window: tuple[float, float] | None
    remarks: tuple[Remark, ...]


def picture(stored: NDArray[Any], groups: Groups, frame: int) -> Picture:
    """(rows, columns) or (rows, columns, 3) as stored -> as meant; raises ``Unreadable``."""
    dataset = groups.dataset
    kind = text(dataset, "PhotometricInterpretation")
    if kind == "PALETTE COLOR":
        colour, said = _of_palette(apply_color_lut(stored, dataset)[..., :3])
        return Picture(colour, "", None, said)
    if stored.ndim == 3:
        if stored.shape[2] != 3:
            raise Unreadable(f"it has {stored.shape[2]} values a pixel; 1 or 3 are read")
        colour, said = _eight_or_sixteen(stored)
        return Picture(colour, "", None, said)
    _only_grey(stored, dataset)
    return _grey(stored, groups, frame)


def _of_palette(colour: NDArray[Any]) -> tuple[NDArray[Any], tuple[Remark, ...]]:
    """Tables of 16 bits are made of 8 but for few."""
    if colour.dtype == np.uint8:
        return colour, ()
    high, low = (colour >> 8).astype(np.uint8), colour & 255
    said = ("levels", "Colours of a palette of 16 bits were kept as 8 bits.")
    return high, () if not low.any() or np.array_equal(low, high) else (said,)


DARK_ON_BRIGHT: Remark = (
    "inverted", "Pictures stored dark on bright (MONOCHROME1) were turned round."
)  # fmt: skip
SHOWN_DARK: Remark = (
    "inverted",
    "Pictures in Hounsfield units ask to be shown dark on bright (MONOCHROME1): their values stay.",
)
NO_SLOPE: Remark = ("rescale", "A slope of 0 from stored values to meant ones was taken as 1.")


def _eight_or_sixteen(colour: NDArray[Any]) -> tuple[NDArray[Any], tuple[Remark, ...]]:
    if colour.dtype.itemsize <= 2:
        return colour.astype(np.uint8 if colour.dtype.itemsize == 1 else np.uint16), ()
    said = ("levels", "Colours of 32 bits were kept as 16 bits.")
    return (colour.astype(np.uint32) >> 16).astype(np.uint16), (said,)


def _only_grey(stored: NDArray[Any], dataset: Dataset) -> None:
    """A supplemental palette makes colours of the values above its first (C.7.6.19)."""
    first = numbers(dataset, "RedPaletteColorLookupTableDescriptor")
    shown = text(dataset, "PixelPresentation") in ("COLOR", "MIXED")
    if shown and len(first) == 3 and stored.max() >= first[1]:
        raise Unreadable("it mixes grey values and colours (a supplemental palette)")


def _grey(stored: NDArray[Any], groups: Groups, frame: int) -> Picture:
    rescale = groups.of(frame, "PixelValueTransformationSequence")
    padding, remarks = _padding(stored, groups.dataset)
    values, mirror = _meant(stored, rescale, groups.dataset)
    window, more = _window(groups.of(frame, "FrameVOILUTSequence"), groups.dataset)
    unit, told = _unit(groups, frame, rescale)
    if text(groups.dataset, "PhotometricInterpretation") == "MONOCHROME1":
        # Hounsfield units stay what they are, however a viewer is asked to show them.
        told = (*told, SHOWN_DARK if unit else DARK_ON_BRIGHT)
        if not unit:
            values = _turned(values, mirror)
            window = (mirror - window[0], window[1]) if window else None
    if number(rescale, "RescaleSlope") == 0:
        told = (*told, NO_SLOPE)
    kept, said = as_kept(values)
    if padding is not None and not padding.all():
        kept = np.where(padding, kept[~padding].min(), kept)
    return Picture(kept, unit, window, (*remarks, *more, *said, *told))


def _meant(stored: NDArray[Any], rescale: Dataset, dataset: Dataset) -> tuple[NDArray[Any], float]:
    """After the modality's table or straight line; and what a value and its mirror add up to.

    The mirror is that of all values that could be stored, so that one value becomes the same in
    every picture.
    """
    table = items(dataset, "ModalityLUTSequence")
    if table:
        bits = numbers(table[0], "LUTDescriptor")
        return apply_modality_lut(stored, dataset), 2 ** (bits[2] if len(bits) == 3 else 16) - 1
    low, high = _could_be_stored(stored, dataset)
    slope, shift = _line(rescale)
    mirror = slope * (low + high) + 2 * shift
    if slope == 1 and shift.is_integer() and stored.dtype.kind in "iu":
        return _moved(stored, int(shift)), mirror
    return stored * np.float64(slope) + shift, mirror


def _line(rescale: Dataset) -> tuple[float, float]:
    slope, shift = number(rescale, "RescaleSlope"), number(rescale, "RescaleIntercept")
    for name, found in (("RescaleSlope", slope), ("RescaleIntercept", shift)):
        if found is None and rescale.get_item(name) is not None and _filled(rescale, name):
            raise Unreadable("the line from its stored values to meant ones is no number")
    return (1.0 if slope is None else slope) or 1.0, shift or 0.0


def _filled(dataset: Dataset, name: str) -> bool:
    value = dataset.get_item(name).value
    return bool(value.strip() if isinstance(value, bytes | str) else value not in (None, ""))


def _could_be_stored(stored: NDArray[Any], dataset: Dataset) -> tuple[float, float]:
    if stored.dtype.kind == "f":
        return 0.0, 0.0
    bits = int(number(dataset, "BitsStored") or 8 * stored.dtype.itemsize)
    return (
        (-(2 ** (bits - 1)), 2 ** (bits - 1) - 1) if stored.dtype.kind == "i" else (0, 2**bits - 1)
    )


def _moved(stored: NDArray[Any], shift: int) -> NDArray[Any]:
    """Whole numbers moved by a whole number, in 16 bits where these hold them."""
    low, high = int(stored.min()) + shift, int(stored.max()) + shift
    if low < -32768 or high > 32767:
        return stored.astype(np.int64) + shift
    # Sixteen bits count in a circle, so that what fits in the end is right.
    # In place where that can be: memory that was never touched takes longer than adding.
    ours = stored.flags.writeable and stored.dtype in (np.int16, np.uint16)
    moved = stored.view(np.int16) if ours else stored.astype(np.int16)
    moved += np.array(shift).astype(np.int16)
    return moved


def _turned(values: NDArray[Any], mirror: float) -> NDArray[Any]:
    """Bright where more is absorbed."""
    if values.dtype.kind in "iu":
        return (
            np.int64(mirror) - values.astype(np.int64) if mirror == int(mirror) else mirror - values
        )
    return mirror - values


def _padding(
    stored: NDArray[Any], dataset: Dataset
) -> tuple[NDArray[np.bool_] | None, tuple[Remark, ...]]:
    """Where the picture is padded (C.7.5.1.1.2): by values outside of all others."""
    value = _stored_number(dataset, "PixelPaddingValue", stored)
    if value is None:
        return None, ()
    other = _stored_number(dataset, "PixelPaddingRangeLimit", stored)
    low, high = sorted((value, value if other is None else other))
    padded = stored == value if low == high else (stored >= low) & (stored <= high)
    if not padded.any() or padded.all():
        return None, ()
    rest_low = stored.min(where=~padded, initial=stored.max())
    rest_high = stored.max(where=~padded, initial=stored.min())
    outside = high < rest_low or low > rest_high
    return (padded, (PADDED,)) if outside else (None, (PADDING_KEPT,))


def _stored_number(dataset: Dataset, name: str, stored: NDArray[Any]) -> int | None:
    """Its sign is often that of another kind of number: read as the pixels' own."""
    found = number(dataset, name)
    if found is None or stored.dtype.kind not in "iu":
        return None
    bits = 8 * stored.dtype.itemsize
    value: int = int(found) % 2**bits
    return value - 2**bits if stored.dtype.kind == "i" and value >= 2 ** (bits - 1) else value


def _window(
    look: Dataset, dataset: Dataset
) -> tuple[tuple[float, float] | None, tuple[Remark, ...]]:
    """For looking at it alone: values stay."""
    centre, width = number(look, "WindowCenter"), number(look, "WindowWidth")
    if centre is not None and width is not None and width > 0:
        bent = text(look, "VOILUTFunction") == "SIGMOID"
        said = ("window", "The file's window is a curve (SIGMOID): it is shown as a straight one.")
        return (centre, width), (said,) if bent else ()
    table = items(dataset, "VOILUTSequence")
    steps = numbers(table[0], "LUTDescriptor") if table else ()
    if len(steps) == 3:
        count = steps[0] or 65536
        said = ("window", "The file's table for display is shown as a window of the same range.")
        return (steps[1] + count / 2, count), (said,)
    broken = any(_there(look, name) for name in ("WindowCenter", "WindowWidth"))
    said = ("window", "The file's window cannot be read: it was left out.")
    return None, (said,) if broken else ()


def _there(dataset: Dataset, name: str) -> bool:
    return name in dataset and _filled(dataset, name)


def _unit(
    groups: Groups, frame: int, rescale: Dataset
) -> tuple[Literal["HU", ""], tuple[Remark, ...]]:
    """Hounsfield units where the file says so, or is a CT with a rescale that names no unit."""
    dataset = groups.dataset
    modality = text(dataset, "Modality").upper()
    if modality != "CT" and (modality or text(dataset, "SOPClassUID") not in CT):
        return "", ()
    named = text(rescale, "RescaleType").upper()
    kinds = " ".join(groups.kinds(frame))
    found = NO_HOUNSFIELD.search(kinds)
    if found:
        what = "a localizer" if found[0] == "LOCALIZER" else "a map and no plain picture"
        return "", (("unit", f"A CT's picture is {what}: its values are no Hounsfield units."),)
    if named in ("HU", "HOUNSFIELD", "HOUNSFIELD UNITS"):
        return "HU", ()
    if named:
        shown = f" ('{named}')" if re.fullmatch(r"[A-Z0-9_]{1,16}", named) else ""
        return "", (("unit", f"A CT's values are of another unit than Hounsfield's{shown}."),)
    if number(rescale, "RescaleIntercept") is None:
        return "", (("unit", "A CT's file has no rescale: its values are no Hounsfield units."),)
    return "HU", ()
