"""What a page says for each kind of outcome: the screen's numbers, roundings and units."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pmed_core.evaluation import Measure
from pmed_core.figures import wording
from pmed_core.outcomes import Classes
from pmed_core.outcomes.number import Number
from pmed_core.reports.patient import PatientPage, patient_report, quality_line
from pmed_core.variable import Kind, Variable
from pmed_core.work import Basis, Neighbour
from tests.reports import cases
from tests.reports.drawn import lines_of, text_of


def said(page: PatientPage) -> str:
    return text_of(patient_report(page))


def measured(page: PatientPage, **measures: Measure) -> PatientPage:
    """The same page of a model whose measures are these."""
    known = replace(page.evaluation, measures=page.evaluation.measures | measures)
    return replace(page, evaluation=known)


EXPECTED = {
    "yes_no": (
        "Risk of “Death in hospital (died = 1)”", "21 %", "20 % to 22 %",
        "21 of 100 patients like this one would have the event.",
        "21 of 100 filled: below the threshold of 25 %", "70 % of the 800 patients",
        "AUROC 0.830 (0.810 to 0.850), Brier score 0.121 (0.101 to 0.141), "
        "Calibration slope 1.00 (0.98 to 1.02)", "200 with the event", "to 17 % or 27 %",
        "+0.50", "−0.25", "+0.12", "12 %", "16 %",
    ),
    "classes": (
        "Risk of “Malignant (grade = 2)”", "71 %", "68 % to 75 %",
        "All classes: malignant 71 %, 3 21 %, benign 8.1 %.", "71 of 100 filled",
    ),
    "several": (
        "Risk of “COPD is yes”", "below 0.1 %", "fewer than 1 of 100".capitalize(),
        "All outcomes: sepsis above 99.9 %, asthma 61 %, COPD below 0.1 %.", "42 %",
        "only 12 with sepsis, the rarest",
    ),
    "number": (
        "“LDL cholesterol”, by the model", "1,152 mg/dL", "1,095 to 1,210 mg/dL",
        "interval: conformal, meant to hold 90 % of the true values",
        "to 1,140 mg/dL or 1,164 mg/dL",
        "Mean absolute error 23.1 (21.6 to 24.7) mg/dL", "R² 0.430 (0.410 to 0.450)", "+30.0",
        "−12.5", "120 mg/dL", "a lower predicted LDL cholesterol",
        "Contributions are SHAP values in mg/dL of 'LDL cholesterol'",
    ),
    "time_to_event": (
        "Risk of “died is 1 within 36 months”", "39 %", "37 % to 41 %",
        "All horizons: within 12 months 11 %, within 36 months 39 %, within 60 months 55 %.",
        "C-index 0.740", "Calibration slope within 36 months 1.10 (0.80 to 1.40)",
    ),
}  # fmt: skip


@pytest.mark.parametrize("kind", cases.KINDS)
def test_a_page_says_what_the_screen_says(kind: str) -> None:
    text = said(cases.KINDS[kind]())
    assert [part for part in EXPECTED[kind] if part not in text] == []


@pytest.mark.parametrize("kind", cases.KINDS)
def test_the_largest_line_is_what_is_predicted(kind: str) -> None:
    page = cases.KINDS[kind]()
    lines = lines_of(patient_report(page))
    largest = max(lines, key=lambda line: line.size)
    assert largest.text == page.quantity.said(page.consultation.value[page.index])


def test_a_number_has_no_people_and_no_threshold() -> None:
    text = said(cases.number())
    assert "of 100" not in text
    assert "threshold" not in text


def test_without_an_explanation_the_label_is_the_one_that_the_screen_shows_first() -> None:
    assert cases.classes(explanation=None).index == 1
    assert cases.time_to_event(explanation=None).index == 1
    assert cases.several(explanation=None).index == 2
    # So is it where the explanation is of something that is not predicted.
    other = cases.explanation(label="another")
    assert cases.classes(explanation=other).index == 1


def test_the_explained_label_is_the_one_that_is_reported() -> None:
    text = said(cases.classes(explanation=cases.explanation(label="1")))
    assert "Benign (grade = 1)" in text
    assert "8.1 %" in text


def test_a_neighbour_is_told_the_label_that_is_reported() -> None:
    near = Neighbour("N-1", "asthma", 0.11, 1.0, (0.31, 0.42, 0.53))
    found = cases.several()
    one = replace(found, consultation=replace(found.consultation, neighbours=(near,)))
    assert "asthma 42 %" in said(one)
    assert "asthma 31 %" in said(replace(one, explanation=cases.explanation(label="asthma")))
    assert "N-1" not in said(one), "a report of one patient names no other"


@pytest.mark.parametrize("kind", cases.KINDS)
def test_a_patient_unlike_those_of_training_gets_no_number_of_any_kind(kind: str) -> None:
    page = cases.KINDS[kind]()
    text = said(cases.outside(page))
    shown = page.quantity.said(page.consultation.value[page.index])
    assert "Outside what the model has seen" in text
    assert "… and 4 more." in text
    assert shown not in text
    for absent in ("What moved the model", "of 100", "SHAP", "The interval beside"):
        assert absent not in text


@pytest.mark.parametrize("kind", cases.KINDS)
def test_a_model_no_better_than_chance_gives_no_number_of_any_kind(kind: str) -> None:
    page = cases.chance(cases.full(cases.KINDS[kind]))
    text = said(page)
    assert "No number is shown: the model is no better than chance." in text
    assert "not told" in text
    assert page.quantity.said(page.consultation.value[page.index]) not in text
    assert page.quantity.scale in text
    for absent in ("What moved the model", "SHAP", "12 %"):
        assert absent not in text


BASES: dict[Basis, str] = {
    "held-out": "networks that never saw them", "new": "not in training: all networks answer",
    "in training": "The number is too good", "unknown": "The training data are not here",
}  # fmt: skip


@pytest.mark.parametrize("basis", BASES)
def test_which_networks_speak_is_said_of_every_basis(basis: Basis) -> None:
    page = cases.yes_no()
    text = said(replace(page, consultation=replace(page.consultation, basis=basis)))
    assert BASES[basis] in text
    assert sum(one in text for one in BASES.values()) == 1


def test_typed_values_are_no_patient_and_say_whose_they_are() -> None:
    page = cases.yes_no(patient="typed values", named=False)
    held_out = replace(page.consultation, basis="held-out", known_as="P007")
    text = said(replace(page, consultation=held_out))
    assert text.startswith("Typed values")
    assert "Patient typed" not in text
    assert "These are the values of patient P007 of training" in text
    new = said(replace(page, consultation=replace(page.consultation, basis="new")))
    assert "No patient of training has exactly these values" in new


@pytest.mark.parametrize(
    ("measure", "part"),
    [
        (Measure(1.0, 1.0, 1.0), "perfect separation, by a leak or in too few patients"),
        (Measure(0.7, math.nan, math.nan), "No interval of the AUROC: too few patients."),
        (Measure(math.nan, math.nan, math.nan), "Its quality is unknown"),
    ],
)
def test_a_measure_without_an_interval_says_why(measure: Measure, part: str) -> None:
    text = said(measured(cases.yes_no(), auroc=measure))
    assert part in text
    assert "nan" not in text


def test_a_simpler_model_that_is_as_good_stands_beside_the_number() -> None:
    page = cases.yes_no()
    beside = (cases.baseline("Logistic regression", 0.83, 0.0),)
    text = said(replace(page, evaluation=replace(page.evaluation, baselines=beside)))
    assert "a simpler model is as good (logistic regression)" in text
    better = (cases.baseline("SVM", 0.9, -0.07),)
    text = said(replace(page, evaluation=replace(page.evaluation, baselines=better)))
    assert "SVM is better" in text
    assert "is better" not in said(page)


def test_one_patient_is_not_one_patients() -> None:
    alone = replace(cases.yes_no().evaluation, n=1, events=(1,))
    assert quality_line(alone).startswith("The model on 1 patient, 1 with the event")
    assert quality_line(alone, "scan").startswith("The model on 1 scan, ")
    many = replace(alone, n=4000, of="row")
    assert quality_line(many).startswith("The model on 4,000 rows, ")


def test_a_small_unit_is_not_rounded_to_nothing() -> None:
    outcome = Number("concentration", "mol/L", decimals=6)
    page = cases.number(explanation=None)
    evaluation = replace(
        page.evaluation, outcome=outcome,
        measures={"r2": cases.measure(0.5), "mae": cases.measure(4.2e-5, 1e-6)},
    )  # fmt: skip
    found = cases.consultation(outcome.labels, (0.000123,), interval=outcome.interval)
    text = said(replace(page, evaluation=evaluation, consultation=found))
    assert "Mean absolute error 0.0000420 (0.0000410 to 0.0000430) mol/L" in text
    assert "0.000123 mol/L" in text


def of_value(value: float) -> str:
    page = cases.yes_no(explanation=None, threshold=None)
    return said(replace(page, consultation=cases.consultation(("1",), (value,))))


@pytest.mark.parametrize(
    ("value", "shown", "people"),
    [
        (0.0, "0 %", "0 of 100"), (0.005, "0.5 %", "Fewer than 1 of 100"),
        (0.995, "99.5 %", "More than 99 of 100"), (1.0, "100 %", "100 of 100"),
    ],
)  # fmt: skip
def test_a_risk_that_is_not_certain_is_not_told_as_certain(
    value: float, shown: str, people: str
) -> None:
    text = of_value(value)
    assert shown in text
    assert f"{people} patients like this one would have the event." in text


@settings(max_examples=60)
@given(st.floats(0.0, 1.0))
def test_nobody_and_everybody_are_said_only_of_no_and_of_certain_risk(value: float) -> None:
    told = wording.out_of_hundred(value)
    assert told.startswith("0 of") == (value == 0)
    assert told.startswith("100 of") == (value == 1)


OUTSIDE = {
    "higher than anyone's": (1.4, "▲▲ "), "lower than anyone's": (-0.4, "▼▼ "),
    "among the highest 5 %": (1.1, "▲ "), "among the lowest 5 %": (-0.1, "▼ "), "": (0.4, ""),
}  # fmt: skip


def test_a_mark_says_how_far_a_value_is_from_the_cohort() -> None:
    found = tuple(
        replace(place, outside=outside, at=at)
        for place, (outside, (at, _)) in zip(cases.places(5), OUTSIDE.items(), strict=True)
    )
    text = said(cases.yes_no(places=found, explanation=None))
    for k, (_, mark) in enumerate(OUTSIDE.values()):
        assert f"variable {k} {mark}{12.5 + k} mmol/L 1.25 to 9.75" in text
    assert "▲ ▼ outside 5 to 95 %; ▲▲ ▼▼ beyond everyone's" in text


def test_a_value_stands_with_its_unit_or_its_name() -> None:
    abouts: list[dict[str, Any]] = [
        {"unit": "mg/dL"}, {"unit": ""}, {"labels": (("14.5", "a fair amount"),)},
    ]  # fmt: skip
    found = tuple(
        replace(place, variable=Variable(f"urea {k}", Kind.NUMBER, **about), outside="")
        for k, (place, about) in enumerate(zip(cases.places(3), abouts, strict=True))
    )
    text = said(cases.yes_no(places=found, explanation=None))
    for shown in ("urea 0 12.5 mg/dL 1.25", "urea 1 13.5 1.25", "urea 2 a fair amount 1.25"):
        assert shown in text


def test_warnings_beyond_the_third_are_counted() -> None:
    page = cases.yes_no()
    unseen = tuple(f"Value {k} was never seen." for k in range(7))
    text = said(replace(page, consultation=replace(page.consultation, unseen=unseen)))
    assert "Value 2 was never seen." in text
    assert "Value 3 was never seen." not in text
    assert "… and 4 more." in text


def test_a_hundred_classes_are_cut_with_an_ellipsis_and_the_likeliest_stands_first() -> None:
    page = cases.classes()
    labels = tuple(f"class number {k}" for k in range(100))
    value = tuple((k + 1) / 5050 for k in range(100))
    known = replace(page.evaluation, outcome=Classes("grade", labels), events=(8,) * 100)
    text = said(replace(
        page, evaluation=known, explanation=None,
        consultation=cases.consultation(labels, value),
    ))  # fmt: skip
    assert "All classes: class number 99 2 %, class number 98 2 %," in text
    assert "…" in text


def test_outcomes_under_each_option_are_no_differences() -> None:
    """What an option would do is told as patients more or fewer; a risk under it as a risk."""
    text = said(cases.effect())
    assert "“died is yes: drug instead of placebo”" in text
    assert "drug instead of placebo 3.6 fewer of 100, with placebo 24 %, with drug 20 %." in text
    assert "+1.6" in text
    assert "Contributions are SHAP values in patients of 100." in text
    assert "in units of" not in text
