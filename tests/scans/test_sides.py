"""Which side of the body lies at which edge: as the file says, or not said at all."""

from __future__ import annotations

import itertools
from typing import Any

import nibabel
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from pmed_core.modalities.scan.readers.dicom import read_dicom
from pmed_core.modalities.scan.readers.nifti import read_nifti
from pmed_core.modalities.scan.readers.sides import toward
from tests.scans.made import dicom, item, nifti, saved, stored

AXIAL, CORONAL, SAGITTAL = (1, 0, 0, 0, 1, 0), (1, 0, 0, 0, 0, -1), (0, 1, 0, 0, 0, -1)
ORIENTATIONS = [
    np.array(list(zip(order, flips, strict=True)))
    for order in itertools.permutations(range(3))
    for flips in itertools.product((1, -1), repeat=3)
]


def of_dicom(**more: Any) -> tuple[str, str] | None:
    (found,) = read_dicom(saved(dicom(**more)), b"key").slices
    return found.toward


@pytest.mark.parametrize(
    ("way", "meant"),
    [
        (AXIAL, ("L", "P")), (CORONAL, ("L", "F")), (SAGITTAL, ("P", "F")),
        ((-1, 0, 0, 0, 1, 0), ("R", "P")), ((1, 0, 0, 0, -1, 0), ("L", "A")),
        ((0.8, 0.6, 0, -0.6, 0.8, 0), ("LP", "PR")), ((1, 0, 0, 0, 0.98, 0.199), ("L", "P")),
        ((0, 0, 0, 0, 1, 0), None), ((1, 0, 0), None),
    ],
)  # fmt: skip
def test_the_orientation_of_a_slice_names_its_edges(
    way: tuple[float, ...], meant: tuple[str, str] | None
) -> None:
    assert of_dicom(ImageOrientationPatient=list(way)) == meant


@pytest.mark.parametrize(
    ("said", "meant"),
    [(["L", "F"], ("L", "F")), (["A", "FR"], ("A", "FR")), (["L"], None), (["X", "Y"], None)],
)
def test_a_film_says_it_in_letters(said: list[str], meant: tuple[str, str] | None) -> None:
    assert of_dicom(PatientOrientation=said) == meant


def test_what_is_not_known_or_contradicts_itself_is_not_said() -> None:
    assert of_dicom() is None
    assert of_dicom(ImageOrientationPatient=list(AXIAL), PatientOrientation=["R", "P"]) is None
    assert of_dicom(ImageOrientationPatient=list(AXIAL), PatientOrientation=["L", "P"]) is not None
    animal = {"AnatomicalOrientationType": "QUADRUPED"}
    assert of_dicom(ImageOrientationPatient=list(AXIAL), **animal) is None


@pytest.mark.parametrize(
    ("imager", "calibrated", "meant"),
    [(None, [0.5, 0.7], False), ([0.5, 0.7], [0.5, 0.7], True), ([0.5, 0.7], [0.4, 0.6], False),
     ([0.5, 0.7], None, True)],
)  # fmt: skip
def test_millimetres_at_the_detector_are_said_to_be(
    imager: list[float] | None, calibrated: list[float] | None, meant: bool
) -> None:
    made = dicom(PixelSpacing=calibrated, ImagerPixelSpacing=imager)
    (found,) = read_dicom(saved(made), b"key").slices
    assert found.projected is meant
    assert found.spacing == tuple(calibrated or imager or ())


def test_each_frame_of_an_enhanced_file_has_its_own() -> None:
    frames = [
        item(PlaneOrientationSequence=item(ImageOrientationPatient=list(way)))
        for way in (AXIAL, CORONAL)
    ]
    made = stored(np.arange(40, dtype=np.int16).reshape(2, 4, 5))
    made.PerFrameFunctionalGroupsSequence = frames
    found = [one.toward for one in read_dicom(saved(made), b"key").slices]
    assert found == [("L", "P"), ("L", "F")]


@given(st.sampled_from(ORIENTATIONS))
def test_however_a_volume_is_stored_its_left_is_at_the_edge_that_says_left(way: Any) -> None:
    """Its left third is 100 brighter, its back third 10, its upper third 1, in whatever order and
    direction the file holds its axes."""
    values = np.zeros((6, 6, 6), dtype=np.int16)
    values[:2] += 100  # From the left to the right, ...
    values[:, :2] += 10  # ... from the back to the front, ...
    values[:, :, 4:] += 1  # ... from the feet to the head.
    there = nibabel.nifti1.Nifti1Image(values, np.diag([2.0, 3.0, 4.0, 1.0]))  # type: ignore[no-untyped-call]
    turned = there.as_reoriented(way)  # type: ignore[no-untyped-call]
    slices = read_nifti(nifti(np.asarray(turned.dataobj), turned.affine))
    assert {one.toward for one in slices} == {("L", "P")}
    assert {one.spacing for one in slices} == {(3.0, 2.0)}
    below, above = slices[0].pixels, slices[-1].pixels
    assert [int(below[0, 0]), int(below[0, -1]), int(below[-1, 0])] == [0, 100, 10]
    assert int(above[0, 0]) == 1


def test_a_volume_that_says_nothing_has_no_sides() -> None:
    image = nibabel.nifti1.Nifti1Image(np.zeros((4, 4, 2), np.int16), None)  # type: ignore[no-untyped-call]
    assert {one.toward for one in read_nifti(image.to_bytes())} == {None}


@given(arrays(float, 3, elements=st.floats(-1, 1)))
def test_the_opposite_direction_has_the_opposite_letters(way: Any) -> None:
    opposite = str.maketrans("LRPAHF", "RLAPFH")
    found, back = toward(way, way), toward(-way, -way)
    if found is None:
        assert back is None
    else:
        assert back is not None
        assert back[0] == found[0].translate(opposite)
