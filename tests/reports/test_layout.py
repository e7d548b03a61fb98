"""A page as it is printed: nothing beyond its edge, nothing on anything else, nothing cut apart."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import cache
from itertools import combinations, product
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pmed_core.quantity import Amount
from pmed_core.reports.patient import PatientPage, patient_report
from pmed_core.reports.scan import scan_report
from pmed_core.settings import RESEARCH_ONLY
from tests.reports import cases
from tests.reports.drawn import HEIGHT, WIDTH, Box, Line, lines_of, marks_of, text_of

SIDE = 14.0
LONG = "A sentence about this patient that takes a good many words until it is said in full. " * 2
FULL: dict[str, Callable[[Any], PatientPage]] = {
    "as little as there can be": lambda made: made(),
    "full": cases.full,
    "full of long names": lambda made: cases.full(made, LONG),
    "outside": lambda made: cases.outside(cases.full(made, LONG)),
    "no better than chance": lambda made: cases.chance(cases.full(made)),
}
"""Each kind of outcome with little and with much, with a number and without one."""
VARIANTS = [
    *product(cases.KINDS, ("as little as there can be", "full of long names")),
    *product(("yes_no",), ("full", "outside", "no better than chance")),
]


@cache
def drawn(kind: str, how: str) -> tuple[list[Line], list[Box]]:
    pdf = patient_report(FULL[how](cases.KINDS[kind]))
    return lines_of(pdf), marks_of(pdf)


def on_each_other(lines: Sequence[Line]) -> list[tuple[str, str]]:
    """Pairs of lines of which one is written over the other."""
    pairs = combinations(lines, 2)
    return [(one.text, other.text) for one, other in pairs if one.box.meets(other.box)]


def beyond(boxes: Sequence[Box], side: float = SIDE) -> list[Box]:
    """Those that reach over the margins."""
    return [
        box
        for box in boxes
        if box.left < side - 0.5 or box.right > WIDTH - side + 0.5 or box.top < side - 4
        or box.bottom > HEIGHT - side + 4
    ]  # fmt: skip


@pytest.mark.parametrize(("kind", "how"), VARIANTS)
def test_every_line_stands_within_the_margins_and_on_no_other(kind: str, how: str) -> None:
    lines, marks = drawn(kind, how)
    assert beyond([line.box for line in lines]) == []
    assert beyond(marks) == []
    assert on_each_other(lines) == []


@pytest.mark.parametrize(("kind", "how"), VARIANTS)
def test_the_notice_is_whole_at_the_head_and_at_the_foot(kind: str, how: str) -> None:
    lines, _ = drawn(kind, how)
    noticed = [line for line in lines if RESEARCH_ONLY in line.text]
    assert len(noticed) == 2
    assert noticed[0].box.bottom < HEIGHT / 5
    assert all(line.box.bottom < noticed[1].box.bottom for line in lines if line is not noticed[1])
    assert min(line.size for line in noticed) >= 8
    # Smaller text is not legible in print.
    assert min(line.size for line in lines) >= 5


HEADINGS = (
    "What moved the model", "Values against the cohort",
    "Most similar patients of the training cohort", "Missing values that matter",
)  # fmt: skip


def test_what_a_heading_announces_begins_right_below_it() -> None:
    lines, _ = drawn("yes_no", "full")
    for title in HEADINGS:
        heading = next(line for line in lines if line.text == title)
        right = heading.box.left + 85
        below = [
            line.box
            for line in lines
            if line.box.top > heading.box.bottom and heading.box.left <= line.box.left < right
        ]
        nearest = sorted(box.top - heading.box.bottom for box in below)[:2]
        assert nearest[-1] < 9, title


@pytest.mark.parametrize(
    ("kind", "absent"),
    [("yes_no", "Most similar patients"), ("yes_no", "Values against"), ("classes", "Missing")],
)
def test_a_heading_without_anything_below_it_is_left_out(kind: str, absent: str) -> None:
    assert absent not in text_of(patient_report(cases.KINDS[kind]()))


def test_a_table_without_reasons_leaves_their_place_empty() -> None:
    text = text_of(patient_report(cases.yes_no(explanation=None)))
    assert "What moved the model" not in text
    assert "21 %" in text


NAMES_END = 14 + 0.4 * 104


def numbers_and_names(pdf: bytes) -> tuple[list[Line], list[Line]]:
    """The numbers beside the bars of the waterfall, and the names to their left."""
    lines = lines_of(pdf)
    top = next(line for line in lines if line.text == "Typical patient").box.bottom
    bottom = next(line for line in lines if line.text == "This patient").box.top
    inside = [one for one in lines if top < one.box.top < bottom and one.box.left < 118]
    numbers = [one for one in inside if re.fullmatch(r"[+−]?\d+\.\d+", one.text)]
    names = [one for one in inside if one not in numbers and one.box.right <= NAMES_END]
    return numbers, names


@settings(max_examples=10)
@given(
    st.lists(st.floats(-9e6, 9e6, allow_nan=False), min_size=1, max_size=6),
    st.integers(0, 4), st.sampled_from(["", "mg/dL", "cells per microlitre"]),
    st.floats(-9e6, 9e6, allow_nan=False),
)  # fmt: skip
def test_a_bars_number_stands_whole_and_covers_no_name(
    changes: list[float], decimals: int, unit: str, base: float
) -> None:
    amount = Amount("charges", unit, decimals)
    names = tuple(f"A rather long name of the variable {k}" for k in range(len(changes)))
    why = cases.explanation(tuple(changes), "LDL cholesterol", base, amount, names)
    pdf = patient_report(cases.number(explanation=why))
    numbers, names_shown = numbers_and_names(pdf)
    order = sorted(changes, key=abs, reverse=True)
    assert sorted(one.text for one in numbers) == sorted(amount.share(one) for one in order)
    # What is painted white behind a number would cover what was written before it.
    assert all(one.box.left > NAMES_END - 2 for one in numbers)
    assert all(one.box.right < 14 + 104 + 2 for one in numbers)
    assert len(names_shown) == 2 * len(changes)
    ends = [line for line in lines_of(pdf) if line.box.left > NAMES_END - 2]
    for end in (base, float(why.prediction[0])):
        assert amount.said(end) in [line.text for line in ends]


def test_more_variables_than_there_are_bars_are_added_up_in_the_last() -> None:
    changes = tuple(0.9 - 0.01 * k if k < 8 else 0.001 for k in range(100))
    pdf = patient_report(cases.yes_no(explanation=cases.explanation(changes)))
    numbers, _ = numbers_and_names(pdf)
    assert "92 other variables" in text_of(pdf)
    shown = [f"+{0.9 - 0.01 * k:.2f}" for k in range(8)]
    assert [one.text for one in numbers] == [*shown, "+0.09"]


def test_bars_are_as_long_as_their_numbers_and_begin_where_the_last_one_ended() -> None:
    pdf = patient_report(cases.yes_no(explanation=cases.explanation((1.0, -0.5, 0.25))))
    bars = [box for box in marks_of(pdf) if 4 < box.bottom - box.top < 4.5 and box.left < 118]
    first, second, third = sorted(bars, key=lambda box: box.top)
    per_unit = first.right - first.left
    assert second.right - second.left == pytest.approx(per_unit / 2, abs=0.2)
    assert third.right - third.left == pytest.approx(per_unit / 4, abs=0.2)
    assert second.right == pytest.approx(first.right, abs=0.1)
    assert third.left == pytest.approx(second.left, abs=0.1)


@settings(max_examples=8)
@given(st.text(max_size=120), st.integers(0, 120), st.sampled_from(sorted(cases.KINDS)))
def test_any_names_of_many_variables_stay_within_the_page(text: str, many: int, kind: str) -> None:
    shown = cases.full(cases.KINDS[kind], text, many)
    lines = lines_of(patient_report(replace(shown, patient=text, model=text)))
    assert beyond([line.box for line in lines]) == []
    assert sum(RESEARCH_ONLY in line.text for line in lines) >= 2


SCANS = {
    "one event": cases.scan(),
    "classes": cases.scan(cases.evidence(
        labels=tuple(f"class {k}" for k in range(9)), probability=(0.11,) * 9, low=(0.1,) * 9,
        high=(0.12,) * 9, label="class 3",
    )),
    "outside": cases.scan(cases.evidence(outside=True)),
    "chance": cases.chance(cases.scan()),
    "no map": cases.scan(cases.evidence(steadiness=0.95)),
    "no guard": cases.scan(cases.evidence(guarded=False)),
    "a long name": cases.scan(cases.evidence(scan="a folder/" * 30 + "0001.dcm",
                                             labels=("a finding " * 20,))),
    "tall": cases.scan(
        cases.evidence(outline=np.zeros((60, 40), dtype=bool)), pixels=cases.pixels().T.copy()
    ),
    "many lesions": cases.scan(cases.evidence(
        lesions=cases.evidence().lesions * 30, outlined_slices=300,
        regions=cases.evidence().regions * 4,
    )),
}  # fmt: skip


@pytest.mark.parametrize("kind", SCANS)
def test_a_scans_page_keeps_its_lines_and_pictures_apart(kind: str) -> None:
    pdf = scan_report(SCANS[kind])
    lines, marks = lines_of(pdf), marks_of(pdf)
    assert beyond([line.box for line in lines]) == []
    assert on_each_other(lines) == []
    assert beyond(marks) == []
    pictures = [box for box in marks if box.bottom - box.top > 30]
    assert pictures
    for one, other in combinations(pictures, 2):
        assert not one.meets(other)
    covered = [(p, line.text) for p in pictures for line in lines if p.meets(line.box)]
    assert covered == []
    assert sum(RESEARCH_ONLY in line.text for line in lines) == 2
