"""Inputs that only those have who lived long enough are found, and risk factors are not."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from pmed_core.outcomes import TimeToEvent
from pmed_core.outcomes.time_to_event import checks
from pmed_core.quality import Finding
from pmed_core.readers.tables import read_cohort
from tests.outcomes.time_to_event.made import followed


def found(table: pd.DataFrame, which: str = "immortal time") -> list[Finding]:
    cohort = read_cohort(table, outcome=TimeToEvent("died", "months", ()), patient="patient")
    return [finding for finding in checks.findings(cohort) if finding.check == which]


def with_inputs(seed: int) -> pd.DataFrame:
    """400 patients; 0 to 70 % are transplanted before they leave."""
    generator, table = np.random.default_rng(seed), followed(400, seed)
    time = table["months"].to_numpy()
    wait = generator.exponential(8, 400)
    treated = (generator.random(400) < 0.7) & (wait < time)
    table["wait"] = np.where(treated, wait.round(1), np.nan)
    table["cycles"] = (time / 2).round()
    table["second scan"] = np.where(time > 6, generator.normal(size=400), np.nan)
    table["treated"] = np.where(time > 12, "yes", "no")
    return table


@pytest.mark.parametrize("seed", range(2))
def test_what_comes_with_time_is_found(seed: int) -> None:
    named = {finding.columns[0] for finding in found(with_inputs(seed))}
    assert named == {"wait", "cycles", "second scan", "treated"}


def test_a_treatment_on_the_way_spares_at_first_only() -> None:
    generator, table = np.random.default_rng(0), followed(1000, 5)
    wait = generator.exponential(8, 1000)
    treated = (generator.random(1000) < 0.7) & (wait < table["months"])
    table["transplanted"] = np.where(treated, "yes", "no")
    (finding,) = found(table)
    assert "'transplanted' is 'yes' of few who were followed for a short time" in finding.sentence
    assert "immortal time" in finding.remedy


def steady(seed: int, ratio: float) -> pd.DataFrame:
    """A treatment that is known at time zero and protects all the time, and two other inputs."""
    generator = np.random.default_rng(seed)
    given = generator.random(400) < 0.5
    time = 20 * np.where(given, ratio, 1) * generator.exponential(size=400)
    seen = generator.uniform(0, 80, 400)
    return pd.DataFrame(
        {
            "patient": [f"p{n}" for n in range(400)], "treated": np.where(given, "yes", "no"),
            "age": generator.integers(30, 90, 400), "crp": generator.uniform(0, 3, 400).round(2),
            "months": np.minimum(time, seen).round(2) + 0.01,
            "died": np.where(time <= seen, "yes", "no"),
        }
    )  # fmt: skip


def test_what_protects_all_the_time_is_hardly_ever_a_finding() -> None:
    assert sum(len(found(steady(seed, 4.0**seed))) for seed in range(4)) == 0
    assert sum(len(found(steady(seed, 8))) for seed in range(10, 16)) <= 1


def test_times_that_are_not_used_or_may_be_mistakes_are_said() -> None:
    table = followed(120)
    table.loc[[3, 4], "months"] = None
    table.loc[7, "months"] = 99_999
    said = [finding.sentence for finding in found(table, "time of the outcome")]
    assert "'months' is unknown for 2 patients, who are not used." in said
    assert any("far longer than all others for 1 patient (up to 99,999 months" in s for s in said)


def test_who_came_into_view_nobody_knows_when_is_said() -> None:
    table = followed(120)
    table["came"] = (table["months"] * 0.3).round(2)
    table.loc[5, "came"] = None
    asked = TimeToEvent("died", "months", (), entry="came")
    findings = checks.findings(read_cohort(table, outcome=asked, patient="patient"))
    said = [finding.sentence for finding in findings if finding.check == "time of the outcome"]
    assert "'came' is unknown for 1 patient, at risk from time zero on." in said
