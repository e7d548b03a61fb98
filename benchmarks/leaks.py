"""Planted leaks: how many the quality panel finds, and how often it cries wolf.

    python benchmarks/leaks.py [--tables 20]

Clean tables are simulated with strong but honest predictors (AUROC of a single one up to about
0.9); each kind of leak is planted into each of them.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable

import numpy as np
import pandas as pd

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


KINDS: tuple[Plant, ...] = (
    outcome_with_noise, category_copy, later_duration, minus_one_for_alive, missing_for_one_group,
    same_row_twice, nearly_same_row,
)  # fmt: skip


def alarmed(frame: pd.DataFrame) -> bool:
    """Does the panel call anything a leak or a repeated row?"""
    text = frame.astype("str").replace("nan", "")
    quality = check(read_cohort(text, outcome="died", patient="patient_id"))
    return any(
        finding.check in ("leakage", "same row twice") and finding.severity is not Severity.CLEAN
        for finding in quality.findings
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--tables", type=int, default=20)
    tables = [clean(seed) for seed in range(parser.parse_args().tables)]
    found = 0
    for plant in KINDS:
        hits = sum(
            alarmed(plant(frame, np.random.default_rng(seed))) for seed, frame in enumerate(tables)
        )
        found += hits
        print(f"{plant.__name__:24} {hits:3} of {len(tables)}")
    false = sum(map(alarmed, tables))
    print(f"found {found / (len(KINDS) * len(tables)):.1%}, false alarms {false / len(tables):.1%}")


if __name__ == "__main__":
    main()
