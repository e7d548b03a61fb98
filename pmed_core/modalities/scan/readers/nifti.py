"""NIfTI -> axial slices, from the feet up."""

from __future__ import annotations

import gzip
import io
import zlib
from typing import Any, Literal

import nibabel
import numpy as np
from numpy.typing import NDArray

from pmed_core.modalities.scan.readers.sides import toward
from pmed_core.modalities.scan.readers.slices import Remark, Slice, Unreadable, fits, one_file
from pmed_core.readers.numbers import as_kept

UNPACKED_MB = 1024
AIR = (-1100, -750)
LOWEST_HU = -4096
SHARE, SHARE_OF_PHASES = 0.005, 0.15
"""A volume without a unit is taken for Hounsfield units where this share of it is air or lung; more
of it where values lie alike on both sides of zero, as those of phases do."""
GUESSED: Remark = (
    "unit",
    "NIfTI names no unit: values near -1000, as of air, were taken for Hounsfield units.",
)


UNKNOWN: Remark = (
    "lies",
    "NIfTI does not say how the volume lies in the body: left, right, front and back are a guess.",
)
ASKEW: Remark = (
    "lies", "A volume lies askew in the body: its slices are those nearest to axial, as stored."
)  # fmt: skip
ASKEW_RADIANS = 0.09
"""Five degrees."""
MILLIMETRES = {1: 1000.0, 3: 0.001}
"""Code of a unit of lengths that is not the usual one -> its millimetres (metres, micrometres)."""


def read_nifti(data: bytes) -> list[Slice]:
    """The slices of a volume; raises ``Unreadable``."""
    with one_file("it is a damaged NIfTI file, or one of a kind that is not known here"):
        data = _unpacked(data)
        image = _opened(data)
        shape = tuple(int(n) for n in image.shape)
        _is_a_volume(image, shape)
        fits(shape[:2], shape[2] if len(shape) > 2 else 1)
        lies = _how_it_lies(image)
        image = nibabel.funcs.as_closest_canonical(image)  # type: ignore[no-untyped-call]
        volume, remarks = as_kept(np.asarray(image.dataobj))
        return _slices(volume.reshape(*volume.shape[:2], -1), image, (*remarks, *lies))


def _how_it_lies(image: Any) -> tuple[Remark, ...]:
    """What is worth saying of how the volume lies in the body."""
    header = image.header
    if not int(header["sform_code"]) and not int(header["qform_code"]):
        return (UNKNOWN,)
    askew = nibabel.affines.obliquity(image.affine)  # type: ignore[no-untyped-call]
    return (ASKEW,) if float(np.nanmax(askew)) > ASKEW_RADIANS else ()


def _unpacked(data: bytes) -> bytes:
    if data[:2] != b"\x1f\x8b":
        return data
    most = UNPACKED_MB * 2**20
    try:
        with gzip.open(io.BytesIO(data)) as packed:
            # As much memory as is asked for is taken at once: the end of a file says how much.
            size = min(most, int.from_bytes(data[-4:], "little"))
            found = packed.read(size + 1)
            if len(found) > size:
                found += packed.read(most + 1 - len(found))
    except (OSError, EOFError, zlib.error) as error:
        raise Unreadable("it is a damaged or cut-off NIfTI file") from error
    if len(found) > most:
        raise Unreadable(f"it unpacks to more than {UNPACKED_MB:,} MB")
    return found


def _opened(data: bytes) -> Any:
    """Of version 1 or 2."""
    if data[344:348] == b"ni1\0" or data[4:8] == b"ni2\0":
        raise Unreadable("it is one half of a pair of files (.hdr and .img); save it as one .nii")
    second = data[4:8] == b"n+2\0"
    kind = nibabel.nifti2.Nifti2Image if second else nibabel.nifti1.Nifti1Image
    try:
        return kind.from_bytes(data)
    except nibabel.filebasedimages.ImageFileError as error:
        raise Unreadable("it is a damaged NIfTI file") from error


def _is_a_volume(image: Any, shape: tuple[int, ...]) -> None:
    kind = image.get_data_dtype()
    if kind.names:
        raise Unreadable("it holds colours (RGB), as of fused pictures: only grey NIfTI is read")
    if kind.kind == "c":
        raise Unreadable("it holds complex numbers, which are no picture")
    flat = shape[:3] + tuple(n for n in shape[3:] if n != 1)
    if len(flat) == 4:
        raise Unreadable(
            f"it holds {flat[3]:,} volumes (moments, directions or channels) in 4 dimensions; save "
            "the volume that matters, or each of them, as a file of its own"
        )
    if len(flat) not in (2, 3):
        raise Unreadable(f"it has {len(flat)} dimensions; 2 or 3 are read")


def _slices(volume: NDArray[Any], image: Any, remarks: tuple[Remark, ...]) -> list[Slice]:
    unit = MILLIMETRES.get(int(image.header["xyzt_units"]) & 7, 1.0)
    sizes = [unit * float(size) for size in image.header.get_zooms()[:3]]
    if not np.isfinite([*sizes, *image.affine.ravel()]).all():
        raise Unreadable("its header does not say how large a pixel is: it is damaged")
    across, along, *more = sizes
    depth = more[0] if more else None
    air = _is_in_units(volume)
    kind: Literal["HU", ""] = "HU" if air else ""
    said = (*remarks, GUESSED) if air else remarks
    # The axes of NIfTI go to the right, the front and the head; both of a slice are turned round.
    known = UNKNOWN not in remarks
    right, down = ((one[0], one[1], -one[2]) for one in image.affine[:3, :2].T.tolist())
    edges = toward(right, down) if known else None
    # From right-anterior-superior axes to rows from the front and columns from the patient's right.
    return [
        Slice(
            # A view: slices of a whole CT are copied once, where all are packed.
            volume[::-1, ::-1, k].T, kind, None, (along, across),
            series="volume", position=k * (depth or 1.0), depth=depth, placed=True,
            number=k + 1.0, remarks=said, toward=edges,
        )
        for k in range(volume.shape[2])
    ]  # fmt: skip


def _is_in_units(volume: NDArray[Any]) -> bool:
    low, high = float(volume.min()), float(volume.max())
    if not LOWEST_HU <= low <= AIR[1] or high < 0:
        return False
    # Slice by slice: a mask of the whole takes half as much memory as the volume.
    of_slices = (volume[..., k] for k in range(volume.shape[-1]))
    inside = sum(int(((one >= AIR[0]) & (one <= AIR[1])).sum()) for one in of_slices)
    share = inside / volume.size
    symmetric = abs(low + high) < (high - low) / 20
    return share >= (SHARE_OF_PHASES if symmetric else SHARE)
