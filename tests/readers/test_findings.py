"""What is found in a table before training: planted faults are named, clean tables are not."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from pmed_core.quality import CODES_FOR_MISSING, Finding, Quality, Severity
from pmed_core.readers.leakage import alone, copies
from pmed_core.readers.quality import check
from pmed_core.readers.tables import read_cohort
from pmed_core.readers.twins import same_rows
from pmed_core.variable import Kind, Variable

ROWS = 240


def patients(seed: int = 1) -> pd.DataFrame:
    """Inputs that say something of the outcome, but not much."""
    draw = np.random.default_rng(seed)
    frame = pd.DataFrame(
        {
            "age": draw.normal(60, 12, ROWS).round(2),
            "crp": draw.gamma(2, 20, ROWS).round(2),
            "sodium": draw.normal(140, 4, ROWS).round(2),
            "ward": draw.choice(["north", "south", "west"], ROWS),
        }
    )
    died = draw.random(ROWS) < 1 / (1 + np.exp(2 - frame["crp"] / 40))
    frame.insert(0, "patient_id", [f"P{n:04d}" for n in range(ROWS)])
    return frame.assign(died=np.where(died, "yes", "no"))


def checked(frame: pd.DataFrame) -> Quality:
    return check(read_cohort(frame.astype("str").replace("nan", ""), outcome="died"))


def found(quality: Quality, name: str) -> Finding:
    (finding,) = (f for f in quality.findings if f.check == name)
    return finding


def serious(quality: Quality) -> set[str]:
    return {f.check for f in quality.findings if f.severity is Severity.SERIOUS}


CLEAN = checked(patients())


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("leakage", "None of 4 inputs alone predicts"),
        ("duplicate patients", "0 of 240 patients appear twice"),
        ("same row twice", "0 of 240 rows"),
        ("constant columns", "No input is the same for everybody"),
        ("missing values", "No input has an empty cell"),
        ("direct identifiers", "'patient_id' numbers persons"),
    ],
)
def test_a_clean_table_is_told_what_was_looked_for(name: str, words: str) -> None:
    finding = found(CLEAN, name)
    assert finding.severity is Severity.CLEAN
    assert words in finding.sentence


# Leaks


@pytest.mark.parametrize(
    "planted",
    [
        pytest.param(lambda f: np.where(f.died == "yes", "ICU", "home"), id="category"),
        pytest.param(lambda f: (f.died == "yes") * 5.5 + f.age / 1e4, id="number"),
        pytest.param(lambda f: -(f.died == "yes") * 5.5 + f.age / 1e4, id="turned"),
        pytest.param(lambda f: np.where(f.died == "yes", f.crp, np.where(f.age > 60, -900, 900.5)),
                     id="both ends"),
    ],
)  # fmt: skip
def test_an_input_that_is_the_outcome_in_other_words_is_named(planted) -> None:  # type: ignore[no-untyped-def]
    quality = checked(patients().assign(unit=lambda f: planted(f)))
    (leak,) = (f for f in quality.findings if f.check == "leakage")
    assert leak.severity is Severity.SERIOUS
    assert leak.columns == ("unit",)


def test_a_cell_that_is_missing_for_one_outcome_is_named() -> None:
    """Of nearly all who died and of few others; of all and nobody, the cells alone tell it."""
    frame = patients()
    there = (frame.died == "yes") ^ (frame.index % 20 == 0)
    quality = checked(frame.assign(lactate=frame.sodium.where(there)))
    leak = found(quality, "leakage")
    assert leak.columns == ("lactate",)
    assert "Whether 'lactate' is missing tells the outcome" in leak.sentence


@pytest.mark.parametrize(
    "name", ["length_of_stay", "los", "time to relapse", "discharge unit", "followup_days",
             "days_to_death", "readmitted"],
)  # fmt: skip
def test_what_is_called_as_known_later_is_a_warning(name: str) -> None:
    draw = np.random.default_rng(7)
    quality = checked(patients().assign(**{name: draw.normal(5, 2, ROWS).round(2)}))
    leak = found(quality, "leakage")
    assert (leak.severity, leak.columns) == (Severity.WARNING, (name,))


@pytest.mark.parametrize("name", ["colossal", "loss", "timer", "outgoing"])
def test_words_that_only_look_like_it_are_not(name: str) -> None:
    draw = np.random.default_rng(7)
    quality = checked(patients().assign(**{name: draw.normal(5, 2, ROWS).round(2)}))
    assert found(quality, "leakage").severity is Severity.CLEAN


@pytest.mark.parametrize("strength", [0.0, 0.5, 1.0])
def test_how_much_one_input_tells_lies_between_nothing_and_all(strength: float) -> None:
    draw = np.random.default_rng(0)
    event = draw.random(4000) < 0.4
    cells = pd.Series(np.where(draw.random(4000) < strength, event * 1.0, draw.random(4000)))
    score = alone(cells, Variable("x", Kind.NUMBER), event)
    # Two patients are told apart unless both have a random cell: then it is a toss.
    expected = 1 - (1 - strength) ** 2 / 2
    assert abs(score - expected) < 0.03


# Rows and patients


def test_patients_with_several_rows_are_counted_and_shown() -> None:
    frame = patients()
    frame.loc[[10, 11, 12, 50], "patient_id"] = ["P0005", "P0005", "P0020", "P0021"]
    finding = found(checked(frame), "duplicate patients")
    assert "3 of 236 patients have several rows" in finding.sentence
    assert finding.rows == (5, 12, 21), "the first row of each"


def test_patients_that_are_enough_are_not_their_rows() -> None:
    frame = patients()
    frame["patient_id"] = [f"P{n // 4:04d}" for n in range(len(frame))]
    assert "you have 60." in found(checked(frame), "sample size").sentence


def test_a_table_without_ids_says_what_that_means() -> None:
    finding = found(checked(patients().drop(columns="patient_id")), "duplicate patients")
    assert finding.severity is Severity.NOTE
    assert "each row is taken as a patient of its own" in finding.sentence


@pytest.mark.parametrize("copies_", [1, 3])
def test_rows_under_two_patients_are_counted_as_pairs(copies_: int) -> None:
    frame = patients()
    again = frame.head(copies_).assign(patient_id=[f"Q{n}" for n in range(copies_)])
    both = pd.concat([frame, again], ignore_index=True)
    finding = found(checked(both), "same row twice")
    assert finding.severity is Severity.SERIOUS
    assert finding.sentence.startswith("1 pair of rows is" if copies_ == 1 else "3 pairs of rows")
    assert set(finding.rows) == {*range(copies_), *range(ROWS, ROWS + copies_)}
    pairs = same_rows(read_cohort(both.astype("str")))
    assert pairs.tolist() == [[n, ROWS + n] for n in range(copies_)]


def test_every_one_of_three_copies_is_in_a_pair() -> None:
    frame = patients()
    again = [frame.iloc[[7]].assign(patient_id=name) for name in ("Q1", "Q2")]
    pairs = same_rows(read_cohort(pd.concat([frame, *again], ignore_index=True).astype("str")))
    assert set(pairs.ravel()) == {7, 240, 241}


# Columns


def test_columns_that_repeat_another_are_named_by_both() -> None:
    frame = patients().assign(age_again=lambda f: f.age, crp_twice=lambda f: 2 * f.crp)
    (finding,) = copies(read_cohort(frame.astype("str"), outcome="died"))
    assert finding.sentence == "'age_again' is a copy of 'age'."


def test_the_same_gaps_are_part_of_being_a_copy() -> None:
    frame = patients()
    frame["b"] = frame["age"].where(frame.index % 5 > 0)
    frame["c"] = frame["b"]
    findings = copies(read_cohort(frame.astype("str").replace("nan", "")))
    assert [f.columns for f in findings] == [("c",)]


def test_constant_and_mostly_empty_columns_are_named() -> None:
    frame = patients().assign(site="Ulm", lactate="")
    frame.loc[frame.index % 4 == 0, "lactate"] = "1.5"
    frame.loc[frame.index % 8 == 0, "lactate"] = "2.5"
    quality = checked(frame)
    assert found(quality, "constant columns").columns == ("site",)
    missing = found(quality, "missing values")
    assert missing.columns == ("lactate",)
    assert missing.sentence.startswith("12.5 % of the inputs' cells"), "180 of 240 in one of six"


def test_a_running_number_and_near_unique_words_are_like_identifiers() -> None:
    frame = patients().assign(
        seen=range(500, 500 + ROWS), remark=[f"a word {n} of its own" for n in range(ROWS)]
    )
    finding = found(checked(frame), "identifier-like columns")
    assert set(finding.columns) == {"seen", "remark"}
    assert finding.severity is Severity.WARNING
    assert "learn the rows by heart" in finding.remedy


def test_codes_for_missing_are_a_warning_that_ends_with_the_choice() -> None:
    frame = patients()
    frame.loc[::9, "age"] = 999.0
    cohort = read_cohort(frame.astype("str"), outcome="died")
    finding = found(check(cohort), CODES_FOR_MISSING)
    assert finding.columns == ("age",)
    assert "999" in finding.sentence
    for choice in ("999", "none"):
        settled = read_cohort(
            frame.astype("str"), outcome="died", choices={"missing-code:age": choice}
        )
        assert CODES_FOR_MISSING not in {f.check for f in check(settled).findings}


def test_a_number_that_goes_with_one_persons_sex_and_birth_may_be_a_record_number() -> None:
    frame = patients().drop(columns=["patient_id", "age"])
    draw = np.random.default_rng(2)
    whose = draw.integers(0, 80, ROWS)
    sexes, births = draw.choice(["f", "m"], 80), draw.integers(1930, 1990, 80)
    frame = frame.assign(house=1000 + 13 * whose, sex=sexes[whose], birth_year=births[whose])
    finding = found(checked(frame), "possible record numbers")
    assert finding.columns == ("house",)
    assert "may be a record number" in finding.sentence


@pytest.mark.parametrize("name", ["date of death", "discharge_date", "relapse date"])
def test_dates_that_sound_later_are_kept_ignored(name: str) -> None:
    days = pd.date_range("2021-01-01", periods=ROWS).strftime("%Y-%m-%d")
    finding = found(checked(patients().assign(**{name: days})), "dates after the outcome")
    assert finding.columns == (name,)
    assert "it is ignored" in finding.sentence


def test_a_summary_is_of_the_cells_that_are_known() -> None:
    frame = patients()
    frame.loc[::4, "crp"] = np.nan
    summary = next(s for s in checked(frame).summaries if s.name == "crp")
    known = frame["crp"].dropna()
    assert summary.missing == 60
    assert summary.distinct == known.nunique()
    assert sum(summary.counts) == 180
    assert summary.quantiles[3] == pytest.approx(known.median())
    assert summary.edges[0] == pytest.approx(known.min())
    assert summary.edges[-1] == pytest.approx(known.max())
    ward = next(s for s in checked(frame).summaries if s.name == "ward")
    assert dict(zip(ward.values, ward.counts, strict=True)) == frame.ward.value_counts().to_dict()


@pytest.mark.parametrize("seed", range(2, 8))
def test_nothing_serious_is_said_of_a_clean_table(seed: int) -> None:
    draw = np.random.default_rng(seed)
    more = {name: draw.normal(5, 1, ROWS).round(2) for name in ("hb", "urea", "albumin")}
    assert not serious(checked(patients(seed).assign(**more)))
