"""The course of one patient, and of those who have come so far."""

from __future__ import annotations

import pytest

from pmed_core.evaluation import Curve
from pmed_core.figures import course

PATIENT = Curve((0, 10, 20, 40), (1.0, 0.8, 0.5, 0.2), (1, 0.7, 0.4, 0.1), (1, 0.9, 0.6, 0.3))
NOBODY = Curve((), ())


def test_whoever_has_come_far_begins_anew() -> None:
    found = course.since(PATIENT, 20)
    assert found.x == (20, 40)
    assert found.y == pytest.approx((1, 0.4))
    assert not found.low
    assert course.since(PATIENT, 0) is PATIENT


def test_between_known_times_the_course_is_straight() -> None:
    assert course.at(PATIENT, 15) == pytest.approx(0.65)
    assert course.since(PATIENT, 15).y == pytest.approx((1, 0.5 / 0.65, 0.2 / 0.65))


def test_when_a_share_has_the_event() -> None:
    assert course.reached(PATIENT, 0.5) == pytest.approx(20)
    assert course.reached(PATIENT, 0.35) == pytest.approx(30)
    assert course.reached(PATIENT, 0.1) is None


def test_the_caption_says_what_is_reached_and_what_is_not() -> None:
    partly = Curve(PATIENT.x[:3], PATIENT.y[:3])
    said = course.caption(partly, PATIENT, "months")
    assert said.startswith(
        "Of patients like this one, the worst quarter have the event by 11.7 and half by 20 "
        "months; more than a quarter are without it for as long as patients were followed."
    )
    assert "the best quarter not before 36.7 months" in course.caption(PATIENT, PATIENT, "months")
    assert "Kaplan-Meier" in said
    later = course.since(PATIENT, 10)
    assert "Times count from the start, not from now." in course.caption(later, PATIENT, "months")
    assert "not from now" not in said
    well = Curve((0, 10), (1.0, 0.9))
    assert course.caption(well, NOBODY, "days").startswith(
        "Of patients like this one, more than three quarters are without the event for as long"
    )


def test_only_horizons_ahead_have_a_risk() -> None:
    found = course.risks(course.since(PATIENT, 20), (12, 20, 30, 40), "months")
    assert found["By (months)"].tolist() == [30, 40]
    assert found["Risk"].tolist() == ["30 %", "60 %"]


def test_the_figure_draws_the_patient_and_everybody() -> None:
    drawn = course.course(PATIENT, PATIENT, "months")
    assert {"This patient", "All patients, as observed"} <= {line.name for line in drawn.data}
    assert list(course.table(PATIENT, NOBODY, "months").columns) == [
        "Time (months)", "Without the event", "Low", "High",
    ]  # fmt: skip


CAUSES = {
    "died is yes": Curve((0, 5, 10), (0, 0.1, 0.3), (0, 0.05, 0.2), (0, 0.2, 0.45)),
    "<b>moved away to another town, which is a long name</b>": Curve((0, 5, 10), (0, 0.2, 0.25)),
}


def test_events_that_compete_are_drawn_one_by_one_and_said() -> None:
    drawn = course.incidences(CAUSES, "months")
    band, first, second = drawn.data
    assert max(band.y) == 0.45
    assert drawn.layout.yaxis.range[1] > 0.45
    assert first.y[-1] == 0.3
    assert first.line.dash != second.line.dash
    said = course.incidences_caption(CAUSES, "months")
    assert "Within 10 months: died is yes 30 % (20 % to 45 %)" in said
    assert "Aalen-Johansen" in said
    table = course.incidences_table(CAUSES, "months")
    assert table["died is yes"].tolist() == [0, 0.1, 0.3]
    assert table["died is yes, high"].tolist() == [0, 0.2, 0.45]
