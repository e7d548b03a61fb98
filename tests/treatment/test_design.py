"""What contradicts the design that was told, and whom a comparison has lost, is said."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pmed_core.cohort import Cohort
from pmed_core.errors import UserError
from pmed_core.outcomes import Arms, Number
from pmed_core.outcomes.kinds import findings, serious
from pmed_core.quality import Finding
from pmed_core.readers.tables import read_cohort, read_for
from pmed_core.shell import terminal

TRIAL = Arms("arm", reference="a", randomised=True)
CHOSEN = Arms("arm", reference="a")


def table(n: int = 600, seed: int = 0) -> pd.DataFrame:
    """A trial by the toss of a coin."""
    draw = np.random.default_rng(seed)
    return pd.DataFrame({
        "age": draw.normal(60, 10, n).round(1), "site": draw.choice(["Rome", "Oslo"], n),
        "arm": draw.choice(["a", "b"], n), "y": draw.normal(0, 1, n),
    })  # fmt: skip


def found(frame: pd.DataFrame, check: str, arms: Arms = TRIAL) -> list[Finding]:
    cohort = read_cohort(frame, outcome=Number("y"), treatment=arms)
    return [one for one in findings(cohort) if one.check == check]


@settings(max_examples=15, deadline=None)
@given(st.integers(0, 10_000))
def test_of_a_true_trial_nothing_is_said(seed: int) -> None:
    cohort = read_cohort(table(200, seed), outcome=Number("y"), treatment=TRIAL)
    assert serious(cohort) == []


def test_an_input_that_the_treatment_changed_is_told_whatever_its_name() -> None:
    frame = table()
    frame["ldl"] = np.random.default_rng(1).normal(100, 15, 600) - 8 * (frame["arm"] == "b")
    (said,) = found(frame, "randomisation")
    assert said.columns == ("ldl",)
    assert said.severity == "serious"
    # Where clinicians chose, arms differ, and are weighted.
    assert not found(frame, "randomisation", CHOSEN)


def test_a_site_with_probabilities_of_its_own_is_told() -> None:
    frame, draw = table(), np.random.default_rng(2)
    often = np.where(frame["site"] == "Rome", 0.7, 0.3)
    frame["arm"] = np.where(draw.random(600) < often, "b", "a")
    assert [one.columns for one in found(frame, "randomisation")] == [("site",)]


def test_an_input_that_is_measured_in_one_arm_is_told() -> None:
    frame, draw = table(), np.random.default_rng(3)
    frame["trough"] = draw.normal(5, 1, 600)
    frame.loc[(frame["arm"] == "a") & (draw.random(600) < 0.5), "trough"] = np.nan
    assert [one.columns for one in found(frame, "randomisation")] == [("trough",)]


def test_what_alone_says_the_option_is_told_once() -> None:
    frame = table()
    frame["code"] = np.where(frame["arm"] == "b", "2", "1")
    assert found(frame, "overlap")
    assert not found(frame, "randomisation")


def test_outcomes_that_one_arm_lacks_are_told_and_are_no_doubt_of_the_probabilities() -> None:
    frame = table()
    frame.loc[(frame["arm"] == "b") & (frame["y"] < 0), "y"] = np.nan
    for arms in (TRIAL, CHOSEN):
        (said,) = found(frame, "unknown outcomes", arms)
        assert "0 % of those given 'a'" in said.sentence
        lost = frame.loc[frame["arm"] == "b", "y"].isna().mean()
        assert f"{100 * lost:.0f} % of those given 'b'" in said.sentence
    assert not found(frame, "treatment")
    few = table()
    few.loc[few.index[:60], "y"] = np.nan
    assert not found(few, "unknown outcomes")


def test_a_crossover_is_told_and_its_sequence_is_no_sign_of_bad_randomisation() -> None:
    first = table(200)
    first["patient_id"] = [f"P{k}" for k in range(200)]
    first["sequence"] = np.where(first["arm"] == "a", "ab", "ba")
    second = first.assign(arm=np.where(first["arm"] == "a", "b", "a"), y=first["y"] + 1)
    both = pd.concat([first, second], ignore_index=True)
    cohort = read_cohort(both, outcome=Number("y"), treatment=TRIAL, patient="patient_id")
    told = {one.check: one for one in findings(cohort)}
    assert "200 of 200 patients" in told["several options"].sentence
    assert "randomisation" not in told
    assert not found(table(), "several options")


@pytest.mark.parametrize(
    ("options", "reference"),
    [(("Idebenone", "Vitamin E"), ""), (("Rituximab mono", "Combination"), ""),
     (("Controlled release", "Immediate release"), ""), (("No statin", "Statin"), "No statin"),
     (("no_drug", "drug"), "no_drug"), (("Usual care", "Clinic"), "Usual care"),
     (("Placebo", "Drug 10 mg"), "Placebo")],
)  # fmt: skip
def test_a_reference_is_told_by_whole_words(options: tuple[str, str], reference: str) -> None:
    frame = table(100)
    frame["arm"] = frame["arm"].map(dict(zip("ab", options, strict=True)))
    if not reference:
        with pytest.raises(UserError, match="do not say with which"):
            read_cohort(frame, outcome=Number("y"), treatment=Arms("arm"))
        return
    cohort = read_cohort(frame, outcome=Number("y"), treatment=Arms("arm"))
    assert cohort.chosen_outcome().columns == ("y", "arm")
    assert any(f"'{reference}' is compared with" in note for note in cohort.notes)


def test_which_outcomes_count_as_better_is_said_where_nobody_chose() -> None:
    cohort = read_cohort(table(100), outcome=Number("y"), treatment=TRIAL)
    assert "A higher y counts as better, as nothing else was said." in cohort.notes
    chosen = Arms("arm", reference="a", better="lower")
    cohort = read_cohort(table(100), outcome=Number("y"), treatment=chosen)
    assert not any("counts as better" in note for note in cohort.notes)


def of_doses() -> tuple[Cohort, pd.DataFrame]:
    frame = table(100)
    frame["arm"] = np.resize(["0 mg", "0,5 mg", "10 mg", "1,0 mg"], 100)
    return read_cohort(frame, outcome=Number("y"), treatment=Arms("arm")), frame


@pytest.mark.parametrize(
    ("written", "read"),
    [(("0 mg", "0,5 mg", "10 mg", "1,0 mg"), ["0", "0.5", "10", "1"]),
     (("0 µg", "500 µg", "10000 µg", "1000 µg"), ["0", "0.5", "10", "1"]),
     (("0 g", "0.5 g", "10 g", "1 g"), ["0", "500", "10000", "1000"])],
)  # fmt: skip
def test_doses_of_a_later_file_are_read_in_the_unit_of_the_model(
    written: tuple[str, ...], read: list[str]
) -> None:
    cohort, frame = of_doses()
    later = frame.assign(arm=np.resize(list(written), 100))
    found = read_for(later, cohort.variables, cohort.outcome)
    assert found.table["arm"].iloc[:4].tolist() == read


def test_a_copy_of_the_outcome_among_the_inputs_is_told(
    capsys: pytest.CaptureFixture[str],
) -> None:
    frame, draw = table(), np.random.default_rng(4)
    frame["cause"] = np.where(frame["y"] > 0, "organ failure", "none")
    frame["died"] = np.where(frame["y"] > 0, "yes", "no")
    frame["late sign"] = frame["y"] + draw.normal(0, 0.01, 600)
    for outcome, copy in (("died", "cause"), ("y", "late sign")):
        other = {"died": "y", "y": "died"}[outcome]
        cohort = read_cohort(frame, outcome=outcome, treatment=CHOSEN, ignore=[other])
        told = {name for one in serious(cohort) for name in one.columns}
        assert copy in told
        terminal.warn(cohort)
        assert f"'{copy}'" in capsys.readouterr().err
