"""Planted leaks: how many the quality panel finds, and how often it cries wolf.

    python -m benchmarks.leaks [--tables 50] [--first 100]

Clean tables are simulated with strong but honest predictors (AUROC of a single one up to about
0.9), correlated yes/no symptoms, counts with many ties and cells that somebody filled with the
median; each kind of leak is planted into each of them. The panel was built on seeds below 100.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable

import numpy as np
import pandas as pd
from scipy.stats import binomtest

from pmed_core.quality import Severity
from pmed_core.readers.quality import check
from pmed_core.readers.tables import read_cohort

Plant = Callable[[pd.DataFrame, np.random.Generator], pd.DataFrame]


def clean(seed: int) -> pd.DataFrame:
    """200 to 1,500 patients, 5 to 30 inputs, 10 to 45 % events, some cells missing."""
    generator = np.random.default_rng(seed)
    rows, columns = int(generator.integers(200, 1500)), int(generator.integers(5, 30))
    values = generator.normal(size=(rows, columns))
    score = (
        values[:, 0] * generator.uniform(0.5, 2.2) + values[:, 1] + generator.logistic(size=rows)
    )
    event = score > np.quantile(score, 1 - generator.uniform(0.1, 0.45))
    frame = pd.DataFrame(values.round(3), columns=[f"lab {number}" for number in range(columns)])
    frame = frame.mask(generator.random(values.shape) < 0.1)
    if seed % 3 == 0:
        frame["lab 0"] = frame["lab 0"].fillna(frame["lab 0"].median())
    illness = generator.normal(size=rows)
    for number in range(int(generator.integers(2, 8))):
        ill = illness + generator.normal(size=rows) > generator.uniform(0, 2)
        frame[f"symptom {number}"] = np.where(ill, "yes", "no")
    frame["visits"] = generator.poisson(2, rows)
    frame["seen"] = pd.Timestamp("2024-01-01") + pd.to_timedelta(
        generator.integers(0, 700, rows), "D"
    )
    frame.insert(0, "patient_id", [f"p{number}" for number in range(rows)])
    frame["sex"] = generator.choice(["f", "m"], rows)
    return frame.assign(died=np.where(event, "yes", "no"))


def _events(frame: pd.DataFrame) -> pd.Series:
    return frame["died"] == "yes"


def outcome_with_noise(frame: pd.DataFrame, generator: np.random.Generator) -> pd.DataFrame:
    noise = generator.normal(0, 0.15, len(frame))
    return frame.assign(code=(_events(frame) + noise).round(3))


def category_copy(frame: pd.DataFrame, generator: np.random.Generator) -> pd.DataFrame:
    words = np.where(_events(frame), "morgue", generator.choice(["home", "ward"], len(frame)))
    return frame.assign(destination=words)


def later_duration(frame: pd.DataFrame, generator: np.random.Generator) -> pd.DataFrame:
    days = generator.exponential(np.where(_events(frame), 8, 16)).round(2)
    return frame.assign(length_of_stay=days)


def minus_one_for_alive(frame: pd.DataFrame, generator: np.random.Generator) -> pd.DataFrame:
    days = generator.uniform(1, 400, len(frame)).round(1)
    return frame.assign(x=np.where(_events(frame), days, -1.0))


def missing_for_one_group(frame: pd.DataFrame, generator: np.random.Generator) -> pd.DataFrame:
    return frame.assign(x=frame["lab 2"].where(_events(frame)))


def same_row_twice(frame: pd.DataFrame, generator: np.random.Generator) -> pd.DataFrame:
    again = frame.sample(len(frame) // 20, random_state=0)
    renamed = again.assign(patient_id=[f"q{number}" for number in range(len(again))])
    return pd.concat([frame, renamed], ignore_index=True)


def nearly_same_row(frame: pd.DataFrame, generator: np.random.Generator) -> pd.DataFrame:
    twice = same_row_twice(frame, generator)
    numbers = [name for name in frame if str(name).startswith("lab")]
    shaken = twice[numbers] + generator.normal(0, 0.005, twice[numbers].shape)
    return twice.assign(**shaken.round(4))


def two_cells_changed(frame: pd.DataFrame, generator: np.random.Generator) -> pd.DataFrame:
    twice = same_row_twice(frame, generator)
    labs = [str(name) for name in frame if str(name).startswith("lab")]
    for name in generator.choice(labs, 2, replace=False):
        shuffled = generator.permutation(twice[name].to_numpy()[len(frame) :])
        twice.loc[len(frame) :, name] = shuffled
    return twice


def date_of_the_outcome(frame: pd.DataFrame, generator: np.random.Generator) -> pd.DataFrame:
    later = frame["seen"] + pd.to_timedelta(generator.integers(1, 60, len(frame)), "D")
    return frame.assign(closed=later.where(_events(frame)))


def discharge_date(frame: pd.DataFrame, generator: np.random.Generator) -> pd.DataFrame:
    later = frame["seen"] + pd.to_timedelta(generator.integers(1, 30, len(frame)), "D")
    return frame.assign(discharge_date=later)


def names_and_addresses(frame: pd.DataFrame, generator: np.random.Generator) -> pd.DataFrame:
    first = generator.choice(["Anna", "Juan", "Wei", "Olu", "Mia"], len(frame))
    last = [f"Sample{number}" for number in generator.permutation(len(frame))]
    full = [f"{one} {other}" for one, other in zip(first, last, strict=True)]
    mails = [name.replace(" ", ".").lower() + "@example.org" for name in full]
    return frame.assign(**{"patient name": full, "contact": mails})


KINDS: tuple[Plant, ...] = (
    outcome_with_noise, category_copy, later_duration, minus_one_for_alive, missing_for_one_group,
    date_of_the_outcome, discharge_date, same_row_twice, nearly_same_row, two_cells_changed,
    names_and_addresses,
)  # fmt: skip
CHECKS = ("leakage", "same row twice", "dates after the outcome", "direct identifiers")


def alarmed(frame: pd.DataFrame) -> bool:
    """Does the panel call anything a leak, a repeated row or a direct identifier?"""
    text = frame.astype("str").replace({"nan": "", "NaT": ""})
    quality = check(read_cohort(text, outcome="died", patient="patient_id"))
    return any(
        finding.check in CHECKS and finding.severity is not Severity.CLEAN
        for finding in quality.findings
    )


def interval(hits: int, n: int) -> str:
    """The share with Wilson's 95 % interval."""
    low, high = binomtest(hits, n).proportion_ci(method="wilson")
    return f"{hits / n:6.1%} ({low:.1%} to {high:.1%})"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--tables", type=int, default=50)
    parser.add_argument("--first", type=int, default=100)
    given = parser.parse_args()
    tables = [clean(seed) for seed in range(given.first, given.first + given.tables)]
    found = 0
    for plant in KINDS:
        planted = [plant(frame, np.random.default_rng(seed)) for seed, frame in enumerate(tables)]
        hits = sum(map(alarmed, planted))
        found += hits
        print(f"{plant.__name__:24} {interval(hits, len(tables))}", flush=True)
    print(f"{'found':24} {interval(found, len(KINDS) * len(tables))}")
    print(f"{'false alarms':24} {interval(sum(map(alarmed, tables)), len(tables))}")


if __name__ == "__main__":
    main()
