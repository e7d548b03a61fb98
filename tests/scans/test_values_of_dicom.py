"""What the numbers of a DICOM file mean, beside pydicom's own reading of the same file."""

from __future__ import annotations

import io
import warnings
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from pydicom import dcmread
from pydicom.dataset import Dataset
from pydicom.pixels.processing import apply_modality_lut, convert_color_space
from pydicom.pixels.utils import pixel_array
from pydicom.sequence import Sequence
from pydicom.uid import ExplicitVRBigEndian, ImplicitVRLittleEndian, RLELossless

from pmed_core.modalities.scan.readers.dicom import read_dicom
from pmed_core.modalities.scan.readers.slices import NotAScan, Slice, Unreadable
from tests.scans.made import collected, decision, dicom, item, rules, saved, shown, stored

KEY = b"key"
ENHANCED = "1.2.840.10008.5.1.4.1.1.2.1"


def one(dataset: Dataset) -> Slice:
    (found,) = read_dicom(saved(dataset), KEY).slices
    return found


def theirs(dataset: Dataset) -> NDArray[Any]:
    """The values that pydicom makes of the file, frame by frame."""
    again = dcmread(io.BytesIO(saved(dataset)))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        values = np.asarray(apply_modality_lut(pixel_array(again), again), dtype=np.float64)
    return values if "NumberOfFrames" in again and again.NumberOfFrames > 1 else values[None]


def said(found: Slice) -> dict[str, str]:
    return dict(found.remarks)


@settings(max_examples=60, deadline=None)
@given(
    kind=st.sampled_from(["u1", "i1", "u2", "i2", "u4", "i4"]), frames=st.integers(1, 3),
    spare=st.integers(0, 5), rubbish=st.booleans(), packed=st.booleans(),
    slope=st.sampled_from([1.0, 2.0, 0.25, -1.0]), shift=st.sampled_from([0.0, -1024.0, 0.5]),
    seed=st.integers(0, 10**6),
)  # fmt: skip
def test_stored_values_become_what_pydicom_says_they_mean(
    kind: str, frames: int, spare: int, rubbish: bool, packed: bool, slope: float, shift: float,
    seed: int,
) -> None:  # fmt: skip
    """Also where old files keep other things in the bits that the values leave free."""
    draw = np.random.default_rng(seed)
    size = np.dtype(kind).itemsize * 8
    bits = size - min(spare, size // 2)
    raw = draw.integers(0, 2**bits, (frames, 4, 6))
    if rubbish:
        raw |= draw.integers(0, 2 ** (size - bits), raw.shape) << bits
    made = stored(
        raw.astype(f"u{size // 8}"), PixelRepresentation=int(kind[0] == "i"), BitsStored=bits,
        HighBit=bits - 1, RescaleSlope=slope, RescaleIntercept=shift, Modality="PT",
        NumberOfFrames=frames,
    )  # fmt: skip
    if packed and size < 32:
        made.compress(RLELossless, generate_instance_uid=False)
    expected = theirs(made)
    whole = raw & (2**bits - 1)
    meant = np.where(whole >= 2 ** (bits - 1), whole - 2**bits, whole) if kind[0] == "i" else whole
    if not packed:
        assert np.allclose(expected, meant * slope + shift), "worked out by hand"
    for found, values in zip(read_dicom(saved(made), KEY).slices, expected, strict=True):
        assert np.allclose(found.pixels, values, rtol=2e-7, atol=1e-6)


@pytest.mark.parametrize("syntax", [ExplicitVRBigEndian, ImplicitVRLittleEndian])
@pytest.mark.parametrize("kind", ["u1", "i2", "u2", "i4"])
def test_every_way_of_writing_numbers_gives_the_same(syntax: str, kind: str) -> None:
    order = ">" if syntax == ExplicitVRBigEndian else "<"
    values = np.random.default_rng(0).integers(0, 120, (2, 4, 6)).astype(order + kind)
    made = stored(values, RescaleIntercept=0)
    made.file_meta.TransferSyntaxUID = syntax
    made["PixelData"].VR = "OB" if kind == "u1" else "OW"
    found = read_dicom(saved(made), KEY).slices
    assert np.array_equal(np.stack([frame.pixels for frame in found]), values)


@pytest.mark.parametrize("planar", [0, 1])
@pytest.mark.parametrize("kind", ["RGB", "YBR_FULL"])
def test_colours_are_those_of_the_picture_however_they_lie(planar: int, kind: str) -> None:
    colour = np.random.default_rng(1).integers(0, 256, (4, 6, 3)).astype(np.uint8)
    lying = np.moveaxis(colour, -1, 0) if planar else colour
    made = stored(colour[..., 0], SamplesPerPixel=3, PlanarConfiguration=planar, Modality="NM",
                  PhotometricInterpretation=kind, PixelData=lying.tobytes())  # fmt: skip
    expected = colour if kind == "RGB" else convert_color_space(colour, "YBR_FULL", "RGB")
    assert np.array_equal(one(made).pixels, expected)


@settings(max_examples=40, deadline=None)
@given(
    first=st.integers(-3, 3), count=st.integers(2, 12), seed=st.integers(0, 1000),
    dark=st.booleans(),
)  # fmt: skip
def test_a_table_of_values_is_that_of_pydicom_also_beyond_its_ends(
    first: int, count: int, seed: int, dark: bool
) -> None:
    draw = np.random.default_rng(seed)
    values = draw.integers(0, 65536, count).astype("<u2")
    table = item(LUTDescriptor=[count, first, 16], LUTData=values.tobytes())
    table.ModalityLUTType = "US"
    made = stored(
        draw.integers(-6, 18, (3, 5)).astype(np.int16), Modality="DX",
        ModalityLUTSequence=Sequence([table]),
        PhotometricInterpretation="MONOCHROME1" if dark else "MONOCHROME2",
    )  # fmt: skip
    del made.RescaleSlope, made.RescaleIntercept
    # The first value of a table is signed, as the pixels are.
    table["LUTDescriptor"].VR = "SS"
    expected = theirs(made)[0]
    assert np.array_equal(one(made).pixels, 65535 - expected if dark else expected)


@pytest.mark.parametrize(
    ("value", "limit", "kept"),
    [(-2000, None, False), (-2000, -1990, False), (-1990, -2000, False), (0, None, True),
     (-3, 3, True), (-32768, -1500, False)],
)  # fmt: skip
def test_padding_is_what_lies_outside_of_the_picture(
    value: int, limit: int | None, kept: bool
) -> None:
    pixels = np.array([[-2000, -1995, 0], [5, -40, 900]], np.int16)
    made = stored(pixels, RescaleIntercept=0)
    made.add_new(0x00280120, "SS", value)
    if limit is not None:
        made.add_new(0x00280121, "SS", limit)
    found = one(made)
    low, high = sorted((value, value if limit is None else limit))
    padded = (pixels >= low) & (pixels <= high)
    expected = pixels if kept else np.where(padded, pixels[~padded].min(), pixels)
    assert np.array_equal(found.pixels, expected)
    assert ("left as it is" in said(found)["padding"]) == kept


@pytest.mark.parametrize("dark", [True, False])
def test_padding_is_dark_also_where_the_picture_is_turned_round(dark: bool) -> None:
    """Stored white round a film that is dark on bright: nothing bright is left round it."""
    pixels = np.array([[255, 255, 10], [255, 60, 200]], np.uint8)
    made = stored(pixels, Modality="DX", RescaleIntercept=0,
                  PhotometricInterpretation="MONOCHROME1" if dark else "MONOCHROME2")  # fmt: skip
    made.add_new(0x00280120, "US", 255)
    expected = [[55, 55, 245], [55, 195, 55]] if dark else [[10, 10, 10], [10, 60, 200]]
    assert one(made).pixels.tolist() == expected


def grouped(frames: list[Dataset], pixels: NDArray[Any], shared: Dataset | None = None) -> Dataset:
    made = stored(pixels, SOPClassUID=ENHANCED)
    made.file_meta.MediaStorageSOPClassUID = ENHANCED
    for name in ("RescaleSlope", "RescaleIntercept", "WindowCenter", "WindowWidth"):
        delattr(made, name)
    if shared is not None:
        made.SharedFunctionalGroupsSequence = Sequence([shared])
    made.PerFrameFunctionalGroupsSequence = Sequence(frames)
    return made


def line(slope: float, shift: float) -> Dataset:
    return item(RescaleSlope=slope, RescaleIntercept=shift, RescaleType="HU")


@settings(max_examples=30, deadline=None)
@given(
    own=st.lists(st.sampled_from([None, (1.0, -1024.0), (2.0, 3.0), (0.5, 0.0)]), min_size=1,
                 max_size=4),
    shared=st.sampled_from([None, (1.0, 7.0), (4.0, -4.0)]),
    window=st.booleans(),
)  # fmt: skip
def test_each_frame_has_its_own_line_or_the_shared_one(
    own: list[tuple[float, float] | None], shared: tuple[float, float] | None, window: bool
) -> None:
    pixels = np.random.default_rng(len(own)).integers(0, 500, (len(own), 3, 4)).astype(np.uint16)
    frames, meant = [], []
    for k, (line_of, raw) in enumerate(zip(own, pixels, strict=True)):
        groups = {} if line_of is None else {"PixelValueTransformationSequence": line(*line_of)}
        if window:
            groups["FrameVOILUTSequence"] = item(WindowCenter=40 + k, WindowWidth=400)
        frames.append(item(**groups))
        slope, shift = line_of or shared or (1.0, 0.0)
        meant.append(raw * slope + shift)
    whole = None if shared is None else item(PixelValueTransformationSequence=line(*shared))
    found = read_dicom(saved(grouped(frames, pixels, whole)), KEY).slices
    for k, (frame, values) in enumerate(zip(found, meant, strict=True)):
        assert np.allclose(frame.pixels, values)
        assert frame.unit == ("HU" if own[k] or shared else "")
        assert frame.window == ((40.0 + k, 400.0) if window else None)


def test_a_line_that_is_no_number_costs_the_file_and_not_its_neighbours(tmp_path: Path) -> None:
    made = dicom(RescaleSlope="1.5", SOPInstanceUID="1.2.1")
    spoiled = saved(made).replace(b"1.5 ", b"1,5 ", 1)
    files = {"bad.dcm": spoiled, "good.dcm": saved(dicom(SOPInstanceUID="1.2.2"))}
    cohort = collected(tmp_path, files)
    assert cohort.table["scan"].tolist() == ["good.dcm"]
    assert "stored values to meant ones is no number" in decision(cohort, "skipped").sentence


@pytest.mark.parametrize(("bits", "high"), [(12, 15), (8, 15), (10, 12)])
def test_values_in_the_high_bits_are_refused(bits: int, high: int) -> None:
    made = stored(np.zeros((4, 5), np.uint16), BitsStored=bits, HighBit=high)
    with pytest.raises(Unreadable, match="high bits of their cells"):
        read_dicom(saved(made), KEY)


@pytest.mark.parametrize(
    ("more", "window", "rule"),
    [
        ({"WindowCenter": [40, 300], "WindowWidth": [400, 1500]}, (40.0, 400.0), False),
        ({"WindowWidth": 0}, None, True), ({"WindowWidth": -5}, None, True),
        ({"WindowCenter": None, "WindowWidth": None}, None, False),
        ({"VOILUTFunction": "SIGMOID"}, (-600.0, 1500.0), True),
        ({"VOILUTFunction": "LINEAR"}, (-600.0, 1500.0), False),
    ],
)  # fmt: skip
def test_a_window_is_for_looking_and_changes_no_value(
    more: dict[str, Any], window: tuple[float, float] | None, rule: bool
) -> None:
    found = one(dicom(**more))
    assert found.window == window
    assert ("window" in said(found)) == rule
    assert np.array_equal(found.pixels, theirs(dicom())[0])


def test_colours_above_grey_values_are_refused_where_they_are_used() -> None:
    """A supplemental palette, as of flow in colour over grey."""
    more = {"RedPaletteColorLookupTableDescriptor": [16, 100, 16], "PixelPresentation": "COLOR"}
    assert one(stored(np.full((2, 2), 99, np.uint16), Modality="MR", **more)).pixels.max() < 100
    with pytest.raises(Unreadable, match="mixes grey values and colours"):
        one(stored(np.full((2, 2), 100, np.uint16), Modality="MR", **more))


@pytest.mark.parametrize(
    ("more", "told"),
    [({"PixelAspectRatio": [1, 2]}, True), ({"PixelAspectRatio": [3, 3]}, False), ({}, False)],
)
def test_pixels_that_are_not_square_are_told_where_no_size_is_known(
    more: dict[str, Any], told: bool
) -> None:
    made = dicom(Modality="DX", **more)
    del made.PixelSpacing
    assert ("aspect" in said(one(made))) == told
    assert one(made).spacing is None
    assert one(dicom(Modality="DX", **more)).spacing == (0.5, 0.7)


@pytest.mark.parametrize(
    "name", ["Rows", "Columns", "PixelData", "BitsAllocated", "PhotometricInterpretation"]
)
def test_a_file_without_what_a_picture_needs_is_named(name: str, tmp_path: Path) -> None:
    made = dicom(SOPInstanceUID="1.2.1")
    delattr(made, name)
    files = {"bad.dcm": saved(made), "good.dcm": saved(dicom(SOPInstanceUID="1.2.2"))}
    cohort = collected(tmp_path, files)
    assert cohort.table["scan"].tolist() == ["good.dcm"]
    assert "bad.dcm" in decision(cohort, "skipped").sentence


@pytest.mark.parametrize(
    "name",
    ["InstanceNumber", "SeriesInstanceUID", "SOPInstanceUID", "PatientID", "Modality",
     "WindowCenter", "PixelSpacing", "PatientName", "StudyDate"],
)  # fmt: skip
def test_a_file_without_what_only_helps_is_read_as_it_is(name: str) -> None:
    made = dicom(InstanceNumber=3)
    delattr(made, name)
    assert np.array_equal(one(made).pixels, theirs(made)[0])


def test_reports_and_plans_beside_scans_are_counted_by_what_they_are(tmp_path: Path) -> None:
    kinds = {"1.2.840.10008.5.1.4.1.1.88.67": 2, "1.2.840.10008.5.1.4.1.1.481.5": 1,
             "1.2.840.10008.5.1.4.1.1.11.1": 3}  # fmt: skip
    files = {"1.dcm": saved(dicom(InstanceNumber=1))}
    for sop, count in kinds.items():
        for k in range(count):
            made = dicom(SOPClassUID=sop, SOPInstanceUID=f"1.9.{len(files)}")
            del made.PixelData
            files[f"{sop[-4:]}-{k}.dcm"] = saved(made)
    cohort = collected(tmp_path, files)
    aside = {one.value: one.cells for one in cohort.reading if one.rule == "set-aside"}
    assert aside == {"a dose report": 2, "a radiotherapy plan": 1, "a presentation state": 3}
    assert "skipped" not in rules(cohort)


@pytest.mark.parametrize(
    ("more", "kind"),
    [({"SOPClassUID": "1.2.840.10008.1.3.10"}, "the table of contents of a disc"),
     ({"SOPClassUID": "1.2.840.10008.5.1.4.1.1.77.1.6", "NumberOfFrames": 4,
       "PixelData": bytes(160)}, "a whole-slide picture in tiles"),
     ({"SOPClassUID": "1.2.3", "Modality": "RTDOSE"}, "a radiotherapy dose"),
     ({"SOPClassUID": "1.2.3", "Modality": "SR"}, "a structured report")],
)  # fmt: skip
def test_what_is_no_picture_of_a_patient_is_told_by_class_or_modality(
    more: dict[str, Any], kind: str
) -> None:
    with pytest.raises(NotAScan) as refusal:
        read_dicom(saved(dicom(**more)), KEY, looked_at=True)
    assert refusal.value.kind == kind


def test_pictures_that_may_show_a_name_are_taken_once_somebody_looked(tmp_path: Path) -> None:
    files = {f"{k}.dcm": saved(dicom(Modality=kind, SOPInstanceUID=f"1.2.{k}", **more))
             for k, (kind, more) in enumerate([
                 ("CT", {}), ("US", {}), ("US", {"BurnedInAnnotation": "NO"}),
                 ("US", {"BurnedInAnnotation": "YES"}), ("OT", {"SecondaryCaptureDeviceID": "x"}),
             ])}  # fmt: skip
    cohort = collected(tmp_path, files)
    assert sorted(cohort.table["scan"]) == ["0.dcm", "2.dcm"]
    waiting = decision(cohort, "looked-at")
    assert (waiting.cells, waiting.value) == (3, "left out")
    cohort = collected(tmp_path, files, looked_at="taken")
    assert sorted(cohort.table["scan"]) == ["0.dcm", "1.dcm", "2.dcm", "4.dcm"]
    assert decision(cohort, "looked-at").cells == 1, "a file that says so is believed"
    assert np.array_equal(shown(cohort, "1.dcm"), theirs(dicom())[0])
