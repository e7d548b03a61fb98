"""Numbers in words."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pmed_core.evaluation import Measure
from pmed_core.figures import wording
from pmed_core.outcomes import Classes, TimeToEvent, YesNo, spans
from pmed_core.variable import Kind, Variable

NAN = float("nan")


@pytest.mark.parametrize(
    ("share", "said"),
    [(0, "0 %"), (0.0004, "below 0.1 %"), (0.012, "1.2 %"), (0.05, "5 %"), (0.137, "14 %"),
     (0.995, "99.5 %"), (0.9996, "above 99.9 %"), (1, "100 %"), (NAN, "not known")],
)  # fmt: skip
def test_percent(share: float, said: str) -> None:
    assert wording.percent(share) == said


def test_the_first_letter_is_a_capital_and_names_stay() -> None:
    assert wording.capitalised("effect of TRT01P on Pain VAS") == "Effect of TRT01P on Pain VAS"
    assert wording.capitalised("") == ""


def test_an_interval_whose_ends_read_the_same_is_said_once() -> None:
    assert wording.percents(0.12, 0.17) == "12 % to 17 %"
    assert wording.percents(0.9995, 0.9999) == "above 99.9 %"


@pytest.mark.parametrize(
    ("value", "said"),
    [(0, "0"), (0.0421, "0.0421"), (12.5, "12.5"), (1204, "1,204"), (-3.1, "−3.1"), (70, "70"),
     (NAN, "not known"), (1e-7, "1.00e-07"), (100, "100")],
)  # fmt: skip
def test_number(value: float, said: str) -> None:
    assert wording.number(value) == said


def test_a_measure_has_its_interval() -> None:
    assert wording.measure(Measure(0.8634, 0.851, 0.874)) == "0.863 (0.851 to 0.874)"
    assert wording.measure(Measure(-0.03, -0.1, 0.04), 2) == "−0.03 (−0.10 to 0.04)"
    assert wording.measure(Measure(NAN, NAN, NAN)) == "not known"
    assert wording.measure(Measure(1.0, NAN, NAN)) == "1.000 (no interval)"
    assert wording.measure(Measure(1.0, 1.0, 1.0)) == "1.000 (no interval)"


def test_cells_have_units_and_dates_are_dates() -> None:
    assert wording.cell(81.0, Variable("Age", Kind.NUMBER, unit="years")) == "81 years"
    assert wording.cell(None, Variable("Age", Kind.NUMBER)) == "not known"
    assert wording.cell(NAN, Variable("Age", Kind.NUMBER)) == "not known"
    assert wording.cell("yes", Variable("Smoker", Kind.YES_NO)) == "yes"
    assert wording.cell(18690.0, Variable("Visit", Kind.DATE)) == "2021-03-04"


def test_a_label_is_cut_and_escaped() -> None:
    assert wording.label("<a href='x'>") == "&lt;a href='x'&gt;"
    assert wording.label("one two three four five six seven eight", 10) == "one two<br>three …"
    assert wording.label("") == ""


def test_measures_of_a_class_are_titled() -> None:
    classes = Classes("diagnosis", ("benign", "malignant", "none"))
    assert wording.measure_title("auroc_benign", classes) == "AUROC of benign against the rest"
    time = TimeToEvent("died", "months", ("yes",), unit="months", horizons=(12.0,))
    assert wording.measure_title("auroc_12", time) == "AUROC within 12 months"
    assert wording.listed(["a", "b", "c"]) == "a, b and c"


SEX = (("0", "female"), ("1", "male"))


def test_a_code_with_a_name_is_shown_by_it_wherever_a_cell_is() -> None:
    sex = Variable("sex", Kind.YES_NO, labels=SEX)
    assert wording.cell("0", sex) == "female"
    assert wording.cell("2", sex) == "2"
    assert sex.coded("0") == "0 (female)"
    grade = Variable("grade", Kind.NUMBER, unit="cm", labels=(("01", "low"), ("2", "low")))
    assert (grade.shown(1.0), grade.shown(2.0), grade.shown(3.0)) == ("low (01)", "low (2)", "3 cm")


@pytest.mark.parametrize(
    ("name", "unit", "title", "cell"),
    [("radius, mean (px)", "px", "radius, mean (px)", "16"),
     ("area (px²)", "px²", "area (px²)", "16"),
     ("weight_kg", "kg", "weight_kg", "16"), ("Age [Years]", "years", "Age [Years]", "16"),
     ("time", "m", "time (m)", "16 m"), ("tumour", "mm", "tumour (mm)", "16 mm"),
     ("CRP", "", "CRP", "16")],
)  # fmt: skip
def test_a_unit_that_the_name_tells_is_not_said_twice(
    name: str, unit: str, title: str, cell: str
) -> None:
    variable = Variable(name, Kind.NUMBER, unit=unit)
    assert variable.title == title
    assert variable.shown(16.0) == cell
    assert wording.titled(variable, 60) == title


def test_what_is_rounded_to_nothing_has_no_sign() -> None:
    assert wording.signed(-0.001) == wording.signed(0.001) == "0.00"
    assert wording.fixed(-0.0004) == "0.000"
    assert wording.measure(Measure(-0.0001, -0.1, 0.1)) == "0.000 (−0.100 to 0.100)"


def test_an_event_is_named_where_its_values_are() -> None:
    values = ("1", "2", "3", "4")
    plain = YesNo("num", values)
    assert plain.event(plain.labels[0]) == "num is 1 or 2 or 3 or 4"
    named = YesNo("num", values, names=tuple((value, "heart disease") for value in values))
    assert named.event(named.labels[0]) == "Heart disease (num = 1–4)"
    classes = Classes("g", ("1", "2", "7"), (("1", "low"), ("2", "high")))
    assert [classes.shown(label) for label in classes.labels] == ["low", "high", "7"]
    assert wording.measure_title("auroc_1", classes) == "AUROC of low against the rest"
    assert spans(("1", "2", "7")) == "1, 2, 7"
    assert spans(("a", "b")) == "a, b"


def test_the_event_is_named_in_a_sentence_or_not_at_all() -> None:
    assert wording.the_event(YesNo("died", ("yes",))) == " The event: died is yes."
    assert wording.the_event(Classes("kind", ("a", "b", "c"))) == ""
    assert "b" in wording.the_event(Classes("kind", ("a", "b", "c")), "b")


@pytest.mark.parametrize(
    ("hits", "alerts", "said"),
    [
        (412, 1236, "Of 3 molecules flagged at this threshold, 1 truly has the event (412 of"),
        (40, 100, "Of 5 molecules flagged at this threshold, 2 truly have the event (40 of 100)."),
        (3, 100, "Of 33 molecules flagged at this threshold, 1 truly has the event (3 of 100)."),
        (2, 7, "Of 7 molecules flagged at this threshold, 2 truly have the event."),
        (99, 100, "Of 10 molecules flagged at this threshold, more than 9 truly have"),
        (100, 100, "Of 100 molecules flagged at this threshold, 100 truly have the event."),
        (0, 50, "Of 50 molecules flagged at this threshold, none truly have the event."),
        (0, 0, "No molecule is flagged at this threshold."),
    ],
)
def test_a_predictive_value_is_told_as_a_natural_frequency(
    hits: int, alerts: int, said: str
) -> None:
    assert wording.flagged(hits, alerts, "molecule").startswith(said)


@given(st.integers(1, 2000), st.integers(1, 2000))
def test_a_natural_frequency_is_near_the_share(hits: int, more: int) -> None:
    alerts = hits + more
    told = wording.flagged(hits, alerts)
    found = re.match(r"Of ([\d,]+) patients? .*, (more than )?([\d,]+) ", told)
    assert found is not None
    many, some = (int(found[k].replace(",", "")) for k in (1, 3))
    assert abs(some / many - hits / alerts) < (0.1 if found[2] else 0.051)
    assert 0 < some < many
