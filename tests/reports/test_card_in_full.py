"""The model card as a reader of Markdown sees it: every item, every measure, nobody's markup."""

from __future__ import annotations

import json
import math
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from pmed_core.evaluation import Measure, Threshold
from pmed_core.figures import wording
from pmed_core.reports.card import (
    ASKED,
    NOT_STATED,
    CardSource,
    card_as_json,
    card_as_markdown,
    model_card,
    plain,
)
from pmed_core.settings import RESEARCH_ONLY
from pmed_core.variable import Kind, Variable
from tests.figures import nouns
from tests.reports import cases

READER = MarkdownIt("commonmark", {"html": True}).enable(["table", "strikethrough"])
WRITTEN = {"text", "code_inline", "softbreak"}


def read(markdown: str) -> tuple[list[str], list[list[str]], set[str]]:
    """Headings, the cells of all rows of tables, and what kinds of tokens there are inside."""
    headings: list[str] = []
    rows: list[list[str]] = []
    kinds: set[str] = set()
    before = ""
    for token in READER.parse(markdown):
        if token.type == "tr_open":
            rows.append([])
        if token.type == "inline":
            children = token.children or []
            kinds |= {child.type for child in children}
            text = "".join(child.content for child in children if child.type in WRITTEN)
            if before == "heading_open":
                headings.append(text)
            if before in ("td_open", "th_open"):
                rows[-1].append(text)
        kinds |= {token.type} if token.type in ("html_block", "fence", "code_block") else set()
        before = token.type
    return headings, rows, kinds


def source(kind: str = "yes_no", **card: Any) -> CardSource:
    variables = (
        Variable("age", Kind.NUMBER, unit="years", range=(18.0, 91.5)),
        Variable("sex", Kind.CATEGORY, categories=("0", "1"), labels=(("0", "female"),)),
        Variable("unit", Kind.CATEGORY, categories=tuple(f"u{k}" for k in range(12))),
        Variable("seen", Kind.DATE, range=(0.0, 365.0)), Variable("empty", Kind.NUMBER),
    )  # fmt: skip
    return CardSource("A model", card, cases.KINDS[kind]().evaluation, variables)


@pytest.mark.parametrize("kind", cases.KINDS)
def test_every_measure_stands_in_the_card_as_on_the_screen(kind: str) -> None:
    one = source(kind)
    _, rows, _ = read(card_as_markdown(one))
    told = {row[0]: row[1] for row in rows if len(row) == 2}
    outcome = one.evaluation.outcome
    for name, found in one.evaluation.measures.items():
        title = wording.measure_title(name, outcome)
        assert told[title] == wording.measured(name, found, outcome)


def test_an_error_in_the_outcomes_unit_is_told_in_it() -> None:
    _, rows, _ = read(card_as_markdown(source("number")))
    assert ["Mean absolute error", "23.1 (21.6 to 24.7) mg/dL"] in rows


PREDICTS = {
    "yes_no": "The probability of Death in hospital (died = 1).",
    "classes": "grade",
    "several": "The probability of each of 3 events: asthma, COPD, sepsis.",
    "number": "'LDL cholesterol' as a number in mg/dL, with an interval",
    "time_to_event": "The risk of the event (died is 1) by each time; stated at 12, 36, 60 months.",
}
COUNTED: dict[str, tuple[Any, dict[str, str]]] = {
    "yes_no": ([200], {"Patients with the event": "200", "Events for each input": "40"}),
    "classes": ([400, 300, 100], {"Patients by outcome": "benign 400, malignant 300, 3 100"}),
    "several": ([90, 300, 12], {"Patients by outcome": "asthma 90, COPD 300, sepsis 12"}),
    "number": ([], {}),
    "time_to_event": (1299, {"Patients with the event": "1,299", "Events for each input": "260"}),
}


@pytest.mark.parametrize("kind", cases.KINDS)
def test_what_is_predicted_and_of_how_many_is_said_of_each_kind(kind: str) -> None:
    events, expected = COUNTED[kind]
    sections = model_card(source(kind, events=events))["sections"]
    assert PREDICTS[kind] in sections["Model"]["Predicts"]
    counted = ("Patients with the event", "Events for each input", "Patients by outcome")
    assert {k: v for k, v in sections["Data"].items() if k in counted} == expected


def test_counts_of_labels_that_the_model_does_not_have_are_told_without_names() -> None:
    data = model_card(source("classes", events=[4, 5]))["sections"]["Data"]
    assert data["Patients by outcome"] == "4, 5"


def test_inputs_stand_with_their_kinds_ranges_units_and_codes() -> None:
    _, rows, _ = read(card_as_markdown(source()))
    assert rows[-5:] == [
        ["age", "number", "18 years to 91.5 years"],
        ["sex", "category", "0 (female), 1"],
        ["unit", "category", "u0, u1, u2, u3, u4, u5, u6, u7, …"],
        ["seen", "date", "1970-01-01 to 1971-01-01"],
        ["empty", "number", ""],
    ]


def test_baselines_stand_beside_the_model_and_are_left_out_where_there_are_none() -> None:
    one = source()
    assert "No baselines were trained." in card_as_markdown(one)
    beside = (cases.baseline("Logistic | regression", 0.82, 0.01),)
    with_one = replace(one, evaluation=replace(one.evaluation, baselines=beside, verdict="Ahead."))
    _, rows, _ = read(card_as_markdown(with_one))
    assert ["Baseline", "AUROC", "AUROC of the model minus this"] in rows
    shown = ["Logistic | regression", "0.820 (0.800 to 0.840)", "0.010 (0.008 to 0.012)"]
    assert shown in rows
    assert model_card(with_one)["baselines"] == {shown[0]: shown[1]}
    assert "Ahead." in card_as_markdown(with_one)


def test_a_threshold_is_told_where_alerts_are_raised() -> None:
    one = source()
    assert "Threshold" not in model_card(one)["sections"]["Validation"]
    alerts = (Threshold(0.25, 1, 2, 3, 4, 0.1, 0.0),)
    found = model_card(replace(one, evaluation=replace(one.evaluation, thresholds=alerts)))
    assert found["sections"]["Validation"]["Threshold"] == "25 %, the training outcome rate"


def test_what_the_author_says_stands_in_its_section_and_the_rest_is_said_to_be_missing() -> None:
    author = {key: f"said of {key}" for items in ASKED.values() for key in items}
    sections = model_card(source(author=author))["sections"]
    for section, items in ASKED.items():
        for key, title in items.items():
            assert sections[section][title] == f"said of {key}"
    assert NOT_STATED not in card_as_markdown(source(author=author))
    asked = sum(map(len, ASKED.values()))
    assert card_as_markdown(source()).count(NOT_STATED) == asked


def test_notes_of_reading_and_of_the_evaluation_are_told() -> None:
    one = source(notes=["3 rows without outcome.", "Units were mixed."])
    known = replace(one.evaluation, notes=("Only 9 events.",))
    sections = model_card(replace(one, evaluation=known))["sections"]
    assert sections["Data"]["What was done while reading"] == (
        "3 rows without outcome. Units were mixed."
    )
    assert sections["Limitations"]["What the evaluation warns of"] == "Only 9 events."
    assert model_card(source())["sections"]["Limitations"]["What the evaluation warns of"] == (
        "Nothing."
    )


@pytest.mark.parametrize(("n", "said"), [(1, "1 patient the"), (4000, "4,000 patients the")])
def test_patients_are_counted_in_plain_english(n: int, said: str) -> None:
    one = source()
    card = model_card(replace(one, evaluation=replace(one.evaluation, n=n)))
    assert said in card["sections"]["Validation"]["Evaluated on"]


def test_the_notice_opens_and_closes_the_card() -> None:
    lines = card_as_markdown(source()).strip().splitlines()
    assert lines[2] == f"**{RESEARCH_ONLY}**"
    assert lines[-1] == f"*{RESEARCH_ONLY}*"


NASTY = st.text(
    st.sampled_from("ab |*_`~<>&[]()!#$\\\n\r\t-+=:/.@{}王é\u202e\x00") | st.characters(),
    max_size=40,
)


@settings(max_examples=60)
@given(NASTY)
@example("[a](b)")
@example("![a](b.png)")
@example("<script>x</script>")
@example("`x` **y** ~~z~~ &copy;")
def test_no_name_is_read_as_markup_and_each_is_read_as_it_is(text: str) -> None:
    one = source(cohort=text, author={"purpose": text}, notes=[text])
    named = (Variable(text, Kind.CATEGORY, categories=(text, "b")),)
    headings, rows, kinds = read(card_as_markdown(replace(one, name=text, variables=named)))
    assert kinds <= {"text", "strong_open", "strong_close", "em_open", "em_close", "softbreak",
                     "text_special"}  # fmt: skip
    meant = wording.line(text)
    assert headings[0].replace("\u2060", "").strip() == f"Model card: {meant}".strip()
    assert rows[-1][0].replace("\u2060", "") == meant.strip()
    assert len(rows[-1]) == 3
    assert headings[1:] == ["Model", "Intended use", "Data", "Validation", "Fairness",
                            "Limitations", "Open science", "Inputs"]  # fmt: skip


@pytest.mark.parametrize(
    ("text", "written"),
    [("a\u202eb\x00c", "abc"), ("نعمت\u200cالله", "نعمت\u200cالله"), ("a & b", "a &amp; b"),
     ("&lt;", "&amp;lt;"), ("1 < 2", "1 &lt; 2"), ("x_y*z", r"x\_y\*z"), ("", "")],
)  # fmt: skip
def test_plain_text_drops_what_misleads_and_escapes_the_rest(text: str, written: str) -> None:
    assert plain(text) == written


@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf])
def test_a_measure_that_is_no_number_is_null_for_machines(value: float) -> None:
    one = source()
    odd = replace(one.evaluation, measures={"auroc": Measure(value, value, 0.5)})
    found = json.loads(card_as_json(model_card(replace(one, evaluation=odd))))
    assert found["performance"]["auroc"] == {"value": None, "low": None, "high": 0.5}
    assert ["AUROC", "not known"] in read(card_as_markdown(replace(one, evaluation=odd)))[1]


def test_the_card_for_machines_holds_what_the_card_for_people_holds() -> None:
    one = CardSource("m", {"rows": 3}, nouns.evaluation(), nouns.variables())
    found = json.loads(card_as_json(model_card(one)))
    assert found["notice"] == RESEARCH_ONLY
    assert found["performance"]["auroc"] == {"value": 0.863, "low": 0.843, "high": 0.883}
    assert found["sections"]["Data"]["Rows"] == "3"
    assert set(found["baselines"]) == {name for name, *_ in nouns.BASELINES}
