"""The page of a scan: what is said of it, what is shown of it, and what is not."""

from __future__ import annotations

import io
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from pypdf import PdfReader

from pmed_core.evidence import Evidence, Lesion, Region
from pmed_core.figures.regions import BOXES, EXACT, UNGUARDED, WHY_OUTSIDE, longest_side
from pmed_core.reports.overlay import evidence_picture
from pmed_core.reports.scan import ScanPage, scan_report
from pmed_core.work import Basis
from tests.reports import cases
from tests.reports.drawn import text_of


def said(found: Evidence | None = None, **more: Any) -> str:
    return text_of(scan_report(cases.scan(found, **more)))


def pictures(page: ScanPage) -> list[Any]:
    """As they lie in the file."""
    reader = PdfReader(io.BytesIO(scan_report(page)))
    return [np.asarray(one.image.convert("RGB")) for one in reader.pages[0].images if one.image]


def test_a_page_says_what_the_screen_says() -> None:
    text = said()
    for part in (
        "Scan finding/005.png", "Read by the model “A model”", "2026-11-20 14:05",
        "Held-out prediction · Tells scans apart very well. AUROC 0.910 (0.890 to 0.930)",
        "finding: 71 %", f"Interval 60 % to 81 % ({cases.MEMBERS}).",
        "That is at or above the threshold of 40 %.", "Region 1, for 1,450 mm² +2.00",
        "Region 2, against 1 pixel −0.50", "Elsewhere 0.00", "Starting point −0.60",
        "Prediction (sum) +0.90", "1 7 mm 150 pixels", "Of this scan.", EXACT, BOXES,
        "The model on 120 scans, 60 with the event", "Brier score 0.080 (0.060 to 0.100)",
        "Evaluated held-out scans.",
    ):  # fmt: skip
        assert part in text
    assert UNGUARDED not in text


def test_the_rows_of_the_regions_add_up_to_the_prediction() -> None:
    found = cases.evidence(regions=(Region(0, 0, 9, 9, 81, 1.25),), prediction=0.9)
    text = said(found)
    assert "Elsewhere +0.25" in text
    assert "Prediction (sum) +0.90" in text


@pytest.mark.parametrize(
    ("probability", "threshold", "side"),
    [(0.4, 0.4, "at or above the threshold of 40 %"), (0.399, 0.4, "below the threshold of 40 %"),
     (0.4, None, "")],
)  # fmt: skip
def test_the_threshold_is_told_where_there_is_one(
    probability: float, threshold: float | None, side: str
) -> None:
    text = said(cases.evidence(probability=(probability,)), threshold=threshold)
    assert side in text
    assert ("threshold" in text) == (threshold is not None)


def test_of_several_classes_each_is_told_with_what_its_interval_is() -> None:
    text = said(cases.evidence(
        labels=("benign", "malignant", "other"), probability=(0.081, 0.7123, 0.2067),
        low=(0.05, 0.6, 0.1), high=(0.1, 0.8, 0.3), label="malignant",
    ))  # fmt: skip
    assert "benign 8.1 % 5 % to 10 % malignant 71 % 60 % to 80 % other 21 % 10 % to 30 %" in text
    assert f"Interval: {cases.MEMBERS}." in text
    assert "malignant. Orange: for; blue: against." in text


NOT_MAPPED = {
    "outside": cases.scan(cases.evidence(outside=True)),
    "chance": cases.chance(cases.scan()),
    "shuffled": cases.scan(cases.evidence(steadiness=0.9)),
}
WHY = {
    "outside": ("Outside what the model has seen: no probability is given", WHY_OUTSIDE),
    "chance": ("No number is shown: the model is no better than chance.", "nothing of this scan."),
    "shuffled": ("No map is shown: it stays nearly the same", "finding: 71 %"),
}


@pytest.mark.parametrize("why", NOT_MAPPED)
def test_where_no_map_is_shown_the_page_says_why_and_no_note_speaks_of_one(why: str) -> None:
    page = NOT_MAPPED[why]
    text = text_of(scan_report(page))
    for part in WHY[why]:
        assert part in text
    for absent in (EXACT, BOXES, "Region 1", "Orange: for"):
        assert absent not in text
    assert ("71 %" in text) == (why == "shuffled")
    (only,) = pictures(page)
    # The scan as it is: grey, without a colour of evidence or of an outline.
    assert (only[..., 0] == only[..., 2]).all()


def test_the_scan_stands_beside_the_same_scan_with_its_evidence() -> None:
    page = cases.scan()
    plain, shown = sorted(pictures(page), key=lambda one: float(np.ptp(one, axis=-1).sum()))
    assert np.ptp(plain, axis=-1).max() == 0
    assert (shown == np.asarray(evidence_picture(page.pixels, page.found, None))).all()


def test_a_map_that_is_an_estimate_is_not_called_exact() -> None:
    text = said(cases.evidence(method="superpixels"))
    assert EXACT not in text
    assert "hidden in turn by a blurred scan" in text


def test_a_model_that_cannot_tell_other_scans_says_so() -> None:
    assert UNGUARDED in said(cases.evidence(guarded=False))


BASES: dict[Basis, str] = {
    "held-out": "held out of training", "in training": "no reliable number for this scan",
    "unknown": "not known whether this scan was in training", "new": "was not in training",
}  # fmt: skip


@pytest.mark.parametrize("basis", BASES)
def test_whether_the_scan_was_in_training_is_said(basis: Basis) -> None:
    text = said(cases.evidence(basis=basis, regions=()))
    assert BASES[basis] in text
    assert sum(one in text for one in BASES.values()) == 1


LESIONS = {
    "in millilitres": (Lesion("a", 3, 900, 12.4, 1.234), "1 12 mm 1.2 ml"),
    "in pixels": (Lesion("a", 1, 1, None), "1 not known 1 pixel"),
    "very small": (Lesion("a", 1, 4, 0.349), "1 0.35 mm 4 pixels"),
}


@pytest.mark.parametrize("kind", LESIONS)
def test_a_lesion_is_told_in_what_is_known_of_its_size(kind: str) -> None:
    lesion, row = LESIONS[kind]
    assert row in said(cases.evidence(lesions=(lesion,), regions=()))


@pytest.mark.parametrize("diameter", [0.04, 0.349, 0.94, 1.0, 7.4, 120.6])
def test_no_lesion_is_nothing_long(diameter: float) -> None:
    told = longest_side(Lesion("a", 1, 4, diameter)).removesuffix(" mm")
    assert float(told) == pytest.approx(diameter, rel=0.1)


def test_lesions_beyond_the_eighth_are_counted() -> None:
    many = tuple(Lesion("a", 1, 100 - k, 5.0) for k in range(30))
    text = said(cases.evidence(lesions=many, outlined_slices=1200, regions=()))
    assert "8 5 mm 93 pixels" in text
    assert "92 pixels" not in text
    assert "Of 1200 slices. 22 more." in text


def test_an_outline_of_nothing_says_so_and_no_outline_says_nothing() -> None:
    nothing = np.zeros((40, 60), dtype=bool)
    assert "Nothing is outlined." in said(cases.evidence(outline=nothing, lesions=()))
    assert "Outlined lesions" not in said(cases.evidence(outline=None, lesions=()))


@pytest.mark.parametrize("label", ["肺結節 2", "узел", "<b>node</b>", "[x](http://a.example)"])
def test_a_label_of_any_script_is_written_as_it_is(label: str) -> None:
    text = said(cases.evidence(label=label, labels=(label,), regions=()))
    assert f"{label}: 71 %" in text


@pytest.mark.parametrize(
    "values",
    [np.zeros((30, 50, 3), np.uint8), np.full((50, 30), -1000, np.int16),
     np.linspace(0, 1, 1500, dtype=np.float32).reshape(30, 50)],
    ids=["colour", "one value", "fractions"],
)  # fmt: skip
def test_scans_of_every_kind_of_pixels_have_a_page(values: Any) -> None:
    found = cases.evidence(outline=None, lesions=(), regions=())
    page = cases.scan(found, pixels=values, window=(0.0, 400.0))
    height, width = values.shape[:2]
    for one in pictures(page):
        assert one.shape[0] / one.shape[1] == pytest.approx(height / width)


def test_the_file_names_the_scan_and_no_path() -> None:
    pdf = scan_report(cases.scan())
    about: Any = PdfReader(io.BytesIO(pdf)).metadata
    assert about.title == "Report of scan finding/005.png"
    assert b"/tmp/" not in pdf
    assert b"/home/" not in pdf
    other = scan_report(replace(cases.scan(), model="Another"))
    assert text_of(pdf).replace("“A model”", "“Another”") == text_of(other)
