"""What the readers of scans make of a file, and how they refuse one."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

PIXELS_AT_MOST = 50_000_000
SLICES_AT_MOST = 5_000
VALUES_AT_MOST = 2_000_000_000
"""Pixels times slices times colours of one file: more than any scan, less than a memory."""

Remark = tuple[str, str]
"""(rule, sentence without the file's name) of the account of reading."""


ALPHA: Remark = ("alpha", "How see-through pixels are (an alpha channel) was left out.")
PRINTED: Remark = ("colours", "Colours of print (CMYK) were turned into red, green and blue.")
TURNED: Remark = ("turned", "Pictures were turned the way that the file says (its orientation).")


class Unreadable(Exception):
    """One file cannot be read; the text says why, without the file's name."""


class WrittenOn(Exception):
    """The pixels may show a name: for a person to decide."""


SEGMENTATION = "a segmentation"


class NotAScan(Unreadable):
    """The file is whole and known, but shows no scan: ``kind`` says what it is, as in "a dose
    report"."""

    def __init__(self, kind: str) -> None:
        super().__init__(f"it is {kind}, not a scan")
        self.kind = kind


@dataclass(frozen=True)
class Slice:
    """One two-dimensional scan as it was read.

    Attributes:
        pixels: (height, width) or (height, width, 3).
        patient, series: keyed pseudonyms; empty where the file does not say.
        position: millimetres along the normal where it is ``placed``, else order in the file.
        placed: the file says where in the body the slice lies.
        depth: millimetres of the body that the slice stands for, where the file says so.
        instance: keyed pseudonym of the picture, by which an outline names it.
        number: what the file counts it as, for where positions do not tell an order.
        plane: the direction it lies in; slices of different planes are no volume.
        film: it is a moment of a film, which is a volume of its own.
        volume: what tells slices of one place apart: moment, echo, b-value, ...
        remarks: what the reader did to this file, for the account of reading.
        file: that it was read from.
        toward, projected: as of ``Frame``.
    """

    pixels: NDArray[Any]
    unit: Literal["HU", ""] = ""
    window: tuple[float, float] | None = None
    spacing: tuple[float, float] | None = None
    patient: str = ""
    series: str = ""
    position: float = 0.0
    depth: float | None = None
    placed: bool = False
    instance: str = ""
    number: float = 0.0
    plane: str = ""
    film: bool = False
    volume: tuple[str, ...] = ()
    remarks: tuple[Remark, ...] = ()
    file: str = ""
    toward: tuple[str, str] | None = None
    projected: bool = False


class Room:
    """Where pixels are kept, in large blocks: the system gets each back as soon as no slice of it
    is left, while small pieces that are freed stay with the process."""

    BLOCK = 2**26

    def __init__(self) -> None:
        self.block, self.end = np.empty(0, np.uint8), 0

    def kept(self, one: Slice) -> Slice:
        """The slice with its pixels in here; a large one, and a part of a volume, as it is."""
        pixels = one.pixels
        if pixels.nbytes > self.BLOCK // 4 or not pixels.flags.c_contiguous:
            return one
        start = self.end + -self.end % 8
        if start + pixels.nbytes > len(self.block):
            self.block, start = np.empty(self.BLOCK, np.uint8), 0
        self.end = start + pixels.nbytes
        place = self.block[start : self.end].view(pixels.dtype).reshape(pixels.shape)
        place[...] = pixels
        return replace(one, pixels=place)


@dataclass(frozen=True)
class Outline:
    """One frame of a segmentation.

    Attributes:
        mask: (height, width) of 0 and 255.
        instance: keyed pseudonym of the picture it was drawn on; empty where the file does not say.
        frame: of that picture, from 1; 0 where the whole is meant.
        series: keyed pseudonym of the series it was drawn on; empty where the file does not say.
        position: as of ``Slice``; None where the file does not say.
    """

    mask: NDArray[np.uint8]
    instance: str = ""
    frame: int = 0
    series: str = ""
    position: float | None = None


@contextmanager
def one_file(otherwise: str) -> Iterator[None]:
    """Whatever a decoder raises for one file becomes ``Unreadable``: it must not end the others.

    ``otherwise``: the reason where nothing better is known.
    """
    try:
        yield
    except (Unreadable, WrittenOn):
        raise
    except RecursionError as error:
        raise Unreadable("its attributes are nested too deeply") from error
    except MemoryError as error:
        raise Unreadable("it needs more memory than there is") from error
    except Exception as error:  # Decoders of others run here, on any bytes at all.
        raise Unreadable(otherwise) from error


def fits(size: tuple[int, ...], slices: int, colours: int = 1) -> None:
    """Raise ``Unreadable`` where (width, height) or the slices are none or too many."""
    if min(size) < 1 or slices < 1:
        raise Unreadable("it holds no pixels")
    pixels = size[0] * size[1]
    too_much = pixels * slices * colours > VALUES_AT_MOST
    if pixels > PIXELS_AT_MOST or slices > SLICES_AT_MOST or too_much:
        raise Unreadable(f"it claims {size[0]:,} x {size[1]:,} pixels and {slices:,} slices")
