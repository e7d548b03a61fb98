"""Small parts under the readers of scans: attributes, kinds of numbers, order of slices."""

from __future__ import annotations

import random
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray
from pydicom.dataset import Dataset
from pydicom.sequence import Sequence as Items

from pmed_core.modalities.scan.readers.dicom_values import items, number, numbers, text, words
from pmed_core.modalities.scan.readers.order import arranged, natural, order_said
from pmed_core.modalities.scan.readers.slices import Slice
from pmed_core.readers.numbers import as_kept, colour_or_grey


def dataset(**values: Any) -> Dataset:
    made = Dataset()
    for name, value in values.items():
        setattr(made, name, value)
    return made


@pytest.mark.parametrize(
    ("values", "meant"),
    [
        ({"SliceThickness": "2.5"}, (2.5,)), ({"PixelSpacing": [0.5, 0.75]}, (0.5, 0.75)),
        ({"Rows": 512}, (512.0,)), ({"SliceThickness": ""}, ()), ({}, ()),
        ({"WindowCenter": ["40", "300"]}, (40.0, 300.0)),
    ],
)  # fmt: skip
def test_numbers_of_an_attribute(values: dict[str, Any], meant: tuple[float, ...]) -> None:
    name = next(iter(values), "SliceThickness")
    assert numbers(dataset(**values), name) == meant
    assert number(dataset(**values), name) == (meant[0] if meant else None)


@pytest.mark.parametrize("raw", [b"40,0", b"abc", b"nan", b"inf", b"1e999", b"--5", b"\xff\xfe"])
def test_what_is_no_number_is_none(raw: bytes) -> None:
    from pydicom.dataelem import RawDataElement
    from pydicom.tag import Tag

    made = Dataset()
    made[0x00281050] = RawDataElement(Tag(0x00281050), "DS", len(raw), raw, 0, True, True)
    assert numbers(made, "WindowCenter") == ()


def test_words_and_text() -> None:
    made = dataset(ImageType=["DERIVED", "SECONDARY", ""], SeriesDescription="  Chest  ")
    assert words(made, "ImageType") == ("DERIVED", "SECONDARY")
    assert text(made, "SeriesDescription") == "Chest"
    assert text(made, "PatientID") == ""
    assert items(dataset(PatientName="A"), "PatientName") == []
    assert len(items(dataset(SharedFunctionalGroupsSequence=Items([Dataset()])),
                     "SharedFunctionalGroupsSequence")) == 1  # fmt: skip


@pytest.mark.parametrize(
    ("values", "kind"),
    [
        (np.array([[0, 255]], np.uint8), "int16"), (np.array([[-5, 5]], np.int8), "int16"),
        (np.array([[0, 65535]], np.int64), "uint16"),
        (np.array([[-1, 65535]], np.int64), "float32"),
        (np.array([[0.0, 7.0]]), "int16"), (np.array([[0.5, 7.0]]), "float32"),
        (np.array([[True, False]]), "int16"), (np.array([[0, 2**24 + 1]], np.int64), "float32"),
        (np.array([[-1000, 3000]], ">i2"), ">i2"),
    ],
)  # fmt: skip
def test_the_kind_of_number_that_is_kept(values: NDArray[Any], kind: str) -> None:
    kept, said = as_kept(values)
    assert kept.dtype in (np.dtype(kind), np.dtype(kind).newbyteorder("="))
    lost = not np.array_equal(kept.astype(np.float64), values.astype(np.float64))
    assert lost == bool(said), "what is lost is said"


@given(st.lists(st.floats(width=32, allow_nan=True, allow_infinity=True), min_size=2, max_size=30))
def test_gaps_become_the_lowest_of_the_others(cells: list[float]) -> None:
    values = np.array([cells], np.float64)
    kept, said = as_kept(values.copy())
    good = np.isfinite(values)
    assert np.isfinite(kept).all()
    assert good.all() == (("gaps" in {rule for rule, _ in said}) is False)
    assert np.allclose(kept[good], values[good], rtol=1e-6)
    if good.any():
        assert kept.min() == pytest.approx(values[good].min(), rel=1e-6)


def test_colours_that_are_all_alike_are_grey() -> None:
    grey = np.random.default_rng(0).integers(0, 255, (5, 6)).astype(np.uint8)
    same, _ = colour_or_grey(np.stack([grey] * 3, axis=-1))
    assert np.array_equal(same, grey)
    coloured = np.stack([grey, grey, 255 - grey], axis=-1)
    assert np.array_equal(colour_or_grey(coloured)[0], coloured)


def test_names_are_in_natural_order() -> None:
    names = ["IM10", "IM2", "IM1", "im3", "IM02b", "IM2a"]
    assert sorted(names, key=natural) == ["IM1", "IM2", "IM2a", "IM02b", "IM10", "im3"]
    numbered = [f"slice{n}.dcm" for n in range(200)]
    assert sorted(random.Random(0).sample(numbered, 200), key=natural) == numbered


def slices(**more: Any) -> dict[str, Slice]:
    pixels = np.zeros((2, 2), np.int16)
    return {
        f"IM{n}": Slice(pixels, series="S", number=float(n), **{k: v(n) for k, v in more.items()})
        for n in range(1, 13)
    }


@given(st.randoms())
def test_slices_are_in_order_of_their_places_whatever_their_names(draw: random.Random) -> None:
    places = draw.sample(range(12), 12)
    given = slices(position=lambda n: 2.5 * places[n - 1], placed=lambda _: True)
    mixed = dict(draw.sample(sorted(given.items()), 12))
    found = list(arranged(mixed).values())
    assert [one.position for one in found] == sorted(one.position for one in found)
    (said,) = order_said(arranged(mixed), "")
    assert said.value == "position"
    assert said.proved


def test_without_places_the_numbers_tell_and_that_is_said() -> None:
    mixed = dict(sorted(slices().items()))
    assert list(mixed)[:3] == ["IM1", "IM10", "IM11"], "as a folder lists them"
    found = arranged(mixed)
    assert list(found) == [f"IM{n}" for n in range(1, 13)]
    (said,) = order_said(found, "")
    assert (said.value, said.proved) == ("number", False)


def test_a_choice_goes_before_places() -> None:
    given = slices(position=lambda n: -1.0 * n, placed=lambda _: True)
    assert next(iter(arranged(given))) == "IM12"
    assert next(iter(arranged(given, "number"))) == "IM1"
    assert next(iter(arranged(given, "name"))) == "IM1"


def test_two_moments_of_one_series_are_kept_apart() -> None:
    given = slices(
        position=lambda n: float(n % 6), placed=lambda _: True,
        volume=lambda n: ("early" if n <= 6 else "late",),
    )  # fmt: skip
    found = arranged(given)
    assert sorted({one.series for one in found.values()}) == ["S", "S.2"]
    for series in ("S", "S.2"):
        places = [one.position for one in found.values() if one.series == series]
        assert places == [0, 1, 2, 3, 4, 5]
    assert all("volumes" in {rule for rule, _ in one.remarks} for one in found.values())
