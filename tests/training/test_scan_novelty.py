"""What a model of scans has seen: kinds of scans that it knows, and kinds that it does not."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from pmed_core.modalities.scan.novelty import ScanNovelty, learn_novelty

Scans = NDArray[np.float32]
SIDE = 56


def chests(count: int, seed: int) -> Scans:
    """(count, 56, 56, 1): a bright body with two dark lungs, the left one smaller, and noise."""
    generator = np.random.default_rng(seed)
    rows, columns = np.mgrid[:SIDE, :SIDE] / SIDE
    found = np.zeros((count, SIDE, SIDE, 1), np.float32)
    for scan in found:
        down, across, size = generator.normal([0.45, 0.5, 1], [0.02, 0.02, 0.06])
        body = ((rows - 0.5) / 0.45) ** 2 + ((columns - across) / 0.48) ** 2 < size
        scan[..., 0] = 0.2 + 0.5 * body
        for beside, width in ((-0.2, 0.15), (0.2, 0.11)):
            lung = ((rows - down) / 0.28) ** 2 + ((columns - across - beside) / width) ** 2 < size
            scan[lung, 0] = 0.25
        scan += generator.normal(0, 0.02, scan.shape)
    return found


def people(count: int) -> NDArray[np.str_]:
    """One for each scan."""
    return np.arange(count).astype(str)


@pytest.fixture(scope="module")
def known() -> ScanNovelty:
    return learn_novelty(chests(150, 0), people(150))


def test_new_scans_of_the_same_kind_are_familiar(known: ScanNovelty) -> None:
    assert known.unlike(chests(300, 1)).mean() < 0.04


@pytest.mark.parametrize(
    "strange",
    [
        lambda scans: 1 - scans,
        lambda scans: scans[:, ::-1],
        lambda scans: scans.transpose(0, 2, 1, 3),
        lambda scans: np.random.default_rng(0).random(scans.shape).astype(np.float32),
        np.zeros_like,
        np.ones_like,
        lambda scans: np.roll(scans, SIDE // 2, axis=2),
    ],
    ids=["inverted", "upside down", "turned", "noise", "black", "white", "moved away"],
)
def test_other_kinds_are_not(known: ScanNovelty, strange: object) -> None:
    assert callable(strange)
    assert known.unlike(strange(chests(20, 2))).all()


@settings(max_examples=25, deadline=None)
@given(contrast=st.floats(0.25, 1.4), light=st.floats(-0.15, 0.15))
def test_brightness_and_contrast_are_not_strange(contrast: float, light: float) -> None:
    known = learn_novelty(chests(60, 3), people(60))
    new = chests(40, 4)
    changed = (0.5 + contrast * (new - 0.5) + light).astype(np.float32)
    assert known.unlike(changed).tolist() == known.unlike(new).tolist()


def test_what_training_moves_is_familiar_where_training_moved_it() -> None:
    scans, aside = chests(100, 5), np.roll(chests(100, 6), 3, axis=2)
    unmoved = learn_novelty(scans, people(100)).unlike(aside).mean()
    moved = learn_novelty(scans, people(100), augmented=True).unlike(aside).mean()
    assert unmoved > 0.5
    assert moved < 0.02


def test_slices_of_the_same_patients_do_not_hide_how_patients_differ() -> None:
    own = np.repeat(chests(12, 7), 20, axis=0)
    noise = np.random.default_rng(8).normal(0, 0.005, own.shape)
    slices, patients = (own + noise).astype(np.float32), np.repeat(people(12), 20)
    by_patient = learn_novelty(slices, patients).unlike(chests(200, 9)).mean()
    by_slice = learn_novelty(slices, people(240)).unlike(chests(200, 9)).mean()
    assert by_patient < 0.1
    assert by_slice > 2 * by_patient


def test_the_fewer_patients_the_less_is_strange() -> None:
    noise = np.random.default_rng(0).random((10, SIDE, SIDE, 1)).astype(np.float32)
    few, fewer = (learn_novelty(chests(n, 10), people(n), augmented=True) for n in (20, 4))
    assert few.unlike(noise).all()
    assert (fewer.limits > few.limits).all()
    for known in (few, fewer):
        assert known.unlike(chests(100, 11)).mean() < 0.05


@pytest.mark.parametrize("patients", [1, 2, 4])
@pytest.mark.parametrize("each", [1, 4])
def test_too_few_patients_to_tell_refuse_nothing_but_one_grey(patients: int, each: int) -> None:
    scans, owners = chests(patients * each, 13), np.repeat(people(patients), each)
    known = learn_novelty(scans, owners, augmented=True)
    assert not known.unlike(chests(50, 14)).any()
    assert known.unlike(np.zeros_like(scans)).all()


def test_colour_and_small_scans_are_evaluated_too() -> None:
    small = chests(60, 12)[:, ::2, ::2].repeat(3, axis=3)
    known = learn_novelty(small, people(60), augmented=True)
    assert not known.unlike(small).any()
    assert known.unlike(1 - small).all()


def test_it_says_whether_it_would_notice_another_kind(known: ScanNovelty) -> None:
    assert known.tells
    assert not learn_novelty(chests(4, 0), people(4)).tells
    alike = np.random.default_rng(1).random((60, SIDE, SIDE, 1)).astype(np.float32)
    assert not learn_novelty(alike, people(60)).tells
