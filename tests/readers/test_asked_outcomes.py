"""The outcome that is asked of a column: events, classes, a number, several, a time to event."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest

from pmed_core.cohort import Cohort
from pmed_core.errors import UserError
from pmed_core.outcomes import Classes, Number, Several, TimeToEvent, YesNo
from pmed_core.readers.chosen import only_a_number, with_outcome
from pmed_core.readers.tables import read_cohort, read_for
from pmed_core.variable import Kind, Role

ROWS = 60


def table(**columns: list[Any]) -> pd.DataFrame:
    """Patients, an age, and columns whose cells are repeated."""
    cells = {
        name: [values[n % len(values)] for n in range(ROWS)] for name, values in columns.items()
    }
    return pd.DataFrame(
        {
            "patient_id": [f"P{n}" for n in range(ROWS)],
            "age": [f"{30 + n * 7 % 50}.5" for n in range(ROWS)],
            **cells,
        },
        dtype="str",
    )


def told(cohort: Cohort) -> str:
    return " ".join([*cohort.notes, *(d.sentence for d in cohort.reading)])


MANY = [f"{n * 3 % 61}.25" for n in range(ROWS)]
WHOLE = [str(n * 7 % 59) for n in range(ROWS)]


# Which kind


@pytest.mark.parametrize(
    ("cells", "kind"),
    [
        (["yes", "no", "no"], YesNo), (["0", "1"], YesNo), (MANY, Number), (WHOLE, Number),
        (["1.0", "0.0"], YesNo), ([True, False], YesNo),
    ],
)  # fmt: skip
def test_the_cells_tell_whether_it_is_an_event_or_a_number(
    cells: list[Any], kind: type[object]
) -> None:
    cohort = read_cohort(table(y=cells), outcome="y")
    assert isinstance(cohort.outcome, kind)
    assert cohort.variable("y").role is Role.OUTCOME
    assert {v.name for v in cohort.inputs} == {"age"}


def test_twenty_numbers_are_asked_about_and_one_more_is_a_number() -> None:
    twenty = table(y=[f"{n}.5" for n in range(20)])
    with pytest.raises(UserError, match="has 20 values") as refused:
        read_cohort(twenty, outcome="y")
    assert "--positive '*'" in refused.value.remedy
    assert "--number" in refused.value.remedy
    assert isinstance(read_cohort(twenty, outcome="y", positive=["*"]).outcome, Classes)
    assert isinstance(read_cohort(twenty, outcome=Number("y")).outcome, Number)
    more = table(y=[f"{n}.5" for n in range(21)])
    assert isinstance(read_cohort(more, outcome="y").outcome, Number)
    with pytest.raises(UserError, match="3 to 20 can be classes"):
        read_cohort(more, outcome="y", positive=["*"])


def test_an_event_that_is_chosen_goes_before_a_number() -> None:
    cohort = read_cohort(table(y=WHOLE), outcome="y", positive=["0", "7"])
    assert isinstance(cohort.outcome, YesNo)
    assert cohort.observed().sum() == sum(cell in ("0", "7") for cell in WHOLE)
    plain = read_cohort(table(y=WHOLE))
    assert only_a_number(plain, "y")
    assert not only_a_number(plain, "y", {"event:y": "0"})
    assert not only_a_number(plain, "patient_id")


@pytest.mark.parametrize(
    ("cells", "words"),
    [
        ([""], "empty for every patient"), (["dead"], "same value for every patient"),
        (["yes", "unknown"], "means that it is not known"), (["1", "2"], "do not say which"),
        (["mild", "severe", "none"], "has 3 values"),
    ],
)  # fmt: skip
def test_what_cannot_be_predicted_says_why_and_what_to_do(cells: list[str], words: str) -> None:
    with pytest.raises(UserError, match=words) as refused:
        read_cohort(table(y=cells), outcome="y")
    assert "column 'y'" in str(refused.value)
    assert refused.value.remedy.endswith(".")


def test_a_column_that_is_not_there_is_named_with_those_alike() -> None:
    with pytest.raises(UserError, match="no column 'dyed'") as refused:
        read_cohort(table(died=["yes", "no"]), outcome="dyed")
    assert "Did you mean 'died'" in refused.value.remedy


@pytest.mark.parametrize(
    "given",
    [
        {"patient": "nowhere"}, {"ignore": ["nowhere"]},
        {"outcome": TimeToEvent("died", "nowhere", ())},
        {"outcome": TimeToEvent("died", "age", (), since="nowhere")},
        {"outcome": TimeToEvent("died", "age", (), entry="nowhere")},
        {"outcome": Several((YesNo("died", ()), YesNo("nowhere", ())))},
    ],
)  # fmt: skip
def test_any_other_column_that_is_asked_for_must_be_there(given: dict[str, Any]) -> None:
    with pytest.raises(UserError, match="no column 'nowhere'"):
        read_cohort(table(died=["yes", "no"]), **{"outcome": "died"} | given)


# A number


def test_a_number_keeps_its_cells_its_unit_and_its_gaps() -> None:
    cells = [f"{n}.5 mmol/L" if n % 6 else "" for n in range(ROWS)]
    cohort = read_cohort(table(potassium=cells), outcome="potassium")
    assert isinstance(cohort.outcome, Number)
    assert cohort.outcome.unit == "mmol/L"
    actual = cohort.target().actual[:, 0]
    assert np.isnan(actual).tolist() == [n % 6 == 0 for n in range(ROWS)]
    assert actual[1] == 1.5
    assert "10 of 60 patients have no outcome" in told(cohort)


def test_spoiled_numbers_of_an_outcome_are_said_and_not_used() -> None:
    cells = [f"{n}.5" for n in range(ROWS - 1)] + ["see note"]
    cohort = read_cohort(table(y=cells), outcome="y")
    assert isinstance(cohort.outcome, Number)
    assert "'see note' in row 61" in told(cohort)
    assert np.isnan(cohort.target().actual[-1, 0])


@pytest.mark.parametrize("cells", [["low", "high"], ["1", "2", "n=3"], ["120/80", "110/70"]])
def test_words_cannot_be_predicted_as_a_number(cells: list[str]) -> None:
    with pytest.raises(UserError, match="holds no numbers|values"):
        read_cohort(table(y=cells), outcome=Number("y"))


def test_an_outcome_in_a_later_file_may_be_written_with_another_mark() -> None:
    cohort = read_cohort(table(y=MANY), outcome="y")
    later = pd.DataFrame({"age": ["40.5", "50.5"], "y": ["3,75", "12,5"]}, dtype="str")
    again = read_for(later, cohort.inputs, cohort.outcome)
    assert again.target().actual[:, 0].tolist() == [3.75, 12.5]


# Several


def several(*names: str) -> Several:
    return Several(tuple(YesNo(name, ()) for name in names))


def test_several_events_have_their_own_gaps() -> None:
    cohort = read_cohort(
        table(sepsis=["yes", "no", ""], aki=["1", "0"]), outcome=several("sepsis", "aki")
    )
    assert isinstance(cohort.outcome, Several)
    assert cohort.outcome.columns == ("sepsis", "aki")
    actual = cohort.target().actual
    assert np.isnan(actual).sum(axis=0).tolist() == [20, 0]
    assert np.nansum(actual, axis=0).tolist() == [20, 30]
    assert "'sepsis' is not known of 20 of 60 patients" in told(cohort)
    assert {v.name for v in cohort.inputs} == {"age"}


def test_each_of_several_events_is_in_the_account() -> None:
    cohort = read_cohort(
        table(sepsis=["yes", "no"], aki=["1", "0"], died=["dead", "alive"]),
        outcome=several("sepsis", "aki", "died"),
    )  # fmt: skip
    events = {d.column: d.value for d in cohort.reading if d.rule == "event"}
    assert events == {"sepsis": "yes", "aki": "1", "died": "dead"}


@pytest.mark.parametrize(
    ("also", "words"),
    [("stage", "has 3 values"), ("sepsis", "need different columns"),
     ("empty", "empty for every")],
)  # fmt: skip
def test_what_is_no_further_event_is_refused(also: str, words: str) -> None:
    frame = table(sepsis=["yes", "no"], stage=["I", "II", "III"], empty=[""])
    with pytest.raises(UserError, match=words):
        read_cohort(frame, outcome=several("sepsis", also))


# Time to event


def followed(**more: list[Any]) -> pd.DataFrame:
    return table(status=["dead", "alive", "alive"], months=MANY, **more)


def test_time_and_event_stand_together_and_are_no_inputs() -> None:
    cohort = read_cohort(followed(), outcome=TimeToEvent("status", "months", ()))
    assert isinstance(cohort.outcome, TimeToEvent)
    assert cohort.outcome.unit == "months"
    target = cohort.target()
    assert target.time.tolist() == [float(cell) for cell in MANY]
    assert target.observed.tolist() == [1, 0, 0] * 20
    assert {v.name for v in cohort.inputs} == {"age"}
    assert len(cohort.outcome.horizons) >= 1


@pytest.mark.parametrize(
    ("values", "competing"),
    [
        (["relapse", "none", "dead"], ("dead",)),
        (["cancer death", "alive", "other death"], ("other death",)),
    ],
)
def test_another_death_competes_and_that_is_told(
    values: list[str], competing: tuple[str, ...]
) -> None:
    frame = followed(event=values)
    cohort = read_cohort(frame, outcome=TimeToEvent("event", "months", (values[0],)))
    assert isinstance(cohort.outcome, TimeToEvent)
    assert cohort.outcome.competing == competing
    assert cohort.outcome.negative == (values[1],)
    assert competing[0] in told(cohort)


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({"time": "ward"}, "no column of times"), ({"time": "status"}, "no column of times"),
        ({"time": "seen"}, "no column of times"),
        ({"time": "months", "since": "seen"}, "no column of dates"),
        ({"time": "seen", "since": "seen"}, "chosen twice"),
        ({"time": "months", "competing": ("moved",)}, "'moved' is no other value"),
        ({"time": "seen", "since": "began", "unit": "moons"}, "cannot be counted in 'moons'"),
    ],
)  # fmt: skip
def test_columns_that_hold_no_times_are_refused(given: dict[str, Any], words: str) -> None:
    days = [f"2021-03-{n % 28 + 1:02d}" for n in range(ROWS)]
    frame = followed(ward=["a", "b", "c"], seen=days, began=["2020-01-01", "2020-02-01"])
    with pytest.raises(UserError, match=words) as refused:
        read_cohort(frame, outcome=TimeToEvent("status", positive=(), **given))
    assert refused.value.remedy


@pytest.mark.parametrize(("unit", "days"), [("days", 1.0), ("weeks", 7.0), ("years", 365.25)])
def test_two_dates_make_a_time_in_the_unit_that_is_asked_for(unit: str, days: float) -> None:
    start = pd.Timestamp("2020-01-01")
    ends = [(start + pd.Timedelta(n * 11 + 3, "D")).strftime("%d.%m.%Y") for n in range(ROWS)]
    frame = table(status=["dead", "alive"], began=["01.01.2020"], ended=ends).assign(
        began=["01.01.2020", "02.01.2020"] * (ROWS // 2)
    )
    outcome = TimeToEvent("status", "ended", (), since="began", unit=unit)
    cohort = read_cohort(frame, outcome=outcome)
    expected = [(n * 11 + 3 - n % 2) / days for n in range(ROWS)]
    assert cohort.target().time.tolist() == pytest.approx(expected)


# Changing one's mind


def test_another_outcome_frees_the_one_before() -> None:
    cohort = read_cohort(table(a=["yes", "no"], b=["0", "1", "1"]), outcome="a")
    other = with_outcome(cohort, "b")
    assert other.variable("a").role is Role.INPUT
    assert other.variable("b").role is Role.OUTCOME
    assert [d.column for d in other.reading if d.rule == "event"] == ["b"]
    assert not [note for note in other.notes if "event of 'a'" in note]


def test_direct_identifiers_are_kept_where_they_are_asked_for() -> None:
    frame = table(status=["dead", "alive"]).assign(
        MRN=[str(4_711_000 + n) for n in range(ROWS)], phone=[f"+49 170 {n:07d}" for n in
                                                              range(ROWS)],
    )  # fmt: skip
    cohort = read_cohort(frame, outcome="status", patient="MRN")
    assert cohort.patients().tolist() == frame["MRN"].tolist()
    assert cohort.table["phone"].isna().all()
    assert "'MRN'" not in " ".join(cohort.notes)
    assert cohort.variable("patient_id").kind is Kind.IDENTIFIER
    assert cohort.variable("patient_id").role is Role.IGNORE


def test_the_values_of_the_event_are_given_once() -> None:
    with pytest.raises(UserError, match="given twice"):
        read_cohort(table(died=["yes", "no"]), outcome=YesNo("died", ("yes",)), positive=["yes"])


# Everybody had the event


TIMES = [f"{n % 23 + 1}.5" for n in range(ROWS)]


@pytest.mark.parametrize(("word", "positive"), [("1", ()), ("dead", ()), ("2", ("2",))])
def test_a_time_to_an_event_that_everybody_had_is_an_outcome(
    word: str, positive: tuple[str, ...]
) -> None:
    cohort = read_cohort(table(died=[word], months=TIMES), outcome=asked(positive))
    assert (cohort.observed() == 1).all()
    assert "nobody is without" in told(cohort)


def asked(positive: tuple[str, ...] = ()) -> TimeToEvent:
    return TimeToEvent("died", "months", positive, unit="months")


@pytest.mark.parametrize("word", ["0", "alive", "2", "unknown"])
def test_an_event_that_nobody_is_known_to_have_had_is_refused(word: str) -> None:
    with pytest.raises(UserError, match="did not happen|does not say|not known|empty"):
        read_cohort(table(died=[word], months=TIMES), outcome=asked())


def test_one_value_for_everybody_stays_refused_where_no_time_is_told() -> None:
    with pytest.raises(UserError, match="same value for every patient"):
        read_cohort(table(died=["1"]), outcome="died")


def test_later_patients_without_the_event_are_told_from_those_of_whom_nothing_is_known() -> None:
    cohort = read_cohort(table(died=["1"], months=TIMES), outcome=asked())
    assert cohort.outcome is not None
    later = table(died=["0", "1", "lost"], months=TIMES)
    found = read_for(later, cohort.variables, cohort.outcome, "later.csv")
    assert found.observed().tolist() == [0, 1, -1] * (ROWS // 3)
    assert "'lost' (20)" in told(found)


# What the column is called may turn its values round


@pytest.mark.parametrize(
    "name", ["cens", "CNSR", "censored", "alive", "Censoring", "zensiert", "survived"]
)
@pytest.mark.parametrize("words", [("1", "0"), ("yes", "no"), ("TRUE", "FALSE")])
def test_a_column_that_may_say_who_was_censored_is_asked_about(
    name: str, words: tuple[str, str]
) -> None:
    frame = table(**{name: [*words, words[1]], "months": TIMES})
    outcome = TimeToEvent(name, "months", (), unit="months")
    with pytest.raises(UserError, match="which of them is the event"):
        read_cohort(frame, outcome=outcome)
    chosen = TimeToEvent(name, "months", (words[1],), unit="months")
    cohort = read_cohort(frame, outcome=chosen)
    assert cohort.observed().tolist() == [0, 1, 1] * (ROWS // 3)


@pytest.mark.parametrize(("name", "words"), [
    ("alive", ("dead", "alive")), ("status", ("1", "0")), ("died", ("yes", "no")),
    ("censored", ("event", "censored")),
])  # fmt: skip
def test_values_that_say_what_happened_are_not_asked_about(
    name: str, words: tuple[str, str]
) -> None:
    frame = table(**{name: [*words, words[1]], "months": TIMES})
    cohort = read_cohort(frame, outcome=TimeToEvent(name, "months", (), unit="months"))
    assert cohort.observed().tolist() == [1, 0, 0] * (ROWS // 3)


def test_a_time_of_those_with_the_event_alone_is_refused() -> None:
    frame = table(
        vital_status=["Dead", "Alive", "Alive"], days_to_death=["90.5", "", ""],
        days_to_last_followup=["", "200.5", "300.5"],
    )  # fmt: skip
    with pytest.raises(UserError, match="of none of the 40 without it") as told:
        read_cohort(frame, outcome=TimeToEvent("vital_status", "days_to_death", (), unit="days"))
    assert "'days_to_last_followup' may hold the latter" in told.value.remedy
