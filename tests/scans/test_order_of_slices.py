"""The order of slices, and which of them are one volume: by place, by number, by name."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from pmed_core.cohort import Cohort
from pmed_core.modalities.scan.readers.dicom import read_dicom
from pmed_core.modalities.scan.readers.order import arranged, natural
from pmed_core.modalities.scan.readers.slices import Slice
from tests.scans.made import collected, decision, rules, saved, shown, stored

KEY = b"key"
Way = tuple[float, float, float, float, float, float]
WAYS: dict[str, Way] = {
    "axial": (1, 0, 0, 0, 1, 0), "coronal": (1, 0, 0, 0, 0, -1), "sagittal": (0, 1, 0, 0, 0, -1),
    "tilted": (1, 0, 0, 0, math.cos(0.3), math.sin(0.3)),
    "head first, face down": (-1, 0, 0, 0, -1, 0),
}  # fmt: skip


def normal(way: Way) -> NDArray[np.float64]:
    return np.cross(way[:3], way[3:])


def ct(number: int, place: Any = None, way: Way = WAYS["axial"], **more: Any) -> bytes:
    """A slice whose first stored value is its number."""
    own: dict[str, Any] = {"SOPInstanceUID": f"1.2.{number}", "RescaleIntercept": 0}
    if place is not None:
        own |= {"ImagePositionPatient": [round(float(one), 6) for one in place],
                "ImageOrientationPatient": [round(one, 6) for one in way]}  # fmt: skip
    pixels = np.full((4, 5), 7, np.int16)
    pixels[0, 0] = number
    return saved(stored(pixels, **(own | more)))


def order(cohort: Cohort) -> list[int]:
    return [int(shown(cohort, name)[0, 0]) for name in cohort.table["scan"]]


def volumes(cohort: Cohort) -> list[list[int]]:
    """The slices of each series, in order."""
    assert cohort.scans is not None
    found: dict[str, list[int]] = {}
    for name, frame in cohort.scans.frames.items():
        found.setdefault(frame.series, []).append(int(cohort.scans.pixels(name)[0, 0]))
    return list(found.values())


@settings(max_examples=40, deadline=None)
@given(
    way=st.sampled_from(sorted(WAYS)), step=st.sampled_from([0.5, 1.25, 5.0]),
    shuffle=st.permutations(range(7)), numbered=st.sampled_from(["up", "down", "same", "none"]),
    aside=st.tuples(st.floats(-50, 50), st.floats(-50, 50), st.floats(-50, 50)),
)  # fmt: skip
def test_slices_stand_in_the_order_of_the_body_whatever_they_are_called(
    way: str, step: float, shuffle: list[int], numbered: str, aside: tuple[float, float, float]
) -> None:
    """The place along the normal decides; names and numbers say something else."""
    along = normal(WAYS[way])
    slices = {}
    for name, k in enumerate(shuffle):
        more = {"up": {"InstanceNumber": k}, "down": {"InstanceNumber": 99 - k},
                "same": {"InstanceNumber": 1}, "none": {}}[numbered]  # fmt: skip
        data = ct(k, np.array(aside) + k * step * along, WAYS[way], **more)
        slices[f"IM{name}.dcm"] = read_dicom(data, KEY).slices[0]
    found = arranged(slices)
    assert [int(one.pixels[0, 0]) for one in found.values()] == list(range(7))
    assert len({one.series for one in found.values()}) == 1
    gaps = np.diff([one.position for one in found.values()])
    assert np.allclose(gaps, step, atol=1e-3)


def test_a_tilted_gantry_moves_slices_aside_and_keeps_their_distance(tmp_path: Path) -> None:
    """The table moves along the body, not along the normal: the distance is that between planes."""
    way = WAYS["tilted"]
    files = {f"{k}.dcm": ct(k, (0, 0, 4.0 * k), way) for k in range(5)}
    cohort = collected(tmp_path, files)
    assert cohort.scans is not None
    depths = {frame.depth for frame in cohort.scans.frames.values()}
    # Only where the files say how thick a slice is, a volume has a depth at all.
    assert depths == {None}
    thick = {f"{k}.dcm": ct(k, (0, 0, 4.0 * k), way, SliceThickness=9) for k in range(5)}
    cohort = collected(tmp_path, thick)
    assert cohort.scans is not None
    (depth,) = {frame.depth for frame in cohort.scans.frames.values()}
    assert depth == pytest.approx(4 * math.cos(0.3), abs=1e-3)


def test_a_series_that_two_patients_share_is_two_volumes(tmp_path: Path) -> None:
    """Programs that take names away may give everybody the same series."""
    files = {}
    for k, patient in enumerate(("ann", "bob")):
        for z in range(3):
            data = ct(10 * k + z, (0, 0, 2 * z + k), PatientID=patient, SeriesInstanceUID="1.3")
            files[f"{patient}/{z}.dcm"] = data
    cohort = collected(tmp_path, files)
    assert sorted(volumes(cohort)) == [[0, 1, 2], [10, 11, 12]]
    assert "patients" in decision(cohort, "volumes").sentence


def test_films_of_one_series_are_apart_and_in_order_of_their_names(tmp_path: Path) -> None:
    """As of an ultrasound: a dozen films under one series."""
    files = {}
    for film in (1, 2, 10):
        pixels = np.full((3, 4, 5), 7, np.uint8)
        pixels[:, 0, 0] = 10 * film + np.arange(3)
        files[f"clip{film}.dcm"] = saved(
            stored(pixels, Modality="US", BurnedInAnnotation="NO", SOPInstanceUID=f"1.2.{film}",
                   InstanceNumber=film, RescaleIntercept=0)
        )  # fmt: skip
    cohort = collected(tmp_path, files)
    assert volumes(cohort) == [[10, 11, 12], [20, 21, 22], [100, 101, 102]]
    assert {"frames", "volumes"} <= rules(cohort)
    assert "order" not in rules(cohort), "moments lie nowhere in the body"


def test_one_film_beside_slices_of_its_series_is_apart(tmp_path: Path) -> None:
    files = {f"{z}.dcm": ct(z, (0, 0, z)) for z in range(3)}
    pixels = np.full((2, 4, 5), 9, np.int16)
    files["film.dcm"] = saved(stored(pixels, RescaleIntercept=0, SOPInstanceUID="1.9"))
    assert sorted(volumes(collected(tmp_path, files))) == [[0, 1, 2], [9, 9]]


@pytest.mark.parametrize(
    ("numbers", "rule", "expected"),
    [
        ((3, 1, 2), "by-number", [1, 2, 0]),
        ((5, 5, 5), "by-name", [0, 1, 2]),
        ((2, 1, 1), "by-number", [1, 2, 0]),
        ((None, None, None), "by-name", [0, 1, 2]),
    ],
)  # fmt: skip
def test_numbers_and_then_names_decide_where_no_place_is_known(
    numbers: tuple[int | None, ...], rule: str, expected: list[int], tmp_path: Path
) -> None:
    """The names are s2, s10 and s100: as people count, not as letters stand."""
    files = {}
    for k, (name, number) in enumerate(zip((2, 10, 100), numbers, strict=True)):
        more: dict[str, Any] = {} if number is None else {"InstanceNumber": number}
        files[f"s{name}.dcm"] = ct(k, **more)
    cohort = collected(tmp_path, files)
    assert order(cohort) == expected
    assert rule in rules(cohort)
    assert not decision(cohort, "order").proved


@pytest.mark.parametrize(
    ("wanted", "expected"), [("position", [2, 1, 0]), ("number", [1, 0, 2]), ("name", [0, 1, 2])]
)
def test_the_order_can_be_chosen(wanted: str, expected: list[int], tmp_path: Path) -> None:
    numbers = (5, 4, 6)
    files = {f"{k}.dcm": ct(k, (0, 0, -k), InstanceNumber=numbers[k]) for k in range(3)}
    cohort = collected(tmp_path, files, order=wanted)
    assert order(cohort) == expected
    said = decision(cohort, "order")
    assert said.value == wanted
    assert said.sentence.endswith(", as chosen.")
    assert order(collected(tmp_path, files)) == [2, 1, 0]


def test_two_series_of_one_patient_in_one_folder_are_not_mixed(tmp_path: Path) -> None:
    files = {}
    for z in range(3):
        for k, uid in enumerate(("1.3.1", "1.3.2")):
            data = ct(10 * k + z, (0, 0, z + 0.5 * k), SeriesInstanceUID=uid)
            files[f"p/{z}{'ab'[k]}.dcm"] = data
    cohort = collected(tmp_path, files)
    assert sorted(volumes(cohort)) == [[0, 1, 2], [10, 11, 12]]
    assert "volumes" not in rules(cohort)


def test_a_localizer_in_the_series_is_no_slice_of_it(tmp_path: Path) -> None:
    files = {f"{z}.dcm": ct(z, (0, 0, z)) for z in range(4)}
    files["0.scout.dcm"] = ct(
        9, (0, 0, 0), WAYS["coronal"], ImageType=["ORIGINAL", "PRIMARY", "LOCALIZER"]
    )
    cohort = collected(tmp_path, files)
    assert sorted(volumes(cohort)) == [[0, 1, 2, 3], [9]]
    assert cohort.scans is not None
    assert cohort.scans.frames["0.scout.dcm"].unit == ""
    assert "a localizer" in decision(cohort, "unit").sentence


@pytest.mark.parametrize(
    "attribute",
    ["EchoTime", "TemporalPositionIdentifier", "DiffusionBValue", "InversionTime", "TriggerTime",
     "AcquisitionNumber"],
)  # fmt: skip
def test_what_repeats_places_parts_a_series(attribute: str, tmp_path: Path) -> None:
    files = {}
    for z in range(4):
        for k in (1, 2):
            more: dict[str, Any] = {attribute: k, "Modality": "MR", "InstanceNumber": 1 + 2 * z + k}
            files[f"{z}-{k}.dcm"] = ct(10 * k + z, (0, 0, 3 * z), **more)
    cohort = collected(tmp_path, files)
    assert sorted(volumes(cohort)) == [[10, 11, 12, 13], [20, 21, 22, 23]]
    assert decision(cohort, "volumes").cells == 8


def test_places_that_repeat_for_no_known_reason_are_dealt_by_number(tmp_path: Path) -> None:
    files = {}
    for z in range(3):
        for k in (0, 1):
            files[f"{z}-{k}.dcm"] = ct(10 * k + z, (0, 0, 3 * z), InstanceNumber=1 + 3 * k + z)
    assert volumes(collected(tmp_path, files)) == [[0, 1, 2], [10, 11, 12]]


@given(st.lists(st.text("ab019 _é٣²", min_size=1, max_size=8), max_size=8))
def test_every_name_has_a_place_in_natural_order(names: list[str]) -> None:
    """Also with digits of other scripts, or raised ones, which are no numbers."""
    found = [natural(name) for name in sorted(names, key=natural)]
    assert found == [natural(name) for name in sorted(reversed(names), key=natural)]


@settings(max_examples=40, deadline=None)
@given(
    places=st.lists(st.integers(-20, 20), min_size=2, max_size=9, unique=True),
    patients=st.lists(st.sampled_from(["P1", "P2"]), min_size=9, max_size=9),
    data=st.data(),
)
def test_nothing_is_lost_doubled_or_given_to_another_patient(
    places: list[int], patients: list[str], data: st.DataObject
) -> None:
    """Whatever is known of places, numbers and planes."""
    slices = {
        f"{k}.dcm": Slice(
            np.full((2, 2), k, np.int16), patient=patients[k], series="S", position=float(place),
            placed=data.draw(st.booleans()), number=float(data.draw(st.integers(0, 3))),
            plane=data.draw(st.sampled_from(["axial", "coronal"])),
        )
        for k, place in enumerate(places)
    }  # fmt: skip
    found = arranged(slices)
    assert {name: int(one.pixels[0, 0]) for name, one in found.items()} == {
        name: int(one.pixels[0, 0]) for name, one in slices.items()
    }
    for series in {one.series for one in found.values()}:
        whole = [one for one in found.values() if one.series == series]
        assert len({(one.patient, one.placed) for one in whole}) == 1
        assert not whole[0].placed or len({one.plane for one in whole}) == 1
        if whole[0].placed:
            assert [one.position for one in whole] == sorted(one.position for one in whole)
