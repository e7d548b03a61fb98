"""A collection is written in a known way and read back: value, order, label, outline, patient.

Whatever the format, the names, the folders and the order of the files are, nothing may differ from
what was written.
"""

from __future__ import annotations

import io
import itertools
import tempfile
import zipfile
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from pydicom.uid import RLELossless

from pmed_core.cohort import Cohort
from pmed_core.modalities.scan.readers.scans import read_scans
from tests.scans.made import encoded, nifti, png, saved, stored, tiff

LABELS = ("ill", "well", "unclear")
SIZE = (9, 12)
Pixels = NDArray[Any]


def as_png(values: Pixels) -> bytes:
    return png(values.astype(np.uint8))


def as_deep_png(values: Pixels) -> bytes:
    return png(values.astype(np.uint16))


def as_tiff(values: Pixels) -> bytes:
    return tiff(values.astype(np.int16), compression="zlib")


def as_float_tiff(values: Pixels) -> bytes:
    return tiff(values.astype(np.float32), byteorder=">")


def as_dark_tiff(values: Pixels) -> bytes:
    return tiff((65535 - values).astype(np.uint16), photometric="miniswhite")


def as_packed_tiff(values: Pixels) -> bytes:
    return encoded(values.astype(np.uint8), "TIFF", compression="tiff_lzw")


PICTURES = {
    "png": as_png, "PNG": as_deep_png, "tif": as_tiff, "tiff": as_float_tiff, "TIF": as_dark_tiff,
    "Tiff": as_packed_tiff,
}  # fmt: skip
NAMINGS = ("{:d}", "{:03d}", "img_{:d}", "scan {:d} (1)", "Bild-{:02d}-é", "1.2.840.{:d}", "x#{:d}")
LAYOUTS = (
    "{label}/{person}/{name}", "{person}/{label}/{name}", "{split}/{label}/{person}/{name}",
    "{label}/{split}/{person}/images/{name}", "all/{person}/{name}", "{name}",
)  # fmt: skip


@dataclass
class Written:
    """Files, and of each scan what must be read back."""

    files: dict[str, bytes] = field(default_factory=dict)
    pixels: dict[str, Pixels] = field(default_factory=dict)
    labels: dict[str, str] = field(default_factory=dict)
    patients: dict[str, str] = field(default_factory=dict)
    outlines: dict[str, Pixels] = field(default_factory=dict)
    volumes: list[list[str]] = field(default_factory=list)


def drawing(seed: int, shape: tuple[int, ...] = SIZE) -> tuple[Pixels, Pixels]:
    """Values no other scan has, and a region away from the border."""
    draw = np.random.default_rng(seed)
    region = np.zeros(shape, bool)
    region[2:-2, 2:-2] = draw.random(region[2:-2, 2:-2].shape) < 0.3
    region[3, 3] = True
    return draw.integers(1, 250, shape), region


def read_back(made: Written, order: list[str], **choices: str) -> Cohort:
    """As a ZIP whose entries are in that order."""
    held = io.BytesIO()
    with zipfile.ZipFile(held, "w") as archive:
        for name in order:
            archive.writestr(name, made.files[name])
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "scans.zip"
        path.write_bytes(held.getvalue())
        return read_scans(path, key=b"k", choices=choices)


def must_be_the_same(made: Written, cohort: Cohort) -> None:
    scans, table = cohort.scans, cohort.table.fillna("")
    assert scans is not None
    assert set(table["scan"]) == set(made.pixels)
    for name, values in made.pixels.items():
        assert np.array_equal(scans.pixels(name), values), name
    empty = [""] * len(table)
    labels = dict(zip(table["scan"], table.get("label", empty), strict=True))
    assert labels == made.labels
    persons = dict(zip(table["scan"], table.get("patient", empty), strict=True))
    for one, other in itertools.combinations(made.pixels, 2):
        if made.patients[one] and made.patients[other]:
            same = made.patients[one] == made.patients[other]
            assert (persons[one] == persons[other]) == same, (one, other)
    outlines = {name: scans.mask(name) for name in scans.masks}
    assert set(outlines) == set(made.outlines)
    for name, region in made.outlines.items():
        drawn = outlines[name]
        assert drawn is not None
        assert np.array_equal(drawn > 0, region), name
    for volume in made.volumes:
        assert scans.series(volume[0]) == volume
        assert [name for name in table["scan"] if name in set(volume)] == volume
    told = {one.rule for one in cohort.reading}
    assert told.isdisjoint({"skipped", "gaps", "alpha", "outlines-left", "outline-size",
                            "label-rows-left", "label-ambiguous", "padding"})  # fmt: skip


@settings(max_examples=60, deadline=None)
@given(
    endings=st.lists(st.sampled_from(sorted(PICTURES)), min_size=1, max_size=3, unique=True),
    naming=st.sampled_from(NAMINGS), layout=st.sampled_from(LAYOUTS),
    people=st.sampled_from(["patient_{:d}", "P{:03d}", "sub-{:02d}"]),
    mask=st.sampled_from(["", "masks/{where}/{name}.png", "{where}/{name}_mask.png",
                          "{where}/{name}-seg.tif"]),
    by_table=st.booleans(), draw=st.randoms(use_true_random=False), count=st.integers(3, 9),
)  # fmt: skip
def test_pictures_come_back_as_they_were_written(
    endings: list[str], naming: str, layout: str, people: str, mask: str, by_table: bool,
    draw: Any, count: int,
) -> None:  # fmt: skip
    made, rows = Written(), ["file,diagnosis,patient_age,patient"]
    by_table = by_table or "label" not in layout
    for k in range(count):
        label, person = LABELS[k % 3], people.format(k // 2 * 3 + k % 3)
        where, _, name = layout.format(
            label=label, person=person, split=("train", "test")[k % 2], name=naming.format(k)
        ).rpartition("/")
        ending = endings[k % len(endings)]
        scan = f"{where}/{name}.{ending}".lstrip("/")
        values, region = drawing(k)
        made.files[scan] = PICTURES[ending](values)
        made.pixels[scan], made.labels[scan], made.patients[scan] = values, label, person
        rows.append(f"{scan},{label},{50 + k % 2},{person}")
        if mask and k % 2:
            drawn = mask.format(where=where, name=name).replace("//", "/").lstrip("/")
            white = np.where(region, 255, 0).astype(np.uint8)
            made.files[drawn] = tiff(white) if drawn.endswith("tif") else png(white)
            made.outlines[scan] = region
    if by_table:
        made.files["labels.csv"] = "\n".join(rows).encode()
    order = draw.sample(sorted(made.files), len(made.files))
    must_be_the_same(made, read_back(made, order))


@settings(max_examples=40, deadline=None)
@given(
    naming=st.sampled_from(["IM{:d}", "{:04d}.dcm", "slice-{:d}.DCM", "1.2.3.{:d}"]),
    layout=st.sampled_from(["{label}/{person}/{series}/{name}", "{person}/{name}",
                            "{label}/{name}"]),
    step=st.sampled_from([2.5, -1.0]), slices=st.integers(2, 5), dark=st.booleans(),
    packed=st.booleans(), slope=st.sampled_from([(1, 0), (1, -1024), (2, 5)]),
    modality=st.sampled_from(["CT", "MR", "DX"]), placed=st.booleans(),
    numbered=st.booleans(), draw=st.randoms(use_true_random=False),
)  # fmt: skip
def test_series_come_back_as_they_were_written(
    naming: str, layout: str, step: float, slices: int, dark: bool, packed: bool,
    slope: tuple[int, int], modality: str, placed: bool, numbered: bool, draw: Any,
) -> None:  # fmt: skip
    """Three patients with two series each, whose files are named in any order."""
    made, places = Written(), {}
    names = iter(draw.sample(range(1, 400), 6 * slices))
    for person, number in itertools.product(range(3), range(2)):
        volume: list[tuple[float, str]] = []
        for z in range(slices):
            label = LABELS[person] if "label" in layout else ""
            name = layout.format(
                label=label, person=f"patient_{person}", series=f"series_{number}",
                name=naming.format(next(names)),
            )  # fmt: skip
            raw = drawing(100 * person + 10 * number + z)[0].astype(np.uint16)
            uid = f"1.2.{person}.{number}.{z}"
            more: dict[str, Any] = {"SOPInstanceUID": uid}
            if placed:
                more |= {"ImagePositionPatient": [3, -4, 7 + step * z],
                         "ImageOrientationPatient": [1, 0, 0, 0, 1, 0]}  # fmt: skip
            if numbered or not placed:
                # Also counted from the other end of the body.
                more["InstanceNumber"] = z + 1 if step > 0 or not placed else slices - z
            dataset = stored(
                raw, Modality=modality, PatientID=f"id {person}", BitsStored=12, HighBit=11,
                SeriesInstanceUID=f"1.3.{person}.{number}", RescaleSlope=slope[0],
                RescaleIntercept=slope[1],
                PhotometricInterpretation="MONOCHROME1" if dark else "MONOCHROME2", **more,
            )  # fmt: skip
            if packed:
                dataset.compress(RLELossless, generate_instance_uid=False)
            made.files[name] = saved(dataset)
            turned = dark and modality != "CT"
            meant = raw.astype(int) if not turned else 4095 - raw.astype(int)
            made.pixels[name] = meant * slope[0] + slope[1]
            made.labels[name], made.patients[name] = label, f"{person}"
            volume.append((step * z if placed else z, name))
            places[name] = volume[-1][0]
        made.volumes.append([name for _, name in sorted(volume)])
    order = draw.sample(sorted(made.files), len(made.files))
    must_be_the_same(made, read_back(made, order))


@settings(max_examples=40, deadline=None)
@given(
    kinds=st.lists(st.sampled_from(["i2", "u1", "f4", "u2"]), min_size=3, max_size=3),
    flips=st.tuples(*[st.sampled_from([1, -1])] * 3), swap=st.booleans(),
    names=st.sampled_from([("ct.nii", "ct_seg.nii"), ("image.nii.gz", "mask.nii.gz"),
                           ("a b.nii", "a b-label.nii.gz")]),
    apart=st.booleans(), draw=st.randoms(use_true_random=False),
)  # fmt: skip
def test_volumes_come_back_as_they_were_written(
    kinds: list[str], flips: tuple[int, int, int], swap: bool, names: tuple[str, str], apart: bool,
    draw: Any,
) -> None:  # fmt: skip
    """Three patients, each volume stored its own way round, its outline stored straight."""
    import gzip

    made = Written()
    for person, kind in enumerate(kinds):
        body, region = drawing(person, (5, 7, 4))
        body = body.astype(kind)
        affine = np.diag([*flips, 1]).astype(float)
        ends = [n - 1 if flip < 0 else 0 for n, flip in zip(body.shape, flips, strict=True)]
        affine[:3, 3] = ends
        lying = body[tuple(slice(None, None, flip) for flip in flips)]
        if swap:
            lying, affine = lying.swapaxes(0, 2), affine[:, [2, 1, 0, 3]]
        where = f"{LABELS[person]}/patient_{person}"
        packed = [gzip.compress if name.endswith("gz") else bytes for name in names]
        scan, mask = f"{where}/{names[0]}", f"{where}/{'masks/' * apart}{names[1]}"
        made.files[scan] = packed[0](nifti(np.ascontiguousarray(lying), affine))
        made.files[mask] = packed[1](nifti(region.astype(np.uint8)))
        volume = [f"{scan}#{k + 1}" for k in range(4)]
        for k, name in enumerate(volume):
            made.pixels[name] = body[::-1, ::-1, k].T
            made.outlines[name] = region[::-1, ::-1, k].T
            made.labels[name], made.patients[name] = LABELS[person], str(person)
        made.volumes.append(volume)
    order = draw.sample(sorted(made.files), len(made.files))
    must_be_the_same(made, read_back(made, order))


@settings(max_examples=30, deadline=None)
@given(
    bad=st.lists(
        st.tuples(st.sampled_from(["ill/bad", "masks/bad", "bad"]),
                  st.sampled_from(["png", "jpg", "dcm", "nii", "nii.gz", "tif", "csv", "zip", ""]),
                  st.binary(max_size=60)),
        min_size=1, max_size=4, unique_by=lambda one: one[:2],
    ),
    cut=st.floats(0.05, 0.9), draw=st.randoms(use_true_random=False),
)  # fmt: skip
def test_what_cannot_be_read_is_named_and_costs_nothing_else(
    bad: list[tuple[str, str, bytes]], cut: float, draw: Any
) -> None:
    """Rubbish under any name, and a good file that was cut off, among good ones."""
    made = Written()
    for k in range(4):
        scan = f"{LABELS[k % 2]}/{k}.png"
        values, _ = drawing(k)
        made.files[scan], made.pixels[scan] = as_png(values), values
        made.labels[scan], made.patients[scan] = LABELS[k % 2], ""
    whole = saved(stored(np.zeros(SIZE, np.int16)))
    rubbish = {f"{name}.{ending}".rstrip("."): data for name, ending, data in bad}
    made.files |= rubbish | {"well/cut.dcm": whole[: int(len(whole) * cut)]}
    cohort = read_back(made, draw.sample(sorted(made.files), len(made.files)))
    assert cohort.scans is not None
    assert set(cohort.table["scan"]) == set(made.pixels)
    for name, values in made.pixels.items():
        assert np.array_equal(cohort.scans.pixels(name), values)
    skipped = [one for one in cohort.reading if one.rule == "skipped"]
    tables = [one for one in cohort.reading if one.rule == "labels-from"]
    unread = len(rubbish) + 1 - sum(one.cells for one in tables)
    assert sum(one.cells for one in skipped) == unread
    assert all(one.sentence.endswith(").") for one in skipped)
