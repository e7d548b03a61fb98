"""Names on a page are data: in any script, of any length, whoever wrote them."""

from __future__ import annotations

import io
import unicodedata
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pypdf import PdfReader

from pmed_core.reports.patient import patient_report
from pmed_core.reports.scan import scan_report
from pmed_core.reports.sheet import Sheet, Type
from tests.reports import cases
from tests.reports.drawn import lines_of, text_of


def head_of(patient: str) -> str:
    """The lines above the notice, as they are written."""
    lines = lines_of(patient_report(cases.yes_no(patient=patient, explanation=None)))
    return " ".join(line.text for line in lines if line.box.bottom < 20 and line.box.left < 160)


@pytest.fixture(scope="module")
def sheet() -> Iterator[Sheet]:
    """One for all, since reading its fonts takes longest."""
    found = Sheet("x", cases.MADE)
    yield found
    found.bytes()


def readable(sheet: Sheet, text: str) -> tuple[str, list[str]]:
    """As a sheet writes it, and what it could not."""
    sheet.lacking.clear()
    return sheet.readable(text), list(sheet.lacking)


@pytest.mark.parametrize(
    ("text", "written"),
    [
        ("نعمت\u200cالله", "نعمت\u200cالله"),
        ("e\u0301\u0302 Nguyễn", "e\u0301\u0302 Nguyễn"),
        ("שרה כהן", "שרה כהן"),
        ("თამარ", "თამარ"),
        ("王\u3000小明", "王 小明"),
        ("Straße №7 ½ µ", "Straße №7 ½ µ"),
        ("a\tb\r\nc\u2028d", "a b c d"),
        ("12\u202e34\u2066\u200e", "1234"),
        ("bell\x07\x1b[31m", "bell[31m"),
        ("soft\u00adhyphen", "softhyphen"),
    ],
)
def test_letters_stay_and_what_would_only_mislead_is_dropped(
    sheet: Sheet, text: str, written: str
) -> None:
    assert readable(sheet, text) == (written, [])


@pytest.mark.parametrize(
    ("character", "number"),
    [("\ue000", "[U+E000]"), ("\U000f0001", "[U+F0001]"), ("\u0378", "[U+0378]"),
     ("😀", "😀"), ("🧬", "[U+1F9EC]"), ("ไ", "[U+0E44]"), ("\ud800", "[U+D800]")],
)  # fmt: skip
def test_a_name_never_loses_a_character_without_a_word(
    sheet: Sheet, character: str, number: str
) -> None:
    written, lacking = readable(sheet, f"A{character}B")
    assert written == f"A{number}B"
    assert lacking == ([] if number == character else [character])


def test_what_is_lacking_is_told_once_with_its_name() -> None:
    text = text_of(patient_report(cases.yes_no(patient="ไไ\ue000🧬ก", model="ไ")))
    assert "written as their Unicode numbers" in text
    assert (
        "U+0E44 thai character sara ai maimalai, U+E000 unnamed, U+1F9EC dna double helix" in text
    )
    assert "and 1 more." in text


@settings(max_examples=40)
@given(st.text(max_size=60))
def test_every_visible_character_is_written_or_told(sheet: Sheet, text: str) -> None:
    written, lacking = readable(sheet, text)
    for character in text:
        if character.isspace() or unicodedata.category(character) in ("Cc", "Cf"):
            continue
        told = f"[U+{ord(character):04X}]" in written and character in lacking
        assert character in written or told


NAMES = [
    "Maximilian Alexander von und zu Hohenlohe-Waldenburg",
    "3f2504e0-4f89-11d3-9a0c-0305e82c3301",
    "1.2.826.0.1.3680043.8.498.13095356333573776918079633878155665675",
    "study/series 0004/slice 0001.dcm",
    "王" * 60,
]


@pytest.mark.parametrize("name", NAMES)
def test_a_long_name_is_written_whole(name: str) -> None:
    head = head_of(name)
    assert "…" not in head
    assert "".join(head.split()) == "".join(f"Patient {name}".split())


@settings(max_examples=6)
@given(st.text("abc -/.", min_size=200, max_size=400))
def test_a_name_longer_than_the_page_keeps_both_of_its_ends(middle: str) -> None:
    head = head_of(f"First{middle}Last")
    assert head.startswith("Patient First")
    assert head.endswith("Last")
    assert "…" in head


def test_two_slices_of_one_long_folder_are_told_apart() -> None:
    folder = "a hospital/a department/a study with a long name/" * 6
    first, second = (
        text_of(scan_report(cases.scan(cases.evidence(scan=f"{folder}{k:04d}.dcm"))))
        for k in (1, 2)
    )
    assert "0001.dcm" in first
    assert "0002.dcm" in second
    assert "0001.dcm" not in second


@settings(max_examples=25)
@given(st.text("aé\u0301\u0302 王x", max_size=90), st.floats(5, 60))
def test_a_cut_line_fits_and_parts_no_letter_from_its_marks(
    sheet: Sheet, text: str, width: float
) -> None:
    style = Type(9)
    whole = sheet.readable(text)
    cut = sheet.fitted(text, style, width)
    assert cut == whole or sheet.width(cut, style) <= width
    if cut != whole:
        kept = cut.removesuffix("…")
        assert whole.startswith(kept)
        following = whole[len(kept) : len(kept) + 1]
        assert not kept or not unicodedata.combining(following or " ")


@settings(max_examples=25)
@given(st.text("ab cd.", max_size=200), st.floats(10, 60))
def test_two_lines_hold_a_text_whole_or_both_its_ends(
    sheet: Sheet, text: str, width: float
) -> None:
    style = Type(9)
    whole = sheet.readable(text)
    first, second = sheet.halves(text, style, width)
    assert max(sheet.width(first, style), sheet.width(second, style)) <= width
    if second.startswith("…"):
        assert whole.startswith(first)
        assert whole.endswith(second[1:])
    else:
        assert (first + second).replace(" ", "") == whole.replace(" ", "")


MARKUP = ["<b>bold</b> **bold**", "[a](http://example.com)", "{x} %d %s \\n"]


@pytest.mark.parametrize("text", MARKUP)
def test_markup_in_names_is_written_as_it_is(text: str) -> None:
    page = cases.full(cases.yes_no, text, 2)
    pdf = patient_report(replace(page, patient=text, model=text))
    found = text_of(pdf)
    assert f"Patient {text}" in found
    assert f"the model “{text}”" in found
    assert found.count(text) >= 6
    reader = PdfReader(io.BytesIO(pdf))
    assert "/Annots" not in reader.pages[0]
    assert reader.metadata is not None
    assert reader.metadata.title == f"Report of patient {text}"


def everything_in(pdf: bytes) -> str:
    """Text and all that the file says of itself."""
    reader = PdfReader(io.BytesIO(pdf))
    about: Any = reader.metadata
    return f"{reader.pages[0].extract_text()} {dict(about)} {reader.xmp_metadata}"


def test_the_file_says_whose_report_it_is_and_nothing_of_the_machine() -> None:
    reader = PdfReader(io.BytesIO(patient_report(cases.yes_no())))
    about: Any = reader.metadata
    assert about.title == "Report of patient P-7"
    assert about.creation_date.replace(tzinfo=None) == cases.MADE
    assert set(about) <= {"/Title", "/Producer", "/CreationDate"}
    assert reader.attachments == {}
    assert reader.trailer["/Root"]["/Lang"] == "en"  # type: ignore[index]


@pytest.mark.parametrize("kind", cases.KINDS)
def test_nothing_of_another_patient_or_of_a_path_is_in_the_file(kind: str) -> None:
    pdf = patient_report(cases.KINDS[kind](patient="P-7", explanation=None))
    text = everything_in(pdf)
    assert "P-7" in text
    for stranger in ("/home/", "/tmp/", "/usr/", "site-packages", ".ttf"):
        assert stranger.encode() not in pdf
        assert stranger not in text


def test_the_same_page_of_another_patient_differs_by_the_name_alone() -> None:
    one, other = (text_of(patient_report(cases.classes(patient=name))) for name in ("P-7", "Q-8"))
    assert one.replace("P-7", "Q-8") == other
