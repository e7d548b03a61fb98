"""Copies of one scan under another name: found however they were changed, and nobody else's."""

from __future__ import annotations

import io
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image
from scipy.ndimage import gaussian_filter

from pmed_core.cohort import Cohort
from pmed_core.evaluation import Evaluation
from pmed_core.evaluations.evaluate import evaluate
from pmed_core.modalities.scan.parts import beside_copies, parted
from pmed_core.modalities.scan.readers import repeated_scans
from pmed_core.modalities.scan.readers.copies import copies
from pmed_core.modalities.scan.readers.scans import read_scans
from pmed_core.options import ScanOptions
from pmed_core.predictions import Predictions

SCANS = 12
Change = Callable[[NDArray[Any]], NDArray[Any]]


def body(number: int) -> NDArray[np.uint8]:
    """The same slow shades in all, as of a chest, and details of one's own."""
    generator = np.random.default_rng(number)
    shared = gaussian_filter(np.random.default_rng(99).normal(0, 1, (96, 96)), 16)
    own = gaussian_filter(generator.normal(0, 1, (96, 96)), 3)
    values = 120 + 900 * shared + 160 * own
    return np.asarray(np.clip(values, 5, 250), dtype=np.uint8)


def as_jpeg(pixels: NDArray[Any]) -> NDArray[Any]:
    written = io.BytesIO()
    Image.fromarray(pixels).save(written, "JPEG", quality=40)
    return np.asarray(Image.open(written))


CHANGES: dict[str, Change] = {
    "mirrored": lambda x: x[:, ::-1],
    "upside down": lambda x: x[::-1],
    "turned": lambda x: np.rot90(x),
    "turned and mirrored": lambda x: np.rot90(x[:, ::-1], 3),
    "inverted": lambda x: 255 - x,
    "brighter": lambda x: np.clip(x * 0.8 + 40, 0, 255).astype(np.uint8),
    "gamma": lambda x: (255 * (x / 255) ** 1.6).astype(np.uint8),
    "jpeg": as_jpeg,
    "smaller": lambda x: np.asarray(Image.fromarray(x).resize((60, 60))),
    "16 bits": lambda x: x.astype(np.uint16) * 257,
    "cut to 90 %": lambda x: x[4:90, 7:93],
    "cut to 80 %": lambda x: x[11:88, 3:80],
}


@pytest.mark.parametrize("change", CHANGES)
def test_a_changed_copy_is_found_and_nothing_else(change: str) -> None:
    every = [body(number) for number in range(SCANS)]
    every.append(np.ascontiguousarray(CHANGES[change](every[3])))
    owners = [str(number) for number in range(len(every))]
    found = copies(len(every), lambda k: every[k], owners)
    assert [(one.first, one.second) for one in found] == [(3, SCANS)]


def test_scans_of_one_owner_are_not_compared_and_nothing_is_no_copy_of_nothing() -> None:
    def nobody_asks(_: int) -> NDArray[np.generic]:
        raise AssertionError("a whole CT of one patient would be looked at")

    assert copies(2, nobody_asks, ["ann", "ann"]) == []
    blank = np.zeros((40, 40), np.uint8)
    assert copies(2, lambda _: blank, ["ann", "bob"]) == []
    assert copies(0, lambda _: blank, []) == []


def collection(path: Path, first: int, copied: Sequence[int] = ()) -> Cohort:
    """24 scans of as many patients under two labels, and mirrored copies of some as new ones."""
    for number in range(first, first + 24):
        kept = path / ("ill" if number % 2 else "well") / f"{number:03d}.png"
        kept.parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(body(number)).save(kept)
    for number in copied:
        kept = path / ("ill" if number % 2 else "well") / f"copy_of_{number:03d}.png"
        Image.fromarray(np.ascontiguousarray(body(number)[:, ::-1])).save(kept)
    return read_scans(path, key=b"key", positive=["ill"])


def names(cohort: Cohort) -> set[str]:
    return {Path(name).stem.removeprefix("copy_of_") for name in cohort.table["scan"]}


def test_copies_are_never_on_both_sides_of_a_split(tmp_path: Path) -> None:
    cohort = collection(tmp_path, 0, range(8))
    for seed in range(4):
        shares = parted(cohort, None, ScanOptions(seed=seed))
        assert not names(shares.training) & names(shares.held_out)
        assert not names(shares.training) & names(shares.validation)
        assert not names(shares.validation) & names(shares.held_out)
        assert shares.copied == 16
        said = beside_copies(evaluated(shares.held_out), made(shares.held_out), shares).notes[0]
        assert said.startswith("16 scans look like one of another patient")


def test_scans_that_trained_and_evaluate_are_counted_and_evaluated_without(tmp_path: Path) -> None:
    training = collection(tmp_path / "a", 0)
    evaluating = collection(tmp_path / "b", 100, range(6))
    shares = parted(training, evaluating, ScanOptions())
    known = {name for name, one in zip(evaluating.table["scan"], shares.known, strict=True) if one}
    assert {Path(name).stem for name in known} == {f"copy_of_{n:03d}" for n in range(6)}
    said = beside_copies(evaluated(evaluating), made(evaluating), shares).notes[0]
    assert "6 of the 30 evaluated scans are copies" in said
    assert "without them" in said


def made(cohort: Cohort) -> Predictions:
    """Right about every second scan."""
    observed = cohort.observed()
    risk = np.where(np.arange(len(cohort)) % 2, observed, 0.5).astype(np.float64)[:, None]
    return Predictions(
        tuple(cohort.patients()), ("ill",), risk, risk, risk, observed,
        np.zeros(len(cohort), dtype=bool),
    )  # fmt: skip


def evaluated(cohort: Cohort) -> Evaluation:
    return evaluate(made(cohort), cohort.chosen_outcome(), 0.5, "scans")


def test_copies_are_looked_for_once_for_the_same_pixels(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A label that is corrected, or an outcome that is chosen, changes no pixel."""
    cohort = collection(tmp_path, 0, range(2))
    assert cohort.scans is not None
    first = repeated_scans.repeated_scans(cohort, cohort.scans)
    monkeypatch.setattr(repeated_scans, "copies", None)
    assert repeated_scans.repeated_scans(cohort, cohort.scans) == first
