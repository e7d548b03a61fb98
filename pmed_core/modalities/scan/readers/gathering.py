"""Every file of a collection read once: scans, outlines, tables, and what could not be read."""

from __future__ import annotations

import gzip
import io
import os
import warnings
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from pathlib import Path, PurePosixPath

import nibabel
import numpy as np
from numpy.typing import NDArray
from PIL import Image

from pmed_core.errors import UserError
from pmed_core.modalities.scan.readers.collection import Member, members
from pmed_core.modalities.scan.readers.dicom import IDS, WrittenOn, is_dicom, read_dicom
from pmed_core.modalities.scan.readers.images import read_image
from pmed_core.modalities.scan.readers.nifti import read_nifti
from pmed_core.modalities.scan.readers.outlines import outline_names
from pmed_core.modalities.scan.readers.segmentations import read_segmentation
from pmed_core.modalities.scan.readers.slices import (
    SEGMENTATION,
    NotAScan,
    Outline,
    Room,
    Slice,
    Unreadable,
    one_file,
)
from pmed_core.readers.formats import table_of
from pmed_core.readers.table import Table
from pmed_core.reading import Choices
from pmed_core.suffixes import OTHER, ends_with, is_table_name

SIDECARS = ("json", "jsonl", "ndjson", "html", "htm", "xml")
"""Beside scans these describe a file; they are no table of labels."""
LETTERS = {kind: letter for kind, (_, letter) in IDS.items()}
PIXELS_AT_MOST = 20 * 2**30
SHARE_OF_PIXELS = 0.4
"""Of the memory that this process may have."""
BROKEN = "it is damaged, or of a kind that is not known"


@dataclass
class Gathered:
    """What was read so far, with which key, and whether a person looked at it before.

    Attributes:
        slices, drawn: name -> scan or outline; a file of several frames gives name#1, name#2, …
        segmented: DICOM segmentation -> its outlines.
        lossy: outlines out of JPEG files.
        places: file -> how its volume lies in the body, (4, 4).
        ids: scan -> kind of id -> pseudonym.
        aside: kind -> files that show no scan, such as dose reports.
        set_aside: files whose pixels may show a name.
        removed: kind of identifier -> how many were not taken over.
        room: where pixels are kept.
        decoded, budget: bytes of pixels so far, and how many there may be.
    """

    key: bytes
    looked_at: bool
    choices: Choices
    slices: dict[str, Slice] = field(default_factory=dict)
    drawn: dict[str, Slice] = field(default_factory=dict)
    segmented: dict[str, list[Outline]] = field(default_factory=dict)
    lossy: set[str] = field(default_factory=set)
    places: dict[str, NDArray[np.float64]] = field(default_factory=dict)
    ids: dict[str, dict[str, str]] = field(default_factory=dict)
    tables: dict[str, Table] = field(default_factory=dict)
    skipped: dict[str, str] = field(default_factory=dict)
    aside: dict[str, list[str]] = field(default_factory=dict)
    set_aside: list[str] = field(default_factory=list)
    removed: Counter[str] = field(default_factory=Counter)
    room: Room = field(default_factory=Room)
    decoded: int = 0
    budget: int = field(default_factory=lambda: _budget())


def gathered(path: Path, key: bytes, looked_at: bool, choices: Choices) -> Gathered:
    """Read a folder, ZIP or file; one file that cannot be read never ends the others.

    Raises ``UserError`` where the whole cannot be opened.
    """
    found = Gathered(key, looked_at, choices)
    outlines = outline_names(
        member.name for member in members(path) if not is_table_name(member.name)
    )
    for member in members(path):
        try:
            with one_file(BROKEN):
                _take(member, found, outline=member.name in outlines)
        except NotAScan as error:
            found.aside.setdefault(error.kind, []).append(member.name)
        except Unreadable as error:
            found.skipped[member.name] = str(error)
        if found.decoded > found.budget:
            raise UserError(
                f"Its pictures fill more than {found.budget / 2**30:,.1f} GB of memory", path.name,
                "Split it into several collections.",
            )  # fmt: skip
    return found


def _budget() -> int:
    """Bytes of pixels that may be held: they are kept twice for a moment, where all are packed."""
    if os.name == "posix":
        import resource

        limits = [resource.getrlimit(one)[0] for one in (resource.RLIMIT_DATA, resource.RLIMIT_AS)]
        known = [limit for limit in limits if limit != resource.RLIM_INFINITY]
        if known:
            return min(PIXELS_AT_MOST, int(SHARE_OF_PIXELS * min(known)))
    return PIXELS_AT_MOST


def _take(member: Member, found: Gathered, *, outline: bool) -> None:
    data, name = member.read(), member.name
    if not data:
        raise Unreadable("it is empty")
    if is_table_name(name) and not is_dicom(data):
        found.tables[name] = _table(data, PurePosixPath(name).name, found.choices)
        return
    try:
        slices = _decoded(data, name, found, outline=outline)
    except WrittenOn:
        found.set_aside.append(name)
        return
    except NotAScan as error:
        if error.kind != SEGMENTATION:
            raise
        found.segmented[name] = read_segmentation(data, found.key)
        return
    slices = [replace(found.room.kept(one), file=name) for one in slices]
    names = [f"{name}#{k + 1}" for k in range(len(slices))] if len(slices) > 1 else [name]
    found.decoded += sum(one.pixels.nbytes for one in slices)
    kept = found.drawn if outline else found.slices
    if taken := next((one for one in names if one in kept), None):
        raise Unreadable(f"'{taken}' is what a frame of another file is called; rename it")
    kept.update(zip(names, slices, strict=True))
    if outline and data[:3] == b"\xff\xd8\xff":
        found.lossy.update(names)


def _table(data: bytes, name: str, choices: Choices) -> Table:
    if ends_with(name, SIDECARS) and ends_with(name, OTHER):
        raise Unreadable("it describes a file and is no scan")
    try:
        table = replace(table_of(data, name, choices), name=name)
    except UserError as error:
        raise Unreadable(f"it is not a table of labels ({error.what})") from error
    if table.cells.shape[1] < 2:
        raise Unreadable("it is not a table of labels (it has one column)")
    return table


def _decoded(data: bytes, name: str, found: Gathered, *, outline: bool) -> list[Slice]:
    if is_dicom(data) or ends_with(name, ("dcm",)):
        clean = read_dicom(data, found.key, found.looked_at)
        found.removed.update(clean.removed)
        count = len(clean.slices)
        for frame in range(count):
            found.ids[f"{name}#{frame + 1}" if count > 1 else name] = clean.ids
        return clean.slices
    if ends_with(name, ("nii", "nii.gz")):
        slices = [replace(one, series=f"S{name}") for one in read_nifti(data)]
        found.places[name] = _place(data)
        return slices
    return _of_alpha(data) or read_image(data) if outline else read_image(data)


def _place(data: bytes) -> NDArray[np.float64]:
    """(4, 4) from voxels, in the order they are read, to millimetres."""
    if data[:2] == b"\x1f\x8b":
        with gzip.open(io.BytesIO(data)) as packed:
            data = packed.read(544)
    second = data[4:8] == b"n+2\0"
    kind = nibabel.nifti2.Nifti2Header if second else nibabel.nifti1.Nifti1Header
    header = kind.from_fileobj(io.BytesIO(data))  # type: ignore[no-untyped-call]
    affine = header.get_best_affine()
    way = nibabel.orientations.io_orientation(affine)  # type: ignore[no-untyped-call]
    shape = (*header.get_data_shape(), 1, 1)[:3]
    turned = nibabel.orientations.inv_ornt_aff(way, shape)  # type: ignore[no-untyped-call]
    return np.asarray(affine @ turned, dtype=np.float64)


def _of_alpha(data: bytes) -> list[Slice]:
    """An outline that was drawn as opacity over one colour; none where colours tell it."""
    if data[:8] != b"\x89PNG\r\n\x1a\n":
        return []
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", Image.DecompressionBombWarning)
        read_image(data)
        with Image.open(io.BytesIO(data), formats=("PNG",)) as image:
            if "A" not in image.getbands() and "transparency" not in image.info:
                return []
            every = np.asarray(image.convert("RGBA"))
    alpha = every[..., 3]
    colour = every[..., :3][alpha > 0]
    one = not len(colour) or bool((colour == colour[0]).all())
    return [Slice(alpha.copy())] if one and alpha.min() < alpha.max() else []


def file_names(names: Iterable[str], shown: int = 2) -> str:
    """Two of the names, and that there are more."""
    every = list(names)
    return ", ".join(every[:shown]) + " …" * (len(every) > shown)
