"""Two dates make a duration; whoever came into view late counts from then on."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from keras import ops

from pmed_core.cohort import Cohort
from pmed_core.errors import UserError
from pmed_core.evaluation import Curve
from pmed_core.evaluations.resampling import Draws
from pmed_core.figures import course
from pmed_core.outcomes import Target, TimeToEvent
from pmed_core.outcomes.time_to_event import at, evaluation, follow_up, grid, learning, measures
from pmed_core.outcomes.time_to_event.baselines import Boosting, Cox
from pmed_core.predictions import Predictions
from pmed_core.readers.quality import check
from pmed_core.readers.tables import read_cohort, read_for
from tests.outcomes.time_to_event.made import followed
from tests.outcomes.time_to_event.test_learning import OUTCOME
from tests.shell.typed import shell

ZERO = pd.Timestamp("2015-03-01")


def dated(rows: int = 60) -> pd.DataFrame:
    """The cohort of ``made`` with dates instead of months."""
    table = followed(rows)
    begun = ZERO + pd.to_timedelta(np.arange(rows), unit="D")
    seen = begun + pd.to_timedelta((table["months"] * 30.4375).round().astype(int), unit="D")
    table["diagnosed"], table["last_seen"] = begun.astype(str), seen.astype(str)
    return table


def by_dates(table: pd.DataFrame, unit: str = "") -> Cohort:
    return read_cohort(
        table.drop(columns="months"), patient="patient",
        outcome=TimeToEvent("died", "last_seen", (), since="diagnosed", unit=unit),
    )  # fmt: skip


@pytest.mark.parametrize(("unit", "days"), [("", 30.4375), ("days", 1), ("years", 365.25)])
def test_two_dates_make_a_duration(unit: str, days: float) -> None:
    table = dated()
    found = by_dates(table, unit)
    expected = (table["months"] * 30.4375).round() / days
    assert found.target().time == pytest.approx(expected.to_numpy())
    assert found.chosen_outcome().columns == ("died", "last_seen", "diagnosed")
    assert {v.name for v in found.inputs} == {"marker", "noise", "ward"}
    said = f"Time is counted in {unit or 'months'} from 'diagnosed' to 'last_seen'"
    assert any(said in note for note in found.notes)


def test_a_patient_last_seen_before_time_zero_is_a_finding_and_not_used() -> None:
    table = dated()
    table.loc[[2, 5], "last_seen"] = "2014-01-01"
    table.loc[7, "last_seen"] = None
    found = by_dates(table)
    assert found.observed()[[2, 5, 7]].tolist() == [-1, -1, -1]
    assert (np.delete(found.observed(), [2, 5, 7]) >= 0).all()
    said = [f.sentence for f in check(found).findings if f.check == "time of the outcome"]
    assert "'diagnosed' or 'last_seen' is unknown for 1 patient, who is not used." in said
    assert "'last_seen' is not after 'diagnosed' for 2 patients, who are not used." in said
    # The shell, which shows no findings, says it too.
    assert "'last_seen' is not after 'diagnosed' for 2 patients, who are not used." in found.notes


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"since": "marker"}, "'marker' is no column of dates"),
        ({"since": "last_seen"}, "'last_seen' is chosen twice"),
        ({"unit": "moons"}, "Dates cannot be counted in 'moons'"),
        ({"entry": "noise"}, "'noise' is no column of dates"),
    ],
)
def test_what_cannot_be_counted_is_refused(change: dict[str, str], said: str) -> None:
    asked: Any = {"since": "diagnosed", "unit": ""} | change
    with pytest.raises(UserError, match=said):
        read_cohort(dated(), outcome=TimeToEvent("died", "last_seen", (), **asked))


def test_one_date_alone_is_no_duration() -> None:
    with pytest.raises(UserError, match="no column of times") as caught:
        read_cohort(dated(), outcome=TimeToEvent("died", "last_seen", ()))
    assert "date from which it is counted" in caught.value.remedy


def test_another_file_is_read_by_its_dates() -> None:
    outcome = by_dates(dated()).chosen_outcome()
    again = read_for(dated().drop(columns="months"), (), outcome)
    assert again.target().time == pytest.approx(by_dates(dated()).target().time)


def test_the_dates_of_the_outcome_are_not_called_inputs() -> None:
    table = dated().rename(columns={"last_seen": "date of death"}).drop(columns="months")
    found = read_cohort(table, outcome=TimeToEvent("died", "date of death", (), since="diagnosed"))
    later = [f for f in check(found).findings if f.check == "dates after the outcome"]
    assert not later


def test_values_that_compete_are_chosen_and_a_wrong_one_is_refused() -> None:
    table = followed(60)
    table["died"] = np.where(np.arange(60) % 7 == 0, "moved", table["died"])
    asked = TimeToEvent("died", "months", ("yes",), competing=("moved",))
    found = read_cohort(table, outcome=asked, patient="patient").chosen_outcome()
    assert isinstance(found, TimeToEvent)
    assert (found.negative, found.competing) == (("no",), ("moved",))
    with pytest.raises(UserError, match="'away' is no other value of 'died'"):
        read_cohort(table, outcome=replace(asked, competing=("away",)), patient="patient")


def test_the_shell_counts_from_two_dates(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "dated.csv"
    dated(40).drop(columns="months").to_csv(file, index=False)
    half = ("fit", file, "--event", "died", "--time-from", "diagnosed", "--to", tmp_path / "m")
    assert shell(*half) == 2
    assert "--time-from COL --time-to COL" in capfd.readouterr().err


# Patients who came into view late (left truncation).

TIME = np.array([2.0, 3.0, 5.0, 6.0, 8.0])
EVENT = np.array([True, True, False, True, True])
ENTRY = np.array([0.0, 1.0, 2.0, 4.0, 3.0])


def truncated(rows: int, seed: int = 0, effect: float = 1.0) -> tuple[np.ndarray, Target]:
    """(rows, 1) marker and follow-up of those who had no event before they came into view."""
    generator = np.random.default_rng(seed)
    marker = generator.normal(size=6 * rows)
    time = 10 * np.exp(-effect * marker) * generator.exponential(size=6 * rows)
    entry, seen = generator.uniform(0, 8, 6 * rows), generator.uniform(9, 30, 6 * rows)
    kept = np.flatnonzero(time > entry)[:rows]
    last = np.minimum(time, seen)
    target = Target((time <= seen).astype(np.int64)[kept], last[kept], entry=entry[kept])
    return marker[kept, None].astype(np.float32), target


def test_late_patients_are_at_risk_from_when_they_came() -> None:
    times, left = grid.kaplan_meier(TIME, EVENT, ENTRY)
    # At risk at 2: the first two; at 3: the 2nd and 3rd; at 6 and 8: those with entry 4 and 3.
    assert times.tolist() == [2, 3, 6, 8]
    assert left == pytest.approx([1 / 2, 1 / 4, 1 / 8, 0])


def test_the_same_as_lifelines_says() -> None:
    lifelines = pytest.importorskip("lifelines")
    _, target = truncated(200)
    event = target.observed == 1
    times, left = grid.kaplan_meier(target.time, event, target.entry)
    other = lifelines.KaplanMeierFitter().fit(target.time, event, entry=target.entry)
    assert left == pytest.approx(other.survival_function_at_times(times).to_numpy())


def test_coming_late_is_what_everything_is_conditioned_on() -> None:
    seen = Target(np.array([1, 0]), np.array([3.0, 7.0]), entry=np.array([2.0, 1.0]))
    logits = np.random.default_rng(1).normal(size=(2, 1, 1, 3))
    cells = np.exp(learning.log_cells(OUTCOME, logits))[:, 0, 0]
    found = ops.convert_to_numpy(
        learning.loss(
            OUTCOME, learning.packed(OUTCOME, seen, np.ones(4))[:, None, None],
            logits.astype(np.float32),
        )
    )  # fmt: skip
    first = cells[0, 1] / cells[0, 1:].sum()
    # Seen until a quarter of the third interval was left, and in view for half of the first.
    second = (0.25 * cells[1, 2] + cells[1, 3]) / (0.5 * cells[1, 0] + cells[1, 1:].sum())
    assert found == pytest.approx(-np.log([first, second]), rel=1e-5)


def test_shares_know_of_those_who_never_came_into_view() -> None:
    _, target = truncated(3000, effect=0.0)
    made = OUTCOME.__class__(
        "died", "months", ("yes",), ("no",), unit="months", cuts=(0, 2, 5, 10, 30)
    )
    share = learning.shares(made, target)
    assert share.sum(axis=1) == pytest.approx(1)
    # Exponential with a mean of 10: without the late ones' ghosts the first would be too small.
    assert share.mean(axis=0)[0] == pytest.approx(1 - np.exp(-0.2), abs=0.03)


def test_cox_regression_finds_the_coefficient_among_late_patients() -> None:
    marker, target = truncated(3000)
    model = Cox(np.array([0, 5, 10.0]), ridge=1e-6).fit(marker, target)
    assert model.coefficients / model.scale == pytest.approx([1.0], abs=0.08)
    naive = Cox(np.array([0, 5, 10.0]), ridge=1e-6)
    naive.fit(marker, Target(target.observed, target.time))
    assert abs((naive.coefficients / naive.scale)[0] - 1) > 0.1, "else the test tells nothing"


def test_boosting_skips_the_intervals_before_patients_came() -> None:
    marker, target = truncated(3000, effect=0.0)
    cuts = np.array([0, 2, 4, 8, 30.0])
    left = 1 - np.cumsum(Boosting(cuts, 0).fit(marker, target).cells(marker), axis=1)
    assert left[:, 2].mean() == pytest.approx(np.exp(-0.8), abs=0.07)


def told(target: Target, marker: np.ndarray, horizon: float = 10) -> Predictions:
    """The true courses of ``truncated`` patients."""
    times = tuple(np.linspace(0, 30, 61).tolist())
    hazard = 0.1 * np.exp(marker[:, :1].astype(np.float64))
    survival = np.exp(-hazard * np.array(times))
    risk = 1 - np.exp(-hazard * horizon)
    return Predictions(
        tuple(f"p{n}" for n in range(len(marker))), (f"{horizon:g}",), risk, risk, risk,
        target.observed, np.zeros(len(marker), dtype=bool), time=target.time, entry=target.entry,
        times=times, survival=survival,
    )  # fmt: skip


def test_only_patients_in_view_are_compared() -> None:
    marker, target = truncated(60)
    found = told(target, marker)
    right = pairs = 0.0
    for i in np.flatnonzero(target.observed == 1):
        here = at(found, target.time[i : i + 1])[:, 0]
        for j in range(60):
            if target.entry[j] < target.time[i] < target.time[j]:
                pairs += 1
                right += here[i] / 1 < here[j]
    # Given that each came into view, as the prediction is.
    case = measures.Case(found)
    assert case.at(np.array([0.0])) == pytest.approx(np.ones((60, 1)))
    draws = Draws(np.ones((1, 60), np.uint16), False, np.arange(60))
    assert measures.c_index(case, draws)[0] == pytest.approx(right / pairs, abs=0.05)


@pytest.mark.parametrize("horizon", [3.0, 5.0, 10.0])
def test_true_courses_of_late_patients_are_calibrated(horizon: float) -> None:
    """Also at times by which many had not come into view."""
    marker, target = truncated(3000)
    found = told(target, marker, horizon)
    outcome = TimeToEvent("died", "months", ("yes",), unit="months", horizons=(horizon,))
    draws = Draws(np.ones((1, 3000), np.uint16), False, np.arange(3000))
    values = evaluation.measured(outcome, found, 0.5, draws)
    label = f"{horizon:g}"
    assert values[f"observed_expected_{label}"][0] == pytest.approx(1, abs=0.1)
    assert values[f"calibration_slope_{label}"][0] == pytest.approx(1, abs=0.15)
    assert values[f"calibration_intercept_{label}"][0] == pytest.approx(0, abs=0.15)
    everybody = np.random.default_rng(1).normal(size=20_000)
    truth = np.mean(1 - np.exp(-0.1 * np.exp(everybody) * horizon))
    assert values[f"observed_{label}"][0] == pytest.approx(truth, abs=0.04)
    twice = {name: np.repeat(value, 2) for name, value in values.items()}
    shown = evaluation.intervals(found, 0.5, draws, twice)[f"observed_{label}"]
    assert shown.low < shown.value == values[f"observed_{label}"][0] < shown.high


def test_the_spread_of_survival_knows_who_came_late() -> None:
    marker, target = truncated(2000)
    found = told(target, marker)
    assert measures.d_calibration(measures.Case(found)) > 0.01
    naive = measures.d_calibration(
        measures.Case(Predictions(**{**vars(found), "entry": np.empty(0)}))
    )
    assert naive < 1e-6, "else the test tells nothing"


def test_one_early_death_does_not_take_everybody() -> None:
    """Ages: hardly anybody is in view at first, and the first of them dies."""
    generator = np.random.default_rng(0)
    entry = generator.uniform(61, 90, 300)
    time, event = entry + generator.uniform(1, 10, 300), generator.random(300) < 0.3
    entry[0], time[0], event[0] = 60.0, 60.5, True
    times, left = grid.kaplan_meier(time, event, entry)
    begun = grid.first_counted(time, entry)
    in_view = ((entry[:, None] <= entry) & (time[:, None] > entry)).sum(axis=0)
    assert begun == np.sort(entry)[in_view[np.argsort(entry)] >= grid.IN_VIEW_AT_LEAST][0]
    assert left[times < begun].tolist() == [1.0] * int((times < begun).sum())
    assert 0.02 < left[-1] < 0.9
    shares = grid.aalen_johansen(time, event.astype(np.int64), entry)[1]
    assert shares[:, 0] == pytest.approx(1 - left)


def test_events_before_most_came_into_view_are_said() -> None:
    table = followed(120)
    table["came"] = (table["months"] * 0.3).round(2) + 2
    table["months"] += 3
    for column, cell in (("came", 0.1), ("months", 0.5), ("died", "yes")):
        table.loc[0, column] = cell
    asked = TimeToEvent("died", "months", (), entry="came")
    said = [
        f.sentence for f in check(read_cohort(table, outcome=asked, patient="patient")).findings
    ]
    assert any("of 1 patient with the event before that no risk is estimated" in s for s in said)


def test_whoever_was_lost_was_last_seen_without_the_event() -> None:
    """Of yes/no nobody knows; of a time it is what censoring means."""
    table = followed(60).assign(died=lambda t: t["died"].replace("no", "alive"))
    table["died"] = table["died"].replace("yes", "dead")
    lost = table.index[table["died"] == "alive"][:3]
    table.loc[lost, "died"] = ["Lost to follow-up", "LTFU", "withdrew consent"]
    outcome = TimeToEvent("died", "months", ("dead",))
    found = read_cohort(table, outcome=outcome, patient="patient")
    assert (found.target().observed[lost] == 0).all()
    made = found.chosen_outcome()
    assert isinstance(made, TimeToEvent)
    assert not made.competing
    as_yes_no = read_cohort(table.drop(columns="months"), outcome="died", positive=["dead"])
    assert (as_yes_no.target().observed[lost[:2]] == -1).all()


def test_who_came_late_was_followed_from_then_on() -> None:
    """Ages: half were followed for five years, not until 65."""
    table = followed(60).assign(age=lambda t: 60.0 + t.index % 5)
    table["until"] = table["age"] + 5 * (1 + table.index % 2)
    outcome = TimeToEvent("died", "until", (), entry="age", unit="years")
    found = check(read_cohort(table, outcome=outcome, patient="patient", ignore=["months"]))
    (said,) = [f.sentence for f in found.findings if f.check == "outcome balance"]
    assert "followed for 10 years" in said or "followed for 5 years" in said


@pytest.mark.parametrize(
    ("name", "unit"),
    [("hours", "hours"), ("LOS (h)", "hours"), ("los_minutes", "minutes"), ("Jours", "days"),
     ("días hasta muerte", "days"), ("minimum", "time units"), ("age_at_exit", "time units")],
)  # fmt: skip
def test_a_name_tells_its_unit(name: str, unit: str) -> None:
    assert follow_up.unit_of(name) == unit


def test_a_unit_is_called_by_its_english_name() -> None:
    assert [follow_up.called(unit) for unit in ("wk", "Tage", "d", "cycles", "")] == [
        "weeks", "days", "days", "cycles", ""
    ]  # fmt: skip


def test_long_times_are_written_out() -> None:
    """1,234 days, not 1.23e+03."""
    outcome = TimeToEvent("died", "days", ("yes",), unit="days", cuts=(0.0, 12345.0))
    assert outcome.happened(1, 1234.0) == "event after 1,234 days"
    with pytest.raises(UserError, match="up to 12,345 days"):
        outcome.at((20000.0,), "here")
    seen = Curve((0.0, 1000.0, 2000.0), (1.0, 0.6, 0.2))
    assert "half by 1,250 and the best quarter not before 1,875 days" in course.caption(
        seen, seen, "days"
    )


def test_no_risk_is_stated_at_a_time_that_nobody_reached() -> None:
    table = followed(60)
    longest = table["months"].max()
    outcome = TimeToEvent("died", "months", (), horizons=(3.0, longest + 1))
    with pytest.raises(UserError, match=r"Nothing is known of .* months"):
        read_cohort(table, outcome=outcome, patient="patient")
    reached = replace(outcome, horizons=(3.0, float(longest)))
    assert read_cohort(table, outcome=reached, patient="patient").chosen_outcome().horizons
