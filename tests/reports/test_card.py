"""The model card: filled by the machine or said to be empty."""

from __future__ import annotations

import json
from dataclasses import replace

from pmed_core.reports.card import (
    NOT_STATED,
    CardSource,
    card_as_json,
    card_as_markdown,
    model_card,
    plain,
)
from pmed_core.settings import RESEARCH_ONLY
from tests.figures import nouns

CARD = {
    "cohort": "icu.csv", "cohort_digest": "ab" * 32, "rows": 4000, "patients": 3990,
    "events": [550], "model": "TabM", "weights": 120_000, "trained": "2026-11-20T14:05:00+00:00",
    "device": "CPU", "seconds": 61.2, "notes": ["3 rows without outcome."],
    "author": {"purpose": "Research on [links](http://x) & <b> or http://x.y", "funding": " "},
}  # fmt: skip
SOURCE = CardSource("ICU | mortality", CARD, nouns.evaluation(), nouns.variables())


def test_what_is_known_is_filled_and_the_rest_says_so() -> None:
    card = model_card(SOURCE)
    sections = card["sections"]
    assert card["notice"] == RESEARCH_ONLY
    assert sections["Data"]["Rows"] == "4,000"
    assert sections["Data"]["Events for each input"] == "42"
    assert sections["Intended use"]["Intended users"] == NOT_STATED
    assert sections["Open science"]["Funding"] == NOT_STATED
    assert all(text.strip() for items in sections.values() for text in items.values())
    assert len(card["inputs"]) == len(nouns.variables())


def test_markdown_has_the_notice_the_numbers_and_no_markup_of_others() -> None:
    text = card_as_markdown(SOURCE)
    assert text.count(RESEARCH_ONLY) == 2
    assert "| AUROC | 0.863 (0.843 to 0.883) |" in text
    assert "Gradient boosting" in text
    assert "http://" not in text
    assert "[links](" not in text
    assert "<b>" not in text
    assert r"# Model card: ICU \| mortality" in text


def test_json_is_strict_where_measures_are_unknown() -> None:
    found = json.loads(card_as_json(model_card(replace(SOURCE, evaluation=nouns.nobody()))))
    assert found["performance"]["auroc"]["value"] is None


def test_an_empty_card_and_classes_are_cards_too() -> None:
    source = CardSource("m", {}, nouns.classes(), ())
    card = model_card(source)
    assert card["sections"]["Data"]["Rows"] == "Not recorded."
    assert "each value of 'grade'" in nouns.classes().outcome.described()
    assert "Validation" in card_as_markdown(source)
    assert "Threshold" not in card["sections"]["Validation"]


def test_classes_count_each() -> None:
    source = CardSource("m", {"events": [12, 10, 8]}, nouns.classes(), ())
    assert model_card(source)["sections"]["Data"]["Patients by outcome"] == (
        "benign 12, <i>malignant</i> 10, uncertain 8"
    )


def test_plain_text_stays_plain() -> None:
    assert plain("a\n| b") == r"a \| b"
