"""How good a model is, as it is printed: the numbers of the screen, and nothing over its edge."""

from __future__ import annotations

import io
import re
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from itertools import combinations
from typing import Any

import plotly.graph_objects as go
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pypdf import PdfReader

from pages.parts.outcomes import shown_by
from pmed_core.evaluation import Evaluation, Measure
from pmed_core.figures import wording
from pmed_core.reports.performance import PerformancePage, performance_report
from pmed_core.reports.plot import draw_plot
from pmed_core.reports.sheet import Sheet
from pmed_core.settings import RESEARCH_ONLY
from pmed_core.subgroups import WHOLE, Group, Subgroups
from tests.figures import nouns
from tests.reports.cases import MADE
from tests.reports.drawn import HEIGHT, WIDTH, lines_of, marks_of, text_of

EVALUATED: dict[str, Callable[[], Evaluation]] = {
    "yes/no": nouns.evaluation, "classes": nouns.classes, "nobody": nouns.nobody,
    "several": partial(nouns.several, 3),
}  # fmt: skip
CARD = {"cohort": "icu.csv", "model": "TabM", "trained": "2026-11-26T08:40:26+00:00"}


def page(evaluation: Evaluation, **more: Any) -> PerformancePage:
    pictures = shown_by(evaluation.outcome).reported(evaluation, 0.2, {})
    made = PerformancePage(
        "Ward 5", MADE, evaluation, CARD, nouns.variables(), "2 % of training, in 3 of 13 inputs",
        threshold=evaluation.outcome.alert(0.2), pictures=pictures,
    )  # fmt: skip
    return replace(made, **more)


def test_the_page_says_what_a_reader_of_tripod_asks() -> None:
    evaluation = nouns.evaluation()
    said = text_of(performance_report(page(evaluation, notes="Only for the ward.")))
    wanted = [
        "icu.csv", "4,000 patients", "550", "out-of-fold, 8 folds", "13", "2 % of training",
        "AUROC", "0.863 (0.843 to 0.883)", "Calibration slope", "Net benefit", "Alert threshold",
        "20 %", "Gradient boosting", "Lowest Glasgow coma score", "TabM", "2026-11-26",
        "12 of 4,000 rows are unlike", "The author states no limitations.", "Only for the ward.",
        RESEARCH_ONLY,
    ]  # fmt: skip
    assert [part for part in wanted if part not in said] == []
    assert wording.percent(evaluation.threshold) not in said.split("Alert threshold")[1][:8]


@pytest.mark.parametrize("long", [False, True])
@pytest.mark.parametrize("kind", EVALUATED)
def test_nothing_leaves_the_page_and_no_line_covers_another(kind: str, long: bool) -> None:
    found = page(EVALUATED[kind]())
    if long:
        text = "A sentence that takes a good many words until it is said in full. " * 4
        noted = replace(found.evaluation, notes=(text,) * 9, verdict=text)
        found = replace(found, evaluation=noted, model=text, notes=text, missing=text)
    pdf = performance_report(found)
    pages = len(PdfReader(io.BytesIO(pdf)).pages)
    said = text_of(pdf, 0, pages)
    more = re.search(r"(\d+) more under Performance\.", said)
    limits = 2 + bool(found.notes) + len(found.evaluation.notes)
    assert said.count("• ") + (int(more[1]) if more else 0) == limits
    lines = lines_of(pdf, 0, pages)
    # Lines of figures are cut at the borders of these, which the reader of marks does not know.
    for box in (one.box for one in lines):
        assert 12 < box.left < box.right < WIDTH - 12
        assert 8 < box.top < box.bottom < HEIGHT - 8
    pairs = [(a.text, b.text) for a, b in combinations(lines, 2) if a.box.meets(b.box)]
    assert pairs == []


@pytest.mark.parametrize(("assays", "pages"), [(3, 2), (14, 2), (50, 3)])
def test_each_assay_has_its_own_measures_and_its_own_name(assays: int, pages: int) -> None:
    pdf = performance_report(page(nouns.several(assays)))
    assert len(PdfReader(io.BytesIO(pdf)).pages) == pages
    assert "All outcomes are on the next page." in text_of(pdf, 0, pages)
    said = " ".join(text_of(pdf, number, pages) for number in range(1, pages))
    for n in range(assays):
        assert f"grown for {n} days {0.7 + n / 100:.3f}" in said
        assert f"{0.3 + n / 100:.3f}" in said
    assert "nR-AhR" not in text_of(pdf, 0, pages), "a name in a legend is as it is written"
    for number in range(1, pages):
        lines = lines_of(pdf, number, pages)
        assert not [(a.text, b.text) for a, b in combinations(lines, 2) if a.box.meets(b.box)]


@given(
    st.lists(st.tuples(st.floats(-1e9, 1e9), st.floats(-1e9, 1e9)), min_size=1, max_size=30),
    st.sampled_from(["lines", "markers"]),
)
@settings(max_examples=25, deadline=None)
def test_any_points_are_drawn_inside_their_place(
    points: list[tuple[float, float]], mode: str
) -> None:
    figure = go.Figure()
    x, y = zip(*points, strict=True)
    figure.add_scatter(x=x, y=y, mode=mode, name="one", line_color="#0072B2",
                       marker_color="#0072B2")  # fmt: skip
    figure.update_layout(xaxis_title_text="time", yaxis_title_text="share")
    sheet = Sheet("plot", MADE)
    assert draw_plot(sheet, figure, (30, 40), (80, 60)) == 101
    pdf = sheet.bytes()
    for box in (*(one.box for one in lines_of(pdf)), *marks_of(pdf)):
        assert 20 < box.left <= box.right < 112
        assert 38 < box.top <= box.bottom < 102


def test_a_figure_that_says_why_it_is_empty_is_that_sentence() -> None:
    evaluation = nouns.nobody()
    said = text_of(performance_report(page(evaluation)))
    assert "A decision curve needs a yes/no outcome." in said


LONG = "A group of patients with a long name that says all " * 3


def divided(variable: str, groups: int, told: str) -> Subgroups:
    """Groups of made-up measures."""
    measures = {name: Measure(0.8, 0.7, 0.9) for name in ("auroc", "oe_ratio", "brier", "ece")}
    made = [Group(f"{told} {k}", 1000 + k, "90 died", measures) for k in range(groups)]
    whole = Group(WHOLE, 4000, "550 died", measures)
    return Subgroups(
        variable, "auroc", whole, tuple(made), f"The AUROC of {told} is lowest. {told}"
    )


@pytest.mark.parametrize(("groups", "told"), [(2, "men"), (8, LONG), (30, LONG)])
def test_groups_stand_on_a_page_of_their_own(groups: int, told: str) -> None:
    parts = [divided(name, groups, told) for name in ("sex", "age", "hospital")]
    lacks = "Not by centre: it makes no groups of these patients."
    pdf = performance_report(page(nouns.evaluation(), groups=parts, without=(lacks,)))
    pages = len(PdfReader(io.BytesIO(pdf)).pages)
    assert "site is not in" not in text_of(pdf, 0, pages)
    assert lacks in text_of(pdf, 0, pages)
    said = " ".join(text_of(pdf, number, pages) for number in range(1, pages))
    for wanted in ("By sex", "By age", "By hospital", "1,001", "0.800 (0.700 to 0.900)"):
        assert wanted in said
    assert (f"{groups - 8} more under Performance" in said) == (groups > 8)
    for number in range(1, pages):
        assert RESEARCH_ONLY in text_of(pdf, number, pages)
        lines = lines_of(pdf, number, pages)
        for box in (one.box for one in lines):
            assert 12 < box.left < box.right < WIDTH - 12
            assert 8 < box.top < box.bottom < HEIGHT - 8
        assert not [(a.text, b.text) for a, b in combinations(lines, 2) if a.box.meets(b.box)]


def test_a_page_without_groups_says_so() -> None:
    assert "by sex, age or site is not in" in text_of(performance_report(page(nouns.evaluation())))
