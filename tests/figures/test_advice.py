"""What could change, told: every number is said, and nothing of a file becomes markup."""

from __future__ import annotations

import io
from dataclasses import replace
from datetime import datetime

import pytest
from pypdf import PdfReader

from pmed_core.advice import Advice, Change, Option, Tried
from pmed_core.figures import advice as told_as
from pmed_core.figures.advice import Told
from pmed_core.limits import Limit, Limits
from pmed_core.quantity import RISK, Amount
from pmed_core.reports.advice import draw_advice
from pmed_core.reports.sheet import Sheet
from pmed_core.variable import Kind, Variable

VARIABLES = (
    Variable("<b>weight</b>", Kind.NUMBER, unit="kg", range=(40.0, 120.0)),
    Variable("smoker", Kind.YES_NO, categories=("no", "yes")),
)
LOSS, STOP = Change("<b>weight</b>", 96.0, 87.0), Change("smoker", "yes", "no")
ADVICE = Advice(
    "yes", 0.42, 0.35, 0.5, False,
    (Option((STOP,), 0.31, 0.25, 0.38, (0.31,), 12),),
    (Option((LOSS, STOP), 0.27, 0.2, 0.35, (0.40, 0.31), 0),),
    (Tried("<b>weight</b>", (80.0, 87.0), (0.41, 0.4)), Tried("smoker", ("no",), (0.31,))), 3, 70,
)  # fmt: skip
TOLD = Told(ADVICE, VARIABLES, RISK)


def test_the_figure_and_its_table_say_the_same() -> None:
    figure, table = told_as.options(TOLD), told_as.table(TOLD)
    markers = [trace for trace in figure.data if trace.mode == "markers"]
    assert [trace.x[0] for trace in markers] == [0.31, 0.27]
    assert [trace.marker.symbol for trace in markers] == ["square", "diamond-open"]
    assert "<b>" not in "".join(figure.layout.yaxis.ticktext)
    assert table["Predicted risk"].tolist() == ["31 %", "27 %"]
    assert table["Difference"].tolist()[0] == "−11.0 percentage points"
    assert table["Alike, with these values"].tolist() == ["12 of 70", "none of 70"]
    assert table["Each alone"].tolist()[1] == "<b>weight</b> 40 %; smoker 31 %"
    assert table["Tried"].tolist()[1] == "80 kg to 87 kg; no"


def test_the_words_name_what_is_left_out_and_what_it_does_not_mean() -> None:
    said = told_as.caption(TOLD)
    assert "No allowed value goes with a lower one: <b>weight</b>." in said
    assert "3 combinations left out" in said
    assert "Open markers: nobody has them." in said
    assert told_as.NOT_CAUSED in said
    assert told_as.headline(TOLD) == (
        "Now 42 % (35 % to 50 %). The most by one change: 31 % (25 % to 38 %) with smoker: yes → "
        "no."
    )


def test_nothing_that_helps_is_an_answer() -> None:
    nothing = replace(TOLD, advice=replace(ADVICE, singles=(), pairs=(), among=0))
    assert told_as.headline(nothing).startswith("No change within the limits goes with a lower")
    assert "Alike" not in told_as.caption(nothing)
    assert not told_as.options(nothing).data
    assert "No change within the limits goes with a lower risk." in page(nothing)


def test_limits_are_told_in_words() -> None:
    limits = Limits((Limit("<b>weight</b>", "lower", 10.0, low=60.0), Limit("smoker", to=("no",))))
    assert told_as.limits_in_words(limits, VARIABLES) == (
        "<b>weight</b> (only lower, by at most 10 %, not below 60 kg); smoker (to no)"
    )
    assert told_as.limits_in_words(Limits(), VARIABLES) == "nothing"


def page(told: Told) -> str:
    sheet = Sheet("a report", datetime(2026, 11, 20, 14, 5))
    draw_advice(sheet, told, "Risk, by a model", "patient P-7")
    text = PdfReader(io.BytesIO(sheet.bytes())).pages[1].extract_text()
    return " ".join(text.split())


def test_the_printed_page_is_plain() -> None:
    text = page(TOLD)
    for part in (
        "Now: 42 of 100 patients like this one would have the event (interval 35 % to 50 %).",
        "If smoker were no instead of yes: risk 31 % (interval 25 % to 38 %), instead of 42 % now.",
        "12 of 70 patients most like this one in everything else have such values.",
        "Each alone: <b>weight</b> 40 % and smoker 31 %.", told_as.NOT_CAUSED,
    ):  # fmt: skip
        assert part in text
    amount = Told(replace(ADVICE, value=120.0), VARIABLES, Amount("LDL", "mg/dL", 0))
    assert "of 100" not in page(amount)


@pytest.mark.parametrize("count", [1, 40])
def test_what_does_not_fit_is_counted(count: int) -> None:
    many = replace(TOLD, advice=replace(ADVICE, singles=ADVICE.singles * count))
    text = page(many)
    shown = text.count("If smoker were no")
    assert ("more change" in text) == (count > 1)
    assert shown >= 1
