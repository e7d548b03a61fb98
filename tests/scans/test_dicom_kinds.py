"""DICOM files of every kind, made here: what their values mean, and which are no scan."""

from __future__ import annotations

import io
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydicom.dataset import Dataset
from pydicom.sequence import Sequence

from pmed_core.modalities.scan.readers.dicom import is_dicom, read_dicom
from pmed_core.modalities.scan.readers.order import arranged, natural
from pmed_core.modalities.scan.readers.scans import read_scans
from pmed_core.modalities.scan.readers.segmentations import read_segmentation
from pmed_core.modalities.scan.readers.slices import NotAScan, Slice, Unreadable, WrittenOn
from tests.scans.made import dicom, saved, zipped
from tests.scans.made import stored as holding

KEY = b"key"
ENHANCED = {"CT": "1.2.840.10008.5.1.4.1.1.2.1", "MR": "1.2.840.10008.5.1.4.1.1.4.1"}


def one(dataset: Dataset) -> Slice:
    (found,) = read_dicom(saved(dataset), KEY).slices
    return found


def item(**given: Any) -> Dataset:
    made = Dataset()
    for name, value in given.items():
        setattr(made, name, Sequence([value]) if isinstance(value, Dataset) else value)
    return made


def enhanced(frames: list[Dataset], modality: str = "CT") -> Dataset:
    """A file in functional groups whose frames hold 100, 200, ..."""
    pixels = np.full((len(frames), 2, 3), 100, np.uint16)
    pixels *= np.arange(1, len(frames) + 1, dtype=np.uint16)[:, None, None]
    made = holding(pixels, Modality=modality, SOPClassUID=ENHANCED[modality])
    for name in ("PixelSpacing", "RescaleSlope", "RescaleIntercept"):
        del made[name]
    made.file_meta.MediaStorageSOPClassUID = ENHANCED[modality]
    made.SharedFunctionalGroupsSequence = Sequence([
        item(
            PlaneOrientationSequence=item(ImageOrientationPatient=[1, 0, 0, 0, 1, 0]),
            PixelMeasuresSequence=item(PixelSpacing=[0.7, 0.8], SliceThickness=5),
        )
    ])  # fmt: skip
    made.PerFrameFunctionalGroupsSequence = Sequence(frames)
    return made


def placed(z: float, slope: float = 1, shift: float = 0, kind: str = "HU", **more: Any) -> Dataset:
    return item(
        PlanePositionSequence=item(ImagePositionPatient=[0, 0, z]),
        PixelValueTransformationSequence=item(
            RescaleSlope=slope, RescaleIntercept=shift, RescaleType=kind
        ),
        **more,
    )


def test_functional_groups_say_values_places_and_sizes(tmp_path: Path) -> None:
    made = enhanced([placed(10, 1, -1024), placed(0, 2, 0), placed(5, 1, 7, "MGML")])
    (tmp_path / "a.dcm").write_bytes(saved(made))
    cohort = read_scans(tmp_path, key=KEY)
    assert cohort.scans is not None
    names = cohort.table["scan"].tolist()
    assert names == ["a.dcm#2", "a.dcm#3", "a.dcm#1"]
    assert [int(cohort.scans.pixels(name)[0, 0]) for name in names] == [400, 307, -924]
    frames = [cohort.scans.frames[name] for name in names]
    assert [frame.unit for frame in frames] == ["HU", "", "HU"]
    assert {(frame.spacing, frame.depth) for frame in frames} == {((0.7, 0.8), 5.0)}


def test_moments_and_b_values_of_one_file_are_volumes_of_their_own() -> None:
    frames = [
        placed(z, kind="US", MRDiffusionSequence=item(DiffusionBValue=float(b)))
        for z in (0, 3, 6)
        for b in (0, 1000)
    ]
    slices = [replace(s, file="a") for s in read_dicom(saved(enhanced(frames, "MR")), KEY).slices]
    found = list(arranged({f"#{k + 1}": s for k, s in enumerate(slices)}).items())
    assert [name for name, _ in found] == ["#1", "#3", "#5", "#2", "#4", "#6"]
    assert len({s.series for _, s in found[:3]}) == len({s.series for _, s in found[3:]}) == 1
    assert len({s.series for _, s in found}) == 2
    assert any(rule == "volumes" for rule, _ in found[0][1].remarks)


def test_a_file_without_a_place_does_not_spoil_the_order_of_its_series() -> None:
    slices = {f"{z}": one(dicom(ImagePositionPatient=[0, 0, z], InstanceNumber=9 - z))
              for z in (4, 1, 3)}  # fmt: skip
    found = arranged(slices | {"odd": one(dicom(InstanceNumber=2))})
    assert [name for name in found if name != "odd"] == ["1", "3", "4"]
    assert found["odd"].series != found["1"].series


def test_a_film_has_no_depth_and_keeps_its_order() -> None:
    film = holding(np.arange(3 * 4, dtype=np.uint8).reshape(3, 2, 2), Modality="US",
                   ImagePositionPatient=[0, 0, 4], SliceThickness=2)  # fmt: skip
    slices = read_dicom(saved(film), KEY, looked_at=True).slices
    assert [(s.number, s.depth, s.placed) for s in slices] == [
        (1.0, None, False), (2.0, None, False), (3.0, None, False),
    ]  # fmt: skip
    assert all("frames" in dict(s.remarks) for s in slices)


@pytest.mark.parametrize(
    ("more", "unit"),
    [
        ({}, "HU"), ({"RescaleType": "HU"}, "HU"), ({"RescaleType": "hu "}, "HU"),
        ({"RescaleType": "MGML"}, ""), ({"RescaleType": "US"}, ""), ({"RescaleType": "HU_MOD"}, ""),
        ({"RescaleType": "Z_EFF"}, ""), ({"Modality": "MR", "RescaleType": "HU"}, ""),
        ({"ImageType": ["ORIGINAL", "PRIMARY", "LOCALIZER"]}, ""),
        ({"ImageType": ["DERIVED", "PRIMARY", "AXIAL", "MAT_SPECIFIC"], "RescaleType": "HU"}, ""),
        ({"ImageType": ["DERIVED", "SECONDARY", "MPR"]}, "HU"),
        ({"RescaleIntercept": None, "RescaleSlope": None}, ""),
    ],
)  # fmt: skip
def test_hounsfield_units_only_where_they_are(more: dict[str, Any], unit: str) -> None:
    found = read_dicom(saved(dicom(**more)), KEY).slices[0]
    assert found.unit == unit
    told = "unit" in dict(found.remarks)
    assert told == (unit == "" and more.get("Modality") != "MR")


@pytest.mark.parametrize(
    ("sop", "kind"),
    [
        ("88.11", "a structured report"), ("88.67", "a dose report"),
        ("88.59", "a selection of key pictures"), ("11.1", "a presentation state"),
        ("66.4", "a segmentation"), ("66", "raw data"), ("66.1", "a registration"),
        ("481.2", "a radiotherapy dose"), ("481.3", "a set of radiotherapy outlines"),
        ("481.5", "a radiotherapy plan"), ("104.1", "a document inside a DICOM file"),
        ("9.1.1", "a recording of waves, such as an ECG"),
    ],
)  # fmt: skip
def test_what_is_no_scan_is_named(sop: str, kind: str, tmp_path: Path) -> None:
    made = saved(dicom(SOPClassUID=f"1.2.840.10008.5.1.4.1.1.{sop}"))
    with pytest.raises(NotAScan) as refusal:
        read_dicom(made, KEY, looked_at=True)
    assert refusal.value.kind == kind
    (tmp_path / "s.zip").write_bytes(zipped({"a/1.dcm": made, "a/2.dcm": saved(dicom())}))
    assert len(read_scans(tmp_path / "s.zip", key=KEY)) == 1


@pytest.mark.parametrize(
    "more", [{"ImageType": ["DERIVED", "SECONDARY", "SCREEN SAVE"], "BurnedInAnnotation": "NO"},
             {"SeriesDescription": "Dose Report"}, {"SeriesDescription": "Patient Protocol"}],
)  # fmt: skip
def test_screens_and_pages_of_text_are_no_scans(more: dict[str, Any]) -> None:
    with pytest.raises(NotAScan):
        read_dicom(saved(dicom(**more)), KEY, looked_at=True)


@pytest.mark.parametrize(
    "more",
    [{"SOPClassUID": "1.2.840.10008.5.1.4.1.1.7"}, {"SOPClassUID": "1.2.840.10008.5.1.4.1.1.7.4"},
     {"ConversionType": "WSD"}, {"SecondaryCaptureDeviceManufacturer": "x"}],
)  # fmt: skip
def test_secondary_captures_wait_for_a_person_whatever_their_modality(more: dict[str, Any]) -> None:
    with pytest.raises(WrittenOn):
        read_dicom(saved(dicom(**more)), KEY)
    assert read_dicom(saved(dicom(**more)), KEY, looked_at=True).slices


def test_derived_slices_of_a_scanner_are_scans() -> None:
    assert one(dicom(ImageType=["DERIVED", "SECONDARY", "MPR"])).unit == "HU"


@pytest.mark.parametrize("depth", [8, 16])
@pytest.mark.parametrize("first", [0, 3])
def test_palettes_give_their_colours(depth: int, first: int) -> None:
    draw = np.random.default_rng(depth)
    tables = draw.integers(0, 2**depth, (3, 16)).astype(np.uint8 if depth == 8 else np.uint16)
    stored = draw.integers(0, 20, (4, 6)).astype(np.uint8)
    more: dict[str, Any] = {"PhotometricInterpretation": "PALETTE COLOR", "Modality": "NM"}
    for name, table in zip(("Red", "Green", "Blue"), tables, strict=True):
        more[f"{name}PaletteColorLookupTableDescriptor"] = [16, first, depth]
        more[f"{name}PaletteColorLookupTableData"] = table.tobytes()
    found = one(holding(stored, **more))
    expected = np.stack([table[np.clip(stored.astype(int) - first, 0, 15)] for table in tables], -1)
    assert (found.pixels == (expected >> (depth - 8))).all()
    assert ("levels" in dict(found.remarks)) == (depth == 16)


@settings(max_examples=60, deadline=None)
@given(
    bits=st.integers(1, 32), signed=st.booleans(), mirrored=st.booleans(),
    slope=st.sampled_from([1, 0.5, 2, 0.0037]), shift=st.sampled_from([0, -1024, 3.25, 40_000]),
    seed=st.integers(0, 1000),
)  # fmt: skip
def test_every_width_sign_and_rescale(
    bits: int, signed: bool, mirrored: bool, slope: float, shift: float, seed: int
) -> None:
    bits = max(2, bits) if signed else bits
    size = next(n for n in (8, 16, 32) if n >= bits)
    low, high = (-(2 ** (bits - 1)), 2 ** (bits - 1) - 1) if signed else (0, 2**bits - 1)
    kind = f"{'int' if signed else 'uint'}{size}"
    stored = np.random.default_rng(seed).integers(low, high, (3, 4), endpoint=True).astype(kind)
    found = one(
        holding(stored, BitsStored=bits, HighBit=bits - 1, RescaleSlope=slope,
                RescaleIntercept=shift, Modality="DX",
                PhotometricInterpretation="MONOCHROME1" if mirrored else "MONOCHROME2")
    )  # fmt: skip
    meant = stored.astype(np.float64)
    expected = slope * ((low + high - meant) if mirrored else meant) + shift
    assert np.allclose(found.pixels, expected, rtol=2e-7, atol=1e-6)
    if not np.array_equal(found.pixels.astype(np.float64), expected):
        assert found.pixels.dtype == np.float32


@pytest.mark.parametrize("padding", [-2000, 63536, 30_000])
def test_padding_becomes_the_lowest_value_and_is_said(padding: int) -> None:
    stored = np.array([[-2000, 5, 9], [30_000, 7, 8]], np.int16)
    stored[stored == (30_000 if padding != 30_000 else -2000)] = 6
    made = holding(stored)
    made.add_new(0x00280120, "US" if padding > 32767 else "SS", padding)
    found = one(made)
    assert found.pixels.min() == 5 - 1024
    assert found.pixels.max() == 9 - 1024
    assert "padding" in dict(found.remarks)


def test_a_padding_value_among_real_ones_is_picture() -> None:
    made = holding(np.array([[-500, 0], [0, 900]], np.int16))
    made.add_new(0x00280120, "SS", 0)
    found = one(made)
    assert found.pixels.tolist() == [[-1524, -1024], [-1024, -124]]
    assert "left as it is" in dict(found.remarks)["padding"]


def test_a_modality_table_is_applied_and_a_display_table_is_not() -> None:
    table = item(LUTDescriptor=[4, 0, 16], LUTData=np.array([10, 20, 500, 9000], "<u2").tobytes())
    stored = np.array([[0, 1], [2, 3]], np.uint16)
    found = one(holding(stored, ModalityLUTSequence=Sequence([table]), Modality="DX"))
    assert found.pixels.tolist() == [[10, 20], [500, 9000]]
    made = holding(stored, VOILUTSequence=Sequence([table]), Modality="DX", RescaleIntercept=0)
    del made.WindowCenter
    found = one(made)
    assert found.pixels.tolist() == stored.tolist()
    assert found.window == (2.0, 4.0)
    assert "window" in dict(found.remarks)


def test_float_pixels_are_kept_and_gaps_said() -> None:
    made = holding(np.zeros((2, 2), np.uint16), Modality="PT")
    values = np.array([[0.25, np.nan], [3.5, -1]], np.float32)
    del made.PixelData
    for name in (
        "RescaleSlope",
        "RescaleIntercept",
        "PixelRepresentation",
        "BitsStored",
        "HighBit",
    ):
        delattr(made, name)
    made.FloatPixelData, made.BitsAllocated = values.tobytes(), 32
    found = one(made)
    assert found.pixels.tolist() == [[0.25, -1.0], [3.5, -1.0]]
    assert "gaps" in dict(found.remarks)


def test_sixteen_bits_of_colour_are_kept() -> None:
    colour = np.random.default_rng(0).integers(0, 65536, (4, 5, 3)).astype(np.uint16)
    made = holding(colour[..., 0], SamplesPerPixel=3, PlanarConfiguration=0, Modality="NM",
                   PhotometricInterpretation="RGB", PixelData=colour.tobytes())  # fmt: skip
    assert (one(made).pixels == colour).all()


def test_the_window_is_turned_with_the_picture_and_garbage_costs_no_picture() -> None:
    stored = np.array([[0, 4095]], np.uint16)
    made = holding(stored, BitsStored=12, HighBit=11, PhotometricInterpretation="MONOCHROME1",
                   Modality="CR", RescaleIntercept=0, WindowCenter=1000,
                   WindowWidth=200)  # fmt: skip
    found = one(made)
    assert found.pixels.tolist() == [[4095, 0]]
    assert found.window == (3095.0, 200.0)


@pytest.mark.parametrize("name", ["WindowCenter", "PixelSpacing", "InstanceNumber"])
def test_a_broken_attribute_for_display_costs_no_picture(name: str) -> None:
    made = dicom(InstanceNumber=1)
    value = {"WindowCenter": b"40,0", "PixelSpacing": b"x\\y ", "InstanceNumber": b"IM"}[name]
    tag = made[name].tag
    data = saved(made)
    # As it stands in the file, for pydicom would not write it.
    old = made[name].VR.encode()
    place = data.index(tag.group.to_bytes(2, "little") + tag.element.to_bytes(2, "little") + old)
    length = int.from_bytes(data[place + 6 : place + 8], "little")
    spoiled = data[: place + 6] + len(value).to_bytes(2, "little") + value
    (found,) = read_dicom(spoiled + data[place + 8 + length :], KEY).slices
    assert found.pixels.shape == (4, 5)
    assert (found.window is None) == (name == "WindowCenter")
    assert (found.spacing is None) == (name == "PixelSpacing")


@pytest.mark.parametrize("implicit", [True, False])
def test_a_file_without_its_beginning_is_read(implicit: bool) -> None:
    written, made = io.BytesIO(), dicom()
    del made.file_meta
    made.save_as(written, implicit_vr=implicit, little_endian=True)
    data = written.getvalue()
    assert data[128:132] != b"DICM"
    assert is_dicom(data)
    assert (read_dicom(data, KEY).slices[0].pixels == one(dicom()).pixels).all()


@settings(max_examples=80, deadline=None)
@given(cut=st.integers(0, 900), flip=st.integers(0, 900), value=st.integers(0, 255))
def test_no_bytes_at_all_end_in_anything_but_a_reason(cut: int, flip: int, value: int) -> None:
    data = bytearray(saved(dicom()))
    data[flip % len(data)] = value
    try:
        found = read_dicom(bytes(data[: len(data) - cut]), KEY).slices
    except (Unreadable, WrittenOn):
        return
    assert found


def test_positions_all_the_same_leave_the_number_and_then_the_name() -> None:
    def slices(**more: Any) -> dict[str, Slice]:
        return {
            f"IM{k}": one(dicom(ImagePositionPatient=[0, 0, 0], InstanceNumber=more.get("n", k)))
            for k in (1, 10, 2)
        }

    assert list(arranged(slices())) == ["IM1", "IM2", "IM10"]
    by_name = arranged(slices(n=1))
    assert list(by_name) == ["IM1", "IM2", "IM10"]
    assert "order of names" in dict(by_name["IM1"].remarks)["by-name"]


@given(st.lists(st.integers(0, 10**6), min_size=2, max_size=8, unique=True))
def test_names_are_in_the_order_of_their_numbers(numbers: list[int]) -> None:
    names = [f"a/IM{n}.dcm" for n in numbers]
    assert sorted(names, key=natural) == [f"a/IM{n}.dcm" for n in sorted(numbers)]


def test_planes_and_echoes_of_a_series_are_apart_but_counting_attributes_are_not() -> None:
    def at(z: float, **more: Any) -> Slice:
        return one(dicom(Modality="MR", ImagePositionPatient=[0, 0, z], **more))

    echoes = {f"{e}-{z}": at(z, EchoNumbers=e, InstanceNumber=e) for z in (0, 1, 2) for e in (1, 2)}
    assert list(arranged(echoes)) == ["1-0", "1-1", "1-2", "2-0", "2-1", "2-2"]
    counted = {f"{z}": at(z, AcquisitionNumber=z, InstanceNumber=z) for z in (2, 0, 1)}
    assert len({s.series for s in arranged(counted).values()}) == 1
    planes = {
        "a": at(0), "b": at(1, ImageOrientationPatient=[0, 1, 0, 0, 0, -1]), "c": at(2),
    }  # fmt: skip
    assert len({s.series for s in arranged(planes).values()}) == 2


@pytest.mark.parametrize("by", ["instance", "place"])
def test_a_segmentation_beside_its_series_is_its_outline(by: str, tmp_path: Path) -> None:
    files = {}
    for z in range(3):
        scan = dicom(ImagePositionPatient=[0, 0, 5 * z], InstanceNumber=z, SliceThickness=5,
                     SOPInstanceUID=f"1.2.3.{z + 1}")  # fmt: skip
        files[f"ill/{z}.dcm"] = saved(scan)
    drawn = np.zeros((1, 4, 5), np.uint8)
    drawn[0, 1, 2] = 1
    made = holding(drawn, SOPClassUID="1.2.840.10008.5.1.4.1.1.66.4", Modality="SEG")
    source = item(ReferencedSOPInstanceUID="1.2.3.2")
    named = item(DerivationImageSequence=item(SourceImageSequence=source))
    lying = item(PlanePositionSequence=item(ImagePositionPatient=[0, 0, 5]))
    made.PerFrameFunctionalGroupsSequence = Sequence([named if by == "instance" else lying])
    made.ReferencedSeriesSequence = Sequence([item(SeriesInstanceUID=scan.SeriesInstanceUID)])
    strange = holding(drawn, SOPClassUID="1.2.840.10008.5.1.4.1.1.66.4", Modality="SEG")
    files |= {"ill/seg.dcm": saved(made), "ill/other.dcm": saved(strange)}
    (tmp_path / "s.zip").write_bytes(zipped(files))
    cohort = read_scans(tmp_path / "s.zip", key=KEY)
    assert cohort.scans is not None
    assert list(cohort.scans.masks) == ["ill/1.dcm"]
    mask = cohort.scans.mask("ill/1.dcm")
    assert mask is not None
    assert (mask == 255 * drawn[0]).all()
    said = {decision.rule: decision.sentence for decision in cohort.reading}
    assert said["segmentations"].startswith("1 DICOM segmentation gave 1 scan an outline")
    assert "ill/other.dcm" in said["segmentations-left"]


def test_a_segmentation_says_what_it_was_drawn_on() -> None:
    scan = dicom()
    drawn = np.zeros((2, 4, 5), np.uint8)
    drawn[1, 1, 2] = 1
    made = holding(drawn, SOPClassUID="1.2.840.10008.5.1.4.1.1.66.4", Modality="SEG")
    source = item(ReferencedSOPInstanceUID=scan.SOPInstanceUID)
    made.PerFrameFunctionalGroupsSequence = Sequence(
        [item(DerivationImageSequence=item(SourceImageSequence=source))] * 2
    )
    made.ReferencedSeriesSequence = Sequence([item(SeriesInstanceUID=scan.SeriesInstanceUID)])
    (found,) = read_segmentation(saved(made), KEY)
    assert (found.mask == 255 * drawn[1]).all()
    assert found.instance == one(scan).instance != ""
    assert found.series == one(scan).series
    assert scan.SOPInstanceUID not in repr(found)
