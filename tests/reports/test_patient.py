"""The report of one patient: one page, nothing cut off silently, no number where none is due."""

from __future__ import annotations

import io
from dataclasses import replace
from datetime import datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pypdf import PdfReader

from pmed_core.evaluation import Measure
from pmed_core.figures import cohorts, wording
from pmed_core.outcomes import YesNo
from pmed_core.reports.patient import PatientPage, draw, patient_report
from pmed_core.reports.sheet import EAST, HEIGHT, Sheet, Type
from pmed_core.settings import RESEARCH_ONLY
from pmed_core.variable import Kind, Variable
from pmed_core.work import Neighbour
from tests.figures import nouns

MADE = datetime(2026, 11, 20, 14, 5)
PLACES = tuple(cohorts.places(nouns.variables(), nouns.quality().summaries, nouns.cells()))
PAGE = PatientPage(
    "132539", "ICU mortality, TabM", MADE, nouns.consultation(), nouns.evaluation(),
    nouns.explanation(), PLACES, 0.14,
)  # fmt: skip


def text_of(page: PatientPage) -> str:
    reader = PdfReader(io.BytesIO(patient_report(page)))
    assert len(reader.pages) == 1
    return " ".join(reader.pages[0].extract_text().split())


def test_the_page_holds_what_a_reader_needs() -> None:
    text = text_of(PAGE)
    assert text.count(RESEARCH_ONLY) == 2
    for part in (
        "Patient 132539", "2026-11-20", "ICU mortality, TabM", "37 %", "28 % to 46 %",
        "90 % of the ensemble's members", "37 of 100 patients like this one would have the event",
        "at or above the threshold of 14 %",
        "91 % of the 4,000 patients the model was evaluated on", "What moved the model",
        "never seen", "Typical patient", "Age", "81 years", "Most similar patients", "died",
        "Missing values that matter", "Sodium", "AUROC 0.863 (0.843 to 0.883)",
        "not what causes the outcome",
    ):  # fmt: skip
        assert part in text


def test_the_head_says_which_networks_speak_and_how_good_they_are() -> None:
    held_out = replace(PAGE, consultation=replace(PAGE.consultation, basis="held-out"))
    text = text_of(held_out)
    assert "Held-out prediction" in text
    assert "Tells patients apart well. AUROC 0.863 (0.843 to 0.883)" in text
    assert "networks that never saw them" in text
    assert "550 with the event" in text


def test_a_model_no_better_than_chance_gives_a_sentence_and_no_number() -> None:
    chance = nouns.evaluation().measures | {"auroc": Measure(0.53, 0.43, 0.62)}
    text = text_of(replace(PAGE, evaluation=replace(nouns.evaluation(), measures=chance)))
    assert "No number is shown: the model is no better than chance." in text
    assert "37 %" not in text
    assert "What moved the model" not in text


def test_an_auroc_without_an_interval_says_why() -> None:
    perfect = nouns.evaluation().measures | {"auroc": Measure(1.0, 1.0, 1.0)}
    text = text_of(replace(PAGE, evaluation=replace(nouns.evaluation(), measures=perfect)))
    assert "AUROC 1.000 (no interval)" in text
    assert "No interval of the AUROC: perfect separation, by a leak or in too few patients." in text


def test_outside_patients_get_sentences_and_no_number() -> None:
    odd = ("Age 131 years is above everyone's (16 to 90 years).",)
    text = text_of(replace(PAGE, consultation=nouns.consultation(odd)))
    assert "Outside what the model has seen" in text
    assert odd[0] in text
    assert "37 %" not in text
    assert "What moved the model" not in text


def test_the_missing_values_are_told_as_risks() -> None:
    assert "to 30 % or 44 %" in text_of(PAGE)


@pytest.mark.parametrize(
    "name",
    ["Ὀδυσσεύς Ἰθακήσιος", "Антон Чехов", "Zoë Łuczak-Ångström", "王小明", "患者 結局", "さくら",
     "김민준", "張 Zhang 3"],
)  # fmt: skip
def test_names_in_many_scripts_are_written(name: str) -> None:
    assert name in text_of(replace(PAGE, patient=name))


def test_arabic_is_joined_and_not_lost() -> None:
    sheet = draw(replace(PAGE, patient="محمد بن سلمان"))
    assert sheet.lacking == []
    assert sheet.bytes().startswith(b"%PDF")


def test_characters_the_font_lacks_are_told() -> None:
    text = text_of(replace(PAGE, patient="ไท"))
    assert "[U+0E44][U+0E17]" in text
    assert "not in this report's font" in text


def test_direction_overrides_and_controls_are_dropped() -> None:
    sheet = Sheet("x", MADE)
    assert sheet.readable("12\u202e34\n\x0056") == "1234 56"
    sheet.bytes()


@settings(max_examples=8)
@given(st.text(max_size=400), st.integers(0, 30))
def test_any_text_stays_on_the_page(text: str, many: int) -> None:
    consultation = replace(
        nouns.consultation((text,) * (many % 9)),
        unseen=(text,) * many, missing=((text, 0.3),) * many, interval=text,
        neighbours=(Neighbour(text, text, 0.4, 1.0),) * many,
    )  # fmt: skip
    sheet = draw(replace(PAGE, patient=text, model=text, consultation=consultation))
    assert sheet.bytes().startswith(b"%PDF")
    assert sheet.lowest <= HEIGHT
    assert sheet.pdf.pages_count == 1


@pytest.mark.parametrize("odd", [0, 20], ids=["a risk", "outside"])
def test_the_fullest_page_leaves_the_foot_alone(odd: int) -> None:
    long = "Something about this patient that takes a good many words to say in full. " * 6
    consultation = replace(nouns.consultation((long,) * odd), unseen=(long,) * 9,
                           missing=(("Sodium", 0.3),) * 9,
                           neighbours=nouns.consultation().neighbours * 4)  # fmt: skip
    heights = []
    original = Sheet.rule

    class Watched(Sheet):
        def rule(
            self,
            start: tuple[float, float],
            end: tuple[float, float],
            colour: str = "#C8C8C8",
            dash: float = 0.0,
        ) -> None:
            # The rule above the foot is the last one: all else must be above it.
            heights.append((self.lowest, start[1]))
            original(self, start, end, colour, dash)

    import pmed_core.reports.patient as module

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(module, "Sheet", Watched)
        page = replace(PAGE, patient="ไ", consultation=consultation, places=PLACES * 3)
        module.draw(page).bytes()
    lowest, foot = heights[-1]
    assert lowest <= foot + 0.5


def test_a_line_is_cut_where_it_must_and_says_so() -> None:
    sheet = Sheet("x", MADE)
    style = Type(9)
    cut = sheet.fitted("Somewhat longer than the place for it", style, 20)
    assert cut.endswith("…")
    assert sheet.width(cut, style) <= 20
    assert sheet.fitted("short", style, 20) == "short"
    sheet.bytes()


def test_a_page_without_extras_is_a_page() -> None:
    bare = replace(PAGE.consultation, unseen=(), missing=(), neighbours=(), position=())
    page = PatientPage("1", "m", MADE, bare, nouns.nobody())
    assert "37 %" in text_of(page)


def test_classes_are_all_told() -> None:
    consultation = replace(
        PAGE.consultation, labels=("benign", "malignant", "uncertain"), value=(0.1, 0.7, 0.2),
        low=(0.1, 0.6, 0.1), high=(0.2, 0.8, 0.3), position=(0.1, 0.2, 0.3),
    )  # fmt: skip
    page = PatientPage("1", "m", MADE, consultation, nouns.classes())
    text = text_of(page)
    assert "malignant 70 %, uncertain 20 %, benign 10 %" in text
    assert "grade is malignant" in text


def test_the_same_page_has_the_same_bytes() -> None:
    assert patient_report(PAGE) == patient_report(PAGE)


NUMBER = st.floats(-1e7, 1e7, allow_nan=False, allow_subnormal=False)
SHARE = st.floats(0.0, 1.0) | st.sampled_from([0.0, 0.0004, 0.994, 0.9994, 0.9999, 1.0])


@settings(max_examples=14, deadline=None)
@given(
    st.lists(
        st.tuples(NUMBER, NUMBER, NUMBER, st.text("abcdefgh, ", min_size=1, max_size=60)),
        min_size=1, max_size=12,
    ),
    st.tuples(SHARE, SHARE, SHARE),
    st.sampled_from(["", "mmol/L", "px²", "beats per minute"]),
)  # fmt: skip
def test_every_number_of_the_page_stands_on_it_whole(
    numbers: list[tuple[float, float, float, str]], risks: tuple[float, float, float], unit: str
) -> None:
    places = tuple(
        cohorts.Place(Variable(name, Kind.NUMBER, unit=unit), value, 1.4, 0.5, low, high,
                      "higher than anyone's")
        for value, low, high, name in numbers
    )  # fmt: skip
    low, risk, high = sorted(risks)
    consultation = replace(
        PAGE.consultation, value=(risk,), low=(low,), high=(high,),
        neighbours=(Neighbour("a name " * 20, "something long " * 9, high, 0.1),),
    )  # fmt: skip
    page = replace(PAGE, places=places, consultation=consultation, explanation=None, threshold=low)
    text = text_of(page)
    for value, first, last, _ in numbers:
        assert f"{wording.number(first)} to {wording.number(last)}" in text
        assert wording.number(value, 4) in text
    assert wording.percents(low, high) in text
    assert text.count(wording.percent(high)) >= 1
    assert f"the threshold of {wording.percent(low)}" in text


def test_the_second_font_is_read_where_it_is_needed_and_the_file_stays_small() -> None:
    sheet = draw(PAGE)
    assert EAST.lower() not in sheet.pdf.fonts
    assert len(patient_report(replace(PAGE, patient="王小明"))) < len(sheet.bytes()) + 40_000


def test_codes_are_written_by_their_names() -> None:
    outcome = YesNo("num", ("1",), names=(("1", "heart disease"),))
    consultation = replace(PAGE.consultation, labels=("1",))
    page = replace(PAGE, consultation=consultation, explanation=None,
                   evaluation=replace(PAGE.evaluation, outcome=outcome))  # fmt: skip
    assert "Risk of “Heart disease (num = 1)”" in text_of(page)
