"""The outlines of a series as DICOM: its values, its links, and whose it is."""

from __future__ import annotations

import io
import zipfile
from pathlib import Path
from typing import Any

import highdicom as hd
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from pydicom import dcmread
from pydicom.dataset import Dataset
from pydicom.pixels import apply_modality_lut
from pydicom.uid import (
    UID,
    CTImageStorage,
    SecondaryCaptureImageStorage,
    SegmentationStorage,
)

from pmed_core.errors import UserError
from pmed_core.evidence import SeriesOutline
from pmed_core.reports.dicom import as_zip, segmentation_of_files
from pmed_core.scans import Frame, Scans
from pmed_core.settings import RESEARCH_ONLY, VERSION
from tests.scans.made import dicom, saved

SHAPE = (4, 5)


def scans(
    values: NDArray[Any], series: str = "S1", spacing: Any = (0.5, 0.7), depth: Any = 2.5,
    unit: Any = "",
) -> Scans:  # fmt: skip
    """(slices, height, width) or (slices, height, width, 3) as a series named s0, s1, ..."""
    size = values[0].nbytes
    frames = {
        f"s{k}": Frame(k * size, one.shape, one.dtype.name, unit, None, spacing, series, depth)
        for k, one in enumerate(values)
    }
    return Scans(np.frombuffer(values.tobytes(), np.uint8), frames)


def exported(found: Scans, outline: Any = None, model: str = "A model") -> tuple[Any, Any]:
    """The segmentation and the slices, as another reader reads them."""
    names = tuple(found.frames)
    if outline is None:
        outline = np.ones((len(names), *SHAPE), dtype=bool)
    packed = as_zip(found, SeriesOutline(names, outline), model)
    with zipfile.ZipFile(io.BytesIO(packed)) as archive:
        assert RESEARCH_ONLY in archive.read("README.txt").decode()
        slices = [
            dcmread(io.BytesIO(archive.read(name)))
            for name in sorted(archive.namelist())
            if name.startswith("slices/")
        ]
        return hd.seg.segread(io.BytesIO(archive.read("outline.dcm"))), slices


def numbers(dtype: Any, count: int = 2) -> NDArray[Any]:
    """Over the whole range of a type."""
    generator = np.random.default_rng(1)
    if np.dtype(dtype).kind == "f":
        return generator.uniform(-3, 5, (count, *SHAPE)).astype(dtype)
    ends = np.iinfo(dtype)
    found = generator.integers(ends.min, ends.max, (count, *SHAPE), endpoint=True)
    found[0, 0, :2] = ends.min, ends.max
    return found.astype(dtype)


@pytest.mark.parametrize("dtype", ["uint8", "int16", "uint16"])
def test_whole_numbers_are_exported_as_they_are(dtype: str) -> None:
    values = numbers(dtype)
    _, slices = exported(scans(values))
    for one, written in zip(values, slices, strict=True):
        assert (apply_modality_lut(written.pixel_array, written) == one).all()
        assert (written.RescaleSlope, written.RescaleIntercept) == (1, 0)


@settings(max_examples=25)
@given(st.floats(-1e6, 1e6, width=32), st.floats(2**-9, 1e6, width=32))
def test_fractions_are_exported_within_a_step_of_sixteen_bits(low: float, span: float) -> None:
    values = (low + span * np.random.default_rng(1).random((2, *SHAPE))).astype(np.float32)
    _, slices = exported(scans(values))
    step = (float(values.max()) - float(values.min())) / 65535
    for one, written in zip(values, slices, strict=True):
        again = apply_modality_lut(written.pixel_array, written)
        # DICOM writes numbers in at most 16 characters.
        assert np.abs(again - one).max() <= 0.51 * step + 2e-7 * abs(low) + 1e-9
    assert len({(one.RescaleSlope, one.RescaleIntercept) for one in slices}) == 1


def test_a_segmentation_names_this_program_and_its_version() -> None:
    written, _ = exported(scans(numbers("uint8")))
    (algorithm,) = written.SegmentSequence[0].SegmentationAlgorithmIdentificationSequence
    assert algorithm.AlgorithmVersion == VERSION
    assert (written.Manufacturer, written.SoftwareVersions) == ("pmed", VERSION)


def test_shares_between_0_and_1_do_not_become_black_and_white() -> None:
    values = np.linspace(0, 1, 40).reshape(2, *SHAPE).astype(np.float32)
    _, slices = exported(scans(values))
    assert len(np.unique([one.pixel_array for one in slices])) == 40


def test_of_colours_the_mean_is_exported() -> None:
    colours = np.zeros((1, *SHAPE, 3), np.uint8)
    colours[0, 1, 2] = 10, 20, 33
    _, (written,) = exported(scans(colours, depth=None))
    assert apply_modality_lut(written.pixel_array, written)[1, 2] == pytest.approx(21, abs=1e-3)


def test_a_series_of_one_value_is_exported() -> None:
    _, slices = exported(scans(np.full((2, *SHAPE), 0.25, np.float32)))
    again = apply_modality_lut(slices[0].pixel_array, slices[0])
    assert again == pytest.approx(np.full(SHAPE, 0.25))


REQUIRED = (
    "SOPClassUID", "SOPInstanceUID", "StudyInstanceUID", "SeriesInstanceUID",
    "FrameOfReferenceUID", "Modality", "ImageType", "SamplesPerPixel", "Rows", "Columns",
    "PhotometricInterpretation", "BitsAllocated", "BitsStored", "HighBit", "PixelRepresentation",
    "RescaleSlope", "RescaleIntercept", "PixelSpacing", "ImagePositionPatient",
    "ImageOrientationPatient", "PixelData",
)  # fmt: skip
"""Of CT images, those that must hold something (PS3.3 A.3)."""
PRESENT = (
    "PatientName", "PatientID", "PatientBirthDate", "PatientSex", "StudyDate", "StudyTime",
    "AccessionNumber", "ReferringPhysicianName", "StudyID", "SeriesNumber", "Manufacturer",
    "InstanceNumber", "SliceThickness", "KVP", "AcquisitionNumber", "PositionReferenceIndicator",
)  # fmt: skip
"""Those that may be empty, and must be there."""


def test_numbers_of_no_known_unit_are_no_ct() -> None:
    _, slices = exported(scans(numbers("int16")))
    for one in slices:
        assert one.SOPClassUID == one.file_meta.MediaStorageSOPClassUID
        assert one.SOPClassUID == SecondaryCaptureImageStorage
        assert (one.Modality, one.ConversionType, one.RescaleType) == ("OT", "WSD", "US")


def test_a_slice_has_what_dicom_requires_and_says_that_it_is_derived() -> None:
    _, slices = exported(scans(numbers("int16"), unit="HU"))
    for place, one in enumerate(slices):
        assert [name for name in REQUIRED if one.get(name) in (None, "")] == []
        assert [name for name in PRESENT if name not in one] == []
        assert one.SOPClassUID == one.file_meta.MediaStorageSOPClassUID == CTImageStorage
        assert one.SOPInstanceUID == one.file_meta.MediaStorageSOPInstanceUID
        assert list(one.ImageType) == ["DERIVED", "SECONDARY", "AXIAL"]
        assert (one.BurnedInAnnotation, one.PatientIdentityRemoved) == ("NO", "YES")
        assert one.SeriesDescription == RESEARCH_ONLY
        assert list(one.PixelSpacing) == [0.5, 0.7]
        assert list(one.ImagePositionPatient) == [0, 0, 2.5 * place]
        assert one.SliceThickness == 2.5
        assert all(UID(one.get(name)).is_valid for name in REQUIRED[:5])


def test_the_segmentation_refers_to_its_slices_and_lies_on_their_pixels() -> None:
    outline = np.zeros((3, *SHAPE), dtype=bool)
    outline[0, 1, 2] = outline[2, 0:2, 4] = True
    written, slices = exported(scans(numbers("int16", 3)), outline)
    assert written.SOPClassUID == SegmentationStorage
    uids = [one.SOPInstanceUID for one in slices]
    again = written.get_pixels_by_source_instance(uids, ignore_spatial_locations=True)
    assert (again[..., 0] == outline).all()
    referred = written.ReferencedSeriesSequence[0]
    assert referred.SeriesInstanceUID == slices[0].SeriesInstanceUID
    assert [one.ReferencedSOPInstanceUID for one in referred.ReferencedInstanceSequence] == uids
    for name in ("StudyInstanceUID", "FrameOfReferenceUID", "PatientID", "PatientName"):
        assert written.get(name) == slices[0].get(name)
    assert written.SeriesInstanceUID != slices[0].SeriesInstanceUID
    assert written.ImageType[0] == "DERIVED"
    assert {written.SeriesDescription, written.ContentDescription} == {RESEARCH_ONLY}


def test_a_series_on_which_nothing_is_outlined_is_exported_too() -> None:
    outline = np.zeros((2, *SHAPE), dtype=bool)
    written, slices = exported(scans(numbers("int16")), outline)
    uids = [one.SOPInstanceUID for one in slices]
    assert not written.get_pixels_by_source_instance(uids).any()


IDENTITY = ("PatientID", "StudyInstanceUID", "SeriesInstanceUID", "FrameOfReferenceUID")


@pytest.mark.parametrize("series", ["", "Sct.nii.gz"], ids=["single scans", "the same file name"])
def test_two_patients_whose_files_are_called_alike_are_two_patients(series: str) -> None:
    first, second = (exported(scans(numbers("int16", 2) + np.int16(k), series))[1] for k in (0, 1))
    for name in IDENTITY:
        assert first[0].get(name) != second[0].get(name)
    uids = {one.SOPInstanceUID for one in (*first, *second)}
    assert len(uids) == 4


def test_the_same_series_is_the_same_series_again_and_its_outline_a_new_one() -> None:
    found = scans(numbers("int16"))
    (one, slices), (other, again) = exported(found), exported(found)
    for name in (*IDENTITY, "SOPInstanceUID"):
        assert [s.get(name) for s in slices] == [s.get(name) for s in again]
    assert one.SOPInstanceUID != other.SOPInstanceUID


def test_slices_that_look_alike_are_told_apart() -> None:
    _, slices = exported(scans(np.zeros((3, *SHAPE), np.int16)))
    assert len({one.SOPInstanceUID for one in slices}) == 3
    assert len({one.SeriesInstanceUID for one in slices}) == 1


def test_a_pseudonym_holds_nothing_of_the_series_name() -> None:
    written, slices = exported(scans(numbers("int16"), "SJane Doe.nii.gz"))
    for one in (written, *slices):
        assert "Jane" not in str(one)


@pytest.mark.parametrize(
    ("spacing", "depth", "said"),
    [(None, 2.5, "size of its pixels"), ((0.5, 0.7), None, "distance between its slices"),
     ((0.5, 0.7), 0.0, "distance between its slices")],
)  # fmt: skip
def test_no_geometry_is_invented(spacing: Any, depth: Any, said: str) -> None:
    with pytest.raises(UserError, match=said) as raised:
        exported(scans(numbers("int16"), spacing=spacing, depth=depth))
    assert "take the outline as PNG" in str(raised.value)


@pytest.mark.parametrize("depth", [None, 2.5])
def test_a_single_slice_of_unknown_thickness_says_so(depth: float | None) -> None:
    found = scans(numbers("int16", 1), depth=depth)
    _, (one,) = exported(found)
    assert one.SliceThickness == (depth or 1)
    packed = as_zip(found, SeriesOutline(("s0",), np.ones((1, *SHAPE), dtype=bool)), "m")
    with zipfile.ZipFile(io.BytesIO(packed)) as archive:
        assert ("not known" in archive.read("README.txt").decode()) == (depth is None)


@pytest.mark.parametrize(
    ("model", "written"),
    [("模型 3", "模型 3"), ("модель", "модель"), ("نموذج", "نموذج"), ("a\\b", "a/b"),
     ("two\nlines\x00", "two lines"), ("<b>x</b> & ^=", "<b>x</b> & ^="), ("  ", "pmed"),
     ("x" * 70, "x" * 64)],
)  # fmt: skip
def test_a_models_name_is_one_value_in_any_script(model: str, written: str) -> None:
    found, _ = exported(scans(numbers("int16")), model=model)
    segment = found.SegmentSequence[0]
    assert segment.SegmentAlgorithmName == written
    assert segment.SegmentAlgorithmType == "AUTOMATIC"


def source(path: Path, patient: str, character_set: Any = "ISO_IR 192", **more: Any) -> Path:
    """A slice of a scanner, by whoever is named so."""
    given = {
        "StudyInstanceUID": "1.2.9", "FrameOfReferenceUID": "1.2.8", "PatientID": "P-1",
        "ImagePositionPatient": [0.0, 0.0, 0.0], "ImageOrientationPatient": [1, 0, 0, 0, 1, 0],
        "SliceThickness": 4.0, "PatientSex": "", "StudyID": "", "StudyTime": "",
        "AccessionNumber": "", "ReferringPhysicianName": "", "SeriesNumber": 1,
        "InstanceNumber": 1, "PositionReferenceIndicator": "", "Manufacturer": "nobody",
        "SpecificCharacterSet": character_set,
    }  # fmt: skip
    path.write_bytes(saved(dicom(patient, **given | more)))
    return path


@pytest.mark.parametrize(
    ("name", "character_set"),
    [("山田^太郎", "ISO_IR 192"), ("Müller^Jörg", "ISO_IR 100"), ("Иванов^Иван", "ISO_IR 144"),
     ("Yamada^Tarou=山田^太郎=やまだ^たろう", ["", "ISO 2022 IR 87"])],
)  # fmt: skip
def test_a_patient_keeps_the_name_of_the_source(
    tmp_path: Path, name: str, character_set: Any
) -> None:
    file = source(tmp_path / "a.dcm", name, character_set)
    written: Dataset = dcmread(
        io.BytesIO(segmentation_of_files([file], np.ones((1, *SHAPE), dtype=bool), "模型"))
    )
    assert str(written.PatientName) == name
    assert written.PatientID == "P-1"
    assert written.SegmentSequence[0].SegmentAlgorithmName == "模型"
    referred = written.ReferencedSeriesSequence[0].ReferencedInstanceSequence[0]
    assert referred.ReferencedSOPInstanceUID == dcmread(file).SOPInstanceUID


@pytest.mark.parametrize("lacking", ["FrameOfReferenceUID", "StudyInstanceUID", "PixelSpacing"])
def test_a_source_without_a_place_is_refused_in_one_sentence(tmp_path: Path, lacking: str) -> None:
    file = source(tmp_path / "a.dcm", "Doe^Jane")
    dataset = dcmread(file)
    del dataset[lacking]
    dataset.save_as(file)
    with pytest.raises(UserError, match="No DICOM segmentation can refer to it") as raised:
        segmentation_of_files([file], np.ones((1, *SHAPE), dtype=bool), "m")
    assert str(tmp_path) not in str(raised.value)
    assert "a.dcm" in str(raised.value)
