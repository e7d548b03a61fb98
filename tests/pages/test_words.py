"""Text of files stays text, and numbers read well."""

from __future__ import annotations

import math
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pages.parts import words
from pmed_core.evaluation import Measure
from pmed_core.outcomes import YesNo


@pytest.mark.parametrize(
    "name",
    ["*bold*", "_it_", "$x^2$", "[a](http://b)", ":red[x]", "<b>", "`code`", "# h", "a|b", "- x",
     "+ x", "1. x", "12) x", "---", "===", "> x", "~~x~~", "&amp;", "__init__"],
)  # fmt: skip
def test_a_name_of_a_file_is_never_markup(name: str) -> None:
    escaped = words.plain(name)
    assert re.sub(r"\\(.)", r"\1", escaped).replace("\u2060", "") == name
    assert not re.search(r"(?<!\\)[*_`\[\]<>$|#:]|^(?:\d+[.)]|[-+=])(?:[\s=-]|$)", escaped)


@pytest.mark.parametrize(
    "name",
    ["age (years)", "cd4_week20", "x-ray", "HbA1c 0.5 %", "−3.1", "a + b = c", "Возраст (лет)"],
)
def test_a_label_is_read_out_as_it_is_written(name: str) -> None:
    assert words.plain(name) == name


@pytest.mark.parametrize("name", [":material/home:", ":smile:", "a:b:c"])
def test_a_name_never_becomes_an_icon(name: str) -> None:
    shown = re.sub(r"\\(.)", r"\1", words.plain(name))
    assert not re.search(r":[\w+/-]+:", shown)
    assert shown.replace("\u2060", "") == name


LINKED = re.compile(r"https?://|www\.|[\w.+-]@[\w-]", re.IGNORECASE)
"""What GitHub's Markdown, which Streamlit reads, makes a link of (its "extended autolinks")."""


@pytest.mark.parametrize(
    "name",
    ["http://evil.example", "see HTTPS://x.org/a?b=c", "www.evil.example", "Www.x.y", "a@b.example",
     "mailto:a@b.example", "https://a@b.c"],
)  # fmt: skip
def test_an_address_in_a_name_is_never_a_link(name: str) -> None:
    shown = re.sub(r"\\(.)", r"\1", words.plain(name))
    assert LINKED.search(name)
    assert not LINKED.search(shown)
    assert shown.replace("\u2060", "") == name


@given(st.text())
def test_escaping_keeps_every_word(text: str) -> None:
    shown = re.sub(r"\\(.)", r"\1", words.plain(text)).replace("\u2060", "")
    assert shown == " ".join(text.split()).replace("\u2060", "")


def test_long_names_are_cut() -> None:
    assert words.short("x" * 100, 10) == "x" * 9 + "…"
    assert words.short("患者コホート", 10) == "患者コホート"


@pytest.mark.parametrize(
    ("seconds", "text"), [(0, "0 s"), (59.6, "1 min 0 s"), (80, "1 min 20 s"), (7500, "2 h 5 min")]
)
def test_durations(seconds: float, text: str) -> None:
    assert words.duration(seconds) == text


def test_an_interval_that_is_not_known_is_said() -> None:
    assert words.interval(Measure(0.5, math.nan, math.nan)) == "no interval"
    assert words.interval(Measure(-0.5, -0.6, 0.1), 2) == "−0.60 to 0.10"
    assert words.number(math.nan) == words.DASH


@pytest.mark.parametrize("name", words.MEANINGS)
def test_a_measure_is_told_of_what_is_evaluated(name: str) -> None:
    said = words.meaning(name, YesNo("died", ("1",)), "molecule")
    assert said is not None
    assert "{" not in said
    if name in ("auroc", "sensitivity", "specificity", "npv", "r2", "coverage"):
        assert "molecule" in said
        assert "patient" not in said


def test_counts() -> None:
    assert words.count(1, "patient") == "1 patient"
    assert words.count(2000, "patient") == "2,000 patients"
