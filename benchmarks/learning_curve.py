"""Whether the learning curve of half of the patients foretells what all of them reach.

    python -m benchmarks.learning_curve FOLDER [--model forest] [--halves 3] [--only NAME ...]

FOLDER holds the CSV files named in ``TABLES``; those that are missing are skipped. Of each table a
model of random halves of the patients is trained, its curve is drawn, and what it expects of twice
as many is held against the score of a model of all. Prints a Markdown table.
"""

from __future__ import annotations

import argparse
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from pmed_core.cohort import Cohort
from pmed_core.evaluation import Measure
from pmed_core.learning_curve import LearningCurve
from pmed_core.modalities.tabular.learning_curve import curve
from pmed_core.options import FitOptions
from pmed_core.outcomes import Number, Outcome, YesNo
from pmed_core.predictor import Predictor
from pmed_core.progress import Silent
from pmed_core.readers.tables import read_cohort
from pmed_core.training.fit import fit
from pmed_core.training.folds import split, strata


@dataclass(frozen=True)
class Table:
    """A table, its outcome, and the columns that leak it."""

    file: str
    outcome: Outcome
    patient: str | None = None
    ignore: tuple[str, ...] = ()


TABLES = (
    Table("heart_disease_cleveland.csv", YesNo("num", ("1", "2", "3", "4"))),
    Table("heart_failure_records.csv", YesNo("DEATH_EVENT", ("1",)), ignore=("time",)),
    Table("heart_four_hospitals.csv", YesNo("num", ("1", "2", "3", "4"))),
    Table(
        "breast_cancer_survival_metabric.csv", YesNo("died", ("1",)), "patient", ("months",)
    ),
    Table(
        "trial_hiv_actg175.csv", Number("cd420"), "pidnum",
        ("cd496", "cd820", "offtrt", "r", "cens", "days"),
    ),
    Table(
        "icu_mortality_physionet2012_a.csv", YesNo("In-hospital_death", ("1",)), "recordid",
        ("Length_of_stay", "Survival", "SAPS-I", "SOFA"),
    ),
)  # fmt: skip


def score(predictor: Predictor) -> Measure:
    return predictor.evaluation.measures[predictor.outcome.discrimination]


def half(cohort: Cohort, seed: int) -> Cohort:
    patients = cohort.patients()
    return cohort.select(split(strata(cohort, patients), patients, 2, seed)[0][0])


def foretold(cohort: Cohort, options: FitOptions) -> LearningCurve:
    predictor = fit(cohort, options)
    return curve(cohort, options, predictor.held_out(), Silent())


def shown(measure: Measure) -> str:
    return f"{measure.value:.3f} ({measure.low:.3f} to {measure.high:.3f})"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--model", default="forest")
    parser.add_argument("--folds", type=int, default=5)
    parser.add_argument("--halves", type=int, default=3)
    parser.add_argument("--only", nargs="*", default=[])
    given = parser.parse_args()
    options = FitOptions.model_validate(
        {"network": {"name": given.model}, "folds": given.folds, "baselines": False}
    )
    header = ("table", "patients", "half reaches", "all are expected to reach", "all reach", "held")
    print("| " + " | ".join(header) + " |\n|" + "---|" * len(header), flush=True)
    held: list[bool] = []
    for table in TABLES:
        path = given.folder / table.file
        if not path.exists() or (given.only and path.stem not in given.only):
            continue
        cohort = read_cohort(
            path, outcome=table.outcome, patient=table.patient, ignore=table.ignore
        ).labelled()
        reached = score(fit(cohort, options)).value
        for seed in range(given.halves):
            found = foretold(half(cohort, seed), options)
            held.append(found.expected.low <= reached <= found.expected.high)
            cells = (
                path.stem, f"{len(cohort):,}", shown(found.now), shown(found.expected),
                f"{reached:.3f}", "yes" if held[-1] else "no",
            )  # fmt: skip
            print("| " + " | ".join(cells) + " |", flush=True)
    print(f"\n{np.sum(held)} of {len(held)} within the interval ({np.mean(held):.0%}).")


if __name__ == "__main__":
    main()
